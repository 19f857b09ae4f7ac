"""What a video producer's layers are like, measured a few times a second, and what is wanted of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from media.control.layers import Demand, Encoding, ceiling
from media.protocol import ProducerLayersWanted

if TYPE_CHECKING:
    from media.producer import Producer
    from media.stream import ReceiveStream

DEAD_AFTER = 1.5  # seconds without a packet
SMOOTHING = 0.3  # weight of the newest measurement of a bit rate
LOOKED_AT = 32  # packets of a stream in which its layers are looked for
SPATIAL_LIMIT = 8  # layers that any codec can tell of
#: Layers of one stream, as the browser names them: L<spatial>T<temporal>, _KEY where the spatial ones build
#: on each other in key pictures only (W3C Scalable Video Coding, section 6).
MODE = re.compile(r"L([1-3])T([1-3])(h?)(_KEY(_SHIFT)?)?")


class _Measured:
    """Of one stream. ``shares`` are of its bytes, and ``seen`` times, by spatial layer."""

    __slots__ = ("bitrate", "bytes", "heard", "looked", "seen", "shares")

    def __init__(self) -> None:
        self.bytes = 0
        self.heard = float("-inf")
        self.bitrate = 0.0
        self.looked = -1  # number of the newest packet whose layer has been looked at
        self.shares: list[float] = []
        self.seen: list[float] = []


class ProducerLayers:
    """``encodings`` are spatial layers, the smallest first: simulcast encodings, or where ``svc`` the layers
    inside the only stream. ``apart`` tells that these do not build on each other between key pictures;
    ``adaptive`` whether there is anything to choose from.
    """

    __slots__ = ("_demand", "_measured", "_producer", "_updated", "adaptive", "apart", "encodings", "svc")

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._measured = [_Measured() for _ in producer.streams]
        self._updated = float("-inf")
        self._demand = Demand(len(producer.streams) - 1)
        self.encodings = [Encoding(False, 0.0, 0) for _ in producer.streams]
        self.adaptive = len(producer.streams) > 1
        self.svc = False
        mode = MODE.fullmatch(producer.rtp_parameters.encodings[0].scalabilityMode or "")
        self.apart = mode is not None and mode[4] is not None and len(producer.streams) == 1

    def update(self, now: float) -> None:
        """Measures anew. Called a few times a second."""
        elapsed = now - self._updated
        self._updated = now
        if elapsed <= 0:
            return
        encodings = [
            self._measure(stream, measured, elapsed, now)
            for stream, measured in zip(self._producer.streams, self._measured, strict=True)
        ]
        layers = self._measured[0].seen
        if len(encodings) == 1 and len(layers) > 1:
            self.svc = True
            encodings = self._inside(encodings[0], now)
        self.encodings = encodings
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
        return Encoding(alive, bitrate, stream.height, _look(stream, measured, now))

    def _inside(self, whole: Encoding, now: float) -> list[Encoding]:
        """Spatial layers of one stream: what is sent for each is all up to it, unless they are apart."""
        measured = self._measured[0]
        heights = self._producer.streams[0].pictures.heights
        total = sum(measured.shares) or 1.0
        upto = 0.0
        found = []
        for layer, (share, seen) in enumerate(zip(measured.shares, measured.seen, strict=True)):
            upto = share / total if self.apart else upto + share / total
            alive = whole.alive and now - seen <= DEAD_AFTER
            height = heights[layer] if layer < len(heights) else 0
            found.append(Encoding(alive, whole.bitrate * upto, height, whole.temporal))
        return found

    def demand(self, now: float) -> None:
        """Tells the publisher's side when another encoding is the highest that anybody watches."""
        if len(self._producer.streams) == 1 or self._producer.closed:
            return
        consumers = [consumer for consumer in self._producer.consumers.values() if not consumer.paused]
        wanted = max((ceiling(self.encodings, consumer.wish) for consumer in consumers), default=-1)
        if self._demand.update(wanted, now):
            note = ProducerLayersWanted(self._producer.id, self._demand.current)
            self._producer.transport.ctx.notify(note)


def _look(stream: ReceiveStream, measured: _Measured, now: float) -> int:
    """How many temporal layers the newest packets have; where there are spatial ones, all packets since the
    last look are counted to them.
    """
    pictures = stream.pictures
    if not pictures.layered or stream.reception is None:
        return 1
    inside = len(measured.seen) > 1
    first = stream.highest - (stream.cache.capacity if inside else LOOKED_AT)
    sizes = [0] * SPATIAL_LIMIT
    highest = 0
    for number in range(stream.highest, max(first, measured.looked if inside else first), -1):
        kept = stream.cache.get(number)
        if kept is None:
            continue
        picture = pictures.read(*kept)
        highest = max(highest, picture.temporal)
        sizes[picture.spatial & SPATIAL_LIMIT - 1] += len(kept[0])
    measured.looked = stream.highest
    _count(measured, sizes, now)
    return max(min(highest, 2) + 1, min(pictures.layers[1], 3))


def _count(measured: _Measured, sizes: list[int], now: float) -> None:
    count = max((layer + 1 for layer, size in enumerate(sizes) if size), default=0)
    while len(measured.seen) < count:
        measured.seen.append(now)
        measured.shares.append(float(sizes[len(measured.shares)]))
    for layer in range(len(measured.seen)):
        measured.shares[layer] += (sizes[layer] - measured.shares[layer]) * SMOOTHING
        if sizes[layer]:
            measured.seen[layer] = now
