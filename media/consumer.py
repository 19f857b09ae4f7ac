"""A track that we send to one browser: whether it is sent, and which of its layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from media.control import filters
from media.control.layers import FULL, NOTHING, Target, Wish
from media.outgoing import Outgoing
from media.protocol import ConsumerStarved, RtpParameters

if TYPE_CHECKING:
    from media.producer import Producer
    from media.stream import ReceiveStream
    from media.transport import Transport


class Consumer(Outgoing):
    """Created paused.

    Sends while it is resumed, its producer is not paused and its transport can be written.
    """

    __slots__ = (
        "_afterwards",
        "_starved",
        "closed",
        "id",
        "paused",
        "producer",
        "switching_to",
        "target",
        "wish",
    )

    def __init__(
        self, consumer_id: str, transport: Transport, producer: Producer, parameters: RtpParameters
    ) -> None:
        """Raises ValueError where ``parameters`` have no encoding with an SSRC, or unusable extensions."""
        super().__init__(transport, producer.streams[0], parameters)
        self.id = consumer_id
        self.producer = producer
        #: Another encoding, whose next key frame this consumer waits for while the present one goes on.
        self.switching_to: ReceiveStream | None = None
        self.wish = Wish()
        self.target = Target(0, FULL)
        self._afterwards = FULL  # temporal layer, once the encoding waited for has come
        self._starved = False
        self.paused = True
        self.closed = False

    def pause(self) -> None:
        if not self.paused and not self.closed:
            self.paused = True
            self._withdraw()

    def resume(self) -> None:
        if self.paused and not self.closed:
            self.paused = False
            self.transport.adaptation.run(self.transport.ctx.refresh())
            self.transport_changed()

    def transport_changed(self) -> None:
        """Takes part in the fan-out exactly while it is resumed and its transport can be written."""
        taking_part = self in self.stream.active or self in self.stream.waiting
        wanted = not self.paused and not self.closed and self.transport.writable and self.target != NOTHING
        if wanted and not taking_part:
            self.stream.add(self, self.transport.ctx.refresh())
        elif taking_part and not wanted:
            self._withdraw()

    def path_changed(self) -> None:
        """The transport sends to another address."""
        self.regroup()
        self.stream.rows_changed()

    def _withdraw(self) -> None:
        self.stream.remove(self)
        if self.switching_to is not None:
            self.switching_to.remove(self)
            self.switching_to = None

    # --- layers ---

    def wants(self, wish: Wish, now: float) -> None:
        """What the page shows of it has changed."""
        self.wish = wish
        self.transport.adaptation.run(now)
        self.producer.layers.demand(now)

    def aim(self, target: Target, now: float) -> None:
        """Sends this from now on: another encoding from its next key frame, other layers of one as soon as
        the pictures allow, nothing at once.
        """
        before, self.target = self.target, target
        changed = (target == NOTHING) != (before == NOTHING)
        if target != NOTHING:
            layers = self.producer.layers
            top = layers.encodings[target.spatial].temporal - 1
            temporal = FULL if target.temporal >= top else target.temporal
            if layers.svc:
                self._aim_inside(target.spatial, temporal, before, now)
            else:
                changed |= self._aim_at_encoding(target.spatial, temporal, now)
        if changed:
            self.transport_changed()
        self._tell(target == NOTHING and self.wish.visible)

    def _aim_at_encoding(self, spatial: int, temporal: int, now: float) -> bool:
        """Whether the source has changed at once."""
        changed = self._switch(self.producer.streams[spatial], now)
        # Too much for the path as it is: the least of it until the key frame comes.
        falling = self.transport.path is not None and self.transport.path.estimate < math.inf
        falling = falling and spatial < self.producer.streams.index(self.stream)
        self._afterwards = temporal
        self._choose(FULL, 0 if falling and self.switching_to is not None else temporal)
        return changed

    def _aim_inside(self, spatial: int, temporal: int, before: Target, now: float) -> None:
        """Spatial layers of one stream. More of them can be had with a key frame, if not sooner; so can fewer
        where they do not build on each other.
        """
        layers = self.producer.layers
        whole = spatial == len(layers.encodings) - 1 and not layers.apart
        self._choose(FULL if whole else spatial, temporal)
        if self.filter is not None and spatial != before.spatial:
            present = self.filter.current[0]
            if present < spatial or (layers.apart and present != spatial):
                self.stream.request_key_frame(now)

    def _choose(self, spatial: int, temporal: int) -> None:
        """Has a filter leave out what lies above; none where nothing does."""
        chosen = self.filter
        if chosen is None:
            if spatial == temporal == FULL and not self.producer.layers.apart:
                return
            chosen = filters.make(self.stream.pictures, self.producer.layers.apart)
            self.install(chosen)
        chosen.aim(spatial, temporal)

    def _tell(self, starved: bool) -> None:
        """The subscriber's side hears when a video stops for want of bandwidth, and when it comes back."""
        if starved != self._starved:
            self._starved = starved
            self.transport.ctx.notify(ConsumerStarved(self.id, starved))

    def _switch(self, stream: ReceiveStream, now: float) -> bool:
        """Whether the source has changed at once, so that it takes part in no fan-out as yet."""
        if self.switching_to is not None and self.switching_to is not stream:
            self.switching_to.remove(self)
            self.switching_to = None
        if stream is self.stream or self.switching_to is stream:
            return False
        if self.is_sending:
            self.switching_to = stream
            stream.wait(self, now)
            return False
        self._withdraw()
        self.change_source(stream)
        return True

    def change_source(self, stream: ReceiveStream) -> None:
        super().change_source(stream)
        self.switching_to = None

    # --- called by the stream and by the reports ---

    def begin(self, stream: ReceiveStream, number: int, packet: bytes, payload: int, now: float) -> None:
        """The next packet sent is source ``number`` of ``stream``."""
        if stream is not self.stream:
            self.stream.remove(self)
            self.change_source(stream)
            self._choose(FULL, self._afterwards)
        super().begin(stream, number, packet, payload, now)

    def resend(self, sequences: Sequence[int], now: float) -> None:
        if not self.paused and not self.producer.paused:
            super().resend(sequences, now)

    def close(self) -> None:
        """Stops sending and leaves its producer and transport. Closing twice does nothing."""
        if self.closed:
            return
        self.closed = True
        self._withdraw()
        self.producer.consumers.pop(self.id, None)
        self.transport.consumer_closed(self)

    def stats(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "producerId": self.producer.id,
            "kind": self.kind,
            "ssrc": self.ssrc,
            "paused": self.paused,
            "sending": self.is_sending,
            "layer": self.producer.streams.index(self.stream),
            "layers": list(self.filter.current) if self.filter is not None else None,
            "target": list(self.target),
            "waiting": len(self.backlog),
            "starved": self._starved,
            "packets": self.packets,
            "bytes": self.octets,
            "resent": self.resent,
            "lost": self.lost,
            "rtt": self.rtt,
        }
