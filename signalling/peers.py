"""Peers, transports, producers and consumers as a room knows them: whose they are, and what they mean.

The worker has the objects themselves, under the same ids.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from media.protocol import Direction, IceState, MediaKind, RtpCapabilities, RtpParameters
from signalling.messages import Source
from signalling.permissions import Permission

if TYPE_CHECKING:
    from signalling.room import Member

PERMISSION_TO_SEND: dict[Source, Permission] = {
    "microphone": Permission.MEDIA_PUBLISH_AUDIO,
    "camera": Permission.MEDIA_PUBLISH_VIDEO,
    "screen": Permission.MEDIA_SHARE_SCREEN,
    "screen-audio": Permission.MEDIA_SHARE_SCREEN,
}
KIND: dict[Source, MediaKind] = {
    "microphone": "audio",
    "camera": "video",
    "screen": "video",
    "screen-audio": "audio",
}
AT_ONCE: dict[Source, int] = {"microphone": 1, "camera": 1, "screen": 4, "screen-audio": 4}
"""How many producers of a source one participant may have."""


@dataclass(eq=False, slots=True)
class Transport:
    id: str
    direction: Direction
    ice: IceState = "new"


@dataclass(eq=False, slots=True)
class Sending:
    """A producer, from the moment it is asked for; ``ready`` once the worker has it and the room knows of
    it.
    """

    id: str
    source: Source
    kind: MediaKind
    transport: Transport
    peer: Peer
    ready: bool = False


@dataclass(eq=False, slots=True)
class Receiving:
    """A consumer; ``taken`` once the browser has resumed it for the first time."""

    id: str
    peer: Peer
    sending: Sending
    rtp_parameters: RtpParameters
    taken: bool = False


@dataclass(eq=False, slots=True)
class Peer:
    """A member's presence on the worker. ``consumers`` and ``creating`` go by the id of the producer;
    ``created`` is None once the worker has the peer.
    """

    id: str
    member: Member
    created: asyncio.Task[None] | None = None
    transports: dict[Direction, Transport] = field(default_factory=dict)
    capabilities: RtpCapabilities = field(default_factory=RtpCapabilities)
    producers: dict[str, Sending] = field(default_factory=dict)
    consumers: dict[str, Receiving] = field(default_factory=dict)
    creating: dict[str, asyncio.Task[Receiving]] = field(default_factory=dict)
