"""A room while people are in it, on this host: its members, their connections, and the one way to change it.

Every change is an event: `publish` has the live store number it and sends it to everyone. Features decide
and publish under ``lock``, so that what they decided on is still true. Coming and going is in presence.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from media.pool import MediaPool
from signalling import messages as m
from signalling.errors import Refused, left
from signalling.ledger import Admission, Ledger, RoomFacts
from signalling.ledger_writer import LedgerWriter, Write
from signalling.limits import Limits
from signalling.live.interface import LiveStore
from signalling.media_room import RoomMedia
from signalling.messages import Direct, Message, RoomEvent, RoomInfo, Snapshot, You
from signalling.permissions import Decision, Forbidden, Permission, SessionType, Subject, permit_all
from signalling.phases import Phase, move, phase_now
from signalling.relay import Relay
from signalling.state import CHAT_KEPT
from signalling.views import sees_everything, visible_event, visible_snapshot

LATEST = 2**53  # above every chat number; the largest integer that a browser knows exactly


class Wire(Protocol):
    """The sending half of the hub, as rooms see it."""

    async def broadcast(self, room_id: str, event: RoomEvent, skip: list[str]) -> None:
        """To all connections that entered the room but those in ``skip``."""

    async def broadcast_direct(self, room_id: str, message: Direct, skip: list[str]) -> None:
        """As `broadcast`, without a number: lost on those who are not there."""

    async def send_event(self, sid: str, event: RoomEvent) -> None: ...

    async def send_direct(self, sid: str, message: Direct) -> None: ...

    async def enter(self, sid: str, room_id: str) -> None: ...

    def close(self, sid: str) -> None:
        """Closes the connection once what was sent before has gone out; returns at once."""


@dataclass(frozen=True, slots=True)
class Services:
    """What rooms work with. ``grace`` is how long a dropped connection is waited for, in seconds; a room that
    is ``forget``-ed is not found any more; ``relay`` is None where there is no TURN server.
    """

    ledger: Ledger
    live: LiveStore
    pool: MediaPool
    wire: Wire
    now: Callable[[], float]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    forget: Callable[[Room], None]
    grace: float
    relay: Relay | None


@dataclass(eq=False, slots=True)
class Member:
    """A participant, from joining to leaving; ``connection`` is None while they are reconnecting."""

    id: str
    identity: str
    admission: Admission
    permits: dict[Permission, Decision]
    connection: Connection | None = None
    joined_seq: int = 0
    grace: asyncio.TimerHandle | None = None
    missed_reset: bool = False  # the room's media was reset while they were away

    def may(self, permission: Permission) -> bool:
        return self.permits[permission].allowed

    def require(self, permission: Permission) -> None:
        """Raises Forbidden."""
        if not self.may(permission):
            raise Forbidden(self.permits[permission])

    def you(self) -> You:
        permits = {
            permission: m.Permit(
                allowed=decision.allowed,
                rule=decision.rule,
                message=decision.message,
                lifted_by=list(decision.lifted_by),
            )
            for permission, decision in self.permits.items()
        }
        return You(participant_id=self.id, permissions=permits)


@dataclass(eq=False, slots=True)
class Connection:
    """One Socket.IO connection that was let in."""

    sid: str
    room: Room
    member: Member
    limits: Limits
    requests: int = 0  # being handled now


@dataclass(slots=True)
class Call:
    """One request being handled. What is put into ``afterwards`` starts once the acknowledgement is on its
    way.
    """

    room: Room
    member: Member
    at: float
    afterwards: list[Coroutine[Any, Any, None]] = field(default_factory=list)


Handler = Callable[[Call, Any], Awaitable[Message | None]]


class Room:
    """See the module. ``state`` is the room as of the last event; ``closed`` rooms are gone from the hub."""

    def __init__(self, facts: RoomFacts, state: Snapshot, services: Services) -> None:
        self.id = facts.timeslot_id
        self.facts = facts
        self.services = services
        self.state = state
        self.lock = asyncio.Lock()
        self.members: dict[str, Member] = {}
        self.media = RoomMedia(self)
        self.sent: dict[tuple[str, str], m.ChatMessage] = {}  # by sender and client id, the latest only
        self.closed = False
        self.revision = 0  # counts the times that admissions were read anew
        self.refreshing = asyncio.Lock()
        self._writer = LedgerWriter(self.id)

    @classmethod
    async def open(cls, facts: RoomFacts, services: Services) -> Room:
        """The room as the live store has it, or as it begins."""
        state = await services.live.read(facts.timeslot_id)
        if state is None:
            state = await services.live.open(await _beginning(facts, services.ledger))
        return cls(facts, state, services)

    @property
    def phase(self) -> Phase:
        return self.state.room.phase

    def member(self, participant_id: str) -> Member:
        """Raises Refused for somebody who is not here."""
        try:
            return self.members[participant_id]
        except KeyError:
            raise Refused("participant.unknown", "That person is not here.", "participantId") from None

    def permits(self, admission: Admission) -> dict[Permission, Decision]:
        """What this person may do here now."""
        subject = Subject(roles=admission.roles, confirmed=admission.confirmed, overrides=admission.overrides)
        return permit_all(subject, self.facts.policy)

    async def publish(self, event: RoomEvent) -> RoomEvent:
        """Numbers the event, changes the room by it and sends it to everyone. ``lock`` is held.

        Raises Refused in a closed room: nothing comes after its end.
        """
        if self.closed:
            raise left()
        before = self.state
        event, self.state = await self.services.live.append(self.id, event)
        restricted = self._restricted()
        wire = self.services.wire
        await wire.broadcast(self.id, event, skip=[sid for _, sid in restricted])
        for member, sid in restricted:
            await wire.send_event(sid, visible_event(event, before, member.id, member.permits))
        return event

    async def announce(self, message: Direct) -> None:
        """To everyone who sees everyone; not numbered, and lost on those who are reconnecting."""
        if not self.closed:
            skip = [sid for _, sid in self._restricted()]
            await self.services.wire.broadcast_direct(self.id, message, skip=skip)

    def _restricted(self) -> list[tuple[Member, str]]:
        """Those who do not see everything, with their connections."""
        return [
            (member, member.connection.sid)
            for member in self.members.values()
            if member.connection and not sees_everything(member.permits)
        ]

    async def direct(self, member: Member, message: Direct) -> None:
        """To one member; lost while they are reconnecting."""
        if member.connection:
            await self.services.wire.send_direct(member.connection.sid, message)

    def snapshot_for(self, member: Member) -> Snapshot:
        return visible_snapshot(self.state, member.id, member.permits)

    def write(self, write: Write) -> None:
        """Leaves a write to the ledger to be done in order, behind the room's back."""
        self._writer.put(write)

    def audit(self, action: str, *, actor: str | None, target: str | None, at: float) -> None:
        ledger = self.services.ledger
        self.write(lambda: ledger.audit(self.id, actor=actor, action=action, target=target, at=at))

    async def adjust_phase(self) -> None:
        """Moves to the phase that fits who is here. ``lock`` is held."""
        hosts = [member for member in self.members.values() if member.may(Permission.SESSION_HOST)]
        new = phase_now(
            run_open=self.phase is Phase.LIVE,
            hosted=self.facts.session_type != SessionType.BUDDY_MEETING,
            present=len(self.members),
            host_present=bool(hosts),
        )
        if new is self.phase:
            return
        at = self.services.now()
        started_at = at if new is Phase.LIVE else None
        phase = move(self.id, self.phase, new)
        await self.publish(m.PhaseChanged(seq=0, at=at, phase=phase, started_at=started_at))
        if new is Phase.LIVE:
            ledger, host = self.services.ledger, hosts[0].id if hosts else None
            self.write(lambda: ledger.run_started(self.id, at=at, host=host))

    async def close(self) -> None:
        """Gives the room up on this host; its live state stays while its run is open. ``lock`` is held."""
        self.closed = True
        if self.phase is not Phase.LIVE:
            await self.services.live.drop(self.id)
        self.services.forget(self)
        self.services.spawn(self.release())

    async def release(self) -> None:
        """Closes the media and writes what waits for the ledger."""
        await self.media.close()
        await self._writer.close()


async def _beginning(facts: RoomFacts, ledger: Ledger) -> Snapshot:
    """The state of a room that nobody has entered yet; its chat may have begun before this process did."""
    return Snapshot(
        seq=0,
        room=RoomInfo(
            timeslot_id=facts.timeslot_id,
            session_id=facts.session_id,
            slug=facts.slug,
            title=facts.title,
            session_type=facts.session_type,
            phase=Phase.IDLE if facts.run_started_at is None else Phase.LIVE,
            starts_at=facts.starts_at,
            ends_at=facts.ends_at,
            started_at=facts.run_started_at,
        ),
        participants=[],
        producers=[],
        chat=await ledger.chat_before(facts.timeslot_id, LATEST, CHAT_KEPT),
    )
