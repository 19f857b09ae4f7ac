"""The timeslots of a session over REST: adding one or a series, changing and calling off one or all that
follow, putting back, removing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import func, select

from server.call import Call
from server.db.base import new_id
from server.fields import Answer, Body, Prose, WireTime
from server.problems import Problem, Refusal
from server.registrations.book import Book, open_book
from server.registrations.notices import audience, call_off, put_back
from server.registrations.tables import Registration
from server.sessions.editing import Values, apply_to_timeslot
from server.sessions.handlers import describe, end_room_afterwards
from server.sessions.lifecycle import follow_up
from server.sessions.planning import new_timeslot
from server.sessions.recurrence import BadRule, occurrences, placed, wall_clock
from server.sessions.rules import BAD_RULE, DEFAULT_ZONE
from server.sessions.scope import NO_SUCH_TIMESLOT
from server.sessions.tables import SeatKind, Timeslot
from server.sessions.versions import begin_edit, edited
from server.sessions.wire import NewTimeslot, SessionDetail, TimeslotChange

LAST_TIMESLOT = Refusal(409, "timeslot.last", "A session needs at least one timeslot.")
TIMESLOT_USED = Refusal(409, "timeslot.has_registrations", "People have registered. Cancel it instead.")
TOO_MANY = Refusal(409, "timeslot.too_many", "A session has at most 200 timeslots.")
NOT_CANCELLED = Refusal(409, "timeslot.not_cancelled", "This timeslot was not cancelled, or is over.")

_MOST = 200
Rule = Annotated[str, Field(max_length=500)]
Reach = Literal["one", "following"]


class AddedTimeslot(NewTimeslot):
    """One, or with a ``recurrence`` (an RRULE with COUNT or UNTIL) a series. The seats are those of another
    timeslot of the session; without ``seatsFrom`` of its first.
    """

    recurrence: Rule | None = None
    seats_from: Annotated[str, Field(max_length=32)] | None = None


class TimeslotQuery(Body):
    """``following``: this one and those of its series after it."""

    scope: Reach = "one"


class Calling(Body):
    reason: Prose | None = None
    scope: Reach = "one"


class Repeating(NewTimeslot):
    recurrence: Rule


class Occurrences(Answer):
    items: list[WireTime]


class TimeslotCancelling(Answer):
    mails: int
    timeslots: int


async def add_timeslots(call: Call[AddedTimeslot]) -> SessionDetail:
    session, body = await begin_edit(call, *call.scope.session.timeslots), call.body
    model = next((slot for slot in session.timeslots if body.seats_from in (None, slot.id)), None)
    if model is None:
        raise Problem(NO_SUCH_TIMESLOT, field="seatsFrom")
    zone = body.timezone or model.timezone
    times = _times(body, body.recurrence, zone)
    if len(session.timeslots) + len(times) > _MOST:
        raise Problem(TOO_MANY)
    series = new_id() if body.recurrence else None
    for starts_at in times:
        slot = new_timeslot(body, zone, _copies(model.seat_kinds), starts_at=starts_at)
        slot.session_id, slot.series_id, slot.recurrence = session.id, series, body.recurrence
        slot.room_opens_before_min, slot.auto_end_min = model.room_opens_before_min, model.auto_end_min
        slot.late_entry_min = model.late_entry_min
        call.db.add(slot)
    edited(call, "timeslot.add", after={"count": len(times), "recurrence": body.recurrence})
    return await describe(call, session.id)


async def preview_series(call: Call[Repeating]) -> Occurrences:
    """What a rule would make, before it is saved."""
    zone = call.body.timezone or call.me.timezone or DEFAULT_ZONE
    return Occurrences(items=_times(call.body, call.body.recurrence, zone))


async def change_timeslot(call: Call[TimeslotChange]) -> SessionDetail:
    """Of those that follow the start moves by as much on the wall clock, and so do the times of registration,
    so that each keeps its distance.
    """
    slots = _reach(call, call.query.scope)
    session, edit = await begin_edit(call, *slots), call.body
    first = slots[0]
    old_start, old_zone = first.starts_at, first.timezone
    for slot in slots:
        book = await open_book(call.db, session, slot, call.now, call.me.id)
        before: Values = {}
        after: Values = {}
        own = edit if slot is first else _shifted(edit, first, slot, old_start, old_zone)
        apply_to_timeslot(slot, own, before, after)
        if after:
            edited(call, "timeslot.edit", timeslot_id=slot.id, before=before, after=after)
            await call.db.flush()
            await follow_up(book, before, after)
            call.facts_changed(slot.id)
    return await describe(call, session.id)


async def preview_calling_off(call: Call[None]) -> TimeslotCancelling:
    slots = [slot for slot in _reach(call, call.query.scope) if _off_able(slot, call.now)]
    return TimeslotCancelling(
        mails=await audience(call.db, [slot.id for slot in slots]), timeslots=len(slots)
    )


async def call_off_timeslot(call: Call[Calling]) -> SessionDetail:
    slots = _reach(call, call.body.scope)
    session = await begin_edit(call, *slots)
    for slot in slots:
        book = await open_book(call.db, session, slot, call.now, call.me.id)
        if _off_able(slot, call.now):
            await call_off(book, cause=None, reason=call.body.reason)
            end_room_afterwards(call, slot.id)
    edited(call, "timeslots.cancel", after={"scope": call.body.scope, "count": len(slots)})
    return await describe(call, session.id)


async def put_timeslot_back(call: Call[None]) -> SessionDetail:
    slot = call.scope.timeslot
    session = await begin_edit(call, slot)
    book: Book = await open_book(call.db, session, slot, call.now, call.me.id)
    if slot.cancelled_at is None or slot.ends_at <= call.now:
        raise Problem(NOT_CANCELLED)
    edited(call, "timeslot.reinstate", timeslot_id=slot.id)
    slot.minimum_checked_at = call.now if slot.minimum_by else None  # whoever puts it back has decided
    await put_back(book)
    return await describe(call, session.id)


async def remove_timeslot(call: Call[None]) -> SessionDetail:
    slot = call.scope.timeslot
    session = await begin_edit(call, slot)
    if len(session.timeslots) == 1:
        raise Problem(LAST_TIMESLOT)
    used = await call.db.scalar(
        select(func.count()).select_from(Registration).where(Registration.timeslot_id == slot.id)
    )
    if used:
        raise Problem(TIMESLOT_USED)
    session.timeslots.remove(slot)
    edited(call, "timeslot.remove", timeslot_id=slot.id, before={"starts_at": slot.starts_at.isoformat()})
    end_room_afterwards(call, slot.id)
    return await describe(call, session.id)


def _times(body: NewTimeslot, rule: str | None, zone: str) -> list[datetime]:
    first = body.begins(zone)
    if rule is None:
        return [first]
    try:
        return occurrences(rule, first, zone)
    except BadRule as error:
        raise Problem(BAD_RULE, f"{str(error)[:1].upper()}{str(error)[1:]}.", field="recurrence") from error


def _reach(call: Call[Any], scope: str) -> list[Timeslot]:
    """The timeslot of the path, and with "following" those of its series after it."""
    slot = call.scope.timeslot
    if scope == "one" or slot.series_id is None:
        return [slot]
    return [
        other
        for other in call.scope.session.timeslots
        if other.series_id == slot.series_id and other.starts_at >= slot.starts_at
    ]


def _off_able(slot: Timeslot, now: datetime) -> bool:
    return slot.cancelled_at is None and now < slot.ends_at


def _shifted(
    edit: TimeslotChange, first: Timeslot, slot: Timeslot, old_start: datetime, old_zone: str
) -> TimeslotChange:
    """The same edit for a later timeslot of the series. ``first`` has been changed already."""
    given = edit.model_fields_set
    values: dict[str, Any] = {
        name: getattr(edit, name) for name in given - {"starts_at", "starts_local", "later"}
    }
    old = slot.starts_at
    start = old
    if first.starts_at != old_start or first.timezone != old_zone:
        by = wall_clock(first.starts_at, first.timezone) - wall_clock(old_start, old_zone)
        local = wall_clock(old, old_zone) + by
        start = values["starts_at"] = placed(local, first.timezone)
    for name in ("registration_opens_at", "registration_closes_at", "cancel_by", "minimum_by"):
        if values.get(name) is not None:
            values[name] = start + (values[name] - first.starts_at)
    return TimeslotChange.model_construct(_fields_set=set(values), **values)


def _copies(kinds: Sequence[SeatKind]) -> list[SeatKind]:
    same = (
        "part",
        "name",
        "role",
        "minimum",
        "maximum",
        "required",
        "approval",
        "waitlist",
        "offer_min",
        "position",
    )
    return [SeatKind(id=new_id(), **{name: getattr(kind, name) for name in same}) for kind in kinds]
