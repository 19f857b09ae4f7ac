"""A server that is to restart lets live rooms finish, takes no new ones, and says so; a worker that is to end
gives its rooms to another.
"""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from signalling.hub import restart_in_words
from signalling.permissions import Role
from tests.signalling.test_media import can_receive, can_send, offer, send
from tests.support.live import SLOT, Live, Refusal, live_server, until


async def test_a_live_room_goes_on_until_it_ends_and_everybody_is_told(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    draining = asyncio.create_task(live.hub.drain(600))
    told = await fay.told("server.restarting")
    assert "10 minutes" in told["message"]
    pat = await live.join("pat", Role.PARTICIPANT)  # the room is open already
    assert (await pat.told("server.restarting"))["latest"] == told["latest"]
    assert pat.kinds()[:2] == ["welcome", "server.restarting"]
    await pat.ask("chat.send", clientId="c1", text="still here")
    await fay.told("chat.posted")
    assert not draining.done()

    await fay.ask("room.end", {})
    assert await draining
    assert [run.reason for run in live.ledger.timeslots[SLOT].runs] == ["host"]
    assert {row.reason for person in (fay, pat) for row in live.intervals(person)} == {"ended"}


async def test_no_room_begins_while_the_server_drains(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    live.ledger.plan("other")
    draining = asyncio.create_task(live.hub.drain(600))
    await until(lambda: live.hub.draining)
    with pytest.raises(Refusal) as refusal:
        await live.join("ann", Role.FACILITATOR, slot="other")
    assert refusal.value.code == "server.restarting"
    assert live.hub.admits(SLOT)
    assert not live.hub.admits("other")
    await live.hub.end_room(SLOT)
    assert await draining
    await fay.gone()


async def test_who_comes_back_in_time_resumes_and_hears_of_it_again(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    draining = asyncio.create_task(live.hub.drain(600))
    await fay.told("server.restarting")
    await fay.lose_connection()
    back = await live.join("fay", resume=fay)
    await back.told("server.restarting")
    assert back.kinds()[0] == "resumed"
    await back.ask("room.leave", {})
    await live.hub.end_room(SLOT)
    assert await draining


async def test_without_a_live_room_there_is_nothing_to_wait_for(live: Live) -> None:
    pat = await live.join("pat", Role.PARTICIPANT)  # waits for a host: nothing is lost by reconnecting
    assert await live.hub.drain(600)
    await pat.told("server.restarting")


async def test_the_limit_ends_the_wait(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    assert not await live.hub.drain(0)
    await live.hub.stop()
    await fay.gone()
    assert [row.reason for row in live.intervals(fay)] == ["lost"]
    assert [run.ended_at for run in live.ledger.timeslots[SLOT].runs] == [None]  # it goes on after a restart


def test_the_time_left_is_in_words() -> None:
    assert "in 10 minutes at the latest" in restart_in_words(600)
    assert "in 1 minute at the latest" in restart_in_words(10)


async def test_rooms_leave_a_worker_that_is_asked_to_end() -> None:
    async with live_server(workers=2) as live:
        host = await live.join("host", Role.FACILITATOR)
        ann = await live.join("ann", Role.PARTICIPANT)
        await can_receive(ann)
        first = await send(host, await can_send(host))
        await offer(ann, first)
        old = next(worker for worker in live.pool.workers if worker.rooms)
        os.kill(old.pid, signal.SIGTERM)
        for person in (host, ann):
            await person.told("media.reset")
        await can_receive(ann)
        await offer(ann, await send(host, await can_send(host)))
        await until(lambda: not old.alive and len(live.pool.workers) == 2)
        assert not old.rooms
        new = next(worker for worker in live.pool.workers if worker.rooms)
        assert new.id.split(".")[0] != old.id.split(".")[0]
        await live.verify()
