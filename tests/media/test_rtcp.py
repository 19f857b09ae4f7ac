"""RTCP taken apart and put together; loss, jitter and transport-wide feedback."""

from __future__ import annotations

import random

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSdesPacket, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from media.rtp import rtcp, twcc
from media.rtp.reception import Reception
from media.rtp.rtcp import ReportBlock, SenderInfo

U32 = st.integers(0, 0xFFFFFFFF)


@given(st.binary(max_size=120))
def test_any_bytes_are_parsed_within_bounds_or_refused(data: bytes) -> None:
    try:
        for packet in rtcp.split(data):
            assert 4 <= packet.start <= packet.end <= len(data)
            rtcp.parse_nack(data, packet)
            rtcp.parse_full_intra(data, packet)
            rtcp.is_remb(data, packet)
            for parse in (
                rtcp.parse_reports,
                rtcp.parse_sender_info,
                rtcp.parse_goodbye,
                rtcp.parse_media_ssrc,
            ):
                try:
                    parse(data, packet)
                except ValueError:
                    continue
    except ValueError:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81\xc9\x00",
        b"\x01\xc9\x00\x00",  # version 0
        b"\x81\xc9\x00\x01" + bytes(3),  # cut off
        b"\xa1\xc9\x00\x01" + bytes(4),  # padding of no bytes
        b"\xa1\xc9\x00\x01\x00\x00\x00\x05",  # padding over the header
        b"\x80\xc9\x00\x00" * 65,
    ],
)
def test_malformed_compounds_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        rtcp.split(data)


def test_forty_report_blocks_go_into_two_packets_and_come_back() -> None:
    blocks = [ReportBlock(n, n, -n, n * 70000, n, n, n) for n in range(40)]
    data = rtcp.receiver_report(9, blocks)
    packets = rtcp.split(data)
    assert [packet.count for packet in packets] == [31, 9]
    assert [block for packet in packets for block in rtcp.parse_reports(data, packet)] == blocks


def test_announcing_more_blocks_than_there_are_is_refused() -> None:
    data = bytearray(rtcp.receiver_report(9, [ReportBlock(1, 0, 0, 0, 0, 0, 0)]))
    data[0] |= 31
    with pytest.raises(ValueError, match="cut off"):
        rtcp.parse_reports(data, rtcp.split(data)[0])


@given(U32, st.integers(0, 2**64 - 1), U32, U32, U32)
def test_sender_reports_come_back_and_aiortc_reads_the_same(
    ssrc: int, ntp: int, timestamp: int, packets: int, octets: int
) -> None:
    info = SenderInfo(ssrc, ntp, timestamp, packets, octets)
    data = rtcp.sender_report(info) + rtcp.source_description(ssrc, "name")
    first, _ = rtcp.split(data)
    assert rtcp.parse_sender_info(data, first) == info
    report, names = RtcpPacket.parse(data)
    assert isinstance(report, RtcpSrPacket)
    assert (report.ssrc, report.sender_info.ntp_timestamp) == (ssrc, ntp)
    assert isinstance(names, RtcpSdesPacket)
    assert names.chunks[0].items == [(1, b"name")]


def test_other_stacks_read_what_we_write() -> None:
    report, goodbye = RtcpPacket.parse(
        rtcp.receiver_report(9, [ReportBlock(1, 3, -2, 70000, 5, 6, 7)]) + rtcp.goodbye([4, 5])
    )
    assert isinstance(report, RtcpRrPacket)
    block = report.reports[0]
    assert (block.ssrc, block.fraction_lost, block.packets_lost, block.highest_sequence) == (1, 3, -2, 70000)
    assert isinstance(goodbye, RtcpByePacket)
    assert goodbye.sources == [4, 5]


@given(st.integers(0, 0xFFFF), st.sets(st.integers(0, 300), min_size=1, max_size=60))
def test_nacks_come_back_over_the_wrap(first: int, offsets: set[int]) -> None:
    numbers = [(first + offset) & 0xFFFF for offset in sorted(offsets)]
    data = rtcp.nack(1, 2, numbers)
    (packet,) = rtcp.split(data)
    assert rtcp.parse_nack(data, packet) == numbers
    (other,) = RtcpPacket.parse(data)
    assert isinstance(other, RtcpRtpfbPacket)
    assert sorted(number & 0xFFFF for number in other.lost) == sorted(numbers)  # aiortc does not wrap them


def test_a_nack_for_everything_is_read_up_to_a_limit() -> None:
    data = rtcp.nack(1, 2, list(range(0, 0x10000, 1)))
    data = data[:2] + (300).to_bytes(2, "big") + data[4 : 4 + 1200]
    assert len(rtcp.parse_nack(data, rtcp.split(data)[0])) == rtcp.NACK_LIMIT


def test_reception_counts_loss_over_the_wrap() -> None:
    reception = Reception(0x1FFFE, 90000)
    for number in (0x1FFFE, 0x1FFFF, 0x20003):
        reception.state.highest = number
        reception.state.received += 1
    block = reception.report(5, now=1.0)
    assert (block.lost, block.fraction_lost, block.highest) == (3, 128, 0x20003)
    reception.state.highest = 0x20004
    reception.state.received += 4  # one new, three late: more than expected in this interval
    block = reception.report(5, now=2.0)
    assert (block.lost, block.fraction_lost) == (0, 0)


def test_reception_tells_the_delay_since_the_last_sender_report() -> None:
    reception = Reception(1, 48000)
    assert (reception.report(5, 1.0).last_report, reception.report(5, 1.0).delay) == (0, 0)
    reception.sender_report(0x1122334455667788, now=10.0)
    block = reception.report(5, now=10.5)
    assert (block.last_report, block.delay) == (0x33445566, 32768)


def test_jitter_settles_at_the_spread_of_arrivals() -> None:
    reception = Reception(0, 90000)
    for index in range(400):
        reception.newer((0xFFFFFF00 + index * 3000) & 0xFFFFFFFF, index / 30 + (index % 2) * 0.01)
    assert reception.jitter == pytest.approx(900, rel=0.02)


# --- transport-wide feedback ---


def feedback(recorder: twcc.FeedbackRecorder) -> list[tuple[int, int | None]]:
    return [entry for data in recorder.build() for entry in twcc.parse(data, 0, len(data))]


def test_the_drafts_layout_is_written_to_the_bit() -> None:
    recorder = twcc.FeedbackRecorder()
    for sequence, at in ((0xFFFF, 1.0), (0, 1.001), (2, 1.1), (3, 1.0995)):
        recorder.arrived(sequence, at)
    (data,) = recorder.build()
    # Five packets from 65535 on; the first at 15 × 64 ms and 160 ticks; small, small, lost, large, large.
    assert data.hex(" ") == "ff ff 00 05 00 00 0f 00 d4 a0 a0 04 01 8c ff fe"


@pytest.mark.parametrize(
    ("symbols", "chunks"),
    [
        ([1] * 20, "2014"),
        ([0] * 8191 + [1], "1fff 2001"),
        ([1, 0] * 7, "aaaa"),
        ([1, 1, 0, 1], "b400"),
        ([2] * 7 + [1] * 7, "4007 2007"),
        ([1, 2, 0, 0, 1, 1, 1, 2], "d815 4001"),
        ([], ""),
    ],
)
def test_status_chunks(symbols: list[int], chunks: str) -> None:
    assert twcc.encode_statuses(symbols) == bytes.fromhex(chunks)


def test_a_packet_of_chromes_form_is_read() -> None:
    # Run of three small deltas, a vector of one bit, then one large negative delta; written down by hand.
    data = bytes.fromhex("0010 0012 000001 05 2003 8000 4001 04 08 0c ffff")
    seen = twcc.parse(data, 0, len(data))
    assert seen[:3] == [(16, 260), (17, 268), (18, 280)]
    assert seen[3:17] == [(number, None) for number in range(19, 33)]
    assert seen[17] == (33, 279)


def test_an_older_packet_that_comes_late_is_reported_with_its_neighbours() -> None:
    recorder = twcc.FeedbackRecorder()
    for sequence in (10, 12, 13):
        recorder.arrived(sequence, 5.0)
    assert dict(feedback(recorder))[11] is None
    recorder.arrived(11, 5.05)
    recorder.arrived(14, 5.06)
    assert feedback(recorder) == [(11, 20200), (12, 20000), (13, 20000), (14, 20240)]
    assert recorder.build() == []


def test_long_silence_and_wild_jumps_are_split_into_packets_or_skipped() -> None:
    recorder = twcc.FeedbackRecorder()
    recorder.arrived(1, 1.0)
    recorder.arrived(2, 60.0)  # the delta does not fit 16 bits
    assert feedback(recorder) == [(1, 4000), (2, 240000)]
    recorder.arrived(2 + twcc.PENDING_LIMIT + 1, 61.0)
    assert feedback(recorder) == [(2 + twcc.PENDING_LIMIT + 1, 244000)]
    recorder.arrived(2 + 2 * twcc.PENDING_LIMIT, 62.0)
    packets = recorder.build()
    assert len(packets) == -(-(twcc.PENDING_LIMIT - 1) // twcc.STATUS_LIMIT)
    assert all(len(data) < 1200 for data in packets)


@given(st.integers(0, 0xFFFF), st.integers(0, 2**32), st.integers(0, 1000))
def test_feedback_tells_every_arrival_under_loss_and_reordering(first: int, epoch: int, seed: int) -> None:
    noise = random.Random(seed)
    recorder = twcc.FeedbackRecorder()
    arrivals = [
        (index, epoch / 1000 + index * 0.005 + noise.random() * 0.02)
        for index in range(300)
        if noise.random() > 0.1
    ]
    arrivals.sort(key=lambda arrival: arrival[1])
    told: dict[int, int] = {}
    for at, (index, time) in enumerate(arrivals):
        recorder.arrived((first + index) & 0xFFFF, time)
        if at % 40 == 39 or at == len(arrivals) - 1:
            told |= {number: tick for number, tick in feedback(recorder) if tick is not None}
    lap = 2**24 * twcc.TICKS_PER_REFERENCE
    expected = {
        (first + index) & 0xFFFF: int(time * twcc.TICKS_PER_SECOND + 0.5) % lap for index, time in arrivals
    }
    assert {number: tick % lap for number, tick in told.items()} == expected


@given(st.binary(max_size=60))
def test_any_feedback_is_parsed_or_refused(data: bytes) -> None:
    try:
        seen = twcc.parse(data, 0, len(data))
    except ValueError:
        return
    assert len(seen) == int.from_bytes(data[2:4], "big")


@given(st.lists(st.sampled_from([0, 0, 1, 1, 1, 2]), min_size=1, max_size=200))
def test_statuses_come_back(symbols: list[int]) -> None:
    deltas = b"".join(b"\x01" * symbol for symbol in symbols)
    data = b"\0\0" + len(symbols).to_bytes(2, "big") + bytes(4) + twcc.encode_statuses(symbols) + deltas
    assert [tick is not None for _, tick in twcc.parse(data, 0, len(data))] == [bool(s) for s in symbols]
