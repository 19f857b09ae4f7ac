"""The phases of a room and the ways between them (PRODUCT.md 4.1, axis "Live")."""

from __future__ import annotations

import logging
from enum import StrEnum

log = logging.getLogger(__name__)


class Phase(StrEnum):
    """IDLE: nobody is there. LOBBY: people wait for a host. LIVE: a run is open, with people or without.
    ENDED: over.
    """

    IDLE = "idle"
    LOBBY = "lobby"
    LIVE = "live"
    ENDED = "ended"


_WAYS: dict[Phase, frozenset[Phase]] = {
    Phase.IDLE: frozenset({Phase.LOBBY, Phase.LIVE, Phase.ENDED}),
    Phase.LOBBY: frozenset({Phase.IDLE, Phase.LIVE, Phase.ENDED}),
    Phase.LIVE: frozenset({Phase.ENDED}),
    Phase.ENDED: frozenset(),
}


class PhaseError(Exception):
    """A move that no way leads to: a mistake of the caller."""


def move(room_id: str, old: Phase, new: Phase) -> Phase:
    """The new phase, logged as "old -> new". Raises PhaseError where no way leads."""
    if new not in _WAYS[old]:
        raise PhaseError(f"room {room_id}: {old} -> {new}")
    log.info("room %s: %s -> %s", room_id, old, new)
    return new


def phase_now(*, run_open: bool, hosted: bool, present: int, host_present: bool) -> Phase:
    """The phase that fits who is there. ``hosted`` is False where the session type appoints no host (S6)."""
    if run_open:
        return Phase.LIVE
    if not present:
        return Phase.IDLE
    return Phase.LIVE if host_present or not hosted else Phase.LOBBY
