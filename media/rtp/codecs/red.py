"""Redundant audio (RFC 2198): earlier sound goes along with each packet. Taken apart for those who do not
know it, and its payload types brought in line with ours for those who do.
"""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS_LIMIT = 32
_BLOCK_HEADER = 4  # bytes, of all blocks but the last


def _headers(payload: bytes) -> list[int]:
    """Offsets of the block headers; the last is the primary's, of one byte. Raises ValueError."""
    found: list[int] = []
    at = 0
    while len(found) < BLOCKS_LIMIT:
        if at >= len(payload):
            raise ValueError("redundant audio is cut off")
        found.append(at)
        if not payload[at] & 0x80:
            return found
        at += _BLOCK_HEADER
    raise ValueError("too many blocks of redundant audio")


def primary(payload: bytes) -> tuple[int, bytes]:
    """Payload type and sound of the newest block, whose time is the packet's. Raises ValueError."""
    headers = _headers(payload)
    start = headers[-1] + 1
    for at in headers[:-1]:
        start += (payload[at + 2] & 0x03) << 8 | payload[at + 3]
    if start > len(payload):
        raise ValueError("redundant audio is cut off")
    return payload[headers[-1]] & 0x7F, payload[start:]


def translate(payload: bytes, types: Sequence[int]) -> bytes:
    """With each block's payload type replaced by ``types`` of it. Raises ValueError where one has none
    (-1), or the payload is broken.
    """
    primary(payload)
    out = bytearray(payload)
    for at in _headers(payload):
        ours = types[payload[at] & 0x7F]
        if ours < 0:
            raise ValueError(f"payload type {payload[at] & 0x7F} is not negotiated")
        out[at] = payload[at] & 0x80 | ours
    return bytes(out)
