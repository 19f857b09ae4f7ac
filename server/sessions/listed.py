"""Sessions as a list shows them: plain rows, read with two statements.

A page of the catalogue shows some two hundred rows that nobody will change. As objects that keep track of
changes they cost more than all the rest of the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.tables import Account
from server.sessions.tables import (
    Condition,
    LocationKind,
    OwnerKind,
    Publication,
    RegistrationState,
    SeatKind,
    Session,
    Timeslot,
    Visibility,
    WaitlistMode,
)
from signalling.permissions import Role, SessionType


class ListedSeat(NamedTuple):
    """A `SeatKind`; the names are those of its columns, here and below."""

    id: str
    part: str
    name: str
    role: Role
    minimum: int
    maximum: int | None
    required: bool
    approval: bool
    waitlist: WaitlistMode
    offer_min: int | None


class ListedSlot(NamedTuple):
    """A `Timeslot`."""

    id: str
    slug: str
    starts_at: datetime
    duration_min: int
    timezone: str
    location_kind: LocationKind
    location_address: str | None
    external_url: str | None
    external_password: str | None
    registration_state: RegistrationState
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    registration_cancel_by: datetime | None
    room_opens_before_min: int
    auto_end_min: int | None
    late_entry_min: int | None
    minimum: int | None
    minimum_by: datetime | None
    series_id: str | None
    recurrence: str | None
    cancelled_at: datetime | None
    cancelled_reason: str | None
    seat_kinds: tuple[ListedSeat, ...]

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.duration_min)


class ListedSession(NamedTuple):
    """A `Session`, and the name of its owner. The timeslots are in the order of their time, as there."""

    id: str
    owner_kind: OwnerKind
    owner_id: str | None
    type: SessionType
    custom_type: str | None
    title: str
    description: str
    publication: Publication
    visibility: Visibility
    join_condition: Condition
    completed_at: datetime | None
    policy: dict[str, Any]
    owner_name: str
    timeslots: tuple[ListedSlot, ...]

    @property
    def own_values(self) -> tuple[object, ...]:
        """Those of its columns that can be compared, so all but the policy."""
        return (*self[:-3], self.owner_name)


AnySeat = SeatKind | ListedSeat
AnySlot = Timeslot | ListedSlot
AnySession = Session | ListedSession

_accounts = Account.__table__.c
_sessions, _slots, _seats = Session.__table__.c, Timeslot.__table__.c, SeatKind.__table__.c
_OF_SESSION = ListedSession._fields[:-2]
_OF_SLOT = ListedSlot._fields[:-1]
_PLACES = len(_OF_SESSION) + 1

# Made once: putting them together takes longer than the database needs for them.
_PLANNED = (
    select(
        *(_sessions[name] for name in _OF_SESSION),
        func.coalesce(_accounts.name, ""),
        *(_slots[name] for name in _OF_SLOT),
    )
    .join_from(Session.__table__, Timeslot.__table__, _slots.session_id == _sessions.id)
    .outerjoin(Account.__table__, _accounts.id == _sessions.owner_id)
    .where(_sessions.id.in_(bindparam("ids", expanding=True)))
    .order_by(_slots.starts_at)
)
_SEATS = (
    select(_seats.timeslot_id, *(_seats[name] for name in ListedSeat._fields))
    .where(_seats.timeslot_id.in_(bindparam("ids", expanding=True)))
    .order_by(_seats.position)
)


async def read_listed(db: AsyncSession, ids: Sequence[str]) -> list[ListedSession]:
    """These sessions in this order."""
    planned = (await db.execute(_PLANNED, {"ids": ids})).all()
    seats: dict[str, list[ListedSeat]] = defaultdict(list)
    for timeslot_id, *seat in await db.execute(_SEATS, {"ids": [row[_PLACES] for row in planned]}):
        seats[timeslot_id].append(ListedSeat._make(seat))
    slots: dict[str, list[ListedSlot]] = defaultdict(list)
    fields: dict[str, Any] = {}
    for row in planned:
        fields[row[0]] = row[:_PLACES]
        slots[row[0]].append(ListedSlot._make((*row[_PLACES:], tuple(seats[row[_PLACES]]))))
    return [ListedSession._make((*fields[one], tuple(slots[one]))) for one in ids]
