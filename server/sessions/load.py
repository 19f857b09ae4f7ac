"""Reads sessions with everything that showing them needs, a handful of queries however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, overload

from sqlalchemy import BindParameter, String, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from server.accounts.tables import Account
from server.db.base import Moment
from server.registrations.rules import AWAITS_APPROVAL, HAS_A_PLACE, MAY_COME_BACK, TAKES_A_SEAT
from server.registrations.tables import Registration, Status
from server.rooms.tables import LiveRun, RunState
from server.sessions.listed import AnySeat, AnySession, AnySlot, ListedSession, ListedSlot
from server.sessions.rules import Label, Seats, Standing, most_favourable, timeslot_label
from server.sessions.tables import (
    Effect,
    GrantOverride,
    OwnerKind,
    RoleAssignment,
    SeatKind,
    Session,
    Timeslot,
)
from signalling.permissions import STAFF, Overrides, Policy, Role, Subject, default_policy

WITH_TIMESLOTS = selectinload(Session.timeslots).selectinload(Timeslot.seat_kinds)


def policy_of(session: AnySession) -> Policy:
    """The session's own settings on top of those of its type."""
    return Policy.from_json(default_policy(session.type).to_json() | session.policy)


@dataclass(slots=True)
class Person:
    """What one account is and has in one session, over all its timeslots."""

    account_id: str
    owner: bool = False
    assigned: list[tuple[str | None, Role]] = field(default_factory=list)  # timeslot or all of them
    places: dict[str, tuple[Registration, SeatKind]] = field(default_factory=dict)  # by timeslot
    overrides: list[GrantOverride] = field(default_factory=list)
    queue: dict[str, int] = field(default_factory=dict)  # position in the waitlist, by registration

    def subject(self, timeslot_id: str | None) -> Subject:
        """As permissions see them in one timeslot, or in the session as a whole (None: every timeslot
        counts).
        """
        applies = (None, timeslot_id)
        roles = {role for slot, role in self.assigned if timeslot_id is None or slot in applies}
        confirmed = bool(roles) or self.owner
        for slot, (registration, kind) in self.places.items():
            if timeslot_id is not None and slot != timeslot_id:
                continue
            if registration.status in HAS_A_PLACE:
                roles.add(kind.role)
            elif registration.status in AWAITS_APPROVAL:  # asking for a staff seat makes nobody staff
                roles.add(min(kind.role, Role.PARTICIPANT, key=lambda role: role.rank))
            confirmed = confirmed or registration.status in HAS_A_PLACE
        overrides = [entry for entry in self.overrides if entry.timeslot_id in applies]
        return Subject(
            roles=frozenset(roles),
            owner=self.owner,
            confirmed=confirmed,
            overrides=Overrides(
                denies=frozenset(o.permission for o in overrides if o.effect is Effect.DENY),
                grants=frozenset(o.permission for o in overrides if o.effect is Effect.ALLOW),
            ),
        )

    def registration(self, timeslot_id: str) -> tuple[Registration, SeatKind] | None:
        """What they have there, also a request or a place in the queue, if it was not given up."""
        place = self.places.get(timeslot_id)
        return place if place and place[0].status not in MAY_COME_BACK else None

    def has_seat(self, timeslot_id: str) -> bool:
        """A seat that counts, with its role."""
        place = self.places.get(timeslot_id)
        return place is not None and place[0].status in HAS_A_PLACE

    def has_place(self, timeslot_id: str) -> bool:
        """A seat, or the request for one."""
        place = self.places.get(timeslot_id)
        return place is not None and place[0].status in HAS_A_PLACE | AWAITS_APPROVAL

    @property
    def belongs(self) -> bool:
        """Whether a session that is not public is theirs to see."""
        return bool(self.owner or self.assigned) or any(map(self.registration, self.places))


# Made once: putting them together takes longer than the database needs for them.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ME = bindparam("me", type_=String())
_ASSIGNED = select(RoleAssignment).where(
    RoleAssignment.account_id == _ME,
    RoleAssignment.session_id.in_(_IDS),
    or_(RoleAssignment.expires_at.is_(None), RoleAssignment.expires_at > bindparam("now", type_=Moment())),
)
_PLACES = (
    select(Registration, SeatKind, Timeslot.session_id)
    .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
    .join(Timeslot, Timeslot.id == Registration.timeslot_id)
    .where(Registration.account_id == _ME, Timeslot.session_id.in_(_IDS))
)
_OVERRIDES = select(GrantOverride).where(GrantOverride.account_id == _ME, GrantOverride.session_id.in_(_IDS))


async def people_in(
    db: AsyncSession, sessions: Sequence[AnySession], account_id: str, now: datetime
) -> dict[str, Person]:
    """One account in each of these sessions, by session id."""
    ids = [session.id for session in sessions]
    people = {session.id: Person(account_id, owner=owned_by(session, account_id)) for session in sessions}
    values = {"ids": ids, "me": account_id}
    assignments = await db.scalars(_ASSIGNED, values | {"now": now})
    for assignment in assignments:
        people[assignment.session_id].assigned.append((assignment.timeslot_id, assignment.role))
    places = await db.execute(_PLACES, values)
    for registration, kind, session_id in places:
        people[session_id].places[registration.timeslot_id] = (registration, kind)
    for person in people.values():
        person.queue = await queue_positions(db, [place[0] for place in person.places.values()])
    overrides = await db.scalars(_OVERRIDES, values)
    for override in overrides:
        people[override.session_id].overrides.append(override)
    return people


async def queue_positions(db: AsyncSession, registrations: Iterable[Registration]) -> dict[str, int]:
    """Where those of them who wait stand, 1 being the next, by registration id."""
    waiting = [one for one in registrations if one.status is Status.WAITLISTED]
    if not waiting:
        return {}
    rows = await db.execute(
        select(Registration.id, Registration.seat_kind_id)
        .where(
            Registration.seat_kind_id.in_({one.seat_kind_id for one in waiting}),
            Registration.status == Status.WAITLISTED,
        )
        .order_by(Registration.queue_rank, Registration.created_at)
    )
    places: dict[str, int] = {}
    lengths: dict[str, int] = defaultdict(int)
    for registration_id, seat_id in rows:
        lengths[seat_id] += 1
        places[registration_id] = lengths[seat_id]
    return places


def owned_by(session: AnySession, account_id: str) -> bool:
    return session.owner_kind is OwnerKind.ACCOUNT and session.owner_id == account_id


@dataclass(slots=True)
class Runs:
    live: bool = False
    ended: bool = False


@dataclass(slots=True)
class Occupancy:
    """What changes while time goes by: seats taken and people waiting by seat kind, runs by timeslot."""

    taken: dict[str, int]
    runs: dict[str, Runs]
    waiting: dict[str, int] = field(default_factory=dict)
    _standings: dict[str, Standing] = field(default_factory=dict)

    def free(self, kind: AnySeat) -> int | None:
        """Seats for whoever comes now; None is without limit."""
        if self.waiting.get(kind.id):
            return 0
        return None if kind.maximum is None else max(0, kind.maximum - self.taken.get(kind.id, 0))

    def standing(self, session: AnySession, timeslot: AnySlot) -> Standing:
        """Made up once: a list asks for it again and again."""
        if timeslot.id not in self._standings:
            self._standings[timeslot.id] = self._standing(session, timeslot)
        return self._standings[timeslot.id]

    def _standing(self, session: AnySession, timeslot: AnySlot) -> Standing:
        runs = self.runs[timeslot.id]
        return Standing(
            publication=session.publication,
            starts_at=timeslot.starts_at,
            ends_at=timeslot.ends_at,
            registration=timeslot.registration_state,
            opens_at=timeslot.registration_opens_at,
            closes_at=timeslot.registration_closes_at,
            cancelled=timeslot.cancelled_at is not None,
            completed=session.completed_at is not None,
            run_live=runs.live,
            run_ended=runs.ended,
            seats=tuple(
                Seats(kind.required, kind.maximum, self.taken.get(kind.id, 0)) for kind in timeslot.seat_kinds
            ),
        )

    def label(self, session: AnySession, timeslot: AnySlot, now: datetime) -> Label:
        return timeslot_label(self.standing(session, timeslot), now)

    @overload
    def shown(self, session: ListedSession, now: datetime) -> tuple[ListedSlot, Label]: ...

    @overload
    def shown(self, session: AnySession, now: datetime) -> tuple[AnySlot, Label]: ...

    def shown(self, session: AnySession, now: datetime) -> tuple[AnySlot, Label]:
        """The timeslot that stands for the session, and its label."""
        labels = [self.label(session, timeslot, now) for timeslot in session.timeslots]
        place = most_favourable(labels)
        return session.timeslots[place], labels[place]


_COUNTS = (
    select(Registration.seat_kind_id, Registration.status, func.count())
    .where(
        Registration.timeslot_id.in_(_IDS),
        Registration.status.in_(TAKES_A_SEAT | {Status.WAITLISTED}),
    )
    .group_by(Registration.seat_kind_id, Registration.status)
)
_RUNS = select(LiveRun.timeslot_id, LiveRun.state).where(LiveRun.timeslot_id.in_(_IDS))


async def occupancy(db: AsyncSession, timeslot_ids: Iterable[str]) -> Occupancy:
    ids = list(timeslot_ids)
    counts = await db.execute(_COUNTS, {"ids": ids})
    taken: dict[str, int] = defaultdict(int)
    waiting: dict[str, int] = {}
    for seat_id, status, count in counts:
        if status is Status.WAITLISTED:
            waiting[seat_id] = count
        else:
            taken[seat_id] += count
    return Occupancy(taken=dict(taken), runs=await runs_of(db, ids), waiting=waiting)


async def runs_of(db: AsyncSession, timeslot_ids: Iterable[str]) -> dict[str, Runs]:
    """What took or takes place, by timeslot; every timeslot has an entry."""
    runs: dict[str, Runs] = defaultdict(Runs)
    rows = await db.execute(_RUNS, {"ids": list(timeslot_ids)})
    for timeslot_id, state in rows:
        runs[timeslot_id].live |= state is RunState.LIVE
        runs[timeslot_id].ended |= state is RunState.ENDED
    return runs


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who runs a session."""

    account_id: str
    name: str
    role: Role


async def staff_of(db: AsyncSession, session: Session, now: datetime) -> list[Colleague]:
    """Everybody with a staff role, highest first: the owner, those with a role, those in a seat that carries
    one.
    """
    found: list[Colleague] = []
    if session.owner_kind is OwnerKind.ACCOUNT:
        owner = await db.get(Account, session.owner_id)
        if owner:
            found.append(Colleague(owner.id, owner.name, Role.ORGANISER))
    assigned = await db.execute(
        select(Account.id, Account.name, RoleAssignment.role)
        .join(RoleAssignment, RoleAssignment.account_id == Account.id)
        .where(
            RoleAssignment.session_id == session.id,
            RoleAssignment.role.in_(STAFF),
            or_(RoleAssignment.expires_at.is_(None), RoleAssignment.expires_at > now),
        )
        .order_by(RoleAssignment.granted_at)
    )
    seated = await db.execute(
        select(Account.id, Account.name, SeatKind.role)
        .join(Registration, Registration.account_id == Account.id)
        .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
        .join(Timeslot, Timeslot.id == Registration.timeslot_id)
        .where(
            Timeslot.session_id == session.id,
            SeatKind.role.in_(STAFF),
            Registration.status.in_(HAS_A_PLACE),
        )
        .order_by(Registration.created_at)
    )
    found += [Colleague(*row) for row in [*assigned, *seated]]
    once = {(person.account_id, person.role): person for person in found}
    return sorted(once.values(), key=lambda person: -person.role.rank)


async def names_of(db: AsyncSession, account_ids: Iterable[str | None]) -> dict[str, str]:
    rows = await db.execute(
        select(Account.id, Account.name).where(Account.id.in_({i for i in account_ids if i}))
    )
    return dict(rows.all())
