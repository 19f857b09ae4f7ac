"""Edits name the version that they change, so that nobody's words are lost (M4)."""

from __future__ import annotations

from typing import Any

from server.call import Call
from server.db.engine import seat_lock
from server.problems import Problem
from server.sessions.audit import record
from server.sessions.rules import VERSION_CONFLICT, VERSION_REQUIRED, parse_version
from server.sessions.tables import Session, Timeslot


async def begin_edit(call: Call[Any], *slots: Timeslot) -> Session:
    """The session, for an edit of the version in If-Match that touches these timeslots. Raises 428 without a
    version, and 412 with the current one when somebody else was quicker.
    """
    version = parse_version(call.request.headers.get("If-Match"))
    if version is None:
        raise Problem(VERSION_REQUIRED)
    session = await lock_session(call, *slots)
    if version != session.version:
        raise Problem(VERSION_CONFLICT, version=session.version)
    return session


async def lock_session(call: Call[Any], *slots: Timeslot) -> Session:
    """The locks in an order that everybody takes them in: timeslots by id, then the session."""
    session = call.scope.session
    for slot_id in sorted(slot.id for slot in slots):
        await seat_lock(call.db, slot_id)
    await call.db.refresh(session, ["version", "publication"], with_for_update=True)
    return session


def edited(call: Call[Any], action: str, **more: Any) -> None:
    """Counts the version up and notes what was done."""
    session = call.scope.session
    session.version += 1
    session.updated_at = call.now
    record(call.db, at=call.now, actor=call.me.id, action=action, session_id=session.id, **more)
