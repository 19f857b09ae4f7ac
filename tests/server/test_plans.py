"""How the database finds what the catalogue and registering ask for: by an index, not by reading all rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.base import new_id
from server.db.engine import Database
from server.sessions.load import occupancy
from server.sessions.queries import Wanted, sessions_for

Ask = Callable[[AsyncSession], Awaitable[object]]
NOW = datetime(2030, 5, 1, tzinfo=UTC)


async def plans(database: Database, ask: Ask) -> str:
    """What EXPLAIN QUERY PLAN says about each statement."""
    asked: list[tuple[str, object]] = []
    engine = database._reader.sync_engine  # the one that reads

    def note(connection: object, cursor: object, statement: str, parameters: object, *more: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    async with database.reading() as db:
        await ask(db)
    event.remove(engine, "before_cursor_execute", note)
    lines: list[str] = []
    async with database._reader.connect() as connection:
        for statement, parameters in asked:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            lines += [row.detail for row in rows]
    return "\n".join(lines)


def upcoming(db: AsyncSession) -> Awaitable[object]:
    return sessions_for(db, Wanted("upcoming", limit=24), None, NOW)


def past(db: AsyncSession) -> Awaitable[object]:
    return sessions_for(db, Wanted("past", limit=24), None, NOW)


def mine(db: AsyncSession) -> Awaitable[object]:
    return sessions_for(db, Wanted("mine", limit=24), new_id(), NOW)


def seats(db: AsyncSession) -> Awaitable[object]:
    return occupancy(db, [new_id() for _ in range(24)])


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (upcoming, ["ix_timeslots_starts_at", "ix_timeslots_session_id"]),
        (past, ["ix_timeslots_starts_at", "ix_timeslots_session_id"]),
        (mine, ["ix_sessions_owner_id", "ix_registrations_account_id", "ix_role_assignments_account_id"]),
        (seats, ["ix_registrations_timeslot_id", "ix_live_runs_timeslot_id"]),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_is_found_by_reading_every_registration(
    empty_tables: Database, ask: Ask, indexes: list[str]
) -> None:
    async with empty_tables.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    found = await plans(empty_tables, ask)
    assert [name for name in indexes if name not in found] == [], found
    assert "SCAN registrations" not in found
    assert "SCAN sessions" not in found
