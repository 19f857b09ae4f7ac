"""The live room's ledger (signalling/ledger.py) on our database. Accounts go in, participant ids come out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.tables import Account
from server.db.base import new_id
from server.db.engine import Database, seat_lock
from server.rooms.records import end_run, start_run
from server.rooms.tables import LiveRun, Presence, RoomChatMessage, RoomParticipant, RunState
from server.sessions.audit import record
from server.sessions.load import people_in, policy_of
from server.sessions.tables import Publication, Session, Timeslot
from signalling.ledger import Admission, LedgerUnavailable, RoomFacts
from signalling.messages import ChatMessage

_PATIENCE = 10.0  # seconds; a room does not wait longer for the database


class DatabaseLedger:
    """Implements `signalling.ledger.Ledger`. ``clock`` gives the seconds since the epoch."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def room(self, timeslot_id: str) -> RoomFacts | None:
        async with self._transaction(write=False) as db:
            slot, session = await _published(db, timeslot_id)
            if slot is None or session is None:
                return None
            runs = list(await db.scalars(select(LiveRun).where(LiveRun.timeslot_id == timeslot_id)))
            started = next((run.started_at for run in runs if run.state is RunState.LIVE), None)
            return RoomFacts(
                timeslot_id=slot.id,
                session_id=session.id,
                slug=slot.slug,
                title=session.title,
                session_type=session.type,
                starts_at=slot.starts_at.timestamp(),
                ends_at=slot.ends_at.timestamp(),
                policy=policy_of(session),
                ended=bool(runs) and started is None,
                run_started_at=started.timestamp() if started else None,
            )

    async def admission(self, timeslot_id: str, identity: str) -> Admission | None:
        async with self._transaction(write=False) as db:
            slot, session = await _published(db, timeslot_id)
            account = await db.get(Account, identity)
            if slot is None or session is None or account is None:
                return None
            person = (await people_in(db, [session], identity, _moment(self._clock())))[session.id]
            participant_id = await _participant_id(db, timeslot_id, identity)
        subject = person.subject(timeslot_id)
        if not subject.effective_roles:
            return None
        return Admission(
            participant_id=participant_id or await self._new_participant(timeslot_id, identity),
            name=account.name,
            roles=frozenset(subject.effective_roles),
            confirmed=subject.confirmed,
            overrides=subject.overrides,
        )

    async def run_started(self, timeslot_id: str, *, at: float, host: str | None) -> None:
        async with self._transaction() as db:
            if await start_run(db, timeslot_id, at=_moment(at), host=host):
                await _audit(db, timeslot_id, actor=host, action="session.start", at=at)

    async def run_ended(self, timeslot_id: str, *, at: float, by: str | None, reason: str) -> None:
        async with self._transaction() as db:
            if await end_run(db, timeslot_id, at=_moment(at), by=by, reason=reason):
                await _audit(db, timeslot_id, actor=by, action="session.end", at=at, target=reason)

    async def joined(self, timeslot_id: str, participant_id: str, connection_id: str, *, at: float) -> None:
        async with self._transaction() as db:
            db.add(
                Presence(
                    timeslot_id=timeslot_id,
                    participant_id=participant_id,
                    connection_id=connection_id,
                    joined_at=_moment(at),
                )
            )

    async def left(self, timeslot_id: str, connection_id: str, *, at: float, reason: str) -> None:
        async with self._transaction() as db:
            await db.execute(
                update(Presence)
                .where(
                    Presence.timeslot_id == timeslot_id,
                    Presence.connection_id == connection_id,
                    Presence.left_at.is_(None),
                )
                .values(left_at=_moment(at), reason=reason)
            )

    async def chat_posted(self, timeslot_id: str, message: ChatMessage) -> None:
        async with self._transaction() as db:
            db.add(
                RoomChatMessage(
                    id=message.id,
                    timeslot_id=timeslot_id,
                    seq=message.seq,
                    participant_id=message.participant_id,
                    author_name=message.author_name,
                    text=message.text,
                    at=_moment(message.at),
                )
            )

    async def chat_before(self, timeslot_id: str, before: int, limit: int) -> list[ChatMessage]:
        async with self._transaction(write=False) as db:
            rows = await db.scalars(
                select(RoomChatMessage)
                .where(RoomChatMessage.timeslot_id == timeslot_id, RoomChatMessage.seq < before)
                .order_by(RoomChatMessage.seq.desc())
                .limit(limit)
            )
            return [_chat_message(row) for row in reversed(list(rows))]

    async def audit(
        self, timeslot_id: str, *, actor: str | None, action: str, target: str | None, at: float
    ) -> None:
        async with self._transaction() as db:
            await _audit(db, timeslot_id, actor=actor, action=action, target=target, at=at)

    async def _new_participant(self, timeslot_id: str, account_id: str) -> str:
        async with self._transaction() as db:
            await seat_lock(db, timeslot_id)
            found = await _participant_id(db, timeslot_id, account_id)
            if found:
                return found
            row = RoomParticipant(id=new_id(), timeslot_id=timeslot_id, account_id=account_id)
            db.add(row)
            return row.id

    @asynccontextmanager
    async def _transaction(self, *, write: bool = True) -> AsyncIterator[AsyncSession]:
        """Commits at the end. Whatever the database has against it is `LedgerUnavailable` to the room."""
        open_session = self._database.writing if write else self._database.reading
        try:
            async with asyncio.timeout(_PATIENCE), open_session() as db:
                yield db
                await db.commit()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise LedgerUnavailable(str(error)) from error


async def _published(db: AsyncSession, timeslot_id: str) -> tuple[Timeslot | None, Session | None]:
    slot = await db.get(Timeslot, timeslot_id)
    if slot is None or slot.cancelled_at is not None:
        return None, None
    session = await db.get(Session, slot.session_id)
    if session is None or session.publication is not Publication.PUBLISHED:
        return None, None
    return slot, session


async def _participant_id(db: AsyncSession, timeslot_id: str, account_id: str) -> str | None:
    found: str | None = await db.scalar(
        select(RoomParticipant.id).where(
            RoomParticipant.timeslot_id == timeslot_id, RoomParticipant.account_id == account_id
        )
    )
    return found


async def _audit(
    db: AsyncSession,
    timeslot_id: str,
    *,
    actor: str | None,
    action: str,
    at: float,
    target: str | None = None,
) -> None:
    session_id = await db.scalar(select(Timeslot.session_id).where(Timeslot.id == timeslot_id))
    record(
        db,
        at=_moment(at),
        actor=actor,
        action=action,
        session_id=session_id,
        timeslot_id=timeslot_id,
        target=target,
    )


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _chat_message(row: RoomChatMessage) -> ChatMessage:
    return ChatMessage(
        id=row.id,
        seq=row.seq,
        participant_id=row.participant_id,
        author_name=row.author_name,
        text=row.text,
        at=row.at.timestamp(),
    )
