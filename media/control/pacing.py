"""How fast what comes in bursts (a cached key-frame group, answers to NACKs) may leave for one subscriber.

What a publisher sends is forwarded as it comes, and sound most of all: only what we add is held back.
"""

from __future__ import annotations

import math

FACTOR = 2.5  # of the estimate: what browsers pace their own key frames at
LEAST_SHARE = 0.5  # of the estimate, however much is being sent anyway
UNLIMITED = 20e6  # bits/s where no limit has been met
DEPTH = 0.04  # seconds of the rate that may leave at once …
DEPTH_BYTES = 6_000.0  # … or this, so that a few packets never wait


def burst_rate(estimate: float, sending: float) -> float:
    """Bits/s for bursts, where the path carries ``estimate`` and ``sending`` is under way already."""
    if estimate == math.inf:
        return UNLIMITED
    return max(FACTOR * estimate - sending, LEAST_SHARE * estimate)


class Pacer:
    """A token bucket: may be overdrawn by one packet."""

    __slots__ = ("_tokens", "_updated")

    def __init__(self) -> None:
        self._tokens = DEPTH_BYTES
        self._updated = -math.inf

    def is_open(self, rate: float, now: float) -> bool:
        """Whether the next packet may leave, at ``rate`` bits/s."""
        depth = max(rate / 8 * DEPTH, DEPTH_BYTES)
        self._tokens = min(depth, self._tokens + rate / 8 * min(now - self._updated, 1.0))
        self._updated = now
        return self._tokens > 0

    def sent(self, size: int) -> None:
        self._tokens -= size
