"""What the benchmarks of the REST API ask for, as signed-in people's browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp

from server.accounts.identity import COOKIE
from tests.load.planned import Person


class Answer(NamedTuple):
    status: int
    body: Any


class Caller:
    """Keeps its connections. ``url`` of each call is that of the server to ask."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def call(
        self,
        method: str,
        url: str,
        path: str,
        person: Person | None,
        body: Any = None,
        key: str | None = None,
    ) -> Answer:
        """Raises aiohttp.ClientError when the server goes away before it has answered."""
        headers = {"Origin": url}
        if person:
            headers["Cookie"] = f"{COOKIE}={person.cookie}"
        if key:
            headers["Idempotency-Key"] = key
        async with self._http.request(method, f"{url}/api/v1{path}", json=body, headers=headers) as response:
            return Answer(response.status, await response.json() if response.status != 204 else None)


@asynccontextmanager
async def caller(connections: int) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=60),
    ) as http:
        yield Caller(http)
