"""Bad paths: repair over 5 % loss and 80 ms, and a path that narrows and widens again."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from aiortc.rtp import RTCP_RTPFB_NACK, RtcpRtpfbPacket

from media import protocol
from media.client import MediaWorker
from media.rtp import rtcp
from media.rtp.extensions import TRANSPORT_SEQUENCE
from media.rtp.twcc import FeedbackRecorder
from tests.load.peers import LoadPeer, consume, create_peer
from tests.load.report import Effort, Figure, figure
from tests.load.scene import ROOM, one_room, pinning
from tests.load.streams import VIDEO_RATE, Stream, read
from tests.support.captures import produced
from tests.support.impairment import Impairment
from tests.support.proxy import BadNetwork, bad_network
from tests.support.rtc_peer import Rtp, rtp_packet

LOSSY = Impairment(loss=0.05, delay=0.04)  # each way of each line
NACK_TICK, NACK_AGAIN, NACK_TRIES = 0.02, 0.1, 10  # seconds, seconds, times
SETTLED = 2.0  # seconds at the end for the last repairs
RTX_HISTORY = 2000  # packets a publisher can repeat

MEGABIT = 125_000  # bytes/s
WIDE, NARROW = 3 * MEGABIT, MEGABIT // 2
RATES = (150_000, 500_000, 1_700_000)  # bits/s of a camera's three encodings
FRAME = 1 / 30
PATTERN = ((0, False), (2, True), (1, True), (2, False))  # temporal layers: id, and whether it may be joined
SHARES = (1.6, 0.8, 0.8, 0.8)  # of the mean size of a frame
STEADY = 3.0  # seconds at a rate before the next change
DOWN_WITHIN, UP_WITHIN = 15.0, 30.0


async def repairs(effort: Effort) -> AsyncIterator[Figure]:
    seconds = 2 * min(effort.seconds, 3.0)
    runs = [await repair(seconds, seed) for seed in range(1, effort.runs + 1)]
    how = (
        f"publisher and subscriber each behind a line with 5 % loss and 40 ms each way; {VIDEO_RATE} video "
        f"packets/s for {seconds:g} s; both ends repair by NACK and RTX (asked every 100 ms, at most "
        f"{NACK_TRIES} times){pinning()}"
    )
    got = f"video packets that the subscriber got, first time or repaired, of those sent; {how}"
    yield figure("sfu.loss5_delivered_pct", "%", [run[0] for run in runs], got)
    yield figure("sfu.loss5_delay_p99_ms", "ms", [run[1] for run in runs], f"time under way; {how}")


async def narrowing(effort: Effort) -> AsyncIterator[Figure]:
    runs = [await narrow_path(1)]  # half a minute
    how = (
        "a camera in three encodings (150, 500 and 1,700 kbit/s, three temporal layers, VP8) and sound, one "
        "subscriber with transport-wide feedback every 50 ms behind a line of 3 Mbit/s, 40 ms and a queue "
        f"of 0.5 s{pinning()}"
    )
    falls = f"the line falls to 500 kbit/s: until what is to be sent fits; {how}"
    yield figure("sfu.rate_drop_s", "s", [run[0] for run in runs], falls)
    rises = f"five seconds later it is 3 Mbit/s again: until the top layer is to be sent; {how}"
    yield figure("sfu.rate_recover_s", "s", [run[1] for run in runs], rises)
    sound = f"from the fall to the end: largest gap between two packets of sound, sent every 20 ms; {how}"
    yield figure("sfu.rate_audio_gap_ms", "ms", [1e3 * run[2] for run in runs], sound)


PARTS = (repairs, narrowing)


# --- repair ---


async def repair(seconds: float, seed: int) -> tuple[float, float]:
    """Per cent delivered, and p99 of the time under way in ms."""
    async with (
        one_room() as worker,
        bad_network(worker.port, up=LOSSY, down=LOSSY, seed=seed) as network,
    ):
        host = await connected(worker, "host", "send", network)
        await worker.request(
            protocol.CreateProducer("host", "host-video", "video", produced("chromium_156", "vp8"))
        )
        viewer = await connected(worker, "viewer", "recv", network)
        receiving = Receiving(viewer, await consume(worker, viewer, "host-video"))
        publishing = Publishing(host)
        async with running(publishing.run, receiving.run, keep_checking(host), keep_checking(viewer)):
            await asyncio.sleep(seconds)
            publishing.stopped = True
            await asyncio.sleep(SETTLED)
        first = min(receiving.delays, default=0)
        sent = publishing.stream.count - first
        for peer in (host, viewer):
            await peer.close()
    delays = sorted(receiving.delays.values()) or [float("inf")]
    return 100 * len(delays) / sent, 1e3 * delays[int(0.99 * len(delays))]


class Publishing:
    """A publisher of video that repeats over RTX what is asked for."""

    def __init__(self, peer: LoadPeer) -> None:
        parameters = produced("chromium_156", "vp8")
        encoding = parameters.encodings[0]
        assert encoding.rtx is not None
        self._rtx_ssrc = encoding.rtx.ssrc
        codec = parameters.codecs[0].payloadType
        self._rtx_type = next(
            each.payloadType for each in parameters.codecs if each.parameters.get("apt") == codec
        )
        self._peer = peer
        self._sent: dict[int, bytes] = {}
        self._transport_sequence = self._rtx_sequence = 0
        self.stream = Stream(True, encoding.ssrc or 0, codec)
        self.stopped = False

    async def run(self) -> None:
        start = time.monotonic()
        while True:
            if not self.stopped:
                self._transport_sequence += 1
                data = self.stream.packet(self._transport_sequence)
                self._sent[self.stream.count - 1 & 0xFFFF] = data
                self._sent.pop(self.stream.count - RTX_HISTORY & 0xFFFF, None)
                await self._peer.send_rtp(data)
            self._answer()
            due = start + self.stream.count * self.stream.interval
            await asyncio.sleep(NACK_TICK if self.stopped else max(0.0, due - time.monotonic()))

    def _answer(self) -> None:
        for kind, count, body in packets(self._peer.rtcp):
            if (kind, count) == (205, RTCP_RTPFB_NACK):
                for number in lost_of(body):
                    self._repeat(number)
            elif kind == 206:
                self.stream.key_frame_asked = True
        self._peer.rtcp.clear()

    def _repeat(self, number: int) -> None:
        original = self._sent.get(number)
        if original is None:
            return
        packet = Rtp.parse(original)
        self._transport_sequence += 1
        self._rtx_sequence += 1
        repeated = rtp_packet(
            self._rtx_ssrc,
            self._rtx_sequence,
            packet.timestamp,
            struct.pack("!H", number) + packet.payload,
            self._rtx_type,
            packet.marker,
            {3: struct.pack("!H", self._transport_sequence & 0xFFFF)},
        )
        self._peer.send_raw(self._peer.protect(repeated))


class Receiving:
    """A subscriber that asks for what is missing. ``delays`` are seconds under way by packet."""

    def __init__(self, peer: LoadPeer, parameters: protocol.RtpParameters) -> None:
        encoding = parameters.encodings[0]
        assert encoding.ssrc is not None
        assert encoding.rtx is not None
        self._ssrc, self._rtx_ssrc = encoding.ssrc, encoding.rtx.ssrc
        self._peer = peer
        self._highest = -1
        self._missing: dict[int, tuple[float, int]] = {}  # extended number → asked last, times
        self.delays: dict[int, float] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(NACK_TICK)
            for packet in self._peer.rtp:
                self._take(packet)
            self._peer.rtp.clear()
            self._ask(time.monotonic())

    def _take(self, packet: Rtp) -> None:
        sequence, payload = packet.sequence, packet.payload
        if packet.ssrc == self._rtx_ssrc:
            if len(payload) < 100:
                return
            sequence, payload = int.from_bytes(payload[:2], "big"), payload[2:]
        elif packet.ssrc != self._ssrc:
            return
        highest = self._highest if self._highest >= 0 else sequence - 1
        extended = highest + ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
        for number in range(highest + 1, extended):
            self._missing[number] = (0.0, 0)
        self._missing.pop(extended, None)
        self._highest = max(highest, extended)
        count, sent = read(payload)
        self.delays.setdefault(count, (time.time_ns() - sent) / 1e9)

    def _ask(self, now: float) -> None:
        due = [number for number, (asked, _) in self._missing.items() if now - asked >= NACK_AGAIN]
        for number in due:
            tries = self._missing[number][1] + 1
            if tries > NACK_TRIES:
                del self._missing[number]
            else:
                self._missing[number] = (now, tries)
        if due:
            lost = [number & 0xFFFF for number in due]
            request = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=self._ssrc, lost=lost)
            self._peer.send_raw(self._peer.protect_rtcp(bytes(request)))


# --- a path that narrows ---


async def narrow_path(seed: int) -> tuple[float, float, float]:
    """Seconds down, seconds up, seconds of the largest gap in the sound."""
    line = Impairment(delay=0.02, rate=WIDE, queue=0.5)
    back = Impairment(delay=0.02)
    async with one_room() as worker, bad_network(worker.port, up=back, down=line, seed=seed) as network:
        host = await connected(worker, "host", "send", None)
        camera = Camera(host)
        for kind, parameters in camera.producers():
            await worker.request(protocol.CreateProducer("host", f"host-{kind}", kind, parameters))
        viewer = await connected(worker, "viewer", "recv", network)
        heard = Heard(viewer, [await consume(worker, viewer, f"host-{kind}") for kind in ("video", "audio")])
        async with running(camera.run, heard.run, keep_checking(host), keep_checking(viewer)):
            await target(worker, lambda spatial, temporal: spatial == 2, UP_WITHIN)
            await asyncio.sleep(STEADY)
            await network.change(down=Impairment(delay=0.02, rate=NARROW, queue=0.5))
            heard.sound.clear()
            down = await target(worker, lambda spatial, temporal: (spatial, temporal) <= (1, 1), DOWN_WITHIN)
            await asyncio.sleep(STEADY + 2)
            await network.change(down=line)
            up = await target(worker, lambda spatial, temporal: (spatial, temporal) == (2, 2), UP_WITHIN)
        for peer in (host, viewer):
            await peer.close()
    gaps = [after - before for before, after in zip(heard.sound, heard.sound[1:], strict=False)]
    return down, up, max(gaps, default=float("inf"))


async def target(worker: MediaWorker, fits: Callable[[int, int], bool], within: float) -> float:
    """Seconds until the worker's choice of layers for the viewer fits; ``within`` where it never does."""
    begin = time.monotonic()
    while time.monotonic() < begin + within:
        report = await worker.request(protocol.GetStats())
        video = next(each for each in report.consumers if each["kind"] == "video")
        if video["target"] and fits(*video["target"]):
            break
        await asyncio.sleep(0.02)
    return time.monotonic() - begin


class Camera:
    """A simulcast publisher at steady rates, and its sound."""

    def __init__(self, peer: LoadPeer) -> None:
        self._peer = peer
        self._video = produced("chromium_156", "vp8-simulcast")
        self._audio = produced("chromium_156", "opus")
        self._mid = next(each.id for each in self._video.headerExtensions if each.uri.endswith("sdes:mid"))
        self._rid = next(
            each.id for each in self._video.headerExtensions if each.uri.endswith(":rtp-stream-id")
        )
        self._frame = 0
        self._sounds = 0
        self._numbers = [0, 0, 0]
        self._asked: set[int] = set()

    def producers(self) -> list[tuple[protocol.MediaKind, protocol.RtpParameters]]:
        return [("video", self._video), ("audio", self._audio)]

    async def run(self) -> None:
        start = time.monotonic()
        while True:
            for kind, count, body in packets(self._peer.rtcp):
                if (kind, count) == (206, 1):
                    self._asked.add(int.from_bytes(body[4:8], "big"))
            self._peer.rtcp.clear()
            for layer in range(3):
                await self._picture(layer)
            self._frame += 1
            while self._sounds * 0.02 < self._frame * FRAME:
                await self._sound()
            await asyncio.sleep(max(0.0, start + self._frame * FRAME - time.monotonic()))

    async def _picture(self, layer: int) -> None:
        ssrc = SSRCS[layer]
        key = self._frame == 0 or ssrc in self._asked
        self._asked.discard(ssrc)
        temporal, syncs = (0, False) if key else PATTERN[self._frame % 4]
        left = int(RATES[layer] / 8 * FRAME * (2.0 if key else SHARES[self._frame % 4]))
        descriptor = bytes(
            (0x90, 0xE0, 0x80 | self._frame >> 8 & 0x7F, self._frame & 0xFF, self._frame // 4 & 0xFF)
        )
        descriptor += bytes((temporal << 6 | syncs << 5,))
        header = (b"\x10" if key else b"\x11") + b"\x00\x00\x9d\x01\x2a" + SIZES[layer]
        first = True
        while left > 0:
            begin = descriptor if first else b"\x80" + descriptor[1:]
            payload = (begin + (header if first else b"")).ljust(min(1100, max(left, 80)), b"v")
            left -= 1100
            rid = (self._video.encodings[layer].rid or "").encode()
            await self._peer.send_rtp(
                rtp_packet(
                    ssrc,
                    self._numbers[layer],
                    self._frame * 3000,
                    payload,
                    self._video.codecs[0].payloadType,
                    left <= 0,
                    {self._mid: (self._video.mid or "0").encode(), self._rid: rid},
                )
            )
            self._numbers[layer] += 1
            first = False

    async def _sound(self) -> None:
        ssrc = self._audio.encodings[0].ssrc or 0
        kind = self._audio.codecs[0].payloadType
        await self._peer.send_rtp(rtp_packet(ssrc, self._sounds, self._sounds * 960, bytes(80), kind))
        self._sounds += 1


SSRCS = (71001, 71002, 71003)
SIZES = tuple(struct.pack("<HH", width, height) for width, height in ((320, 180), (640, 360), (1280, 720)))


class Heard(list[Rtp]):
    """In the place of the viewer's list of packets: notes when each arrived, and gives feedback every 50
    ms.
    """

    def __init__(self, peer: LoadPeer, streams: list[protocol.RtpParameters]) -> None:
        super().__init__()
        self._peer = peer
        self._media = streams[0].encodings[0].ssrc or 0
        self._audio = streams[1].encodings[0].ssrc
        self._sequence = next(
            each.id for each in streams[0].headerExtensions if each.uri == TRANSPORT_SEQUENCE
        )
        self._recorder = FeedbackRecorder()
        self.sound: list[float] = []
        peer.rtp = self

    def append(self, packet: Rtp) -> None:
        now = time.monotonic()
        number = packet.extensions.get(self._sequence)
        if number is not None:
            self._recorder.arrived(int.from_bytes(number, "big"), now)
        if packet.ssrc == self._audio:
            self.sound.append(now)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            for body in self._recorder.build():
                report = rtcp.transport_wide(1, self._media, body)
                self._peer.send_raw(self._peer.protect_rtcp(report))


# --- both ---


async def connected(
    worker: MediaWorker, name: str, direction: protocol.Direction, network: BadNetwork | None
) -> LoadPeer:
    peer = await create_peer(worker, ROOM, name, direction, network.port if network else None)
    await peer.open()
    await worker.request(protocol.ConnectTransport(name, peer.dtls_parameters))
    await check_until_heard(peer)
    await peer.handshake(peer.server_dtls)
    return peer


async def check_until_heard(peer: LoadPeer) -> None:
    for _ in range(20):
        try:
            async with asyncio.timeout(0.5):
                await peer.check()
                return
        except TimeoutError:
            continue
    raise TimeoutError("no answer to any check")


def keep_checking(peer: LoadPeer) -> Callable[[], Coroutine[Any, Any, None]]:
    async def run() -> None:
        while True:
            peer.send_raw(bytes(peer.request()))
            await asyncio.sleep(1.0)

    return run


@contextlib.asynccontextmanager
async def running(*parts: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Each part as a task, for as long as the block lasts."""
    tasks = [asyncio.create_task(part()) for part in parts]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()  # what ended it
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def packets(compounds: list[bytes]) -> list[tuple[int, int, bytes]]:
    """Type, count (or format) and body of each RTCP packet in the compounds."""
    found = []
    for data in compounds:
        at = 0
        while at + 4 <= len(data):
            size = 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
            found.append((data[at + 1], data[at] & 31, data[at + 4 : at + size]))
            at += size
    return found


def lost_of(body: bytes) -> list[int]:
    """Sequence numbers that a NACK's body names (RFC 4585, 6.2.1)."""
    numbers = []
    for at in range(8, len(body) - 3, 4):
        first, mask = struct.unpack_from("!HH", body, at)
        numbers.append(first)
        numbers += [first + bit + 1 & 0xFFFF for bit in range(16) if mask >> bit & 1]
    return numbers
