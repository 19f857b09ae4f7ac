"""What staff sees of the media in a room; network addresses are for those who run the installation."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest_asyncio

from media.protocol import IceParameters
from server import demo
from signalling import media_room
from tests.signalling.test_media import can_receive, can_send, offer, send
from tests.support.app import Client, Running, running
from tests.support.live import Person
from tests.support.rtc_peer import RtcPeer


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def app(tmp_path_factory: Any) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("room-media"), with_demo=True) as server:
        yield server


@asynccontextmanager
async def joined(app: Running, *names: str) -> AsyncIterator[list[Person]]:
    people = []
    for name in names:
        person = Person(name)
        client = await app.demo_client(name)
        await person.connect(app.url, {"ticket": await client.ticket()}, {"Origin": app.url})
        await person.told("welcome")
        people.append(person)
    try:
        yield people
    finally:
        for person in people:
            await person.ask("room.leave", {})
            await person.quit()


async def path_of(client: Client) -> str:
    room = (await client.get(f"/rooms/{demo.WELCOME}")).body
    return f"/timeslots/{room['timeslotId']}/media"


async def look(client: Client) -> Any:
    reply = await client.get(await path_of(client))
    assert reply.status == 200, reply.body
    return reply.body


async def test_an_empty_room_is_said_to_be_empty(app: Running) -> None:
    body = await look(await app.demo_client("facilitator"))
    assert (body["media"], body["people"], body["worker"]) == ("none", [], None)


async def test_everybody_is_there_with_what_they_send_and_receive(app: Running) -> None:
    async with joined(app, "facilitator", "participant") as (host, ann):
        await can_receive(ann)
        producer = await send(host, await can_send(host), "camera")
        consumer = await offer(ann, producer)
        body = await look(await app.demo_client("facilitator"))
        assert (body["media"], body["phase"]) == ("ok", "live")
        sender, receiver = body["people"]
        assert [sender["name"], receiver["name"]] == [
            demo.PEOPLE["facilitator"],
            demo.PEOPLE["participant"],
        ]
        assert [item["direction"] for item in sender["transports"]] == ["send"]
        (sent,) = sender["producers"]
        assert (sent["source"], sent["consumers"], len(sent["streams"])) == ("camera", 1, 1)
        (got,) = receiver["consumers"]
        assert got["id"] == consumer["consumerId"]
        assert (got["source"], got["sender"], got["layers"]) == ("camera", sender["participantId"], 1)
        assert got["idle"] == "path"  # never connected


async def test_addresses_are_for_those_who_run_the_installation(app: Running) -> None:
    async with joined(app, "facilitator") as (host,):
        answer = await host.ask("media.createTransport", direction="send")
        ice = IceParameters(answer["iceParameters"]["usernameFragment"], answer["iceParameters"]["password"])
        browser = RtcPeer(app.media.workers[0].port, ice)
        await browser.open()
        try:
            await browser.check()
            shown = {
                name: (await look(await app.demo_client(name)))["people"][0]["transports"][0]
                for name in ("facilitator", "organiser")
            }
            assert {one["ice"] for one in shown.values()} == {"connected"}
            assert shown["facilitator"]["address"] is None
            assert shown["organiser"]["address"] == "{}:{}".format(*browser.address)
        finally:
            await browser.close()


async def test_only_staff_may_look(app: Running) -> None:
    assert (await (await app.demo_client("participant")).get(await path_of(app.client()))).status == 403
    assert (await app.client().get(await path_of(app.client()))).status == 401


async def test_a_worker_that_hangs_is_said_to_be_silent(app: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr(media_room, "REPORT_WITHIN", 0.05)
    async with joined(app, "facilitator") as (host,):
        await can_send(host)
        (worker,) = app.media.workers
        os.kill(worker.pid, signal.SIGSTOP)
        try:
            body = await look(await app.demo_client("facilitator"))
        finally:
            os.kill(worker.pid, signal.SIGCONT)
        assert body["media"] == "silent"
        assert [person["name"] for person in body["people"]] == [demo.PEOPLE["facilitator"]]
