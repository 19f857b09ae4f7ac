"""Invitations (S35): personal or shared tokens that open a session. Only a hash is kept.

A token is shown once, when it is made; a personal one goes out by mail.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator
from sqlalchemy import or_, select, update

from server import outbox
from server.accounts.handlers import Email
from server.accounts.rules import email_key, new_secret, secret_hash
from server.call import Call
from server.db.base import new_id
from server.fields import Answer, Body, Instant, Line, WireTime
from server.mail.tables import Kind as Mail
from server.problems import Problem, Refusal
from server.registrations.tables import Invitation, Registration
from server.sessions.audit import record
from server.sessions.handlers import describe
from server.sessions.load import WITH_TIMESLOTS
from server.sessions.rules import ROLE_EXISTS, ROLE_TOO_HIGH
from server.sessions.tables import Publication, RoleAssignment, Session
from server.sessions.wire import SessionDetail
from signalling.permissions import Role, SessionType, may_assign

NO_SUCH_INVITATION = Refusal(404, "invitation.not_found", "This invitation does not exist, or not any more.")
EXPIRED = Refusal(410, "invitation.expired", "This invitation has expired.")
USED = Refusal(410, "invitation.used", "This invitation has been used up.")
NOT_YOURS = Refusal(403, "invitation.not_yours", "This invitation was sent to somebody else.")
REMOVED = Refusal(403, "invitation.removed", "You were removed; this invitation does not let you in again.")
NO_SUCH_SLOT = Refusal(422, "invitation.timeslot_not_found", "This session has no such timeslot.")
NO_SUCH_PART = Refusal(422, "invitation.part_not_found", "This session has no seat of this kind.")
NO_ROLE = Refusal(409, "invitation.no_role", "This invitation is for a seat. Register with it.")

Token = Annotated[str, Field(min_length=1, max_length=100)]


class NewInvitation(Body):
    """With ``email`` for one person, who gets it by mail; without it for up to ``max_uses`` people. It opens
    the seats of a ``part``, or gives a ``role``, or neither: then any seat that is free to take.
    """

    email: Email | None = None
    part: Annotated[str, Field(max_length=32)] | None = None
    role: Role | None = None
    timeslot_id: Annotated[str, Field(max_length=32)] | None = None
    max_uses: Annotated[int, Field(ge=1, le=10_000)] | None = None
    expires_at: Instant | None = None
    note: Line = ""

    @model_validator(mode="after")
    def _one_thing(self) -> NewInvitation:
        if self.part and self.role:
            raise ValueError("role: an invitation carries a seat or a role, not both")
        if self.email and self.max_uses not in (None, 1):
            raise ValueError("maxUses: a personal invitation is used once")
        return self


class InvitationInfo(Answer):
    id: str
    email: str | None
    part: str | None
    role: Role | None
    timeslot_id: str | None
    max_uses: int | None
    uses: int
    note: str
    expires_at: WireTime | None
    revoked_at: WireTime | None
    created_at: WireTime


class InvitationWithToken(InvitationInfo):
    token: str


class InvitationList(Answer):
    items: list[InvitationInfo]


class TokenBody(Body):
    token: Token


class InvitationCard(Answer):
    """What an invitation opens, for whoever holds it; they see the session also where it is private."""

    session_id: str
    title: str
    type: SessionType
    starts_at: WireTime | None
    timezone: str | None
    timeslot_id: str | None
    part: str | None
    role: Role | None
    expires_at: WireTime | None
    session: SessionDetail


async def list_invitations(call: Call[None]) -> InvitationList:
    rows = await call.db.scalars(
        select(Invitation)
        .where(Invitation.session_id == call.scope.session.id)
        .order_by(Invitation.created_at, Invitation.id)
    )
    return InvitationList(items=[InvitationInfo(**_fields(row)) for row in rows])


async def create_invitation(call: Call[NewInvitation]) -> InvitationWithToken:
    """Nobody invites to more than they may give themselves."""
    body, session = call.body, call.scope.session
    slots = [slot for slot in session.timeslots if body.timeslot_id in (None, slot.id)]
    kinds = [kind for slot in slots for kind in slot.seat_kinds if kind.part == body.part]
    if body.timeslot_id and not slots:
        raise Problem(NO_SUCH_SLOT, field="timeslotId")
    if body.part and not kinds:
        raise Problem(NO_SUCH_PART, field="part")
    carried = {kind.role for kind in kinds} | ({body.role} if body.role else set())
    if not all(may_assign(call.scope.subject.effective_roles, role) for role in carried):
        raise Problem(ROLE_TOO_HIGH, field="role" if body.role else "part")
    token = new_secret()
    row = Invitation(
        id=new_id(),
        session_id=session.id,
        timeslot_id=body.timeslot_id,
        token_hash=secret_hash(token),
        part=body.part,
        role=body.role,
        email=body.email,
        max_uses=1 if body.email else body.max_uses,
        uses=0,
        note=body.note,
        expires_at=body.expires_at,
        created_by=call.me.id,
        created_at=call.now,
    )
    call.db.add(row)
    _note(call, "invitation.create", row)
    if body.email:
        await _send(call, row, token, body.email, next(iter(carried), Role.PARTICIPANT))
    return InvitationWithToken(**_fields(row), token=token)


async def revoke_invitation(call: Call[None]) -> None:
    row = await call.db.get(Invitation, call.request.match_info["invitation_id"])
    if row is None or row.session_id != call.scope.session.id:
        raise Problem(NO_SUCH_INVITATION)
    if row.revoked_at is None:
        row.revoked_at = call.now
        _note(call, "invitation.revoke", row)


async def open_invitation(call: Call[TokenBody]) -> InvitationCard:
    """What the token is for; also for strangers, who then know whether signing up is worth it."""
    invitation = await _by_token(call, call.body.token)
    session = await _session(call, invitation)
    slots = [slot for slot in session.timeslots if invitation.timeslot_id in (None, slot.id)]
    slot = next((slot for slot in slots if slot.ends_at > call.now), slots[0])
    return InvitationCard(
        session_id=session.id,
        title=session.title,
        type=session.type,
        starts_at=slot.starts_at,
        timezone=slot.timezone,
        timeslot_id=invitation.timeslot_id,
        part=invitation.part,
        role=invitation.role,
        expires_at=invitation.expires_at,
        session=await describe(call, session.id),
    )


async def accept_role(call: Call[TokenBody]) -> None:
    """Takes up the role that an invitation carries. A seat is taken up by registering."""
    invitation = await _by_token(call, call.body.token)
    _require_addressee(call, invitation)
    if invitation.role is None:
        raise Problem(NO_ROLE)
    session = await _session(call, invitation)
    held = await call.db.scalar(
        select(RoleAssignment.id).where(
            RoleAssignment.session_id == session.id,
            RoleAssignment.timeslot_id.is_not_distinct_from(invitation.timeslot_id),
            RoleAssignment.account_id == call.me.id,
            RoleAssignment.role == invitation.role,
        )
    )
    if held is not None:
        raise Problem(ROLE_EXISTS)
    await _count(call, invitation)
    call.db.add(
        RoleAssignment(
            session_id=session.id,
            timeslot_id=invitation.timeslot_id,
            account_id=call.me.id,
            role=invitation.role,
            granted_by=invitation.created_by,
            granted_at=call.now,
        )
    )
    _note(call, "invitation.accept", invitation)
    call.facts_changed(*(slot.id for slot in session.timeslots))


async def redeemable(call: Call[Any], token: str, mine: Registration | None) -> Invitation:
    """The invitation behind a token, if this person may register with it here. Raises the refusal."""
    invitation = await _by_token(call, token, again=mine)
    _require_addressee(call, invitation)
    here = invitation.timeslot_id in (None, call.scope.timeslot.id)
    if invitation.session_id != call.scope.session.id or not here or invitation.role is not None:
        raise Problem(NO_SUCH_INVITATION)
    if mine is not None and mine.removed and mine.invitation_id == invitation.id:
        raise Problem(REMOVED)
    return invitation


async def redeem(call: Call[Any], invitation: Invitation, registration: Registration) -> None:
    """Counts the use, once per registration."""
    if registration.invitation_id != invitation.id:
        await _count(call, invitation)
        registration.invitation_id = invitation.id


async def _count(call: Call[Any], invitation: Invitation) -> None:
    """In one statement: two timeslots decide at the same time."""
    counted = await call.db.execute(
        update(Invitation)
        .where(
            Invitation.id == invitation.id,
            or_(Invitation.max_uses.is_(None), Invitation.uses < Invitation.max_uses),
        )
        .values(uses=Invitation.uses + 1)
        .returning(Invitation.id)
    )
    if counted.first() is None:
        raise Problem(USED)


async def _by_token(call: Call[Any], token: str, again: Registration | None = None) -> Invitation:
    """``again``: a registration that has used it before does not use it up."""
    found: Invitation | None = await call.db.scalar(
        select(Invitation).where(Invitation.token_hash == secret_hash(token))
    )
    if found is None or found.revoked_at is not None:
        raise Problem(NO_SUCH_INVITATION)
    if found.expires_at is not None and found.expires_at <= call.now:
        raise Problem(EXPIRED)
    counted = again is not None and again.invitation_id == found.id
    if found.max_uses is not None and found.uses >= found.max_uses and not counted:
        raise Problem(USED)
    return found


def _require_addressee(call: Call[Any], invitation: Invitation) -> None:
    if invitation.email and email_key(invitation.email) != call.me.email_key:
        raise Problem(NOT_YOURS)


async def _session(call: Call[Any], invitation: Invitation) -> Session:
    session: Session | None = await call.db.scalar(
        select(Session).where(Session.id == invitation.session_id).options(WITH_TIMESLOTS)
    )
    if session is None or session.publication is not Publication.PUBLISHED:
        raise Problem(NO_SUCH_INVITATION)
    return session


async def _send(call: Call[Any], row: Invitation, token: str, email: str, role: Role) -> None:
    context: dict[str, Any] = {
        "session_id": row.session_id,
        "role": role,
        "token": token,
        "inviter": call.me.name,
        "note": row.note,
    }
    if row.timeslot_id:
        context["timeslot_id"] = row.timeslot_id
    if row.expires_at:
        context["expires_at"] = row.expires_at.isoformat()
    await outbox.put(
        call.db,
        Mail.INVITATION,
        recipient=outbox.Address(email),
        context=context,
        dedupe_key=f"invitation:{row.id}",
        at=call.now,
    )


def _note(call: Call[Any], action: str, row: Invitation) -> None:
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action=action,
        session_id=row.session_id,
        timeslot_id=row.timeslot_id,
        target=row.id,
        after={"part": row.part, "role": row.role, "personal": row.email is not None},
    )


def _fields(row: Invitation) -> dict[str, Any]:
    return {name: getattr(row, name) for name in InvitationInfo.model_fields}
