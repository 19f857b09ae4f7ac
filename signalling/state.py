"""The state of a room as a function of its events: snapshot + events = fresh snapshot (D6).

The live stores apply it to what they keep; browsers do the same with what they are sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from signalling import messages as m
from signalling.messages import Event, Participant, Snapshot
from signalling.phases import Phase

CHAT_KEPT = 100
"""How many of the latest chat messages a snapshot holds; the ledger has all of them."""


def apply(state: Snapshot, event: Event) -> Snapshot:
    """The state after ``event``, which bears the next number. KeyError for an event that changes nothing
    known.
    """
    change = _CHANGES[type(event)](state, event)
    return state.model_copy(update={"seq": event.seq, **change})


def participant_of(state: Snapshot, participant_id: str) -> Participant | None:
    return next((person for person in state.participants if person.id == participant_id), None)


def producer_of(state: Snapshot, producer_id: str) -> m.Producer | None:
    return next((producer for producer in state.producers if producer.id == producer_id), None)


Item = TypeVar("Item", bound=Participant | m.Producer)
Change = dict[str, Any]  # the fields of Snapshot that are new


def _participant(state: Snapshot, event: m.ParticipantJoined | m.ParticipantChanged) -> Change:
    return {"participants": _put(state.participants, event.participant)}


def _participant_left(state: Snapshot, event: m.ParticipantLeft) -> Change:
    return {"participants": [person for person in state.participants if person.id != event.participant_id]}


def _chat(state: Snapshot, event: m.ChatPosted) -> Change:
    return {"chat": [*state.chat, event.message][-CHAT_KEPT:]}


def _hand(state: Snapshot, event: m.HandRaised | m.HandLowered) -> Change:
    raised_at = event.at if isinstance(event, m.HandRaised) else None
    return {
        "participants": [
            person.model_copy(update={"hand_raised_at": raised_at})
            if person.id == event.participant_id
            else person
            for person in state.participants
        ]
    }


def _producer(state: Snapshot, event: m.ProducerAdded | m.ProducerChanged) -> Change:
    return {"producers": _put(state.producers, event.producer)}


def _producer_removed(state: Snapshot, event: m.ProducerRemoved) -> Change:
    return {"producers": [producer for producer in state.producers if producer.id != event.producer_id]}


def _phase(state: Snapshot, event: m.PhaseChanged) -> Change:
    return {"room": state.room.model_copy(update={"phase": event.phase, "started_at": event.started_at})}


def _changed(state: Snapshot, event: m.RoomChanged) -> Change:
    new = {"title": event.title, "starts_at": event.starts_at, "ends_at": event.ends_at}
    return {"room": state.room.model_copy(update=new)}


def _ended(state: Snapshot, event: m.RoomEnded) -> Change:
    return {
        "room": state.room.model_copy(update={"phase": Phase.ENDED}),
        "participants": [],
        "producers": [],
    }


def _nothing(state: Snapshot, event: Event) -> Change:
    return {}


_CHANGES: dict[type[Event], Callable[[Snapshot, Any], Change]] = {
    m.ParticipantJoined: _participant,
    m.ParticipantChanged: _participant,
    m.ParticipantLeft: _participant_left,
    m.ChatPosted: _chat,
    m.ReactionSent: _nothing,
    m.HandRaised: _hand,
    m.HandLowered: _hand,
    m.ProducerAdded: _producer,
    m.ProducerChanged: _producer,
    m.ProducerRemoved: _producer_removed,
    m.PhaseChanged: _phase,
    m.RoomChanged: _changed,
    m.Withheld: _nothing,
    m.RoomEnded: _ended,
}


def _put(items: list[Item], new: Item) -> list[Item]:
    """The list with ``new`` in the place of the one with its id, or at the end."""
    for place, item in enumerate(items):
        if item.id == new.id:
            return [*items[:place], new, *items[place + 1 :]]
    return [*items, new]
