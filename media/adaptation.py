"""What each consumer of one transport is to send: what its page shows, shared over what the path carries.

A path is watched only while something sent on it can be adapted and there is a reason to: layers to choose
from, or a subscriber that reports trouble. A transport of plain consumers on a good path costs nothing here.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from media.control.allocate import HEADROOM, Priority, Request, allocate
from media.control.layers import NOTHING, Climb, ceiling, steps
from media.control.pacing import Pacer, burst_rate
from media.control.path import Path
from media.stats import Drop

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.outgoing import Outgoing
    from media.repair import Repair
    from media.rtp.rtcp import ReportBlock
    from media.transport import Transport

AUDIO = 40_000.0  # bits/s kept for each microphone that is heard, headers and RED included …
VOICES = 10  # … up to so many
REMB_KEEPS = 5.0  # seconds for which a subscriber's own estimate holds
TROUBLE_LOSS = 8  # of 256 packets: 3 % …
TROUBLE_DELAY = 0.15  # … or a round trip so many seconds longer than the shortest …
TROUBLE_KEEPS = 15.0  # … has the path watched for so long
RESENDS = 256  # answers that may wait for their turn


class Adaptation:
    __slots__ = (
        "_climbs",
        "_least_rtt",
        "_pacer",
        "_remb_until",
        "_reports",
        "_resends",
        "_transport",
        "_trouble_until",
        "_waiting",
        "_wanted",
    )

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._climbs: dict[str, tuple[Priority, Climb]] = {}  # by consumer
        self._wanted = 0.0  # bits/s that could be used
        self._remb_until = -math.inf
        self._trouble_until = -math.inf
        self._least_rtt = math.inf
        self._pacer = Pacer()
        self._resends: deque[tuple[Repair, int]] = deque()
        self._waiting: deque[Outgoing] = deque()  # those with a backlog
        self._reports: list[Outgoing] = []  # those whose clock has changed

    # --- what each consumer gets ---

    def run(self, now: float) -> None:
        """Gives every video consumer its target. Cheap where there is nothing to choose."""
        transport = self._transport
        if len(self._climbs) > len(transport.consumers):
            self._climbs = {key: self._climbs[key] for key in transport.consumers if key in self._climbs}
        consumers = [
            consumer
            for consumer in transport.consumers.values()
            if consumer.kind == "video" and not consumer.paused and not consumer.producer.paused
        ]
        limited = transport.path is not None and transport.path.estimate < self._wanted
        troubled = now < self._trouble_until or limited
        if not troubled and not any(map(_has_choice, consumers)):
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
            detail = consumer.producer.source == "screen"
            possible = steps(consumer.producer.layers.encodings, consumer.wish, detail)
            if possible or not consumer.wish.visible:
                priority = self._priority(consumer)
                allowed = self._climb(consumer, priority).limit(possible, now)
                requests.append(Request(consumer.id, priority, allowed, consumer.target))
            if possible:
                wanted += possible[-1].bitrate * HEADROOM
        self._wanted = wanted
        targets = allocate(requests, max(budget, 0.0))
        for consumer in consumers:
            if consumer.id in targets:
                target = targets[consumer.id]
                highest = ceiling(consumer.producer.layers.encodings, consumer.wish)
                self._climbs[consumer.id][1].chosen(target, highest, now)
                consumer.aim(target, now)

    def _climb(self, consumer: Consumer, priority: Priority) -> Climb:
        """Who begins to speak need not wait for what was too much of somebody silent."""
        known = self._climbs.get(consumer.id)
        if known is None or known[0] is not priority:
            known = self._climbs[consumer.id] = priority, Climb(consumer.target)
        return known[1]

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

    # --- what the path carries ---

    def reported(self, block: ReportBlock, rtt: float, now: float) -> None:
        """A receiver report about one of the consumers: loss or a growing queue are a reason to look."""
        self._least_rtt = min(self._least_rtt, rtt)
        if block.fraction_lost >= TROUBLE_LOSS or rtt > self._least_rtt + TROUBLE_DELAY:
            before, self._trouble_until = self._trouble_until, now + TROUBLE_KEEPS
            if before <= now:
                self.run(now)

    def estimated(self, rate: float, now: float) -> None:
        """The subscriber's own estimate in bits/s: believed where it sends no transport-wide feedback."""
        transport = self._transport
        if any(consumer.sequence_head for consumer in transport.consumers.values()):
            return
        path = transport.path or transport.watch_path()
        self._remb_until = now + REMB_KEEPS
        path.told(rate)
        self.run(now)

    def _stop_watching(self, now: float) -> None:
        """Nothing can be adapted any more."""
        if self._transport.path is not None and now >= self._remb_until:
            self._transport.forget_path()

    # --- what is due every few tens of milliseconds ---

    @property
    def has_to_do(self) -> bool:
        """Whether `keep_up` is to be called."""
        waits = self._waiting or self._resends or self._reports
        return bool(waits) or self._transport.path is not None

    def keep_up(self, now: float) -> bool:
        """Sends what waits, and padding if it is time to try for more; whether there may be more in 20 ms."""
        if not self._transport.writable:
            self._resends.clear()
            return False
        reports, self._reports = self._reports, []
        for changed in reports:
            self._transport.report(changed, now)
        self._pace(now)
        return self.probe(now) or bool(self._waiting or self._resends)

    def report_soon(self, consumer: Outgoing) -> None:
        """Its clock may have changed: the subscriber is to know before the next report would be due."""
        self._reports.append(consumer)
        self._transport.ctx.noticed_gap()

    def probe(self, now: float) -> bool:
        """Sends padding if it is time to try for more; whether a trial is under way."""
        transport = self._transport
        if transport.path is None or transport.path.estimate == math.inf or not transport.writable:
            return False
        size = transport.path.padding(self._wanted, now)
        if size > 0:
            self._pad(transport.path, size)
        return transport.path.is_probed(now)

    def _pad(self, path: Path, size: int) -> None:
        senders = [item for item in self._transport.consumers.values() if item.kind == "video"]
        for consumer in sorted(senders, key=lambda item: (item.is_sending, item.target), reverse=True):
            sent = consumer.repair.pad(size)
            if sent:
                path.padded(sent)
                return

    # --- what may not leave all at once ---

    def wait(self, consumer: Outgoing) -> None:
        """It has a backlog, of which as much leaves now as may."""
        if consumer not in self._waiting:
            self._waiting.append(consumer)
        self._pace(self._transport.ctx.now)

    def resend(self, repair: Repair, sent_as: int) -> None:
        """Packet ``sent_as`` is to go again: now, or as soon as the path allows."""
        if len(self._resends) >= RESENDS:
            self._transport.counters.drops[Drop.RESEND_WAITING] += 1
            return
        self._resends.append((repair, sent_as))
        self._pace(self._transport.ctx.now)

    def _pace(self, now: float) -> None:
        """Repair goes before what a newcomer is to catch up with."""
        path = self._transport.path
        rate = burst_rate(path.estimate, path.sent.rate) if path is not None else burst_rate(math.inf, 0.0)
        pacer = self._pacer
        while (self._resends or self._waiting) and pacer.is_open(rate, now):
            if self._resends:
                repair, sent_as = self._resends.popleft()
                pacer.sent(repair.send_again(sent_as))
            elif self._waiting[0].backlog:
                pacer.sent(self._waiting[0].send_waiting())
            else:
                self._waiting.popleft()
        if self._resends or self._waiting:
            self._transport.ctx.noticed_gap()


def _has_choice(consumer: Consumer) -> bool:
    return consumer.producer.layers.adaptive or not consumer.wish.visible or consumer.target == NOTHING
