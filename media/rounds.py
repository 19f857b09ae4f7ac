"""What is due for many, regularly, shared out over the time until it is due again: nothing on the packet path
waits for all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

Duty = Callable[[float], None]

AT_ONCE = 24  # duties, at least, that one share takes: fewer would not be worth the waking up


class Round:
    """``duties`` is asked for what there is to do at the beginning of each round of ``interval`` seconds."""

    __slots__ = ("_begins", "_done", "_duties", "_gather", "_interval", "_next")

    def __init__(self, gather: Callable[[], Iterable[Duty]]) -> None:
        self._gather = gather
        self._duties: list[Duty] = []
        self._done = 0
        self._begins = 0.0
        self._interval = 0.0
        #: When the next share is due.
        self._next = 0.0

    def share(self, interval: float, now: float, early: float = 0.0) -> float:
        """Does as much as is due at ``now`` and returns when more will be. What is due in the next ``early``
        seconds may be done now: waking up for it would cost more.
        """
        if now < self._next - early:
            return self._next
        if self._done == len(self._duties) and now >= self._begins + self._interval - early:
            self._duties = list(self._gather())
            self._done = 0
            self._begins, self._interval = now, interval
        total = len(self._duties)
        passed = (now - self._begins) / self._interval if self._interval else 1.0
        upto = min(total, max(self._done + AT_ONCE, int(total * min(passed, 1.0))))
        for duty in islice(self._duties, self._done, upto):
            duty(now)
        self._done = upto
        if upto == total:
            self._duties, self._done = [], 0
            self._next = self._begins + self._interval
        else:
            self._next = min(
                self._begins + self._interval * (upto + AT_ONCE) / total, self._begins + self._interval
            )
        return self._next
