"""The dependency descriptor: written by the specification, read back. Malformed, it raises ValueError."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp import dependency
from media.rtp.dependency import Structure, Template
from tests.support.layered import ABSENT, DISCARDABLE, REQUIRED, SWITCH, Bits, Scalable, descriptor

#: L1T3 with a chain, as libwebrtc's ScalabilityStructureL1T3 has it.
L1T3 = Structure(
    offset=7,
    templates=(
        Template(0, 0, (SWITCH, SWITCH, SWITCH), (), (0,)),
        Template(0, 0, (SWITCH, SWITCH, SWITCH), (4,), (4,)),
        Template(0, 1, (ABSENT, DISCARDABLE, SWITCH), (2,), (2,)),
        Template(0, 2, (ABSENT, ABSENT, DISCARDABLE), (1,), (1,)),
        Template(0, 2, (ABSENT, ABSENT, DISCARDABLE), (1,), (3,)),
    ),
    targets=((0, 0), (0, 1), (0, 2)),
    protected_by=(0, 0, 0),
    sizes=((1280, 720),),
)
#: Two spatial layers with a chain each (L2T1).
L2T1 = Structure(
    offset=60,
    templates=(
        Template(0, 0, (SWITCH, REQUIRED), (), (0, 0)),
        Template(0, 0, (SWITCH, REQUIRED), (2,), (2, 1)),
        Template(1, 0, (ABSENT, SWITCH), (1,), (1, 1)),
        Template(1, 0, (ABSENT, SWITCH), (2, 1), (1, 1)),
    ),
    targets=((0, 0), (1, 0)),
    protected_by=(0, 1),
)


@pytest.mark.parametrize("structure", [L1T3, L2T1, Scalable().structure], ids=["L1T3", "L2T1", "L3T3"])
def test_a_structure_is_read_as_it_was_written(structure: Structure) -> None:
    frame = dependency.parse(descriptor(9, structure.offset, structure=structure), None)
    assert frame.structure == structure
    assert (frame.brings, frame.number, frame.begins, frame.ends) == (True, 9, True, True)
    assert frame.active == (1 << len(structure.targets)) - 1


def test_later_packets_name_their_template() -> None:
    frame = dependency.parse(descriptor(65535, 10, begins=False), L1T3)
    assert (frame.number, frame.begins, frame.ends, frame.brings) == (65535, False, True, False)
    assert (frame.temporal, frame.dtis, frame.fdiffs) == (2, (ABSENT, ABSENT, DISCARDABLE), (1,))
    assert frame.active == -1


def test_template_ids_wrap() -> None:
    assert dependency.parse(descriptor(1, 63), L2T1).spatial == 1
    later = replace(L1T3, offset=62)
    assert dependency.parse(descriptor(1, 0), later).temporal == 1


def test_what_differs_from_the_template() -> None:
    data = descriptor(
        3, 63, active=0b01, targets=2, dtis=(SWITCH, ABSENT), fdiffs=(1, 17, 300), chains=(200, 3)
    )
    frame = dependency.parse(data, L2T1)
    assert (frame.dtis, frame.fdiffs, frame.chains) == ((SWITCH, ABSENT), (1, 17, 300), (200, 3))
    assert frame.active == 0b01


def test_a_real_descriptor_of_a_key_frame() -> None:
    """Of an L1T1 stream: one template for the key frame, one for the others, one chain, 640 × 360."""
    bits = Bits()
    for value, width in (
        (0b11, 2), (0, 6), (1, 16),  # first and last packet of frame 1, by template 0
        (0b10000, 5), (0, 6), (0, 5),  # brings a structure of one decode target
        (0, 2), (3, 2),  # a second template of the same layer, and no more
        (SWITCH, 2), (SWITCH, 2),
        (0, 1), (1, 1), (0, 4), (0, 1),  # the second refers one frame back
        (1, 1), (0, 4), (1, 4),  # one chain: ns(2) is a bit, ns(1) none
        (1, 1), (639, 16), (359, 16),
    ):  # fmt: skip
        bits.put(value, width)
    structure = dependency.parse(bits.bytes(), None).structure
    assert structure == Structure(
        0,
        (Template(0, 0, (SWITCH,), (), (0,)), Template(0, 0, (SWITCH,), (1,), (1,))),
        ((0, 0),),
        (0,),
        ((640, 360),),
    )


@pytest.mark.parametrize(
    ("layers", "active", "target"),
    [((9, 9), -1, 8), ((1, 9), -1, 5), ((1, 0), -1, 3), ((0, 1), -1, 1), ((9, 9), 0b11, 1), ((2, 2), 0, 0)],
)
def test_the_best_decode_target_within_limits(layers: tuple[int, int], active: int, target: int) -> None:
    assert Scalable().structure.target(*layers, active) == target


@pytest.mark.parametrize(
    ("data", "structure"),
    [
        (b"", None),
        (b"\xc0\x00", L1T3),
        (descriptor(1, 7), None),  # before its structure
        (descriptor(1, 6), L1T3),  # offset - 1: the 64th template
        (descriptor(1, 12), L1T3),
        (descriptor(1, 7, structure=L1T3)[:-3], None),
        (descriptor(1, 7, dtis=(1, 1, 1))[:-1], L1T3),
        (descriptor(1, 7)[:3] + b"\x80" + bytes(60), None),  # no end of templates
    ],
)
def test_malformed_descriptors_are_refused(data: bytes, structure: Structure | None) -> None:
    with pytest.raises(ValueError, match=r"descriptor|template"):
        dependency.parse(data, structure)


@given(st.binary(max_size=80), st.sampled_from([None, L1T3, L2T1]))
def test_nothing_but_a_value_error(data: bytes, structure: Structure | None) -> None:
    try:
        frame = dependency.parse(data, structure)
    except ValueError:
        return
    assert len(frame.dtis) == len(frame.structure.targets)
    assert frame.structure.target(0, 0) < len(frame.structure.targets)
    assert dependency.brings_structure(data) is frame.brings
