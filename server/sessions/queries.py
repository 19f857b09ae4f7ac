"""Which sessions a list shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, exists, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.db.base import Moment
from server.registrations.rules import MAY_COME_BACK
from server.registrations.tables import Registration
from server.rooms.tables import LiveRun, RunState
from server.sessions.load import WITH_TIMESLOTS, Occupancy, occupancy
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
) -> tuple[list[Session], Occupancy, int | None]:
    """A page, how its timeslots are occupied, and the cursor of the next: "upcoming" and "past" from the
    catalogue, "mine" with drafts and what is over.
    """
    if wanted.scope == "mine":
        if account_id is None:
            return [], await occupancy(db, []), None
        own = _narrowed(_mine(account_id), wanted).offset(wanted.cursor).limit(wanted.limit + 1)
        found = list(await db.scalars(own.options(WITH_TIMESLOTS)))
        following = wanted.cursor + wanted.limit if len(found) > wanted.limit else None
        page = sorted(found[: wanted.limit], key=lambda one: one.timeslots[0].starts_at)
        return page, await occupancy(db, _slots(page)), following
    looked_at = wanted.limit + _SPARE
    matching = _narrowed(select(Session), wanted).where(_in_sight(account_id))
    ids = _around(matching, wanted.scope).offset(wanted.cursor).limit(looked_at + 1)
    found = await _in_order(db, list(await db.scalars(ids, _moments(now))))
    state = await occupancy(db, _slots(found))
    over = wanted.scope == "past"
    chosen: list[Session] = []
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


def _slots(sessions: list[Session]) -> list[str]:
    return [slot.id for session in sessions for slot in session.timeslots]


def _narrowed(query: Select[Session], wanted: Wanted) -> Select[Session]:
    if wanted.text:
        query = query.where(
            or_(
                Session.title.icontains(wanted.text, autoescape=True),
                Session.description.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.type:
        query = query.where(Session.type == wanted.type)
    if wanted.condition:
        query = query.where(Session.join_condition == wanted.condition)
    if wanted.since or wanted.until or wanted.format:
        slots = select(Timeslot.session_id)
        if wanted.format:
            slots = slots.where(Timeslot.location_kind == wanted.format)
        if wanted.since:
            slots = slots.where(Timeslot.starts_at >= wanted.since)
        if wanted.until:
            slots = slots.where(Timeslot.starts_at < wanted.until)
        query = query.where(Session.id.in_(slots))
    return query


def _in_sight(account_id: str | None) -> ColumnElement[bool]:
    """Published, and public or theirs."""
    published = Session.publication.in_([Publication.PUBLISHED, Publication.CANCELLED])
    public = Session.visibility == Visibility.PUBLIC
    return published & (or_(public, _belongs(account_id)) if account_id else public)


def _is_over(session: Session, label: str, now: datetime) -> bool:
    """A cancelled session stays in sight until it would have been over."""
    if label in OVER and session.publication is Publication.CANCELLED:
        return all(slot.ends_at <= now for slot in session.timeslots)
    return label in OVER


def _around(matching: Select[Session], scope: str) -> Select[str]:
    """The ids of sessions by what the database can tell from the planned time; the label decides afterwards.
    Executed with `_moments`.

    In the order of ix_timeslots_starts_at, each session at the first of its timeslots that counts, so that a
    page costs as much as it shows, however many sessions there are.
    """
    slot = _SLOT
    ids = select(slot.session_id).where(matching.where(Session.id == slot.session_id).exists())
    if scope == "past":
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


async def _in_order(db: AsyncSession, ids: list[str]) -> list[Session]:
    rows = await db.scalars(select(Session).where(Session.id.in_(ids)).options(WITH_TIMESLOTS))
    sessions = {session.id: session for session in rows}
    return [sessions[session_id] for session_id in ids]


def _mine(account_id: str) -> Select[Session]:
    """By ids that are found by indexes; `_belongs` alone would be asked of every session."""
    other = aliased(Session)
    owned = select(other.id).where(other.owner_kind == OwnerKind.ACCOUNT, other.owner_id == account_id)
    ids = union(owned, _assigned(account_id), _registered(account_id))
    mine = select(Session).where(Session.id.in_(ids), _belongs(account_id))
    return mine.order_by(Session.created_at.desc(), Session.id)


def _belongs(account_id: str) -> ColumnElement[bool]:
    owned = (Session.owner_kind == OwnerKind.ACCOUNT) & (Session.owner_id == account_id)
    published = Session.publication.in_([Publication.PUBLISHED, Publication.CANCELLED])
    return or_(
        owned,
        Session.id.in_(_assigned(account_id)),
        published & Session.id.in_(_registered(account_id)),
    )


def _assigned(account_id: str) -> Select[str]:
    return select(RoleAssignment.session_id).where(RoleAssignment.account_id == account_id)


def _registered(account_id: str) -> Select[str]:
    return (
        select(Timeslot.session_id)
        .join(Registration, Registration.timeslot_id == Timeslot.id)
        .where(Registration.account_id == account_id, Registration.status.not_in(MAY_COME_BACK))
    )
