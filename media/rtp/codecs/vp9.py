"""VP9 in RTP (RFC 9628), its payload descriptor: where a key frame begins, which layer a packet is of, and
its picture numbering.
"""

from __future__ import annotations

from typing import NamedTuple

from media.rtp.header import Buffer

PICTURE_ID_MODULO = 0x8000
TL0_MODULO = 0x100


class Descriptor(NamedTuple):
    """``picture`` is -1 where absent, ``tl0`` where absent (flexible mode has none). ``begins`` and ``ends``
    are of the frame, one spatial layer of a picture. ``predicted``: on earlier pictures (P). ``syncs``: from
    here on one can switch up to any higher temporal layer (U). ``inter_layer``: the frame builds on the layer
    below in the same picture (D). ``long`` tells whether the picture id has 15 bits, ``tl0_at`` where in
    the payload TL0PICIDX lies, ``structure_at`` where the scalability structure does if it is there
    (``structured``).
    """

    picture: int
    spatial: int
    temporal: int
    begins: bool
    ends: bool
    predicted: bool
    syncs: bool
    inter_layer: bool
    tl0: int = -1
    long: bool = False
    tl0_at: int = 0
    structured: bool = False
    structure_at: int = 0


def describe(packet: Buffer, at: int, end: int) -> Descriptor | None:
    """The descriptor of the payload ``packet[at:end]`` (section 4.2); None where it is cut off. Never
    raises.
    """
    try:
        return _describe(packet, at, end)
    except IndexError:
        return None


def _describe(packet: Buffer, at: int, end: int) -> Descriptor | None:
    if at >= end:
        return None
    begin = at
    flags = packet[at]
    at += 1
    picture, long = -1, False
    if flags & 0x80:  # I
        picture = packet[at]
        at += 1
        if long := bool(picture & 0x80):  # M
            picture = (picture & 0x7F) << 8 | packet[at]
            at += 1
    layers, tl0, tl0_at = 0, -1, 0
    if flags & 0x20:  # L
        layers = packet[at]
        at += 1
        if not flags & 0x10 and at < end:  # F: flexible mode has references instead
            tl0, tl0_at = packet[at], at - begin
            at += 1
    if flags & 0x50 == 0x50:  # F and P
        for _ in range(3):
            more = packet[at] & 0x01
            at += 1
            if not more:
                break
    if at > end:
        return None
    return Descriptor(
        picture=picture,
        spatial=layers >> 1 & 7,
        temporal=layers >> 5,
        begins=bool(flags & 0x08),
        ends=bool(flags & 0x04),
        predicted=bool(flags & 0x40),
        syncs=bool(layers & 0x10),
        inter_layer=bool(layers & 0x01),
        tl0=tl0,
        long=long,
        tl0_at=tl0_at,
        structured=bool(flags & 0x02),
        structure_at=at - begin,
    )


def starts_key_frame(packet: Buffer, at: int, end: int) -> bool:
    """Whether the payload is the first of a picture that builds on no other: B set, P not, lowest layer.

    Never raises.
    """
    found = describe(packet, at, end)
    return found is not None and found.begins and not found.predicted and found.spatial == 0


def heights(packet: Buffer, at: int, end: int) -> list[int]:
    """Of the spatial layers in pixels, from the scalability structure (section 4.2.1); empty where it is not
    there or does not tell. Never raises.
    """
    found = describe(packet, at, end)
    if found is None or not found.structured or at + found.structure_at >= end:
        return []
    at += found.structure_at
    flags = packet[at]
    at += 1
    if not flags & 0x10 or at + 4 * ((flags >> 5) + 1) > end:  # Y
        return []
    return [packet[at + 4 * layer + 2] << 8 | packet[at + 4 * layer + 3] for layer in range((flags >> 5) + 1)]


def numbering(packet: Buffer, at: int, end: int) -> tuple[int, int]:
    """``(picture id, TL0PICIDX)``, each -1 where absent. A 7-bit picture id counts as absent: browsers send
    15 bits.
    """
    found = describe(packet, at, end)
    return (found.picture, found.tl0) if found is not None and found.long else (-1, -1)


def shift_numbering(packet: bytearray | memoryview, at: int, end: int, picture: int, tl0: int) -> None:
    """Adds ``picture`` to the 15-bit picture id and ``tl0`` to TL0PICIDX in place, modulo their sizes."""
    found = describe(packet, at, end)
    if found is None or not found.long:
        return
    new = (found.picture + picture) % PICTURE_ID_MODULO
    packet[at + 1] = 0x80 | new >> 8
    packet[at + 2] = new & 0xFF
    if found.tl0 >= 0:
        packet[at + found.tl0_at] = (found.tl0 + tl0) % TL0_MODULO
