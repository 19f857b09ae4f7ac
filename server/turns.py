"""One at a time for each timeslot, in order, before a connection to the database is taken.

On PostgreSQL those who want seats of one timeslot wait for its lock, each with a connection. Without this a
timeslot that everybody wants would soon have all of them, and nobody could be shown a page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TooManyInLine(Exception):
    """They would wait for too long."""


class Turns:
    """``longest`` is how many may be in line for one key, the one whose turn it is included; ``patience`` how
    long they wait, in seconds.
    """

    def __init__(self, longest: int = 500, patience: float = 20.0) -> None:
        self._lines: dict[str, tuple[asyncio.Lock, int]] = {}
        self._longest = longest
        self._patience = patience

    def __len__(self) -> int:
        """For how many keys somebody is in line."""
        return len(self._lines)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Raises TooManyInLine, at once or after the ``patience``."""
        lock, length = self._lines.get(key) or (asyncio.Lock(), 0)
        if length >= self._longest:
            raise TooManyInLine
        self._lines[key] = lock, length + 1
        try:
            try:
                await asyncio.wait_for(lock.acquire(), self._patience)
            except TimeoutError as error:
                raise TooManyInLine from error
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, length = self._lines[key]
            if length == 1:
                del self._lines[key]
            else:
                self._lines[key] = lock, length - 1
