"""The microphones of one room: feeds the levels of incoming packets to the choice of speaker and of those who
are forwarded, and tells of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.control.loudest import Loudest
from media.control.speaker import DominantSpeaker
from media.protocol import ActiveSpeaker, AudioLevels
from media.rtp.audio_level import audio_level

if TYPE_CHECKING:
    from media.peer import Peer
    from media.producer import Producer
    from media.room import MediaRoom


class RoomAudio:
    """A producer becomes known with its first packet and is forgotten by `remove`."""

    __slots__ = ("_audible", "_loudest", "_peers", "_room", "_speaker", "_told")

    def __init__(self, room: MediaRoom, loudest: int) -> None:
        self._room = room
        self._peers: dict[str, Peer] = {}
        self._speaker = DominantSpeaker()
        self._loudest = Loudest(loudest)
        self._told: str | None = None
        self._audible = False

    def heard(self, producer: Producer, elements: bytes, two_byte: bool, now: float) -> bool:
        """Whether the packet with these header extensions goes on to the consumers of ``producer``.

        Packets of paused producers do not get here: they count as silence.
        """
        if producer.source != "microphone":
            return True
        level = audio_level(elements, two_byte, producer.level_id) if producer.level_id else -1
        if level >= 0:
            self._speaker.hear(producer.id, level, now)
            self._peers[producer.id] = producer.transport.peer
        return self._loudest.admits(producer.id, level, now)

    def remove(self, producer_id: str) -> None:
        self._peers.pop(producer_id, None)
        self._speaker.remove(producer_id)
        self._loudest.remove(producer_id)

    @property
    def speaking_peer(self) -> Peer | None:
        """Whose voice is the one to look at."""
        return self._peers.get(self._told or "")

    def tick(self, now: float) -> None:
        """Decides and tells. Called about three times a second."""
        notify = self._room.ctx.notify
        speaker = self._speaker.decide(now)
        if speaker != self._told:
            self._told = speaker
            notify(ActiveSpeaker(self._room.id, speaker))
        levels = self._speaker.take_levels()
        if levels or self._audible:
            self._audible = bool(levels)
            notify(AudioLevels(self._room.id, levels))
