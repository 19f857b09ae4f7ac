"""How the media of a room fares, person by person, for those who look after it.

Asked of the worker at one moment and joined with what the room knows: the worker has numbers under ids, the
room knows whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signalling.messages import Source
from signalling.phases import Phase

if TYPE_CHECKING:
    from signalling.peers import Peer
    from signalling.room import Member, Room


@dataclass(frozen=True, slots=True)
class Produced:
    """``stats`` are the worker's (`media.producer.Producer.stats`)."""

    source: Source
    stats: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Consumed:
    """What somebody receives of ``sender`` (a participant id)."""

    source: Source
    sender: str
    stats: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PersonMedia:
    participant_id: str
    name: str
    connected: bool
    transports: list[dict[str, Any]]
    producers: list[Produced]
    consumers: list[Consumed]


@dataclass(frozen=True, slots=True)
class Inspection:
    """``worker`` is None where the room has no media yet; ``answered`` is False where it did not answer."""

    phase: Phase
    at: float
    worker: str | None
    answered: bool
    people: list[PersonMedia]


async def inspect(room: Room) -> Inspection:
    """Everybody in the room, in the order in which they came."""
    worker = room.media.worker_id
    report = await room.media.report()
    transports = _by_id(report.transports if report else [])
    producers = _by_id(report.producers if report else [])
    consumers = _by_id(report.consumers if report else [])
    peers = room.media.peers

    def person(member: Member) -> PersonMedia:
        peer: Peer | None = peers.get(member.id)
        sent = list(peer.producers.values()) if peer else []
        received = list(peer.consumers.values()) if peer else []
        return PersonMedia(
            participant_id=member.id,
            name=member.admission.name,
            connected=member.connection is not None,
            transports=[
                transports[item.id]
                for item in (peer.transports.values() if peer else ())
                if item.id in transports
            ],
            producers=[Produced(item.source, producers[item.id]) for item in sent if item.id in producers],
            consumers=[
                Consumed(item.sending.source, item.sending.peer.member.id, consumers[item.id])
                for item in received
                if item.id in consumers
            ],
        )

    people = [person(member) for member in room.members.values()]
    return Inspection(room.phase, room.services.now(), worker, report is not None, people)


def _by_id(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in items}
