"""The book of a timeslot on real databases: generated histories, a query after each step, and crowds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from server.accounts.tables import Account
from server.db.base import new_id
from server.db.engine import Database
from server.db.migrate import migrate
from server.registrations.book import Book, open_book
from server.registrations.promotion import arrival
from server.registrations.rules import MAY_COME_BACK, TAKES_A_SEAT
from server.registrations.tables import Registration, RegistrationChange, Status
from server.sessions.load import WITH_TIMESLOTS
from server.sessions.tables import Publication, SeatKind, Session, Timeslot
from signalling.permissions import Role, SessionType
from tests.server.test_promotion import histories

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
PEOPLE = 12


async def plan(database: Database, people: int, seats: int) -> tuple[str, str, list[str]]:
    """A published session with one kind of seat; the ids of timeslot and seat kind, and of accounts."""
    accounts = [new_id() for _ in range(people)]
    seat = SeatKind(id=new_id(), part="guest", name="Guest", role=Role.PARTICIPANT, maximum=seats)
    slot = Timeslot(
        id=new_id(),
        slug=new_id(),
        starts_at=NOW + timedelta(days=20),
        duration_min=60,
        timezone="Europe/Paris",
        seat_kinds=[seat],
    )
    async with database.writing() as db:
        db.add_all(
            Account(id=one, email=one, email_key=one, name=one, password_hash="", created_at=NOW)
            for one in accounts
        )
        await db.flush()
        db.add(
            Session(
                type=SessionType.TRAINING,
                title="A session",
                publication=Publication.PUBLISHED,
                created_by=accounts[0],
                created_at=NOW,
                updated_at=NOW,
                timeslots=[slot],
            )
        )
        await db.commit()
    return slot.id, seat.id, accounts


async def in_book(
    database: Database, slot_id: str, now: datetime, work: Callable[[Book], Coroutine[Any, Any, None]]
) -> None:
    """One transaction, as a request is one."""
    async with database.writing() as db:
        session = await db.scalar(
            select(Session).join(Timeslot).where(Timeslot.id == slot_id).options(WITH_TIMESLOTS)
        )
        assert session is not None
        book = await open_book(db, session, session.timeslots[0], now, None)
        await book.settle()
        await work(book)
        await book.settle()
        await db.commit()


async def join(book: Book, account_id: str) -> None:
    mine = await book.of(account_id)
    if mine is not None and mine.status not in MAY_COME_BACK:
        return
    [seat] = book.slot.seat_kinds
    status = arrival(await book.kind(seat), ask=False, may_wait=True)
    assert status is not None
    registration = mine or Registration(
        id=new_id(), timeslot_id=book.slot.id, account_id=account_id, created_at=book.now
    )
    registration.seat_kind_id = seat.id
    await book.move(registration, status)


async def leave(book: Book, account_id: str) -> None:
    mine = await book.of(account_id)
    if mine is not None and mine.status not in MAY_COME_BACK:
        await book.move(mine, Status.CANCELLED)


async def answer(book: Book, account_id: str, accept: bool) -> None:
    mine = await book.of(account_id)
    if mine is not None and mine.status is Status.OFFERED:
        await book.move(mine, Status.REGISTERED if accept else Status.DECLINED)


async def check(database: Database, slot_id: str) -> None:
    """The invariants, asked of the database itself."""
    async with database.reading() as db:
        [seat] = await db.scalars(select(SeatKind).where(SeatKind.timeslot_id == slot_id))
        rows = list(await db.scalars(select(Registration).where(Registration.timeslot_id == slot_id)))
        twice = await db.execute(
            select(Registration.account_id)
            .where(Registration.timeslot_id == slot_id)
            .group_by(Registration.account_id)
            .having(func.count() > 1)
        )
        changes = await db.execute(
            select(RegistrationChange.registration_id, RegistrationChange.after)
            .join(Registration, Registration.id == RegistrationChange.registration_id)
            .where(Registration.timeslot_id == slot_id)
        )
        history = changes.all()
    taken = [row for row in rows if row.status in TAKES_A_SEAT]
    waiting = [row for row in rows if row.status is Status.WAITLISTED]
    assert seat.maximum is not None
    assert len(taken) <= seat.maximum
    assert not waiting or len(taken) == seat.maximum
    assert len({row.queue_rank for row in waiting}) == len(waiting)
    assert None not in {row.queue_rank for row in waiting}
    assert twice.all() == []
    assert all((row.offer_expires_at is not None) == (row.status is Status.OFFERED) for row in rows)
    for row in rows:
        own = [after for registration_id, after in history if registration_id == row.id]
        assert own.count(Status.OFFERED) <= own.count(Status.WAITLISTED), "offered once for each wait"


async def standing(database: Database, slot_id: str) -> list[tuple[str, Status]]:
    """Everybody's status, those who wait in the order of the queue."""
    async with database.reading() as db:
        rows = await db.execute(
            select(Registration.id, Registration.status)
            .where(Registration.timeslot_id == slot_id)
            .order_by(Registration.queue_rank, Registration.created_at)
        )
        return [(registration_id, status) for registration_id, status in rows]


class Histories(RuleBasedStateMachine):
    """Each history is a timeslot of its own in one database."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.runner, self.database, self.now = runner, database, NOW
        self.slot_id, self.seat_id, self.accounts = runner.run(plan(database, PEOPLE, 2))

    def act(self, work: Callable[[Book], Coroutine[Any, Any, None]]) -> None:
        before = self.runner.run(standing(self.database, self.slot_id))
        self.runner.run(in_book(self.database, self.slot_id, self.now, work))
        after = dict(self.runner.run(standing(self.database, self.slot_id)))
        queue = [one for one, status in before if status is Status.WAITLISTED]
        moved = [queue.index(one) for one in queue if after[one] is Status.OFFERED]
        left = [queue.index(one) for one in queue if after[one] is Status.WAITLISTED]
        assert not moved or not left or max(moved) < min(left), "offered in order"

    @rule(who=st.integers(0, PEOPLE - 1))
    def join(self, who: int) -> None:
        self.act(lambda book: join(book, self.accounts[who]))

    @rule(who=st.integers(0, PEOPLE - 1))
    def leave(self, who: int) -> None:
        self.act(lambda book: leave(book, self.accounts[who]))

    @rule(who=st.integers(0, PEOPLE - 1), accept=st.booleans())
    def answer(self, who: int, accept: bool) -> None:
        self.act(lambda book: answer(book, self.accounts[who], accept))

    @rule(hours=st.integers(1, 48))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.act(self.nothing)

    @rule(seats=st.integers(1, 4))
    def resize(self, seats: int) -> None:
        async def work(book: Book) -> None:
            [seat] = book.slot.seat_kinds
            if (await book.kind(seat)).taken <= seats:
                seat.maximum = seats
                await book.db.flush()

        self.act(work)

    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        seed = data.draw(st.integers(0, 1000))

        async def work(book: Book) -> None:
            [seat] = book.slot.seat_kinds
            queue = await book.queue(seat)
            random.Random(seed).shuffle(queue)
            await book.reorder(seat, queue)
            assert await book.queue(seat) == queue

        self.act(work)

    async def nothing(self, book: Book) -> None:
        return

    @invariant()
    def holds(self) -> None:
        self.runner.run(check(self.database, self.slot_id))


@pytest.mark.slow
def test_generated_histories_leave_the_database_in_order(database_url: str) -> None:
    with asyncio.Runner() as runner:
        database = Database(database_url)
        try:
            runner.run(migrate(database))
            run_state_machine_as_test(
                lambda: Histories(runner, database),  # type: ignore[arg-type]
                settings=histories(15),
            )
        finally:
            runner.run(database.close())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_many_at_once_from_two_sides_leave_it_in_order(
    empty_tables: Database, database_url: str, seed: int
) -> None:
    slot_id, _, accounts = await plan(empty_tables, 40, 5)
    sides = (empty_tables, Database(database_url))
    chance = random.Random(seed)

    async def one(number: int) -> None:
        who, what = chance.choice(accounts), chance.randrange(5)

        async def work(book: Book) -> None:
            if what < 3:
                await join(book, who)
            elif what == 3:
                await leave(book, who)
            else:
                await answer(book, who, accept=chance.random() < 0.7)

        await in_book(sides[number % 2], slot_id, NOW + timedelta(minutes=number), work)

    try:
        await asyncio.gather(*(one(number) for number in range(150)))
        await check(empty_tables, slot_id)
        async with empty_tables.reading() as db:
            rows = list(await db.scalars(select(Registration.status)))
        assert sum(status in TAKES_A_SEAT for status in rows) == 5
        assert Status.WAITLISTED in rows
    finally:
        await sides[1].close()
