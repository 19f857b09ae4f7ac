"""Every parser of packets, fed with any bytes and with real ones that went bad: ValueError or an answer that
stays within the packet, nothing else.
"""

from __future__ import annotations

import contextlib
import struct
import zlib

from aioice import stun as reference
from hypothesis import given
from hypothesis import strategies as st

from media.net import stun
from media.protocol import RtpHeaderExtension
from media.rtp import extensions, rtcp, twcc
from media.rtp.codecs import h264, vp8
from media.rtp.extensions import ExtensionReader
from media.rtp.header import payload_bounds
from media.rtp.rtcp import ReportBlock, SenderInfo
from tests.fuzz.shapes import mutated
from tests.support.rtc_peer import rtp_packet
from tests.support.sfu import MAPPING, PUBLISHER_EXTENSIONS, vp8_payload

BYTES = st.binary(max_size=300)


def binding_request() -> bytes:
    message = reference.Message(reference.Method.BINDING, reference.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"password")
    return bytes(message)


def with_right_frame(body: bytes) -> bytes:
    """The bytes as the attributes of a binding request whose length and fingerprint are right: what gets past
    the first checks of a parser.
    """
    body = body[: len(body) // 4 * 4]
    message = struct.pack("!HHI12x", 1, len(body) + 8, stun.MAGIC_COOKIE) + body
    return message + struct.pack("!HHI", stun.FINGERPRINT, 4, zlib.crc32(message) ^ 0x5354554E)


@given(BYTES | mutated([binding_request()]) | mutated([binding_request()[20:-8]]).map(with_right_frame))
def test_stun(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        request = stun.parse_request(data)
        assert len(request.transaction) == 12
        assert len(request.integrity) == 20
        request.is_signed_with("password")
        stun.success(request, "password", "127.0.0.1", 1)


RTP = [
    rtp_packet(1000, 1, 1, vp8_payload(True, 7), 96, extensions={4: b"0", 3: b"\0\1", 13: b"\1", 9: b"abc"}),
    rtp_packet(1000, 1, 1, b"x" * 50, 96, extensions={1: b"a" * 20, 13: b""}, two_byte=True, padding=4),
    rtp_packet(2000, 1, 1, b"opus", 111, True, padding=255),
]
NEGOTIATED = [*PUBLISHER_EXTENSIONS, RtpHeaderExtension(extensions.RID, 9)]


@given(BYTES | mutated(RTP), st.integers(0, 20))
def test_rtp(data: bytes, before: int) -> None:
    """Also where the packet does not begin the buffer, and is not all of it."""
    buffer = memoryview(b"\xff" * before + data + b"\xff" * 40)
    try:
        extension, payload, end = payload_bounds(buffer, before, before + len(data))
    except ValueError:
        return
    assert before + 12 <= payload <= end <= before + len(data)
    if extension:
        reader = ExtensionReader(NEGOTIATED, MAPPING.extension_ids)
        forwarded, _ = reader.read(buffer, extension)
        assert len(forwarded) % 4 == 0
        assert -1 <= reader.transport_sequence <= 0xFFFF
        reader.names(buffer, extension)
        for _, start, stop in extensions.elements(buffer, extension):
            assert extension + 4 < start <= stop <= payload
    h264.starts_key_frame(buffer, payload, end)
    vp8.starts_key_frame(buffer, payload, end)


RTCP = [
    rtcp.sender_report(SenderInfo(1, 2, 3, 4, 5)) + rtcp.source_description(1, "name"),
    rtcp.receiver_report(1, [ReportBlock(n, n, -n, n, n, n, n) for n in range(5)]),
    rtcp.nack(1, 2, [1, 5, 17, 18, 400]) + rtcp.picture_loss(1, 2) + rtcp.full_intra(1, 2, 3),
    rtcp.transport_wide(1, 2, bytes(9)) + rtcp.goodbye([1, 2, 3]),
]


@given(BYTES | mutated(RTCP))
def test_rtcp(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        for packet in rtcp.split(data):
            assert 4 <= packet.start <= packet.end <= len(data)
            assert len(rtcp.parse_nack(data, packet)) <= rtcp.NACK_LIMIT
            rtcp.parse_full_intra(data, packet)
            rtcp.is_remb(data, packet)
            for parse in (
                rtcp.parse_reports,
                rtcp.parse_sender_info,
                rtcp.parse_goodbye,
                rtcp.parse_media_ssrc,
            ):
                with contextlib.suppress(ValueError):
                    parse(data, packet)
            with contextlib.suppress(ValueError):
                twcc.parse(data, packet.start, packet.end)


def feedback() -> bytes:
    recorder = twcc.FeedbackRecorder()
    for number in (1, 2, 5, 6, 7, 30, 65):
        recorder.arrived(number, 10 + number * 0.09)
    return recorder.build()[0]


@given(BYTES | mutated([feedback()]), st.integers(0, 9))
def test_transport_wide_feedback(data: bytes, before: int) -> None:
    with contextlib.suppress(ValueError):
        found = twcc.parse(b"\xff" * before + data + b"\xff" * 9, before, before + len(data))
        assert all(0 <= number <= 0xFFFF for number, _ in found)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 10**6)), max_size=60))
def test_whatever_numbers_arrive_can_be_reported(arrivals: list[tuple[int, int]]) -> None:
    """Transport-wide numbers are the sender's to choose."""
    recorder = twcc.FeedbackRecorder()
    for number, tick in arrivals:
        recorder.arrived(number, tick / twcc.TICKS_PER_SECOND)
    for packet in recorder.build():
        assert len(packet) < 1200
        twcc.parse(packet, 0, len(packet))


@given(BYTES | mutated([vp8_payload(True, 7), vp8_payload(False, 0x7FFF, 255)]), st.integers(0, 5))
def test_vp8_numbering(data: bytes, before: int) -> None:
    """What renumbers does so inside the payload, and by exactly what was asked for."""
    edge = b"\xa5" * 8
    buffer = bytearray(edge[:before] + data + edge)
    start, end = before, before + len(data)
    picture, tl0 = vp8.numbering(buffer, start, end)
    vp8.starts_key_frame(buffer, start, end)
    vp8.shift_numbering(buffer, start, end, 3, 5)
    assert buffer[:start] == edge[:before]
    assert buffer[end:] == edge
    shifted = vp8.numbering(buffer, start, end)
    assert shifted == (
        (picture + 3) % vp8.PICTURE_ID_MODULO if picture >= 0 else -1,
        (tl0 + 5) % vp8.TL0_MODULO if tl0 >= 0 else -1,
    )
