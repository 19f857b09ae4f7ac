"""The browser's half of one transport for tests: a STUN client, aiortc's DTLS and SRTP, a real UDP socket.

None of the server's own code is used for the wire: STUN messages are aioice's, DTLS and SRTP are aiortc's and
pylibsrtp's, so what both ends agree on is not merely what we believe.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aioice import stun
from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)

from media.protocol import DtlsFingerprint, DtlsParameters, IceParameters

Filter = Callable[[bytes], list[bytes]]


@dataclass(slots=True)
class Rtp:
    """A received RTP packet, taken apart."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    extensions: dict[int, bytes]
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> Rtp:
        first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
        at = 12 + 4 * (first & 0x0F)
        extensions: dict[int, bytes] = {}
        if first & 0x10:
            profile, words = struct.unpack_from("!HH", data, at)
            end = at + 4 + 4 * words
            extensions = _elements(data[at + 4 : end], two_byte=profile == 0x1000)
            at = end
        return cls(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, extensions, data[at:])


def _elements(block: bytes, two_byte: bool) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(block):
        if block[at] == 0:
            at += 1
            continue
        if two_byte:
            element, size, at = block[at], block[at + 1], at + 2
        else:
            element, size, at = block[at] >> 4, (block[at] & 15) + 1, at + 1
        assert element not in found, "the same header extension twice"
        found[element] = block[at : at + size]
        at += size
    return found


def rtp_packet(
    ssrc: int,
    sequence: int,
    timestamp: int,
    payload: bytes,
    payload_type: int,
    marker: bool = False,
    extensions: dict[int, bytes] | None = None,
    padding: int = 0,
    two_byte: bool = False,
) -> bytes:
    """An RTP packet as a publisher would send it."""
    block = b""
    for element, value in (extensions or {}).items():
        head = (element, len(value)) if two_byte else (element << 4 | len(value) - 1,)
        block += bytes(head) + value
    block += b"\0" * (-len(block) & 3)
    first = 0x80 | (0x10 if extensions else 0) | (0x20 if padding else 0)
    second = payload_type | (0x80 if marker else 0)
    out = struct.pack("!BBHII", first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    if extensions:
        out += struct.pack("!HH", 0x1000 if two_byte else 0xBEDE, len(block) // 4) + block
    return out + payload + (b"\0" * (padding - 1) + bytes((padding,)) if padding else b"")


class _Dtls(RTCDtlsTransport):
    """aiortc's transport, handing out decrypted packets instead of routing them."""

    def __init__(self, wire: Any, certificate: RTCCertificate, peer: RtcPeer) -> None:
        super().__init__(wire, [certificate])
        self._peer = peer

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self._peer.rtp.append(Rtp.parse(data))
        self._peer.changed()

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self._peer.rtcp.append(data)
        self._peer.changed()


class _Wire:
    role = "controlling"

    def __init__(self, peer: RtcPeer) -> None:
        self._peer = peer
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def _recv(self) -> bytes:
        return await self.queue.get()

    async def _send(self, data: bytes) -> None:
        self._peer.send_raw(data)


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, peer: RtcPeer) -> None:
        self._peer = peer

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._peer.datagram(data)


class _Stream(asyncio.Protocol):
    """RFC 4571: each packet behind its length."""

    def __init__(self, peer: RtcPeer) -> None:
        self._peer = peer
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) >= 2:
            end = 2 + int.from_bytes(self._waiting[:2], "big")
            if len(self._waiting) < end:
                break
            packet, self._waiting = self._waiting[2:end], self._waiting[end:]
            self._peer.datagram(packet)

    def connection_lost(self, error: Exception | None) -> None:
        self._peer.stream_closed.set()


class RtcPeer:
    """Connects to one server transport:

    `open` or `open_stream`, `check` (ICE), `handshake` (DTLS), then RTP and RTCP both ways.
    """

    def __init__(
        self,
        port: int,
        ice: IceParameters,
        profiles: list[SRTPProtectionProfile] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self._server = (host, port)
        self.ice = ice
        self.fragment = "peer"
        self._certificate = RTCCertificate.generateCertificate()
        self._wire = _Wire(self)
        self._dtls = _Dtls(self._wire, self._certificate, self)
        self._dtls._srtp_profiles = profiles or SRTP_PROFILES
        self._responses: dict[bytes, asyncio.Future[stun.Message]] = {}
        self._waiters: list[asyncio.Future[None]] = []
        self._socket: asyncio.DatagramTransport | None = None
        #: The TCP connection, where that is the present path.
        self.stream: asyncio.Transport | None = None
        self.stream_closed = asyncio.Event()
        #: Filters of the wire, each datagram → those that pass: a place for impairments.
        self.outgoing: Filter | None = None
        self.incoming: Filter | None = None
        #: Decrypted packets received so far.
        self.rtp: list[Rtp] = []
        self.rtcp: list[bytes] = []

    async def open(self) -> None:
        """A new local address; an earlier one is given up."""
        self._give_up()
        loop = asyncio.get_running_loop()
        self._socket, _ = await loop.create_datagram_endpoint(lambda: _Socket(self), remote_addr=self._server)

    async def open_stream(self) -> None:
        """A new TCP connection; an earlier local address is given up."""
        self._give_up()
        self.stream_closed.clear()
        loop = asyncio.get_running_loop()
        self.stream, _ = await loop.create_connection(lambda: _Stream(self), *self._server)

    def keep_open(self) -> asyncio.DatagramTransport:
        """The present local address, for `use` later: the next `open` gets another beside it."""
        assert self._socket is not None
        kept, self._socket = self._socket, None
        return kept

    def use(self, kept: asyncio.DatagramTransport) -> None:
        self._socket = kept

    def _give_up(self) -> None:
        for path in (self._socket, self.stream):
            if path is not None:
                path.close()
        self._socket = self.stream = None

    @property
    def address(self) -> tuple[str, int]:
        path = self._socket or self.stream
        assert path is not None
        host, port = path.get_extra_info("sockname")[:2]
        return host, port

    @property
    def dtls_parameters(self) -> DtlsParameters:
        prints = [DtlsFingerprint(f.algorithm, f.value) for f in self._certificate.getFingerprints()]
        return DtlsParameters(prints, "client")

    @property
    def dtls_state(self) -> str:
        return self._dtls.state

    @property
    def srtp_profile(self) -> bytes:
        assert self._dtls._ssl is not None
        return self._dtls._ssl.get_selected_srtp_profile()

    def request(
        self, nominate: bool = True, password: str | None = None, controlled: bool = False
    ) -> stun.Message:
        """A connectivity check; ``password`` other than the server's makes it a forged one."""
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.ice.usernameFragment}:{self.fragment}"
        message.attributes["PRIORITY"] = 1845501695
        message.attributes["ICE-CONTROLLED" if controlled else "ICE-CONTROLLING"] = 7
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((password or self.ice.password).encode())
        return message

    async def check(self, nominate: bool = True, controlled: bool = False) -> stun.Message:
        """Sends a check and returns the response, whose integrity has been verified."""
        message = self.request(nominate, controlled=controlled)
        future: asyncio.Future[stun.Message] = asyncio.get_running_loop().create_future()
        self._responses[message.transaction_id] = future
        self.send_raw(bytes(message))
        async with asyncio.timeout(5):
            return await future

    async def handshake(self, server: DtlsParameters, role: str = "client") -> None:
        self._dtls._set_role(role)
        prints = [RTCDtlsFingerprint(f.algorithm, f.value) for f in server.fingerprints]
        async with asyncio.timeout(10):
            await self._dtls.start(RTCDtlsParameters(prints))

    def send_raw(self, data: bytes) -> None:
        for datagram in self.outgoing(data) if self.outgoing else [data]:
            if self.stream is not None:
                self.stream.write(len(datagram).to_bytes(2, "big") + datagram)
            else:
                assert self._socket is not None
                self._socket.sendto(datagram)

    async def send_rtp(self, data: bytes) -> None:
        """Protects and sends RTP or RTCP."""
        await self._dtls._send_rtp(data)

    def protect(self, data: bytes) -> bytes:
        return self._dtls._tx_srtp.protect(data)

    def datagram(self, data: bytes) -> None:
        for part in self.incoming(data) if self.incoming else [data]:
            if part and part[0] < 4:
                message = stun.parse_message(part)
                future = self._responses.pop(message.transaction_id, None)
                if future is not None and not future.done():
                    assert message.check_message_integrity(self.ice.password.encode())
                    future.set_result(message)
            else:
                self._wire.queue.put_nowait(part)

    def changed(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def until(self, condition: Callable[[], bool], within: float = 5.0) -> None:
        """Waits until ``condition`` holds, looking again whenever a packet has been received."""
        async with asyncio.timeout(within):
            while not condition():
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                await waiter

    async def close(self) -> None:
        await self._dtls.stop()
        self._give_up()
        await asyncio.sleep(0)
