"""What one person may or may not do in a session whatever their roles say, and why that is so (S64)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from sqlalchemy import select

from server.accounts.handlers import Email
from server.accounts.rules import email_key
from server.accounts.tables import Account
from server.call import Call
from server.db.base import new_id
from server.fields import Answer, Body, Line, WireTime
from server.problems import Problem, Refusal
from server.sessions.audit import record
from server.sessions.load import Person, people_in
from server.sessions.rules import NO_SUCH_ACCOUNT
from server.sessions.scope import NO_SUCH_TIMESLOT
from server.sessions.tables import Effect, GrantOverride
from signalling.messages import Permit
from signalling.permissions import Permission, Role, allowed, may_remove, permit_all

NO_SUCH_OVERRIDE = Refusal(404, "override.not_found", "There is no such exception.")
NOT_TO_GIVE = Refusal(403, "override.not_to_give", "You cannot give what you do not have.")
NOT_TO_TAKE = Refusal(403, "override.rank", "You may not take this from someone of your own rank or above.")
EXISTS = Refusal(409, "override.exists", "There is such an exception already.")

_NEVER_GIVEN = frozenset({Permission.SESSION_TRANSFER, Permission.POLL_VIEW_VOTES})
Id = Annotated[str, Field(min_length=1, max_length=32)]


class NewOverride(Body):
    """For the person by account or address; in one timeslot, or in all."""

    account_id: Id | None = None
    email: Email | None = None
    permission: Permission
    effect: Effect
    reason: Line = ""
    timeslot_id: Id | None = None

    @model_validator(mode="after")
    def _one_person(self) -> NewOverride:
        if (self.account_id is None) == (self.email is None):
            raise ValueError("accountId: name the person by this or by email")
        return self


class OverrideInfo(Answer):
    id: str
    account_id: str
    name: str
    permission: Permission
    effect: Effect
    reason: str
    timeslot_id: str | None
    created_at: WireTime


class OverrideList(Answer):
    items: list[OverrideInfo]


class HeldRole(Answer):
    """``source``: owner, assigned or seat."""

    role: Role
    source: str
    timeslot_id: str | None


class ExplainQuery(Body):
    timeslot_id: Id | None = None


class Explained(Answer):
    """Every permission as it stands for one person, and what it rests on: roles add up, a deny wins."""

    account_id: str
    name: str
    roles: list[HeldRole]
    overrides: list[OverrideInfo]
    permissions: dict[Permission, Permit]


async def list_overrides(call: Call[None]) -> OverrideList:
    rows = await call.db.execute(
        select(GrantOverride, Account)
        .join(Account, Account.id == GrantOverride.account_id)
        .where(GrantOverride.session_id == call.scope.session.id)
        .order_by(GrantOverride.created_at, GrantOverride.id)
    )
    return OverrideList(items=[_info(row, account) for row, account in rows])


async def add_override(call: Call[NewOverride]) -> OverrideInfo:
    body, session = call.body, call.scope.session
    account = await _account(call)
    if body.timeslot_id and body.timeslot_id not in {slot.id for slot in session.timeslots}:
        raise Problem(NO_SUCH_TIMESLOT, field="timeslotId")
    await _require_reach(call, account.id, body.permission, body.effect)
    held = await call.db.scalar(
        select(GrantOverride.id).where(
            GrantOverride.session_id == session.id,
            GrantOverride.account_id == account.id,
            GrantOverride.permission == body.permission,
            GrantOverride.effect == body.effect,
            GrantOverride.timeslot_id.is_not_distinct_from(body.timeslot_id),
        )
    )
    if held is not None:
        raise Problem(EXISTS)
    row = GrantOverride(
        id=new_id(),
        session_id=session.id,
        timeslot_id=body.timeslot_id,
        account_id=account.id,
        permission=body.permission,
        effect=body.effect,
        reason=body.reason,
        created_by=call.me.id,
        created_at=call.now,
    )
    call.db.add(row)
    _changed(call, "override.add", row)
    return _info(row, account)


async def remove_override(call: Call[None]) -> None:
    row = await call.db.get(GrantOverride, call.request.match_info["override_id"])
    if row is None or row.session_id != call.scope.session.id:
        raise Problem(NO_SUCH_OVERRIDE)
    await _require_reach(call, row.account_id, row.permission, row.effect)
    await call.db.delete(row)
    _changed(call, "override.remove", row)


async def explain_person(call: Call[None]) -> Explained:
    """One's own, or for staff anybody's who belongs to the session."""
    account_id, session = call.request.match_info["account_id"], call.scope.session
    if account_id != call.me.id:
        call.scope.require(Permission.REGISTRATIONS_VIEW)
    account = await call.db.get(Account, account_id)
    person = (await people_in(call.db, [session], account_id, call.now))[session.id]
    known = person.belongs or bool(person.overrides) or account_id == call.me.id
    if account is None or not known:
        raise Problem(NO_SUCH_ACCOUNT, "This person has no part in this session.")
    timeslot_id = call.query.timeslot_id
    decisions = permit_all(person.subject(timeslot_id), call.scope.policy)
    return Explained(
        account_id=account.id,
        name=account.name,
        roles=_held(person, timeslot_id),
        overrides=[_info(row, account) for row in person.overrides if row.timeslot_id in (None, timeslot_id)],
        permissions={
            permission: Permit(
                allowed=decision.allowed,
                rule=decision.rule,
                message=decision.message,
                lifted_by=list(decision.lifted_by),
            )
            for permission, decision in decisions.items()
        },
    )


def _held(person: Person, timeslot_id: str | None) -> list[HeldRole]:
    roles = [HeldRole(role=Role.ORGANISER, source="owner", timeslot_id=None)] if person.owner else []
    roles += [
        HeldRole(role=role, source="assigned", timeslot_id=slot)
        for slot, role in person.assigned
        if timeslot_id is None or slot in (None, timeslot_id)
    ]
    roles += [
        HeldRole(role=kind.role, source="seat", timeslot_id=slot)
        for slot, (_, kind) in person.places.items()
        if person.has_seat(slot) and timeslot_id in (None, slot)
    ]
    return roles


async def _require_reach(
    call: Call[NewOverride] | Call[None], account_id: str, what: Permission, how: Effect
) -> None:
    """A grant takes having it; a deny takes being an organiser, and standing above that person."""
    session = call.scope.session
    if how is Effect.ALLOW:
        if what in _NEVER_GIVEN or not allowed(call.scope.subject, what, call.scope.policy):
            raise Problem(NOT_TO_GIVE)
        return
    call.scope.require(Permission.ROLE_ASSIGN)
    target = (await people_in(call.db, [session], account_id, call.now))[session.id].subject(None)
    if not may_remove(call.scope.subject, target):
        raise Problem(NOT_TO_TAKE)


async def _account(call: Call[NewOverride]) -> Account:
    if call.body.account_id:
        found = await call.db.get(Account, call.body.account_id)
    else:
        key = email_key(call.body.email or "")
        found = await call.db.scalar(select(Account).where(Account.email_key == key))
    if found is None:
        raise Problem(NO_SUCH_ACCOUNT, field="accountId" if call.body.account_id else "email")
    return found


def _changed(call: Call[NewOverride] | Call[None], action: str, row: GrantOverride) -> None:
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action=action,
        session_id=row.session_id,
        timeslot_id=row.timeslot_id,
        target=row.account_id,
        after={"permission": row.permission, "effect": row.effect, "reason": row.reason},
    )
    call.facts_changed(*(slot.id for slot in call.scope.session.timeslots))


def _info(row: GrantOverride, account: Account) -> OverrideInfo:
    return OverrideInfo(
        id=row.id,
        account_id=account.id,
        name=account.name,
        permission=row.permission,
        effect=row.effect,
        reason=row.reason,
        timeslot_id=row.timeslot_id,
        created_at=row.created_at,
    )
