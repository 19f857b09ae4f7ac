"""The few durable facts that a live room reads or writes, as an interface. The server implements it on its
database.

Every method may raise `LedgerUnavailable`; the room goes on without what could not be written and says so in
the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from signalling.messages import ChatMessage
from signalling.permissions import Overrides, Policy, Role


class LedgerUnavailable(Exception):
    """The database did not answer in time."""


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What is planned: fixed while the room runs, re-read by `Ledger.room`."""

    timeslot_id: str
    session_id: str
    slug: str
    title: str
    session_type: str
    starts_at: float  # seconds since the epoch, UTC
    ends_at: float
    policy: Policy
    ended: bool  # a run has ended and none is open
    run_started_at: float | None = None  # of the open run, if there is one


@dataclass(frozen=True, slots=True)
class Admission:
    """Who somebody is in this room, looked up at the moment they enter; never taken from the client.

    ``participant_id`` is stable per person and timeslot. ``confirmed`` is False while a registration awaits
    approval.
    """

    participant_id: str
    name: str
    roles: frozenset[Role]
    confirmed: bool = True
    overrides: Overrides = field(default_factory=Overrides)


class Ledger(Protocol):
    async def room(self, timeslot_id: str) -> RoomFacts | None:
        """None when there is no such timeslot, or it is not published."""

    async def admission(self, timeslot_id: str, identity: str) -> Admission | None:
        """None when this identity (an account id, from the ticket) has no place in this timeslot."""

    async def run_started(self, timeslot_id: str, *, at: float, host: str | None) -> None: ...

    async def run_ended(self, timeslot_id: str, *, at: float, by: str | None, reason: str) -> None: ...

    async def joined(
        self, timeslot_id: str, participant_id: str, connection_id: str, *, at: float
    ) -> None: ...

    async def left(self, timeslot_id: str, connection_id: str, *, at: float, reason: str) -> None:
        """Closes one presence interval; attendance is the union of intervals and never overwritten."""

    async def chat_posted(self, timeslot_id: str, message: ChatMessage) -> None: ...

    async def chat_before(self, timeslot_id: str, before: int, limit: int) -> list[ChatMessage]:
        """Up to ``limit`` messages with a smaller ``seq`` than ``before``, oldest first."""

    async def audit(
        self, timeslot_id: str, *, actor: str | None, action: str, target: str | None, at: float
    ) -> None: ...
