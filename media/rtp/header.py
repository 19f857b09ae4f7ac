"""RTP's fixed header, its padding, and its extended sequence numbers (RFC 3550, 5.1 and A.1).

The layout of every packet that we keep and send is fixed here ("our layout"), so that a consumer patches it
with one `pack_into`:

====== ====== ==============================================================================
offset size   content
====== ====== ==============================================================================
0      2      version, no padding, extension bit set; marker and our payload type
2      2      sequence number                     } patched for
4      4      timestamp                           } each consumer
8      4      SSRC                                } in one go:
12     4      0xBEDE or 0x1000, length in words   } `patch_one_byte`
16     12     mid, abs-send-time, transport-wide  } at offset 2
              sequence number (see extensions.py)
28     4n     header extensions that are forwarded as they came
28+4n         payload
====== ====== ==============================================================================
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview

HEADER_SIZE = 12
FIXED_SIZE = 28
FIXED_EXTENSION_WORDS = 3

ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000  # RFC 8285, 4.3: the lower four bits are the application's

read_header = struct.Struct("!BBHII").unpack_from
read_profile = struct.Struct("!HH").unpack_from
pack_fixed = struct.Struct("!BBHIIHH12x").pack

PATCH_OFFSET = 2
#: sequence number, timestamp, SSRC, profile, words, mid element, abs-send-time element, sequence element (1 +
#: 2)
patch_one_byte = struct.Struct("!HIIHH5sIBH").pack_into
#: sequence number, timestamp, SSRC, profile, words, the twelve bytes of `FixedSlots.two_byte`
patch_two_byte = struct.Struct("!HIIHH12s").pack_into


@functools.cache  # bounded by the length of a packet
def whole_packet(size: int) -> Callable[..., None]:
    """The `pack_into` of a packet whose part behind the fixed one has ``size`` bytes.

    Takes the first two bytes as one number, what `patch_one_byte` takes, and those ``size`` bytes.
    """
    return struct.Struct(f"!HHIIHH5sIBH{size}s").pack_into


def payload_bounds(data: Buffer, start: int, end: int) -> tuple[int, int, int]:
    """Where the extension block and the payload of the RTP packet ``data[start:end]`` lie.

    Returns ``(extension, payload, payload_end)`` as offsets into ``data``: ``extension`` is that of the four
    bytes before the extension elements, 0 where there are none; padding is taken off. Raises ValueError
    where the lengths contradict one another.
    """
    if end - start < HEADER_SIZE:
        raise ValueError("shorter than an RTP header")
    first = data[start]
    if first >> 6 != 2:
        raise ValueError("not RTP version 2")
    payload = start + HEADER_SIZE + 4 * (first & 0x0F)
    extension = 0
    if first & 0x10:
        extension = payload
        if extension + 4 > end:
            raise ValueError("header extension is cut off")
        payload = extension + 4 + 4 * read_profile(data, extension)[1]
    if payload > end:
        raise ValueError("header is longer than the packet")
    if first & 0x20:
        padding = data[end - 1]
        if padding == 0 or payload + padding > end:
            raise ValueError("padding is longer than the payload")
        end -= padding
    return extension, payload, end


def extend(sequence: int, highest: int) -> int:
    """The extended number of a 16-bit ``sequence`` that is nearest to the extended ``highest``.

    A tie (32,768 away) counts as older. Never below zero: the first number of a stream is extended with
    `first_extended`.
    """
    delta = (sequence - highest) & 0xFFFF
    return highest + delta if delta < 0x8000 else highest + delta - 0x10000


def first_extended(sequence: int) -> int:
    """The extended number of the first packet: one cycle up, so that older ones stay positive."""
    return sequence + 0x10000
