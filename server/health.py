"""`GET /healthz`: 200 when everything that a session needs is ready, 503 with what is missing before and
after, and while the server drains.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.db.engine import Database

Check = Callable[[], Awaitable[bool]]

_PATIENCE = 2.0  # seconds per check


class Health:
    """Named checks; `ready` is when all of them pass. ``draining``: whether the server is about to stop, and
    should get no new visitors. ``demo``: whether the sign-in page may name the demo's accounts.
    """

    def __init__(
        self, checks: dict[str, Check], *, draining: Callable[[], bool] = lambda: False, demo: bool = False
    ) -> None:
        self._checks = checks
        self._draining = draining
        self._demo = demo

    async def missing(self) -> list[str]:
        results = await asyncio.gather(*(_passes(check) for check in self._checks.values()))
        return [name for name, passes in zip(self._checks, results, strict=True) if not passes]

    async def handle(self, request: web.Request) -> web.Response:
        missing = await self.missing()
        draining = self._draining()
        status = "not ready" if missing else "draining" if draining else "ready"
        return web.json_response(
            {
                "status": status,
                "checks": {name: "missing" if name in missing else "ready" for name in self._checks},
                "demo": self._demo,
            },
            status=503 if missing or draining else 200,
        )


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check()
    except TimeoutError:
        return False


def database_answers(database: Database) -> Check:
    async def check() -> bool:
        try:
            async with database.reading() as db:
                await db.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    return check
