"""Which microphones of a large room are forwarded: the few that are spoken into.

The decision is made for each packet as it comes, so the first word of somebody who begins to speak is not
cut. Whoever stops is kept for `HOLD`, so that pauses do not chop sentences; until it ends there may be more
than the limit, never more than twice as many.
"""

from __future__ import annotations

import math

SPEECH = 50  # -dBov: louder than this is speech
PAUSE = 0.25  # seconds; who spoke so recently is speaking
HOLD = 1.5  # seconds
MARGIN = 6.0  # dB by which one must be louder to take the place of somebody who is speaking
RELEASE = 0.05  # share of the difference by which the smoothed level falls per packet


class _Microphone:
    __slots__ = ("admitted", "loudness", "since", "spoke")

    def __init__(self) -> None:
        self.admitted = False
        self.since = -math.inf  # when it was admitted
        self.spoke = -math.inf
        self.loudness = 0.0  # 127 - level, rising at once and falling slowly


class Loudest:
    """``limit`` microphones at a time; 0, or no more microphones than that, forwards them all."""

    __slots__ = ("_microphones", "limit")

    def __init__(self, limit: int = 0) -> None:
        self.limit = limit
        self._microphones: dict[str, _Microphone] = {}

    def admits(self, name: str, level: int, now: float) -> bool:
        """Whether a packet of ``level`` (-dBov) that came ``now`` is forwarded.

        A level of -1, not known, counts as the faintest speech: it is heard while there is room.
        """
        microphone = self._microphones.get(name)
        if microphone is None:
            microphone = self._microphones[name] = _Microphone()
        loudness = 127.0 - (level if level >= 0 else SPEECH)
        speaks = level <= SPEECH
        if speaks:
            microphone.spoke = now
        microphone.loudness = max(loudness, microphone.loudness + (loudness - microphone.loudness) * RELEASE)
        if not self.limit or len(self._microphones) <= self.limit:
            microphone.admitted = True
        elif microphone.admitted:
            self._release(microphone, now)
        elif speaks:
            self._compete(microphone, now)
        return microphone.admitted

    def is_admitted(self, name: str) -> bool:
        """As of its last packet, or of that of one who took its place."""
        microphone = self._microphones.get(name)
        return microphone is None or microphone.admitted

    def remove(self, name: str) -> None:
        self._microphones.pop(name, None)

    def _admitted(self) -> list[_Microphone]:
        return [microphone for microphone in self._microphones.values() if microphone.admitted]

    def _release(self, microphone: _Microphone, now: float) -> None:
        """Takes it out once it has been silent for `HOLD` and others are to be heard."""
        if now - microphone.spoke > HOLD and len(self._admitted()) > self.limit:
            microphone.admitted = False

    def _compete(self, microphone: _Microphone, now: float) -> None:
        admitted = self._admitted()
        speaking = [other for other in admitted if now - other.spoke <= PAUSE]
        if len(speaking) >= self.limit:
            quietest = min(speaking, key=lambda other: other.loudness)
            if now - quietest.since < HOLD or microphone.loudness < quietest.loudness + MARGIN:
                return
            quietest.admitted = False
            admitted.remove(quietest)
        if len(admitted) >= 2 * self.limit:
            min(admitted, key=lambda other: other.spoke).admitted = False
        microphone.admitted = True
        microphone.since = now
