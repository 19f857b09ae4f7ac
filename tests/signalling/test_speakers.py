"""What a room is told of its speakers."""

from __future__ import annotations

from media.protocol import ActiveSpeaker, AudioLevels
from signalling.messages import RoomSpeaking
from signalling.speakers import Speakers

OWNERS = {"p1": "ann", "p2": "bob"}


def test_each_change_is_told_once() -> None:
    speakers = Speakers(OWNERS.get)
    assert speakers.hears(AudioLevels("r", {})) is None
    both = RoomSpeaking(active=None, speaking=["ann", "bob"])
    assert speakers.hears(AudioLevels("r", {"p2": 20, "p1": 50})) == both
    assert speakers.hears(AudioLevels("r", {"p1": 30, "p2": 40})) is None
    assert speakers.hears(ActiveSpeaker("r", "p2")) == RoomSpeaking(active="bob", speaking=["ann", "bob"])
    assert speakers.hears(AudioLevels("r", {"p1": 51})) == RoomSpeaking(active="bob", speaking=[])
    assert speakers.hears(ActiveSpeaker("r", None)) == RoomSpeaking(active=None, speaking=[])


def test_a_producer_that_has_gone_is_nobody() -> None:
    speakers = Speakers(OWNERS.get)
    assert speakers.hears(ActiveSpeaker("r", "p9")) is None
    assert speakers.hears(AudioLevels("r", {"p9": 10})) is None
