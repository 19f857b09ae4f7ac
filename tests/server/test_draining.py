"""`convene serve` after SIGTERM, as a process: live rooms go on, nothing begins, nothing is lost."""

from __future__ import annotations

import asyncio
import configparser
import json
import signal
import sqlite3
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server import demo
from server.settings import Settings
from tests.support.app import Client, running
from tests.support.demo_server import DemoServer, demo_server
from tests.support.live import PATIENCE, Person

pytestmark = pytest.mark.slow

RUNS = (
    "SELECT state, end_reason FROM live_runs JOIN timeslots ON timeslots.id = timeslot_id "
    "WHERE slug = 'welcome'"
)


class Crowd:
    """People of the demo, signed in, in the demo's live room."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._browsers: list[aiohttp.ClientSession] = []
        self._people: list[Person] = []

    async def browser(self, name: str) -> Client:
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._browsers.append(http)
        client = Client(self._url, http)
        assert (await client.sign_in(demo.address(name))).status == 200
        return client

    async def join(self, name: str) -> Person:
        person = Person(name)
        self._people.append(person)
        ticket = await (await self.browser(name)).ticket()
        await person.connect(self._url, {"ticket": ticket}, {"Origin": self._url})
        await person.told("welcome")
        return person

    async def close(self) -> None:
        for person in self._people:
            await person.quit()
        for browser in self._browsers:
            await browser.close()


@asynccontextmanager
async def crowd(server: DemoServer) -> AsyncIterator[Crowd]:
    people = Crowd(server.url)
    try:
        yield people
    finally:
        await people.close()


def health(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.load(answer)


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def ended(server: DemoServer) -> int:
    async with asyncio.timeout(PATIENCE):
        return await server.process.wait()


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(data / "data" / "convene.db") as db:
        found = db.execute(query).fetchall()
    db.close()
    return found


async def test_live_rooms_finish_and_the_server_ends_after_them(tmp_path: Path) -> None:
    async with demo_server(tmp_path, drain=600) as server, crowd(server) as people:
        host = await people.join("facilitator")
        guest = await people.join("participant")
        workers = server.media_workers()
        assert workers
        server.process.send_signal(signal.SIGTERM)
        for person in (host, guest):
            assert "10 minutes" in (await person.told("server.restarting"))["message"]
        status, body = await asyncio.to_thread(health, server.url)
        assert (status, body["status"]) == (503, "draining")
        assert set(body["checks"].values()) == {"ready"}

        late = await people.join("participant2")
        await late.ask("chat.send", clientId="c1", text="said while the server drains")
        await host.ask("room.end", {})
        await late.gone()
        assert await ended(server) == 0
        assert not any(is_running(pid) for pid in workers)
    stays = rows(tmp_path, "SELECT left_at IS NOT NULL, reason FROM presences")
    assert stays == [(1, "ended")] * 3
    assert rows(tmp_path, RUNS) == [("ended", "host")]
    assert rows(tmp_path, "SELECT text FROM chat_messages") == [("said while the server drains",)]
    assert "1 live room, up to 600 s" in server.log()
    assert "Traceback" not in server.log()


async def test_the_limit_ends_what_goes_on_and_the_run_stays_open(tmp_path: Path) -> None:
    async with demo_server(tmp_path, drain=1) as server, crowd(server) as people:
        host = await people.join("facilitator")
        server.process.send_signal(signal.SIGTERM)
        await host.told("server.restarting")
        await host.gone()
        assert await ended(server) == 0
    assert rows(tmp_path, "SELECT left_at IS NOT NULL, reason FROM presences") == [(1, "lost")]
    assert rows(tmp_path, RUNS) == [("live", None)]
    assert "1 still live" in server.log()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_does_not_wait(tmp_path: Path, second: signal.Signals) -> None:
    async with demo_server(tmp_path, drain=600) as server, crowd(server) as people:
        host = await people.join("facilitator")
        server.process.send_signal(signal.SIGTERM)
        await host.told("server.restarting")
        server.process.send_signal(second)
        await host.gone()
        assert await ended(server) == 0
    assert rows(tmp_path, "SELECT left_at IS NOT NULL, reason FROM presences") == [(1, "lost")]


async def test_a_draining_server_gives_no_tickets_for_rooms_that_are_not_open(tmp_path: Path) -> None:
    async with running(tmp_path, with_demo=True) as app:
        host = await app.demo_client("facilitator")
        room = (await host.get(f"/rooms/{demo.WELCOME}")).body
        assert await app.hub.drain(0)
        refused = await host.post(f"/timeslots/{room['timeslotId']}/ticket")
        assert (refused.status, refused.code) == (503, "server.restarting")
        assert int(refused.headers["Retry-After"]) > 0
        assert (await host.get("//healthz")).body["status"] == "draining"


def test_the_service_manager_waits_longer_than_the_limit() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(Path(__file__).parents[2] / "deploy" / "convene.service")
    limit = Settings.model_fields["drain_limit"].default
    assert int(unit["Service"]["TimeoutStopSec"]) > limit
    assert unit["Service"]["KillMode"] == "mixed"
