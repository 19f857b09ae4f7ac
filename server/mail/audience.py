"""Whom a message to participants reaches (S52)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.registrations.rules import HAS_A_PLACE
from server.registrations.tables import Registration, Status
from server.sessions.tables import RoleAssignment, SeatKind, Timeslot
from signalling.permissions import Role


@dataclass(frozen=True, slots=True)
class Choice:
    """Empty: no restriction; for ``statuses`` it means everybody who has a place."""

    timeslot_id: str | None = None
    roles: Collection[Role] = ()
    statuses: Collection[Status] = ()


@dataclass(frozen=True, slots=True)
class Member:
    account_id: str
    timeslot_id: str | None = None
    registration_id: str | None = None


async def audience(
    db: AsyncSession, session_id: str, choice: Choice, *, but: str, now: datetime
) -> list[Member]:
    """Each person once, without ``but``, who writes. Those with a role and no seat belong to it, unless the
    choice goes by status.
    """
    members = {member.account_id: member for member in await _registered(db, session_id, choice)}
    if not choice.statuses:
        for member in await _assigned(db, session_id, choice, now):
            members.setdefault(member.account_id, member)
    members.pop(but, None)
    return list(members.values())


async def _registered(db: AsyncSession, session_id: str, choice: Choice) -> list[Member]:
    query = (
        select(Registration.account_id, Registration.timeslot_id, Registration.id)
        .join(Timeslot, Timeslot.id == Registration.timeslot_id)
        .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
        .where(
            Timeslot.session_id == session_id,
            Registration.status.in_(choice.statuses or HAS_A_PLACE),
        )
        .order_by(Timeslot.starts_at.desc(), Registration.created_at)
    )
    if choice.timeslot_id:
        query = query.where(Timeslot.id == choice.timeslot_id)
    if choice.roles:
        query = query.where(SeatKind.role.in_(choice.roles))
    return [Member(*row) for row in await db.execute(query)]


async def _assigned(db: AsyncSession, session_id: str, choice: Choice, now: datetime) -> list[Member]:
    query = select(RoleAssignment.account_id).where(
        RoleAssignment.session_id == session_id,
        or_(RoleAssignment.expires_at.is_(None), RoleAssignment.expires_at > now),
    )
    if choice.timeslot_id:
        query = query.where(
            or_(RoleAssignment.timeslot_id.is_(None), RoleAssignment.timeslot_id == choice.timeslot_id)
        )
    if choice.roles:
        query = query.where(RoleAssignment.role.in_(choice.roles))
    return [Member(account_id) for account_id in (await db.scalars(query)).unique()]
