"""Seats and their waitlist as a state machine. Pure: values and `now` in, decisions out.

A seat is taken by whoever holds it and by whoever it is offered to; together they never exceed the maximum. A
freed seat goes to the first who waits, within the decision that freed it, so that nobody overtakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.registrations.tables import Status
from server.sessions.tables import WaitlistMode

S = Status

HOLDS_A_PLACE = (S.REGISTERED, S.CONFIRMED, S.ATTENDED, S.NO_SHOW)
_AGAIN = frozenset({S.PENDING, S.WAITLISTED, S.REGISTERED})

TRANSITIONS: dict[Status | None, frozenset[Status]] = {
    None: _AGAIN,
    S.INVITED: _AGAIN | {S.DECLINED, S.CANCELLED, S.EXPIRED},
    S.PENDING: frozenset({S.REGISTERED, S.WAITLISTED, S.DECLINED, S.CANCELLED}),
    S.WAITLISTED: frozenset({S.OFFERED, S.REGISTERED, S.CANCELLED}),
    S.OFFERED: frozenset({S.REGISTERED, S.DECLINED, S.EXPIRED, S.CANCELLED}),
    **{held: frozenset({*HOLDS_A_PLACE, S.CANCELLED}) - {held} for held in HOLDS_A_PLACE},
    S.DECLINED: _AGAIN,
    S.CANCELLED: _AGAIN,
    S.EXPIRED: _AGAIN,
}
"""From what to what a registration may go; None is one that does not exist yet."""

BY_HAND = frozenset({*HOLDS_A_PLACE, S.CANCELLED})
"""What staff may set themselves (M22)."""

OFFER = timedelta(hours=24)
_SHORTEST = timedelta(minutes=15)


class WrongMove(Exception):
    """A registration cannot go from ``before`` to ``after``."""

    def __init__(self, before: Status | None, after: Status) -> None:
        super().__init__(f"{before} -> {after}")
        self.before, self.after = before, after


def check_move(before: Status | None, after: Status) -> None:
    """Raises WrongMove."""
    if after not in TRANSITIONS[before]:
        raise WrongMove(before, after)


@dataclass(frozen=True, slots=True)
class Kind:
    """A seat kind as it stands: ``taken`` counts offers too, ``waiting`` those in the queue."""

    maximum: int | None
    taken: int
    waiting: int
    mode: WaitlistMode = WaitlistMode.OFFER
    offer: timedelta = OFFER

    @property
    def free(self) -> int | None:
        """None is without limit. Below 0 only if more seats were given out than there are."""
        return None if self.maximum is None else self.maximum - self.taken


def has_room(kind: Kind) -> bool:
    """Whether somebody new may sit down: not while others wait, whose turn it is first."""
    return kind.waiting == 0 and (kind.free is None or kind.free > 0)


def arrival(kind: Kind, *, ask: bool, may_wait: bool) -> Status | None:
    """What becomes of somebody new; None: full, and they cannot or do not want to wait."""
    if ask:
        return S.PENDING
    if has_room(kind):
        return S.REGISTERED
    return S.WAITLISTED if may_wait and kind.mode is not WaitlistMode.OFF else None


def promotable(kind: Kind) -> int:
    """How many can move up now. A waitlist that was switched off still serves those who are on it."""
    return kind.waiting if kind.free is None else max(0, min(kind.waiting, kind.free))


@dataclass(frozen=True, slots=True)
class Promotion:
    """``expires_at`` is None for a seat that is given and not offered."""

    id: str
    status: Status
    expires_at: datetime | None


def promote(
    kind: Kind, queue: Sequence[str], *, now: datetime, starts_at: datetime, ends_at: datetime
) -> list[Promotion]:
    """Who moves up, in order. ``queue`` holds at least the first `promotable` of those who wait."""
    until = offer_until(now, starts_at, ends_at, kind.offer)
    given = kind.mode is WaitlistMode.AUTO
    status = S.REGISTERED if given else S.OFFERED
    return [Promotion(one, status, None if given else until) for one in queue[: promotable(kind)]]


def offer_until(
    now: datetime, starts_at: datetime, ends_at: datetime, longest: timedelta = OFFER
) -> datetime:
    """How long an offer stands: a day, but at most half the time that is left, so that the next can still be
    asked; never under a quarter of an hour, and never past the end.
    """
    time = max(min(longest, (starts_at - now) / 2), _SHORTEST)
    return min(now + time, max(ends_at, now))


def ranked(waiting: Sequence[str], wanted: Sequence[str]) -> list[str] | None:
    """The queue in the wanted order; None when the two do not hold the same people, because the queue has
    moved on in the meantime.
    """
    return list(wanted) if sorted(waiting) == sorted(wanted) else None
