"""A bad network in simulated time, the same for a seed: loss, bursts of loss, delay, jitter, reordering,
duplication, rate. `tests.support.proxy` puts it in front of real sockets.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a link does. Probabilities are between 0 and 1, times in seconds, the rate in bytes per second."""

    loss: float = 0.0
    #: Bursts as in Gilbert's model: before each datagram one begins with this probability, and everything is
    #: lost until it ends, after `burst_length` datagrams on average. Mean loss: 1 / (1 + 1 / (burst *
    #: burst_length)).
    burst: float = 0.0
    burst_length: float = 5.0
    delay: float = 0.0
    jitter: float = 0.0  # added to the delay, uniformly; keeps the order
    reorder: float = 0.0  # probability of being held back by `reorder_delay`, past later packets
    reorder_delay: float = 0.02
    duplicate: float = 0.0
    rate: float | None = None
    queue: float = 0.2  # seconds of the rate that may wait; what does not fit is lost


class Link:
    """One direction. `send` puts datagrams in, `deliver` takes out what has arrived by ``now``."""

    def __init__(self, impairment: Impairment, seed: int) -> None:
        self.impairment = impairment
        self._random = random.Random(seed)
        self._heap: list[tuple[float, int, bytes]] = []
        self._count = 0
        self._free_at = 0.0  # when the bottleneck has sent all that waits
        self._latest = 0.0  # arrival of the last packet that kept its place
        self._in_burst = False
        self.lost = 0  # by chance, or in a burst
        self.overflowed = 0  # did not fit the queue of the bottleneck
        self.passed = 0
        self.duplicated = 0
        self.reordered = 0

    def send(self, data: bytes, now: float) -> None:
        impairment = self.impairment
        if self._random.random() < impairment.loss or self._bursts():
            self.lost += 1
            return
        start = now
        if impairment.rate is not None:
            if self._free_at - now > impairment.queue:
                self.overflowed += 1
                return
            self._free_at = max(self._free_at, now) + len(data) / impairment.rate
            start = self._free_at
        arrival = start + impairment.delay + self._random.random() * impairment.jitter
        self.passed += 1
        if self._random.random() < impairment.reorder:
            self.reordered += 1
            self._put(arrival + impairment.reorder_delay, data)
        else:
            arrival = self._latest = max(arrival, self._latest)
            self._put(arrival, data)
        if self._random.random() < impairment.duplicate:
            self.duplicated += 1
            self._put(arrival, data)

    def deliver(self, now: float) -> Iterator[bytes]:
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[2]

    @property
    def next_arrival(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def _bursts(self) -> bool:
        """Whether this datagram falls into a burst of losses; without bursts nothing is drawn."""
        if self.impairment.burst:
            change = 1 / self.impairment.burst_length if self._in_burst else self.impairment.burst
            if self._random.random() < change:
                self._in_burst = not self._in_burst
        else:
            self._in_burst = False
        return self._in_burst

    def _put(self, at: float, data: bytes) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, data))
