"""The last packets of one stream, by extended sequence number: what a NACK is answered from.

The packets lie behind one another in a ring of bytes: small ones take little room, and the compiled loop puts
them there without making an object.
"""

from __future__ import annotations

from typing import Any

from media.core import ffi

_LARGEST = 2048  # bytes of a packet that is kept


class PacketCache:
    """Holds the newest packets, as many as there are places and as there is room for."""

    __slots__ = ("_bytes", "_mask", "_places", "capacity", "state")

    def __init__(self, capacity: int, space: int) -> None:
        """``capacity`` in packets is a power of two, ``space`` in bytes holds one packet at least."""
        if capacity <= 0 or capacity & (capacity - 1):
            raise ValueError("capacity must be a power of two")
        if space < _LARGEST:
            raise ValueError(f"a packet may have {_LARGEST} bytes")
        self.capacity = capacity
        self._mask = capacity - 1
        self._places = ffi.new("struct cached[]", capacity)
        self._bytes = ffi.new("uint8_t[]", space)
        self.state: Any = ffi.new("struct cache *", (self._mask, space, 0, self._places, self._bytes))
        self.clear()

    def __contains__(self, sequence: int) -> bool:
        return self._find(sequence) is not None

    def _find(self, sequence: int) -> Any:
        """The place of a packet that is there and has not been written over."""
        place = self._places[sequence & self._mask]
        if place.number != sequence or self.state.written - place.at > self.state.space:
            return None
        return place

    def put(self, sequence: int, packet: bytes, payload: int) -> None:
        """``payload`` is the offset of the payload in ``packet``, of `_LARGEST` bytes at most."""
        state = self.state
        written, space, size = state.written, state.space, len(packet)
        start = written % space
        if start + size > space:  # none is in two parts
            written += space - start
            start = 0
        self._bytes[start : start + size] = packet
        place = self._places[sequence & self._mask]
        place.number, place.at, place.size, place.payload = sequence, written, size, payload
        state.written = written + size

    def get(self, sequence: int) -> tuple[bytes, int] | None:
        place = self._find(sequence)
        if place is None:
            return None
        start = place.at % self.state.space
        return ffi.buffer(self._bytes + start, place.size)[:], place.payload

    def clear(self) -> None:
        for place in range(self.capacity):
            self._places[place].number = -1
