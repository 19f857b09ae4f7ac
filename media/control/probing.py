"""Trying out whether a path carries more than is known: short clusters of packets at a higher rate
(draft-ietf-rmcat-gcc-02 leaves this open; the numbers are those that browsers use).
"""

from __future__ import annotations

import math

LENGTH = 0.1  # seconds of a cluster
FACTOR = 2.0  # of the estimate
SOON = 1.0  # seconds until the next after one that found more
LATEST = 4.0  # after several that did not
PATIENCE = 1.0  # seconds after its end until a cluster is judged by what has been told of it
CLEAN = 0.9  # share of the sending rate at which the cluster must arrive for the path not to be full
PACKETS = 5  # that must have arrived


class Prober:
    """`due` says how many bytes to send, `told` takes what came of them, `result` the rate that was found."""

    __slots__ = ("_arrived", "_bytes", "_ends", "_first", "_interval", "_next", "_rate", "_sent", "_start")

    def __init__(self) -> None:
        self._next = -math.inf
        self._interval = SOON
        self._rate = 0.0
        self._start = -math.inf
        self._ends = -math.inf
        self._clear()

    def _clear(self) -> None:
        self._sent = 0
        self._bytes = 0
        self._first: tuple[float, float, int] | None = None  # sent, arrived, bytes of the first that arrived
        self._arrived: list[tuple[float, float, int]] = []

    def is_under_way(self, now: float) -> bool:
        """Whether a cluster is being sent: `due` is to be called every 20 ms or so while it is."""
        return self._rate > 0 and now < self._ends

    def postpone(self, now: float) -> None:
        """There was congestion: not now. What a whole cluster finds holds all the same, as it may well have
        been the cause.
        """
        if now < self._ends:
            self._rate = 0.0
        self._next = now + self._interval

    def due(self, estimate: float, wanted: float, sending: float, now: float) -> int:
        """Bytes of padding to send now; begins a cluster when it is time.

        All in bits/s: what the path is known to carry, what could be used, what is being sent anyway.
        """
        if not self._rate:
            if now < self._next or estimate >= wanted or estimate == math.inf:
                return 0
            self._clear()
            self._rate = min(FACTOR * estimate, max(1.2 * wanted, 1.2 * estimate))
            self._start, self._ends = now, now + LENGTH
        if now >= self._ends:
            return 0
        passed = now - self._start + 0.02
        padding = max(self._rate - sending, 0.25 * self._rate) * passed / 8
        return max(0, int(padding) - self._sent)

    def sent(self, size: int) -> None:
        """So much padding has been sent."""
        self._sent += size

    def told(self, sent: float, arrived: float, size: int) -> None:
        """A packet, padding or not, sent at ``sent`` arrived."""
        if self._rate and self._start <= sent <= self._ends + 0.01:
            self._arrived.append((sent, arrived, size))

    def result(self, now: float) -> float:
        """Bits/s that the path was found to carry, once a cluster is over; 0 otherwise, or if too little came
        back.
        """
        if (
            not self._rate
            or now < self._ends + PATIENCE / 4
            or (not self._arrived and now < self._ends + PATIENCE)
        ):
            return 0.0
        rate, self._rate = self._rate, 0.0
        found, clean = self._measure()
        better = clean and found > rate / FACTOR * 1.1
        self._interval = SOON if better else min(2 * self._interval, LATEST)
        self._next = now + self._interval
        return found

    def _measure(self) -> tuple[float, bool]:
        """Bits/s, 0 where too little came back; whether the path took them without a queue."""
        packets = self._arrived
        if len(packets) < PACKETS:
            return 0.0, False
        sending = packets[-1][0] - packets[0][0]
        arriving = max(arrived for _, arrived, _ in packets) - packets[0][1]
        size = sum(size for _, _, size in packets)
        if sending <= 0 or arriving <= 0:
            return 0.0, False
        # The first packet's bytes were on their way before its arrival, the last one's after its sending.
        sent_rate = (size - packets[-1][2]) * 8 / sending
        received_rate = (size - packets[0][2]) * 8 / arriving
        clean = received_rate >= CLEAN * sent_rate
        return (min(sent_rate, received_rate) if clean else 0.95 * received_rate), clean
