"""Which sessions a list shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.registrations.rules import MAY_COME_BACK
from server.registrations.tables import Registration
from server.sessions.load import WITH_TIMESLOTS, occupancy
from server.sessions.rules import OVER
from server.sessions.tables import OwnerKind, Publication, RoleAssignment, Session, Timeslot

_AT_MOST = 100
# No timeslot is longer than a day; one more for a session that runs over.
_STILL_GOING = timedelta(days=2)


async def sessions_for(
    db: AsyncSession, scope: str, text: str, account_id: str | None, now: datetime
) -> list[Session]:
    """At most 100: "upcoming" and "past" from the public catalogue, "mine" with drafts and what is over."""
    query = select(Session).options(WITH_TIMESLOTS)
    if text:
        query = query.where(
            or_(
                Session.title.icontains(text, autoescape=True),
                Session.description.icontains(text, autoescape=True),
            )
        )
    if scope == "mine":
        sessions = list(await db.scalars(_mine(query, account_id).limit(_AT_MOST))) if account_id else []
        return sorted(sessions, key=lambda session: session.timeslots[0].starts_at)
    query = query.where(Session.publication.in_([Publication.PUBLISHED, Publication.CANCELLED]))
    found = list(await db.scalars(_around(query, scope, now).limit(2 * _AT_MOST)))
    state = await occupancy(db, [slot.id for session in found for slot in session.timeslots])
    wanted_over = scope == "past"
    chosen = [
        session for session in found if _is_over(session, state.shown(session, now)[1], now) is wanted_over
    ]
    chosen.sort(key=lambda session: state.shown(session, now)[0].starts_at, reverse=wanted_over)
    return chosen[:_AT_MOST]


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
        return query.order_by(latest.order_by(Timeslot.starts_at.desc()).limit(1).scalar_subquery().desc())
    query = query.where(Session.id.in_(slots.where(Timeslot.starts_at > now - _STILL_GOING)))
    first = (
        select(Timeslot.starts_at)
        .where(Timeslot.session_id == Session.id, Timeslot.starts_at > now - _STILL_GOING)
        .order_by(Timeslot.starts_at)
        .limit(1)
    )
    return query.order_by(first.scalar_subquery())


def _mine(query: Select[Session], account_id: str | None) -> Select[Session]:
    registered = (
        select(Timeslot.session_id)
        .join(Registration, Registration.timeslot_id == Timeslot.id)
        .where(Registration.account_id == account_id, Registration.status.not_in(MAY_COME_BACK))
    )
    assigned = select(RoleAssignment.session_id).where(RoleAssignment.account_id == account_id)
    owned = (Session.owner_kind == OwnerKind.ACCOUNT) & (Session.owner_id == account_id)
    published = Session.publication.in_([Publication.PUBLISHED, Publication.CANCELLED])
    return query.where(or_(owned, Session.id.in_(assigned), published & Session.id.in_(registered))).order_by(
        Session.created_at.desc()
    )
