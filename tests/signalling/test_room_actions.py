"""Chat, reactions and hands: what is said reaches everyone, once, in order, as plain text."""

from __future__ import annotations

import asyncio

import pytest

from signalling.messages import REACTIONS
from signalling.permissions import Role
from signalling.state import CHAT_KEPT
from tests.support.live import SLOT, Live, Person, Refusal, until


async def two(live: Live) -> tuple[Person, Person]:
    fay = await live.join("fay", Role.FACILITATOR)
    return fay, await live.join("pat", Role.PARTICIPANT)


# --- chat ---


async def test_a_message_reaches_everyone_and_the_ledger(live: Live) -> None:
    fay, pat = await two(live)
    sent = (await pat.ask("chat.send", text="  Hello ", clientId="1"))["message"]
    assert (sent["text"], sent["authorName"], sent["seq"]) == ("Hello", "Pat", 1)
    for person in (fay, pat):
        assert (await person.told("chat.posted"))["message"] == sent
    await until(lambda: [m.id for m in live.ledger.timeslots[SLOT].chat] == [sent["id"]])


async def test_sending_again_is_sending_once(live: Live) -> None:
    fay, pat = await two(live)
    asked = [pat.ask("chat.send", text="Hello", clientId="same") for _ in range(3)]
    answers = await asyncio.gather(*asked)
    assert len({answer["message"]["id"] for answer in answers}) == 1
    await fay.ask("chat.send", text="Hello", clientId="same")  # another person's id is another message
    await fay.told("chat.posted", where=lambda e: e["message"]["participantId"] == fay.id)
    assert fay.kinds().count("chat.posted") == 2


async def test_late_entryers_find_the_latest_hundred_and_page_back(live: Live) -> None:
    await two(live)
    people = [await live.join(f"p{n}", Role.PARTICIPANT) for n in range(7)]
    for number in range(CHAT_KEPT + 20):
        await people[number % 7].ask("chat.send", text=f"message {number + 1}", clientId=str(number))
    late = await live.join("late", Role.PARTICIPANT)
    assert late.state is not None
    assert [message.seq for message in late.state.chat] == list(range(21, 121))
    older = await late.ask("chat.history", before=21, limit=15)
    assert [message["seq"] for message in older["messages"]] == list(range(6, 21))
    assert older["more"]
    oldest = await late.ask("chat.history", before=6, limit=15)
    assert [message["seq"] for message in oldest["messages"]] == list(range(1, 6))
    assert not oldest["more"]


async def test_numbers_go_on_where_the_ledger_ends(live: Live) -> None:
    """After a restart of the server the live store is empty, the ledger is not."""
    fay, pat = await two(live)
    await pat.ask("chat.send", text="before", clientId="1")
    for person in (fay, pat):
        await person.ask("room.leave", {})
        await person.gone()
    await until(lambda: len(live.ledger.timeslots[SLOT].chat) == 1)
    await live.store.drop(SLOT)
    fay, pat = await two(live)
    assert fay.state is not None
    assert [message.text for message in fay.state.chat] == ["before"]
    assert (await pat.ask("chat.send", text="after", clientId="2"))["message"]["seq"] == 2


@pytest.mark.parametrize(
    ("text", "posted"),
    [
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("a & b &lt; c", "a & b &lt; c"),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree four"),
        ("bell\x07 null\x00 escape\x1b[31m", "bell null escape[31m"),
        ("👩‍👩‍👧 ﷽ ‮rtl", "👩‍👩‍👧 ﷽ ‮rtl"),
        ("=1+1", "=1+1"),
    ],
)
async def test_text_is_text(live: Live, text: str, posted: str) -> None:
    fay, pat = await two(live)
    await pat.ask("chat.send", text=text, clientId="1")
    assert (await fay.told("chat.posted"))["message"]["text"] == posted


async def test_a_name_is_text_too(live: Live) -> None:
    live.ledger.admit(SLOT, "eve", Role.FACILITATOR, name="<b onclick=x>Eve</b>")
    eve = await live.join("eve")
    sent = await eve.ask("chat.send", text="hi", clientId="1")
    assert sent["message"]["authorName"] == "<b onclick=x>Eve</b>"
    assert eve.state is not None
    assert eve.state.participants[0].name == "<b onclick=x>Eve</b>"


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x07", "x" * 4001])
async def test_a_message_has_something_to_read(live: Live, text: str) -> None:
    fay, pat = await two(live)
    with pytest.raises(Refusal) as refusal:
        await pat.ask("chat.send", text=text, clientId="1")
    assert refusal.value.problem.field == "text"
    assert "chat.posted" not in fay.kinds()


# --- reactions ---


@pytest.mark.parametrize("emoji", REACTIONS)
async def test_a_reaction_reaches_everyone(live: Live, emoji: str) -> None:
    fay, pat = await two(live)
    await pat.ask("reaction.send", emoji=emoji)
    event = await fay.told("reaction.sent")
    assert (event["participantId"], event["emoji"]) == (pat.id, emoji)


async def test_only_these_reactions_exist(live: Live) -> None:
    _, pat = await two(live)
    with pytest.raises(Refusal) as refusal:
        await pat.ask("reaction.send", emoji="🖕")
    assert refusal.value.problem.field == "emoji"


# --- hands ---


async def test_hands_keep_their_order(live: Live) -> None:
    fay, pat = await two(live)
    ann = await live.join("ann", Role.PARTICIPANT)
    for person in (pat, ann, pat):
        await person.ask("hand.raise", {})
    await fay.told("hand.raised", where=lambda e: e["participantId"] == ann.id)
    assert fay.state is not None
    raised = [p for p in fay.state.participants if p.hand_raised_at is not None]
    assert [p.name for p in sorted(raised, key=lambda p: p.hand_raised_at or 0)] == ["Pat", "Ann"]
    assert fay.kinds().count("hand.raised") == 2


async def test_a_hand_is_lowered_by_its_owner_or_by_staff(live: Live) -> None:
    fay, pat = await two(live)
    ann = await live.join("ann", Role.PARTICIPANT)
    await pat.ask("hand.raise", {})
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await ann.ask("hand.lower", participantId=pat.id)
    await fay.ask("hand.lower", participantId=pat.id)
    await ann.told("hand.lowered", where=lambda e: e["participantId"] == pat.id)
    await pat.ask("hand.lower", {})  # nothing to do any more
    await pat.ask("hand.raise", {})
    await pat.ask("hand.lower", {})
    await until(lambda: ann.kinds().count("hand.lowered") == 2)


async def test_the_hand_of_somebody_who_is_not_here(live: Live) -> None:
    fay, _ = await two(live)
    with pytest.raises(Refusal) as refusal:
        await fay.ask("hand.lower", participantId="nobody")
    assert (refusal.value.code, refusal.value.problem.field) == ("participant.unknown", "participantId")
