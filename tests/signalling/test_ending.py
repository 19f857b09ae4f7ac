"""The end releases everything, says so to everyone, and stays the end."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

import signalling
from signalling.permissions import Role
from tests.support.live import SLOT, Live, Person, Refusal, until


async def full_room(live: Live) -> list[Person]:
    fay = await live.join("fay", Role.FACILITATOR)
    pat = await live.join("pat", Role.PARTICIPANT)
    lea = await live.join("lea", Role.PARTICIPANT)
    await pat.ask("chat.send", text="hello", clientId="1")
    await pat.ask("hand.raise", {})
    await lea.lose_connection()
    await fay.told("participant.changed")
    return [fay, pat]


def our_tasks() -> list[str]:
    """The tasks that run code of the live room; socketio's own end by themselves with their next ping."""
    home = str(Path(signalling.__file__).parent)
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    names = [c.cr_code for c in coroutines if inspect.iscoroutine(c)]
    return [code.co_qualname for code in names if code.co_filename.startswith(home)]


async def test_end_for_all(live: Live) -> None:
    assert our_tasks() == []
    fay, pat = await full_room(live)
    assert our_tasks() == ["LedgerWriter._run"]
    assert await fay.ask("room.end", {}) == {}
    for person in (fay, pat):
        ended = await person.told("room.ended")
        assert (ended["by"], ended["reason"]) == (fay.id, "host")
        await person.gone()
        assert person.kinds()[-2:] == ["room.ended", "disconnect"]
    await until(lambda: live.hub.phase(SLOT) is None)
    slot = live.ledger.timeslots[SLOT]
    assert (slot.runs[0].ended_by, slot.runs[0].reason) == (fay.id, "host")
    assert slot.audit == [(fay.id, "room.end", None)]
    reasons = {(row.participant_id, row.reason) for row in slot.intervals.values()}
    assert reasons == {(fay.id, "ended"), (pat.id, "ended"), ("p-lea-slot", "lost")}
    assert await live.store.read(SLOT) is None
    await until(lambda: our_tasks() == [])


async def test_nothing_happens_after_the_end(live: Live) -> None:
    """Requests that are under way when the room ends change nothing any more."""
    fay, pat = await full_room(live)
    asked = [fay.ask("room.end", {}), *(pat.ask("reaction.send", emoji="👋") for _ in range(10))]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers[0] == {}
    await fay.gone()
    assert fay.kinds()[-2:] == ["room.ended", "disconnect"]


async def test_who_comes_back_is_told_so(live: Live) -> None:
    fay, pat = await full_room(live)
    await fay.ask("room.end", {})
    with pytest.raises(Refusal, match=r"room\.ended"):
        await live.join("pat", resume=pat)
    await until(lambda: live.hub.phase(SLOT) is None)
    for identity in ("fay", "pat", "lea"):
        with pytest.raises(Refusal, match=r"room\.ended"):
            await live.join(identity)


async def test_the_end_from_outside_the_room(live: Live) -> None:
    fay, pat = await full_room(live)
    await live.hub.end_room(SLOT, by="p-org", reason="organiser")
    for person in (fay, pat):
        ended = await person.told("room.ended")
        assert (ended["by"], ended["reason"]) == ("p-org", "organiser")
        await person.gone()
    assert live.ledger.timeslots[SLOT].runs[0].reason == "organiser"


async def test_the_end_of_a_room_where_nobody_is(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    await fay.ask("room.leave", {})
    await fay.gone()
    await live.hub.end_room(SLOT)
    assert await live.store.read(SLOT) is None
    with pytest.raises(Refusal, match=r"room\.ended"):
        await live.join("fay")


async def test_ending_twice_is_ending_once(live: Live) -> None:
    fay, pat = await full_room(live)
    await asyncio.gather(live.hub.end_room(SLOT), live.hub.end_room(SLOT))
    await pat.gone()
    await fay.gone()
    assert pat.kinds().count("room.ended") == 1
    assert live.ledger.timeslots[SLOT].audit == [(None, "room.end", None)]


async def test_the_lobby_can_be_ended_too(live: Live) -> None:
    pat = await live.join("pat", Role.PARTICIPANT)
    await live.hub.end_room(SLOT)
    await pat.told("room.ended")
    with pytest.raises(Refusal, match=r"room\.ended"):
        await live.join("pat")


async def test_other_rooms_go_on(live: Live) -> None:
    live.ledger.plan("other")
    await live.join("fay", Role.FACILITATOR)
    ann = await live.join("ann", Role.FACILITATOR, slot="other")
    await live.hub.end_room(SLOT)
    await ann.ask("chat.send", text="undisturbed", clientId="1")
    assert ann.kinds() == ["welcome", "chat.posted"]
