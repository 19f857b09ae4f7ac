"""RTP header extensions: reading the publisher's block, and the fixed slots of our own (RFC 8285).

Extensions are of two sorts. Some belong to one hop and are ours to write for each consumer (mid, abs-send-
time, transport-wide sequence number); the others belong to the medium (audio level, video orientation, abs-
capture-time, playout delay, dependency descriptor) and are carried on unread, under our ids.

Our twelve bytes (header.py, offset 16), one-byte form::

    id|len mid mid mid mid   id|len abs abs abs   id|len seq seq

and in the two-byte form, needed only where the publisher sends an element that fits no other, the same fields
without abs-send-time (RFC 8285 lets a sender leave any element out)::

    id len mid mid mid mid   id len seq seq   0 0
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from media.protocol import RtpHeaderExtension
from media.rtp.header import ONE_BYTE_PROFILE, TWO_BYTE_PROFILE, Buffer, read_profile

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_SEQUENCE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
HOP_BY_HOP = frozenset({MID, RID, REPAIRED_RID, ABS_SEND_TIME, TRANSPORT_SEQUENCE})

MID_LIMIT = 4
ELEMENT_LIMIT = 16  # extensions of one packet that are read; the rest is ignored

_DROP = 0
_SEQUENCE = -1


class ExtensionReader:
    """Reads a publisher's extension blocks with the ids it negotiated, in one pass per packet."""

    __slots__ = ("_actions", "_names", "transport_sequence")

    def __init__(self, negotiated: Iterable[RtpHeaderExtension], mapping: dict[int, int]) -> None:
        """``mapping`` is publisher id → our id; an id that is missing in it is not forwarded."""
        self._actions = [_DROP] * 256
        self._names: dict[int, str] = {}
        #: Transport-wide sequence number of the packet last read; -1 where it had none.
        self.transport_sequence = -1
        for extension in negotiated:
            if not 1 <= extension.id <= 255:
                continue
            if extension.uri == TRANSPORT_SEQUENCE:
                self._actions[extension.id] = _SEQUENCE
            elif extension.uri not in HOP_BY_HOP:
                self._actions[extension.id] = mapping.get(extension.id, _DROP)
            else:
                self._names[extension.id] = extension.uri

    @property
    def one_byte_actions(self) -> list[int]:
        """What becomes of elements with ids 0 … 15: 0 left out, -1 the transport-wide number, else our id."""
        return self._actions[:16]

    def read(self, data: Buffer, at: int) -> tuple[bytes, bool]:
        """Reads the block whose four leading bytes are at ``data[at]`` and whose length has been checked.

        Returns ``(elements, two_byte)``: what is to be forwarded, under our ids and padded to words, and
        whether it is in the two-byte form. Sets `transport_sequence`. A broken block yields what came before
        the break.
        """
        self.transport_sequence = -1
        profile, words = read_profile(data, at)
        at += 4
        end = at + 4 * words
        if profile != ONE_BYTE_PROFILE:
            return (
                self._read_two_byte(data, at, end) if profile & 0xFFF0 == TWO_BYTE_PROFILE else (b"", False)
            )
        actions = self._actions
        out = b""
        count = 0
        while at < end:
            head = data[at]
            at += 1
            if head == 0:
                continue
            count += 1
            if head >= 0xF0 or count > ELEMENT_LIMIT:
                break
            size = (head & 0x0F) + 1
            if at + size > end:
                break
            action = actions[head >> 4]
            if action == _SEQUENCE:
                if size == 2:
                    self.transport_sequence = data[at] << 8 | data[at + 1]
            elif action:
                out += bytes((action << 4 | size - 1,)) + bytes(data[at : at + size])
            at += size
        return (out + b"\0" * (-len(out) & 3) if out else out), False

    def _read_two_byte(self, data: Buffer, at: int, end: int) -> tuple[bytes, bool]:
        actions = self._actions
        elements: list[tuple[int, bytes]] = []
        for element, start, stop in two_byte_elements(data, at, end):
            action = actions[element]
            if action == _SEQUENCE:
                if stop - start == 2:
                    self.transport_sequence = data[start] << 8 | data[start + 1]
            elif action:
                elements.append((action, bytes(data[start:stop])))
        two_byte = any(ours > 14 or not 1 <= len(value) <= 16 for ours, value in elements)
        if two_byte:
            out = b"".join(bytes((ours, len(value))) + value for ours, value in elements)
        else:
            out = b"".join(bytes((ours << 4 | len(value) - 1,)) + value for ours, value in elements)
        return out + b"\0" * (-len(out) & 3), two_byte

    def names(self, data: Buffer, at: int) -> dict[str, str]:
        """The textual hop-by-hop elements (mid, rid, repaired rid) of a block by URI; for packets of unknown
        SSRC.
        """
        found: dict[str, str] = {}
        for element, start, stop in elements(data, at):
            uri = self._names.get(element)
            if uri in (MID, RID, REPAIRED_RID) and uri is not None:
                found[uri] = bytes(data[start:stop]).decode("ascii", "replace")
        return found


def elements(data: Buffer, at: int) -> list[tuple[int, int, int]]:
    """``(id, start, stop)`` of each element of the block at ``data[at]``, of either form, at most
    `ELEMENT_LIMIT`.
    """
    profile = data[at] << 8 | data[at + 1]
    end = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3])
    if profile == ONE_BYTE_PROFILE:
        return one_byte_elements(data, at + 4, end)
    if profile & 0xFFF0 == TWO_BYTE_PROFILE:
        return two_byte_elements(data, at + 4, end)
    return []


def one_byte_elements(data: Buffer, at: int, end: int) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    while at < end and len(found) < ELEMENT_LIMIT:
        head = data[at]
        at += 1
        if head == 0:
            continue
        stop = at + (head & 0x0F) + 1
        if head >= 0xF0 or stop > end:
            break
        found.append((head >> 4, at, stop))
        at = stop
    return found


def two_byte_elements(data: Buffer, at: int, end: int) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    while at < end and len(found) < ELEMENT_LIMIT:
        element = data[at]
        at += 1
        if element == 0:
            continue
        if at == end:
            break
        stop = at + 1 + data[at]
        if stop > end:
            break
        found.append((element, at + 1, stop))
        at = stop
    return found


class FixedSlots:
    """A consumer's own twelve bytes:

    constant but for two numbers, so they are packed from a prepared form.
    """

    __slots__ = ("_mid", "_mid_id", "abs_send_time", "sequence", "sequence_id")

    def __init__(self, negotiated: Iterable[RtpHeaderExtension], mid: str | None) -> None:
        """Raises ValueError for an id over 14, or a mid that is not ASCII or has more than `MID_LIMIT`
        characters.
        """
        ids = {extension.uri: extension.id for extension in negotiated}
        for uri in (MID, ABS_SEND_TIME, TRANSPORT_SEQUENCE):
            if not 0 <= ids.get(uri, 0) <= 14:
                raise ValueError(f"header extension id {ids[uri]} is over 14")
        value = (mid or "").encode("ascii") if MID in ids else b""
        if len(value) > MID_LIMIT:
            raise ValueError(f"mid {mid!r} has more than {MID_LIMIT} characters")
        self._mid = value
        self._mid_id = ids.get(MID, 0)
        #: First byte of the abs-send-time element in the top byte of a word; 0 where not negotiated.
        self.abs_send_time = (ids[ABS_SEND_TIME] << 4 | 2) << 24 if ABS_SEND_TIME in ids else 0
        self.sequence_id = ids.get(TRANSPORT_SEQUENCE, 0)
        #: First byte of the transport-wide sequence number element; 0 where not negotiated.
        self.sequence = self.sequence_id << 4 | 1 if self.sequence_id else 0

    @property
    def mid(self) -> bytes:
        """The mid element in its five bytes; zeros are padding (RFC 8285, 4.2)."""
        if not self._mid:
            return bytes(1 + MID_LIMIT)
        return (bytes((self._mid_id << 4 | len(self._mid) - 1,)) + self._mid).ljust(1 + MID_LIMIT, b"\0")

    def two_byte(self, sequence: int) -> bytes:
        """The twelve bytes in the two-byte form, for the packets that need it."""
        out = bytes((self._mid_id, len(self._mid))) + self._mid if self._mid else b""
        if self.sequence_id:
            out += struct.pack("!BBH", self.sequence_id, 2, sequence)
        return out.ljust(12, b"\0")


def abs_send_time(now: float) -> int:
    """``now`` (seconds, any epoch) as 24-bit 6.18 fixed point, wrapping every 64 s."""
    return int(now * 262144) & 0xFFFFFF
