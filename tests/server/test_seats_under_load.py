"""Many more people than seats, two servers on one database: each seat goes once, whatever the database."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

from server.accounts.identity import COOKIE, new_sign_in
from server.accounts.tables import Account
from server.db.base import new_id
from server.db.engine import Database
from server.registrations.tables import Registration
from tests.server.scene import Cast, Scene, add_person, gather_cast, set_scene
from tests.support.app import CHEAP_PASSWORDS, Running, running

pytestmark = pytest.mark.slow

SEATS = 20


async def sign_in_many(app: Running, people: int) -> list[str]:
    """The cookies of so many new accounts."""
    now = app.services.now()
    cookies = []
    async with app.services.database.writing() as db:
        for number in range(people):
            account_id = new_id()
            key = f"{account_id}@example.org"
            db.add(
                Account(
                    id=account_id,
                    email=key,
                    email_key=key,
                    name=f"P {number}",
                    password_hash="",
                    created_at=now,
                )
            )
            row, cookie = new_sign_in(account_id, now, 1)
            await db.flush()
            db.add(row)
            cookies.append(cookie)
        await db.commit()
    return cookies


async def second_server(folder: Path, database_url: str) -> tuple[asyncio.subprocess.Process, str]:
    environment = {
        "CONVENE_DATA": str(folder),
        "CONVENE_DATABASE_URL": database_url,
        "CONVENE_PORT": "0",
        "CONVENE_MEDIA_PORT": "0",
        "CONVENE_MEDIA_WORKERS": "1",
        **{f"CONVENE_{name.upper()}": str(value) for name, value in CHEAP_PASSWORDS.items()},
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "serve", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if b"ready: " in line:
            return process, line.decode().split("ready: ")[1].strip()
    raise AssertionError("the second server did not start")


@pytest.mark.parametrize("people", [50, pytest.param(200, marks=pytest.mark.slow)])
async def test_two_servers_give_out_each_seat_once(
    empty_tables: Database, database_url: str, tmp_path: Path, people: int
) -> None:
    async with running(tmp_path / "one", database_url=database_url, requests_per_minute=100_000) as app:
        cast = await gather_cast(app)
        scene = await set_scene(cast, maximum=SEATS, people=False)
        cookies = await sign_in_many(app, people)
        process, other_url = await second_server(tmp_path / "two", database_url)
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:

                async def register(number: int, cookie: str) -> int:
                    url = (app.url, other_url)[number % 2]
                    headers = {"Cookie": f"{COOKIE}={cookie}", "Origin": url}
                    path = f"/api/v1/timeslots/{scene.timeslot_id}/registrations"
                    async with http.post(url + path, json={}, headers=headers) as response:
                        return response.status

                statuses = await asyncio.gather(*(register(*entry) for entry in enumerate(cookies)))
        finally:
            process.terminate()
            await process.communicate()
        assert Counter(statuses) == {201: SEATS, 409: people - SEATS}
        async with app.services.database.reading() as db:
            taken = await db.scalar(
                select(func.count())
                .select_from(Registration)
                .where(Registration.timeslot_id == scene.timeslot_id)
            )
        assert taken == SEATS
        late = await add_person(cast, "late")
        reply = await late.post(f"/timeslots/{scene.timeslot_id}/registrations")
        assert reply.code == "registration.full"
        assert process.returncode == 0


async def test_giving_up_and_taking_at_once_never_makes_a_seat_too_many(
    empty_tables: Database, database_url: str, tmp_path: Path
) -> None:
    async with running(tmp_path, database_url=database_url, requests_per_minute=100_000) as app:
        cast = await gather_cast(app)
        scene = await set_scene(cast, maximum=3, people=False)
        path = f"/timeslots/{scene.timeslot_id}/registrations"
        holders = [await add_person(cast, f"holder {number}") for number in range(3)]
        places = [(await holder.post(path)).body["id"] for holder in holders]
        others = [await add_person(cast, f"other {number}") for number in range(12)]
        replies = await asyncio.gather(
            *(
                holder.delete(f"/registrations/{place}")
                for holder, place in zip(holders, places, strict=True)
            ),
            *(other.post(path) for other in others),
            *(holder.post(path) for holder in holders),
        )
        assert {reply.status for reply in replies} <= {201, 204, 409}
        assert await guests(cast, scene) == sum(reply.status == 201 for reply in replies) <= 3
        await asyncio.gather(*(other.post(path) for other in others))
        assert await guests(cast, scene) == 3


async def guests(cast: Cast, scene: Scene) -> int:
    """The seats taken, as the page says."""
    card = (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body
    return next(int(seat["taken"]) for seat in card["seats"] if seat["part"] == "guest")
