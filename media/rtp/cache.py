"""The last packets of one stream, by extended sequence number: what a NACK is answered from."""

from __future__ import annotations


class PacketCache:
    """A ring of immutable packets. Holds references only: the consumers' copies are made when sending."""

    __slots__ = ("_mask", "_numbers", "_packets", "capacity")

    def __init__(self, capacity: int) -> None:
        """``capacity`` is a power of two."""
        if capacity <= 0 or capacity & (capacity - 1):
            raise ValueError("capacity must be a power of two")
        self.capacity = capacity
        self._mask = capacity - 1
        self._numbers = [-1] * capacity
        self._packets: list[tuple[bytes, int]] = [(b"", 0)] * capacity

    def __contains__(self, sequence: int) -> bool:
        return self._numbers[sequence & self._mask] == sequence

    def put(self, sequence: int, packet: bytes, payload: int) -> None:
        """``payload`` is the offset of the payload in ``packet``."""
        slot = sequence & self._mask
        self._numbers[slot] = sequence
        self._packets[slot] = (packet, payload)

    def get(self, sequence: int) -> tuple[bytes, int] | None:
        slot = sequence & self._mask
        return self._packets[slot] if self._numbers[slot] == sequence else None

    def clear(self) -> None:
        self._numbers[:] = [-1] * self.capacity
        self._packets[:] = [(b"", 0)] * self.capacity
