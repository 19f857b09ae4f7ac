"""Brings a database up to date; also from nothing."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from server.db.engine import Database

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x636F6E76  # "conv": any number will do, as long as all our servers take the same


async def migrate(database: Database) -> tuple[str | None, str]:
    """All steps in one transaction. Returns the revision before (None: new) and after.

    Raises DatabaseUnreachable.
    """
    await database.check()
    async with database.engine.begin() as connection:
        return await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})  # two servers starting
    before = MigrationContext.configure(connection).get_current_revision()
    config = configuration(connection)
    command.upgrade(config, "head")
    after = ScriptDirectory.from_config(config).get_current_head()
    assert after is not None, "there are migrations"  # noqa: S101
    return before, after


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config
