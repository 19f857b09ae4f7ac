"""H.264 in RTP (RFC 6184): where a key frame begins."""

from __future__ import annotations

from media.rtp.header import Buffer

_SPS = 7
_STAP_A = 24
_FU_A = 28


def starts_key_frame(packet: Buffer, at: int, end: int) -> bool:
    """Whether the payload ``packet[at:end]`` holds a sequence parameter set, with which a decoder can begin.

    Browsers send one before every IDR picture; an IDR slice without it does not help a new receiver. Never
    raises.
    """
    if at >= end:
        return False
    kind = packet[at] & 0x1F
    if kind == _STAP_A:
        at += 1
        while at + 3 <= end:
            if packet[at + 2] & 0x1F == _SPS:
                return True
            at += 2 + (packet[at] << 8 | packet[at + 1])
        return False
    if kind == _FU_A:
        return at + 1 < end and packet[at + 1] & 0x9F == 0x80 | _SPS  # start bit and type
    return kind == _SPS
