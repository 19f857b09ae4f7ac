"""Mail over REST: what was sent in a session, and messages to its participants (S52)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import select

from server import outbox
from server.accounts.tables import Account
from server.call import Call
from server.db.base import new_id
from server.fields import Answer, Body, Line, Prose, WireTime
from server.mail.audience import Choice, Member, audience
from server.mail.tables import Kind, Mail, MailState
from server.problems import Problem, Refusal
from server.registrations.tables import Status
from server.sessions.audit import record
from server.sessions.scope import NO_SUCH_TIMESLOT
from signalling.permissions import Role

NO_SUCH_MAIL = Refusal(404, "mail.not_found", "There is no such mail in this session.")
NOT_FAILED = Refusal(409, "mail.not_failed", "Only mail that could not be sent can be sent again.")
SECRET_GONE = Refusal(
    409, "mail.secret_gone", "The secret in this invitation is forgotten. Invite the person anew."
)
NOBODY = Refusal(409, "message.nobody", "There is nobody to write to.")

_PAGE = 50


class MailInfo(Answer):
    """``subject`` is there once the mail was written; ``error`` says why it was not sent, or not yet, and
    ``due_at`` when it is tried again.
    """

    id: int
    kind: Kind
    state: MailState
    name: str
    email: str | None
    subject: str | None
    attempts: int
    created_at: WireTime
    due_at: WireTime | None
    sent_at: WireTime | None
    error: str | None


class MailList(Answer):
    """Newest first; ``before`` for the next page, or null at the end."""

    items: list[MailInfo]
    before: int | None


class MailQuery(Body):
    state: MailState | None = None
    before: Annotated[int, Field(ge=1, le=2**62)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = _PAGE


class Audience(Body):
    """Everybody with a place and everybody with a role, or fewer: each of these restricts it further."""

    timeslot_id: Annotated[str, Field(max_length=32)] | None = None
    roles: Annotated[list[Role], Field(max_length=len(Role))] = Field(default_factory=list)
    statuses: Annotated[list[Status], Field(max_length=len(Status))] = Field(default_factory=list)


class NewMessage(Audience):
    subject: Annotated[Line, StringConstraints(min_length=1, max_length=200)]
    text: Annotated[Prose, StringConstraints(min_length=1)]


class Reach(Answer):
    """How many people a message reaches, or has been queued for."""

    count: int


async def list_mail(call: Call[None]) -> MailList:
    query: MailQuery = call.query
    wanted = (
        select(Mail, Account)
        .outerjoin(Account, Account.id == Mail.account_id)
        .where(Mail.session_id == call.scope.session.id)
        .order_by(Mail.id.desc())
        .limit(query.limit + 1)
    )
    if query.before:
        wanted = wanted.where(Mail.id < query.before)
    if query.state:
        wanted = wanted.where(Mail.state == query.state)
    rows = (await call.db.execute(wanted)).all()
    items = [_info(mail, account) for mail, account in rows[: query.limit]]
    return MailList(items=items, before=items[-1].id if len(rows) > query.limit else None)


async def resend_mail(call: Call[None]) -> MailInfo:
    """Tries a mail once more that was given up. It is written anew, with what holds now."""
    mail = await call.db.scalar(
        select(Mail).where(
            Mail.id == _number(call.request.match_info["mail_id"]),
            Mail.session_id == call.scope.session.id,
        )
    )
    if mail is None:
        raise Problem(NO_SUCH_MAIL)
    if mail.state is not MailState.FAILED:
        raise Problem(NOT_FAILED)
    if mail.kind is Kind.INVITATION:
        raise Problem(SECRET_GONE)
    mail.state, mail.error, mail.due_at, mail.attempts, mail.message = MailState.WAITING, None, None, 0, None
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action="mail.resend",
        session_id=call.scope.session.id,
        target=str(mail.id),
        after={"kind": mail.kind},
    )
    return _info(mail, await call.db.get(Account, mail.account_id) if mail.account_id else None)


def _number(text: str) -> int:
    """-1, which no mail has, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


async def preview_message(call: Call[Audience]) -> Reach:
    return Reach(count=len(await _members(call, call.body)))


async def send_message(call: Call[NewMessage]) -> Reach:
    """One mail each. The same Idempotency-Key does not send again."""
    session, body = call.scope.session, call.body
    members = await _members(call, body)
    if not members:
        raise Problem(NOBODY)
    key = call.request.headers.get("Idempotency-Key", "")[:100] or new_id()
    queued = [
        await _put(call, member, f"message:{session.id[:8]}:{call.me.id[:8]}:{key}") for member in members
    ]
    if any(queued):
        record(
            call.db,
            at=call.now,
            actor=call.me.id,
            action="message.send",
            session_id=session.id,
            timeslot_id=body.timeslot_id,
            after={"subject": body.subject, "count": len(members)},
        )
    return Reach(count=len(members))


async def _members(call: Call[Audience] | Call[NewMessage], wanted: Audience) -> list[Member]:
    session = call.scope.session
    if wanted.timeslot_id and wanted.timeslot_id not in {slot.id for slot in session.timeslots}:
        raise Problem(NO_SUCH_TIMESLOT, field="timeslotId")
    choice = Choice(wanted.timeslot_id, wanted.roles, wanted.statuses)
    return await audience(call.db, session.id, choice, but=call.me.id, now=call.now)


async def _put(call: Call[NewMessage], member: Member, occasion: str) -> bool:
    place = {"timeslot_id": member.timeslot_id, "registration_id": member.registration_id}
    return await outbox.put(
        call.db,
        Kind.MESSAGE,
        recipient=member.account_id,
        context={
            "session_id": call.scope.session.id,
            "sender": call.me.name,
            "subject": call.body.subject,
            "text": call.body.text,
            **{name: value for name, value in place.items() if value},
        },
        dedupe_key=f"{occasion}:{member.account_id}",
        at=call.now,
    )


def _info(mail: Mail, account: Account | None) -> MailInfo:
    return MailInfo(
        id=mail.id,
        kind=mail.kind,
        state=mail.state,
        name=account.name if account else mail.name,
        email=mail.email or (account.email if account else None),
        subject=mail.subject,
        attempts=mail.attempts,
        created_at=mail.created_at,
        due_at=mail.due_at,
        sent_at=mail.sent_at,
        error=mail.error,
    )
