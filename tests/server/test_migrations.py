"""The migrations make exactly the tables that the code describes, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from server.db.engine import Database
from server.db.metadata import metadata
from server.db.migrate import configuration, migrate

NEWEST = ScriptDirectory.from_config(configuration()).get_current_head()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, metadata)  # type: ignore[no-any-return]


async def test_migrating_from_nothing_gives_the_tables_of_the_code(database: Database) -> None:
    before, after = await migrate(database)
    assert (before, after) == (None, NEWEST)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert names == set(metadata.tables) | {"alembic_version"}


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await migrate(database)
    assert await migrate(database) == (NEWEST, NEWEST)


async def test_servers_that_start_together_do_not_migrate_twice(
    database: Database, database_url: str
) -> None:
    second = Database(database_url)
    try:
        results = await asyncio.gather(migrate(database), migrate(second))
    finally:
        await second.close()
    assert sorted(before or "" for before, _ in results) == ["", NEWEST]
