"""Which sessions a list shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.registrations.rules import MAY_COME_BACK
from server.registrations.tables import Registration
from server.sessions.load import WITH_TIMESLOTS, occupancy
from server.sessions.rules import OVER
from server.sessions.tables import (
    Condition,
    OwnerKind,
    Publication,
    RoleAssignment,
    Session,
    Timeslot,
    Visibility,
)
from signalling.permissions import SessionType

_AT_MOST = 100
# No timeslot is longer than a day; one more for a session that runs over.
_STILL_GOING = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for. ``cursor`` counts the sessions looked at on the pages before."""

    scope: str
    text: str = ""
    type: SessionType | None = None
    condition: Condition | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = _AT_MOST
    cursor: int = 0


async def sessions_for(
    db: AsyncSession, wanted: Wanted, account_id: str | None, now: datetime
) -> tuple[list[Session], int | None]:
    """A page, and the cursor of the next: "upcoming" and "past" from the catalogue, "mine" with drafts and
    what is over.
    """
    query = _narrowed(select(Session).options(WITH_TIMESLOTS), wanted)
    if wanted.scope == "mine":
        if account_id is None:
            return [], None
        page = _mine(query, account_id).offset(wanted.cursor).limit(wanted.limit + 1)
        found = list(await db.scalars(page))
        following = wanted.cursor + wanted.limit if len(found) > wanted.limit else None
        return sorted(found[: wanted.limit], key=lambda one: one.timeslots[0].starts_at), following
    query = query.where(_in_sight(account_id))
    looked_at = 2 * wanted.limit
    page = _around(query, wanted.scope, now).offset(wanted.cursor).limit(looked_at + 1)
    found = list(await db.scalars(page))
    state = await occupancy(db, [slot.id for session in found for slot in session.timeslots])
    over = wanted.scope == "past"
    chosen: list[Session] = []
    seen = 0
    for session in found[:looked_at]:
        if len(chosen) == wanted.limit:
            break
        seen += 1
        if _is_over(session, state.shown(session, now)[1], now) is over:
            chosen.append(session)
    chosen.sort(key=lambda session: state.shown(session, now)[0].starts_at, reverse=over)
    return chosen, wanted.cursor + seen if seen < len(found) else None


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
    if wanted.since or wanted.until:
        slots = select(Timeslot.session_id)
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


def _around(query: Select[Session], scope: str, now: datetime) -> Select[Session]:
    """Narrows to what the database can tell by the planned time; the label decides afterwards."""
    slots = select(Timeslot.session_id)
    if scope == "past":
        query = query.where(Session.id.in_(slots.where(Timeslot.starts_at <= now)))
        latest = select(Timeslot.starts_at).where(Timeslot.session_id == Session.id)
        return query.order_by(
            latest.order_by(Timeslot.starts_at.desc()).limit(1).scalar_subquery().desc(), Session.id
        )
    query = query.where(Session.id.in_(slots.where(Timeslot.starts_at > now - _STILL_GOING)))
    first = (
        select(Timeslot.starts_at)
        .where(Timeslot.session_id == Session.id, Timeslot.starts_at > now - _STILL_GOING)
        .order_by(Timeslot.starts_at)
        .limit(1)
    )
    return query.order_by(first.scalar_subquery(), Session.id)


def _mine(query: Select[Session], account_id: str) -> Select[Session]:
    return query.where(_belongs(account_id)).order_by(Session.created_at.desc(), Session.id)


def _belongs(account_id: str) -> ColumnElement[bool]:
    registered = (
        select(Timeslot.session_id)
        .join(Registration, Registration.timeslot_id == Timeslot.id)
        .where(Registration.account_id == account_id, Registration.status.not_in(MAY_COME_BACK))
    )
    assigned = select(RoleAssignment.session_id).where(RoleAssignment.account_id == account_id)
    owned = (Session.owner_kind == OwnerKind.ACCOUNT) & (Session.owner_id == account_id)
    published = Session.publication.in_([Publication.PUBLISHED, Publication.CANCELLED])
    return or_(owned, Session.id.in_(assigned), published & Session.id.in_(registered))
