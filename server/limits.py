"""How often somebody may do something: token buckets, fed with the time, bounded in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` at once, refilled evenly over ``seconds``."""

    count: int
    seconds: float


class Limiter:
    """Remembers at most ``capacity`` keys and forgets the one longest unused: a flood of new keys costs no
    memory.
    """

    def __init__(self, capacity: int = 50_000) -> None:
        self._full_at: OrderedDict[tuple[str, ...], float] = OrderedDict()
        self._capacity = capacity

    def take(self, key: tuple[str, ...], rate: Rate, now: float) -> float:
        """Takes one. Returns 0, or the seconds until there will be one to take."""
        step = rate.seconds / rate.count
        full_at = max(self._full_at.pop(key, now), now) + step
        wait = full_at - now - rate.seconds
        if wait > 1e-9:
            full_at -= step
        self._full_at[key] = full_at
        if len(self._full_at) > self._capacity:
            self._full_at.popitem(last=False)
        return wait if wait > 1e-9 else 0.0

    def give_back(self, key: tuple[str, ...], rate: Rate) -> None:
        """Undoes a `take` that turned out to be in order."""
        if key in self._full_at:
            self._full_at[key] -= rate.seconds / rate.count
