"""Which layer of a track one subscriber should get: what its page shows against what the publisher sends.

A *spatial* layer is a simulcast encoding, or a spatial layer inside an SVC stream; a *temporal* layer is a
frame rate. Both count from 0, the smallest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: Share of an encoding's bit rate up to each temporal layer: what libvpx gives them by default.
SHARES: dict[int, tuple[float, ...]] = {1: (1.0,), 2: (0.6, 1.0), 3: (0.4, 0.6, 1.0)}
ENOUGH = 0.75  # a layer with this share of the shown height is not seen to be scaled up
LEAST_BITRATE = 30_000.0  # bits/s assumed of an encoding that has not been measured yet
LINGER = 5.0  # seconds for which an encoding that nobody watches goes on
WAIT, LONGEST_WAIT = 3.0, 12.0  # seconds before a larger picture is tried after a smaller one was needed
CALM = 30.0  # seconds without a fall after which the wait is the shortest again


class Target(NamedTuple):
    spatial: int
    temporal: int


NOTHING = Target(-1, -1)
FULL = 7  # a temporal layer above all: the whole frame rate


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page shows of a track: ``height`` in device pixels, 0 for as large as there is."""

    height: int = 0
    visible: bool = True
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Encoding:
    """A spatial layer as it arrives: ``bitrate`` in bits/s, ``height`` in pixels (0 unknown)."""

    alive: bool
    bitrate: float
    height: int
    temporal: int = 1  # number of temporal layers


class Step(NamedTuple):
    """A target and what it costs, in bits/s."""

    target: Target
    bitrate: float


def ceiling(encodings: Sequence[Encoding], wish: Wish) -> int:
    """The highest spatial layer of use for ``wish``, arriving or not; -1 where nothing is shown.

    Unknown heights are taken to double from layer to layer, below a known one or 720.
    """
    if not wish.visible:
        return -1
    top = len(encodings) - 1
    if not wish.height:
        return top
    heights = _heights(encodings)
    return next((layer for layer in range(top) if heights[layer] >= ENOUGH * wish.height), top)


def _heights(encodings: Sequence[Encoding]) -> list[float]:
    top = len(encodings) - 1
    full = max((known.height << top - layer for layer, known in enumerate(encodings)), default=0) or 720
    return [known.height or full / (1 << top - layer) for layer, known in enumerate(encodings)]


def steps(encodings: Sequence[Encoding], wish: Wish, detail: bool = False) -> list[Step]:
    """What can be sent, from the least to the best of use, the bit rate rising from step to step.

    Where nothing as small as wished arrives, the smallest that does is the only choice. Of faces, a higher
    spatial layer is not worth its lowest frame rate; of text (``detail``) it is worth more than movement, so
    a smaller picture is sent only where the large one does not fit at its lowest frame rate.
    """
    top = ceiling(encodings, wish)
    if top < 0:
        return []
    alive = [layer for layer, encoding in enumerate(encodings) if encoding.alive]
    usable = [layer for layer in alive if layer <= top] or alive[:1]
    found: list[Step] = []
    for layer in usable:
        encoding = encodings[layer]
        shares = SHARES.get(encoding.temporal, (1.0,))
        for temporal, share in enumerate(shares):
            if detail:
                unwanted = temporal > 0 and layer != usable[-1]
            else:
                unwanted = temporal == 0 and len(shares) > 1 and layer != usable[0]
            if unwanted:
                continue
            bitrate = max(encoding.bitrate, LEAST_BITRATE) * share
            while found and found[-1].bitrate >= bitrate:
                found.pop()  # more picture for less: nobody wants the other
            found.append(Step(Target(layer, temporal), bitrate))
    return found


class Demand:
    """The highest spatial layer of one producer that anybody watches: up at once, down after `LINGER`."""

    __slots__ = ("_since", "current")

    def __init__(self, top: int) -> None:
        self.current = top
        self._since: float | None = None

    def update(self, wanted: int, now: float) -> bool:
        """Whether the publisher is to be told of another `current`. The lowest layer is always kept going,
        so that whoever looks again sees something at once.
        """
        wanted = max(wanted, 0)
        if wanted > self.current:
            self.current, self._since = wanted, None
            return True
        if wanted == self.current:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= LINGER:
            self.current, self._since = wanted, None
            return True
        return False


class Climb:
    """Keeps the size of one track from going up and down: after a fall larger pictures wait, and for twice
    as long where the last climb did not last. Frame rates, and the least picture for who sees none, do not.
    """

    __slots__ = ("_climbed", "_fell", "_target", "_until", "_wait")

    def __init__(self, target: Target) -> None:
        self._target = target
        self._fell = self._until = -math.inf
        self._climbed = False  # since the last fall
        self._wait = WAIT

    def limit(self, possible: Sequence[Step], now: float) -> list[Step]:
        """What of ``possible`` (`steps`) may be chosen now."""
        if now >= self._until or not possible:
            return list(possible)
        top = max(self._target.spatial, possible[0].target.spatial)
        return [step for step in possible if step.target.spatial <= top]

    def chosen(self, target: Target, highest: int, now: float) -> None:
        """``target`` is sent from now on; ``highest`` is the spatial layer that the page could show
        (`ceiling`): less because less is wished is no fall.
        """
        before, self._target = self._target, target
        if before.spatial < target.spatial:
            self._climbed = self._climbed or before != NOTHING
        elif target.spatial < before.spatial <= highest:
            if now - self._fell >= CALM:
                self._wait = WAIT
            elif self._climbed:
                self._wait = min(2 * self._wait, LONGEST_WAIT)
            self._fell, self._until, self._climbed = now, now + self._wait, False
