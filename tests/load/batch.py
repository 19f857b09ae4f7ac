"""Datagrams by the batch for the load generator: `recvmmsg` with the kernel's arrival times.

None of the server's own socket code is used, so that a mistake there does not hide itself.
"""

from __future__ import annotations

import random
import socket
from typing import Any

import cffi

SLOT = 2048  # bytes per datagram
SLOTS = 64  # datagrams per call
SO_TIMESTAMPNS = 35  # Linux; not in the socket module
SO_RCVBUFFORCE = 33
_CONTROL = 64  # bytes for the arrival time: struct cmsghdr (16) and struct timespec (16), with room

#: Second bytes of RTCP (RFC 5761, section 4): packet types 192 to 223, and 64 to 95 with the top bit masked.
RTCP_TYPES = bytes(range(64, 96)) + bytes(range(192, 224))

_ffi: Any = cffi.FFI()
_ffi.cdef(
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
_libc: Any = _ffi.dlopen(None)


def prepare(raw: socket.socket) -> None:
    """A large buffer and arrival times; the buffer beyond the system's limit where we may."""
    raw.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    try:
        raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    except PermissionError:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)


class Batch:
    """`SLOTS` buffers with the kernel's structures around them, for one direction."""

    def __init__(self) -> None:
        self._bytes = _ffi.new("unsigned char[]", SLOT * SLOTS)
        self._controls = _ffi.new("unsigned char[]", _CONTROL * SLOTS)
        self._iovecs = _ffi.new("struct iovec[]", SLOTS)
        self._messages = _ffi.new("struct mmsghdr[]", SLOTS)
        for slot in range(SLOTS):
            self._iovecs[slot].iov_base = self._bytes + SLOT * slot
            self._iovecs[slot].iov_len = SLOT
            header = self._messages[slot].msg_hdr
            header.msg_iov = self._iovecs + slot
            header.msg_iovlen = 1
            header.msg_control = self._controls + _CONTROL * slot
            header.msg_controllen = _CONTROL
        self._size = _ffi.sizeof("struct mmsghdr") * SLOTS
        self._fresh = _ffi.new("struct mmsghdr[]", SLOTS)
        _ffi.memmove(self._fresh, self._messages, self._size)
        self._memory = memoryview(_ffi.buffer(self._bytes)).cast("B")
        self._times = memoryview(_ffi.buffer(self._controls)).cast("B").cast("Q")
        self._firsts = self._memory[0::SLOT]
        self._seconds = self._memory[1::SLOT]

    # --- in ---

    def receive(self, fd: int) -> int:
        """Takes what waits, at most `SLOTS` datagrams; how many."""
        _ffi.memmove(self._messages, self._fresh, self._size)  # the kernel has written into the lengths
        count: int = _libc.recvmmsg(fd, self._messages, SLOTS, 0, _ffi.NULL)
        return max(count, 0)

    def count_rtp(self, count: int) -> int:
        """How many of the first ``count`` slots hold SRTP: not RTCP, STUN or DTLS (RFC 7983)."""
        firsts = self._firsts[:count].tobytes()
        seconds = self._seconds[:count].tobytes()
        if min(firsts) >= 128:
            return len(seconds.translate(None, RTCP_TYPES))
        return sum(
            first >= 128 and second not in RTCP_TYPES for first, second in zip(firsts, seconds, strict=True)
        )

    def is_rtp(self, slot: int) -> bool:
        at = SLOT * slot
        return self._memory[at] >= 128 and self._memory[at + 1] not in RTCP_TYPES

    def data(self, slot: int) -> bytes:
        at = SLOT * slot
        return self._memory[at : at + self._messages[slot].msg_len].tobytes()

    def arrival(self, slot: int) -> int:
        """Nanoseconds since the epoch, by the kernel."""
        at = _CONTROL // 8 * slot + 2
        return self._times[at] * 1_000_000_000 + self._times[at + 1]

    # --- out ---

    def fill(self, datagrams: list[bytes]) -> None:
        """Puts up to `SLOTS` datagrams into the slots, to be sent any number of times."""
        _ffi.memmove(self._messages, self._fresh, self._size)
        for slot, data in enumerate(datagrams):
            self._memory[SLOT * slot : SLOT * slot + len(data)] = data
            self._iovecs[slot].iov_len = len(data)
            self._messages[slot].msg_hdr.msg_controllen = 0

    def send(self, fd: int, first: int, count: int) -> int:
        """Sends slots from ``first`` on over a connected socket; how many went."""
        sent: int = _libc.sendmmsg(fd, self._messages + first, count, 0)
        return max(sent, 0)


def picked(count: int, phase: int, every: int, chance: random.Random) -> tuple[list[int], int]:
    """Which of ``count`` slots are looked at closely, one in ``every`` on average, and the next ``phase``."""
    if every == 1:
        return list(range(count)), 0
    phase += count
    slots = [chance.randrange(count) for _ in range(phase // every)]
    return sorted(set(slots)), phase % every
