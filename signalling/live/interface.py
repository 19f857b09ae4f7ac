"""Where the live state of rooms is kept, as an interface: in memory for one host, in Redis for several.

A room is its `Snapshot` and the latest events that led to it. The store numbers events, applies them
(`signalling.state.apply`) and remembers enough of them for browsers that come back.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from signalling.messages import RoomEvent, Snapshot

EVENTS_KEPT = 1000
"""How far back a browser may resume, in events."""


class NoSuchRoom(Exception):
    """The room was never opened, or has been dropped."""


class Appended(NamedTuple):
    """An event with its number, and the state of the room after it."""

    event: RoomEvent
    state: Snapshot


class LiveStore(Protocol):
    """All methods may be called from several hosts at once; each is one atomic step."""

    async def claim(self, key: str, *, until: float, now: float) -> bool:
        """True for the first caller with this key, False for all others before ``until`` (epoch seconds)."""

    async def open(self, initial: Snapshot) -> Snapshot:
        """The room's state; ``initial`` where the room (named by its timeslot) is not open yet."""

    async def read(self, room_id: str) -> Snapshot | None:
        """The room's state, None where it is not open."""

    async def append(self, room_id: str, event: RoomEvent) -> Appended:
        """Gives the event the next number, whatever ``seq`` it bears, and applies it. Raises NoSuchRoom."""

    async def since(self, room_id: str, seq: int) -> list[RoomEvent] | None:
        """The events after number ``seq``, oldest first; None where they are not all known any more, or when
        ``seq`` lies ahead of the room. Raises NoSuchRoom.
        """

    async def drop(self, room_id: str) -> None:
        """Forgets the room; nothing happens where it is not open."""
