"""Which changes of a timeslot people have not been told of yet, and when they are to be. Pure.

An editor saves by itself, every few seconds while somebody types. So that one burst of edits makes one
letter, what changed is kept with the timeslot: for each field its value before the first of the edits and
after the last. What ends as it began is no change at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

HOLD = timedelta(minutes=10)  # after the last edit …
LONGEST_HOLD = timedelta(hours=1)  # … but no later than this after the first
SOON = timedelta(hours=2)  # whoever is on their way has to know at once

#: What people have to know of, and the word for it in the letter, in the order of the letter.
TOLD: Mapping[str, str] = {
    "starts_at": "starts_at",
    "duration_min": "duration",
    "timezone": "timezone",
    "location_kind": "location",
    "location_address": "location",
    "external_url": "link",
}

#: By field: its value before and after.
Untold = dict[str, tuple[Any, Any]]


def merged(untold: Mapping[str, Any] | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> Untold:
    """With one more edit."""
    result: Untold = {name: (pair[0], pair[1]) for name, pair in (untold or {}).items()}
    for name in TOLD:
        if name in after:
            result[name] = (result[name][0] if name in result else before[name], after[name])
    return {name: pair for name, pair in result.items() if pair[0] != pair[1]}


def tell_at(now: datetime, since: datetime, starts: tuple[datetime, datetime]) -> datetime:
    """When to tell, after an edit ``now`` that follows others ``since``; ``starts`` are the start that people
    know and the one that holds now.
    """
    if min(starts) - now <= SOON:
        return now
    return min(now + HOLD, since + LONGEST_HOLD, min(starts) - SOON)


def known_start(untold: Mapping[str, Any], start: datetime) -> datetime:
    """The start that people were told of last."""
    return datetime.fromisoformat(untold["starts_at"][0]) if "starts_at" in untold else start


def in_words(untold: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As `server.outbox` wants the changes of a letter."""
    return [
        {"what": what, "before": untold[name][0], "after": untold[name][1]}
        for name, what in TOLD.items()
        if name in untold
    ]
