"""Registering for a timeslot, the list for its staff, and giving a place up."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from server.accounts.tables import Account
from server.call import Call
from server.db.base import new_id
from server.db.engine import seat_lock
from server.fields import Answer, Body, Line, Prose
from server.problems import VALIDATION, Problem, Refusal
from server.registrations.rules import MAY_COME_BACK, RANK, Seat, choose_seat, refusal
from server.registrations.tables import Registration, RegistrationChange, Status
from server.sessions.audit import record
from server.sessions.load import occupancy, people_in
from server.sessions.tables import SeatKind, Timeslot
from server.sessions.views import registration_info, seats
from server.sessions.wire import RegistrationInfo
from signalling.permissions import may_remove


class Answers(Body):
    """M20: a presenter tells about the talk, a guest about interests. All optional."""

    talk_title: Line | None = None
    talk_description: Prose | None = None
    topics: Prose | None = None
    questions: Prose | None = None


class NewRegistration(Body):
    seat_kind_id: Annotated[str, Field(max_length=32)] | None = None
    answers: Answers = Answers()


class RegistrationList(Answer):
    items: list[RegistrationInfo]


async def register(call: Call[NewRegistration]) -> RegistrationInfo:
    """One serialised decision per timeslot. The same Idempotency-Key gets the same registration again."""
    session, slot = call.scope.session, call.scope.timeslot
    key = _idempotency_key(call)
    await seat_lock(call.db, slot.id)
    await _read_again(call.db, slot.id)
    mine = await _mine(call.db, slot.id, call.me.id)
    if mine and key and mine.idempotency_key == key and mine.status not in MAY_COME_BACK:
        return registration_info(mine, await call.db.get_one(SeatKind, mine.seat_kind_id), call.me.name)
    state = await occupancy(call.db, [slot.id])
    standing, available = state.standing(session, slot), seats(slot, state)
    if refused := refusal(standing, mine.status if mine else None, available, call.now):
        raise Problem(refused)
    seat = choose_seat(available, call.body.seat_kind_id)
    if isinstance(seat, Refusal):
        raise Problem(seat, field="seatKindId" if call.body.seat_kind_id else None)
    registration = _place(call, mine, seat, key)
    call.facts_changed(slot.id)
    kind = next(kind for kind in slot.seat_kinds if kind.id == seat.id)
    return registration_info(registration, kind, call.me.name)


async def list_registrations(call: Call[None]) -> RegistrationList:
    rows = await call.db.execute(
        select(Registration, SeatKind, Account)
        .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
        .join(Account, Account.id == Registration.account_id)
        .where(Registration.timeslot_id == call.scope.timeslot.id)
        .order_by(SeatKind.position, Registration.created_at)
    )
    return RegistrationList(
        items=[
            registration_info(registration, kind, account.name, account.email)
            for registration, kind, account in rows
        ]
    )


async def cancel_registration(call: Call[None]) -> None:
    """One's own, or by staff who stand above that person. What is cancelled already stays so."""
    registration = call.scope.registration
    await seat_lock(call.db, registration.timeslot_id)
    await call.db.refresh(registration)
    if not call.scope.is_own_registration:
        people = await people_in(call.db, [call.scope.session], registration.account_id, call.now)
        target = people[call.scope.session.id].subject(registration.timeslot_id)
        if not may_remove(call.scope.subject, target):
            raise Problem(RANK)
    if registration.status in MAY_COME_BACK:
        return
    _move(call, registration, Status.CANCELLED)
    call.facts_changed(registration.timeslot_id)


def _place(
    call: Call[NewRegistration], mine: Registration | None, seat: Seat, key: str | None
) -> Registration:
    """A new registration, or the one that was given up, taken up again."""
    answers = call.body.answers.model_dump(by_alias=True, exclude_none=True)
    registration = mine or Registration(
        id=new_id(), timeslot_id=call.scope.timeslot.id, account_id=call.me.id, created_at=call.now
    )
    registration.seat_kind_id = seat.id
    registration.answers = answers
    registration.idempotency_key = key
    call.db.add(registration)
    _move(call, registration, Status.REGISTERED)
    return registration


def _move(call: Call[Any], registration: Registration, after: Status) -> None:
    before: Status | None = registration.status
    registration.status, registration.updated_at = after, call.now
    change = RegistrationChange(
        registration_id=registration.id, at=call.now, actor=call.me.id, before=before, after=after
    )
    call.db.add(change)
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action="registration.cancel" if after is Status.CANCELLED else "registration.create",
        session_id=call.scope.session.id,
        timeslot_id=registration.timeslot_id,
        target=registration.id,
        before={"status": before} if before else None,
        after={"status": after},
    )


async def _read_again(db: AsyncSession, timeslot_id: str) -> None:
    """What was loaded before the lock may have been edited while we waited for it."""
    await db.execute(
        select(Timeslot)
        .where(Timeslot.id == timeslot_id)
        .options(selectinload(Timeslot.seat_kinds))
        .execution_options(populate_existing=True)
    )


def _idempotency_key(call: Call[Any]) -> str | None:
    key: str = call.request.headers.get("Idempotency-Key", "")
    if len(key) > 200 or not (key.isascii() and key.isprintable()):
        detail = "Idempotency-Key: expected at most 200 printable ASCII characters."
        raise Problem(VALIDATION, detail, field="Idempotency-Key")
    return key or None


async def _mine(db: AsyncSession, timeslot_id: str, account_id: str) -> Registration | None:
    found: Registration | None = await db.scalar(
        select(Registration)
        .where(Registration.timeslot_id == timeslot_id, Registration.account_id == account_id)
        .execution_options(populate_existing=True)
    )
    return found
