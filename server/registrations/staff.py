"""What staff do with registrations: the roster, decisions on requests, moves, statuses by hand, orders."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator
from sqlalchemy import select

from server.accounts.handlers import Email
from server.accounts.rules import email_key
from server.accounts.tables import Account
from server.call import Call
from server.db.base import new_id
from server.fields import Answer, Body, Prose, WireTime
from server.mail.tables import Kind as Mail
from server.problems import Problem
from server.registrations import rules
from server.registrations.book import Book, open_book
from server.registrations.handlers import release, require_rank, staff_view
from server.registrations.promotion import BY_HAND, HOLDS_A_PLACE, WrongMove, has_room, ranked
from server.registrations.tables import Registration, RegistrationChange, Status
from server.sessions.load import queue_positions
from server.sessions.rules import NO_SUCH_ACCOUNT
from server.sessions.tables import Publication, SeatKind, Timeslot, WaitlistMode
from server.sessions.views import registration_info
from server.sessions.wire import RegistrationInfo, Search
from signalling.permissions import Part, may_assign

Id = Annotated[str, Field(min_length=1, max_length=32)]
_MOST = 10_000


class RosterQuery(Body):
    """``cursor`` is the ``next`` of the page before."""

    status: Status | None = None
    part: Annotated[str, Field(max_length=32)] | None = None
    q: Search = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 200
    cursor: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class RegistrationList(Answer):
    """By part, presenters in their order, those who wait in theirs. ``next`` is null on the last page."""

    items: list[RegistrationInfo]
    next: int | None = None


class RegistrationChangeBody(Body):
    """``seatKindId`` moves a person, with a letter (M23); ``status`` is set by hand, without one (M22)."""

    seat_kind_id: Id | None = None
    status: Status | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> RegistrationChangeBody:
        if (self.seat_kind_id is None) == (self.status is None):
            raise ValueError("status: change either the seat or the status")
        if self.status is not None and self.status not in BY_HAND:
            raise ValueError(f"status: one of {', '.join(sorted(BY_HAND))}")
        return self


class Decision(Body):
    approve: bool
    message: Prose | None = None


class Decisions(Decision):
    ids: Annotated[list[Id], Field(min_length=1, max_length=200)]


class Outcome(Answer):
    """``code`` and ``message`` say why one of several could not be decided."""

    id: str
    status: Status | None
    code: str | None = None
    message: str | None = None


class Outcomes(Answer):
    items: list[Outcome]


class Order(Body):
    """All of them, in the order that is wanted."""

    ids: Annotated[list[Id], Field(max_length=_MOST)]


class AddedPerson(Body):
    """Somebody with an account, by address, and the seat they get."""

    email: Email
    seat_kind_id: Id


class HistoryEntry(Answer):
    at: WireTime
    actor: str | None
    before: Status | None
    after: Status


class History(Answer):
    items: list[HistoryEntry]


async def list_registrations(call: Call[None]) -> RegistrationList:
    query: RosterQuery = call.query
    rows = select(Registration, SeatKind, Account).join(SeatKind, SeatKind.id == Registration.seat_kind_id)
    rows = rows.join(Account, Account.id == Registration.account_id).where(
        Registration.timeslot_id == call.scope.timeslot.id
    )
    if query.status:
        rows = rows.where(Registration.status == query.status)
    if query.part:
        rows = rows.where(SeatKind.part == query.part)
    if query.q:
        name, email = (column.icontains(query.q, autoescape=True) for column in (Account.name, Account.email))
        rows = rows.where(name | email)
    ordered = rows.order_by(
        SeatKind.position,
        Registration.talk_order.is_(None),
        Registration.talk_order,
        Registration.queue_rank.is_not(None),
        Registration.queue_rank,
        Registration.created_at,
        Registration.id,
    )
    found = (await call.db.execute(ordered.offset(query.cursor).limit(query.limit + 1))).all()
    page = found[: query.limit]
    positions = await queue_positions(call.db, [row[0] for row in page])
    return RegistrationList(
        items=[
            registration_info(
                registration, kind, account.name, account.email, position=positions.get(registration.id)
            )
            for registration, kind, account in page
        ],
        next=query.cursor + query.limit if len(found) > query.limit else None,
    )


async def show_history(call: Call[None]) -> History:
    rows = await call.db.scalars(
        select(RegistrationChange)
        .where(RegistrationChange.registration_id == call.scope.registration.id)
        .order_by(RegistrationChange.at)
    )
    return History(
        items=[HistoryEntry(at=row.at, actor=row.actor, before=row.before, after=row.after) for row in rows]
    )


async def add_person(call: Call[AddedPerson]) -> RegistrationInfo:
    """Gives a seat to somebody who did not ask for it (S63), with a letter once the session is published. It
    must be free, whatever the conditions of the session; whoever gave theirs up before gets it back.
    """
    book = await _book(call, call.scope.timeslot)
    draft = book.session.publication is Publication.DRAFT
    if not (book.serves or draft):
        raise Problem(rules.CLOSED, "This timeslot is over or was cancelled.")
    seat = _seat(book, call.body.seat_kind_id)
    if not may_assign(call.scope.subject.effective_roles, seat.role):
        raise Problem(rules.SEAT_TOO_HIGH, field="seatKindId")
    account = await call.db.scalar(select(Account).where(Account.email_key == email_key(call.body.email)))
    if account is None:
        raise Problem(NO_SUCH_ACCOUNT, field="email")
    known = await book.of(account.id)
    if known is not None and known.status not in rules.MAY_COME_BACK:
        raise Problem(rules.EXISTS, "They are registered already.", field="email")
    if not has_room(await book.kind(seat)):
        raise Problem(rules.FULL, field="seatKindId")
    registration = known or Registration(
        id=new_id(), timeslot_id=book.slot.id, account_id=account.id, created_at=call.now
    )
    registration.seat_kind_id, registration.removed, registration.message = seat.id, False, None
    registration.queue_rank = registration.talk_order = None
    mail = None if draft else Mail.CONFIRMED
    await book.move(registration, Status.REGISTERED, action="registration.add", mail=mail)
    call.facts_changed(book.slot.id)
    return await _shown(call, book, registration)


async def change_registration(call: Call[RegistrationChangeBody]) -> RegistrationInfo:
    book = await _book(call, call.scope.timeslot)
    registration = await _found(book, call.scope.registration.id)
    await require_rank(call, registration)
    if call.body.seat_kind_id is not None:
        await _move_seat(call, book, registration, call.body.seat_kind_id)
    elif call.body.status is not None:
        await _set_status(call, book, registration, call.body.status)
    call.facts_changed(book.slot.id)
    return await _shown(call, book, registration)


async def decide(call: Call[Decision]) -> RegistrationInfo:
    book = await _book(call, call.scope.timeslot)
    registration = await _found(book, call.scope.registration.id)
    await _decide(call, book, registration, call.body)
    call.facts_changed(book.slot.id)
    return await _shown(call, book, registration)


async def decide_many(call: Call[Decisions]) -> Outcomes:
    """Each for itself, in the order given: the seats may not be enough for all."""
    book = await _book(call, call.scope.timeslot)
    outcomes = []
    for registration_id in dict.fromkeys(call.body.ids):
        registration = await book.registration(registration_id)
        try:
            if registration is None:
                raise Problem(rules.NOT_FOUND)
            await _decide(call, book, registration, call.body)
            outcomes.append(Outcome(id=registration_id, status=registration.status))
        except Problem as problem:
            outcomes.append(
                Outcome(
                    id=registration_id,
                    status=registration.status if registration else None,
                    code=problem.refusal.code,
                    message=problem.detail,
                )
            )
    call.facts_changed(book.slot.id)
    return Outcomes(items=outcomes)


async def order_presenters(call: Call[Order]) -> RegistrationList:
    """M18: saved at once, with no mail."""
    book = await _book(call, call.scope.timeslot)
    found = await call.db.scalars(
        select(Registration)
        .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
        .where(
            Registration.timeslot_id == book.slot.id,
            SeatKind.part == Part.PRESENTER,
            Registration.status.in_(HOLDS_A_PLACE),
        )
        .execution_options(populate_existing=True)
    )
    presenters = {row.id: row for row in found}
    wanted = ranked(list(presenters), call.body.ids)
    if wanted is None:
        raise Problem(rules.QUEUE_CHANGED)
    for place, registration_id in enumerate(wanted, 1):
        presenters[registration_id].talk_order = place
    for registration in presenters.values():
        book.note(
            registration,
            "presenters.order",
            registration.status,
            registration.status,
            order=registration.talk_order,
        )
    book.slot.sequence += 1
    await call.db.flush()
    return RegistrationList(items=[await _shown(call, book, presenters[one]) for one in wanted])


async def order_waitlist(call: Call[Order]) -> RegistrationList:
    book = await _book(call, call.scope.timeslot)
    seat = book.seat(call.scope.seat.id)
    if seat is None:
        raise Problem(rules.NO_SUCH_SEAT)
    wanted = ranked(await book.queue(seat), call.body.ids)
    if wanted is None:
        raise Problem(rules.QUEUE_CHANGED)
    await book.reorder(seat, wanted)
    registrations = [await _found(book, one) for one in wanted]
    for registration in registrations:
        book.note(
            registration, "waitlist.order", registration.status, registration.status,
            rank=registration.queue_rank,
        )  # fmt: skip
    return RegistrationList(items=[await _shown(call, book, one) for one in registrations])


async def _decide(call: Call[Any], book: Book, registration: Registration, decision: Decision) -> None:
    if registration.status is not Status.PENDING:
        raise Problem(rules.NOT_PENDING)
    seat = _seat(book, registration.seat_kind_id)
    registration.message = decision.message
    if not decision.approve:
        reason = {"reason": decision.message} if decision.message else {}
        await book.move(registration, Status.DECLINED, mail=Mail.DECLINED, context=reason)
        return
    if not may_assign(call.scope.subject.effective_roles, seat.role):
        raise Problem(rules.SEAT_TOO_HIGH)
    kind = await book.kind(seat)
    if has_room(kind):
        await book.move(registration, Status.REGISTERED, action="registration.approve", mail=Mail.APPROVED)
    elif seat.waitlist is not WaitlistMode.OFF:
        await book.move(registration, Status.WAITLISTED, action="registration.approve", mail=Mail.WAITLISTED)
    else:
        raise Problem(rules.FULL)


async def _move_seat(call: Call[Any], book: Book, registration: Registration, seat_id: str) -> None:
    """M23. Who has a place gets one: the new seat must be free. Who waits or asks does so for that."""
    seat = _seat(book, seat_id)
    if seat.id == registration.seat_kind_id:
        return
    if not may_assign(call.scope.subject.effective_roles, seat.role):
        raise Problem(rules.SEAT_TOO_HIGH)
    status = registration.status
    if status in rules.MAY_COME_BACK:
        raise Problem(rules.WRONG_MOVE)
    if status in rules.TAKES_A_SEAT and not has_room(await book.kind(seat)):
        raise Problem(rules.FULL, field="seatKindId")
    accepted = Status.REGISTERED if status is Status.OFFERED else status
    await book.move(
        registration,
        accepted,
        seat=seat,
        action="registration.move",
        mail=Mail.ROLE_CHANGED,
        context={"role": seat.role},
    )
    book.slot.sequence += 1
    await book.settle()


async def _set_status(call: Call[Any], book: Book, registration: Registration, status: Status) -> None:
    """M22: no mail. Whoever gets a place this way needs a free seat like everybody else."""
    if registration.status is status:
        return
    if status is Status.CANCELLED:
        if registration.status in rules.MAY_COME_BACK:
            raise Problem(rules.WRONG_MOVE)
        await release(book, registration, by_staff=True, mail=False)
        return
    seated = registration.status in rules.TAKES_A_SEAT
    seat = _seat(book, registration.seat_kind_id)
    if not seated and not may_assign(call.scope.subject.effective_roles, seat.role):
        raise Problem(rules.SEAT_TOO_HIGH)
    if not seated and not has_room(await book.kind(seat)):
        raise Problem(rules.FULL)
    try:
        if not seated or registration.status is Status.OFFERED:
            await book.move(registration, Status.REGISTERED, action="registration.status")
            registration.removed = False
        if registration.status is not status:
            await book.move(registration, status)
    except WrongMove as error:
        raise Problem(rules.WRONG_MOVE) from error


async def _book(call: Call[Any], slot: Timeslot) -> Book:
    book = await open_book(call.db, call.scope.session, slot, call.now, call.me.id)
    await book.settle()
    return book


async def _found(book: Book, registration_id: str) -> Registration:
    registration = await book.registration(registration_id)
    if registration is None:
        raise Problem(rules.NOT_FOUND)
    return registration


def _seat(book: Book, seat_id: str) -> SeatKind:
    seat = book.seat(seat_id)
    if seat is None:
        raise Problem(rules.NO_SUCH_SEAT, field="seatKindId")
    return seat


async def _shown(call: Call[Any], book: Book, registration: Registration) -> RegistrationInfo:
    await call.db.flush()
    return await staff_view(call, registration, _seat(book, registration.seat_kind_id))
