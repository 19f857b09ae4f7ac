"""The media side of a room: its place on a worker, and the peers, transports, producers and consumers there.

The worker knows ids only; what they mean is kept here. Who consumes what is decided here too: every peer
that can receive is offered every producer of the others. Whether somebody may send is asked in media.py
before anything gets here.

All of it hangs on one worker. When that dies (`lost`), or the room leaves it (`move`), everything is
forgotten, and the browsers build it anew with the requests with which they built it first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from media import protocol
from media.client import MediaWorker, WorkerDied
from media.protocol import Direction, IceState, MediaError
from signalling import messages as m
from signalling.errors import Refused
from signalling.messages import Producer
from signalling.peers import AT_ONCE, PERMISSION_TO_SEND, Peer, Receiving, Sending, Transport
from signalling.phases import Phase
from signalling.speakers import Speakers
from signalling.state import producer_of
from signalling.views import sees_everything

if TYPE_CHECKING:
    from signalling.room import Member, Room

log = logging.getLogger(__name__)

REPORT_WITHIN = 3.0  # seconds
LOUDEST = 10  # microphones that are heard at a time in a room with more of them


class RoomMedia:
    """See the module. Methods that ask the worker raise Refused where it refuses, or is gone."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._worker: MediaWorker | None = None
        self._worker_room = ""
        self._opening = asyncio.Lock()
        self.peers: dict[str, Peer] = {}  # by participant id
        self.speakers = Speakers(self._owner)

    # --- the room and its peers ---

    async def expect(self, member: Member) -> None:
        """Somebody was welcomed, who will ask for transports next: has the worker know them by then."""
        if not self._room.services.pool.workers:
            return
        try:
            await self.join(member)
        except Refused as refusal:
            log.info("no media yet for %s: %s", member.id, refusal)

    async def join(self, member: Member) -> Peer:
        """The member's peer, made where there is none yet; asked for twice at a time, it is created once."""
        worker = await self._open()
        if self._room.members.get(member.id) is not member:
            raise gone()
        peer = self.peers.get(member.id)
        if peer is None:
            peer = self.peers[member.id] = Peer(new_id(), member)
            peer.created = asyncio.create_task(self._create_peer(worker, peer))
        if peer.created:
            await asyncio.shield(peer.created)
        if self.peers.get(member.id) is not peer:
            raise gone()
        return peer

    async def request(self, request: protocol.Request[protocol.R]) -> protocol.R:
        """Asks the room's worker. Raises Refused."""
        if self._worker is None:
            raise gone()
        return await self._ask(self._worker, request)

    async def report(self) -> protocol.StatsReport | None:
        """The worker's account of the whole room; None where it has nothing of it, or does not answer."""
        worker, worker_room = self._worker, self._worker_room
        if worker is None:
            return None
        try:
            return await worker.request(protocol.GetStats(room_id=worker_room), within=REPORT_WITHIN)
        except (MediaError, WorkerDied) as error:
            log.info("no account of room %s: %s", self._room.id, error)
            return None

    @property
    def worker_id(self) -> str | None:
        return self._worker.id if self._worker else None

    async def release(self, participant_id: str) -> None:
        """Closes all that is this participant's and says so to the others. The room's ``lock`` is held."""
        peer = self.peers.pop(participant_id, None)
        if peer is None:
            return
        self._tidy_up(self._worker, protocol.ClosePeer(peer.id))
        await self._withdraw(list(peer.producers.values()))
        peer.producers.clear()

    async def close(self) -> None:
        """The room is over: the worker closes what it has of it."""
        self.peers.clear()
        worker, self._worker = self._worker, None
        if worker:
            await self._quietly(worker, protocol.CloseRoom(self._worker_room))

    async def lost(self, worker: MediaWorker) -> None:
        """The worker died: everybody is told to build their media anew. Other workers' rooms go on."""
        if self._worker is not worker or self._room.closed:
            return
        self._worker = None
        peers, self.peers = self.peers, {}
        self.speakers = Speakers(self._owner)
        async with self._room.lock:
            await self._withdraw([sending for peer in peers.values() for sending in peer.producers.values()])
            for member in self._room.members.values():
                member.missed_reset = member.connection is None
                await self._room.direct(member, m.MediaReset())

    async def move(self, worker: MediaWorker) -> None:
        """The worker is to end: as `lost`, and it closes what it has of the room."""
        if self._worker is worker and not self._room.closed:
            worker_room = self._worker_room
            await self.lost(worker)
            await self._quietly(worker, protocol.CloseRoom(worker_room))

    async def resumed(self, member: Member) -> None:
        """Repeats to somebody who is back what they cannot have heard. The room's ``lock`` is held."""
        if member.missed_reset:
            member.missed_reset = False
            await self._room.direct(member, m.MediaReset())
        if peer := self.peers.get(member.id):
            for receiving in peer.consumers.values():
                if not receiving.taken:
                    await self._send_offer(receiving)
            self._room.services.spawn(self.offer_all(peer))

    async def _create_peer(self, worker: MediaWorker, peer: Peer) -> None:
        try:
            await self._ask(worker, protocol.CreatePeer(self._worker_room, peer.id))
        except Refused:
            if self.peers.get(peer.member.id) is peer:
                del self.peers[peer.member.id]
            raise
        peer.created = None

    # --- transports ---

    async def create_transport(
        self, peer: Peer, direction: Direction
    ) -> tuple[Transport, protocol.TransportCreated]:
        """One per direction: an older one is closed, with what it carries."""
        if older := peer.transports.get(direction):
            await self.close_transport(peer, older)
        transport = peer.transports[direction] = Transport(new_id(), direction)
        try:
            created = await self.request(protocol.CreateTransport(peer.id, transport.id, direction))
        except Refused:
            self._drop_transport(peer, transport)
            raise
        if not self._has(peer, transport):
            self._tidy_up(self._worker, protocol.CloseTransport(transport.id))
            raise gone()
        return transport, created

    async def close_transport(self, peer: Peer, transport: Transport) -> None:
        self._drop_transport(peer, transport)
        self._tidy_up(self._worker, protocol.CloseTransport(transport.id))
        if transport.direction == "recv":
            peer.consumers.clear()
            peer.creating.clear()
            return
        async with self._room.lock:
            carried = list(peer.producers.values())
            peer.producers.clear()
            await self._withdraw(carried)

    def _drop_transport(self, peer: Peer, transport: Transport) -> None:
        if peer.transports.get(transport.direction) is transport:
            del peer.transports[transport.direction]

    def _has(self, peer: Peer, transport: Transport) -> bool:
        """Whether both are still what they were before the worker was asked."""
        current = self.peers.get(peer.member.id)
        return current is peer and peer.transports.get(transport.direction) is transport

    # --- producers ---

    async def produce(self, peer: Peer, transport: Transport, request: m.MediaProduce) -> Sending:
        """A new producer, announced to the room; offers to the others follow with `offer_to_all`."""
        taken = sum(sending.source == request.source for sending in peer.producers.values())
        if taken >= AT_ONCE[request.source]:
            raise Refused("media.too_many", f"You are sending your {request.source} already.", "source")
        sending = Sending(new_id(), request.source, request.kind, transport, peer)
        peer.producers[sending.id] = sending
        try:
            await self.request(
                protocol.CreateProducer(
                    transport.id,
                    sending.id,
                    request.kind,
                    request.rtp_parameters,
                    request.paused,
                    source=request.source,
                )
            )
        except Refused:
            peer.producers.pop(sending.id, None)
            raise
        async with self._room.lock:
            if not self._has(peer, transport) or sending.id not in peer.producers:
                self._tidy_up(self._worker, protocol.CloseProducer(sending.id))
                raise gone()
            sending.ready = True
            producer = Producer(
                id=sending.id,
                participant_id=peer.member.id,
                source=sending.source,
                kind=sending.kind,
                paused=request.paused,
                paused_by="self" if request.paused else None,
            )
            at = self._room.services.now()
            await self._room.publish(m.ProducerAdded(seq=0, at=at, producer=producer))
        return sending

    async def pause_producer(self, producer_id: str, *, by_staff: bool) -> None:
        """Nothing happens where it is paused already."""
        await self._set_paused(producer_id, "staff" if by_staff else "self")

    async def resume_producer(self, producer_id: str) -> None:
        await self._set_paused(producer_id, None)

    async def close_producers(self, closing: list[Sending]) -> None:
        """The room's ``lock`` is held."""
        for sending in closing:
            sending.peer.producers.pop(sending.id, None)
            self._tidy_up(self._worker, protocol.CloseProducer(sending.id))
        await self._withdraw(closing)

    async def enforce(self, member: Member) -> None:
        """Closes what the member may not send any more. The room's ``lock`` is held."""
        if peer := self.peers.get(member.id):
            refused = [s for s in peer.producers.values() if not member.may(PERMISSION_TO_SEND[s.source])]
            await self.close_producers(refused)

    async def _set_paused(self, producer_id: str, by: m.PausedBy | None) -> None:
        known = producer_of(self._room.state, producer_id)
        if known is None or known.paused == (by is not None):
            return
        order = protocol.PauseProducer(producer_id) if by else protocol.ResumeProducer(producer_id)
        await self.request(order)
        async with self._room.lock:
            if known := producer_of(self._room.state, producer_id):
                changed = known.model_copy(update={"paused": by is not None, "paused_by": by})
                at = self._room.services.now()
                await self._room.publish(m.ProducerChanged(seq=0, at=at, producer=changed))

    async def _withdraw(self, closed: list[Sending]) -> None:
        """Takes closed producers out of the room, and their consumers out of the books. ``lock`` is held."""
        for sending in closed:
            for peer in self.peers.values():
                peer.creating.pop(sending.id, None)
                if receiving := peer.consumers.pop(sending.id, None):
                    await self._room.direct(peer.member, m.ConsumerClosed(consumer_id=receiving.id))
            if sending.ready:
                at, owner = self._room.services.now(), sending.peer.member.id
                event = m.ProducerRemoved(seq=0, at=at, producer_id=sending.id, participant_id=owner)
                await self._room.publish(event)

    # --- consumers ---

    async def offer_all(self, peer: Peer) -> None:
        """Offers one peer what all others send."""
        if self.speakers.told.active and sees_everything(peer.member.permits):
            await self._room.direct(peer.member, self.speakers.told)
        others = [other for other in self.peers.values() if other is not peer]
        await self._offer([(peer, sending) for other in others for sending in other.producers.values()])

    async def offer_to_all(self, sending: Sending) -> None:
        """Offers all other peers what one sends."""
        await self._offer([(peer, sending) for peer in self.peers.values() if peer is not sending.peer])

    async def consume(self, peer: Peer, sending: Sending) -> Receiving:
        """The peer's consumer of this producer; asked for twice at a time, it is created once."""
        if receiving := peer.consumers.get(sending.id):
            return receiving
        task = peer.creating.get(sending.id)
        if task is None:
            transport = peer.transports.get("recv")
            if transport is None:
                raise Refused("media.unknown_transport", "There is no transport to receive on yet.")
            creation = self._create_consumer(peer, transport, sending)
            task = peer.creating[sending.id] = asyncio.create_task(creation)
        return await asyncio.shield(task)

    def close_consumer(self, receiving: Receiving) -> None:
        """At the wish of the one who receives; they may ask for it again."""
        receiving.peer.consumers.pop(receiving.sending.id, None)
        self._tidy_up(self._worker, protocol.CloseConsumer(receiving.id))

    def offer_of(self, receiving: Receiving) -> m.ConsumerOffer:
        sending = receiving.sending
        known = producer_of(self._room.state, sending.id)
        return m.ConsumerOffer(
            consumer_id=receiving.id,
            producer_id=sending.id,
            participant_id=sending.peer.member.id,
            source=sending.source,
            kind=sending.kind,
            rtp_parameters=receiving.rtp_parameters,
            producer_paused=known is not None and known.paused,
        )

    async def _offer(self, pairs: list[tuple[Peer, Sending]]) -> None:
        """All at once: how long joining takes depends on it."""
        wanted = [
            self._offer_one(peer, sending)
            for peer, sending in pairs
            if sending.ready
            and "recv" in peer.transports
            and sending.id not in peer.consumers
            and sending.id not in peer.creating
        ]
        await asyncio.gather(*wanted)

    async def _offer_one(self, peer: Peer, sending: Sending) -> None:
        try:
            receiving = await self.consume(peer, sending)
        except Refused as refusal:
            log.info("no consumer of %s for %s: %s", sending.id, peer.member.id, refusal)
        else:
            await self._send_offer(receiving)

    async def _send_offer(self, receiving: Receiving) -> None:
        await self._room.direct(receiving.peer.member, m.ConsumerOffered(consumer=self.offer_of(receiving)))

    async def _create_consumer(self, peer: Peer, transport: Transport, sending: Sending) -> Receiving:
        consumer_id = new_id()
        request = protocol.CreateConsumer(transport.id, consumer_id, sending.id, peer.capabilities)
        try:
            created = await self.request(request)
        finally:
            peer.creating.pop(sending.id, None)
        if not self._has(peer, transport) or sending.id not in sending.peer.producers:
            self._tidy_up(self._worker, protocol.CloseConsumer(consumer_id))
            raise gone()
        receiving = peer.consumers[sending.id] = Receiving(consumer_id, peer, sending, created.rtpParameters)
        return receiving

    # --- what the worker says by itself ---

    def hears(
        self, worker: MediaWorker, notification: protocol.Notification
    ) -> Coroutine[Any, Any, None] | None:
        """What is to be done about a notification, if it concerns this room."""
        if worker is not self._worker:
            return None
        if isinstance(notification, protocol.TransportState):
            for peer in self.peers.values():
                for transport in peer.transports.values():
                    if transport.id == notification.transport_id:
                        return self._transport_state(peer, transport, notification)
        elif isinstance(notification, protocol.ProducerLayersWanted):
            return self._layers_wanted(notification)
        elif isinstance(notification, protocol.ActiveSpeaker | protocol.AudioLevels):
            return self._speakers_changed(notification)
        elif isinstance(notification, protocol.ConsumerClosed | protocol.ConsumerStarved):
            for peer in self.peers.values():
                for receiving in peer.consumers.values():
                    if receiving.id == notification.consumer_id:
                        return self._consumer_changed(receiving, notification)
        return None

    def _consumer_changed(
        self, receiving: Receiving, told: protocol.ConsumerClosed | protocol.ConsumerStarved
    ) -> Coroutine[Any, Any, None]:
        if isinstance(told, protocol.ConsumerClosed):
            return self._consumer_closed(receiving)
        message = m.ConsumerStarved(consumer_id=receiving.id, starved=told.starved)
        return self._room.direct(receiving.peer.member, message)

    def _layers_wanted(self, told: protocol.ProducerLayersWanted) -> Coroutine[Any, Any, None] | None:
        owner = self._owner(told.producer_id)
        if owner is None:
            return None
        message = m.LayersWanted(producer_id=told.producer_id, spatial=told.spatial)
        return self._room.direct(self.peers[owner].member, message)

    def _speakers_changed(
        self, told: protocol.ActiveSpeaker | protocol.AudioLevels
    ) -> Coroutine[Any, Any, None] | None:
        news = self.speakers.hears(told) if told.room_id == self._worker_room else None
        return self._room.announce(news) if news else None

    def _owner(self, producer_id: str) -> str | None:
        """The participant who sends this producer."""
        return next((name for name, peer in self.peers.items() if producer_id in peer.producers), None)

    async def _transport_state(self, peer: Peer, transport: Transport, told: protocol.TransportState) -> None:
        ice: IceState = "closed" if told.dtls in ("failed", "closed") else told.ice
        if ice != transport.ice:
            transport.ice = ice
            await self._room.direct(peer.member, m.TransportStateChanged(transport_id=transport.id, ice=ice))

    async def _consumer_closed(self, receiving: Receiving) -> None:
        peer = receiving.peer
        if peer.consumers.get(receiving.sending.id) is receiving:
            del peer.consumers[receiving.sending.id]
            await self._room.direct(peer.member, m.ConsumerClosed(consumer_id=receiving.id))

    # --- asking the worker ---

    async def _open(self) -> MediaWorker:
        """The room's worker; places the room on one first if it has none."""
        async with self._opening:
            self._require_live()
            while self._worker is None:
                room_id = new_id()  # never one that the worker is about to close
                try:
                    worker = await self._room.services.pool.place(room_id)
                except WorkerDied:
                    raise gone() from None  # the pool is stopped
                with contextlib.suppress(WorkerDied):
                    await worker.request(protocol.CreateRoom(room_id, loudest=LOUDEST))
                    if self._room.closed:
                        self._tidy_up(worker, protocol.CloseRoom(room_id))
                        raise gone()
                    if worker.draining:  # since it was chosen
                        await self._quietly(worker, protocol.CloseRoom(room_id))
                        continue
                    self._worker, self._worker_room = worker, room_id
            return self._worker

    def _require_live(self) -> None:
        if self._room.closed or self._room.phase is not Phase.LIVE:
            raise Refused("room.not_started", "The session has not started yet.")

    async def _ask(self, worker: MediaWorker, request: protocol.Request[protocol.R]) -> protocol.R:
        try:
            return await worker.request(request)
        except WorkerDied:
            raise gone() from None
        except MediaError as error:
            if error.code in ("internal", "timeout", "unknown_room", "unknown_peer"):
                log.error("worker %s: %s failed: %s", worker.id, request.method, error)
                raise gone() from error
            raise Refused(f"media.{error.code}", error.message, error.field) from error

    def _tidy_up(self, worker: MediaWorker | None, request: protocol.Request[Any]) -> None:
        """Has the worker close something that is already out of our books."""
        if worker:
            self._room.services.spawn(self._quietly(worker, request))

    async def _quietly(self, worker: MediaWorker, request: protocol.Request[Any]) -> None:
        try:
            await worker.request(request)
        except (MediaError, WorkerDied) as error:
            log.debug("worker %s: %s: %s", worker.id, request.method, error)


def new_id() -> str:
    return uuid.uuid4().hex


def gone() -> Refused:
    """What was asked for went away while we asked, or its worker did. The browser will hear what became of
    it.
    """
    return Refused("media.unavailable", "The media connection was lost. It is being set up again.")
