"""The seat kinds of a timeslot over REST: which there are, how many of each, and on what terms (M16, S43)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import func, select

from server.call import Call
from server.db.base import new_id
from server.fields import Body, Name
from server.problems import Problem, Refusal
from server.registrations.book import Book, open_book
from server.registrations.tables import Registration
from server.sessions.handlers import describe
from server.sessions.rules import SEATS_TAKEN
from server.sessions.tables import SeatKind, Timeslot, WaitlistMode
from server.sessions.versions import begin_edit, edited
from server.sessions.wire import SessionDetail
from signalling.permissions import Role

IN_USE = Refusal(409, "seat.in_use", "Somebody is registered for this seat, or was.")
LAST_SEAT = Refusal(409, "seat.last", "A timeslot needs at least one kind of seat.")
MIN_ABOVE_MAX = Refusal(422, "seat.min_above_max", "The minimum is above the maximum.")
TOO_MANY = Refusal(409, "seat.too_many", "A timeslot has at most 20 kinds of seats.")

_MOST = 20
Part = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Count = Annotated[int, Field(ge=0, le=10_000)]
Maximum = Annotated[int, Field(ge=1, le=10_000)]
OfferMinutes = Annotated[int, Field(ge=5, le=14 * 24 * 60)]


class NewSeat(Body):
    """``part`` is host, presenter, interviewer, guest, observer, or a word of one's own."""

    part: Part
    name: Name
    role: Role = Role.PARTICIPANT
    max: Maximum | None = None
    min: Count = 0
    required: bool = True
    approval: bool = False
    waitlist: WaitlistMode = WaitlistMode.OFFER
    offer_min: OfferMinutes | None = None

    @model_validator(mode="after")
    def _in_order(self) -> NewSeat:
        if self.max is not None and self.min > self.max:
            raise ValueError("min: not more than max")
        return self


class SeatChange(Body):
    """What is left out stays. ``max`` null is without limit, ``offerMin`` null is a day."""

    name: Name | None = None
    role: Role | None = None
    max: Maximum | None = None
    min: Count | None = None
    required: bool | None = None
    approval: bool | None = None
    waitlist: WaitlistMode | None = None
    offer_min: OfferMinutes | None = None
    position: Annotated[int, Field(ge=0, le=_MOST)] | None = None


_COLUMNS = {"max": "maximum", "min": "minimum"}
_CLEARABLE = frozenset({"max", "offer_min"})


async def add_seat(call: Call[NewSeat]) -> SessionDetail:
    book = await _edit(call, call.scope.timeslot)
    if len(book.slot.seat_kinds) >= _MOST:
        raise Problem(TOO_MANY)
    values = {_COLUMNS.get(name, name): value for name, value in call.body.model_dump().items()}
    seat = SeatKind(id=new_id(), timeslot_id=book.slot.id, position=len(book.slot.seat_kinds), **values)
    call.db.add(seat)
    return await _done(call, book, "seat.add", seat, {}, _plain(values))


async def change_seat(call: Call[SeatChange]) -> SessionDetail:
    """A capacity below the seats that are taken is refused; a larger one lets the next move up."""
    book = await _edit(call, call.scope.timeslot)
    seat = next(kind for kind in book.slot.seat_kinds if kind.id == call.scope.seat.id)
    body = call.body
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name in sorted(body.model_fields_set - {"position"}):
        value, column = getattr(body, name), _COLUMNS.get(name, name)
        old = getattr(seat, column)
        if value != old and (value is not None or name in _CLEARABLE):
            before[name], after[name] = old, value
            setattr(seat, column, value)
    _require_order(seat)
    taken = (await book.kind(seat)).taken
    if seat.maximum is not None and taken > seat.maximum:
        raise Problem(SEATS_TAKEN, field="max", taken=taken)
    if body.position is not None and body.position != seat.position:
        before["position"], after["position"] = seat.position, body.position
        _put_at(book.slot, seat, body.position)
    if not after:
        return await describe(call, book.session.id)
    return await _done(call, book, "seat.change", seat, _plain(before), _plain(after))


async def remove_seat(call: Call[None]) -> SessionDetail:
    book = await _edit(call, call.scope.timeslot)
    seat = next(kind for kind in book.slot.seat_kinds if kind.id == call.scope.seat.id)
    if len(book.slot.seat_kinds) == 1:
        raise Problem(LAST_SEAT)
    used = await call.db.scalar(
        select(func.count()).select_from(Registration).where(Registration.seat_kind_id == seat.id)
    )
    if used:
        raise Problem(IN_USE)
    book.slot.seat_kinds.remove(seat)
    return await _done(call, book, "seat.remove", seat, {"part": seat.part, "name": seat.name}, {})


async def _edit(call: Call[Any], slot: Timeslot) -> Book:
    session = await begin_edit(call, slot)
    return await open_book(call.db, session, slot, call.now, call.me.id)


async def _done(
    call: Call[Any], book: Book, action: str, seat: SeatKind, before: dict[str, Any], after: dict[str, Any]
) -> SessionDetail:
    edited(call, action, timeslot_id=book.slot.id, target=seat.id, before=before, after=after)
    await call.db.flush()
    await book.settle()
    call.facts_changed(book.slot.id)
    return await describe(call, book.session.id)


def _require_order(seat: SeatKind) -> None:
    if seat.maximum is not None and seat.minimum > seat.maximum:
        raise Problem(MIN_ABOVE_MAX, field="min")


def _put_at(slot: Timeslot, seat: SeatKind, position: int) -> None:
    kinds = [kind for kind in slot.seat_kinds if kind is not seat]
    kinds.insert(position, seat)
    for place, kind in enumerate(kinds):
        kind.position = place


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}
