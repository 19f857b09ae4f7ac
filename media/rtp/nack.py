"""Asking for what is missing, and limits on answering those who ask (RFC 4585, 6.2.1).

The limits of the generator are mediasoup's, found good in the field: ten tries, a thousand outstanding, then
a key frame instead.
"""

from __future__ import annotations

TRIES = 10
OUTSTANDING = 1000
LARGEST_GAP = 512  # a longer one is an outage: a key frame is cheaper than the repair
PER_ROUND = 100  # numbers asked for at one time
MAX_AGE = 2.0  # seconds after which nobody has the packet any more


class NackGenerator:
    """The missing packets of one incoming stream."""

    __slots__ = ("_missing", "key_frame_needed")

    def __init__(self) -> None:
        self._missing: dict[
            int, list[float]
        ] = {}  # extended number → [noticed, asked last (or -1), times asked]
        #: Set where repair was given up for packets that decoding needs; the owner resets it.
        self.key_frame_needed = False

    def __len__(self) -> int:
        return len(self._missing)

    def gap(self, first: int, end: int, now: float) -> None:
        """Packets ``first`` … ``end - 1`` (extended numbers) have been skipped."""
        if end - first > LARGEST_GAP or len(self._missing) + end - first > OUTSTANDING:
            self._missing.clear()
            self.key_frame_needed = True
            return
        for number in range(first, end):
            self._missing[number] = [now, -1.0, 0]

    def received(self, number: int) -> bool:
        """A late or repaired packet came; true where it had been missing."""
        return self._missing.pop(number, None) is not None

    def due(self, now: float, rtt: float) -> list[int]:
        """16-bit numbers to ask for now, oldest first: each at most once per ``rtt`` (seconds)."""
        ask: list[int] = []
        given_up: list[int] = []
        for number, state in self._missing.items():
            if state[2] >= TRIES or now - state[0] > MAX_AGE:
                given_up.append(number)
            elif (state[1] < 0 or now - state[1] >= rtt) and len(ask) < PER_ROUND:
                state[1] = now
                state[2] += 1
                ask.append(number & 0xFFFF)
        for number in given_up:
            del self._missing[number]
        if given_up:
            self.key_frame_needed = True
        return ask

    def clear(self) -> None:
        self._missing.clear()


class ResendGuard:
    """Decides which requests of one subscriber are answered:

    none twice within a round trip, and not above a rate.
    """

    __slots__ = ("_burst", "_recent", "_tokens", "_updated", "rate")

    REMEMBERED = 1024

    def __init__(self, rate: float, burst: float) -> None:
        """``rate`` in bytes per second, ``burst`` in bytes."""
        self.rate = rate
        self._burst = burst
        self._tokens = burst
        self._updated = 0.0
        self._recent: dict[int, float] = {}

    def recent(self, number: int, now: float, rtt: float) -> bool:
        """Whether ``number`` was resent less than ``rtt`` seconds ago."""
        sent = self._recent.get(number)
        return sent is not None and now - sent < rtt

    def spend(self, number: int, size: int, now: float) -> bool:
        """Takes ``size`` bytes from the budget for resending ``number``; false where it is used up."""
        self._tokens = min(self._burst, self._tokens + (now - self._updated) * self.rate)
        self._updated = now
        if size > self._tokens:
            return False
        self._tokens -= size
        self._recent.pop(number, None)  # re-inserted at the end: the dictionary stays in the order of sending
        self._recent[number] = now
        if len(self._recent) > self.REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return True
