"""Choosing layers: what a page shows, what arrives, what the path carries. Tables and properties."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.control.allocate import HEADROOM, Priority, Request, allocate
from media.control.filters import TemporalFilter
from media.control.layers import (
    CALM,
    FULL,
    LINGER,
    LONGEST_WAIT,
    NOTHING,
    WAIT,
    Climb,
    Demand,
    Encoding,
    Step,
    Target,
    Wish,
    ceiling,
    steps,
)
from media.rtp.codecs import av1, vp8, vp9
from media.rtp.pictures import Picture
from tests.support.sfu import vp8_layered, vp8_payload

SMALL, MIDDLE, LARGE = (
    Encoding(True, 150_000, 180, 3),
    Encoding(True, 500_000, 360, 3),
    Encoding(True, 1_500_000, 720, 3),
)
ALL = [SMALL, MIDDLE, LARGE]
DEAD = Encoding(False, 0.0, 0)


@pytest.mark.parametrize(
    ("encodings", "wish", "layer"),
    [
        (ALL, Wish(), 2),
        (ALL, Wish(visible=False), -1),
        (ALL, Wish(90), 0),
        (ALL, Wish(180), 0),
        (ALL, Wish(240), 0),  # scaled up by a third: nobody sees it
        (ALL, Wish(241), 1),
        (ALL, Wish(480), 1),
        (ALL, Wish(600), 2),
        (ALL, Wish(5000), 2),
        ([DEAD, DEAD, DEAD], Wish(180), 0),  # nothing known: 180, 360, 720 are assumed
        ([DEAD, DEAD, LARGE], Wish(400), 1),
        ([SMALL, DEAD, DEAD], Wish(400), 1),  # 720 at the top by doubling
        ([LARGE], Wish(90), 0),
    ],
)
def test_the_smallest_layer_that_fills_the_tile(encodings: list[Encoding], wish: Wish, layer: int) -> None:
    assert ceiling(encodings, wish) == layer


def targets(found: list[Step]) -> list[tuple[int, int]]:
    return [tuple(step.target) for step in found]  # type: ignore[misc]


def test_steps_rise_in_picture_and_cost() -> None:
    assert targets(steps(ALL, Wish())) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]
    assert [step.bitrate for step in steps(ALL, Wish(180))] == [60_000, 90_000, 150_000]
    assert steps(ALL, Wish(visible=False)) == []
    assert steps([DEAD, DEAD, DEAD], Wish()) == []


def test_what_does_not_arrive_cannot_be_had() -> None:
    assert targets(steps([SMALL, DEAD, DEAD], Wish())) == [(0, 0), (0, 1), (0, 2)]
    assert targets(steps([DEAD, MIDDLE, LARGE], Wish(90))) == [(1, 0), (1, 1), (1, 2)]
    assert targets(steps([SMALL, DEAD, LARGE], Wish(400))) == [(0, 0), (0, 1), (0, 2)]


def test_a_larger_picture_for_less_replaces_the_smaller() -> None:
    found = steps([Encoding(True, 400_000, 180), Encoding(True, 300_000, 360)], Wish())
    assert found == [Step(Target(1, 0), 300_000)]


encoding = st.builds(
    Encoding, st.booleans(), st.floats(0, 5e6), st.sampled_from([0, 90, 180, 360, 720]), st.integers(1, 3)
)
wish = st.builds(Wish, st.integers(0, 4000), st.booleans(), st.booleans())


@given(st.lists(encoding, min_size=1, max_size=4), wish)
def test_any_encodings_give_steps_that_rise_and_are_alive(encodings: list[Encoding], wanted: Wish) -> None:
    found = steps(encodings, wanted)
    assert all(a.bitrate < b.bitrate and a.target < b.target for a, b in pairwise(found))
    assert all(encodings[step.target.spatial].alive for step in found)
    assert bool(found) == (wanted.visible and any(encoding.alive for encoding in encodings))


# --- sharing ---


def request(name: str, priority: Priority = Priority.REST, current: Target = NOTHING) -> Request:
    return Request(name, priority, steps(ALL, Wish()), current)


def test_everyone_gets_the_best_where_there_is_room() -> None:
    given_ = allocate([request("a"), request("b", Priority.SCREEN)], math.inf)
    assert given_ == {"a": Target(2, 2), "b": Target(2, 2)}


@pytest.mark.parametrize(
    ("budget", "screen", "camera"),
    [
        (50_000, NOTHING, NOTHING),
        (70_000, Target(0, 0), NOTHING),
        (140_000, Target(0, 0), Target(0, 0)),
        (700_000, Target(1, 2), Target(0, 2)),
        (1_800_000, Target(2, 2), Target(0, 2)),
        (2_300_000, Target(2, 2), Target(1, 2)),
        (3_200_000, Target(2, 2), Target(2, 2)),
    ],
)
def test_screens_go_first_but_nobody_goes_without(budget: float, screen: Target, camera: Target) -> None:
    requests = [request("camera"), request("screen", Priority.SCREEN)]
    assert allocate(requests, budget) == {"screen": screen, "camera": camera}


def test_equals_get_the_same() -> None:
    requests = [request(name) for name in "abcd"]
    assert set(allocate(requests, 4 * 300_000 * HEADROOM + 1).values()) == {Target(1, 1)}


def test_what_is_sent_already_needs_no_headroom() -> None:
    assert allocate([request("a")], 500_001) == {"a": Target(1, 1)}
    assert allocate([request("a", current=Target(1, 2))], 500_001) == {"a": Target(1, 2)}


@given(
    st.lists(st.tuples(st.sampled_from(Priority), st.lists(encoding, min_size=1, max_size=3)), max_size=8),
    st.floats(0, 2e7),
)
def test_the_budget_is_kept(tracks: list[tuple[Priority, list[Encoding]]], budget: float) -> None:
    requests = [
        Request(str(index), priority, steps(encodings, Wish()))
        for index, (priority, encodings) in enumerate(tracks)
    ]
    given_ = allocate(requests, budget)
    cost = sum(step.bitrate for one in requests for step in one.steps if step.target == given_[one.id])
    assert cost <= budget + 1e-6
    again = [
        Request(one.id, one.priority, one.steps, given_[one.id]) for one in requests
    ]  # the same again with the same budget takes nothing away from the first
    first = min(again, key=lambda one: one.priority, default=None)
    if first is not None:
        assert allocate(again, budget)[first.id] >= given_[first.id]


def test_of_text_the_frame_rate_falls_before_the_size() -> None:
    """A screen is for reading: rather the whole of it at the lowest frame rate than a smaller picture."""
    faces, text = steps(ALL, Wish()), steps(ALL, Wish(), detail=True)
    assert [step.target for step in text] == [
        Target(0, 0),
        Target(1, 0),
        Target(2, 0),
        Target(2, 1),
        Target(2, 2),
    ]
    assert Target(2, 0) not in [step.target for step in faces]
    costs = [step.bitrate for step in text]
    assert costs == sorted(costs)
    screen = Request("screen", Priority.SCREEN, text)
    fitting = allocate([screen], text[2].bitrate * HEADROOM)
    assert fitting == {"screen": Target(2, 0)}
    assert steps(ALL, Wish(height=100), detail=True)[-1].target == Target(0, 2)  # a thumbnail of it


def test_of_text_in_one_layer_there_is_that_or_nothing() -> None:
    (only,) = steps([Encoding(True, 800_000, 1080)], Wish(), detail=True)
    assert only.target == Target(0, 0)


# --- what the publisher is told ---


def test_an_encoding_is_wanted_at_once_and_unwanted_after_a_while() -> None:
    demand = Demand(2)
    assert not demand.update(2, 0.0)
    assert not demand.update(0, 1.0)
    assert not demand.update(0, 1.0 + LINGER - 0.1)
    assert demand.update(0, 1.0 + LINGER)
    assert demand.current == 0
    assert not demand.update(-1, 20.0)
    assert not demand.update(-1, 40.0)  # the smallest goes on for nobody
    assert demand.update(1, 40.0)
    assert demand.current == 1
    assert not demand.update(0, 41.0)
    assert not demand.update(1, 45.0)
    assert not demand.update(0, 46.5)  # looked at in between: the while begins anew
    assert not demand.update(0, 46.5 + LINGER - 0.1)


# --- temporal layers ---

PATTERN = [(0, False), (2, True), (1, True), (2, False)]  # libvpx' three layers


def picture(number: int, temporal: int, syncs: bool) -> Picture:
    return Picture(number, 0, temporal, syncs=syncs)


def filtered(filter_: TemporalFilter, pictures: range) -> list[int]:
    return [n for n in pictures if filter_.passes(picture(n, *PATTERN[n % 4]))]


def test_each_temporal_target_passes_its_share() -> None:
    assert filtered(TemporalFilter(0, FULL), range(8)) == [0, 4]
    assert filtered(TemporalFilter(1, FULL), range(8)) == [0, 2, 4, 6]
    assert filtered(TemporalFilter(2, FULL), range(8)) == list(range(8))


def test_up_only_where_the_picture_syncs() -> None:
    filter_ = TemporalFilter(0, FULL)
    filtered(filter_, range(4))
    filter_.target = 2
    assert filtered(filter_, range(7, 13)) == [8, 9, 10, 11, 12]  # 7 builds on what was left out
    filter_.target = 1
    assert filtered(filter_, range(13, 20)) == [14, 16, 18]


def test_all_packets_of_a_picture_share_its_fate() -> None:
    filter_ = TemporalFilter(2, FULL)
    assert filter_.passes(picture(5, 2, False))
    filter_.target = 0
    assert filter_.passes(picture(5, 2, False))
    assert not filter_.passes(picture(6, 2, False))
    filter_.target = 2
    assert not filter_.passes(picture(6, 2, True))


# --- descriptors ---


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (vp8_layered(False, 0x1234, 7, 2, True), (0x1234, 2, True)),
        (vp8_layered(True, 5, 7, 0, False), (5, 0, False)),
        (vp8_payload(True, 9, 1), (9, 0, True)),
        (b"\x10\x00", (-1, 0, True)),
        (b"", (-1, 0, True)),
    ],
)
def test_vp8_tells_picture_and_temporal_layer(payload: bytes, told: tuple[int, int, bool]) -> None:
    assert vp8.temporal(payload, 0, len(payload)) == told


def test_the_height_is_read_from_a_key_frame() -> None:
    payload = vp8_layered(True, 1, 1, 0, True, (640).to_bytes(2, "little") + (360).to_bytes(2, "little"))
    assert vp8.height(payload, 0, len(payload)) == 360
    assert vp8.height(payload[:14], 0, 14) == 0


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        ("ac923400", True),  # the end of its frame, too
        ("a8923400", True),
        ("a89234000102", True),
        ("e8923400", False),  # P
        ("a892340202", False),  # the layer above
        ("a0923400", False),  # B not set
        ("", False),
        ("a8", False),
    ],
)
def test_vp9_key_frames(payload: str, starts: bool) -> None:
    data = bytes.fromhex(payload)
    assert vp9.starts_key_frame(data, 0, len(data)) is starts


@given(st.binary(max_size=30))
def test_no_payload_breaks_a_descriptor_reader(data: bytes) -> None:
    vp9.starts_key_frame(data, 0, len(data))
    av1.starts_key_frame(data, 0, len(data))
    vp8.height(data, 0, len(data))
    assert 0 <= vp8.temporal(data, 0, len(data))[1] <= 3


def test_av1_key_frames() -> None:
    assert av1.starts_key_frame(b"\x08\x0a", 0, 2)
    assert not av1.starts_key_frame(b"\x10\x0a", 0, 2)
    assert not av1.starts_key_frame(b"\x88\x0a", 0, 2)


# --- calm ---

STEPS = steps(ALL, Wish())


def tops(climb: Climb, now: float) -> int:
    return max(step.target.spatial for step in climb.limit(STEPS, now))


def test_a_fall_lets_larger_pictures_wait() -> None:
    climb = Climb(Target(2, 2))
    climb.chosen(Target(1, 1), 2, 10.0)
    assert tops(climb, 10.0 + WAIT - 0.1) == 1
    assert Target(1, 2) in [step.target for step in climb.limit(STEPS, 10.0)]  # the frame rate does not
    assert tops(climb, 10.0 + WAIT) == 2


def test_a_climb_that_does_not_last_doubles_the_wait_up_to_the_longest() -> None:
    climb, now = Climb(Target(2, 2)), 0.0
    waits = []
    for _ in range(5):
        climb.chosen(Target(1, 2), 2, now)
        fell = now
        while tops(climb, now) < 2:
            now += 0.5
        waits.append(now - fell)
        climb.chosen(Target(2, 2), 2, now)
        now += 1.0
    assert waits == [WAIT, 2 * WAIT, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]
    climb.chosen(Target(1, 2), 2, now + CALM)
    assert tops(climb, now + CALM + WAIT) == 2


def test_one_fall_in_steps_is_one() -> None:
    climb = Climb(Target(2, 2))
    climb.chosen(Target(1, 2), 2, 0.0)
    climb.chosen(Target(0, 2), 2, 1.0)
    assert tops(climb, 1.0 + WAIT) == 2


def test_who_sees_nothing_gets_the_least_at_once() -> None:
    climb = Climb(Target(2, 2))
    climb.chosen(NOTHING, 2, 0.0)
    assert {step.target.spatial for step in climb.limit(STEPS, 0.1)} == {0}


def test_less_that_was_wished_for_is_no_fall() -> None:
    climb = Climb(Target(2, 2))
    climb.chosen(Target(0, 2), 0, 0.0)  # the tile became small …
    assert tops(climb, 0.1) == 2  # … and large again
