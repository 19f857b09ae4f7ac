"""SQLite behind aiosqlite's thread, with one trip to that thread for a statement instead of four.

aiosqlite makes a cursor, executes, fetches and closes in four calls, and each waits for the thread, which
waits for the interpreter: under load that is most of what a small statement costs. SQLAlchemy reads all rows
at once anyhow, so here a statement is executed, read and closed in one call; and the first one of a
transaction begins it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import aiosqlite

_LOOKAHEAD = 64  # rows


class Cursor:
    """What SQLAlchemy uses of a cursor: execute, then everything that was found."""

    __slots__ = ("_connection", "_rows", "arraysize", "description", "lastrowid", "rowcount")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.arraysize = _LOOKAHEAD
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        await self._connection.in_thread(self._run, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Cursor:
        await self._connection.in_thread(self._run_many, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """It was closed when it was executed."""

    def _run(self, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> None:
        self._begin(connection)
        self._take(connection.execute(sql, parameters))

    def _run_many(
        self, connection: sqlite3.Connection, sql: str, parameters: Iterable[Sequence[Any]]
    ) -> None:
        self._begin(connection)
        self._take(connection.executemany(sql, parameters))

    def _begin(self, connection: sqlite3.Connection) -> None:
        if self._connection.begin and not connection.in_transaction:
            connection.execute(self._connection.begin)

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.lastrowid = cursor.description, cursor.lastrowid
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount = cursor.rowcount  # after reading: that of RETURNING is known only then
        cursor.close()


class Connection(aiosqlite.Connection):
    """``begin`` is the statement that begins a transaction; none before it is set."""

    begin: str | None = None

    def cursor(self) -> Cursor:  # type: ignore[override]
        return Cursor(self)

    async def in_thread(self, work: Any, *arguments: Any) -> Any:
        """Calls ``work`` with the sqlite3 connection, in its thread."""
        return await self._execute(partial(work, self._conn), *arguments)  # type: ignore[no-untyped-call]


def connect(database: str, **options: Any) -> Connection:
    """``async_creator_fn`` for SQLAlchemy. Takes what `sqlite3.connect` takes; to be awaited."""
    opened = partial(sqlite3.connect, database, isolation_level=None, **options)  # or the driver would begin
    connection = Connection(opened, iter_chunk_size=_LOOKAHEAD)
    connection._thread.daemon = True  # as SQLAlchemy does: what is left open must not keep a process
    return connection
