"""The worker's one UDP socket: datagrams in and out in batches over buffers that are allocated once.

`recvmmsg` and `sendmmsg` are called through cffi, or by the compiled loop (media/core), which works on the
same buffers. The kernel's structures are laid over flat arrays, so that queueing a datagram is two stores
into a memoryview (its length and its address) and no object is made for it.
Where the platform has no such calls, `PlainSocket` does the same with `recvfrom_into` and `sendto`.

A peer's address is handled as the kernel's own bytes (`struct sockaddr`): hashable, cheap to compare, and
sent back as it came. `Endpoint` holds such bytes where the kernel can find them.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from media.core import BATCH_IN, BATCH_OUT, NAME, SLOT, ffi
from media.stats import Counters, Drop

if TYPE_CHECKING:
    from media.net.tcp import Connection

SOCKET_BUFFER = 8 << 20  # asked for; the kernel may give less

_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33  # lift a buffer above the system's limit, where we may
_IP_MTU_DISCOVER = 10  # linux/in.h; Python's socket module does not name them
_IPV6_MTU_DISCOVER = 23
_IP_PMTUDISC_PROBE = 3  # and IPV6_PMTUDISC_PROBE

_WORDS = 8  # struct mmsghdr in 64-bit words: msg_name is word 0 of it
_HALVES = 16  # the same in 32-bit words: msg_len is number 14

ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen; int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags, void *timeout);
    int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags);
    """
)


def _libc() -> Any:
    """libc where it has the batch calls and the structures have the layout assumed here, else None."""
    if sys.platform != "linux" or sys.byteorder != "little" or ffi.sizeof("struct mmsghdr") != 8 * _WORDS:
        return None
    library = ffi.dlopen(None)
    return library if hasattr(library, "recvmmsg") and hasattr(library, "sendmmsg") else None


class Endpoint:
    """A peer's address. ``pointer`` is what `DatagramSocket.names` takes; valid while this object lives."""

    __slots__ = ("__weakref__", "_memory", "connection", "host", "packed", "pointer", "port")

    def __init__(self, packed: bytes, connection: Connection | None = None) -> None:
        """``packed`` is a ``struct sockaddr_in`` or ``sockaddr_in6`` as the kernel wrote it. With a
        ``connection`` it is reached over that, and over no datagram.
        """
        self.packed = packed
        self.connection = connection
        self._memory = ffi.new("uint8_t[]", packed.ljust(NAME, b"\0"))
        self.pointer = int(ffi.cast("uintptr_t", self._memory))
        self.host, self.port = unpack_address(packed)


def unpack_address(packed: bytes) -> tuple[str, int]:
    """Host and port of a ``struct sockaddr``. An IPv4 address mapped into IPv6 comes out as IPv4."""
    family, port = struct.unpack_from("=H", packed)[0], struct.unpack_from("!H", packed, 2)[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, packed[4:8]), port
    host = packed[8:24]
    if host[:12] == b"\0" * 10 + b"\xff\xff":
        return socket.inet_ntop(socket.AF_INET, host[12:]), port
    return socket.inet_ntop(socket.AF_INET6, host), port


def pack_address(host: str, port: int) -> bytes:
    """The ``struct sockaddr`` of a numeric address, in the form in which `DatagramSocket.source` gives it."""
    if ":" in host:
        address = socket.inet_pton(socket.AF_INET6, host)
        return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16s4x", port, 0, address)
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s", port, socket.inet_aton(host))


class DatagramSocket:
    """Slots in, slots out. Public arrays are for the packet path, which writes them directly.

    Incoming: `receive` fills the slots ``0 … n - 1`` of `incoming`; `length` and `source` describe them.
    Outgoing: to queue a datagram, write it into slot ``count`` of `outgoing`, its length to ``sizes[2 * count
    + 1]`` and an `Endpoint.pointer` to ``names[8 * count]``, and add one to ``count``; `flush` before slot
    `BATCH_OUT`.
    """

    def __init__(self, host: str, port: int, counters: Counters) -> None:
        """Binds at once. ``host`` is numeric, ``port`` 0 takes a free one. Raises OSError."""
        self._counters = counters
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._name_size = 28 if family == socket.AF_INET6 else 8
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
            if sys.platform == "linux":
                for option in (_SO_RCVBUFFORCE, _SO_SNDBUFFORCE):
                    with contextlib.suppress(PermissionError):
                        self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
            if family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            if sys.platform == "linux":
                # Never fragment: media packets are cut to fit. It also spares the kernel choosing an IP id
                # for each. (On a socket of IPv6 the first is for its peers of IPv4.)
                self._socket.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_PROBE)
                if family == socket.AF_INET6:
                    self._socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _IP_PMTUDISC_PROBE)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._fd = self._socket.fileno()
        #: What the compiled loop knows of it.
        self.state: Any = ffi.new("struct batches *")
        self._allocate(16 if family == socket.AF_INET else 28)

    def _allocate(self, name_size: int) -> None:
        self._in = _Slots(BATCH_IN, name_size)
        self._out = _Slots(BATCH_OUT, name_size)
        self._messages_in, self._messages_out = self._in.messages, self._out.messages
        self._lengths = self._in.halves
        self._addresses = self._in.addresses
        self.incoming = self._in.memory
        self.outgoing = self._out.memory
        #: Address of each slot's first byte, and of the low half of its length: what libsrtp is given.
        self.incoming_pointers = self._in.pointers
        self.outgoing_pointers = self._out.pointers
        self.outgoing_lengths = self._out.length_pointers
        self.sizes = self._out.sizes
        self.names = self._out.headers
        state = self.state
        state.fd, state.name_size = self._fd, self._name_size
        state.incoming, state.sources, state.messages_in = self._in.bytes, self._in.names, self._in.messages
        state.outgoing, state.messages_out = self._out.bytes, self._out.messages

    @property
    def count(self) -> int:
        """Datagrams queued in `outgoing`."""
        queued: int = self.state.count
        return queued

    @count.setter
    def count(self, count: int) -> None:
        self.state.count = count

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> int:
        """Takes up to `BATCH_IN` waiting datagrams; the number taken, 0 where none waits."""
        count: int = _recvmmsg(self._fd, self._messages_in, BATCH_IN, 0, _NULL)
        return count if count > 0 else 0  # an error is that of an earlier send (ICMP), or EAGAIN

    def received(self, slot: int) -> tuple[int, bytes]:
        """Length of a received datagram (`SLOT` for one that did not fit) and the address it came from."""
        at = NAME * slot
        return self._lengths[_HALVES * slot + 14], self._addresses[at : at + self._name_size].tobytes()

    def put(self, data: bytes, endpoint: Endpoint) -> None:
        """Queues one datagram; the slow way, for all that is not media."""
        if self.count == BATCH_OUT:
            self.flush()
        slot = self.count
        self.outgoing[SLOT * slot : SLOT * slot + len(data)] = data
        self.sizes[2 * slot + 1] = len(data)
        self.names[_WORDS * slot] = endpoint.pointer
        self.count = slot + 1

    def flush(self) -> None:
        """Sends what is queued.

        What the socket buffer does not take is dropped: late media is worth nothing.
        """
        count, self.count = self.count, 0
        if not count:
            return
        drops = self._counters.drops
        done = 0
        while done < count:
            messages = self._messages_out + done if done else self._messages_out
            sent = _sendmmsg(self._fd, messages, count - done, 0)
            if sent > 0:
                done += sent
                self._counters.state.packets_out += sent
                continue
            error = ffi.errno
            if error in (errno.EAGAIN, errno.ENOBUFS):
                drops[Drop.SEND_BUFFER_FULL] += count - done
                return
            if error != errno.EINTR:  # unreachable, refused by a firewall, …: concerns this datagram only
                drops[Drop.SEND_ERROR] += 1
                done += 1

    def endpoint(self, packed: bytes) -> Endpoint:
        return Endpoint(packed)

    def close(self) -> None:
        self._socket.close()


class _Slots:
    """One direction's buffers with the kernel's structures around them."""

    def __init__(self, count: int, name_size: int) -> None:
        self.bytes = ffi.new("uint8_t[]", SLOT * count)
        self._iovecs = ffi.new("struct iovec[]", count)
        self.names = ffi.new("uint8_t[]", NAME * count)
        self.messages = ffi.new("struct mmsghdr[]", count)
        for slot in range(count):
            self._iovecs[slot].iov_base = self.bytes + SLOT * slot
            self._iovecs[slot].iov_len = SLOT
            header = self.messages[slot].msg_hdr
            header.msg_name = self.names + NAME * slot
            header.msg_namelen = name_size
            header.msg_iov = self._iovecs + slot
            header.msg_iovlen = 1
        self.memory = memoryview(ffi.buffer(self.bytes)).cast("B")
        self.addresses = memoryview(ffi.buffer(self.names)).cast("B")
        self.sizes = memoryview(ffi.buffer(self._iovecs)).cast("B").cast("Q")
        self.headers = memoryview(ffi.buffer(self.messages)).cast("B").cast("Q")
        self.halves = memoryview(ffi.buffer(self.messages)).cast("B").cast("I")
        self.pointers = [self.bytes + SLOT * slot for slot in range(count)]
        self.length_pointers = [
            ffi.cast("int *", ffi.addressof(self._iovecs[slot], "iov_len")) for slot in range(count)
        ]


class PlainSocket(DatagramSocket):
    """The same by one system call per datagram, for platforms without `recvmmsg` and `sendmmsg`."""

    def _allocate(self, name_size: int) -> None:
        super()._allocate(name_size)
        self._sizes_in = [0] * BATCH_IN
        self._sources = [b""] * BATCH_IN
        self._endpoints: WeakValueDictionary[int, Endpoint] = WeakValueDictionary()

    def endpoint(self, packed: bytes) -> Endpoint:
        endpoint = Endpoint(packed)
        self._endpoints[endpoint.pointer] = endpoint
        return endpoint

    def receive(self) -> int:
        for slot in range(BATCH_IN):
            try:
                at = SLOT * slot
                size, address = self._socket.recvfrom_into(self.incoming[at : at + SLOT])
            except OSError:
                return slot
            self._sizes_in[slot] = size
            self._sources[slot] = pack_address(address[0], address[1])
        return BATCH_IN

    def received(self, slot: int) -> tuple[int, bytes]:
        return self._sizes_in[slot], self._sources[slot]

    def flush(self) -> None:
        count, self.count = self.count, 0
        for slot in range(count):
            endpoint = self._endpoints.get(self.names[_WORDS * slot])
            at = SLOT * slot
            try:
                if endpoint is not None:
                    mapped = self._socket.family == socket.AF_INET6 and ":" not in endpoint.host
                    host = f"::ffff:{endpoint.host}" if mapped else endpoint.host
                    self._socket.sendto(
                        self.outgoing[at : at + self.sizes[2 * slot + 1]], (host, endpoint.port)
                    )
                    self._counters.state.packets_out += 1
            except BlockingIOError:
                self._counters.drops[Drop.SEND_BUFFER_FULL] += count - slot
                return
            except OSError:
                self._counters.drops[Drop.SEND_ERROR] += 1


_LIBC = _libc()
_recvmmsg: Any = _LIBC.recvmmsg if _LIBC is not None else None
_sendmmsg: Any = _LIBC.sendmmsg if _LIBC is not None else None
_NULL = ffi.NULL


def open_socket(host: str, port: int, counters: Counters) -> DatagramSocket:
    """The best socket that this platform has, bound to ``host`` and ``port``. Raises OSError."""
    return (DatagramSocket if _LIBC is not None else PlainSocket)(host, port, counters)
