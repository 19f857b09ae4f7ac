"""Whether somebody gets a seat, and which. Pure; the transaction around it is in handlers.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.problems import Refusal
from server.registrations.tables import Status
from server.sessions.rules import OVER, Label, Standing, registration_open, timeslot_label
from signalling.permissions import Part

CLOSED = Refusal(409, "registration.closed", "Registration is closed.")
FULL = Refusal(409, "registration.full", "All seats are taken. Check back later in case someone cancels.")
EXISTS = Refusal(409, "registration.exists", "You are registered already.")
SEAT_ASSIGNED = Refusal(403, "registration.seat_assigned", "The organiser gives this seat to somebody.")
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
    """A seat kind as the decision needs it."""

    id: str
    part: str
    approval: bool
    full: bool


def refusal(state: Standing, mine: Status | None, seats: Sequence[Seat], now: datetime) -> Refusal | None:
    """Why this person cannot register for the timeslot at all, or None."""
    label = timeslot_label(state, now)
    if label in OVER or label is Label.DRAFT:
        return CLOSED
    if mine is not None and mine not in MAY_COME_BACK:
        return EXISTS
    if not registration_open(state, now):
        return CLOSED
    free_to_take = [seat for seat in seats if not seat.approval]
    if not free_to_take:
        return CLOSED
    return FULL if all(seat.full for seat in free_to_take) else None


def choose_seat(seats: Sequence[Seat], wanted: str | None) -> Seat | Refusal:
    """The seat that was asked for; without a wish the guests' seat, else the first that is free to take."""
    if wanted is None:
        open_seats = [seat for seat in seats if not seat.approval]
        seat = next((seat for seat in open_seats if seat.part == Part.GUEST), None) or open_seats[0]
    else:
        named = next((seat for seat in seats if seat.id == wanted), None)
        if named is None:
            return NO_SUCH_SEAT
        if named.approval:
            return SEAT_ASSIGNED
        seat = named
    return FULL if seat.full else seat
