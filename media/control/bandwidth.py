"""How much a path carries, from its transport-wide feedback: draft-ietf-rmcat-gcc-02.

There is no limit until there is a sign of one: a room on a good network is never held back by an estimate
that has yet to grow. From the first congestion on, the estimate is the lesser of what the delays allow (AIMD,
section 5.5) and what the losses allow (section 6), and `media.control.probing` finds out when there is more.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from media.control.delay import DelayDetector, Usage

LEAST = 50_000.0  # bits/s
DECREASE = 0.85  # of what arrives, when a queue grows
INCREASE = 0.08  # a second
ABOVE_RECEIVED = 1.5  # what has not been tried is not assumed
RECEIVED_WINDOW = 0.5  # seconds over which the rate of arrival is taken
FULL_WINDOW = 0.15  # seconds of arrivals that are needed for one
REACTION = 0.3  # seconds between two decreases: the first takes a round trip to show
LOSS_WINDOW = 1.0  # seconds over which losses are counted
MUCH_LOSS, LITTLE_LOSS = 0.10, 0.02
LOSS_PACKETS = 20  # fewer say nothing


class Packet(NamedTuple):
    """One packet that feedback tells of: sent (seconds, our clock), arrived (seconds, theirs; None where it
    did not), ``size`` in bytes.
    """

    sent: float
    arrived: float | None
    size: int


class BandwidthEstimator:
    __slots__ = (
        "_arrivals",
        "_decreased",
        "_detector",
        "_loss_since",
        "_lost",
        "_received_bytes",
        "_told",
        "_updated",
        "estimate",
        "loss",
    )

    def __init__(self) -> None:
        #: Bits/s; infinite until a limit was met.
        self.estimate = math.inf
        #: Share of packets lost in the last full `LOSS_WINDOW`.
        self.loss = 0.0
        self._detector = DelayDetector()
        self._arrivals: deque[tuple[float, int]] = deque()
        self._received_bytes = 0
        self._updated = -math.inf
        self._decreased = -math.inf
        self._loss_since = -math.inf
        self._lost = 0
        self._told = 0

    @property
    def received(self) -> float:
        """Bits/s that arrived lately; 0 where too little did to tell."""
        if not self._arrivals:
            return 0.0
        width = self._arrivals[-1][0] - self._arrivals[0][0]
        if width < FULL_WINDOW:
            return 0.0
        return (self._received_bytes - self._arrivals[0][1]) * 8 / width

    def feedback(self, packets: Sequence[Packet], now: float) -> None:
        """What one feedback packet tells, in the order of sending."""
        before = self._detector.usage
        for packet in packets:
            if packet.arrived is not None:
                self._arrived(packet.arrived, packet.size)
                self._detector.packet(packet.sent, packet.arrived)
        elapsed = min(now - self._updated, 1.0) if self._updated > -math.inf else 0.0
        self._updated = now
        self._count_loss(packets, now)
        usage = self._detector.usage
        if usage is Usage.OVER:
            if before is not Usage.OVER or now - self._decreased >= REACTION:
                self._decrease(DECREASE * self.received, now)
        elif usage is Usage.NORMAL and self.estimate < math.inf:
            self._increase(elapsed)

    def probed(self, rate: float) -> None:
        """Somebody tried: the path carries ``rate`` bits/s."""
        if self.estimate < math.inf:
            self.estimate = max(self.estimate, rate)

    def told(self, rate: float) -> None:
        """The subscriber's own estimate (REMB), where it sends no transport-wide feedback."""
        self.estimate = max(rate, LEAST)

    def _arrived(self, at: float, size: int) -> None:
        arrivals = self._arrivals
        if arrivals and at < arrivals[-1][0]:
            at = arrivals[-1][0]
        arrivals.append((at, size))
        self._received_bytes += size
        while at - arrivals[0][0] > RECEIVED_WINDOW:
            self._received_bytes -= arrivals.popleft()[1]

    def _increase(self, elapsed: float) -> None:
        """Multiplicative: additive growth near the last limit (section 5.5) would be too slow for the steps
        of layers, and a probe tells of the limit anyway.
        """
        ceiling = ABOVE_RECEIVED * self.received
        if self.estimate < ceiling:
            self.estimate = min(self.estimate * (1 + INCREASE) ** elapsed, ceiling)

    def _decrease(self, rate: float, now: float) -> None:
        if rate <= 0 or rate >= self.estimate:
            return
        self.estimate = max(rate, LEAST)
        self._decreased = now

    def _count_loss(self, packets: Sequence[Packet], now: float) -> None:
        self._told += len(packets)
        self._lost += sum(packet.arrived is None for packet in packets)
        if self._loss_since == -math.inf:
            self._loss_since = now
        if now - self._loss_since < LOSS_WINDOW or self._told < LOSS_PACKETS:
            return
        self.loss = self._lost / self._told
        self._loss_since, self._told, self._lost = now, 0, 0
        if self.loss > MUCH_LOSS:
            base = min(self.estimate, self.received / (1 - self.loss) or self.estimate)
            if base < math.inf:
                self._decrease(base * (1 - 0.5 * self.loss), now)
