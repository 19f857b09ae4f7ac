"""How the media of a live room fares, for its staff and for those who run the installation.

Network addresses are personal data that a session's staff has no use for: only who runs the installation gets
them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from server.call import Call
from server.fields import Answer, WireTime
from signalling.inspection import Consumed, Inspection, PersonMedia, Produced
from signalling.messages import Source
from signalling.phases import Phase

Idle = Literal["path", "subscriber", "publisher", "hidden", "bandwidth", "starting"]


class TransportMedia(Answer):
    """``estimate`` in bits/s, None while the path met no limit; ``loss`` a share (0 to 1), None while nothing
    that is sent on it is adapted. ``address`` for those who run the installation alone.
    """

    direction: Literal["send", "recv"]
    ice: str
    dtls: str
    address: str | None
    srtp_profile: str | None
    packets_in: int
    packets_out: int
    bytes_in: int
    estimate: float | None
    loss: float | None


class StreamMedia(Answer):
    """One encoding; counted since it began. ``jitter`` in seconds."""

    rid: str | None
    packets: int
    bytes: int
    lost: int
    repaired: int
    jitter: float


class ProducerMedia(Answer):
    id: str
    source: Source
    mime_type: str
    paused: bool
    consumers: int
    streams: list[StreamMedia]


class ConsumerMedia(Answer):
    """``layer`` is the encoding that is sent, 0 the smallest, of ``layers``; ``idle`` says why nothing is
    sent, where nothing is. ``rtt`` in seconds.
    """

    id: str
    source: Source
    sender: str
    layer: int
    layers: int
    packets: int
    bytes: int
    resent: int
    lost: int
    rtt: float
    idle: Idle | None


class PersonMediaInfo(Answer):
    participant_id: str
    name: str
    connected: bool
    transports: list[TransportMedia]
    producers: list[ProducerMedia]
    consumers: list[ConsumerMedia]


class RoomMediaInfo(Answer):
    """As of ``at``; rates are the differences between two of these. ``media`` is "none" where nothing was
    set up yet, "silent" where the media worker did not answer.
    """

    at: WireTime
    phase: Phase
    media: Literal["none", "ok", "silent"]
    worker: str | None
    people: list[PersonMediaInfo]


async def show_media(call: Call[None]) -> RoomMediaInfo:
    found = await call.services.rooms.inspect(call.scope.timeslot.id)
    if found is None:
        return RoomMediaInfo(at=call.now, phase=Phase.IDLE, media="none", worker=None, people=[])
    layers = {item.stats["id"]: len(item.stats["streams"]) for one in found.people for item in one.producers}
    return RoomMediaInfo(
        at=datetime.fromtimestamp(found.at, UTC),
        phase=found.phase,
        media=_state(found),
        worker=found.worker,
        people=[_person(one, layers, with_addresses=call.me.staff) for one in found.people],
    )


def _state(found: Inspection) -> Literal["none", "ok", "silent"]:
    if found.worker is None:
        return "none"
    return "ok" if found.answered else "silent"


def _person(one: PersonMedia, layers: dict[str, int], *, with_addresses: bool) -> PersonMediaInfo:
    return PersonMediaInfo(
        participant_id=one.participant_id,
        name=one.name,
        connected=one.connected,
        transports=[_transport(stats, with_addresses) for stats in one.transports],
        producers=[_producer(item) for item in one.producers],
        consumers=[_consumer(item, layers) for item in one.consumers],
    )


def _transport(stats: dict[str, Any], with_address: bool) -> TransportMedia:
    return TransportMedia(
        direction=stats["direction"],
        ice=stats["ice"],
        dtls=stats["dtls"],
        address=stats["address"] if with_address else None,
        srtp_profile=stats["srtpProfile"],
        packets_in=stats["packetsIn"],
        packets_out=stats["packetsOut"],
        bytes_in=stats["bytesIn"],
        estimate=stats["estimate"],
        loss=stats["loss"],
    )


def _producer(item: Produced) -> ProducerMedia:
    stats = item.stats
    return ProducerMedia(
        id=stats["id"],
        source=item.source,
        mime_type=stats["mimeType"],
        paused=stats["paused"],
        consumers=stats["consumers"],
        streams=[
            StreamMedia(
                rid=stream["rid"],
                packets=stream["packets"],
                bytes=stream["bytes"],
                lost=max(0, stream["lost"]),
                repaired=stream["repaired"],
                jitter=stream["jitter"],
            )
            for stream in stats["streams"]
        ],
    )


def _consumer(item: Consumed, layers: dict[str, int]) -> ConsumerMedia:
    stats = item.stats
    return ConsumerMedia(
        id=stats["id"],
        source=item.source,
        sender=item.sender,
        layer=stats["layer"],
        layers=layers.get(stats["producerId"], 1),
        packets=stats["packets"],
        bytes=stats["bytes"],
        resent=stats["resent"],
        lost=max(0, stats["lost"]),
        rtt=stats["rtt"],
        idle=stats["idle"],
    )
