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

from media.control.delay import DelayDetector, StandingQueue, Usage
from media.control.losses import Losses, Packet

LEAST = 50_000.0  # bits/s
DECREASE = 0.85  # of what arrives, or of the estimate, when a queue grows
INCREASE = 0.08  # a second
ABOVE_RECEIVED = 1.5  # what has not been tried is not assumed
RECEIVED_WINDOW = 0.5  # seconds over which the rate of arrival is taken
SHORT_WINDOW = 0.2  # seconds of the newest arrivals: a queue that grows lets as much through as there is
FULL_WINDOW = 0.15  # seconds of arrivals that are needed for one
STRETCHED = 1.1  # arriving takes so many times as long as sending took: more is sent than the path carries
STANDING = 0.08  # seconds in a queue that does not grow: with so much lost it is full …
LITTLE_LOSS = 0.02
PATIENCE = 3  # … unless so many decreases in a row do not empty it
EXERCISED = 0.8  # share of the estimate that must be sent for arrivals to be all that the path carries
STEP = 0.8  # of the estimate, where less is
REACTION = 0.3  # seconds between two decreases: the first takes a round trip to show


class Arrival(NamedTuple):
    at: float  # seconds, their clock
    sent: float  # seconds, ours
    size: int  # bytes


class BandwidthEstimator:
    __slots__ = (
        "_arrivals",
        "_decreased",
        "_detector",
        "_full",
        "_losses",
        "_received_bytes",
        "_standing",
        "_updated",
        "estimate",
    )

    def __init__(self) -> None:
        #: Bits/s; infinite until a limit was met.
        self.estimate = math.inf
        self._detector = DelayDetector()
        self._standing = StandingQueue()
        self._full = 0  # windows in a row in which the queue stood and packets were lost
        self._losses = Losses()
        self._arrivals: deque[Arrival] = deque()
        self._received_bytes = 0
        self._updated = -math.inf
        self._decreased = -math.inf

    @property
    def loss(self) -> float:
        """Share of packets lost in the last full window."""
        return self._losses.share

    @property
    def received(self) -> float:
        """Bits/s that arrived lately; 0 where too little did to tell."""
        if not self._arrivals:
            return 0.0
        width = self._arrivals[-1].at - self._arrivals[0].at
        if width < FULL_WINDOW:
            return 0.0
        return (self._received_bytes - self._arrivals[0].size) * 8 / width

    def feedback(self, packets: Sequence[Packet], now: float) -> None:
        """What one feedback packet tells, in the order of sending."""
        before = self._detector.usage
        for packet in packets:
            if packet.arrived is not None:
                self._arrived(packet, packet.arrived)
                self._detector.packet(packet.sent, packet.arrived)
                self._standing.packet(packet.sent, packet.arrived)
        elapsed = min(now - self._updated, 1.0) if self._updated > -math.inf else 0.0
        self._updated = now
        if self._losses.count(packets, now):
            self._judge_losses(now)
        usage = self._detector.usage
        if usage is Usage.OVER:
            if before is not Usage.OVER or now - self._decreased >= REACTION:
                self._decrease(self._relieved(), now)
        elif usage is Usage.NORMAL and self.estimate < math.inf:
            self._increase(elapsed)

    def probed(self, rate: float) -> None:
        """Somebody tried: the path carries ``rate`` bits/s."""
        if self.estimate < math.inf:
            self.estimate = max(self.estimate, min(rate, self._losses.ceiling))

    def told(self, rate: float) -> None:
        """The subscriber's own estimate (REMB), where it sends no transport-wide feedback."""
        self.estimate = max(rate, LEAST)

    def _judge_losses(self, now: float) -> None:
        """A window of losses is full. A little loss, too, tells that a queue is full where one stands."""
        waited = self._standing.measure()
        if self._losses.is_much:
            self._decrease(self._losses.limit(self.estimate), now)
        if waited < STANDING or self._losses.share < LITTLE_LOSS:
            self._full = 0
        elif self._full < PATIENCE:
            self._full += 1
            self._decrease(DECREASE * self.received, now)
        else:
            self._full = 0
            self._standing.forget()

    def _arrived(self, packet: Packet, at: float) -> None:
        arrivals = self._arrivals
        if arrivals:
            at = max(at, arrivals[-1].at)
        arrivals.append(Arrival(at, packet.sent, packet.size))
        self._received_bytes += packet.size
        while at - arrivals[0].at > RECEIVED_WINDOW:
            self._received_bytes -= arrivals.popleft().size

    def _relieved(self) -> float:
        """Bits/s that let a growing queue empty; 0 where too little arrived to tell.

        Where arriving takes much longer than sending, what arrives is what the path carries. Elsewhere a
        burst has waited, of a picture or of a trial: what happens to be sent says nothing, and going down
        from that again and again would end at the least there is. Where much less than the estimate is sent,
        it may be either: down in steps.
        """
        arrivals = self._arrivals
        rate = self.received
        if not rate:
            return 0.0
        newest, oldest = arrivals[-1], arrivals[0]
        short = sum(arrival.size for arrival in arrivals if newest.at - arrival.at < SHORT_WINDOW)
        rate = max(rate, short * 8 / SHORT_WINDOW)
        if self.estimate == math.inf:
            return DECREASE * rate
        stretch = (newest.at - oldest.at) / max(newest.sent - oldest.sent, FULL_WINDOW)
        if stretch <= STRETCHED:
            return DECREASE * max(rate, self.estimate)
        if self.received * stretch >= EXERCISED * self.estimate:
            return DECREASE * rate
        return DECREASE * max(rate, STEP * self.estimate)

    def _increase(self, elapsed: float) -> None:
        """Multiplicative: additive growth near the last limit (section 5.5) would be too slow for the steps
        of layers, and a probe tells of the limit anyway.
        """
        ceiling = min(ABOVE_RECEIVED * self.received, self._losses.ceiling)
        if self.estimate < ceiling:
            self.estimate = min(self.estimate * (1 + INCREASE) ** elapsed, ceiling)

    def _decrease(self, rate: float, now: float) -> None:
        if rate <= 0 or rate >= self.estimate:
            return
        self.estimate = max(rate, LEAST)
        self._decreased = now
