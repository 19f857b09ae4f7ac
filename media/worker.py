"""The worker's side of the control connection: a control message becomes a call, an event a notification.

Requests are served one after the other, in their order, between two turns of the packet path; each is a
handful of dictionary look-ups and one call. What exists is read from the objects themselves (room → peers →
transports → producers, consumers): there is no second book that could disagree with them.
"""

from __future__ import annotations

import itertools
import logging
import random
from collections.abc import Callable
from typing import Any

from media import protocol
from media.capabilities import check_producer, consumer_parameters, offered
from media.consumer import Consumer
from media.context import MediaContext
from media.control.layers import Wish
from media.framing import ProtocolError, decode_request, encode_error, encode_response
from media.measure import idle_reason, measure
from media.peer import Peer
from media.producer import Producer
from media.protocol import Done, LimitReached, MediaError, Request
from media.room import MediaRoom
from media.transport import Transport

log = logging.getLogger(__name__)

MAX_HEIGHT = 16384  # pixels
_MIDS = 36**4  # a mid has at most four characters, so that it fits its fixed slot in each packet
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def answer(worker: Worker, line: bytes) -> bytes:
    """The response line to one request line; empty where not even an id could be read."""
    try:
        request_id, request = decode_request(line)
    except ProtocolError as error:
        log.warning("x %s", error)
        if error.request_id is None:
            return b""
        return encode_error(error.request_id, MediaError("invalid", str(error)))
    try:
        return encode_response(request_id, worker.handle(request))
    except MediaError as error:
        log.info("x %s: %s", request.method, error)
        return encode_error(request_id, error)
    except Exception:
        log.exception("%s failed", request.method)
        return encode_error(request_id, MediaError("internal", f"{request.method} failed"))


class Worker:
    """Everything that control messages can ask of a worker; `handle` is the only way in."""

    def __init__(self, context: MediaContext) -> None:
        self._context = context
        self._mids = itertools.count()
        # A row of numbers from a random place on: no two streams of this worker share one.
        self._ssrcs = itertools.count(random.randrange(1 << 16, 1 << 31))

    def handle(self, request: Request[Any]) -> Any:
        """The response. Raises MediaError."""
        try:
            return _HANDLERS[type(request)](self, request)
        except LimitReached as error:
            raise MediaError("limit", str(error)) from None
        except ValueError as error:
            # How the media objects refuse parameters that contradict themselves or their state.
            raise MediaError("invalid", str(error)) from None

    def load(self, cpu: float) -> protocol.WorkerLoad:
        peers = sum(len(room.peers) for room in self._context.rooms.values())
        return protocol.WorkerLoad(
            cpu, peers, sum(len(item.consumers) for item in self._context.transports.values())
        )

    # --- finding ---

    def _room(self, room_id: str) -> MediaRoom:
        room = self._context.rooms.get(room_id)
        if room is None:
            raise MediaError("unknown_room", f"there is no room {room_id}", "room_id")
        return room

    def _find_peer(self, peer_id: str) -> Peer | None:
        rooms = self._context.rooms.values()
        return next((room.peers[peer_id] for room in rooms if peer_id in room.peers), None)

    def _peer(self, peer_id: str) -> Peer:
        peer = self._find_peer(peer_id)
        if peer is None:
            raise MediaError("unknown_peer", f"there is no peer {peer_id}", "peer_id")
        return peer

    def _transport(self, transport_id: str) -> Transport:
        transport = self._context.transports.get(transport_id)
        if transport is None:
            raise MediaError("unknown_transport", f"there is no transport {transport_id}", "transport_id")
        return transport

    def _find_producer(self, producer_id: str) -> Producer | None:
        transports = self._context.transports.values()
        return next(
            (item.producers[producer_id] for item in transports if producer_id in item.producers), None
        )

    def _producer(self, producer_id: str) -> Producer:
        producer = self._find_producer(producer_id)
        if producer is None:
            raise MediaError("unknown_producer", f"there is no producer {producer_id}", "producer_id")
        return producer

    def _find_consumer(self, consumer_id: str) -> Consumer | None:
        transports = self._context.transports.values()
        return next(
            (item.consumers[consumer_id] for item in transports if consumer_id in item.consumers), None
        )

    def _consumer(self, consumer_id: str) -> Consumer:
        consumer = self._find_consumer(consumer_id)
        if consumer is None:
            raise MediaError("unknown_consumer", f"there is no consumer {consumer_id}", "consumer_id")
        return consumer

    # --- rooms and peers ---

    def create_room(self, request: protocol.CreateRoom) -> protocol.RoomCreated:
        _refuse_taken(self._context.rooms.get(request.room_id), "room", request.room_id)
        if request.loudest < 0:
            raise MediaError("invalid", "a negative number of microphones", "loudest")
        MediaRoom(self._context, request.room_id, request.loudest)
        return protocol.RoomCreated(offered())

    def close_room(self, request: protocol.CloseRoom) -> Done:
        self._room(request.room_id).close()
        return Done()

    def create_peer(self, request: protocol.CreatePeer) -> Done:
        room = self._room(request.room_id)
        _refuse_taken(self._find_peer(request.peer_id), "peer", request.peer_id)
        room.create_peer(request.peer_id)
        return Done()

    def close_peer(self, request: protocol.ClosePeer) -> Done:
        self._peer(request.peer_id).close()
        return Done()

    # --- transports ---

    def create_transport(self, request: protocol.CreateTransport) -> protocol.TransportCreated:
        peer = self._peer(request.peer_id)
        _refuse_taken(self._context.transports.get(request.transport_id), "transport", request.transport_id)
        transport = peer.create_transport(request.transport_id, request.direction)
        return protocol.TransportCreated(
            transport.ice_parameters, transport.ice_candidates, transport.dtls_parameters
        )

    def connect_transport(self, request: protocol.ConnectTransport) -> Done:
        self._transport(request.transport_id).connect(request.dtlsParameters)
        return Done()

    def restart_ice(self, request: protocol.RestartIce) -> protocol.IceRestarted:
        return protocol.IceRestarted(self._transport(request.transport_id).restart_ice())

    def close_transport(self, request: protocol.CloseTransport) -> Done:
        self._transport(request.transport_id).close()
        return Done()

    # --- producers ---

    def create_producer(self, request: protocol.CreateProducer) -> Done:
        transport = self._transport(request.transport_id)
        if transport.direction != "send":
            raise MediaError("invalid", "this transport carries nothing from the browser", "transport_id")
        _refuse_taken(self._find_producer(request.producer_id), "producer", request.producer_id)
        source = request.source or ("microphone" if request.kind == "audio" else "camera")
        if (source in ("microphone", "screen-audio")) != (request.kind == "audio"):
            raise MediaError("invalid", f"a {source} is not {request.kind}", "source")
        mapping = check_producer(request.kind, request.rtpParameters)
        producer = transport.produce(
            request.producer_id, request.kind, request.rtpParameters, mapping, request.paused
        )
        producer.source = source
        return Done()

    def pause_producer(self, request: protocol.PauseProducer) -> Done:
        self._producer(request.producer_id).pause()
        return Done()

    def resume_producer(self, request: protocol.ResumeProducer) -> Done:
        self._producer(request.producer_id).resume()
        return Done()

    def close_producer(self, request: protocol.CloseProducer) -> Done:
        self._producer(request.producer_id).close()
        return Done()

    # --- consumers ---

    def create_consumer(self, request: protocol.CreateConsumer) -> protocol.ConsumerCreated:
        transport = self._transport(request.transport_id)
        if transport.direction != "recv":
            raise MediaError("invalid", "this transport carries nothing to the browser", "transport_id")
        producer = self._producer(request.producer_id)
        _refuse_taken(self._find_consumer(request.consumer_id), "consumer", request.consumer_id)
        parameters = consumer_parameters(
            producer.kind,
            producer.rtp_parameters,
            producer.mapping,
            request.rtpCapabilities,
            ssrc=self._next_ssrc(),
            rtx_ssrc=self._next_ssrc(),
            mid=_base36(next(self._mids) % _MIDS),
            # One name for all streams of a participant: browsers play them in step. Not the publisher's own
            # text, which would find its way into the subscriber's SDP.
            cname=producer.transport.peer.id,
        )
        transport.consume(request.consumer_id, producer, parameters)
        return protocol.ConsumerCreated(producer.kind, parameters)

    def pause_consumer(self, request: protocol.PauseConsumer) -> Done:
        self._consumer(request.consumer_id).pause()
        return Done()

    def resume_consumer(self, request: protocol.ResumeConsumer) -> Done:
        self._consumer(request.consumer_id).resume()
        return Done()

    def set_consumer_layers(self, request: protocol.SetConsumerLayers) -> Done:
        if not 0 <= request.height <= MAX_HEIGHT:
            raise MediaError("invalid", f"a height is between 0 and {MAX_HEIGHT}", "height")
        wish = Wish(request.height, request.visible, request.pinned)
        self._consumer(request.consumer_id).wants(wish, self._context.refresh())
        return Done()

    def close_consumer(self, request: protocol.CloseConsumer) -> Done:
        self._consumer(request.consumer_id).close()
        return Done()

    def _next_ssrc(self) -> int:
        return next(self._ssrcs) & 0xFFFFFFFF

    # --- statistics ---

    def get_stats(self, request: protocol.GetStats) -> protocol.StatsReport:
        transports = self._transports_of(request)
        return protocol.StatsReport(
            drops=self._context.drops(),
            counters=self._context.counters(),
            transports=[transport.stats() for transport in transports],
            producers=[item.stats() for transport in transports for item in transport.producers.values()],
            consumers=[
                item.stats() | {"idle": idle_reason(item)}
                for transport in transports
                for item in transport.consumers.values()
            ],
        )

    def _transports_of(self, request: protocol.GetStats) -> list[Transport]:
        if request.peer_id is not None:
            return list(self._peer(request.peer_id).transports.values())
        if request.room_id is not None:
            peers = self._room(request.room_id).peers.values()
            return [transport for peer in peers for transport in peer.transports.values()]
        return list(self._context.transports.values())

    def get_metrics(self, request: protocol.GetMetrics) -> protocol.WorkerMetrics:
        return measure(self._context)


_HANDLERS: dict[type[Request[Any]], Callable[[Worker, Any], Any]] = {
    protocol.CreateRoom: Worker.create_room,
    protocol.CloseRoom: Worker.close_room,
    protocol.CreatePeer: Worker.create_peer,
    protocol.ClosePeer: Worker.close_peer,
    protocol.CreateTransport: Worker.create_transport,
    protocol.ConnectTransport: Worker.connect_transport,
    protocol.RestartIce: Worker.restart_ice,
    protocol.CloseTransport: Worker.close_transport,
    protocol.CreateProducer: Worker.create_producer,
    protocol.PauseProducer: Worker.pause_producer,
    protocol.ResumeProducer: Worker.resume_producer,
    protocol.CloseProducer: Worker.close_producer,
    protocol.CreateConsumer: Worker.create_consumer,
    protocol.PauseConsumer: Worker.pause_consumer,
    protocol.ResumeConsumer: Worker.resume_consumer,
    protocol.SetConsumerLayers: Worker.set_consumer_layers,
    protocol.CloseConsumer: Worker.close_consumer,
    protocol.GetStats: Worker.get_stats,
    protocol.GetMetrics: Worker.get_metrics,
}


def _refuse_taken(existing: object | None, what: str, object_id: str) -> None:
    if existing is not None:
        raise MediaError("duplicate", f"there is a {what} {object_id} already", f"{what}_id")


def _base36(number: int) -> str:
    text = _DIGITS[number % 36]
    while number := number // 36:
        text = _DIGITS[number % 36] + text
    return text
