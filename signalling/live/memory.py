"""Live state in this process: the embedded default."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice

from signalling.live.interface import EVENTS_KEPT, Appended, NoSuchRoom
from signalling.messages import RoomEvent, Snapshot
from signalling.state import apply


@dataclass(slots=True)
class _Kept:
    state: Snapshot
    events: deque[RoomEvent]


class MemoryStore:
    """A `LiveStore` for one host, gone when the process ends."""

    def __init__(self, events_kept: int = EVENTS_KEPT) -> None:
        self._events_kept = events_kept
        self._rooms: dict[str, _Kept] = {}
        self._claims: dict[str, float] = {}

    async def claim(self, key: str, *, until: float, now: float) -> bool:
        if self._claims.get(key, now) > now:
            return False
        self._forget_claims(now)
        self._claims[key] = until
        return True

    async def open(self, initial: Snapshot) -> Snapshot:
        fresh = _Kept(initial, deque(maxlen=self._events_kept))
        return self._rooms.setdefault(initial.room.timeslot_id, fresh).state

    async def read(self, room_id: str) -> Snapshot | None:
        kept = self._rooms.get(room_id)
        return kept.state if kept else None

    async def append(self, room_id: str, event: RoomEvent) -> Appended:
        kept = self._room(room_id)
        numbered = event.model_copy(update={"seq": kept.state.seq + 1})
        kept.state = apply(kept.state, numbered)
        kept.events.append(numbered)
        return Appended(numbered, kept.state)

    async def since(self, room_id: str, seq: int) -> list[RoomEvent] | None:
        kept = self._room(room_id)
        missed = kept.state.seq - seq
        if not 0 <= missed <= len(kept.events):
            return None
        return list(kept.events)[len(kept.events) - missed :]

    async def drop(self, room_id: str) -> None:
        self._rooms.pop(room_id, None)

    def _room(self, room_id: str) -> _Kept:
        try:
            return self._rooms[room_id]
        except KeyError:
            raise NoSuchRoom(room_id) from None

    def _forget_claims(self, now: float) -> None:
        """Claims are made in the order in which they run out, near enough: look at the oldest ones only."""
        oldest = list(islice(self._claims.items(), 8))
        for key, until in oldest:
            if until <= now:
                del self._claims[key]
