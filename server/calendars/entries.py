"""Reads what timeslots look like in one person's calendar: as much as that person may see, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.tables import Account
from server.calendars.ics import Entry, Person
from server.registrations.rules import HAS_A_PLACE
from server.registrations.tables import Registration, RegistrationChange, Status
from server.sessions.load import Person as InSession
from server.sessions.load import people_in, policy_of
from server.sessions.tables import LocationKind, Publication, SeatKind, Session, Timeslot
from signalling.permissions import Permission, allowed

_TENTATIVE = frozenset({Status.PENDING, Status.WAITLISTED, Status.OFFERED})
_DESCRIPTION = 4000
_Roster = dict[str, dict[str, list[str]]]  # names by seat kind, by timeslot


async def entries(
    db: AsyncSession,
    places: Sequence[tuple[Session, Timeslot]],
    account: Account | None,
    *,
    now: datetime,
    site_url: str,
) -> list[Entry]:
    """A handful of queries however many there are. ``account`` None: what anybody sees."""
    sessions = list({session.id: session for session, _ in places}.values())
    people = await people_in(db, sessions, account.id, now) if account else {}
    revisions = await _revisions(db, people)
    roster = await _roster(db, [slot.id for _, slot in places]) if account else {}
    return [
        _entry(session, slot, account, people.get(session.id), revisions, roster.get(slot.id, {}), site_url)
        for session, slot in places
    ]


def _entry(
    session: Session,
    slot: Timeslot,
    account: Account | None,
    person: InSession | None,
    revisions: dict[str, int],
    names: dict[str, list[str]],
    site_url: str,
) -> Entry:
    subject, policy = (person.subject(slot.id) if person else None), policy_of(session)
    join = password = ""
    if subject and allowed(subject, Permission.SESSION_VIEW_DETAILS, policy):
        if slot.external_url:
            join, password = slot.external_url, slot.external_password or ""
        elif slot.location_kind is not LocationKind.PHYSICAL:
            join = f"{site_url}/live/{slot.slug}"
    registration = person.places[slot.id][0] if person and slot.id in person.places else None
    visible = subject is not None and allowed(subject, Permission.PARTICIPANTS_VIEW, policy)
    return Entry(
        timeslot_id=slot.id,
        title=session.title,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        zone=slot.timezone,
        url=f"{site_url}/sessions/{session.id}",
        sequence=slot.sequence + (revisions.get(registration.id, 0) if registration else 0),
        description=session.description[:_DESCRIPTION],
        location=_location(slot, join),
        join_url=join,
        join_password=password,
        people=tuple(names.items()) if visible else (),
        attendee=Person(account.email, account.name) if account and person else None,
        cancelled=session.publication is Publication.CANCELLED or slot.cancelled_at is not None,
        tentative=registration is not None and registration.status in _TENTATIVE,
    )


def _location(slot: Timeslot, join: str) -> str:
    """A calendar shows one place: the address where there is one to go to, else where to click."""
    address = slot.location_address if slot.location_kind is not LocationKind.VIRTUAL else None
    return address or join


async def _revisions(db: AsyncSession, people: dict[str, InSession]) -> dict[str, int]:
    """How often each registration of this person changed: their entry is revised by that, too."""
    ids = [place.id for person in people.values() for place, _ in person.places.values()]
    rows = await db.execute(
        select(RegistrationChange.registration_id, func.count())
        .where(RegistrationChange.registration_id.in_(ids))
        .group_by(RegistrationChange.registration_id)
    )
    return dict(rows.all())


async def _roster(db: AsyncSession, timeslot_ids: Sequence[str]) -> _Roster:
    """Who has a place (M14), by seat kind, presenters in their order."""
    rows = await db.execute(
        select(Registration.timeslot_id, SeatKind.name, Account.name)
        .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
        .join(Account, Account.id == Registration.account_id)
        .where(Registration.timeslot_id.in_(timeslot_ids), Registration.status.in_(HAS_A_PLACE))
        .order_by(SeatKind.position, func.coalesce(Registration.talk_order, 1 << 30), Registration.created_at)
    )
    roster: _Roster = defaultdict(lambda: defaultdict(list))
    for timeslot_id, kind, name in rows:
        roster[timeslot_id][kind].append(name)
    return roster
