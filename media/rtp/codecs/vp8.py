"""VP8 in RTP (RFC 7741): where a key frame begins, and its picture numbering."""

from __future__ import annotations

from media.rtp.header import Buffer

PICTURE_ID_MODULO = 0x8000
TL0_MODULO = 0x100


def starts_key_frame(packet: Buffer, at: int, end: int) -> bool:
    """Whether the payload ``packet[at:end]`` is the first of a key frame. Never raises."""
    if end - at < 2 or packet[at] & 0x17 != 0x10:  # S set, partition 0 (RFC 7741, 4.2); R bits ignored
        return False
    at = _header_end(packet, at, end)
    return at < end and packet[at] & 0x01 == 0  # P bit of the frame header (RFC 6386, 9.1)


def _header_end(packet: Buffer, at: int, end: int) -> int:
    """Offset behind the payload descriptor; may lie beyond ``end`` in a broken packet."""
    if not packet[at] & 0x80:
        return at + 1
    if at + 1 >= end:
        return end
    flags = packet[at + 1]
    at += 2
    if flags & 0x80:  # I: picture id, two bytes where its top bit is set
        if at >= end:
            return end
        at += 2 if packet[at] & 0x80 else 1
    if flags & 0x40:  # L
        at += 1
    if flags & 0x30:  # T or K
        at += 1
    return at


def temporal(packet: Buffer, at: int, end: int) -> tuple[int, int, bool]:
    """``(picture id, temporal layer, layer sync)`` of a payload (TID and Y, section 4.2); layer 0 where the
    descriptor has none, picture id -1 where it has none of 15 bits. Never raises.
    """
    picture, _ = numbering(packet, at, end)
    if picture < 0 or not packet[at + 1] & 0x20:  # T
        return picture, 0, True
    at += 4 + (packet[at + 1] >> 6 & 1)
    return (picture, packet[at] >> 6, bool(packet[at] & 0x20)) if at < end else (picture, 0, True)


def height(packet: Buffer, at: int, end: int) -> int:
    """Of the picture whose key frame starts here, in pixels; 0 where it is not told (RFC 6386, 9.1)."""
    at = _header_end(packet, at, end) if at < end else end
    if at + 10 > end or bytes(packet[at + 3 : at + 6]) != b"\x9d\x01\x2a":
        return 0
    return (packet[at + 9] & 0x3F) << 8 | packet[at + 8]


def numbering(packet: Buffer, at: int, end: int) -> tuple[int, int]:
    """``(picture id, TL0PICIDX)`` of a payload, each -1 where absent. A 7-bit picture id counts as absent.

    Every browser sends 15 bits; a short one cannot be renumbered into an unbroken row of 15 bits in place.
    """
    if end - at < 4 or not packet[at] & 0x80:
        return -1, -1
    flags = packet[at + 1]
    at += 2
    picture = -1
    if flags & 0x80:
        if not packet[at] & 0x80:
            return -1, -1
        picture = (packet[at] & 0x7F) << 8 | packet[at + 1]
        at += 2
    tl0 = packet[at] if flags & 0x40 and at < end else -1
    return picture, tl0


def shift_numbering(packet: bytearray | memoryview, at: int, end: int, picture: int, tl0: int) -> None:
    """Adds ``picture`` to the 15-bit picture id and ``tl0`` to TL0PICIDX in place, modulo their sizes."""
    old_picture, old_tl0 = numbering(packet, at, end)
    at += 2
    if old_picture >= 0:
        new = (old_picture + picture) & 0x7FFF
        packet[at] = 0x80 | new >> 8
        packet[at + 1] = new & 0xFF
        at += 2
    if old_tl0 >= 0:
        packet[at] = (old_tl0 + tl0) & 0xFF
