"""Media over TCP, for browsers whose network lets no UDP out: ICE-TCP, passive side (RFC 6544).

A connection carries what a UDP path would: STUN, DTLS and SRTP, each packet behind its length (RFC 4571). It
belongs to nobody until a signed STUN request has come over it, and has to bring one soon; strangers are few
at a time and can hold nothing but a small buffer for some seconds.

What the other end does not take is bounded: video is left out to the end of its frame, sound waits a little
longer, and all else is dropped only where nothing moves any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import ipaddress
import resource
import socket
import struct
import sys
from collections.abc import Callable
from typing import Literal, cast

from media.core import SLOT
from media.net.udp import Endpoint, pack_address
from media.stats import Counters, Drop

PATIENCE = 10.0  # seconds from accepting a connection to a signed request on it
STRANGERS = 256  # connections without one, altogether …
STRANGERS_PER_SITE = 32  # … and of one address, or of one network of IPv6
CONNECTIONS = 2000  # altogether, though never more than half of the descriptors that the process may have
FRAME_LIMIT = SLOT - 1  # bytes; as for datagrams
STRANGER_FRAME_LIMIT = 576  # a STUN request of a browser has about 120
BUFFER = 16 * 1024  # bytes read at a time

#: Bytes not yet sent at which each kind of packet is left out.
LIMITS = {"video": 48 * 1024, "audio": 96 * 1024, "control": 256 * 1024}
SEND_BUFFER = 256 * 1024  # the kernel's part: a round trip of 0.2 s at 10 Mbit/s

_SIOCOUTQNSD = 0x894B  # linux/sockios.h: bytes in the send queue that have not been sent once
_KEY = b"tcp"
_length = struct.Struct("!H")

Kind = Literal["video", "audio", "control"]
#: Takes packets that have come over a connection, at least one: their bytes, valid during the call.
Receive = Callable[["Connection", list[memoryview]], None]
Lost = Callable[["Connection"], None]


class Connection(asyncio.BufferedProtocol):
    """One TCP connection of a browser. ``key`` stands for its address among those of datagrams."""

    __slots__ = (
        "_buffer",
        "_deadline",
        "_fd",
        "_filled",
        "_flushing",
        "_owner",
        "_pending",
        "_pending_size",
        "_skipped",
        "_transport",
        "endpoint",
        "key",
        "known",
        "site",
    )

    def __init__(self, owner: StreamListener) -> None:
        self._owner = owner
        self._buffer = memoryview(bytearray(BUFFER))
        self._filled = 0
        self._fd = -1
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._flushing = False
        self._skipped: set[int] = set()  # SSRCs of which the rest of a frame is left out
        self._deadline: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.endpoint: Endpoint  # once it is made …
        self.site: str  # … and what it counts for
        self.key = b""
        #: Whether a transport has bound it.
        self.known = False

    # --- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.Transport, transport)
        address = stream.get_extra_info("peername")
        if address is None:
            stream.abort()  # it has gone already
            return
        self.endpoint = Endpoint(pack_address(address[0], address[1]), self)
        self.site = site_of(self.endpoint.host)
        if not self._owner.admits():
            stream.abort()
            return
        self.key = _KEY + self.endpoint.packed
        self._transport = stream
        peer = stream.get_extra_info("socket")
        self._fd = peer.fileno()
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._deadline = asyncio.get_running_loop().call_later(PATIENCE, self._too_late)
        self._owner.made(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        buffer, filled = self._buffer, self._filled + nbytes
        packets: list[memoryview] = []
        at = 0
        while filled - at >= 2:
            (size,) = _length.unpack_from(buffer, at)
            if size > (FRAME_LIMIT if self.known else STRANGER_FRAME_LIMIT):
                self.refuse(Drop.STREAM_MALFORMED)
                return
            if filled - at < 2 + size:
                break
            packets.append(buffer[at + 2 : at + 2 + size])
            at += 2 + size
            if not self.known:
                self._owner.receive(self, packets)
                packets = []
                if not self.known:
                    # Its first packet was no request signed by somebody whom we expect.
                    self.refuse(Drop.STREAM_STRANGER)
                    return
        if packets:
            self._owner.receive(self, packets)
        if at:
            buffer[: filled - at] = bytes(buffer[at:filled])
        self._filled = filled - at

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._gone()

    # --- sending ---

    def send(self, packet: bytes, kind: Kind = "control") -> bool:
        """Queues one packet until the loop's next turn; false where it is left out."""
        if self._transport is None:
            return False
        queued = self._pending_size + self._transport.get_write_buffer_size() + _unsent_in_kernel(self._fd)
        if not self._takes(packet, kind, queued):
            self._owner.counters.drops[Drop.STREAM_QUEUE_FULL] += 1
            return False
        self._pending.append(_length.pack(len(packet)))
        self._pending.append(packet)
        self._pending_size += 2 + len(packet)
        self._owner.counters.state.packets_out += 1
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self.flush)
        return True

    def _takes(self, packet: bytes, kind: Kind, queued: int) -> bool:
        if kind != "video":
            return queued < LIMITS[kind]
        ssrc = int.from_bytes(packet[8:12], "big")
        if ssrc not in self._skipped:
            if queued < LIMITS["video"]:
                return True
            self._skipped.add(ssrc)
        if packet[1] & 0x80:  # the marker: the next packet begins another frame
            self._skipped.discard(ssrc)
        return False

    def flush(self) -> None:
        """Hands what is queued to the kernel, as far as it takes it."""
        self._flushing = False
        if self._transport is not None and self._pending:
            self._transport.write(b"".join(self._pending))
        self._pending.clear()
        self._pending_size = 0

    # --- whose it is ---

    def recognised(self) -> None:
        """A transport has bound it."""
        if not self.known and self._transport is not None:
            self.known = True
            self._settle()
            self._owner.recognised(self)

    def close(self) -> None:
        """Sends what waits, if the other end takes it at once, and ends the connection."""
        transport = self._transport
        if transport is None:
            return
        self.flush()
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()
        self._gone()

    def _too_late(self) -> None:
        self.refuse(Drop.STREAM_STRANGER)

    def refuse(self, reason: Drop) -> None:
        """Ends it without a word."""
        self._owner.counters.drops[reason] += 1
        if self._transport is not None:
            self._transport.abort()
            self._gone()

    def _settle(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _gone(self) -> None:
        self._settle()
        self._transport = None
        self._pending.clear()
        self._owner.gone(self)


def site_of(host: str) -> str:
    """What one customer of a network is usually given: an address, or with IPv6 64 bits of it."""
    return ":".join(ipaddress.ip_address(host).exploded.split(":")[:4]) if ":" in host else host


def is_connection(address: bytes) -> bool:
    """Whether it is a connection's key, and not the address of datagrams."""
    return address.startswith(_KEY)


def _unsent_in_kernel(fd: int) -> int:
    if sys.platform != "linux":
        return 0
    with contextlib.suppress(OSError):
        return int(struct.unpack("i", fcntl.ioctl(fd, _SIOCOUTQNSD, b"\0\0\0\0"))[0])
    return 0


class StreamListener:
    """Accepts connections on the TCP port of the same number as the media socket's, and keeps count of
    them.
    """

    def __init__(self, host: str, port: int, counters: Counters, receive: Receive, lost: Lost) -> None:
        """Binds at once. ``receive`` is called with what has come; it calls `Connection.recognised` where a
        transport has bound the connection. ``lost`` is called once for each connection that has ended by
        itself. Raises OSError.
        """
        self.counters = counters
        self.receive = receive
        self._lost = lost
        self._strangers: dict[Connection, None] = {}  # the oldest first
        self.connections: dict[bytes, Connection] = {}
        self._closing = False
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._limit = CONNECTIONS if limit == resource.RLIM_INFINITY else min(CONNECTIONS, limit // 2)
        self._server: asyncio.Server | None = None
        self._socket = _listening_socket(host, port)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=self._socket)

    async def close(self) -> None:
        """Ends every connection."""
        self._closing = True
        for connection in list(self.connections.values()):
            connection.close()
        if self._server is None:
            self._socket.close()
        else:
            self._server.close()
            await self._server.wait_closed()
        await asyncio.sleep(0)  # asyncio closes the sockets in its next turn

    # --- called by the connections ---

    def admits(self) -> bool:
        """Whether one more connection may be looked at."""
        if len(self.connections) >= self._limit:
            self.counters.drops[Drop.STREAM_REFUSED] += 1
            return False
        return not self._closing

    def made(self, connection: Connection) -> None:
        """It takes the place of the oldest stranger where there are too many: somebody expected signs at
        once, and so is in nobody's way, nor are others in theirs.
        """
        neighbours = [each for each in self._strangers if each.site == connection.site]
        if len(neighbours) >= STRANGERS_PER_SITE:
            neighbours[0].refuse(Drop.STREAM_REFUSED)
        elif len(self._strangers) >= STRANGERS:
            next(iter(self._strangers)).refuse(Drop.STREAM_REFUSED)
        self.connections[connection.key] = connection
        self._strangers[connection] = None

    def recognised(self, connection: Connection) -> None:
        self._strangers.pop(connection, None)

    def gone(self, connection: Connection) -> None:
        if self.connections.get(connection.key) is connection:
            del self.connections[connection.key]
        if connection.known:
            self._lost(connection)
        else:
            self.recognised(connection)


def _listening_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def is_in_use(error: OSError) -> bool:
    return error.errno == errno.EADDRINUSE
