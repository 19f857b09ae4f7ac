"""A ledger in memory: the other implementation of `signalling.ledger.Ledger`, for tests of the live room."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from signalling.ledger import Admission, LedgerUnavailable, RoomFacts
from signalling.messages import ChatMessage
from signalling.permissions import Overrides, Permission, Policy, Role, default_policy


@dataclass(slots=True)
class Interval:
    """One presence interval, as it would be a row."""

    participant_id: str
    joined_at: float
    left_at: float | None = None
    reason: str | None = None


@dataclass(slots=True)
class Run:
    started_at: float
    host: str | None
    ended_at: float | None = None
    ended_by: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Timeslot:
    facts: RoomFacts
    published: bool = True
    admissions: dict[str, Admission] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    intervals: dict[str, Interval] = field(default_factory=dict)  # by connection
    chat: list[ChatMessage] = field(default_factory=list)
    audit: list[tuple[str | None, str, str | None]] = field(default_factory=list)


class MemoryLedger:
    def __init__(self) -> None:
        self.timeslots: dict[str, Timeslot] = {}
        self.unavailable = False
        self.answering = asyncio.Event()  # cleared, it delays what was read about admissions
        self.answering.set()
        self.waiting = 0

    # --- what the server would have planned ---

    def plan(self, timeslot_id: str, session_type: str = "training", policy: Policy | None = None) -> None:
        """A published timeslot of a session of its own."""
        facts = RoomFacts(
            timeslot_id=timeslot_id,
            session_id=f"session-{timeslot_id}",
            slug=f"slug-{timeslot_id}",
            title="Welcome",
            session_type=session_type,
            starts_at=0.0,
            ends_at=3600.0,
            policy=policy or default_policy(session_type),
            ended=False,
        )
        self.timeslots[timeslot_id] = Timeslot(facts)

    def admit(
        self,
        timeslot_id: str,
        identity: str,
        *roles: Role,
        name: str | None = None,
        denies: Iterable[str] = (),
        grants: Iterable[str] = (),
    ) -> str:
        """Gives an identity a place, or changes it; the participant id."""
        overrides = Overrides(_permissions(denies), _permissions(grants))
        participant_id = f"p-{identity}-{timeslot_id}"
        self.timeslots[timeslot_id].admissions[identity] = Admission(
            participant_id, name or identity.title(), frozenset(roles), overrides=overrides
        )
        return participant_id

    def set_policy(self, timeslot_id: str, policy: Policy) -> None:
        slot = self.timeslots[timeslot_id]
        slot.facts = replace(slot.facts, policy=policy)

    # --- signalling.ledger.Ledger ---

    async def room(self, timeslot_id: str) -> RoomFacts | None:
        slot = self._rows().get(timeslot_id)
        if slot is None or not slot.published:
            return None
        open_runs = [run for run in slot.runs if run.ended_at is None]
        return replace(
            slot.facts,
            ended=bool(slot.runs) and not open_runs,
            run_started_at=open_runs[0].started_at if open_runs else None,
        )

    async def admission(self, timeslot_id: str, identity: str) -> Admission | None:
        found = self._rows()[timeslot_id].admissions.get(identity)
        self.waiting += 1
        await self.answering.wait()
        self.waiting -= 1
        return found

    async def run_started(self, timeslot_id: str, *, at: float, host: str | None) -> None:
        self._rows()[timeslot_id].runs.append(Run(at, host))

    async def run_ended(self, timeslot_id: str, *, at: float, by: str | None, reason: str) -> None:
        runs = self._rows()[timeslot_id].runs
        if not runs:
            runs.append(Run(at, None))
        for run in runs:
            if run.ended_at is None:
                run.ended_at, run.ended_by, run.reason = at, by, reason

    async def joined(self, timeslot_id: str, participant_id: str, connection_id: str, *, at: float) -> None:
        self._rows()[timeslot_id].intervals[connection_id] = Interval(participant_id, at)

    async def left(self, timeslot_id: str, connection_id: str, *, at: float, reason: str) -> None:
        interval = self._rows()[timeslot_id].intervals[connection_id]
        interval.left_at, interval.reason = at, reason

    async def chat_posted(self, timeslot_id: str, message: ChatMessage) -> None:
        self._rows()[timeslot_id].chat.append(message)

    async def chat_before(self, timeslot_id: str, before: int, limit: int) -> list[ChatMessage]:
        return [message for message in self._rows()[timeslot_id].chat if message.seq < before][-limit:]

    async def audit(
        self, timeslot_id: str, *, actor: str | None, action: str, target: str | None, at: float
    ) -> None:
        self._rows()[timeslot_id].audit.append((actor, action, target))

    def _rows(self) -> dict[str, Timeslot]:
        if self.unavailable:
            raise LedgerUnavailable("it was switched off")
        return self.timeslots


def _permissions(keys: Iterable[str]) -> frozenset[Permission]:
    return frozenset(Permission(key) for key in keys)
