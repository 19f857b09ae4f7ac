"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).

Arrival times are kept as whole ticks of 250 µs, so that rounding never adds up over the deltas of a packet.
"""

from __future__ import annotations

import struct
from itertools import chain
from operator import sub
from typing import Any

from media.core import ARRIVALS, ffi
from media.rtp.header import Buffer, extend, first_extended

TICKS_PER_SECOND = 4000
TICKS_PER_REFERENCE = 256  # the reference time counts multiples of 64 ms
STATUS_LIMIT = 400  # of one feedback packet: fits a datagram even when every delta is large
PENDING_LIMIT = 4000  # arrivals remembered; a gap longer than that is not reported

_LOST, _SMALL, _LARGE = 0, 1, 2

_MASK = ARRIVALS - 1
_NOTHING = struct.pack("=q", -1) * ARRIVALS

_head = struct.Struct("!HH")
_pack_head = struct.Struct("!HHI").pack


class FeedbackRecorder:
    """Arrivals on one transport, and the feedback about them. An arrival is repeated where an older packet
    still comes.
    """

    __slots__ = ("_count", "_next", "_owner", "_reference", "state")

    def __init__(self, owner: Any = None) -> None:
        """``owner`` is the ``struct transport`` that is to know of the arrivals."""
        self._owner = owner
        #: Shared with the compiled loop: a ring of ticks by extended transport-wide number. None before the
        #: first arrival: most transports have none.
        self.state: Any = None
        self._next = -1  # first number that no feedback has covered
        self._reference = 0
        self._count = 0

    @property
    def pending(self) -> bool:
        """Whether anything has arrived since the last feedback."""
        return self.state is not None and self.state.fresh >= 0

    def arrived(self, sequence: int, now: float) -> None:
        """A packet with the 16-bit transport-wide number ``sequence`` came at ``now`` seconds."""
        state = self.state
        if state is None:
            state = self._begin(first_extended(sequence))
        number = extend(sequence, state.highest)
        ticks = state.ticks
        if number > state.highest:
            self._advance(number)
        elif state.highest - number > PENDING_LIMIT or ticks[number & _MASK] >= 0:
            return
        if state.fresh < 0 or number < state.fresh:
            state.fresh = number
        ticks[number & _MASK] = int(now * TICKS_PER_SECOND + 0.5)

    def _begin(self, first: int) -> Any:
        self.state = ffi.new("struct arrivals *", (first - 1, -1))
        if self._owner is not None:
            self._owner.arrivals = self.state
        self._next = first
        ffi.memmove(self.state.ticks, _NOTHING, len(_NOTHING))
        return self.state

    def _advance(self, number: int) -> None:
        """``number`` is the newest from now on; what lies between has not come."""
        state = self.state
        if number - state.highest > PENDING_LIMIT:
            ffi.memmove(state.ticks, _NOTHING, len(_NOTHING))
            self._next = number
            state.fresh = -1
        for missing in range(max(state.highest + 1, number - PENDING_LIMIT), number):
            state.ticks[missing & _MASK] = -1
        state.highest = number

    def build(self) -> list[bytes]:
        """The control information of the feedback packets that are due (what follows the two SSRCs), oldest
        first.
        """
        if not self.pending:
            return []
        out: list[bytes] = []
        state = self.state
        at = min(self._next, state.fresh)
        while at <= state.highest:
            feedback, at = self._build_one(at)
            out.append(feedback)
        self._next = state.highest + 1
        state.fresh = -1
        return out

    def _build_one(self, base: int) -> tuple[bytes, int]:
        """One feedback packet beginning at number ``base``, and the number behind it.

        It ends early where a delta does not fit 16 bits: the next packet has a reference time of its own.
        """
        arrivals = self._arrivals(base, min(self.state.highest + 1, base + STATUS_LIMIT))
        plain = _small_deltas(arrivals)
        if plain is not None:
            self._reference = arrivals[0] // TICKS_PER_REFERENCE
            chunk = _SMALL << 13 | len(arrivals)
            return self._head(base, len(arrivals)) + chunk.to_bytes(2, "big") + plain, base + len(arrivals)
        reference = -1
        time = 0
        symbols: list[int] = []
        deltas = bytearray()
        for tick in arrivals:
            if tick < 0:
                symbols.append(_LOST)
                continue
            if reference < 0:
                reference = tick // TICKS_PER_REFERENCE
                time = reference * TICKS_PER_REFERENCE
            delta = tick - time
            if 0 <= delta <= 0xFF:
                symbols.append(_SMALL)
                deltas.append(delta)
            elif -0x8000 <= delta <= 0x7FFF:
                symbols.append(_LARGE)
                deltas += delta.to_bytes(2, "big", signed=True)
            else:
                break
            time = tick
        if reference >= 0:
            self._reference = reference
        head = self._head(base, len(symbols))
        return head + encode_statuses(symbols) + bytes(deltas), base + len(symbols)

    def _head(self, base: int, count: int) -> bytes:
        time_and_count = (self._reference & 0xFFFFFF) << 8 | self._count
        self._count = self._count + 1 & 0xFF
        return _pack_head(base & 0xFFFF, count, time_and_count)

    def _arrivals(self, first: int, end: int) -> list[int]:
        """Ticks of the numbers ``first`` … ``end - 1``, -1 where one has not come."""
        ticks = self.state.ticks
        start, size = first & _MASK, end - first
        before_end = min(size, ARRIVALS - start)
        found: list[int] = ffi.unpack(ticks + start, before_end)
        return found + ffi.unpack(ticks, size - before_end) if before_end < size else found


def _small_deltas(arrivals: list[int]) -> bytes | None:
    """The deltas of a stretch in which everything came, and in order, as nearly always; else None."""
    first = arrivals[0]
    if first < 0:
        return None
    before = chain((first // TICKS_PER_REFERENCE * TICKS_PER_REFERENCE,), arrivals)
    try:
        return bytes(map(sub, arrivals, before))
    except ValueError:  # one is not in 0 … 255
        return None


def encode_statuses(symbols: list[int]) -> bytes:
    """Packet status chunks (draft section 3.1.3, 3.1.4) for symbols 0 lost, 1 small delta, 2 large delta."""
    out = bytearray()
    at = 0
    while at < len(symbols):
        symbol = symbols[at]
        run = at + 1
        limit = min(len(symbols), at + 0x1FFF)
        while run < limit and symbols[run] == symbol:
            run += 1
        ones = symbols[at : at + 14]
        if run - at >= 14 or run == len(symbols) or (run - at >= 7 and _LARGE in ones):
            out += (symbol << 13 | run - at).to_bytes(2, "big")
            at = run
        elif _LARGE not in ones:
            chunk = 0x8000
            for index, value in enumerate(ones):
                chunk |= value << 13 - index
            out += chunk.to_bytes(2, "big")
            at += len(ones)
        else:
            twos = ones[:7]
            chunk = 0xC000
            for index, value in enumerate(twos):
                chunk |= value << 12 - 2 * index
            out += chunk.to_bytes(2, "big")
            at += len(twos)
    return bytes(out)


def parse(data: Buffer, start: int, end: int) -> list[tuple[int, int | None]]:
    """The control information ``data[start:end]`` as ``(16-bit number, arrival tick or None where lost)``.

    Raises ValueError where it is cut off.
    """
    if end - start < 8:
        raise ValueError("feedback is cut off")
    base, count = _head.unpack_from(data, start)
    if count > PENDING_LIMIT:
        raise ValueError("feedback about more packets than are under way")
    time = int.from_bytes(data[start + 4 : start + 7], "big") * TICKS_PER_REFERENCE
    symbols: list[int] = []
    at = start + 8
    while len(symbols) < count:
        if at + 2 > end:
            raise ValueError("status chunks are cut off")
        chunk = data[at] << 8 | data[at + 1]
        at += 2
        if chunk & 0x8000 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000 == 0:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
        else:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        if chunk & 0x9FFF == 0:
            raise ValueError("run of no packets")
    result: list[tuple[int, int | None]] = []
    for index in range(count):
        number = base + index & 0xFFFF
        size = symbols[index]
        if size not in (_SMALL, _LARGE):
            result.append((number, None))
            continue
        if at + size > end:
            raise ValueError("deltas are cut off")
        time += data[at] if size == _SMALL else int.from_bytes(data[at : at + 2], "big", signed=True)
        at += size
        result.append((number, time))
    return result
