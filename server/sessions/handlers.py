"""Sessions over REST: list, show, create, edit, publish, cancel, end, delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.call import Call
from server.db.base import new_id
from server.problems import Problem
from server.registrations.book import open_book
from server.registrations.tables import Registration
from server.rooms.records import end_run
from server.sessions import editing
from server.sessions.audit import record
from server.sessions.lifecycle import follow_up, reinstate, tell_of_cancelling
from server.sessions.listed import ListedSession, ListedSlot
from server.sessions.load import WITH_TIMESLOTS, Person, names_of, occupancy, people_in, staff_of
from server.sessions.planning import new_seats, new_timeslot, stored_conditions, talks_of
from server.sessions.queries import Wanted, sessions_for
from server.sessions.rules import (
    CANNOT_DELETE,
    DEFAULT_ZONE,
    NOT_CONFIRMED,
    NOT_PUBLISHED,
    NOT_STARTED,
    PROGRAMME_FIELDS,
)
from server.sessions.scope import visible
from server.sessions.tables import Publication, Session, Timeslot
from server.sessions.versions import begin_edit, edited, lock_session
from server.sessions.views import Shown, Viewer, detail
from server.sessions.wire import (
    Cancellation,
    Deletion,
    NewSession,
    SessionChange,
    SessionDetail,
    SessionList,
    SessionQuery,
)
from signalling.permissions import Editing, Permission
from signalling.phases import Phase


async def list_sessions(call: Call[None]) -> SessionList:
    account_id = call.account.id if call.account else None
    query: SessionQuery = call.query
    wanted = Wanted(
        scope=query.scope,
        text=query.q,
        type=query.type,
        condition=query.condition,
        format=query.format,
        free=query.free,
        since=query.since,
        until=query.until,
        limit=query.limit,
        cursor=query.cursor,
    )
    sessions, state, following = await sessions_for(call.db, wanted, account_id, call.now)
    people = await people_in(call.db, sessions, account_id, call.now) if account_id else {}
    items = [  # "mine" may find drafts in which one has a role but no work to do
        call.services.cards.card(
            session,
            Shown(session, state, session.owner_name, call.services.rooms),
            Viewer(call.account, people.get(session.id), call.now),
            slot,
        )
        for session in sessions
        if visible(session, people.get(session.id))
        for slot in _entries(query, session, people.get(session.id))
    ]
    return SessionList(items=items, next=following)


def _entries(
    query: SessionQuery, session: ListedSession, person: Person | None
) -> Sequence[ListedSlot | None]:
    """The timeslots that a list shows of a session: one's own, or those of the days that are asked for. None
    is the one that stands for the session.
    """
    if query.scope == "mine":
        return [slot for slot in session.timeslots if person and person.registration(slot.id)] or [None]
    if not (query.since or query.until):
        return [None]
    return [
        slot
        for slot in session.timeslots
        if (query.since is None or query.since <= slot.starts_at)
        and (query.until is None or slot.starts_at < query.until)
    ]


async def show_session(call: Call[None]) -> SessionDetail:
    return await describe(call, call.scope.session.id)


async def describe(call: Call[Any], session_id: str) -> SessionDetail:
    """The session as the caller sees it, and its version as the ETag. Read anew: it may just have been
    changed.
    """
    await call.db.flush()
    session = await _read(call.db, session_id)
    person = None
    if call.account:
        person = (await people_in(call.db, [session], call.account.id, call.now))[session.id]
    state = await occupancy(call.db, [slot.id for slot in session.timeslots])
    names = await names_of(call.db, [session.owner_id])
    call.headers["ETag"] = f'"{session.version}"'
    return detail(
        session,
        Shown(session, state, names.get(session.owner_id or "", ""), call.services.rooms),
        Viewer(call.account, person, call.now),
        await staff_of(call.db, session, call.now),
    )


async def create_session(call: Call[NewSession]) -> SessionDetail:
    body = call.body
    session = Session(
        id=new_id(),
        owner_id=call.me.id,
        type=body.type,
        custom_type=body.custom_type,
        title=body.title,
        description=body.description,
        objectives=list(body.objectives),
        visibility=body.visibility,
        join_condition=body.join_condition,
        conditions=stored_conditions(body.conditions),
        talk_min=body.talks.talk_min if body.talks else None,
        qa_min=body.talks.qa_min if body.talks else None,
        created_by=call.me.id,
        created_at=call.now,
        updated_at=call.now,
        timeslots=[
            new_timeslot(
                body.timeslot,
                body.timeslot.timezone or call.me.timezone or DEFAULT_ZONE,
                new_seats(body.type, body.max_participants, talks_of(body)),
            )
        ],
    )
    call.db.add(session)
    record(call.db, at=call.now, actor=call.me.id, action="session.create", session_id=session.id)
    return await describe(call, session.id)


async def edit_session(call: Call[SessionChange]) -> SessionDetail:
    session = call.scope.session
    wanted = call.body.model_fields_set
    call.scope.require(
        Permission.SESSION_EDIT,
        editing=Editing.PROGRAMME if wanted <= PROGRAMME_FIELDS else Editing.SETTINGS,
    )
    slot = session.timeslots[0]
    await begin_edit(call, slot)
    book = await open_book(call.db, session, slot, call.now, call.me.id)
    before, after = editing.apply(session, slot, call.body, await occupancy(call.db, [slot.id]))
    if after:
        edited(call, "session.edit", before=before, after=after)
        await call.db.flush()
        await follow_up(book, before, after)
        call.facts_changed(*(slot.id for slot in session.timeslots))
    return await describe(call, session.id)


async def publish_session(call: Call[None]) -> SessionDetail:
    """From draft, or back from cancelled or archived (M8). Publishing twice changes nothing."""
    session = await lock_session(call, *call.scope.session.timeslots)
    if session.publication is not Publication.PUBLISHED:
        before = session.publication
        session.publication = Publication.PUBLISHED
        session.cancelled_at = session.cancelled_by = session.cancelled_reason = None
        _touched(session, call.now)
        _audit(
            call,
            session,
            "session.publish",
            before={"publication": before},
            after={"publication": session.publication},
        )
        await call.db.flush()
        if before is Publication.CANCELLED:
            await reinstate(call)
    return await describe(call, session.id)


async def cancel_session(call: Call[Cancellation]) -> SessionDetail:
    """Running rooms of the session end."""
    session = await lock_session(call, *call.scope.session.timeslots)
    if session.publication in (Publication.DRAFT, Publication.ARCHIVED):
        raise Problem(NOT_PUBLISHED)
    if session.publication is Publication.PUBLISHED:
        session.publication = Publication.CANCELLED
        session.cancelled_at, session.cancelled_by = call.now, call.me.id
        session.cancelled_reason = call.body.reason
        _touched(session, call.now)
        _audit(
            call,
            session,
            "session.cancel",
            before={"publication": Publication.PUBLISHED},
            after={"publication": session.publication, "reason": call.body.reason},
        )
        for slot in session.timeslots:
            end_room_afterwards(call, slot.id)
        await tell_of_cancelling(call)
    return await describe(call, session.id)


async def delete_session(call: Call[Deletion]) -> None:
    """A draft, what nobody registered for, or what was archived (M13). Where people have registered, the
    title is typed to confirm it.
    """
    session = await lock_session(call, *call.scope.session.timeslots)
    registrations = await call.db.scalar(
        select(func.count())
        .select_from(Registration)
        .join(Timeslot, Timeslot.id == Registration.timeslot_id)
        .where(Timeslot.session_id == session.id)
    )
    if registrations:
        if session.publication not in (Publication.DRAFT, Publication.ARCHIVED):
            raise Problem(CANNOT_DELETE)
        if (call.body.confirm or "").strip() != session.title:
            raise Problem(NOT_CONFIRMED, field="confirm")
    _audit(call, session, "session.delete", before={"title": session.title})
    for slot in session.timeslots:
        end_room_afterwards(call, slot.id)
    await call.db.delete(session)


async def end_timeslot(call: Call[None]) -> SessionDetail:
    """Ends the run; without one, notes that the timeslot is over. The room, if there is one, closes for
    everybody.
    """
    session, slot = call.scope.session, call.scope.timeslot
    if session.publication is not Publication.PUBLISHED:
        raise Problem(NOT_PUBLISHED)
    runs = (await occupancy(call.db, [slot.id])).runs[slot.id]
    if (
        not runs.live
        and call.services.rooms.phase(slot.id) not in (Phase.LOBBY, Phase.LIVE)
        and call.now < slot.starts_at
    ):
        raise Problem(NOT_STARTED)
    await end_run(call.db, slot.id, at=call.now, by=call.me.id, reason="organiser", make=not runs.ended)
    _audit(call, session, "session.end", timeslot_id=slot.id)
    await call.db.commit()
    await call.services.rooms.end_room(slot.id, by=None, reason="organiser")
    return await describe(call, session.id)


async def _read(db: AsyncSession, session_id: str) -> Session:
    found = await db.execute(
        select(Session)
        .where(Session.id == session_id)
        .options(WITH_TIMESLOTS)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one()


def _touched(session: Session, now: datetime) -> None:
    session.version += 1
    session.updated_at = now


def end_room_afterwards(call: Call[Any], timeslot_id: str) -> None:
    rooms = call.services.rooms
    call.after_commit(lambda: rooms.end_room(timeslot_id, by=None, reason="organiser"))


def _audit(call: Call[Any], session: Session, action: str, **more: Any) -> None:
    record(call.db, at=call.now, actor=call.me.id, action=action, session_id=session.id, **more)
