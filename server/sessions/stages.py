"""The rest of a session's life over REST: closing and reopening registration, what cancelling would do, the
archive.
"""

from __future__ import annotations

from typing import Any

from server.call import Call
from server.fields import Answer
from server.problems import Problem, Refusal
from server.registrations.book import open_book
from server.registrations.notices import audience
from server.sessions.handlers import describe, publish_session
from server.sessions.rules import NOT_PUBLISHED
from server.sessions.tables import Publication, RegistrationState
from server.sessions.versions import edited, lock_session
from server.sessions.wire import SessionDetail

NOT_OVER = Refusal(409, "session.not_over", "Cancel the session first, or wait until it is over.")


class CancellingPreview(Answer):
    """How many mails would go out, which cannot be recalled (M9)."""

    mails: int
    timeslots: int


async def preview_cancelling(call: Call[None]) -> CancellingPreview:
    session = call.scope.session
    ids = [slot.id for slot in session.timeslots if slot.cancelled_at is None and call.now < slot.ends_at]
    published = session.publication is Publication.PUBLISHED
    return CancellingPreview(mails=await audience(call.db, ids) if published else 0, timeslots=len(ids))


async def close_session(call: Call[None]) -> SessionDetail:
    """Open to closed (M8): nobody registers any more; who waits still moves up."""
    session = await lock_session(call, *call.scope.session.timeslots)
    if session.publication is not Publication.PUBLISHED:
        raise Problem(NOT_PUBLISHED)
    await _set_registration(call, RegistrationState.CLOSED, "session.close")
    return await describe(call, session.id)


async def reopen_session(call: Call[None]) -> SessionDetail:
    """Closed or cancelled to open (M8). Full opens by itself, when a seat is freed (M11)."""
    session = await lock_session(call, *call.scope.session.timeslots)
    if session.publication is Publication.DRAFT:
        raise Problem(NOT_PUBLISHED)
    if session.publication is not Publication.PUBLISHED:
        await publish_session(call)
    await _set_registration(call, RegistrationState.OPEN, "session.reopen")
    return await describe(call, session.id)


async def archive_session(call: Call[None]) -> SessionDetail:
    """Out of every list but the organiser's own. What is still to come is cancelled first."""
    session = await lock_session(call, *call.scope.session.timeslots)
    live = session.publication is Publication.PUBLISHED and any(
        slot.cancelled_at is None and call.now < slot.ends_at for slot in session.timeslots
    )
    if live:
        raise Problem(NOT_OVER)
    if session.publication is not Publication.ARCHIVED:
        before = session.publication
        session.publication = Publication.ARCHIVED
        edited(
            call,
            "session.archive",
            before={"publication": before},
            after={"publication": Publication.ARCHIVED},
        )
    return await describe(call, session.id)


async def _set_registration(call: Call[Any], state: RegistrationState, action: str) -> None:
    session = call.scope.session
    changed = [slot for slot in session.timeslots if slot.registration_state is not state]
    for slot in changed:
        slot.registration_state = state
    if changed:
        edited(call, action, after={"registration": state})
        await call.db.flush()
        for slot in changed:
            await (await open_book(call.db, session, slot, call.now, call.me.id)).settle()
