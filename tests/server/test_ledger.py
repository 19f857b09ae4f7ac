"""What the live room reads and writes, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from server.accounts.passwords import Passwords
from server.accounts.tables import Account
from server.db.engine import Database
from server.demo import WELCOME, address, prepare
from server.ledger import DatabaseLedger
from server.registrations.tables import Registration, Status
from server.rooms import jobs as rooms
from server.rooms.records import recover
from server.rooms.tables import LiveRun, Presence, RunState
from server.sessions.tables import (
    AuditEvent,
    Effect,
    GrantOverride,
    Publication,
    RoleAssignment,
    Session,
    Timeslot,
)
from signalling.ledger import Ledger, LedgerUnavailable
from signalling.messages import ChatMessage
from signalling.permissions import Permission, Role

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
AT = NOW.timestamp()


class Book:
    """A ledger on a database with the demo in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger: Ledger = DatabaseLedger(database, lambda: AT)
        self.timeslot_id = ""
        self.session_id = ""
        self.ids: dict[str, str] = {}

    async def open(self) -> None:
        await prepare(self.database, Passwords(memory_kib=8, passes=1), NOW)
        async with self.database.reading() as db:
            slot = await db.scalar(select(Timeslot).where(Timeslot.slug == WELCOME))
            assert slot is not None
            self.timeslot_id, self.session_id = slot.id, slot.session_id
            for account in await db.scalars(select(Account)):
                self.ids[account.email.split("@")[0]] = account.id

    async def roles(self, name: str) -> set[Role] | None:
        admission = await self.ledger.admission(self.timeslot_id, self.ids[name])
        return set(admission.roles) if admission else None


@pytest_asyncio.fixture(loop_scope="session")
async def book(empty_tables: Database) -> AsyncIterator[Book]:
    opened = Book(empty_tables)
    await opened.open()
    yield opened


async def test_the_room_as_it_is_planned(book: Book) -> None:
    facts = await book.ledger.room(book.timeslot_id)
    assert facts is not None
    assert (facts.slug, facts.title, facts.session_type) == (WELCOME, "Welcome to Convene", "training")
    assert facts.ends_at - facts.starts_at == 4 * 3600
    assert facts.starts_at <= AT < facts.ends_at
    assert (facts.ended, facts.run_started_at) == (False, None)
    assert await book.ledger.room("none") is None


async def test_drafts_and_cancelled_sessions_have_no_room(book: Book) -> None:
    for publication in (Publication.DRAFT, Publication.CANCELLED):
        async with book.database.writing() as db:
            (await db.get_one(Session, book.session_id)).publication = publication
            await db.commit()
        assert await book.ledger.room(book.timeslot_id) is None
        assert await book.roles("organiser") is None


async def test_everybody_has_their_role_and_strangers_none(book: Book) -> None:
    assert await book.roles("organiser") == {Role.ORGANISER}
    assert await book.roles("facilitator") == {Role.FACILITATOR}
    assert await book.roles("cofacilitator") == {Role.CO_FACILITATOR}
    assert await book.roles("participant") == {Role.PARTICIPANT}
    assert await book.roles("observer") == {Role.OBSERVER}
    async with book.database.writing() as db:
        registration = await db.scalar(
            select(Registration).where(
                Registration.account_id == book.ids["participant"],
                Registration.timeslot_id == book.timeslot_id,
            )
        )
        assert registration is not None
        registration.status = Status.CANCELLED
        await db.commit()
    assert await book.roles("participant") is None
    assert await book.ledger.admission(book.timeslot_id, "nobody") is None


async def test_the_participant_id_stays_and_is_not_the_account(book: Book) -> None:
    first = await book.ledger.admission(book.timeslot_id, book.ids["participant"])
    again = await book.ledger.admission(book.timeslot_id, book.ids["participant"])
    other = await book.ledger.admission(book.timeslot_id, book.ids["participant2"])
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.participant_id == again.participant_id != other.participant_id
    assert first.participant_id not in book.ids.values()
    assert (first.name, first.confirmed) == ("Sofía Álvarez", True)


async def test_roles_add_up_expire_and_await_approval(book: Book) -> None:
    async with book.database.writing() as db:
        for role, expires in ((Role.FACILITATOR, timedelta(0)), (Role.CO_FACILITATOR, timedelta(seconds=1))):
            db.add(
                RoleAssignment(
                    session_id=book.session_id,
                    account_id=book.ids["participant"],
                    role=role,
                    granted_at=NOW,
                    expires_at=NOW + expires,
                )
            )
        registration = await db.scalar(
            select(Registration).where(
                Registration.account_id == book.ids["participant2"],
                Registration.timeslot_id == book.timeslot_id,
            )
        )
        assert registration is not None
        registration.status = Status.PENDING
        await db.commit()
    assert await book.roles("participant") == {Role.CO_FACILITATOR, Role.PARTICIPANT}
    waiting = await book.ledger.admission(book.timeslot_id, book.ids["participant2"])
    assert waiting is not None
    assert (set(waiting.roles), waiting.confirmed) == ({Role.PARTICIPANT}, False)


async def test_denies_and_grants_come_along(book: Book) -> None:
    async with book.database.writing() as db:
        for permission, effect in (
            (Permission.CHAT_SEND, Effect.DENY),
            (Permission.MEDIA_SHARE_SCREEN, Effect.ALLOW),
        ):
            db.add(
                GrantOverride(
                    session_id=book.session_id,
                    account_id=book.ids["participant"],
                    permission=permission,
                    effect=effect,
                    created_at=NOW,
                )
            )
        await db.commit()
    admission = await book.ledger.admission(book.timeslot_id, book.ids["participant"])
    assert admission is not None
    assert admission.overrides.denies == {Permission.CHAT_SEND}
    assert admission.overrides.grants == {Permission.MEDIA_SHARE_SCREEN}


async def test_one_run_at_a_time(book: Book) -> None:
    await book.ledger.run_started(book.timeslot_id, at=AT, host="p1")
    await book.ledger.run_started(book.timeslot_id, at=AT + 5, host="p2")
    facts = await book.ledger.room(book.timeslot_id)
    assert facts is not None
    assert (facts.ended, facts.run_started_at) == (False, AT)
    await book.ledger.run_ended(book.timeslot_id, at=AT + 60, by="p1", reason="host")
    await book.ledger.run_ended(book.timeslot_id, at=AT + 90, by=None, reason="organiser")
    facts = await book.ledger.room(book.timeslot_id)
    assert facts is not None
    assert facts.ended
    async with book.database.reading() as db:
        [run] = await db.scalars(select(LiveRun).where(LiveRun.timeslot_id == book.timeslot_id))
        actions = await db.scalars(
            select(AuditEvent.action)
            .where(AuditEvent.timeslot_id == book.timeslot_id)
            .order_by(AuditEvent.at)
        )
        assert (run.state, run.host, run.ended_by, run.end_reason) == (RunState.ENDED, "p1", "p1", "host")
        assert run.ended_at == NOW + timedelta(seconds=60)
        assert list(actions) == ["session.start", "session.end"]


async def test_stays_are_closed_once(book: Book) -> None:
    ledger = book.ledger
    await ledger.joined(book.timeslot_id, "p1", "c1", at=AT)
    await ledger.left(book.timeslot_id, "c1", at=AT + 10, reason="left")
    await ledger.left(book.timeslot_id, "c1", at=AT + 99, reason="lost")
    await ledger.joined(book.timeslot_id, "p1", "c2", at=AT + 20)
    await recover(book.database, NOW + timedelta(seconds=50))
    async with book.database.reading() as db:
        stays = await db.scalars(select(Presence).order_by(Presence.joined_at))
        assert [
            (stay.connection_id, stay.left_at and stay.left_at.timestamp() - AT, stay.reason)
            for stay in stays
        ] == [("c1", 10, "left"), ("c2", 50, "lost")]


async def test_the_chat_is_read_backwards_in_pages(book: Book) -> None:
    for seq in range(1, 8):
        message = ChatMessage(
            id=f"m{seq}",
            seq=seq,
            participant_id="p1",
            author_name="<b>A</b>",
            text=f"{seq} \U0001f44b",
            at=AT + seq,
        )
        await book.ledger.chat_posted(book.timeslot_id, message)
    page = await book.ledger.chat_before(book.timeslot_id, 6, 3)
    assert [message.seq for message in page] == [3, 4, 5]
    assert (page[0].text, page[0].author_name, page[0].at) == ("3 \U0001f44b", "<b>A</b>", AT + 3)
    assert await book.ledger.chat_before(book.timeslot_id, 1, 3) == []
    with pytest.raises(LedgerUnavailable):
        await book.ledger.chat_posted(book.timeslot_id, page[0])  # the same number twice


async def test_rooms_that_are_empty_end_when_their_time_is_over_or_their_patience(book: Book) -> None:
    [job] = rooms.JOBS

    async def due(hours: float) -> list[str]:
        async with book.database.reading() as db:
            return [found.subject for found in await job.due(db, NOW + timedelta(hours=hours))]

    await book.ledger.run_started(book.timeslot_id, at=AT, host=None)
    assert await due(0) == []
    assert await due(5) == [book.timeslot_id]
    async with book.database.writing() as db:
        (await db.get_one(Timeslot, book.timeslot_id)).auto_end_min = 15
        db.add(Presence(timeslot_id=book.timeslot_id, participant_id="p", connection_id="c", joined_at=NOW))
        await db.commit()
    assert await due(5) == []  # somebody is there
    async with book.database.writing() as db:
        await db.execute(update(Presence).values(left_at=NOW))
        await db.commit()
    assert await due(0.2) == []
    assert await due(0.25) == [book.timeslot_id]


async def test_a_broken_database_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    try:
        with pytest.raises(LedgerUnavailable):
            await DatabaseLedger(database, lambda: AT).room("any")
    finally:
        await database.close()


async def test_preparing_the_demo_again_moves_it_and_doubles_nothing(book: Book) -> None:
    await book.ledger.run_started(book.timeslot_id, at=AT, host=None)
    await book.ledger.run_ended(book.timeslot_id, at=AT, by=None, reason="host")
    later = NOW + timedelta(days=3)
    async with book.database.reading() as db:
        before = len(list(await db.scalars(select(Session.id))))
    await prepare(book.database, Passwords(memory_kib=8, passes=1), later)
    facts = await book.ledger.room(book.timeslot_id)
    assert facts is not None
    assert facts.starts_at <= later.timestamp() < facts.ends_at
    assert not facts.ended
    async with book.database.reading() as db:
        assert len(list(await db.scalars(select(Session.id)))) == before
        emails = list(await db.scalars(select(Account.email)))
    assert len(emails) == len(set(emails)) == 7
    assert address("participant3") in emails
