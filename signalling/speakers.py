"""Who is speaking in a room, from what its media worker says of microphones."""

from __future__ import annotations

from collections.abc import Callable

from media.protocol import ActiveSpeaker, AudioLevels, Notification
from signalling.messages import RoomSpeaking

SPEECH_LEVEL = 50  # -dBov: who is louder is shown as speaking


class Speakers:
    """``owner`` gives the participant who sends a producer, None where there is none."""

    def __init__(self, owner: Callable[[str], str | None]) -> None:
        self._owner = owner
        #: The state as last told.
        self.told = RoomSpeaking(active=None, speaking=[])

    def hears(self, notification: Notification) -> RoomSpeaking | None:
        """What the room is to be told now; None where nothing has changed."""
        active, speaking = self.told.active, self.told.speaking
        if isinstance(notification, ActiveSpeaker):
            active = self._owner(notification.producer_id) if notification.producer_id else None
        elif isinstance(notification, AudioLevels):
            loud = [name for name, level in notification.levels.items() if level <= SPEECH_LEVEL]
            speaking = sorted({owner for owner in map(self._owner, loud) if owner})
        now = RoomSpeaking(active=active, speaking=speaking)
        if now == self.told:
            return None
        self.told = now
        return now
