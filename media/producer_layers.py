"""What a video producer's encodings are like, measured a few times a second, and what is wanted of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.control.layers import Demand, Encoding, ceiling
from media.protocol import ProducerLayersWanted
from media.rtp.codecs import vp8

if TYPE_CHECKING:
    from media.producer import Producer
    from media.stream import ReceiveStream

DEAD_AFTER = 1.5  # seconds without a packet
SMOOTHING = 0.3  # weight of the newest measurement of a bit rate
LOOKED_AT = 32  # packets of a stream in which its temporal layers are looked for


class _Measured:
    __slots__ = ("bitrate", "bytes", "heard")

    def __init__(self) -> None:
        self.bytes = 0
        self.heard = float("-inf")
        self.bitrate = 0.0


class ProducerLayers:
    """``adaptive`` tells whether there is anything to choose from."""

    __slots__ = ("_demand", "_measured", "_producer", "_updated", "adaptive", "encodings")

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._measured = [_Measured() for _ in producer.streams]
        self._updated = float("-inf")
        self._demand = Demand(len(producer.streams) - 1)
        self.encodings = [Encoding(False, 0.0, 0) for _ in producer.streams]
        self.adaptive = len(producer.streams) > 1

    def update(self, now: float) -> None:
        """Measures anew. Called a few times a second."""
        elapsed = now - self._updated
        self._updated = now
        if elapsed <= 0:
            return
        self.encodings = [
            self._measure(stream, measured, elapsed, now)
            for stream, measured in zip(self._producer.streams, self._measured, strict=True)
        ]
        self.adaptive = len(self.encodings) > 1 or self.encodings[0].temporal > 1

    def _measure(self, stream: ReceiveStream, measured: _Measured, elapsed: float, now: float) -> Encoding:
        fresh = stream.octets - measured.bytes
        measured.bytes = stream.octets
        if fresh:
            if measured.bitrate and now - measured.heard <= DEAD_AFTER:
                measured.bitrate += (fresh * 8 / elapsed - measured.bitrate) * SMOOTHING
            else:
                measured.bitrate = fresh * 8 / min(elapsed, 1.0)
            measured.heard = now
        alive = now - measured.heard <= DEAD_AFTER
        bitrate = measured.bitrate if alive else 0.0
        return Encoding(alive, bitrate, stream.height, _temporal_layers(stream))

    def demand(self, now: float) -> None:
        """Tells the publisher's side when another spatial layer is the highest that anybody watches."""
        if len(self.encodings) == 1:
            return
        consumers = [consumer for consumer in self._producer.consumers.values() if not consumer.paused]
        wanted = max((ceiling(self.encodings, consumer.wish) for consumer in consumers), default=-1)
        if self._demand.update(wanted, now):
            note = ProducerLayersWanted(self._producer.id, self._demand.current)
            self._producer.transport.ctx.notify(note)


def _temporal_layers(stream: ReceiveStream) -> int:
    """How many the newest packets have."""
    if not stream.vp8 or stream.reception is None:
        return 1
    highest = 0
    for number in range(stream.highest, stream.highest - LOOKED_AT, -1):
        kept = stream.cache.get(number)
        if kept is not None:
            highest = max(highest, vp8.temporal(kept[0], kept[1], len(kept[0]))[1])
    return min(highest, 2) + 1
