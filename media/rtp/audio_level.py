"""How loud an audio packet is, from its header extension (RFC 6464)."""

from __future__ import annotations

SILENCE = 127  # -dBov: the scale goes from 0, as loud as can be, to 127


def audio_level(elements: bytes, two_byte: bool, wanted: int) -> int:
    """Level of a packet in -dBov, 0 … 127, from the ``elements`` that are forwarded with it (extensions.py).

    ``wanted`` is the id of the audio level among them; -1 where it is not there. The voice flag is left
    alone: not every browser sets it.
    """
    at = 0
    end = len(elements)
    while at < end:
        head = elements[at]
        if head == 0:
            at += 1
            continue
        if two_byte:
            if at + 1 >= end:
                break
            element, size = head, elements[at + 1]
            at += 2
        else:
            element, size = head >> 4, (head & 0x0F) + 1
            at += 1
        if element == wanted and size and at < end:
            return elements[at] & 0x7F
        at += size
    return -1
