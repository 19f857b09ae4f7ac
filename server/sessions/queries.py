"""Which sessions a list shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.db.base import Moment
from server.registrations.rules import MAY_COME_BACK
from server.registrations.tables import Registration
from server.rooms.tables import LiveRun, RunState
from server.sessions.listed import ListedSession, read_listed
from server.sessions.load import Occupancy, occupancy
from server.sessions.rules import OVER, Label
from server.sessions.tables import (
    Condition,
    LocationKind,
    OwnerKind,
    Publication,
    RoleAssignment,
    Session,
    Timeslot,
    Visibility,
)
from signalling.permissions import SessionType

_AT_MOST = 100
_SPARE = 8  # looked at beyond a page, because some may turn out to be over, or not yet
# No timeslot is longer than a day; one more for a session that runs over.
_STILL_GOING = 2 * 24 * 60  # minutes
_LENGTHS = (0, 15, 30, 45, 60, 90, 120, 180, 240, 480, 24 * 60)  # minutes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. ``cursor`` counts the sessions looked at on the pages before."""

    scope: str
    text: str = ""
    type: SessionType | None = None
    condition: Condition | None = None
    format: LocationKind | None = None
    free: bool = False
    since: datetime | None = None
    until: datetime | None = None
    limit: int = _AT_MOST
    cursor: int = 0


async def sessions_for(
    db: AsyncSession, wanted: Wanted, account_id: str | None, now: datetime
) -> tuple[list[ListedSession], Occupancy, int | None]:
    """A page, how its timeslots are occupied, and the cursor of the next: "upcoming" and "past" from the
    catalogue, "mine" with drafts and what is over.
    """
    mine = wanted.scope == "mine"
    if mine and account_id is None:
        return [], await occupancy(db, []), None
    looked_at = wanted.limit + (0 if mine else _SPARE)
    values = _values(wanted, account_id) | ({} if mine else _moments(now))
    values |= {"first": wanted.cursor, "count": looked_at + 1}
    found = await read_listed(db, list(await db.scalars(_ids(_shape(wanted, account_id)), values)))
    state = await occupancy(db, [slot.id for session in found for slot in session.timeslots])
    if mine:
        following = wanted.cursor + wanted.limit if len(found) > wanted.limit else None
        page = sorted(found[: wanted.limit], key=lambda one: one.timeslots[0].starts_at)
        return page, state, following
    over = wanted.scope == "past"
    chosen: list[ListedSession] = []
    seen = 0
    for session in found[:looked_at]:
        if len(chosen) == wanted.limit:
            break
        seen += 1
        label = state.shown(session, now)[1]
        if wanted.free and label is not Label.OPEN:
            continue
        if _is_over(session, label, now) is over:
            chosen.append(session)
    chosen.sort(key=lambda session: state.shown(session, now)[0].starts_at, reverse=over)
    return chosen, state, wanted.cursor + seen if seen < len(found) else None


class _Shape(NamedTuple):
    """Which conditions there are, whatever their values. ``rare``: what few sessions fulfil is asked for."""

    scope: str
    signed_in: bool
    text: bool
    type: bool
    condition: bool
    rare: bool
    format: bool
    since: bool
    until: bool


def _shape(wanted: Wanted, account_id: str | None) -> _Shape:
    return _Shape(
        scope=wanted.scope,
        signed_in=account_id is not None,
        text=bool(wanted.text),
        type=wanted.type is not None,
        condition=wanted.condition is not None,
        rare=wanted.condition not in (None, Condition.FREE),
        format=wanted.format is not None,
        since=wanted.since is not None,
        until=wanted.until is not None,
    )


def _values(wanted: Wanted, account_id: str | None) -> dict[str, Any]:
    """Of the conditions; what is None is not asked for."""
    escaped = wanted.text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    given = {
        "me": account_id,
        "text": escaped or None,
        "type": wanted.type,
        "condition": wanted.condition,
        "format": wanted.format,
        "since": wanted.since,
        "until": wanted.until,
    }
    return {name: value for name, value in given.items() if value is not None}


@cache
def _ids(shape: _Shape) -> Select[str]:
    """The ids of a page of sessions. Made once for each shape: putting it together takes longer than the
    database needs for it. Executed with `_values`, "first", "count", and `_moments` but for "mine".
    """
    if shape.scope == "mine":
        found = _narrowed(_mine(), shape)
    else:
        matching = _narrowed(select(Session.id), shape).where(_in_sight(shape.signed_in))
        found = _around(matching, shape)
    return found.offset(bindparam("first", type_=Integer())).limit(bindparam("count", type_=Integer()))


def _narrowed(query: Select[str], shape: _Shape) -> Select[str]:
    if shape.text:
        text = bindparam("text", type_=String())
        query = query.where(
            or_(Session.title.icontains(text, escape="/"), Session.description.icontains(text, escape="/"))
        )
    if shape.type:
        query = query.where(Session.type == bindparam("type"))
    if shape.condition:
        query = query.where(Session.join_condition == bindparam("condition"))
    if shape.since or shape.until or shape.format:
        slots = select(Timeslot.session_id)
        if shape.format:
            slots = slots.where(Timeslot.location_kind == bindparam("format"))
        if shape.since:
            slots = slots.where(Timeslot.starts_at >= bindparam("since"))
        if shape.until:
            slots = slots.where(Timeslot.starts_at < bindparam("until"))
        query = query.where(Session.id.in_(slots))
    return query


def _in_sight(signed_in: bool) -> ColumnElement[bool]:
    """Published, and public or theirs."""
    published = Session.publication.in_([Publication.PUBLISHED, Publication.CANCELLED])
    public = Session.visibility == Visibility.PUBLIC
    return published & (or_(public, _belongs()) if signed_in else public)


def _is_over(session: ListedSession, label: str, now: datetime) -> bool:
    """A cancelled session stays in sight until it would have been over."""
    if label in OVER and session.publication is Publication.CANCELLED:
        return all(slot.ends_at <= now for slot in session.timeslots)
    return label in OVER


def _around(matching: Select[str], shape: _Shape) -> Select[str]:
    """The ids of sessions by what the database can tell from the planned time; the label decides afterwards.
    Executed with `_moments`.

    In the order of ix_timeslots_starts_at, each session at the first of its timeslots that counts, so that a
    page costs as much as it shows, however many sessions there are. Only what is rare is looked for first: on
    the way through all timeslots each session would have to be looked at.
    """
    slot = _SLOT
    matches: ColumnElement[bool] = slot.session_id.in_(matching)
    if not shape.rare:
        matches = matching.where(Session.id == slot.session_id).exists()
    ids = select(slot.session_id).where(matches)
    if shape.scope == "past":
        return ids.where(_BEGUN, ~_BEGUN_LATER).order_by(slot.starts_at.desc(), slot.id)
    return ids.where(_TO_COME, ~_TO_COME_EARLIER).order_by(slot.starts_at, slot.id)


def _to_come(slot: type[Timeslot]) -> ColumnElement[bool]:
    """Not over by its plan, give or take, or still running. In steps of length: adding minutes to a time is
    written differently on every database.
    """
    planned = [
        and_(slot.duration_min > shorter, slot.starts_at > _ago(longer))
        for shorter, longer in pairwise(_LENGTHS)
    ]
    running = exists().where(LiveRun.timeslot_id == slot.id, LiveRun.state == RunState.LIVE)
    return and_(slot.starts_at > _ago(_STILL_GOING), or_(*planned, running))


def _ago(minutes: int) -> BindParameter[datetime]:
    return bindparam(f"ago_{minutes}", type_=Moment())


def _moments(now: datetime) -> dict[str, datetime]:
    return {f"ago_{minutes}": now - timedelta(minutes=minutes) for minutes in (*_LENGTHS, _STILL_GOING)}


# Made once: putting them together takes longer than the database needs for them.
_SLOT, _OTHER = aliased(Timeslot), aliased(Timeslot)
_SAME = _OTHER.session_id == _SLOT.session_id
_TO_COME = _to_come(_SLOT)
_TO_COME_EARLIER = exists().where(_SAME, _to_come(_OTHER), _OTHER.starts_at < _SLOT.starts_at)
_BEGUN = _SLOT.starts_at <= _ago(0)
_BEGUN_LATER = exists().where(_SAME, _OTHER.starts_at <= _ago(0), _OTHER.starts_at > _SLOT.starts_at)


def _mine() -> Select[str]:
    """By ids that are found by indexes; `_belongs` alone would be asked of every session."""
    other = aliased(Session)
    owned = select(other.id).where(other.owner_kind == OwnerKind.ACCOUNT, other.owner_id == _me())
    ids = union(owned, _assigned(), _registered())
    mine = select(Session.id).where(Session.id.in_(ids), _belongs())
    return mine.order_by(Session.created_at.desc(), Session.id)


def _belongs() -> ColumnElement[bool]:
    owned = (Session.owner_kind == OwnerKind.ACCOUNT) & (Session.owner_id == _me())
    published = Session.publication.in_([Publication.PUBLISHED, Publication.CANCELLED])
    return or_(owned, Session.id.in_(_assigned()), published & Session.id.in_(_registered()))


def _assigned() -> Select[str]:
    return select(RoleAssignment.session_id).where(RoleAssignment.account_id == _me())


def _registered() -> Select[str]:
    return (
        select(Timeslot.session_id)
        .join(Registration, Registration.timeslot_id == Timeslot.id)
        .where(Registration.account_id == _me(), Registration.status.not_in(MAY_COME_BACK))
    )


def _me() -> BindParameter[str]:
    """The account that asks."""
    return bindparam("me", type_=String())
