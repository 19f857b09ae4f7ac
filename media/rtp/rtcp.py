"""RTCP: taking compound packets apart and making the ones we send (RFC 3550, 4585, 5104, 5506).

Parsers take a whole datagram or a body that `split` has bounded, and raise ValueError on anything malformed;
they never read outside of what they were given.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from media.rtp.header import Buffer

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206

NACK = 1  # formats of TRANSPORT_FEEDBACK
TRANSPORT_WIDE = 15
PICTURE_LOSS = 1  # formats of PAYLOAD_FEEDBACK
FULL_INTRA = 4
APPLICATION_LAYER = 15

REPORTS_LIMIT = 31  # the count has five bits; more blocks go into another packet
PACKETS_LIMIT = 64  # packets of one compound that are read
NACK_LIMIT = 512  # numbers of one NACK packet that are read

_u32 = struct.Struct("!I")
_report = struct.Struct("!IIIIII")
_sender = struct.Struct("!IQIII")
_pair = struct.Struct("!HH")


@dataclass(slots=True)
class Packet:
    """One packet of a compound: ``data[start:end]`` is what follows its four-byte header, without padding."""

    kind: int
    count: int
    start: int
    end: int


@dataclass(slots=True)
class ReportBlock:
    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


@dataclass(slots=True)
class SenderInfo:
    """``ntp`` is 32.32 fixed point seconds since 1900."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int


def split(data: Buffer) -> list[Packet]:
    """The packets of a compound (or of a reduced-size one, RFC 5506)."""
    packets: list[Packet] = []
    at = 0
    size = len(data)
    while at < size:
        if len(packets) == PACKETS_LIMIT:
            raise ValueError("too many packets in one compound")
        if at + 4 > size or data[at] >> 6 != 2:
            raise ValueError("not an RTCP header")
        end = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3])
        if end > size:
            raise ValueError("packet is cut off")
        body_end = end
        if data[at] & 0x20:
            padding = data[end - 1]
            if padding == 0 or padding > end - at - 4:
                raise ValueError("padding is longer than the packet")
            body_end -= padding
        packets.append(Packet(data[at + 1], data[at] & 0x1F, at + 4, body_end))
        at = end
    if not packets:
        raise ValueError("empty compound")
    return packets


def parse_reports(data: Buffer, packet: Packet) -> list[ReportBlock]:
    """The report blocks of a sender or receiver report."""
    start = packet.start + (24 if packet.kind == SENDER_REPORT else 4)
    if start + 24 * packet.count > packet.end:
        raise ValueError("report blocks are cut off")
    blocks: list[ReportBlock] = []
    for at in range(start, start + 24 * packet.count, 24):
        ssrc, loss, highest, jitter, last_report, delay = _report.unpack_from(data, at)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:
            lost -= 0x1000000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last_report, delay))
    return blocks


def parse_sender_info(data: Buffer, packet: Packet) -> SenderInfo:
    if packet.end - packet.start < 24:
        raise ValueError("sender report is cut off")
    return SenderInfo(*_sender.unpack_from(data, packet.start))


def parse_goodbye(data: Buffer, packet: Packet) -> list[int]:
    if packet.start + 4 * packet.count > packet.end:
        raise ValueError("sources are cut off")
    return [_u32.unpack_from(data, packet.start + 4 * index)[0] for index in range(packet.count)]


def parse_media_ssrc(data: Buffer, packet: Packet) -> int:
    """The media SSRC of a feedback packet (RFC 4585, 6.1)."""
    if packet.end - packet.start < 8:
        raise ValueError("feedback is cut off")
    return int(_u32.unpack_from(data, packet.start + 4)[0])


def parse_nack(data: Buffer, packet: Packet) -> list[int]:
    """The 16-bit sequence numbers asked for, at most `NACK_LIMIT` (RFC 4585, 6.2.1)."""
    numbers: list[int] = []
    for at in range(packet.start + 8, packet.end - 3, 4):
        first, mask = _pair.unpack_from(data, at)
        numbers.append(first)
        numbers += [first + bit + 1 & 0xFFFF for bit in range(16) if mask >> bit & 1]
        if len(numbers) >= NACK_LIMIT:
            return numbers[:NACK_LIMIT]
    return numbers


def parse_full_intra(data: Buffer, packet: Packet) -> list[int]:
    """The SSRCs of a FIR; the media SSRC of its header is unused (RFC 5104, 4.3.1)."""
    return [_u32.unpack_from(data, at)[0] for at in range(packet.start + 8, packet.end - 7, 8)]


def is_remb(data: Buffer, packet: Packet) -> bool:
    """Whether application layer feedback is REMB (draft-alvestrand-rmcat-remb-03)."""
    return packet.end - packet.start >= 16 and bytes(data[packet.start + 8 : packet.start + 12]) == b"REMB"


def parse_remb(data: Buffer, packet: Packet) -> int:
    """The bit rate of a REMB in bits/s; `is_remb` has been asked."""
    at = packet.start + 12
    exponent = data[at + 1] >> 2
    return ((data[at + 1] & 3) << 16 | data[at + 2] << 8 | data[at + 3]) << exponent


def _header(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def receiver_report(sender: int, blocks: list[ReportBlock]) -> bytes:
    """Receiver reports with all ``blocks``, `REPORTS_LIMIT` in each packet; one without blocks where there
    are none.
    """
    out = b""
    for at in range(0, max(len(blocks), 1), REPORTS_LIMIT):
        chunk = blocks[at : at + REPORTS_LIMIT]
        body = _u32.pack(sender) + b"".join(
            _report.pack(
                block.ssrc,
                block.fraction_lost << 24 | block.lost & 0xFFFFFF,
                block.highest,
                block.jitter,
                block.last_report,
                block.delay,
            )
            for block in chunk
        )
        out += _header(RECEIVER_REPORT, len(chunk), body)
    return out


def sender_report(info: SenderInfo) -> bytes:
    body = _sender.pack(
        info.ssrc, info.ntp, info.timestamp & 0xFFFFFFFF, info.packets & 0xFFFFFFFF, info.octets & 0xFFFFFFFF
    )
    return _header(SENDER_REPORT, 0, body)


def source_description(ssrc: int, cname: str) -> bytes:
    """One chunk with a CNAME, cut to 255 bytes (RFC 3550, 6.5)."""
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    return _header(SOURCE_DESCRIPTION, 1, chunk + b"\0" * (-len(chunk) & 3))


def goodbye(ssrcs: list[int]) -> bytes:
    return _header(GOODBYE, len(ssrcs), b"".join(map(_u32.pack, ssrcs)))


def nack(sender: int, media: int, numbers: list[int]) -> bytes:
    """A generic NACK for 16-bit ``numbers``, which are in the stream's order (also over a wrap)."""
    pairs: list[tuple[int, int]] = []
    for number in numbers:
        if pairs:
            first, mask = pairs[-1]
            distance = number - first & 0xFFFF
            if 1 <= distance <= 16:
                pairs[-1] = (first, mask | 1 << distance - 1)
                continue
        pairs.append((number, 0))
    body = struct.pack("!II", sender, media) + b"".join(_pair.pack(*pair) for pair in pairs)
    return _header(TRANSPORT_FEEDBACK, NACK, body)


def picture_loss(sender: int, media: int) -> bytes:
    return _header(PAYLOAD_FEEDBACK, PICTURE_LOSS, struct.pack("!II", sender, media))


def full_intra(sender: int, media: int, number: int) -> bytes:
    """``number`` counts the requests to this source, modulo 256 (RFC 5104, 4.3.1.2)."""
    body = struct.pack("!IIIB3x", sender, 0, media, number & 0xFF)
    return _header(PAYLOAD_FEEDBACK, FULL_INTRA, body)


def transport_wide(sender: int, media: int, feedback: bytes) -> bytes:
    """Wraps control information made by `media.rtp.twcc`, padding it to words."""
    padding = -len(feedback) & 3
    body = struct.pack("!II", sender, media) + feedback
    if not padding:
        return _header(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, body)
    body += b"\0" * (padding - 1) + bytes((padding,))
    packet = _header(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, body)
    return bytes((packet[0] | 0x20,)) + packet[1:]
