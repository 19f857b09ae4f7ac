"""Entering a room, coming back to it, leaving it, being lost, being replaced."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from signalling.permissions import Role
from signalling.tickets import Tickets
from tests.support.live import ORIGIN, SLOT, Live, Person, Refusal, live_server, until


@pytest.fixture
async def hasty() -> AsyncIterator[Live]:
    """A hub that waits only a moment for dropped connections."""
    async with live_server(grace=0.05) as server:
        yield server
        await server.verify()


async def facilitator(live: Live) -> Person:
    return await live.join("fay", Role.FACILITATOR)


# --- tickets and the door ---


async def test_the_welcome_says_who_you_are_and_what_you_may(live: Live) -> None:
    fay = await facilitator(live)
    pat = await live.join("pat", Role.PARTICIPANT)
    assert pat.kinds() == ["welcome"]
    assert pat.state is not None
    assert [(p.name, p.role) for p in pat.state.participants] == [
        ("Fay", Role.FACILITATOR),
        ("Pat", Role.PARTICIPANT),
    ]
    assert pat.you["permissions"]["chat.send"]["allowed"]
    refused = pat.you["permissions"]["session.end"]
    assert not refused["allowed"]
    assert refused["message"]
    joined = await fay.told("participant.joined")
    assert joined["participant"]["id"] == pat.id


async def test_an_expired_ticket_is_refused(live: Live) -> None:
    live.ledger.admit(SLOT, "fay", Role.FACILITATOR)
    old, _ = live.tickets.issue(SLOT, "fay", now=time.time() - 121)
    with pytest.raises(Refusal, match=r"ticket\.expired"):
        await live.connect("fay", {"ticket": old})


async def test_a_ticket_that_we_did_not_sign_is_refused(live: Live) -> None:
    live.ledger.admit(SLOT, "fay", Role.FACILITATOR)
    foreign, _ = Tickets(b"y" * 32).issue(SLOT, "fay", now=time.time())
    with pytest.raises(Refusal, match=r"ticket\.invalid"):
        await live.connect("fay", {"ticket": foreign})


async def test_a_ticket_is_used_once(live: Live) -> None:
    live.ledger.admit(SLOT, "fay", Role.FACILITATOR)
    ticket = live.ticket("fay")
    await live.connect("fay", {"ticket": ticket})
    with pytest.raises(Refusal, match=r"ticket\.used"):
        await live.connect("fay", {"ticket": ticket})


async def test_a_ticket_for_another_session_opens_only_that(live: Live) -> None:
    """Roles are those of the session (S65): an organiser there is nobody here."""
    live.ledger.plan("other")
    live.ledger.admit("other", "oda", Role.ORGANISER)
    oda = await live.join("oda", slot="other")
    assert oda.state is not None
    assert oda.state.room.timeslot_id == "other"
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await live.join("oda")


async def test_there_is_no_such_session(live: Live) -> None:
    with pytest.raises(Refusal, match=r"session\.not_found"):
        await live.join("fay", slot="nowhere")


async def test_a_stranger_at_the_door_leaves_nothing_behind(live: Live) -> None:
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await live.join("stranger")
    assert live.hub.phase(SLOT) is None
    assert await live.store.read(SLOT) is None


async def test_an_explicit_deny_bars_the_door(live: Live) -> None:
    live.ledger.admit(SLOT, "fay", Role.FACILITATOR, denies=["session.join"])
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await live.join("fay")


@pytest.mark.parametrize(
    ("auth", "field"),
    [
        ({}, "ticket"),
        (None, "ticket"),
        ("ticket", None),
        ({"ticket": 5}, "ticket"),
        ({"ticket": "x" * 3000}, "ticket"),
        ({"ticket": "a.b", "role": "organiser"}, "role"),
        ({"ticket": "a.b", "resume": {"seq": 1}}, "resume.participantId"),
        ({"ticket": "a.b", "resume": {"participantId": "p", "seq": -1}}, "resume.seq"),
    ],
)
async def test_a_malformed_greeting_names_the_field(live: Live, auth: object, field: str | None) -> None:
    with pytest.raises(Refusal) as refusal:
        await live.connect("fay", auth)
    assert refusal.value.code == "validation"
    assert refusal.value.problem.field == field


@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 200), ("https://evil.test", 400), ("null", 400)])
async def test_a_foreign_page_cannot_connect(live: Live, origin: str, status: int) -> None:
    url = f"{live.url}/socket.io/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Origin": origin}) as response:
        assert response.status == status


async def test_a_browser_cannot_pretend_to_be_let_in(live: Live) -> None:
    """ "connect" and "disconnect" as names of events are unknown requests like any other."""
    fay = await facilitator(live)
    for name in ("connect", "disconnect"):
        with pytest.raises(Refusal, match=r"request\.unknown"):
            await fay.ask(name, {"ticket": live.ticket("fay")})
    assert fay.connected


# --- the lobby ---


async def test_without_a_host_people_wait_in_the_lobby(live: Live) -> None:
    pat = await live.join("pat", Role.PARTICIPANT)
    assert pat.state is not None
    assert pat.state.room.phase == "lobby"
    for name, fields in (("chat.send", {"text": "hi", "clientId": "1"}), ("media.capabilities", {})):
        with pytest.raises(Refusal, match=r"room\.not_started"):
            await pat.ask(name, fields)
    fay = await facilitator(live)
    changed = await pat.told("room.phaseChanged")
    assert changed["phase"] == "live"
    await pat.ask("chat.send", text="hi", clientId="1")
    assert live.hub.phase(SLOT) == "live"
    assert live.ledger.timeslots[SLOT].runs[0].host == fay.id


async def test_a_co_facilitator_alone_is_no_host(live: Live) -> None:
    co = await live.join("cleo", Role.CO_FACILITATOR)
    assert co.state is not None
    assert co.state.room.phase == "lobby"


async def test_a_buddy_meeting_starts_with_whoever_comes_first(live: Live) -> None:
    live.ledger.plan("buddies", "buddy_meeting")
    pat = await live.join("pat", Role.PARTICIPANT, slot="buddies")
    assert pat.state is not None
    assert pat.state.room.phase == "live"


async def test_an_empty_lobby_leaves_nothing_behind(live: Live) -> None:
    pat = await live.join("pat", Role.PARTICIPANT)
    await pat.ask("room.leave", {})
    await pat.gone()
    assert await live.store.read(SLOT) is None
    assert live.hub.phase(SLOT) is None


async def test_a_run_goes_on_while_nobody_is_there(live: Live) -> None:
    fay = await facilitator(live)
    await fay.ask("chat.send", text="back in five", clientId="1")
    await fay.ask("room.leave", {})
    await fay.gone()
    pat = await live.join("pat", Role.PARTICIPANT)
    assert pat.state is not None
    assert pat.state.room.phase == "live"
    assert [message.text for message in pat.state.chat] == ["back in five"]
    assert len(live.ledger.timeslots[SLOT].runs) == 1


async def test_a_run_that_was_open_when_the_server_started_is_live(live: Live) -> None:
    await live.ledger.run_started(SLOT, at=5.0, host=None)
    pat = await live.join("pat", Role.PARTICIPANT)
    assert pat.state is not None
    assert (pat.state.room.phase, pat.state.room.started_at) == ("live", 5.0)


# --- leaving ---


async def test_leaving_is_at_once_and_for_good(live: Live) -> None:
    fay = await facilitator(live)
    pat = await live.join("pat", Role.PARTICIPANT)
    assert await pat.ask("room.leave", {}) == {}
    left = await fay.told("participant.left")
    assert (left["participantId"], left["reason"]) == (pat.id, "left")
    await pat.gone()
    assert [i.reason for i in live.intervals(pat)] == ["left"]


async def test_a_dropped_connection_is_waited_for(live: Live) -> None:
    fay = await facilitator(live)
    pat = await live.join("pat", Role.PARTICIPANT)
    await pat.lose_connection()
    changed = await fay.told("participant.changed")
    assert changed["participant"]["state"] == "reconnecting"
    assert "participant.left" not in fay.kinds()


async def test_who_does_not_come_back_is_lost(hasty: Live) -> None:
    fay = await facilitator(hasty)
    pat = await hasty.join("pat", Role.PARTICIPANT)
    await pat.lose_connection()
    left = await fay.told("participant.left")
    assert (left["participantId"], left["reason"]) == (pat.id, "lost")


async def test_the_last_one_lost_closes_the_room_not_the_run(hasty: Live) -> None:
    fay = await facilitator(hasty)
    await fay.lose_connection()
    await until(lambda: hasty.hub.phase(SLOT) is None)
    state = await hasty.store.read(SLOT)
    assert state is not None
    assert (state.room.phase, state.participants) == ("live", [])


# --- coming back ---


async def test_resuming_brings_what_was_missed(live: Live) -> None:
    fay = await facilitator(live)
    pat = await live.join("pat", Role.PARTICIPANT)
    await pat.lose_connection()
    await fay.told("participant.changed")
    for number in range(3):
        await fay.ask("chat.send", text=f"message {number}", clientId=str(number))
    back = await live.join("pat", resume=pat)
    await back.told("participant.changed", where=lambda e: e["participant"]["state"] == "present")
    assert back.kinds()[0] == "resumed"
    assert back.kinds().count("chat.posted") == 3
    assert "participant.left" not in fay.kinds()
    assert len(live.intervals(back)) == 2


async def test_resuming_before_the_loss_was_noticed(live: Live) -> None:
    """A browser on a new network is back before the old connection is known to be dead."""
    fay = await facilitator(live)
    pat = await live.join("pat", Role.PARTICIPANT)
    back = await live.join("pat", resume=pat)
    await back.told("resumed")
    assert await pat.told("replaced")
    await fay.ask("hand.raise", {})
    await back.told("hand.raised")


async def test_a_resume_that_comes_too_late_begins_afresh() -> None:
    async with live_server(events_kept=10) as live:
        fay = await facilitator(live)
        pat = await live.join("pat", Role.PARTICIPANT)
        await pat.lose_connection()
        for _ in range(11):
            await fay.ask("reaction.send", emoji="👍")
        back = await live.join("pat", resume=pat)
        assert back.kinds()[0] == "welcome"
        await live.verify()


async def test_a_number_from_the_future_begins_afresh(live: Live) -> None:
    await facilitator(live)
    pat = await live.join("pat", Role.PARTICIPANT)
    hello = {"ticket": live.ticket("pat"), "resume": {"participantId": pat.id, "seq": 999}}
    back = await live.connect("pat", hello)
    assert back.kinds()[0] == "welcome"


async def test_a_number_from_an_earlier_stay_begins_afresh(live: Live) -> None:
    await facilitator(live)
    await live.join("pat", Role.PARTICIPANT)
    hello = {"ticket": live.ticket("pat"), "resume": {"participantId": "p-pat-slot", "seq": 0}}
    back = await live.connect("pat", hello)
    assert back.kinds()[0] == "welcome"


async def test_nobody_resumes_as_somebody_else(live: Live) -> None:
    fay = await facilitator(live)
    await live.join("pat", Role.PARTICIPANT)
    assert fay.state is not None
    hello = {"ticket": live.ticket("pat"), "resume": {"participantId": fay.id, "seq": fay.state.seq}}
    back = await live.connect("pat", hello)
    assert back.kinds()[0] == "welcome"
    assert back.id == "p-pat-slot"
    assert fay.connected


async def test_a_newer_connection_replaces_the_older(live: Live) -> None:
    fay = await facilitator(live)
    first = await live.join("pat", Role.PARTICIPANT)
    second = await live.join("pat")
    await first.told("replaced")
    await first.gone()
    await fay.ask("hand.raise", {})
    await second.told("hand.raised")
    assert "hand.raised" not in first.kinds()
    assert "participant.left" not in fay.kinds()
    assert [i.reason for i in live.intervals(second)] == ["replaced", None]


async def test_stopping_writes_down_who_was_there() -> None:
    async with live_server() as live:
        fay = await facilitator(live)
        await live.hub.stop()
        await fay.gone()
        assert [i.reason for i in live.intervals(fay)] == ["lost"]
