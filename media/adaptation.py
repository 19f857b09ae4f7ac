"""What each consumer of one transport is to send: what its page shows, shared over what the path carries.

A path is watched only while something sent on it can be adapted: a transport of plain consumers costs nothing
here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from media.control.allocate import HEADROOM, Priority, Request, allocate
from media.control.layers import NOTHING, steps
from media.control.path import Path

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.transport import Transport

AUDIO = 40_000.0  # bits/s kept for each microphone that is heard, headers and RED included …
VOICES = 10  # … up to so many
REMB_KEEPS = 5.0  # seconds for which a subscriber's own estimate holds


class Adaptation:
    __slots__ = ("_remb_until", "_transport", "_wanted")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._wanted = 0.0  # bits/s that could be used
        self._remb_until = -math.inf

    def run(self, now: float) -> None:
        """Gives every video consumer its target. Cheap where there is nothing to choose."""
        transport = self._transport
        consumers = [
            consumer
            for consumer in transport.consumers.values()
            if consumer.kind == "video" and not consumer.paused and not consumer.producer.paused
        ]
        if not any(map(_has_choice, consumers)):
            self._stop_watching(now)
            if transport.path is None:
                return
        elif transport.path is None and any(consumer.sequence_head for consumer in consumers):
            transport.watch_path()
        audio = self._audio()
        budget = transport.path.estimate - audio if transport.path is not None else math.inf
        requests: list[Request] = []
        wanted = audio
        for consumer in consumers:
            possible = steps(consumer.producer.layers.encodings, consumer.wish)
            if possible or not consumer.wish.visible:
                requests.append(Request(consumer.id, self._priority(consumer), possible, consumer.target))
            if possible:
                wanted += possible[-1].bitrate * HEADROOM
        self._wanted = wanted
        targets = allocate(requests, max(budget, 0.0))
        for consumer in consumers:
            if consumer.id in targets:
                consumer.aim(targets[consumer.id], now)

    def estimated(self, rate: float, now: float) -> None:
        """The subscriber's own estimate in bits/s: believed where it sends no transport-wide feedback."""
        transport = self._transport
        if any(consumer.sequence_head for consumer in transport.consumers.values()):
            return
        path = transport.path or transport.watch_path()
        self._remb_until = now + REMB_KEEPS
        path.told(rate)
        self.run(now)

    def probe(self, now: float) -> bool:
        """Sends padding if it is time to try for more; whether there may be more to send in 20 ms."""
        transport = self._transport
        if transport.path is None or transport.path.estimate == math.inf or not transport.writable:
            return False
        size = transport.path.padding(self._wanted, now)
        if size > 0:
            self._pad(transport.path, size)
        return transport.path.is_probed(now)

    def _pad(self, path: Path, size: int) -> None:
        senders = [item for item in self._transport.consumers.values() if item.kind == "video"]
        for consumer in sorted(senders, key=lambda item: item.target, reverse=True):
            sent = consumer.pad(size)
            if sent:
                path.padded(sent)
                return

    def _stop_watching(self, now: float) -> None:
        """Nothing can be adapted any more."""
        if self._transport.path is not None and now >= self._remb_until:
            self._transport.forget_path()

    def _audio(self) -> float:
        heard = sum(
            consumer.kind == "audio" and not consumer.paused
            for consumer in self._transport.consumers.values()
        )
        return AUDIO * min(heard, VOICES)

    def _priority(self, consumer: Consumer) -> Priority:
        if consumer.producer.source == "screen":
            return Priority.SCREEN
        if consumer.wish.pinned:
            return Priority.PINNED
        room = self._transport.peer.room
        speaking = consumer.producer.transport.peer is room.audio.speaking_peer
        return Priority.SPEAKER if speaking else Priority.REST


def _has_choice(consumer: Consumer) -> bool:
    return consumer.producer.layers.adaptive or not consumer.wish.visible or consumer.target == NOTHING
