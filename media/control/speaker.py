"""Who is speaking: dominant speaker identification after Volfin and Cohen, "Dominant Speaker Identification
for Multipoint Videoconferencing" (2012), the method of mediasoup's ActiveSpeakerObserver and of Jitsi.

Speech activity is scored over three lengths of time: the newest frame, the last block of 100 ms and the last
second. Somebody takes over only by beating the present speaker over all three, so neither a pause for breath
nor a cough changes anything. Two things differ from the paper. It counts active sub-bands of a frame; we know
the frame's loudness only (RFC 6464) and count steps of 3 dB above the speaker's own noise. And nobody takes
over who has not been speaking for `ENTRY` of the last second.
"""

from __future__ import annotations

import math
from collections import deque

FRAME = 0.02  # seconds
BLOCK = 5  # frames: the paper's N2
BLOCKS = 10  # N3
HISTORY = BLOCK * BLOCKS
STEPS = 13  # N1
STEP = 3  # dB
FAINTEST = 67  # loudness (127 - level) below which nothing is speech: -60 dBov
ABOVE_NOISE = 6  # dB above the noise floor that speech must have
ACTIVE = 3  # steps that make a frame count as speech
ACTIVE_FRAMES = 3  # such frames that make a block count
ENTRY = 3  # such blocks in the last second: 0.3 s
NOISE_RISES = 0.02  # dB per frame: the floor follows a louder room at 1 dB a second
JITTER_FRAMES = 4  # a pause shorter than this is the network's, not the speaker's

# How far, in logarithms of score ratios, a challenger must lead over each length (the paper's C1, C2, C3).
IMMEDIATE_LEAD, MEDIUM_LEAD, LONG_LEAD = 3.0, 2.0, 0.0
_LEAST = 1e-10


def _scores(count: int, rate: float) -> tuple[float, ...]:
    """Score of each number of active parts out of ``count``: log-likelihood of speech, binomial with p = ½,
    against silence, exponential with ``rate`` (the paper's equations 7 to 10).
    """
    return tuple(
        max(
            math.log(math.comb(count, active)) - count * math.log(2) - math.log(rate) + rate * active,
            _LEAST,
        )
        for active in range(count + 1)
    )


_IMMEDIATE = _scores(STEPS, 0.78)
_MEDIUM = _scores(BLOCK, 24.0)
_LONG = _scores(BLOCKS, 47.0)


class _Voice:
    """One speaker's last second, newest frame first."""

    __slots__ = ("_floor", "_frames", "_heard", "_spoke", "loudest")

    def __init__(self) -> None:
        self._frames: deque[int] = deque([0] * HISTORY, HISTORY)  # steps of activity
        self._floor = float(FAINTEST)  # loudness of the noise: whoever begins by speaking is heard at once
        self._heard = -math.inf
        self._spoke = -math.inf
        self.loudest = 0  # since the last report

    def hear(self, loudness: int, now: float) -> None:
        self._catch_up(now)
        self._heard = now
        self.loudest = max(self.loudest, loudness)
        if loudness:
            self._floor = min(loudness, self._floor + NOISE_RISES)
        steps = 0
        if loudness >= FAINTEST and loudness >= self._floor + ABOVE_NOISE:
            steps = min(STEPS, (loudness - FAINTEST) // STEP)
        if steps >= ACTIVE:
            self._spoke = now
        self._frames.appendleft(steps)

    def _catch_up(self, now: float) -> None:
        """Frames in which nothing came were silent: DTX, a pause, a muted microphone."""
        if now - self._heard > JITTER_FRAMES * FRAME:
            missing = min(HISTORY, (now - self._heard) / FRAME - 1)
            self._frames.extendleft([0] * int(missing))
            self._heard = now

    def activity(self, now: float) -> tuple[int, int, int]:
        """Steps of the newest frame, active frames of the newest block, active blocks."""
        self._catch_up(now)
        if now - self._spoke > HISTORY * FRAME:
            return 0, 0, 0
        frames = list(self._frames)
        active = [frame >= ACTIVE for frame in frames]
        blocks = [sum(active[at : at + BLOCK]) for at in range(0, HISTORY, BLOCK)]
        return max(frames[:2]), blocks[0], sum(block >= ACTIVE_FRAMES for block in blocks)


class DominantSpeaker:
    """Fed with every packet's loudness, asked a few times a second. Speakers are known by any id."""

    __slots__ = ("_voices", "current")

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        #: The present speaker; stays in silence, until somebody else speaks or it is removed.
        self.current: str | None = None

    def hear(self, speaker: str, level: int, now: float) -> None:
        """A packet of ``level`` in -dBov, 0 … 127, came ``now`` (seconds)."""
        voice = self._voices.get(speaker)
        if voice is None:
            voice = self._voices[speaker] = _Voice()
        voice.hear(127 - level, now)

    def remove(self, speaker: str) -> None:
        self._voices.pop(speaker, None)
        if self.current == speaker:
            self.current = None

    def decide(self, now: float) -> str | None:
        """The speaker as of ``now``, which becomes `current`."""
        candidates = {name: voice.activity(now) for name, voice in self._voices.items()}
        reigning = candidates.pop(self.current, (0, 0, 0)) if self.current is not None else (0, 0, 0)
        best, best_lead = self.current, MEDIUM_LEAD
        for name, activity in candidates.items():
            if activity[2] < ENTRY:
                continue
            immediate, medium, longer = _leads(activity, reigning)
            if immediate > IMMEDIATE_LEAD and medium > best_lead and longer > LONG_LEAD:
                best, best_lead = name, medium
            elif self.current is None and best is None:
                best = name
        self.current = best
        return best

    def take_levels(self) -> dict[str, int]:
        """Level in -dBov of those who were audible since the last call, the loudest packet of each."""
        levels: dict[str, int] = {}
        for name, voice in self._voices.items():
            if voice.loudest >= FAINTEST:
                levels[name] = 127 - voice.loudest
            voice.loudest = 0
        return levels


def _leads(challenger: tuple[int, int, int], reigning: tuple[int, int, int]) -> tuple[float, float, float]:
    return (
        math.log(_IMMEDIATE[challenger[0]] / _IMMEDIATE[reigning[0]]),
        math.log(_MEDIUM[challenger[1]] / _MEDIUM[reigning[1]]),
        math.log(_LONG[challenger[2]] / _LONG[reigning[2]]),
    )
