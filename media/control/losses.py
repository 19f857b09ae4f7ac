"""What losses tell of a path: the threshold of draft-ietf-rmcat-gcc-02, section 6, with two questions asked
first: are there enough packets to be sure, and does the loss depend on the rate at all? Radio loses packets
at any rate: sending less would not help, and what is lost is sent again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

WINDOW = 1.0  # seconds over which losses are counted, at least …
PACKETS = 50  # … and packets: fewer say nothing
MUCH = 0.10  # share up to which losses change nothing
SURE = 2.5  # standard deviations above `MUCH`: at a true 5 %, less than one window in ten thousand
EXERCISED = 0.8  # share of the estimate that must be sent for losses to tell of what is sent
MOST = 0.3  # share above which the rate is always to blame
LESS = 0.9  # of what was sent before: so much less must have been sent for a comparison


class Packet(NamedTuple):
    """One packet that feedback tells of: sent (seconds, our clock), arrived (seconds, theirs; None where it
    did not), ``size`` in bytes.
    """

    sent: float
    arrived: float | None
    size: int


class Blame(NamedTuple):
    """What was lost (share), and what was being sent (bits/s), when a decrease for it began."""

    share: float
    rate: float

    def is_cleared(self, share: float, rate: float) -> bool:
        """Whether what is lost now shows that the rate was not the cause: a full path would let through as
        much of less.
        """
        if rate >= LESS * self.rate or share > MOST:
            return False
        by_congestion = max(0.0, 1 - (1 - self.share) * self.rate / rate) if rate else 0.0
        return share > (by_congestion + self.share) / 2


class Losses:
    __slots__ = (
        "_blame",
        "_bytes",
        "_first",
        "_lost",
        "_rate",
        "_told",
        "_until",
        "ceiling",
        "is_much",
        "share",
    )

    def __init__(self) -> None:
        #: Share of packets lost in the last full window.
        self.share = 0.0
        #: Whether more than `MUCH` was lost in it, by more than chance.
        self.is_much = False
        #: Bits/s above which nothing is tried while so much is lost.
        self.ceiling = math.inf
        self._rate = 0.0  # bits/s sent in it
        self._blame: Blame | None = None
        self._until = -math.inf
        self._clear(0.0)

    def _clear(self, now: float) -> None:
        self._first = math.inf
        self._until = now + WINDOW
        self._told = self._lost = self._bytes = 0

    def count(self, packets: Sequence[Packet], now: float) -> bool:
        """Whether a window is full, so that `share` and `is_much` are new."""
        if not packets:
            return False
        if not self._told:
            self._clear(now)
        self._first = min(self._first, packets[0].sent)
        self._told += len(packets)
        self._lost += sum(packet.arrived is None for packet in packets)
        self._bytes += sum(packet.size for packet in packets)
        if now < self._until or self._told < PACKETS:
            return False
        told, lost = self._told, self._lost
        self.share = lost / told
        self._rate = self._bytes * 8 / max(packets[-1].sent - self._first, WINDOW / 2)
        self._clear(now)
        self.is_much = lost > MUCH * told + SURE * math.sqrt(MUCH * (1 - MUCH) * told)
        if self.share <= MUCH:
            self._blame, self.ceiling = None, math.inf
        return True

    def limit(self, estimate: float) -> float:
        """Bits/s that the last window allows: ``estimate`` itself where sending less has not helped."""
        blame = self._blame
        if blame is not None and blame.is_cleared(self.share, self._rate):
            return estimate
        if blame is None or (self._rate >= LESS * blame.rate and self.share > blame.share):
            self._blame = Blame(self.share, self._rate)
        # Of little that is sent only the share counts: what was not tried says nothing of the estimate.
        tried = self._rate if estimate == math.inf or self._rate >= EXERCISED * estimate else estimate
        self.ceiling = min(estimate, tried) * (1 - 0.5 * self.share)
        return self.ceiling
