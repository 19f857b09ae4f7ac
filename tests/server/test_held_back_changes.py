"""One letter for a burst of edits: what is held back, for how long, and when nothing is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.db.engine import Database
from server.mail.tables import Kind, Mail
from server.registrations.book import open_book
from server.registrations.jobs import JOBS
from server.registrations.notices import call_off
from server.registrations.tables import Registration
from server.sessions import changes
from server.sessions.lifecycle import follow_up
from server.sessions.load import WITH_TIMESLOTS
from server.sessions.tables import Session, Timeslot
from tests.server.mail.people import NOW, START, Gathering, gather, mails
from tests.server.mail.test_clock import Server

MINUTE = timedelta(minutes=1)


async def edit(database: Database, gathering: Gathering, at: datetime, **values: Any) -> None:
    """As one save of the editor."""
    async with database.writing() as db:
        session = await db.scalar(
            select(Session).where(Session.id == gathering.session_id).options(WITH_TIMESLOTS)
        )
        assert session is not None
        book = await open_book(db, session, session.timeslots[0], at, None)
        before = {name: plain(getattr(book.slot, name)) for name in values}
        for name, value in values.items():
            setattr(book.slot, name, value)
        after = {name: plain(value) for name, value in values.items()}
        await follow_up(book, before, after)
        await db.commit()


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


async def letters(database: Database) -> list[Mail]:
    return [mail for mail in await mails(database) if mail.kind is Kind.SESSION_CHANGED]


async def test_a_burst_of_edits_is_one_letter_ten_minutes_after_the_last(
    empty_tables: Database, tmp_path: Path
) -> None:
    gathering = await gather(empty_tables, 2)
    server = Server(empty_tables, tmp_path)
    address = "12 Rue"
    for step, letter in enumerate(" de Rivoli"):
        address += letter
        await edit(empty_tables, gathering, NOW + step * timedelta(seconds=1.5), location_address=address)
    last = NOW + 9 * timedelta(seconds=1.5)
    await edit(empty_tables, gathering, last, duration_min=90)
    await server.look(last + 10 * MINUTE - timedelta(seconds=1), JOBS)
    assert await letters(empty_tables) == []
    await server.look(last + 10 * MINUTE, JOBS)
    await server.look(last + 11 * MINUTE, JOBS)
    told = await letters(empty_tables)
    assert {mail.account_id for mail in told} == {guest.account_id for guest in gathering.guests}
    assert len(told) == 2
    assert told[0].context["changes"] == [
        {"what": "duration", "before": 60, "after": 90},
        {"what": "location", "before": None, "after": "12 Rue de Rivoli"},
    ]


async def test_a_change_that_is_taken_back_is_not_told(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 1)
    await edit(empty_tables, gathering, NOW, duration_min=90)
    await edit(empty_tables, gathering, NOW + MINUTE, duration_min=60)
    await Server(empty_tables, tmp_path).look(NOW + timedelta(hours=2), JOBS)
    assert await letters(empty_tables) == []


async def test_whoever_types_for_an_hour_does_not_hold_it_back_for_ever(
    empty_tables: Database, tmp_path: Path
) -> None:
    gathering = await gather(empty_tables, 1)
    server = Server(empty_tables, tmp_path)
    for minute in range(0, 60, 5):
        await edit(empty_tables, gathering, NOW + minute * MINUTE, duration_min=60 + minute + 1)
    await server.look(NOW + 60 * MINUTE, JOBS)
    (told,) = await letters(empty_tables)
    assert told.context["changes"] == [{"what": "duration", "before": 60, "after": 116}]


async def test_shortly_before_the_start_it_is_told_at_once_with_what_was_held_back(
    empty_tables: Database, tmp_path: Path
) -> None:
    gathering = await gather(empty_tables, 1)
    soon = START - changes.SOON
    await edit(empty_tables, gathering, soon - MINUTE, duration_min=90)
    assert await letters(empty_tables) == []
    await edit(empty_tables, gathering, soon, location_address="Room 2")
    (told,) = await letters(empty_tables)
    assert [change["what"] for change in told.context["changes"]] == ["duration", "location"]
    await Server(empty_tables, tmp_path).look(START - MINUTE, JOBS)
    assert len(await letters(empty_tables)) == 1


async def test_a_session_moved_away_from_soon_is_told_at_once(empty_tables: Database) -> None:
    gathering = await gather(empty_tables, 1)
    await edit(empty_tables, gathering, START - 30 * MINUTE, starts_at=START + timedelta(days=7))
    assert len(await letters(empty_tables)) == 1


async def test_who_came_after_the_change_knows_it_already(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 2)
    await edit(empty_tables, gathering, NOW + MINUTE, duration_min=90)
    async with empty_tables.writing() as db:
        late = await db.get_one(Registration, gathering.guests[1].registration_id)
        late.created_at = NOW + 2 * MINUTE
        await db.commit()
    await Server(empty_tables, tmp_path).look(NOW + timedelta(hours=1), JOBS)
    assert [mail.account_id for mail in await letters(empty_tables)] == [gathering.guests[0].account_id]


async def test_calling_it_off_says_it_all(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 1)
    await edit(empty_tables, gathering, NOW, duration_min=90)
    async with empty_tables.writing() as db:
        session = await db.scalar(
            select(Session).where(Session.id == gathering.session_id).options(WITH_TIMESLOTS)
        )
        assert session is not None
        await call_off(
            await open_book(db, session, session.timeslots[0], NOW + MINUTE, None), cause=None, reason=None
        )
        await db.commit()
    await Server(empty_tables, tmp_path).look(NOW + timedelta(hours=1), JOBS)
    assert [mail.kind for mail in await mails(empty_tables)] == [Kind.SESSION_CANCELLED]


async def test_two_servers_tell_once(empty_tables: Database, tmp_path: Path) -> None:
    gathering = await gather(empty_tables, 1)
    await edit(empty_tables, gathering, NOW, duration_min=90)
    for _ in range(2):
        await Server(empty_tables, tmp_path).look(NOW + 10 * MINUTE, JOBS)
    assert len(await letters(empty_tables)) == 1
    async with empty_tables.reading() as db:
        slot = await db.get_one(Timeslot, gathering.timeslot_id)
        assert (slot.untold, slot.untold_since, slot.tell_at) == (None, None, None)


T = datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "start", "expected"),
    [
        (0, 3 * 24 * 60, 10),  # ten minutes after the last edit
        (55, 3 * 24 * 60, 60),  # an hour after the first at the latest
        (0, 125, 5),  # two hours before the start at the latest
        (0, 120, 0),
        (0, -5, 0),
    ],
)
def test_when_it_is_told(now: int, start: int, expected: int) -> None:
    starts_at = T + start * MINUTE
    assert changes.tell_at(T + now * MINUTE, T, (starts_at, starts_at)) == T + expected * MINUTE


def test_the_start_that_people_know_counts_too() -> None:
    later = T + timedelta(days=7)
    assert changes.tell_at(T, T, (T + MINUTE, later)) == T
    untold = changes.merged(None, {"starts_at": (T + MINUTE).isoformat()}, {"starts_at": later.isoformat()})
    assert changes.known_start(untold, later) == T + MINUTE
    assert changes.known_start({}, later) == later
