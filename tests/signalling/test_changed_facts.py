"""Roles, denies and grants that change while the room runs take effect in it at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from signalling.permissions import Role
from tests.support.live import SLOT, Live, Refusal, until


async def test_a_new_role_is_told_and_holds(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    pat = await live.join("pat", Role.PARTICIPANT)
    live.ledger.admit(SLOT, "pat", Role.PARTICIPANT, Role.CO_FACILITATOR, name="Pat P.")
    await live.hub.facts_changed(SLOT)
    changed = (await fay.told("participant.changed"))["participant"]
    assert (changed["role"], changed["roles"], changed["name"]) == (
        "co_facilitator",
        ["co_facilitator", "participant"],
        "Pat P.",
    )
    told = await pat.told("permissions.changed")
    assert told["you"]["permissions"]["hand.manage"]["allowed"]
    await pat.ask("hand.lower", participantId=fay.id)


async def test_a_deny_takes_effect(live: Live) -> None:
    await live.join("fay", Role.FACILITATOR)
    pat = await live.join("pat", Role.PARTICIPANT)
    await pat.ask("chat.send", text="one", clientId="1")
    live.ledger.admit(SLOT, "pat", Role.PARTICIPANT, denies=["chat.send"])
    await live.hub.facts_changed(SLOT)
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await pat.ask("chat.send", text="two", clientId="2")


async def test_nothing_is_told_where_nothing_changed(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    await live.hub.facts_changed(SLOT)
    await fay.ask("room.sync", {})
    assert fay.kinds() == ["welcome"]


async def test_who_loses_their_place_is_let_go(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    pat = await live.join("pat", Role.PARTICIPANT)
    del live.ledger.timeslots[SLOT].admissions["pat"]
    await live.hub.facts_changed(SLOT)
    assert (await pat.told("removed"))["code"] == "permission.denied"
    await pat.gone()
    assert (await fay.told("participant.left"))["reason"] == "removed"
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await live.join("pat")
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await live.join("pat", resume=pat)


async def test_who_enters_while_their_place_is_lost_stays_outside(live: Live) -> None:
    """What the door read has been overtaken by the time they step in: it looks again."""
    await live.join("fay", Role.FACILITATOR)
    live.ledger.admit(SLOT, "pat", Role.PARTICIPANT)
    live.ledger.answering.clear()
    entering = asyncio.create_task(live.join("pat"))
    await until(lambda: live.ledger.waiting == 1)
    del live.ledger.timeslots[SLOT].admissions["pat"]
    changing = asyncio.create_task(live.hub.facts_changed(SLOT))
    await until(lambda: live.ledger.waiting == 2)
    live.ledger.answering.set()
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await entering
    await changing


async def test_a_role_that_changed_while_away_holds_on_return(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    pat = await live.join("pat", Role.PARTICIPANT)
    await pat.lose_connection()
    await fay.told("participant.changed")
    live.ledger.admit(SLOT, "pat", Role.OBSERVER)
    back = await live.join("pat", resume=pat)
    resumed = await back.told("resumed")
    assert not resumed["you"]["permissions"]["chat.send"]["allowed"]
    await fay.told("participant.changed", where=lambda e: e["participant"]["role"] == "observer")


async def test_a_participant_who_becomes_host_starts_the_session(live: Live) -> None:
    pat = await live.join("pat", Role.PARTICIPANT)
    live.ledger.admit(SLOT, "pat", Role.FACILITATOR)
    await live.hub.facts_changed(SLOT)
    assert (await pat.told("room.phaseChanged"))["phase"] == "live"


async def test_changes_in_an_empty_room_are_nothing_to_do(live: Live) -> None:
    await live.hub.facts_changed(SLOT)
    await live.hub.facts_changed("nowhere")


async def test_a_session_that_is_withdrawn_ends(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    live.ledger.timeslots[SLOT].published = False
    await live.hub.facts_changed(SLOT)
    assert (await fay.told("room.ended"))["reason"] == "organiser"
    with pytest.raises(Refusal, match=r"session\.not_found"):
        await live.join("fay")


async def test_without_the_ledger_the_room_goes_on(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    live.ledger.unavailable = True
    with pytest.raises(Refusal, match="unavailable"):
        await live.join("pat", Role.PARTICIPANT)
    await fay.ask("chat.send", text="still here", clientId="1")
    await fay.told("chat.posted")
    with pytest.raises(Refusal, match="unavailable"):
        await fay.ask("chat.history", before=5)
    await until(lambda: "not written to the ledger" in caplog.text)
    live.ledger.unavailable = False


async def test_an_end_that_could_not_be_written_is_still_the_end(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    live.ledger.unavailable = True
    await fay.ask("room.end", {})
    await until(lambda: live.hub.phase(SLOT) is None)
    live.ledger.unavailable = False
    with pytest.raises(Refusal, match=r"room\.ended"):
        await live.join("fay")


async def test_a_new_title_and_new_times_reach_the_open_room(live: Live) -> None:
    fay = await live.join("fay", Role.FACILITATOR)
    pat = await live.join("pat", Role.PARTICIPANT)
    slot = live.ledger.timeslots[SLOT]
    slot.facts = replace(slot.facts, title="Another title", ends_at=7200.0)
    await live.hub.facts_changed(SLOT)
    for person in (fay, pat):
        changed = await person.told("room.changed")
        assert (changed["title"], changed["endsAt"]) == ("Another title", 7200.0)
        assert person.state is not None
        assert person.state.room.title == "Another title"
    late = await live.join("late", Role.PARTICIPANT)
    assert late.state is not None
    assert (late.state.room.title, late.state.room.ends_at) == ("Another title", 7200.0)
