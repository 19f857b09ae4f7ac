"""Which stream an incoming RTP packet belongs to (RFC 8843, 9.2; RFC 8852).

By SSRC once known, else by the mid and rid header extensions, else by payload type where only one producer
uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.protocol import LimitReached
from media.rtp.extensions import MID, REPAIRED_RID, RID
from media.rtp.header import Buffer, payload_bounds

if TYPE_CHECKING:
    from media.producer import Producer
    from media.stream import ReceiveStream

#: SSRCs of the producers of one transport, named or learnt. Microphone, camera and four shared screens with
#: their sound, in all their encodings and with RTX, are half of that.
SSRC_LIMIT = 64


class SourceTable:
    """The SSRCs of one transport. Bounded: producers are, and of the rest only the latest are remembered."""

    __slots__ = ("_producers", "repairs", "sources", "strangers")

    STRANGER_LIMIT = 32

    def __init__(self) -> None:
        self._producers: list[Producer] = []
        #: SSRC → stream, for media and for RTX.
        self.sources: dict[int, ReceiveStream] = {}
        self.repairs: dict[int, ReceiveStream] = {}
        #: Authenticated SSRCs that belong to nothing (RTCP senders, packets before their producer), oldest
        #: first.
        self.strangers: dict[int, None] = {}

    def add(self, producer: Producer) -> None:
        """Raises ValueError where an SSRC is taken, or the (mid, rid) pairs of two producers are the same;
        LimitReached beyond `SSRC_LIMIT`.
        """
        ssrcs = [s for stream in producer.streams for s in (stream.ssrc, stream.rtx_ssrc) if s is not None]
        if len(set(ssrcs)) < len(ssrcs) or any(s in self.sources or s in self.repairs for s in ssrcs):
            raise ValueError("an SSRC is used twice on this transport")
        if producer.mid is not None and any(known.mid == producer.mid for known in self._producers):
            raise ValueError(f"mid {producer.mid!r} is used twice on this transport")
        if len(self.sources) + len(self.repairs) + len(ssrcs) > SSRC_LIMIT:
            raise LimitReached(f"a transport has {SSRC_LIMIT} SSRCs at most")
        self._producers.append(producer)
        for stream in producer.streams:
            if stream.ssrc is not None:
                self.sources[stream.ssrc] = stream
                self.strangers.pop(stream.ssrc, None)
            if stream.rtx_ssrc is not None:
                self.repairs[stream.rtx_ssrc] = stream
                self.strangers.pop(stream.rtx_ssrc, None)

    def remove(self, producer: Producer) -> list[int]:
        """Returns the SSRCs that are released."""
        self._producers.remove(producer)
        released = []
        for table in (self.sources, self.repairs):
            for ssrc in [ssrc for ssrc, stream in table.items() if stream.producer is producer]:
                del table[ssrc]
                released.append(ssrc)
        return released

    def stranger(self, ssrc: int) -> int:
        """Remembers an SSRC that belongs to nothing; returns the one forgotten instead, or -1."""
        if ssrc in self.strangers or ssrc in self.sources or ssrc in self.repairs:
            return -1
        self.strangers[ssrc] = None
        if len(self.strangers) <= self.STRANGER_LIMIT:
            return -1
        oldest = next(iter(self.strangers))
        del self.strangers[oldest]
        return oldest

    def route(self, data: Buffer, start: int, end: int, payload_type: int, ssrc: int) -> int | None:
        """Learns where the packet of an unknown ``ssrc`` belongs, so that the tables know it afterwards.

        Returns the SSRC that carried the stream before and is replaced, -1 where there was none,
        None where the packet belongs nowhere, or would be one SSRC too many.
        """
        stream, is_repair = self._find(data, start, end, payload_type)
        if stream is None:
            return None
        table = self.repairs if is_repair else self.sources
        before = stream.rtx_ssrc if is_repair else stream.ssrc
        if before is None and len(self.sources) + len(self.repairs) >= SSRC_LIMIT:
            return None
        self.strangers.pop(ssrc, None)
        if before is not None:
            table.pop(before, None)
        if is_repair:
            stream.rtx_ssrc = ssrc
        elif before is None:
            stream.ssrc = ssrc
        else:
            stream.restart(ssrc)
        table[ssrc] = stream
        return -1 if before is None else before

    def _find(
        self, data: Buffer, start: int, end: int, payload_type: int
    ) -> tuple[ReceiveStream | None, bool]:
        try:
            extension = payload_bounds(data, start, end)[0]
        except ValueError:
            return None, False
        for producer in self._producers:
            is_repair = producer.repaired_types[payload_type] >= 0
            if not is_repair and producer.payload_types[payload_type] < 0:
                continue
            names = producer.extensions.names(data, extension) if extension else {}
            if producer.mid is not None and names.get(MID) == producer.mid:
                return _by_rid(producer, names), is_repair
        users = [
            producer
            for producer in self._producers
            if producer.payload_types[payload_type] >= 0 or producer.repaired_types[payload_type] >= 0
        ]
        if len(users) != 1 or len(users[0].streams) != 1:
            return None, False
        # Only for a stream whose SSRC was never said: a known one is not handed over without a mid.
        stream = users[0].streams[0]
        is_repair = users[0].repaired_types[payload_type] >= 0
        known = stream.rtx_ssrc if is_repair else stream.ssrc
        return (stream, is_repair) if known is None else (None, False)


def _by_rid(producer: Producer, names: dict[str, str]) -> ReceiveStream | None:
    rid = names.get(REPAIRED_RID) or names.get(RID)
    if rid is None:
        return producer.streams[0] if len(producer.streams) == 1 else None
    return next((stream for stream in producer.streams if stream.rid == rid), None)
