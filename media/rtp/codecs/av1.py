"""AV1 in RTP (AOM's "RTP Payload Format For AV1", v1.0): where a key frame begins."""

from __future__ import annotations

from media.rtp.header import Buffer


def starts_key_frame(packet: Buffer, at: int, end: int) -> bool:
    """Whether the payload is the first packet of a coded video sequence: the N bit of the aggregation header
    (section 4.4), which no packet may have that continues an earlier one (Z).
    """
    return at < end and packet[at] & 0x88 == 0x08
