"""What is hidden is hidden in every event and every snapshot, and the numbers have no gaps for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signalling.messages import Snapshot
from signalling.permissions import Policy, Role
from tests.support.live import SLOT, Live, Person


@pytest.fixture
def hidden_roster(live: Live) -> Live:
    live.ledger.set_policy(SLOT, Policy(roster_hidden=True))
    return live


def names(person: Person) -> list[str]:
    assert person.state is not None
    return [participant.name for participant in person.state.participants]


async def test_participants_see_staff_and_themselves(hidden_roster: Live) -> None:
    fay = await hidden_roster.join("fay", Role.FACILITATOR)
    ann = await hidden_roster.join("ann", Role.PARTICIPANT)
    bob = await hidden_roster.join("bob", Role.PARTICIPANT)
    await hidden_roster.join("cleo", Role.CO_FACILITATOR)
    for person in (fay, ann, bob):
        await person.told("participant.joined", where=lambda e: e["participant"]["name"] == "Cleo")
    assert names(fay) == ["Fay", "Ann", "Bob", "Cleo"]
    assert names(ann) == ["Fay", "Ann", "Cleo"]
    assert names(bob) == ["Fay", "Bob", "Cleo"]


async def test_nothing_about_others_leaks_in_events(hidden_roster: Live) -> None:
    """Join alerts leaked hidden names elsewhere."""
    fay = await hidden_roster.join("fay", Role.FACILITATOR)
    ann = await hidden_roster.join("ann", Role.PARTICIPANT)
    bob = await hidden_roster.join("bob", Role.PARTICIPANT)
    await bob.ask("hand.raise", {})
    await bob.lose_connection()
    await fay.told("participant.changed")
    back = await hidden_roster.join("bob", resume=bob)
    await back.ask("room.leave", {})
    await fay.told("participant.left")
    await ann.ask("hand.raise", {})
    await ann.told("hand.raised", where=lambda e: e["participantId"] == ann.id)
    assert bob.id not in str(ann.heard)
    assert ann.kinds().count("room.withheld") == 5


async def test_who_may_not_see_everything_comes_back_afresh(hidden_roster: Live) -> None:
    """Missed events are not sent again to those from whom some were hidden."""
    fay = await hidden_roster.join("fay", Role.FACILITATOR)
    ann = await hidden_roster.join("ann", Role.PARTICIPANT)
    await ann.lose_connection()
    await fay.told("participant.changed")
    bob = await hidden_roster.join("bob", Role.PARTICIPANT)
    back = await hidden_roster.join("ann", resume=ann)
    assert back.kinds() == ["welcome"]
    assert names(back) == ["Fay", "Ann"]
    assert bob.id not in str(back.heard)


async def test_without_chat_read_there_is_no_chat(live: Live) -> None:
    live.ledger.admit(SLOT, "ann", Role.PARTICIPANT, denies=["chat.read"])
    fay = await live.join("fay", Role.FACILITATOR)
    await fay.ask("chat.send", text="a secret", clientId="1")
    ann = await live.join("ann")
    await fay.ask("chat.send", text="a secret", clientId="2")
    await ann.told("room.withheld")
    assert "secret" not in str(ann.heard)


async def test_a_policy_that_changes_is_told(live: Live) -> None:
    await live.join("fay", Role.FACILITATOR)
    ann = await live.join("ann", Role.PARTICIPANT)
    facts = live.ledger.timeslots[SLOT].facts
    live.ledger.set_policy(SLOT, replace(facts.policy, roster_hidden=True))
    await live.hub.facts_changed(SLOT)
    changed = await ann.told("permissions.changed")
    assert not changed["you"]["permissions"]["participants.view"]["allowed"]
    ann.state = Snapshot.model_validate(await ann.ask("room.sync", {}))
    assert names(ann) == ["Fay", "Ann"]
