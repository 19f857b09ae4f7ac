"""VP9 in RTP (RFC 9628), its payload descriptor: where a key frame begins, which layer a packet is of."""

from __future__ import annotations

from typing import NamedTuple

from media.rtp.header import Buffer


class Descriptor(NamedTuple):
    """``picture`` is -1 where absent. ``syncs``: a switch up to this temporal layer is possible (U).
    ``inter_layer``: the frame builds on the layer below in the same picture (D). ``predicted``: on earlier
    pictures (P).
    """

    picture: int
    spatial: int
    temporal: int
    begins: bool
    ends: bool
    predicted: bool
    syncs: bool
    inter_layer: bool


def describe(packet: Buffer, at: int, end: int) -> Descriptor | None:
    """The descriptor of the payload ``packet[at:end]`` (section 4.2); None where it is cut off."""
    if at >= end:
        return None
    flags = packet[at]
    at += 1
    picture = -1
    if flags & 0x80:  # I
        if at >= end:
            return None
        picture = packet[at]
        at += 1
        if picture & 0x80:  # M
            if at >= end:
                return None
            picture = (picture & 0x7F) << 8 | packet[at]
            at += 1
    layers = 0
    if flags & 0x20:  # L
        if at >= end:
            return None
        layers = packet[at]
    return Descriptor(
        picture=picture,
        spatial=layers >> 1 & 7,
        temporal=layers >> 5,
        begins=bool(flags & 0x08),
        ends=bool(flags & 0x04),
        predicted=bool(flags & 0x40),
        syncs=bool(layers & 0x10),
        inter_layer=bool(layers & 0x01),
    )


def starts_key_frame(packet: Buffer, at: int, end: int) -> bool:
    """Whether the payload is the first of a picture that builds on no other: B set, P not, lowest layer.

    Never raises.
    """
    found = describe(packet, at, end)
    return found is not None and found.begins and not found.predicted and found.spatial == 0
