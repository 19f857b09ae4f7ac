"""Leaving layers out: whatever is aimed at and when, what passes can be decoded, in whole frames, and the
last packet of each picture says so.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.control import filters
from media.control.layers import FULL
from media.rtp import pictures
from media.rtp.codecs import vp9
from media.rtp.header import ONE_BYTE_PROFILE, TWO_BYTE_PROFILE, pack_fixed
from tests.support.layered import Part, Scalable, vp9_payload

DESCRIPTOR = 8


def packed(part: Part) -> tuple[bytes, int]:
    """In our layout, and where its payload begins."""
    if not part.element:
        return pack_fixed(0x90, 101, 0, 0, 0, ONE_BYTE_PROFILE, 3) + part.payload, 28
    elements = bytes((DESCRIPTOR, len(part.element))) + part.element
    elements += bytes(-len(elements) % 4)
    head = pack_fixed(0x90, 101, 0, 0, 0, TWO_BYTE_PROFILE, 3 + len(elements) // 4) + elements
    return head + part.payload, len(head)


class Watching:
    """One subscriber of a video: what passes, and whether a packet is marked as its picture's last."""

    def __init__(self, video: Scalable, started: bool = True) -> None:
        self.video = video
        self.reader = pictures.reader(f"video/{video.codec}", DESCRIPTOR)
        self.filter = filters.make(self.reader, video.keyed)
        self.passed: list[tuple[Part, bool]] = []
        if started:
            self.filter.restart()

    def aim(self, spatial: int, temporal: int) -> None:
        self.filter.aim(spatial, temporal)

    def watch(self, count: int, key: bool = False) -> list[Part]:
        """The parts that passed of the next pictures."""
        before = len(self.passed)
        for part in self.video.pictures(count, key):
            packet, payload = packed(part)
            if part.key and part.first and not part.spatial:
                self.reader.learn(packet, payload)
            picture = self.reader.read(packet, payload)
            if self.filter.passes(picture):
                self.passed.append((part, part.marker or self.filter.marks(picture)))
        return [part for part, _ in self.passed[before:]]

    def check(self, complete: bool = True) -> None:
        """``complete`` where everything was passed before the first filtered packet."""
        frames: dict[tuple[int, int], int] = {}
        known = {(part.picture, part.spatial) for part, _ in self.passed}
        first = self.passed[0][0].picture if self.passed else 0
        for part, _ in self.passed:
            frames[part.picture, part.spatial] = frames.get((part.picture, part.spatial), 0) + 1
            for frame in part.refers:
                assert frame in known or (complete and frame[0] < first), (part, frame)
        assert set(frames.values()) <= {self.video.packets}
        for (part, marked), (after, _) in zip(self.passed, self.passed[1:], strict=False):
            assert marked is (part.picture != after.picture), (part, after)


def layers(parts: list[Part]) -> set[tuple[int, int]]:
    return {(part.spatial, part.temporal) for part in parts}


SVC = [Scalable("vp9"), Scalable("av1"), Scalable("vp9", keyed=True), Scalable("av1", keyed=True)]
NAMES = ["VP9 L3T3", "AV1 L3T3", "VP9 L3T3_KEY", "AV1 L3T3_KEY"]


@pytest.mark.parametrize("video", SVC, ids=NAMES)
def test_what_is_aimed_at_from_the_start_passes(video: Scalable) -> None:
    watching = Watching(replace(video))
    watching.aim(1, 1)
    watching.watch(1, key=True)
    following = layers(watching.watch(16))
    assert following == ({(1, 0), (1, 1)} if video.keyed else {(0, 0), (1, 0), (0, 1), (1, 1)})
    watching.check()


@pytest.mark.parametrize("video", SVC, ids=NAMES)
def test_up_with_a_key_frame_and_down_without_one_where_layers_build_on_each_other(video: Scalable) -> None:
    watching = Watching(replace(video))
    watching.aim(0, FULL)
    watching.watch(5, key=True)
    watching.aim(2, FULL)
    assert layers(watching.watch(8)) == {(0, 0), (0, 1), (0, 2)}  # the others build on what was left out
    assert {part.spatial for part in watching.watch(9, key=True)} == {0, 1, 2}
    watching.aim(1, FULL)
    watching.watch(4)  # for the next picture that is a switch
    following = {part.spatial for part in watching.watch(8)}
    assert following == ({2} if video.keyed else {0, 1})
    assert {part.spatial for part in watching.watch(8, key=True)} == {0, 1}
    watching.check()


@pytest.mark.parametrize("video", SVC[:2], ids=NAMES[:2])
def test_down_from_everything_needs_nothing(video: Scalable) -> None:
    """The filter is made in the middle of a stream of which everything was sent."""
    watching = Watching(replace(video), started=False)
    watching.watch(6, key=True)
    watching.aim(0, 0)
    watching.watch(4)
    assert layers(watching.watch(12)) == {(0, 0)}
    watching.check()


def test_apart_layers_need_no_key_frame_while_everything_passed() -> None:
    watching = Watching(Scalable("vp9", keyed=True), started=False)
    watching.aim(1, FULL)
    list(watching.video.pictures(6, key=True))  # sent as they were
    assert {part.spatial for part in watching.watch(8)} == {1}
    watching.check()


@pytest.mark.parametrize(
    "video",
    [Scalable("vp9", 1), Scalable("av1", 1), Scalable("h264", 1), Scalable("av1", 1, 2), Scalable("vp9", 3)],
    ids=["VP9 L1T3", "AV1 L1T3", "H264 L1T3", "AV1 L1T2", "VP9 L3T3"],
)
def test_frame_rates_fall_at_once_and_rise_without_a_key_frame(video: Scalable) -> None:
    watching = Watching(replace(video), started=False)
    watching.watch(8, key=True)
    watching.aim(FULL, 0)
    watching.watch(4)
    assert {part.temporal for part in watching.watch(8)} == {0}
    watching.aim(FULL, FULL)
    watching.watch(8)
    assert {part.temporal for part in watching.watch(8)} == set(range(video.temporal))
    assert watching.filter.settled
    watching.check()


def test_the_rfcs_own_switching_point() -> None:
    """U on the lowest layer: from there on all higher ones."""
    filter_ = filters.SpatialFilter(False)
    filter_.aim(FULL, 0)
    assert filter_.passes(pictures.Picture(1, temporal=0, syncs=False))
    filter_.aim(FULL, FULL)
    assert not filter_.passes(pictures.Picture(2, temporal=2, syncs=False))
    assert filter_.passes(pictures.Picture(3, temporal=0, syncs=True))
    assert filter_.passes(pictures.Picture(4, temporal=2, syncs=False))


def test_a_layer_that_begins_again_without_a_key_frame_is_not_cut_off() -> None:
    """A publisher with more to spend adds a spatial layer that builds on the one below only: the packet in
    front of it is not its picture's last.
    """
    filter_ = filters.SpatialFilter(False)
    filter_.restart()
    filter_.aim(2, FULL)
    lower = [pictures.Picture(n, layer, ends=True) for n in (2, 3) for layer in (0, 1)]
    start = [pictures.Picture(1, layer, ends=True, predicted=False) for layer in (0, 1)]
    for picture in (*start, *lower):
        assert filter_.passes(picture)
        assert not filter_.marks(picture)
    assert filter_.passes(pictures.Picture(3, 2, ends=True, predicted=False))
    assert filter_.passes(pictures.Picture(4, 2, ends=True))


def test_streams_without_a_descriptor_pass_whole() -> None:
    reader = pictures.reader("video/h264", 0)
    assert not reader.layered
    packet = pack_fixed(0x90, 101, 0, 0, 0, ONE_BYTE_PROFILE, 3) + b"\x61"
    assert reader.read(packet, 28) == pictures.UNKNOWN
    described = pictures.reader("video/av1", DESCRIPTOR)
    filter_ = filters.make(described, False)
    filter_.aim(0, 0)
    assert filter_.passes(described.read(packet, 28))


AIMS = st.tuples(
    st.integers(1, 9),  # pictures until the next
    st.booleans(),  # whether the first of them is a key frame
    st.sampled_from([0, 1, 2, FULL]),
    st.sampled_from([0, 1, 2, FULL]),
)


@pytest.mark.parametrize("video", [*SVC, Scalable("h264", 1), Scalable("av1", 2, 2)])
@settings(max_examples=40)
@given(st.booleans(), st.lists(AIMS, max_size=8))
def test_whatever_is_aimed_at_can_be_decoded(
    video: Scalable, started: bool, aims: list[tuple[int, bool, int, int]]
) -> None:
    watching = Watching(replace(video), started)
    watching.watch(2, key=True)
    top = video.spatial - 1
    for count, key, spatial, temporal in aims:
        watching.aim(min(spatial, top) if video.keyed else spatial, temporal)
        watching.watch(count, key)
    watching.check()
    watching.aim(min(1, top), 1)
    watching.watch(1, key=True)
    reached = watching.watch(8)
    assert max(part.spatial for part in reached) == min(1, top)
    assert max(part.temporal for part in reached) == 1
    watching.check()


# --- the numbers of pictures ---


@given(st.integers(0, 0x7FFF), st.integers(0, 0xFF), st.booleans(), st.booleans())
def test_vp9_picture_ids_are_shifted_in_place(by: int, tl0: int, flexible: bool, predicted: bool) -> None:
    payload = vp9_payload(0x7FF0, tl0=0xF0, flexible=flexible, predicted=predicted, mark=b"mark")
    out = bytearray(b"head" + payload)
    vp9.shift_numbering(out, 4, len(out), by, tl0)
    shifted = -1 if flexible else (0xF0 + tl0) % 0x100
    assert vp9.numbering(out, 4, len(out)) == ((0x7FF0 + by) % 0x8000, shifted)
    assert bytes(out[:4] + out[-4:]) == b"headmark"


def test_vp9_tells_the_sizes_of_its_layers() -> None:
    payload = vp9_payload(1, predicted=False, heights=(180, 360, 720), mark=b"mark")
    assert vp9.heights(payload, 0, len(payload)) == [180, 360, 720]
    for end in range(len(payload) - 4):
        assert vp9.heights(payload, 0, end) == []


@given(st.binary(max_size=40), st.integers(0, 40))
def test_no_vp9_payload_breaks_the_reader(data: bytes, end: int) -> None:
    vp9.describe(data, 0, min(end, len(data)))
    vp9.heights(data, 0, min(end, len(data)))
    vp9.shift_numbering(bytearray(data), 0, min(end, len(data)), 1, 1)


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1", "h264"])
@given(st.binary(max_size=80), st.binary(max_size=40))
def test_no_packet_breaks_a_picture_reader(codec: str, extensions: bytes, payload: bytes) -> None:
    extensions += bytes(-len(extensions) % 4)
    for profile in (ONE_BYTE_PROFILE, TWO_BYTE_PROFILE):
        head = pack_fixed(0x90, 101, 0, 0, 0, profile, 3 + len(extensions) // 4) + extensions
        reader = pictures.reader(f"video/{codec}", DESCRIPTOR)
        packet = head + payload
        reader.learn(packet, len(head))
        reader.read(packet, len(head))
        reader.numbering(packet, len(head))
        out = bytearray(packet)
        reader.shift(out, 0, len(head), len(out), 5, 5)
        assert len(out) == len(packet)
