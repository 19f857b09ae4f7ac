"""The microphones of one room: feeds the levels of incoming packets to the choice of speaker and of those who
are forwarded, and tells of it.

Each packet's level is noted with its stream, by whoever handles the packet, and taken from there a few times
a second; at once where somebody who is not forwarded begins to speak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.control.loudest import SPEECH, Loudest
from media.control.speaker import DominantSpeaker
from media.core import LEVELS, VOICE_HEARD, VOICE_NONE, VOICE_SILENT, VOICE_UNKNOWN, ffi
from media.protocol import ActiveSpeaker, AudioLevels
from media.rtp.audio_level import audio_level

if TYPE_CHECKING:
    from media.peer import Peer
    from media.room import MediaRoom
    from media.stream import ReceiveStream


class RoomAudio:
    """A producer becomes known with its first packet and is forgotten by `remove`."""

    __slots__ = ("_audible", "_loudest", "_peers", "_room", "_speaker", "_streams", "_told")

    def __init__(self, room: MediaRoom, loudest: int) -> None:
        self._room = room
        self._peers: dict[str, Peer] = {}
        self._streams: dict[str, ReceiveStream] = {}
        self._speaker = DominantSpeaker()
        self._loudest = Loudest(loudest)
        self._told: str | None = None
        self._audible = False

    def heard(self, stream: ReceiveStream, elements: bytes, two_byte: bool, now: float) -> bool:
        """Whether the packet with these header extensions goes on to the consumers of ``stream``.

        Packets of paused producers do not get here: they count as silence.
        """
        producer, state = stream.producer, stream.state
        if state.voice == VOICE_UNKNOWN:
            if producer.source != "microphone":
                state.voice = VOICE_NONE
            else:
                self._streams[producer.id] = stream
        if state.voice == VOICE_NONE:
            return True
        level = audio_level(elements, two_byte, producer.level_id) if producer.level_id else -1
        if state.noted == LEVELS:
            self._take_levels()
        state.levels[state.noted], state.levels_at[state.noted] = level, now
        state.noted += 1
        if state.voice == VOICE_UNKNOWN or (state.voice == VOICE_SILENT and level <= SPEECH):
            self._take_levels()
        return bool(state.voice == VOICE_HEARD)

    def _take_levels(self) -> None:
        """What has been noted since the last time; then, who is forwarded from now on."""
        for name, stream in self._streams.items():
            state = stream.state
            noted, state.noted = state.noted, 0
            levels = ffi.unpack(state.levels, noted)
            for level, at in zip(levels, ffi.unpack(state.levels_at, noted), strict=True):
                if level >= 0:
                    self._speaker.hear(name, level, at)
                    self._peers[name] = stream.producer.transport.peer
                self._loudest.admits(name, level, at)
        for name, stream in self._streams.items():
            admitted = self._loudest.is_admitted(name)
            if not admitted and stream.state.voice != VOICE_SILENT:
                stream.pause()
            stream.state.voice = VOICE_HEARD if admitted else VOICE_SILENT

    def remove(self, producer_id: str) -> None:
        self._streams.pop(producer_id, None)
        self._peers.pop(producer_id, None)
        self._speaker.remove(producer_id)
        self._loudest.remove(producer_id)
        for stream in self._streams.values():
            if stream.state.voice == VOICE_SILENT:  # there may be room for it now: its next packet tells
                stream.state.voice = VOICE_UNKNOWN

    @property
    def speaking_peer(self) -> Peer | None:
        """Whose voice is the one to look at."""
        return self._peers.get(self._told or "")

    def tick(self, now: float) -> None:
        """Decides and tells. Called about three times a second."""
        notify = self._room.ctx.notify
        self._take_levels()
        speaker = self._speaker.decide(now)
        if speaker != self._told:
            self._told = speaker
            notify(ActiveSpeaker(self._room.id, speaker))
        levels = self._speaker.take_levels()
        if levels or self._audible:
            self._audible = bool(levels)
            notify(AudioLevels(self._room.id, levels))
