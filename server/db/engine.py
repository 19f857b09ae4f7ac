"""The database: SQLite in WAL mode by default, PostgreSQL by URL; how transactions begin, and the lock on
seats.

A transaction that writes must say so when it begins: SQLite cannot turn a read into a write while another
writer is at work. So there are two kinds of session, `Database.reading` and `Database.writing`. On SQLite the
writers of this process queue in order for a single connection and begin IMMEDIATE; between processes SQLite's
own lock decides.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from server.db.sqlite_connection import connect

BUSY_SECONDS = 20
_CACHE_KIB = 16_384  # of each connection: SQLite's own 2 MiB do not hold ten thousand sessions


class DatabaseUnreachable(Exception):
    """It cannot be opened; the text says why."""


class Database:
    """Engines and sessions for one URL. `close` when done."""

    def __init__(self, url: str) -> None:
        """Raises DatabaseUnreachable for a URL that is none, or of a kind that is not installed."""
        try:
            self.url = make_url(url)
            self.is_sqlite = self.url.get_backend_name() == "sqlite"
            self.url.get_dialect().import_dbapi()
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise DatabaseUnreachable(str(error)) from error
        if self.is_sqlite:
            self._reader = _sqlite_engine(url, begin="BEGIN", pool_size=4)
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
        else:
            self._reader = self._writer = create_async_engine(
                url, pool_size=10, pool_pre_ping=True, hide_parameters=True
            )
        self._reading = async_sessionmaker(self._reader, expire_on_commit=False)
        self._writing = async_sessionmaker(self._writer, expire_on_commit=False)

    async def check(self) -> None:
        """Raises DatabaseUnreachable. SQLite is tried without aiosqlite, whose threads outlive a failure to
        open.
        """
        try:
            if self.is_sqlite:
                sqlite3.connect(self.url.database or ":memory:").close()
            else:
                async with self._reader.connect():
                    pass
        except (sqlite3.Error, SQLAlchemyError, OSError) as error:
            raise DatabaseUnreachable(str(error)) from error

    @property
    def engine(self) -> AsyncEngine:
        """The engine that may write, for migrations."""
        return self._writer

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self._reading() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Rolls back on an exception and on leaving without `commit`: what is meant to stay is committed in
        words.
        """
        async with self._writing() as session:
            yield session

    async def close(self) -> None:
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()


def _sqlite_engine(url: str, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS, "async_creator_fn": connect},
        hide_parameters=True,  # addresses and hashes of passwords are no matter for a log
    )

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"cache_size=-{_CACHE_KIB}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.driver_connection.begin = begin

    return engine


async def seat_lock(session: AsyncSession, timeslot_id: str) -> bool:
    """One decision at a time about the seats of a timeslot (or, by its id, the roles of a session), until
    this transaction ends. Returns whether others may have written since this transaction began.

    PostgreSQL: a transaction-scoped advisory lock. SQLite: a `Database.writing` transaction already excludes
    all others.
    """
    if session.get_bind().dialect.name != "postgresql":
        return False
    await session.execute(text("SET LOCAL lock_timeout = '10s'"))
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"seats:{timeslot_id}"}
    )
    return True
