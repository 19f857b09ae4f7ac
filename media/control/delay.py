"""Whether a queue builds up on the way to a subscriber: the delay gradient of draft-ietf-rmcat-gcc-02, 5.3 to
5.5, with a line fitted to the delays in place of its Kalman filter, as browsers have done since 2016.

Times are seconds of any two clocks: only differences of sending and of arrival are used.
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum

BURST = 0.005  # seconds: what is sent within them is one group
LONGEST_BURST = 0.1  # seconds of arrival
WINDOW = 20  # groups in the fitted line
SMOOTHING = 0.9
GAIN = 4.0  # what the slope is multiplied with, for each of the last deltas up to …
DELTAS = 60
OVERUSE_TIME = 0.010  # seconds for which the slope must be too steep
RESET = 3.0  # seconds without feedback after which everything begins anew

# The threshold (in milliseconds) follows the slope, slowly up and fast down, so that neither TCP beside us
# nor a jittery path starves us (section 5.4). Changes larger than `IGNORED` are outliers.
THRESHOLD, LOWEST, HIGHEST = 12.5, 6.0, 600.0
UP, DOWN = 0.0087, 0.039
IGNORED = 15.0

MEMORY = 10.0  # seconds for which the shortest way is remembered


class Usage(Enum):
    NORMAL = 0
    OVER = 1  # a queue grows
    UNDER = 2  # a queue empties


class DelayDetector:
    """Takes packets in the order of sending, of which the arrival is known."""

    __slots__ = (
        "_accumulated",
        "_arrival",
        "_before",
        "_count",
        "_first_arrival",
        "_over_count",
        "_over_time",
        "_points",
        "_send",
        "_slope",
        "_smoothed",
        "_start",
        "_threshold",
        "_updated",
        "usage",
    )

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.usage = Usage.NORMAL
        self._start = -math.inf  # first and last sending, last arrival of the group being filled
        self._send = -math.inf
        self._arrival = -math.inf
        self._first_arrival = -math.inf
        self._before: tuple[float, float] | None = None  # last sending and arrival of the group before
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._accumulated = 0.0
        self._smoothed = 0.0
        self._count = 0
        self._slope = 0.0
        self._threshold = THRESHOLD
        self._updated = -math.inf
        self._over_time = -1.0
        self._over_count = 0

    def packet(self, sent: float, arrived: float) -> None:
        if self._start > -math.inf and arrived - self._arrival > RESET:
            self._reset()
        if self._start == -math.inf:
            self._open(sent, arrived)
        elif sent < self._start:
            return  # of an older group: too late to count
        elif sent - self._start <= BURST or self._pushed_together(sent, arrived):
            self._send = max(self._send, sent)
            self._arrival = max(self._arrival, arrived)
        else:
            self._close()
            self._open(sent, arrived)

    def _pushed_together(self, sent: float, arrived: float) -> bool:
        """Packets that waited somewhere and arrive in one burst say nothing about the queue."""
        gap = arrived - self._arrival
        return gap <= BURST and gap < sent - self._send and arrived - self._first_arrival < LONGEST_BURST

    def _open(self, sent: float, arrived: float) -> None:
        self._start = self._send = sent
        self._arrival = self._first_arrival = arrived

    def _close(self) -> None:
        before, self._before = self._before, (self._send, self._arrival)
        if before is not None:
            send_delta, arrival_delta = self._send - before[0], self._arrival - before[1]
            self._delta((arrival_delta - send_delta) * 1000.0, send_delta, self._arrival)

    def _delta(self, gradient: float, send_delta: float, arrival: float) -> None:
        """One group took ``gradient`` milliseconds longer than the one before."""
        self._count = min(self._count + 1, DELTAS)
        self._accumulated += gradient
        self._smoothed = SMOOTHING * self._smoothed + (1 - SMOOTHING) * self._accumulated
        self._points.append((arrival * 1000.0, self._smoothed))
        slope = _slope(self._points) if len(self._points) == WINDOW else self._slope
        self._judge(slope, send_delta, arrival)
        self._slope = slope

    def _judge(self, slope: float, send_delta: float, now: float) -> None:
        steepness = self._count * slope * GAIN
        if steepness > self._threshold:
            self._over_time = send_delta / 2 if self._over_time < 0 else self._over_time + send_delta
            self._over_count += 1
            if self._over_time > OVERUSE_TIME and self._over_count > 1 and slope >= self._slope:
                self._over_time, self._over_count = 0.0, 0
                self.usage = Usage.OVER
        else:
            self._over_time, self._over_count = -1.0, 0
            self.usage = Usage.UNDER if steepness < -self._threshold else Usage.NORMAL
        self._adapt(abs(steepness), now)

    def _adapt(self, steepness: float, now: float) -> None:
        elapsed = min((now - self._updated) * 1000.0, 100.0) if self._updated > 0 else 0.0
        self._updated = now
        if steepness <= self._threshold + IGNORED:
            rate = DOWN if steepness < self._threshold else UP
            threshold = self._threshold + rate * (steepness - self._threshold) * elapsed
            self._threshold = min(max(threshold, LOWEST), HIGHEST)


class StandingQueue:
    """How long packets wait in a queue that no longer grows, so that no slope shows it: a full one.

    Measured against the shortest way of the last `MEMORY` to two times that, as the clocks drift.
    """

    __slots__ = ("_before", "_lately", "_least", "_turned")

    def __init__(self) -> None:
        self._turned = -math.inf
        self._lately = self._least = self._before = math.inf

    def packet(self, sent: float, arrived: float) -> None:
        way = arrived - sent
        if arrived - self._turned > MEMORY:
            self._before, self._least, self._turned = self._least, math.inf, arrived
        self._least = min(self._least, way)
        self._lately = min(self._lately, way)

    def measure(self) -> float:
        """Seconds that each packet has waited since this was last asked for; 0 where none came."""
        lately, self._lately = self._lately, math.inf
        return lately - min(self._least, self._before) if lately < math.inf else 0.0

    def forget(self) -> None:
        """Sending less did not shorten the way: it has become another one."""
        self._least = self._before = math.inf


def _slope(points: deque[tuple[float, float]]) -> float:
    """Of the line through ``points`` with the least squares; 0 where they have no width."""
    count = len(points)
    middle_x = sum(x for x, _ in points) / count
    middle_y = sum(y for _, y in points) / count
    width = sum((x - middle_x) ** 2 for x, _ in points)
    if not width:
        return 0.0
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / width
