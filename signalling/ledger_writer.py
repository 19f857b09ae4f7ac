"""Writes a room's facts to the ledger, in order and behind its back: a slow database must not delay the
room.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from signalling.ledger import LedgerUnavailable

log = logging.getLogger(__name__)

Write = Callable[[], Awaitable[None]]

WAITING_LIMIT = 2000
"""Writes that may wait. Beyond that the newest are lost, and the log says so."""


class LedgerWriter:
    """One per room, with a task of its own until `close`."""

    def __init__(self, room_id: str) -> None:
        self._room_id = room_id
        self._waiting: asyncio.Queue[Write | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def put(self, write: Write) -> None:
        if self._waiting.qsize() >= WAITING_LIMIT:
            log.error("room %s: %d ledger writes wait already, one is lost", self._room_id, WAITING_LIMIT)
        else:
            self._waiting.put_nowait(write)

    async def close(self, within: float = 10.0) -> None:
        """Writes what waits, for at most ``within`` seconds."""
        self._waiting.put_nowait(None)
        done, _ = await asyncio.wait([self._task], timeout=within)
        if not done:
            lost = self._waiting.qsize()
            log.error("room %s: the ledger is too slow, about %d writes are lost", self._room_id, lost)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while (write := await self._waiting.get()) is not None:
            try:
                await write()
            except LedgerUnavailable as error:
                log.error("room %s: not written to the ledger: %s", self._room_id, error)
            except Exception:
                log.exception("room %s: a write to the ledger failed", self._room_id)
