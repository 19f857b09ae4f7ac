"""Headers, header extensions and payload descriptors: what comes in broken, and what our layout holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.protocol import RtpHeaderExtension
from media.rtp.cache import PacketCache
from media.rtp.codecs import h264, vp8
from media.rtp.extensions import (
    ABS_SEND_TIME,
    MID,
    RID,
    TRANSPORT_SEQUENCE,
    ExtensionReader,
    FixedSlots,
    abs_send_time,
    elements,
)
from media.rtp.header import extend, first_extended, pack_fixed, patch_one_byte, payload_bounds
from tests.support.rtc_peer import Rtp, rtp_packet

LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


@pytest.mark.parametrize(
    ("sequence", "highest", "extended"),
    [
        (5, 0x10004, 0x10005),
        (4, 0x10004, 0x10004),
        (0, 0x1FFFF, 0x20000),
        (2, 0x1FFF0, 0x20002),  # 17 lost over the wrap
        (0xFFFF, 0x20000, 0x1FFFF),  # late over the wrap
        (0x7FFF, 0x10000, 0x17FFF),  # as far ahead as can be told
        (0x8000, 0x10000, 0x8000),  # a tie is older
        (0xFFFF, 0x10000, 0xFFFF),  # older than the first packet ever
    ],
)
def test_sequence_numbers_are_extended_over_the_wrap(sequence: int, highest: int, extended: int) -> None:
    assert extend(sequence, highest) == extended


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-0x7FFF, 0x7FFF), max_size=50))
def test_extended_numbers_keep_their_low_bits_and_distance(first: int, steps: list[int]) -> None:
    highest = first_extended(first)
    for step in steps:
        true = highest + step
        assert extend(true & 0xFFFF, highest) == true
        highest = max(highest, true)


@given(st.binary(max_size=80))
def test_any_bytes_give_bounds_within_them_or_a_value_error(data: bytes) -> None:
    try:
        extension, payload, end = payload_bounds(data, 0, len(data))
    except ValueError:
        return
    assert 12 <= payload <= end <= len(data)
    if extension:
        assert 12 <= extension <= payload - 4
        for _, start, stop in elements(data, extension):
            assert extension + 4 < start <= stop <= payload
        ExtensionReader([RtpHeaderExtension(LEVEL, 1)], {1: 1}).read(data, extension)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(12),
        b"\x80" * 11,
        b"\x8f" + bytes(11),  # 15 CSRCs, none there
        b"\x90" + bytes(13),  # extension cut off
        b"\x90" + bytes(11) + b"\xbe\xde\x00\x02" + bytes(4),
        b"\xa0" + bytes(11) + b"\x00",  # padding of no bytes
        b"\xa0" + bytes(11) + b"\x02",
    ],
)
def test_contradictory_lengths_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        payload_bounds(data, 0, len(data))


def test_padding_and_sources_are_taken_off() -> None:
    packet = bytearray(rtp_packet(1, 2, 3, b"payload", 96, extensions={1: b"x"}, padding=5))
    assert packet[slice(*payload_bounds(packet, 0, len(packet))[1:])] == b"payload"
    packet[0] |= 1
    packet[12:12] = b"csrc"
    assert packet[slice(*payload_bounds(packet, 0, len(packet))[1:])] == b"payload"


def reader() -> ExtensionReader:
    negotiated = [
        RtpHeaderExtension(MID, 4),
        RtpHeaderExtension(RID, 5),
        RtpHeaderExtension(TRANSPORT_SEQUENCE, 3),
        RtpHeaderExtension(LEVEL, 1),
        RtpHeaderExtension("urn:large", 9),
    ]
    return ExtensionReader(negotiated, {4: 1, 5: 2, 3: 5, 1: 10, 9: 11})


@pytest.mark.parametrize("two_byte", [False, True])
def test_extensions_of_the_medium_pass_under_our_ids_and_those_of_the_hop_do_not(two_byte: bool) -> None:
    values = {4: b"mid0", 3: b"\x12\x34", 1: b"\x85", 7: b"undeclared"}
    packet = rtp_packet(1, 2, 3, b"", 96, extensions=values, two_byte=two_byte)
    read = reader()
    assert read.read(packet, 12) == (b"\xa0\x85\0\0", False)
    assert read.transport_sequence == 0x1234
    assert read.names(packet, 12) == {MID: "mid0"}


def test_an_element_too_long_for_the_one_byte_form_is_kept_in_the_two_byte_form() -> None:
    packet = rtp_packet(1, 2, 3, b"", 96, extensions={9: b"d" * 40, 1: b"\x85"}, two_byte=True)
    forwarded, two_byte = reader().read(packet, 12)
    assert two_byte
    assert forwarded == b"\x0b\x28" + b"d" * 40 + b"\x0a\x01\x85" + b"\0" * 3


def test_id_15_can_be_used_in_the_two_byte_form() -> None:
    """Chromium does once it has more than fourteen, as with simulcast (RFC 8285, 4.3)."""
    read = ExtensionReader([RtpHeaderExtension("urn:x", 15)], {15: 13})
    packet = rtp_packet(1, 2, 3, b"", 96, extensions={15: b"abc"}, two_byte=True)
    assert read.read(packet, 12) == (b"\xd2abc", False)


def test_undeclared_extensions_cannot_smuggle_a_mid_to_subscribers() -> None:
    read = ExtensionReader([], {})
    assert read.read(rtp_packet(1, 2, 3, b"", 96, extensions={1: b"evil"}), 12) == (b"", False)


@pytest.mark.parametrize(
    "block",
    [
        b"\x3f" + bytes(3),  # sixteen bytes announced, three there
        b"\xf0" + bytes(3),  # 15 ends the row
        b"\x10\x85\x31\x01",  # the second is cut off
    ],
)
def test_a_broken_extension_block_yields_what_came_before_the_break(block: bytes) -> None:
    packet = b"\x90\x60" + bytes(10) + b"\xbe\xde\x00\x01" + block
    read = reader()
    forwarded, _ = read.read(packet, 12)
    assert forwarded in (b"", b"\xa0\x85\0\0")
    assert read.transport_sequence == -1


def test_the_fixed_slots_are_patched_where_the_layout_says() -> None:
    negotiated = [
        RtpHeaderExtension(MID, 1),
        RtpHeaderExtension(ABS_SEND_TIME, 4),
        RtpHeaderExtension(TRANSPORT_SEQUENCE, 5),
    ]
    slots = FixedSlots(negotiated, "12")
    packet = bytearray(pack_fixed(0x90, 0x80 | 101, 1, 2, 3, 0xBEDE, 3) + b"payload")
    patch_one_byte(
        packet, 2, 0xFFFF, 7, 8, 0xBEDE, 3, slots.mid, slots.abs_send_time | 0xABCDEF, slots.sequence, 9
    )
    read = Rtp.parse(bytes(packet))
    assert read == Rtp(101, True, 0xFFFF, 7, 8, {1: b"12", 4: b"\xab\xcd\xef", 5: b"\x00\x09"}, b"payload")


def test_slots_that_were_not_negotiated_are_padding() -> None:
    slots = FixedSlots([], "12")
    assert (slots.mid, slots.abs_send_time, slots.sequence) == (bytes(5), 0, 0)
    assert slots.two_byte(5) == bytes(12)


@pytest.mark.parametrize("mid", ["12345", "é"])
def test_a_mid_that_does_not_fit_its_slot_is_refused(mid: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        FixedSlots([RtpHeaderExtension(MID, 1)], mid)


def test_abs_send_time_wraps_after_64_seconds() -> None:
    assert abs_send_time(1.0) == 1 << 18
    assert abs_send_time(63.999) > abs_send_time(64.001)
    assert abs_send_time(64.0) == 0


def test_the_cache_holds_the_latest_and_only_under_their_full_numbers() -> None:
    cache = PacketCache(8, 4096)
    for number in range(0x1FFFE, 0x20008):
        cache.put(number, b"%d" % number, 3)
    assert 0x1FFFE not in cache
    assert cache.get(0x1FFFF) is None
    assert cache.get(0x20000) == (b"131072", 3)
    assert cache.get(0x10000) is None
    cache.clear()
    assert cache.get(0x20000) is None


@pytest.mark.parametrize("capacity", [0, 3, -4])
def test_a_cache_has_a_power_of_two_of_slots(capacity: int) -> None:
    with pytest.raises(ValueError, match="power"):
        PacketCache(capacity, 4096)


def test_a_cache_forgets_what_it_has_no_room_for_and_keeps_each_packet_in_one_piece() -> None:
    cache = PacketCache(16, 5000)
    packets = [bytes((number,)) * 1500 for number in range(20)]
    for number, packet in enumerate(packets):
        cache.put(number, packet, 28)
        for kept in range(number - 2, number + 1):  # three of them fit
            assert kept < 0 or cache.get(kept) == (packets[kept], 28)
        assert number < 3 or number - 3 not in cache
    with pytest.raises(ValueError, match="bytes"):
        PacketCache(16, 100)


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        ("10 00 00", True),  # no extension, key frame
        ("10 01 00", False),  # interframe
        ("00 00 00", False),  # not the start of a partition
        ("11 00 00", False),  # second partition
        ("90 80 05 00 00 00", True),  # 7-bit picture id
        ("90 80 85 00 00 00 00", True),  # 15-bit picture id
        ("90 e0 85 00 07 20 00 00 00", True),  # picture id, TL0PICIDX, TID
        ("90 e0 85 00 07 20 01 00 00", False),
        ("90 80 85", False),  # cut off
        ("90", False),
        ("", False),
    ],
)
def test_vp8_key_frames_are_found(payload: str, starts: bool) -> None:
    data = bytes.fromhex(payload)
    assert vp8.starts_key_frame(data, 0, len(data)) is starts


def test_vp8_numbering_is_shifted_over_its_wrap() -> None:
    data = bytearray.fromhex("aaaa 90 e0 ffff fe 20 00 00 00")
    assert vp8.numbering(data, 2, len(data)) == (0x7FFF, 0xFE)
    vp8.shift_numbering(data, 2, len(data), 3, 4)
    assert data == bytes.fromhex("aaaa 90 e0 8002 02 20 00 00 00")


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        ("67 42 00", True),
        ("68 00", False),
        ("65 88", False),  # IDR without its parameter set
        ("78 0003 67 42 00 0002 68 00", True),  # STAP-A with the SPS first
        ("78 0002 09 10 0003 67 42 00", True),  # … and behind an access unit delimiter
        ("78 0002 68 00", False),
        ("78 ffff 68 00", False),
        ("7c 87 42", True),  # FU-A, start of an SPS
        ("7c 07 42", False),
        ("7c", False),
        ("", False),
    ],
)
def test_h264_key_frames_are_found(payload: str, starts: bool) -> None:
    data = bytes.fromhex(payload)
    assert h264.starts_key_frame(data, 0, len(data)) is starts


@given(st.binary(max_size=40))
def test_payload_descriptors_of_any_bytes_never_raise(data: bytes) -> None:
    vp8.starts_key_frame(data, 0, len(data))
    h264.starts_key_frame(data, 0, len(data))
    shifted = bytearray(data)
    vp8.shift_numbering(shifted, 0, len(shifted), 1, 1)
    before, after = vp8.numbering(data, 0, len(data)), vp8.numbering(shifted, 0, len(shifted))
    if before[0] >= 0:
        assert after[0] == (before[0] + 1) % vp8.PICTURE_ID_MODULO
    if before[1] >= 0:
        assert after[1] == (before[1] + 1) % vp8.TL0_MODULO
