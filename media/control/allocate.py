"""Sharing what one path carries over the tracks that its subscriber wants to see.

Audio is not here: it is taken off the budget first and always sent. Video gets less, then nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from media.control.layers import NOTHING, Step, Target

HEADROOM = 1.1  # what an improvement must fit into, so that it is not taken back at the next estimate


class Priority(IntEnum):
    """Who is served first."""

    SCREEN = 0
    PINNED = 1
    SPEAKER = 2
    REST = 3


@dataclass(frozen=True, slots=True)
class Request:
    """One track: what it can be sent as (`layers.steps`), and what is sent now."""

    id: str
    priority: Priority
    steps: Sequence[Step]
    current: Target = NOTHING


def allocate(requests: Sequence[Request], budget: float) -> dict[str, Target]:
    """A target for each request within ``budget`` bits/s; `NOTHING` for what does not fit at all.

    First everyone gets the least, in the order of priority, then each priority in turn gets all it can use,
    its members equally: one step each, then the next.
    """
    ordered = sorted(requests, key=lambda request: request.priority)
    level = dict.fromkeys((request.id for request in ordered), -1)
    left = budget
    for request in ordered:
        left -= _raise(request, level, left)
    for priority in Priority:
        climbing = [request for request in ordered if request.priority == priority]
        while climbing:
            still = []
            for request in climbing:
                if level[request.id] >= 0 and (cost := _raise(request, level, left)):
                    left -= cost
                    still.append(request)
            climbing = still
    return {
        request.id: request.steps[level[request.id]].target if level[request.id] >= 0 else NOTHING
        for request in requests
    }


def _raise(request: Request, level: dict[str, int], left: float) -> float:
    """Takes ``request`` one step up if that fits into ``left``; what it costs, 0 where it does not fit."""
    at = level[request.id] + 1
    if at == len(request.steps):
        return 0.0
    step = request.steps[at]
    paid = request.steps[at - 1].bitrate if at else 0.0
    needed = step.bitrate * (HEADROOM if step.target > request.current else 1.0) - paid
    if needed > left:
        return 0.0
    level[request.id] = at
    return step.bitrate - paid
