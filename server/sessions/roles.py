"""Who has which role in a session, over REST: list, give, take. Nobody gives a role above their reach (S63,
note j).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from server import outbox
from server.accounts.rules import email_key
from server.accounts.tables import Account
from server.call import Call
from server.db.base import new_id
from server.db.engine import seat_lock
from server.problems import Problem
from server.sessions.audit import record
from server.sessions.rules import ALREADY_EXPIRED, NO_SUCH_ACCOUNT, NO_SUCH_ROLE, ROLE_EXISTS, ROLE_TOO_HIGH
from server.sessions.scope import NO_SUCH_TIMESLOT
from server.sessions.tables import Publication, RoleAssignment
from server.sessions.wire import NewRole, RoleInfo, RoleList
from signalling.permissions import Role, may_assign


async def list_roles(call: Call[None]) -> RoleList:
    rows = await call.db.execute(
        select(RoleAssignment, Account)
        .join(Account, Account.id == RoleAssignment.account_id)
        .where(
            RoleAssignment.session_id == call.scope.session.id,
            or_(RoleAssignment.expires_at.is_(None), RoleAssignment.expires_at > call.now),
        )
        .order_by(RoleAssignment.granted_at)
    )
    return RoleList(items=[_info(assignment, account) for assignment, account in rows])


async def assign_role(call: Call[NewRole]) -> RoleInfo:
    session, role = call.scope.session, call.body.role
    _require_reach(call, role)
    await seat_lock(call.db, session.id)  # or two requests at once would both find that it is not held
    account = await call.db.scalar(select(Account).where(Account.email_key == email_key(call.body.email)))
    if account is None:
        raise Problem(NO_SUCH_ACCOUNT, field="email")
    slot_id, expires_at = call.body.timeslot_id, call.body.expires_at
    if slot_id is not None and slot_id not in {slot.id for slot in session.timeslots}:
        raise Problem(NO_SUCH_TIMESLOT, field="timeslotId")
    if expires_at is not None and expires_at <= call.now:
        raise Problem(ALREADY_EXPIRED, field="expiresAt")
    held = await call.db.scalar(
        select(RoleAssignment).where(
            RoleAssignment.session_id == session.id,
            RoleAssignment.timeslot_id == slot_id,
            RoleAssignment.account_id == account.id,
            RoleAssignment.role == role,
        )
    )
    if held is not None and (held.expires_at is None or held.expires_at > call.now):
        raise Problem(ROLE_EXISTS)
    if held is not None:  # it ran out, and gives way to the new one
        await call.db.delete(held)
        await call.db.flush()
    assignment = RoleAssignment(
        id=new_id(),
        session_id=session.id,
        timeslot_id=slot_id,
        account_id=account.id,
        role=role,
        granted_by=call.me.id,
        granted_at=call.now,
        expires_at=expires_at,
    )
    call.db.add(assignment)
    _changed(call, "role.assign", account.id, role)
    where = {"timeslot_id": slot_id} if slot_id else {}
    await _tell(call, account.id, assignment.id, {"role": role, **where})
    return _info(assignment, account)


async def remove_role(call: Call[None]) -> None:
    assignment = await call.db.get(RoleAssignment, call.request.match_info["assignment_id"])
    if assignment is None or assignment.session_id != call.scope.session.id:
        raise Problem(NO_SUCH_ROLE)
    _require_reach(call, assignment.role)
    _require_rank(call, assignment)
    await call.db.delete(assignment)
    _changed(call, "role.remove", assignment.account_id, assignment.role)
    await _tell(call, assignment.account_id, assignment.id, {"role": assignment.role, "taken": True})


def _require_reach(call: Call[NewRole] | Call[None], role: Role) -> None:
    if not may_assign(call.scope.subject.effective_roles, role):
        raise Problem(ROLE_TOO_HIGH)


def _require_rank(call: Call[None], assignment: RoleAssignment) -> None:
    """Of two of equal rank neither takes the other's role; the owner stands above, and one may always step
    back.
    """
    subject = call.scope.subject
    if subject.owner or assignment.account_id == call.me.id:
        return
    if assignment.role.rank >= max(role.rank for role in subject.effective_roles):
        raise Problem(ROLE_TOO_HIGH)


def _changed(call: Call[NewRole] | Call[None], action: str, account_id: str, role: Role) -> None:
    session = call.scope.session
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action=action,
        session_id=session.id,
        target=account_id,
        after={"role": role},
    )
    call.facts_changed(*(slot.id for slot in session.timeslots))


async def _tell(
    call: Call[NewRole] | Call[None], account_id: str, assignment_id: str, context: dict[str, Any]
) -> None:
    """M23, for published sessions, and not to whoever does it to themselves."""
    session = call.scope.session
    if account_id == call.me.id or session.publication is not Publication.PUBLISHED:
        return
    await outbox.put(
        call.db,
        outbox.Kind.ROLE_CHANGED,
        recipient=account_id,
        context={"session_id": session.id, **context},
        dedupe_key=f"role:{assignment_id}:{'taken' if context.get('taken') else 'given'}",
        at=call.now,
    )


def _info(assignment: RoleAssignment, account: Account) -> RoleInfo:
    return RoleInfo(
        id=assignment.id,
        name=account.name,
        email=account.email,
        role=assignment.role,
        timeslot_id=assignment.timeslot_id,
        expires_at=assignment.expires_at,
    )
