"""Peers for load: ICE, DTLS and SRTP, no codecs; and the loop that plays one publisher to many subscribers.

Connecting is `tests.support.rtc_peer`'s. During a run the event loop rests and `play` works on the sockets
itself, so that the generator costs little and what it measures is the server: packets are stamped when they
are sent and, by the kernel (SO_TIMESTAMPNS), when they arrive at the subscriber's socket.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Any

import pylibsrtp
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM

from media import protocol
from media.client import MediaWorker
from tests.support.captures import capabilities, produced
from tests.support.rtc_peer import RtcPeer, rtp_packet

SO_TIMESTAMPNS = 35  # Linux; not in the socket module
LATEST = 0.5  # seconds after the last packet was sent; what is not there then is lost
CHECK_INTERVAL = 2.0  # seconds between ICE checks, which are the server's leave to send
VIDEO_RATE, AUDIO_RATE = 170, 50  # packets a second
VIDEO_PAYLOAD, AUDIO_PAYLOAD = 1100, 80  # bytes
PACKETS_PER_FRAME = 5
FRAMES_PER_KEY = 170  # a key frame every five seconds


class LoadPeer(RtcPeer):
    """A peer connected with AES-128-GCM, with its transport on the worker."""

    def __init__(self, port: int, transport: protocol.TransportCreated, transport_id: str) -> None:
        super().__init__(port, transport.iceParameters, [SRTP_AEAD_AES_128_GCM])
        self.transport_id = transport_id
        self._server_dtls = transport.dtlsParameters

    async def connect(self, worker: MediaWorker) -> None:
        await self.open()
        await worker.request(protocol.ConnectTransport(self.transport_id, self.dtls_parameters))
        await self.check()
        await self.handshake(self._server_dtls)

    @property
    def raw(self) -> socket.socket:
        """Another descriptor of its socket, with arrival times, for while the event loop rests."""
        assert self._socket is not None
        shared = self._socket.get_extra_info("socket").dup()
        shared.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        raw: socket.socket = shared
        return raw

    @property
    def receiving(self) -> pylibsrtp.Session:
        return self._dtls._rx_srtp


async def create_peer(
    worker: MediaWorker, room_id: str, name: str, direction: protocol.Direction
) -> LoadPeer:
    """Named so on the worker, not connected yet; its transport has the same name."""
    await worker.request(protocol.CreatePeer(room_id, name))
    created = await worker.request(protocol.CreateTransport(name, name, direction))
    return LoadPeer(worker.port, created, name)


async def publish(worker: MediaWorker, publisher: LoadPeer) -> None:
    """Producers "video" and "audio", with the parameters Chromium would send."""
    for name, kind, capture in (("video", "video", "vp8"), ("audio", "audio", "opus")):
        parameters = produced("chromium_156", capture)
        media_kind: protocol.MediaKind = "video" if kind == "video" else "audio"
        await worker.request(protocol.CreateProducer(publisher.transport_id, name, media_kind, parameters))


async def subscribe(worker: MediaWorker, subscriber: LoadPeer, producer_id: str) -> None:
    consumer_id = f"{subscriber.transport_id}-{producer_id}"
    known = capabilities("chromium_156")
    await worker.request(protocol.CreateConsumer(subscriber.transport_id, consumer_id, producer_id, known))
    await worker.request(protocol.ResumeConsumer(consumer_id))


class Stream:
    """One RTP stream at a steady rate; each payload ends with the time of sending in nanoseconds."""

    def __init__(self, capture: str, rate: int, size: int, clock_rate: int) -> None:
        parameters = produced("chromium_156", capture)
        self._ssrc = parameters.encodings[0].ssrc or 0
        self._payload_type = parameters.codecs[0].payloadType
        self._filling = b"\xaa" * (size - 8)
        self._clock_rate = clock_rate
        self._video = clock_rate == 90000
        self.interval = 1 / rate
        self.count = 0
        self.key_frame_asked = False

    def packet(self, transport_sequence: int) -> bytes:
        number = self.count
        self.count += 1
        frame, part = divmod(number, PACKETS_PER_FRAME) if self._video else (number, 0)
        timestamp = int(frame * (PACKETS_PER_FRAME if self._video else 1) * self.interval * self._clock_rate)
        payload = self._vp8(frame, part) if self._video else self._filling
        last = not self._video or part == PACKETS_PER_FRAME - 1
        return rtp_packet(
            self._ssrc,
            number,
            timestamp,
            payload + struct.pack("!Q", time.time_ns()),
            self._payload_type,
            marker=last and self._video,
            extensions={3: struct.pack("!H", transport_sequence & 0xFFFF)},  # Chromium's id of that extension
        )

    def _vp8(self, frame: int, part: int) -> bytes:
        """Descriptor with a 15-bit picture id, then a frame header that is a key frame's now and then (RFC
        7741).
        """
        descriptor = struct.pack("!BBH", 0x90 if part == 0 else 0x80, 0x80, 0x8000 | frame & 0x7FFF)
        key = part == 0 and (self.key_frame_asked or frame % FRAMES_PER_KEY == 0)
        self.key_frame_asked = self.key_frame_asked and not key
        header = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" if key else b"\x11" * 10
        return descriptor + header + self._filling[14:]


@dataclass(slots=True)
class Played:
    """What a run gave: packets sent, deliveries that a subscriber decrypted, and how long each took."""

    sent: int = 0
    delivered: int = 0
    refused: int = 0  # datagrams that did not decrypt
    delays: list[float] = field(default_factory=list)  # seconds


def streams() -> list[Stream]:
    """What the publisher sends: video and audio."""
    return [
        Stream("vp8", VIDEO_RATE, VIDEO_PAYLOAD, 90000),
        Stream("opus", AUDIO_RATE, AUDIO_PAYLOAD, 48000),
    ]


def is_key_frame_request(rtcp: bytes) -> bool:
    """Whether a compound packet holds a PLI (RFC 4585, section 6.3.1)."""
    at = 0
    while at + 4 <= len(rtcp):
        if rtcp[at + 1] == 206 and rtcp[at] & 31 == 1:
            return True
        at += 4 + 4 * int.from_bytes(rtcp[at + 2 : at + 4], "big")
    return False


class Player:
    """One publisher's streams out, every subscriber's packets in: one thread, while the event loop rests."""

    def __init__(self, publisher: LoadPeer, subscribers: list[LoadPeer]) -> None:
        self._peers = [publisher, *subscribers]
        self._publisher = publisher
        self._output = publisher.raw
        self._inputs = {raw.fileno(): (raw, peer) for peer in subscribers if (raw := peer.raw)}
        self._streams = streams()
        self._sequence = 0
        self._poll = select.epoll()
        for fd in self._inputs:
            self._poll.register(fd, select.EPOLLIN)

    def play(self, seconds: float) -> Played:
        """Blocks for that long, and until what was sent has arrived. Every delivery is decrypted."""
        played = Played()
        now = time.monotonic()
        end, next_check = now + seconds, now
        due = [now] * len(self._streams)
        while (now := time.monotonic()) < end or self._awaits_more(played, now - end):
            for index, stream in enumerate(self._streams):
                while due[index] <= min(now, end):
                    due[index] += stream.interval
                    self._send(stream)
                    played.sent += 1
            if next_check <= now:
                next_check += CHECK_INTERVAL
                for peer in self._peers:
                    peer.send_raw(bytes(peer.request()))
            wait = min(due) - time.monotonic() if now < end else 0.01
            for fd, _ in self._poll.poll(max(0.0, wait)):
                self._receive(*self._inputs[fd], played)
        return played

    def _awaits_more(self, played: Played, overtime: float) -> bool:
        return played.delivered < played.sent * len(self._inputs) and overtime < LATEST

    def close(self) -> None:
        self._poll.close()
        self._output.close()
        for raw, _ in self._inputs.values():
            raw.close()

    def _send(self, stream: Stream) -> None:
        self._sequence += 1
        self._output.send(self._publisher.protect(stream.packet(self._sequence)))

    def _receive(self, raw: socket.socket, peer: LoadPeer, played: Played) -> None:
        try:
            while True:
                data, ancillary, _, _ = raw.recvmsg(2048, 64)
                if data[0] >= 128 and not 64 <= data[1] & 0x7F <= 95:  # RTP, not RTCP (RFC 5761, section 4)
                    self._delivered(data, ancillary, peer, played)
        except BlockingIOError:
            return

    def _delivered(
        self, data: bytes, ancillary: list[tuple[int, int, bytes]], peer: LoadPeer, played: Played
    ) -> None:
        try:
            plain = peer.receiving.unprotect(data)
        except pylibsrtp.Error:
            played.refused += 1
            return
        played.delivered += 1
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
        sent: Any = struct.unpack_from("!Q", plain, len(plain) - 8)[0]
        played.delays.append((seconds * 10**9 + nanoseconds - sent) / 1e9)
