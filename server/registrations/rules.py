"""Whether somebody gets a seat, and which. Pure; the transaction around it is in handlers.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.problems import Refusal
from server.registrations.tables import Status
from server.sessions.rules import OVER, Label, Standing, registration_open, timeslot_label
from server.sessions.tables import Condition
from signalling.permissions import Part

CLOSED = Refusal(409, "registration.closed", "Registration is closed.")
INVITE_ONLY = Refusal(403, "registration.invite_only", "A place in this session takes an invitation.")
PREMIUM = Refusal(403, "registration.premium", "This seat is for premium members.")
PREREQUISITE = Refusal(403, "registration.prerequisite", "Something is needed before you can register.")
TOO_LATE = Refusal(409, "registration.too_late", "It is too late to cancel. Please write to the organiser.")
NOT_PENDING = Refusal(409, "registration.not_pending", "This request has been decided already.")
NO_OFFER = Refusal(409, "registration.no_offer", "There is no seat on offer to you, or not any more.")
WRONG_MOVE = Refusal(409, "registration.wrong_move", "A registration cannot change in this way.")
QUEUE_CHANGED = Refusal(409, "waitlist.changed", "The list has changed in the meantime. Load it again.")
SEAT_TOO_HIGH = Refusal(403, "registration.seat_too_high", "You may not give the role of this seat.")
FULL = Refusal(409, "registration.full", "All seats are taken. Check back later in case someone cancels.")
EXISTS = Refusal(409, "registration.exists", "You are registered already.")
NO_SUCH_SEAT = Refusal(422, "registration.seat_not_found", "This timeslot has no such seat.")
NOT_FOUND = Refusal(404, "registration.not_found", "There is no such registration.")
RANK = Refusal(403, "registration.rank", "You may not remove someone of your own rank or above.")

TAKES_A_SEAT = frozenset(
    {Status.OFFERED, Status.REGISTERED, Status.CONFIRMED, Status.ATTENDED, Status.NO_SHOW}
)
HAS_A_PLACE = frozenset({Status.REGISTERED, Status.CONFIRMED, Status.ATTENDED, Status.NO_SHOW})
AWAITS_APPROVAL = frozenset({Status.PENDING})
MAY_COME_BACK = frozenset({Status.CANCELLED, Status.DECLINED, Status.EXPIRED})


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat kind as the decision needs it; ``full`` also while others wait for it."""

    id: str
    part: str
    approval: bool
    full: bool


def refusal(
    state: Standing,
    mine: Status | None,
    seats: Sequence[Seat],
    now: datetime,
    condition: Condition = Condition.FREE,
) -> Refusal | None:
    """Why this person cannot get a seat in the timeslot as it stands, or None."""
    if barred := cannot_register(state, mine, now, condition):
        return barred
    if not seats:
        return CLOSED
    free_to_take = [seat for seat in seats if not seat.approval] or list(seats)
    asked_for = condition is Condition.ASK or free_to_take[0].approval
    return FULL if not asked_for and all(seat.full for seat in free_to_take) else None


def cannot_register(
    state: Standing, mine: Status | None, now: datetime, condition: Condition, *, invited: bool = False
) -> Refusal | None:
    """Why this person cannot register for any seat, full or free, or None."""
    label = timeslot_label(state, now)
    if label in OVER or label is Label.DRAFT:
        return CLOSED
    if mine is not None and mine not in MAY_COME_BACK:
        return EXISTS
    if not registration_open(state, now):
        return CLOSED
    if condition is Condition.INVITE and not invited:
        return INVITE_ONLY
    return None


def choose_seat(seats: Sequence[Seat], wanted: str | None, part: str | None = None) -> Seat | None:
    """The seat that was asked for, or the one of the ``part`` that an invitation carries; without a wish the
    guests' seat, else the first that is free to take. None where there is no such seat.
    """
    if part is not None:
        seats = [seat for seat in seats if seat.part == part]
    if wanted is not None:
        return next((seat for seat in seats if seat.id == wanted), None)
    guests = (seat for seat in seats if seat.part == Part.GUEST)
    free_to_take = (seat for seat in seats if not seat.approval)
    return next(guests, None) or next(free_to_take, None) or next(iter(seats), None)


def premium_needed(part: str, *, host: bool, present: bool) -> bool:
    """M28: flags restrict hosting, and presenting with interviewing; guests never."""
    if part == Part.HOST:
        return host
    return present and part in (Part.PRESENTER, Part.INTERVIEWER)


def may_cancel(status: Status, cancel_by: datetime | None, now: datetime) -> bool:
    """S47: after the deadline a seat is kept; a request, an offer or a place in the queue holds nobody."""
    return cancel_by is None or now < cancel_by or status not in HAS_A_PLACE
