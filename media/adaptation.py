"""What each consumer of one transport is to send: what its page shows, shared over what the path carries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from media.control.allocate import Priority, Request, allocate
from media.control.layers import NOTHING, steps

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.transport import Transport


class Adaptation:
    __slots__ = ("_transport", "budget")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        #: Bits/s for video; infinite while there is no sign that the path has a limit.
        self.budget = math.inf

    def run(self, now: float) -> None:
        """Gives every video consumer its target. Cheap where there is nothing to choose."""
        consumers = [
            consumer
            for consumer in self._transport.consumers.values()
            if consumer.kind == "video" and not consumer.paused and not consumer.producer.paused
        ]
        if self.budget == math.inf and not any(map(_has_choice, consumers)):
            return
        requests: list[Request] = []
        for consumer in consumers:
            possible = steps(consumer.producer.layers.encodings, consumer.wish)
            if possible or not consumer.wish.visible:
                requests.append(Request(consumer.id, self._priority(consumer), possible, consumer.target))
        targets = allocate(requests, self.budget)
        for consumer in consumers:
            if consumer.id in targets:
                consumer.aim(targets[consumer.id], now)

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
