"""Registering for a timeslot, answering an offer, giving a place up."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.tables import Account
from server.call import Call
from server.db.base import new_id
from server.fields import Body, Line, Prose
from server.mail.tables import Kind as Mail
from server.problems import VALIDATION, Problem
from server.registrations import rules
from server.registrations.book import Book, open_book
from server.registrations.invitations import redeem, redeemable
from server.registrations.payment import PROVIDERS
from server.registrations.promotion import arrival
from server.registrations.tables import Invitation, Registration, Status
from server.rooms.tables import Presence, RoomParticipant
from server.sessions.conditions import Conditions, check
from server.sessions.load import people_in, queue_positions
from server.sessions.scope import NO_SUCH_TIMESLOT
from server.sessions.tables import Condition, SeatKind, Timeslot
from server.sessions.views import registration_info, seats
from server.sessions.wire import RegistrationInfo
from server.site.rules import is_premium, read_site
from signalling.permissions import may_remove

Word = Annotated[str, Field(max_length=40)]


class Answers(Body):
    """M20: a presenter tells about the talk, a guest about interests. All optional."""

    talk_title: Line | None = None
    talk_description: Prose | None = None
    topics: Prose | None = None
    questions: Prose | None = None


class NewRegistration(Body):
    """``waitlist``: take a place in the queue when the seats are taken. ``responses`` go by the ids of the
    session's questions, ``consents`` and ``declarations`` name what is agreed to. ``invitation`` is a token.
    """

    seat_kind_id: Annotated[str, Field(max_length=32)] | None = None
    answers: Answers = Answers()
    responses: Annotated[dict[Word, Any], Field(max_length=30)] = Field(default_factory=dict)
    consents: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    declarations: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    invitation: Annotated[str, Field(max_length=100)] | None = None
    waitlist: bool = False


class OfferAnswer(Body):
    accept: bool


async def register(call: Call[NewRegistration]) -> RegistrationInfo:
    """One serialised decision per timeslot. The same Idempotency-Key gets the same registration again."""
    if call.scope.hidden and not call.body.invitation:
        raise Problem(NO_SUCH_TIMESLOT)
    key = _idempotency_key(call)
    book = await open_book(call.db, call.scope.session, call.scope.timeslot, call.now, call.me.id)
    mine = await book.of(call.me.id)
    if mine and key and mine.idempotency_key == key and mine.status not in rules.MAY_COME_BACK:
        return await _mine(call, book, mine)
    await book.settle()
    invitation = await redeemable(call, call.body.invitation, mine) if call.body.invitation else None
    seat = await _seat(call, book, mine, invitation)
    warnings = await _check_conditions(call, book, seat)
    asks = (seat.approval or book.session.join_condition is Condition.ASK) and invitation is None
    status = arrival(await book.kind(seat), ask=asks, may_wait=call.body.waitlist)
    if status is None:
        raise Problem(rules.FULL, field="seatKindId" if call.body.seat_kind_id else None)
    registration = _fill_in(call, mine, seat, key)
    if invitation:
        await redeem(call, invitation, registration)
    await book.move(registration, status, mail=_LETTERS[status])
    call.facts_changed(book.slot.id)
    return await _mine(call, book, registration, warnings)


_LETTERS = {
    Status.REGISTERED: Mail.CONFIRMED,
    Status.PENDING: Mail.REQUESTED,
    Status.WAITLISTED: Mail.WAITLISTED,
}


async def show_registration(call: Call[None]) -> RegistrationInfo:
    registration = call.scope.registration
    seat = next(kind for kind in call.scope.timeslot.seat_kinds if kind.id == registration.seat_kind_id)
    return await staff_view(call, registration, seat)


async def answer_offer(call: Call[OfferAnswer]) -> RegistrationInfo:
    """One's own offer alone. What came too late is with somebody else already."""
    book = await open_book(call.db, call.scope.session, call.scope.timeslot, call.now, call.me.id)
    await book.settle()
    registration = await book.registration(call.scope.registration.id)
    if (
        registration is None
        or registration.status is not Status.OFFERED
        or not call.scope.is_own_registration
        or not book.serves
    ):
        await call.db.commit()  # an offer that has just lapsed, and who moved up, stays
        call.facts_changed(book.slot.id)
        raise Problem(rules.NO_OFFER)
    if call.body.accept:
        await book.move(registration, Status.REGISTERED, action="registration.accept", mail=Mail.CONFIRMED)
    else:
        await book.move(registration, Status.DECLINED, action="registration.refuse")
        await book.settle()
    call.facts_changed(book.slot.id)
    return await _mine(call, book, registration)


async def change_answers(call: Call[Answers]) -> RegistrationInfo:
    """What a presenter tells about the talk, or a guest asks (M20): all of it anew, by them or by staff."""
    book = await open_book(call.db, call.scope.session, call.scope.timeslot, call.now, call.me.id)
    registration = await book.registration(call.scope.registration.id)
    if registration is None or registration.status in rules.MAY_COME_BACK:
        raise Problem(rules.NOT_FOUND)
    if not call.scope.is_own_registration:
        await require_rank(call, registration)
    registration.answers = _told(call.body)
    registration.updated_at = call.now
    book.note(registration, "registration.answers", registration.status, registration.status)
    seat = book.seat(registration.seat_kind_id)
    assert seat is not None, "a registration is for a seat of its timeslot"  # noqa: S101
    return await staff_view(call, registration, seat)


def _told(answers: Answers) -> dict[str, Any]:
    return answers.model_dump(by_alias=True, exclude_none=True)


async def cancel_registration(call: Call[None]) -> None:
    """One's own until the deadline, or by staff who stand above that person. What is cancelled already stays
    so.
    """
    book = await open_book(call.db, call.scope.session, call.scope.timeslot, call.now, call.me.id)
    registration = await book.registration(call.scope.registration.id)
    if registration is None or registration.status in rules.MAY_COME_BACK:
        return
    own = call.scope.is_own_registration
    if own:
        _require_in_time(call, registration, book.slot)
    else:
        await require_rank(call, registration)
    await release(book, registration, by_staff=not own)
    call.facts_changed(book.slot.id)


async def release(book: Book, registration: Registration, *, by_staff: bool, mail: bool = True) -> None:
    """Takes a place away and lets the next move up."""
    held = registration.status in rules.HAS_A_PLACE
    if registration.payment and held:
        provider = PROVIDERS[registration.payment["provider"]]
        registration.payment = provider.give_back(registration.payment, book.now)
    registration.removed = by_staff
    await book.move(
        registration,
        Status.CANCELLED,
        mail=Mail.REGISTRATION_CANCELLED if mail else None,
        context={"by_staff": True} if by_staff else None,
    )
    await book.settle()


async def require_rank(call: Call[Any], registration: Registration) -> None:
    """Staff decide about those below them, and about themselves."""
    if registration.account_id == call.me.id:
        return
    people = await people_in(call.db, [call.scope.session], registration.account_id, call.now)
    target = people[call.scope.session.id].subject(registration.timeslot_id)
    if not may_remove(call.scope.subject, target):
        raise Problem(rules.RANK)


async def staff_view(call: Call[Any], registration: Registration, seat: SeatKind) -> RegistrationInfo:
    """With the address, unless it is one's own."""
    account = await call.db.get_one(Account, registration.account_id)
    positions = await queue_positions(call.db, [registration])
    own = registration.account_id == call.me.id
    return registration_info(
        registration,
        seat,
        account.name,
        None if own else account.email,
        position=positions.get(registration.id),
    )


def _require_in_time(call: Call[Any], registration: Registration, slot: Timeslot) -> None:
    if not rules.may_cancel(registration.status, slot.registration_cancel_by, call.now):
        raise Problem(rules.TOO_LATE)


async def _seat(
    call: Call[NewRegistration], book: Book, mine: Registration | None, invitation: Invitation | None
) -> SeatKind:
    """The seat that this person may ask for. Raises the refusal."""
    state = await book.occupancy()
    refused = rules.cannot_register(
        state.standing(book.session, book.slot),
        mine.status if mine else None,
        call.now,
        book.session.join_condition,
        invited=invitation is not None,
    )
    if refused:
        raise Problem(refused)
    part = invitation.part if invitation else None
    chosen = rules.choose_seat(seats(book.slot, state), call.body.seat_kind_id, part)
    seat = book.seat(chosen.id) if chosen else None
    if seat is None:
        raise Problem(rules.NO_SUCH_SEAT, field="seatKindId" if call.body.seat_kind_id else None)
    await _require_premium(call, seat)
    return seat


async def _require_premium(call: Call[NewRegistration], seat: SeatKind) -> None:
    if is_premium(call.me, call.now) or not rules.premium_needed(seat.part, host=True, present=True):
        return  # whatever the site's settings say
    members = call.services.settings.members_create_sessions
    site = await read_site(call.db, members_create_sessions=members)
    if rules.premium_needed(seat.part, host=site.premium_host, present=site.premium_present):
        raise Problem(
            rules.PREMIUM,
            f"This seat is for {site.premium_label} members.",
            field="seatKindId" if call.body.seat_kind_id else None,
        )


async def _check_conditions(call: Call[NewRegistration], book: Book, seat: SeatKind) -> list[str]:
    """Raises for what is missing; returns what is only to be said."""
    conditions = Conditions.model_validate(book.session.conditions or {})
    needed = [entry.session_id for entry in conditions.prerequisites if entry.session_id]
    found = check(
        conditions,
        seat.part,
        responses=call.body.responses,
        consents=call.body.consents,
        declarations=call.body.declarations,
        completed=await _completed(call.db, call.me.id, needed) if needed else (),
    )
    if found.errors:
        errors = [{"field": name, "message": message} for name, message in found.errors]
        raise Problem(VALIDATION, errors[0]["message"], field=errors[0]["field"], errors=errors)
    if found.blocked:
        raise Problem(rules.PREREQUISITE, f"Before you can register: {'; '.join(found.blocked)}")
    return found.warnings


async def _completed(db: AsyncSession, account_id: str, session_ids: list[str]) -> set[str]:
    """Of these sessions those that somebody attended: marked so, or seen in the room."""
    marked = await db.scalars(
        select(Timeslot.session_id)
        .join(Registration, Registration.timeslot_id == Timeslot.id)
        .where(
            Registration.account_id == account_id,
            Registration.status == Status.ATTENDED,
            Timeslot.session_id.in_(session_ids),
        )
    )
    seen = await db.scalars(
        select(Timeslot.session_id)
        .join(RoomParticipant, RoomParticipant.timeslot_id == Timeslot.id)
        .join(Presence, Presence.participant_id == RoomParticipant.id)
        .where(RoomParticipant.account_id == account_id, Timeslot.session_id.in_(session_ids))
    )
    return {*marked, *seen}


def _fill_in(
    call: Call[NewRegistration], mine: Registration | None, seat: SeatKind, key: str | None
) -> Registration:
    """A new registration, or the one that was given up, taken up again."""
    body = call.body
    registration = mine or Registration(
        id=new_id(), timeslot_id=call.scope.timeslot.id, account_id=call.me.id, created_at=call.now
    )
    registration.seat_kind_id = seat.id
    registration.answers = _told(body.answers)
    registration.responses, registration.consents = body.responses, sorted(set(body.consents))
    registration.idempotency_key, registration.message = key, None
    registration.removed = False
    registration.queue_rank = registration.talk_order = None
    price = Conditions.model_validate(call.scope.session.conditions or {}).price
    registration.payment = (
        PROVIDERS[price.provider].begin(price, call.scope.timeslot.starts_at) if price else None
    )
    return registration


async def _mine(
    call: Call[Any], book: Book, registration: Registration, warnings: list[str] | None = None
) -> RegistrationInfo:
    await call.db.flush()
    seat = book.seat(registration.seat_kind_id)
    assert seat is not None, "a registration is for a seat of its timeslot"  # noqa: S101
    positions = await queue_positions(call.db, [registration])
    return registration_info(
        registration, seat, call.me.name, position=positions.get(registration.id), warnings=warnings or ()
    )


def _idempotency_key(call: Call[Any]) -> str | None:
    key: str = call.request.headers.get("Idempotency-Key", "")
    if len(key) > 200 or not (key.isascii() and key.isprintable()):
        detail = "Idempotency-Key: expected at most 200 printable ASCII characters."
        raise Problem(VALIDATION, detail, field="Idempotency-Key")
    return key or None
