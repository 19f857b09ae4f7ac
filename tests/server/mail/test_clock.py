"""What happens by the clock happens once: after a restart, with two servers, when the clock goes back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.passwords import Passwords
from server.call import Services
from server.db.engine import Database
from server.limits import Limiter
from server.mail.reminders import JOBS
from server.mail.tables import Kind
from server.registrations.tables import Registration, Status
from server.scheduler.run import Due, Job, Scheduler, Work
from server.sessions.cards import Cards
from server.sessions.tables import Publication, Session, Timeslot
from server.settings import Settings
from server.turns import Turns
from signalling.hub import Hub
from signalling.tickets import Tickets
from tests.server.mail.people import NOW, START, Gathering, gather, mails

HOUR = timedelta(hours=1)


class Server:
    """As much of a server as the scheduler needs, with a clock that is set."""

    def __init__(self, database: Database, folder: Path, rooms: Hub | None = None) -> None:
        self.at = NOW
        self.services = Services(
            settings=Settings(data=folder),
            database=database,
            passwords=Passwords(memory_kib=8, passes=1),
            limiter=Limiter(),
            tickets=Tickets(b"0" * 32),
            rooms=rooms,  # type: ignore[arg-type]  # these jobs ask nothing of rooms
            cards=Cards(),
            turns=Turns(),
            clock=lambda: self.at.timestamp(),
        )

    async def look(self, at: datetime, jobs: Sequence[Job] = JOBS) -> None:
        self.at = at
        await Scheduler(self.services, jobs).look()


async def sent(database: Database) -> Counter[str]:
    return Counter(mail.kind.value for mail in await mails(database))


async def change(database: Database, gathering: Gathering, **values: object) -> None:
    async with database.writing() as db:
        slot = await db.get_one(Timeslot, gathering.timeslot_id)
        for name, value in values.items():
            setattr(slot, name, value)
        await db.commit()


async def test_reminders_a_day_and_an_hour_before(empty_tables: Database, tmp_path: Path) -> None:
    await gather(empty_tables, 2)
    server = Server(empty_tables, tmp_path)
    await server.look(START - timedelta(hours=24, seconds=1))
    assert await sent(empty_tables) == {}
    await server.look(START - timedelta(hours=24))
    assert await sent(empty_tables) == {Kind.REMINDER_DAY: 2}
    await server.look(START - timedelta(hours=23))
    await server.look(START - HOUR)
    await server.look(START)
    assert await sent(empty_tables) == {Kind.REMINDER_DAY: 2, Kind.REMINDER_HOUR: 2}
    last = (await mails(empty_tables))[-1]
    assert last.not_after == START


async def test_a_server_that_was_off_reminds_late_or_not_at_all(
    empty_tables: Database, tmp_path: Path
) -> None:
    await gather(empty_tables)
    await Server(empty_tables, tmp_path).look(START - timedelta(hours=2))
    assert await sent(empty_tables) == {}  # in an hour there is the other one
    await Server(empty_tables, tmp_path).look(START - timedelta(minutes=1))
    assert await sent(empty_tables) == {Kind.REMINDER_HOUR: 1}


async def test_a_clock_that_goes_back_repeats_nothing(empty_tables: Database, tmp_path: Path) -> None:
    await gather(empty_tables)
    for at in (START - 23 * HOUR, START - 30 * HOUR, START - 24 * HOUR, START - 23 * HOUR):
        await Server(empty_tables, tmp_path).look(at)  # a new one each time: it was restarted, too
    assert await sent(empty_tables) == {Kind.REMINDER_DAY: 1}


async def test_two_servers_do_it_once(empty_tables: Database, database_url: str, tmp_path: Path) -> None:
    for _ in range(5):
        await gather(empty_tables, 3)
    other = Database(database_url)
    try:
        servers = [Server(empty_tables, tmp_path), Server(other, tmp_path)]
        await asyncio.gather(*(server.look(START - HOUR) for server in servers))
    finally:
        await other.close()
    assert await sent(empty_tables) == {Kind.REMINDER_HOUR: 15}


async def test_what_is_moved_is_reminded_of_anew(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables)
    server = Server(empty_tables, tmp_path)
    await server.look(START - 24 * HOUR)
    await change(empty_tables, gathering, starts_at=START + 48 * HOUR)
    await server.look(START - 23 * HOUR)
    assert await sent(empty_tables) == {Kind.REMINDER_DAY: 1}
    await server.look(START + 24 * HOUR)
    assert await sent(empty_tables) == {Kind.REMINDER_DAY: 2}


@pytest.mark.parametrize("publication", [Publication.DRAFT, Publication.CANCELLED])
async def test_nobody_is_reminded_of_what_does_not_take_place(
    empty_tables: Database, tmp_path: Path, publication: Publication
) -> None:
    gathering = await gather(empty_tables)
    async with empty_tables.writing() as db:
        (await db.get_one(Session, gathering.session_id)).publication = publication
        await db.commit()
    await change(empty_tables, await gather(empty_tables), cancelled_at=NOW)
    await Server(empty_tables, tmp_path).look(START - HOUR)
    assert await sent(empty_tables) == {}


async def test_only_those_with_a_place_are_reminded(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 6)
    statuses = [
        Status.PENDING, Status.WAITLISTED, Status.OFFERED, Status.CANCELLED,
        Status.CONFIRMED, Status.REGISTERED,
    ]  # fmt: skip
    async with empty_tables.writing() as db:
        for guest, status in zip(gathering.guests, statuses, strict=True):
            (await db.get_one(Registration, guest.registration_id)).status = status
        await db.commit()
    await Server(empty_tables, tmp_path).look(START - HOUR)
    coming = {guest.account_id for guest in gathering.guests[4:]}
    assert {mail.account_id for mail in await mails(empty_tables)} == coming


async def test_what_fails_is_tried_again_and_stops_nobody_else(
    empty_tables: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []
    told: list[str] = []

    async def due(db: AsyncSession, now: datetime) -> list[Due]:
        return [Due("broken", NOW), Due("fine", NOW)]

    async def act(work: Work) -> None:
        async def tell() -> None:
            told.append(work.subject)

        work.after_commit(tell)
        if work.subject == "broken" and "broken" not in done:
            done.append("broken")
            raise RuntimeError("this time")
        done.append(work.subject)

    job = Job("sample", due, act)
    server = Server(empty_tables, tmp_path)
    await server.look(NOW, [job])
    assert (done, told) == (["broken", "fine"], ["fine"])
    assert "sample of broken failed" in caplog.text
    await server.look(NOW, [job])
    assert (done, told) == (["broken", "fine", "broken"], ["fine", "broken"])
    await server.look(NOW, [job])
    assert len(done) == 3
    await server.look(NOW, [replace(job, once=False)])
    assert len(done) == 5
