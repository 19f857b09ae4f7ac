"""What was sent on one path lately: what transport-wide feedback is compared with."""

from __future__ import annotations

import math
from typing import Any

from media.core import SENT, ffi

RATE_INTERVAL = 0.5  # seconds over which the rate is taken


class SentPackets:
    """A ring by transport-wide number, shared with the compiled loop, which notes most packets itself."""

    __slots__ = ("_packets", "state")

    def __init__(self) -> None:
        self.state: Any = ffi.new("struct sent_packets *")
        self.state.since = -math.inf
        self._packets = self.state.packets

    @property
    def rate(self) -> float:
        """Bits/s sent lately, padding apart."""
        rate: float = self.state.rate
        return rate

    def note(self, number: int, now: float, size: int) -> None:
        """The packet with the transport-wide ``number`` was sent ``now``, in ``size`` bytes."""
        state = self.state
        packet = self._packets[number & SENT - 1]
        packet.at, packet.size = now, size
        state.bytes += size
        elapsed = now - state.since
        if elapsed > RATE_INTERVAL:
            state.rate = state.bytes * 8 / min(elapsed, 1.0)
            state.bytes, state.since = 0, now

    def __getitem__(self, number: int) -> tuple[float, int] | None:
        """Time and bytes of a packet; None where it is not known."""
        packet = self._packets[number & SENT - 1]
        return (packet.at, packet.size) if packet.size else None

    def forget(self, number: int) -> None:
        self._packets[number & SENT - 1].size = 0
