"""Media requests: who may send what, and whose things they name. What then happens is in media_room.py."""

from __future__ import annotations

from media import protocol
from signalling import messages as m
from signalling.errors import Refused
from signalling.messages import Request
from signalling.peers import KIND, PERMISSION_TO_SEND, Peer, Receiving, Sending, Transport
from signalling.room import Call, Handler


async def capabilities(call: Call, request: m.MediaCapabilities) -> m.MediaCapabilities.Response:
    return m.MediaCapabilities.Response(rtp_capabilities=call.room.services.pool.rtp_capabilities)


async def create_transport(call: Call, request: m.MediaCreateTransport) -> m.MediaCreateTransport.Response:
    if request.direction == "recv" and request.rtp_capabilities is None:
        raise Refused("validation", 'rtpCapabilities: needed where direction is "recv"', "rtpCapabilities")
    media = call.room.media
    peer = await media.join(call.member)
    transport, created = await media.create_transport(peer, request.direction)
    if request.direction == "recv" and request.rtp_capabilities is not None:
        peer.capabilities = request.rtp_capabilities
        call.afterwards.append(media.offer_all(peer))
    return m.MediaCreateTransport.Response(
        transport_id=transport.id,
        ice_parameters=created.iceParameters,
        ice_candidates=created.iceCandidates,
        dtls_parameters=created.dtlsParameters,
        ice_servers=_relays(call),
    )


async def connect_transport(call: Call, request: m.MediaConnectTransport) -> None:
    _, transport = _own_transport(call, request.transport_id)
    await call.room.media.request(protocol.ConnectTransport(transport.id, request.dtls_parameters))


async def restart_ice(call: Call, request: m.MediaRestartIce) -> m.MediaRestartIce.Response:
    _, transport = _own_transport(call, request.transport_id)
    restarted = await call.room.media.request(protocol.RestartIce(transport.id))
    return m.MediaRestartIce.Response(ice_parameters=restarted.iceParameters, ice_servers=_relays(call))


async def produce(call: Call, request: m.MediaProduce) -> m.MediaProduce.Response:
    call.member.require(PERMISSION_TO_SEND[request.source])
    if request.kind != KIND[request.source]:
        raise Refused("validation", f"kind: a {request.source} is {KIND[request.source]}", "kind")
    peer, transport = _own_transport(call, request.transport_id)
    if transport.direction != "send":
        raise Refused("media.unknown_transport", "That transport does not send.", "transportId")
    sending = await call.room.media.produce(peer, transport, request)
    call.afterwards.append(call.room.media.offer_to_all(sending))
    return m.MediaProduce.Response(producer_id=sending.id)


async def consume(call: Call, request: m.MediaConsume) -> m.MediaConsume.Response:
    media, peer = call.room.media, _own_peer(call)
    for other in media.peers.values():
        sending = other.producers.get(request.producer_id)
        if sending and sending.ready and other is not peer and peer:
            receiving = await media.consume(peer, sending)
            return m.MediaConsume.Response(consumer=media.offer_of(receiving))
    raise _unknown("producer")


async def pause(call: Call, request: m.MediaPause) -> None:
    media, named = call.room.media, _named(call, request)
    if isinstance(named, Sending):
        await media.pause_producer(named.id, by_staff=False)
    else:
        await media.request(protocol.PauseConsumer(named.id))


async def resume(call: Call, request: m.MediaResume) -> None:
    """Resuming what one sends needs the same permission as sending it anew."""
    media, named = call.room.media, _named(call, request)
    if isinstance(named, Sending):
        call.member.require(PERMISSION_TO_SEND[named.source])
        await media.resume_producer(named.id)
    else:
        await media.request(protocol.ResumeConsumer(named.id))
        named.taken = True


async def set_layers(call: Call, request: m.MediaSetLayers) -> None:
    receiving = _receiving(call, request.consumer_id)
    await call.room.media.request(
        protocol.SetConsumerLayers(receiving.id, request.height, request.visible, request.pinned)
    )


async def close(call: Call, request: m.MediaClose) -> None:
    media = call.room.media
    if request.transport_id is not None:
        _exactly_one(request.transport_id, request.producer_id, request.consumer_id)
        await media.close_transport(*_own_transport(call, request.transport_id))
        return
    named = _named(call, request)
    if isinstance(named, Sending):
        async with call.room.lock:
            await media.close_producers([named])
    else:
        media.close_consumer(named)


async def stats(call: Call, request: m.MediaStats) -> m.MediaStats.Response:
    peer = _own_peer(call)
    if peer is None:
        return m.MediaStats.Response(transports=[], producers=[], consumers=[])
    report = await call.room.media.request(protocol.GetStats(peer.id))
    return m.MediaStats.Response(
        transports=report.transports, producers=report.producers, consumers=report.consumers
    )


HANDLERS: dict[type[Request], Handler] = {
    m.MediaCapabilities: capabilities,
    m.MediaCreateTransport: create_transport,
    m.MediaConnectTransport: connect_transport,
    m.MediaProduce: produce,
    m.MediaConsume: consume,
    m.MediaPause: pause,
    m.MediaResume: resume,
    m.MediaSetLayers: set_layers,
    m.MediaClose: close,
    m.MediaRestartIce: restart_ice,
    m.MediaStats: stats,
}


# --- finding what a request names, among the caller's own ------------------------------------------


def _relays(call: Call) -> list[m.IceServer]:
    services = call.room.services
    return services.relay.servers(call.member.id, now=services.now()) if services.relay else []


def _own_peer(call: Call) -> Peer | None:
    return call.room.media.peers.get(call.member.id)


def _own_transport(call: Call, transport_id: str) -> tuple[Peer, Transport]:
    if peer := _own_peer(call):
        for transport in peer.transports.values():
            if transport.id == transport_id:
                return peer, transport
    raise _unknown("transport")


def _named(call: Call, request: m.MediaPause | m.MediaResume | m.MediaClose) -> Sending | Receiving:
    """The producer or consumer that the request names; someone else's is as unknown as one that never was."""
    _exactly_one(request.producer_id, request.consumer_id)
    peer = _own_peer(call)
    if request.producer_id is not None:
        sending = peer.producers.get(request.producer_id) if peer else None
        if sending is None or not sending.ready:
            raise _unknown("producer")
        return sending
    return _receiving(call, request.consumer_id)


def _receiving(call: Call, consumer_id: str | None) -> Receiving:
    peer = _own_peer(call)
    for receiving in peer.consumers.values() if peer else ():
        if receiving.id == consumer_id:
            return receiving
    raise _unknown("consumer")


def _exactly_one(*ids: str | None) -> None:
    if sum(one is not None for one in ids) != 1:
        raise Refused("validation", "producerId: exactly one id is needed", "producerId")


def _unknown(what: str) -> Refused:
    return Refused(f"media.unknown_{what}", f"You have no such {what}.", f"{what}Id")
