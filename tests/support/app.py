"""The whole application for tests: real HTTP, SQLite in a folder of its own, media workers, hub, on free
ports.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from yarl import URL

from media.pool import MediaPool
from server import demo
from server.accounts.identity import COOKIE
from server.app import HUB, MEDIA, SERVICES, create_app
from server.call import Services
from server.settings import Settings
from signalling.hub import Hub

# The least that argon2id can do: tests are not about its strength.
CHEAP_PASSWORDS: dict[str, Any] = {"password_memory_kib": 8, "password_passes": 1}


class Clock:
    """The time for the application; stands on real time until it is moved."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Reply(NamedTuple):
    """``body`` is the parsed JSON, or None without a body."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


class Client:
    """One browser (or script, with a token): its own cookies, and the Origin header that browsers send."""

    def __init__(self, url: str, http: aiohttp.ClientSession, token: str | None = None) -> None:
        self.url = url
        self.http = http
        self.token = token

    async def call(
        self, method: str, path: str, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """``path`` is below /api/v1, or absolute with a leading ``//`` cut to ``/``."""
        url = self.url + (path[1:] if path.startswith("//") else f"/api/v1{path}")
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {"Origin": self.url}
        async with self.http.request(method, url, json=json, headers={**own, **(headers or {})}) as response:
            has_json = response.content_type.endswith("json")
            return Reply(
                response.status,
                await response.json(content_type=None) if has_json else None,
                response.headers,
            )

    async def get(self, path: str, **more: Any) -> Reply:
        return await self.call("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> Reply:
        return await self.call("POST", path, json, **more)

    async def patch(self, path: str, json: Any = None, **more: Any) -> Reply:
        return await self.call("PATCH", path, json, **more)

    async def delete(self, path: str, **more: Any) -> Reply:
        return await self.call("DELETE", path, **more)

    @property
    def cookie(self) -> str | None:
        return next((cookie.value for cookie in self.http.cookie_jar if cookie.key == COOKIE), None)

    async def sign_in(self, email: str, password: str = demo.PASSWORD) -> Reply:
        return await self.post("/sign-in", {"email": email, "password": password})

    async def ticket(self, slug: str = demo.WELCOME) -> str:
        """A ticket for the room, as the room page gets one."""
        room = (await self.get(f"/rooms/{slug}")).body
        reply = await self.post(f"/timeslots/{room['timeslotId']}/ticket")
        assert reply.status == 200, reply.body
        ticket: str = reply.body["ticket"]
        return ticket


@dataclass(slots=True)
class Running:
    """A running application at ``url``. Clients that it made are closed with it."""

    url: str
    app: web.Application
    settings: Settings
    clients: list[aiohttp.ClientSession]

    @property
    def services(self) -> Services:
        return self.app[SERVICES]

    @property
    def hub(self) -> Hub:
        return self.app[HUB]

    @property
    def media(self) -> MediaPool:
        return self.app[MEDIA]

    def client(self, token: str | None = None, cookie: str | None = None) -> Client:
        jar = aiohttp.CookieJar(unsafe=True)  # "unsafe": for addresses without a name
        if cookie:
            jar.update_cookies({COOKIE: cookie}, URL(self.url))
        http = aiohttp.ClientSession(cookie_jar=jar)
        self.clients.append(http)
        return Client(self.url, http, token)

    async def demo_client(self, name: str) -> Client:
        """Somebody of the demo ("participant", "facilitator", …), signed in."""
        client = self.client()
        reply = await client.sign_in(demo.address(name))
        assert reply.status == 200, reply.body
        return client


@asynccontextmanager
async def running(
    data: Path, *, with_demo: bool = False, clock: Callable[[], float] = time.time, **settings: Any
) -> AsyncIterator[Running]:
    """The application on free ports, with one media worker unless told otherwise, and stopped in the end."""
    values: dict[str, Any] = (
        {"port": 0, "media_port": 0, "media_workers": 1, "data": data} | CHEAP_PASSWORDS | settings
    )
    chosen = Settings(**values)
    app = create_app(chosen, with_demo=with_demo, clock=clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    clients: list[aiohttp.ClientSession] = []
    try:
        await runner.setup()
        site = web.TCPSite(runner, chosen.host, 0)
        await site.start()
        port = runner.addresses[0][1]
        yield Running(f"http://127.0.0.1:{port}", runner.app, chosen, clients)
    finally:
        for client in clients:
            await client.close()
        await runner.cleanup()
