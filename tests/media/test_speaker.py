"""Who is speaking, and which microphones of a large room are heard: decisions over rows of levels."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.control.loudest import HOLD, Loudest
from media.control.speaker import DominantSpeaker
from media.rtp.audio_level import audio_level

SPEAKING, LOUD, NOISE, QUIET = 30, 18, 62, 127
FRAME = 0.02
INTERVAL = 15  # frames between decisions


class Table:
    """People around a table, each with a level per frame; decisions every 300 ms."""

    def __init__(self, *names: str) -> None:
        self.detector = DominantSpeaker()
        self.names = names
        self.now = 100.0
        self.frame = 0
        self.decisions: list[tuple[float, str | None]] = []
        self._random = random.Random(1)

    def talk(self, seconds: float, **levels: int) -> str | None:
        """Those named have these levels, with a syllable's ups and downs; all others send noise."""
        for _ in range(round(seconds / FRAME)):
            self.frame += 1
            self.now += FRAME
            for name in self.names:
                level = levels.get(name, NOISE)
                if level < NOISE:
                    level += self._random.choice((0, 0, 0, 3, 6))
                    level = NOISE if self.frame % 25 < 3 else level
                self.detector.hear(name, min(level, 127), self.now)
            if self.frame % INTERVAL == 0:
                self.decisions.append((self.now, self.detector.decide(self.now)))
        return self.detector.current

    def switches(self) -> int:
        told = [name for _, name in self.decisions]
        return sum(before != after for before, after in pairwise(told))


def test_nobody_is_the_speaker_of_a_silent_room() -> None:
    table = Table("ann", "bob")
    assert table.talk(3) is None
    assert table.detector.take_levels() == {}


def test_who_speaks_first_is_the_speaker_within_a_second() -> None:
    table = Table("ann", "bob", "cy")
    table.talk(2)
    assert table.talk(0.9, bob=SPEAKING) == "bob"


def test_the_speaker_stays_through_silence() -> None:
    table = Table("ann", "bob")
    table.talk(2, ann=SPEAKING)
    assert table.talk(30) == "ann"


@pytest.mark.parametrize("level", [LOUD, SPEAKING, 40])
def test_the_next_speaker_takes_over_within_a_second_and_a_half(level: int) -> None:
    table = Table("ann", "bob")
    table.talk(5, ann=SPEAKING)
    assert table.talk(1.5, bob=level) == "bob"


def test_a_cough_changes_nothing() -> None:
    table = Table("ann", "bob")
    table.talk(5, ann=SPEAKING)
    table.talk(0.2, ann=SPEAKING, bob=10)
    assert table.talk(3, ann=SPEAKING) == "ann"
    table.talk(1)
    table.talk(0.2, bob=10)
    assert table.talk(2) == "ann"


def test_a_pause_for_breath_changes_nothing() -> None:
    table = Table("ann", "bob")
    table.talk(3, ann=SPEAKING)
    for _ in range(5):
        table.talk(0.4)
        table.talk(1.5, ann=SPEAKING)
    assert {name for _, name in table.decisions[5:]} == {"ann"}


def test_two_people_at_once_do_not_make_the_picture_flicker() -> None:
    table = Table("ann", "bob")
    table.talk(2, ann=SPEAKING)
    table.talk(20, ann=SPEAKING, bob=SPEAKING)
    assert table.switches() <= 3


def test_a_fan_is_not_speech() -> None:
    """A steady noise is part of the floor after a while; the voice over it is not."""
    detector = DominantSpeaker()
    now = 0.0
    for frame in range(3000):
        now += FRAME
        detector.hear("fan", 55, now)
        detector.hear("ann", SPEAKING if frame > 2700 else 70, now)
    assert detector.decide(now) == "ann"
    for _ in range(300):
        now += FRAME
        detector.hear("fan", 55, now)
        detector.hear("ann", 70, now)
    assert detector.decide(now) == "ann"


def test_who_sends_nothing_any_more_is_silent() -> None:
    table = Table("ann", "bob")
    table.talk(3, ann=SPEAKING)
    table.names = ("bob",)  # ann's packets stop in the middle of a word: muted, or gone
    assert table.talk(1.5, bob=SPEAKING) == "bob"


def test_a_speaker_who_leaves_is_not_the_speaker() -> None:
    table = Table("ann", "bob")
    table.talk(3, ann=SPEAKING)
    table.detector.remove("ann")
    assert table.detector.current is None
    table.names = ("bob",)
    assert table.talk(1) is None


def test_levels_are_those_of_the_loudest_packet_since_the_last_report() -> None:
    detector = DominantSpeaker()
    for name, level in (("ann", 40), ("ann", 20), ("ann", 60), ("bob", 90)):
        detector.hear(name, level, 1.0)
    assert detector.take_levels() == {"ann": 20}
    assert detector.take_levels() == {}


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 127), st.floats(0, 5, allow_nan=False)), max_size=200
    )
)
def test_any_row_of_levels_gives_somebody_who_was_heard(heard: list[tuple[str, int, float]]) -> None:
    detector = DominantSpeaker()
    now = 0.0
    for name, level, passed in heard:
        now += passed
        detector.hear(name, level, now)
        assert detector.decide(now) in {None, *"abc"}


# --- loudest ---


def run(loudest: Loudest, now: float, seconds: float, **levels: int) -> dict[str, list[bool]]:
    """Each microphone's packets over ``seconds``: whether they were admitted."""
    admitted: dict[str, list[bool]] = {name: [] for name in levels}
    for frame in range(round(seconds / FRAME)):
        for name, level in levels.items():
            admitted[name].append(loudest.admits(name, level, now + frame * FRAME))
    return admitted


def test_a_small_room_is_heard_whole() -> None:
    loudest = Loudest(3)
    for packets in run(loudest, 0.0, 1.0, a=QUIET, b=QUIET, c=QUIET).values():
        assert all(packets)
    for packets in run(Loudest(0), 0.0, 1.0, a=QUIET, b=QUIET, c=QUIET, d=QUIET).values():
        assert all(packets)


def test_the_first_packet_of_speech_is_forwarded_in_a_large_room() -> None:
    loudest = Loudest(3)
    names = {f"p{index}": QUIET for index in range(20)}
    run(loudest, 0.0, 3.0, **names)
    for index, name in enumerate(names):
        at = 3.0 + index
        before = run(loudest, at, 0.5, **names)
        assert sum(packets[-1] for packets in before.values()) <= 6
        assert all(run(loudest, at + 0.5, 0.5, **(names | {name: SPEAKING}))[name])


def test_never_more_than_twice_the_limit_and_soon_the_limit() -> None:
    loudest = Loudest(2)
    names = {f"p{index}": QUIET for index in range(10)}
    run(loudest, 0.0, 0.1, **names)
    for index, name in enumerate(names):  # ten people, each says one word after the other
        packets = run(loudest, 1 + index * 0.3, 0.3, **(names | {name: SPEAKING}))
        assert sum(row[-1] for row in packets.values()) <= 4
    after = run(loudest, 5.0, HOLD + 1, **names)
    assert sum(row[-1] for row in after.values()) == 2


def test_all_places_taken_by_speech_only_a_louder_voice_gets_in() -> None:
    loudest = Loudest(2)
    names = {"a": SPEAKING, "b": SPEAKING, "c": QUIET, "d": QUIET}
    run(loudest, 0.0, 3.0, **names)
    assert not any(run(loudest, 3.0, 1.0, **(names | {"c": SPEAKING}))["c"])
    louder = run(loudest, 4.0, 0.5, **(names | {"c": LOUD}))
    assert all(louder["c"])
    assert sum(row[-1] for row in louder.values()) == 2


def test_a_sentence_with_pauses_is_not_chopped() -> None:
    loudest = Loudest(1)
    others = {"b": QUIET, "c": QUIET}
    run(loudest, 0.0, 0.5, a=QUIET, **others)
    for index in range(5):
        assert all(run(loudest, 1.0 + index, 0.4, a=SPEAKING, **others)["a"])
        assert all(run(loudest, 1.4 + index, 0.6, a=QUIET, **others)["a"])


def test_a_place_is_free_again_when_somebody_leaves() -> None:
    loudest = Loudest(2)
    run(loudest, 0.0, 1.0, a=SPEAKING, b=SPEAKING, c=QUIET)
    assert not run(loudest, 1.0, 0.1, c=QUIET)["c"][-1]
    loudest.remove("a")
    assert all(run(loudest, 2.0, 0.1, c=QUIET)["c"])


def test_a_microphone_without_levels_is_heard_while_there_is_room() -> None:
    loudest = Loudest(1)
    run(loudest, 0.0, 0.1, a=QUIET, b=QUIET)
    assert run(loudest, 3.0, 0.1, b=-1)["b"][0]
    assert run(loudest, 8.0, 0.1, a=SPEAKING)["a"][0]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(-1, 127)), max_size=300), st.integers(1, 3)
)
def test_the_limit_holds_whatever_comes(packets: list[tuple[str, int]], limit: int) -> None:
    loudest = Loudest(limit)
    for name in "abcdefgh":
        loudest.admits(name, 127, 0.0)
    admitted: dict[str, bool] = {}
    for index, (name, level) in enumerate(packets):
        admitted[name] = loudest.admits(name, level, 10 + index * 0.02)
        assert len(loudest._admitted()) <= 2 * limit


# --- the extension ---


@pytest.mark.parametrize(
    ("elements", "two_byte", "level"),
    [
        (b"\xa0\x9e\x00\x00", False, 30),
        (b"\xa0\x1e\x00\x00", False, 30),
        (b"\xd2abc\xa0\x7f\x00\x00", False, 127),
        (b"\x00\xa1\x05\xff", False, 5),
        (b"\x0a\x01\x85\x00", True, 5),
        (b"\x0d\x00\x0a\x01\x85\x00", True, 5),
        (b"", False, -1),
        (b"\xb0\x01", False, -1),
        (b"\xa0", False, -1),
        (b"\x0a", True, -1),
        (b"\x0a\x00", True, -1),
    ],
)
def test_the_level_is_read_from_either_form(elements: bytes, two_byte: bool, level: int) -> None:
    assert audio_level(elements, two_byte, 10) == level


@given(st.binary(max_size=40), st.booleans())
def test_any_bytes_give_a_level_or_none(elements: bytes, two_byte: bool) -> None:
    assert -1 <= audio_level(elements, two_byte, 10) <= 127
