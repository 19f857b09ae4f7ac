"""Who is in a room: entering, coming back, dropping out, leaving, and the end for all.

A participant whose connection drops stays for a grace period, media and all; a newer connection of the same
person takes the place of the older. Attendance in the ledger has one interval per connection.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Literal

from signalling import messages as m
from signalling.errors import Refused
from signalling.ledger import Admission, RoomFacts
from signalling.limits import Limits
from signalling.messages import Participant, Resume, RoomEvent
from signalling.permissions import Permission, Role
from signalling.phases import Phase
from signalling.room import Connection, Member, Room
from signalling.state import participant_of
from signalling.views import sees_everything

log = logging.getLogger(__name__)

Reason = Literal["left", "lost", "removed", "ended"]


class TryAgain(Exception):
    """The room was closed, or admissions changed, after the caller looked: look again."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at the door: who they are as of this ``revision`` of the room, and what they resume."""

    identity: str
    admission: Admission
    revision: int
    sid: str
    resume: Resume | None


async def enter(room: Room, caller: Caller) -> Connection:
    """Lets a person in, or back in, and sends them the first message. Raises TryAgain or Refused."""
    async with room.lock:
        if room.phase is Phase.ENDED:
            raise Refused("room.ended", "This session has ended.")
        if room.closed or room.revision != caller.revision:
            raise TryAgain
        admission, permits = caller.admission, room.permits(caller.admission)
        member = room.members.get(admission.participant_id)
        missed = await _missed(room, member, caller)
        if member is None:
            member = Member(admission.participant_id, caller.identity, admission, permits)
            room.members[member.id] = member
        else:
            await _step_aside(room, member)
            member.admission, member.permits = admission, permits
            if missed is None:
                await room.media.release(member.id)
        connection = Connection(caller.sid, room, member, Limits(room.services.now()))
        try:
            await _connect(room, connection, missed)
        except BaseException:
            _wait_for(room, member)
            raise
        return connection


async def dropped(room: Room, connection: Connection) -> None:
    """The socket went without a word: wait for it."""
    async with room.lock:
        member = connection.member
        if member.connection is not connection:
            return
        _close_interval(room, connection, "lost")
        _wait_for(room, member)
        await _publish_participant(room, member)


async def leave(room: Room, member: Member, reason: Reason) -> Connection | None:
    """Takes a member out of the room, media first. Returns the connection, which the caller closes."""
    async with room.lock:
        if room.members.get(member.id) is not member:
            return None
        return await _take_out(room, member, reason)


async def end(
    room: Room, by: str | None, reason: Literal["host", "empty", "overrun", "organiser"], at: float
) -> list[Connection] | None:
    """Ends the room for everyone. Returns the connections, which the caller closes before it ends the run;
    None where it has ended already.
    """
    async with room.lock:
        if room.phase is Phase.ENDED:
            return None
        await room.publish(m.RoomEnded(seq=0, at=at, by=by, reason=reason))
        log.info("room %s: ended by %s (%s)", room.id, by, reason)
        connections = [member.connection for member in room.members.values() if member.connection]
        for member in room.members.values():
            _forget(member)
        room.members.clear()
        room.closed = True
        for connection in connections:
            _close_interval(room, connection, "ended")
        room.audit("room.end", actor=by, target=None, at=at)
        return connections


async def close_if_empty(room: Room) -> None:
    """A room may have been opened for somebody who then was not let in."""
    async with room.lock:
        if not room.members and not room.closed:
            await room.close()


async def cut_off(room: Room, connection: Connection) -> None:
    """The process ends; the person will be back."""
    async with room.lock:
        if connection.member.connection is connection:
            _close_interval(room, connection, "lost")
            _forget(connection.member)


async def refresh(room: Room, facts: RoomFacts) -> list[Connection]:
    """Reads everyone's admission again and draws the consequences. Returns the connections to close.
    ``refreshing`` is held.
    """
    ledger = room.services.ledger
    room.facts = facts
    room.revision += 1
    identities = {member.identity for member in room.members.values()}
    found = {identity: await ledger.admission(room.id, identity) for identity in identities}
    to_close: list[Connection] = []
    async with room.lock:
        for member in list(room.members.values()):
            if member.identity not in found:
                continue  # entered since, and was looked up since
            connection = await _readmit(room, member, found[member.identity])
            if connection:
                to_close.append(connection)
        if room.members:
            await room.adjust_phase()
            await _publish_plan(room)
    return to_close


async def _publish_plan(room: Room) -> None:
    """Says what is new about the room itself, if anything is."""
    facts, known = room.facts, room.state.room
    if (facts.title, facts.starts_at, facts.ends_at) != (known.title, known.starts_at, known.ends_at):
        at = room.services.now()
        await room.publish(
            m.RoomChanged(seq=0, at=at, title=facts.title, starts_at=facts.starts_at, ends_at=facts.ends_at)
        )


# --- the steps of entering -------------------------------------------------------------------------


async def _missed(room: Room, member: Member | None, caller: Caller) -> list[RoomEvent] | None:
    """What a returning browser missed; None where it has to begin afresh."""
    resume = caller.resume
    if member is None or resume is None or resume.participant_id != member.id:
        return None
    if resume.seq < member.joined_seq:
        return None  # a number from an earlier stay
    if not sees_everything(room.permits(caller.admission)):
        return None  # what was hidden depends on the state at each event, which is gone
    return await room.services.live.since(room.id, resume.seq)


async def _step_aside(room: Room, member: Member) -> None:
    """The older connection makes room for the newer one."""
    if member.grace:
        member.grace.cancel()
        member.grace = None
    if old := member.connection:
        await room.direct(member, m.Replaced())
        _close_interval(room, old, "replaced")
        room.services.wire.close(old.sid)
        member.connection = None


async def _connect(room: Room, connection: Connection, missed: list[RoomEvent] | None) -> None:
    """First the message that opens the connection, then the room's broadcasts, without a gap."""
    member, services = connection.member, room.services
    ledger, at = services.ledger, services.now()
    room.write(lambda: ledger.joined(room.id, member.id, connection.sid, at=at))
    if missed is None:
        await _publish_participant(room, member, connected=True)
        member.joined_seq = member.joined_seq or room.state.seq
        await room.adjust_phase()
        member.connection = connection
        member.missed_reset = False
        welcome = m.Welcome(
            you=member.you(),
            snapshot=room.snapshot_for(member),
            rtp_capabilities=services.pool.rtp_capabilities,
        )
        await room.direct(member, welcome)
        await services.wire.enter(connection.sid, room.id)
        if room.phase is Phase.LIVE:
            services.spawn(room.media.expect(member))
        return
    member.connection = connection
    await room.direct(member, m.Resumed(you=member.you(), seq=room.state.seq))
    for event in missed:
        await services.wire.send_event(connection.sid, event)
    await services.wire.enter(connection.sid, room.id)
    await _publish_participant(room, member)
    await room.adjust_phase()
    await room.media.enforce(member)
    await room.media.resumed(member)


async def _publish_participant(room: Room, member: Member, *, connected: bool = False) -> None:
    """Says what is new about a member, if anything is. ``connected`` is told while they are being let in."""
    known = participant_of(room.state, member.id)
    roles = [role for role in Role if role in member.admission.roles] or [Role.OBSERVER]
    at = room.services.now()
    current = Participant(
        id=member.id,
        name=member.admission.name,
        role=roles[0],
        roles=roles,
        state="present" if connected or member.connection else "reconnecting",
        joined_at=known.joined_at if known else at,
        hand_raised_at=known.hand_raised_at if known else None,
    )
    if known is None:
        await room.publish(m.ParticipantJoined(seq=0, at=at, participant=current))
    elif current != known:
        await room.publish(m.ParticipantChanged(seq=0, at=at, participant=current))


# --- the steps of leaving --------------------------------------------------------------------------


def _wait_for(room: Room, member: Member) -> None:
    """The grace period begins."""
    member.connection = None
    loop, spawn = asyncio.get_running_loop(), room.services.spawn
    member.grace = loop.call_later(room.services.grace, lambda: spawn(_lose(room, member)))


async def _lose(room: Room, member: Member) -> None:
    """The grace period is over. Does nothing where they came back or the room is gone."""
    async with room.lock:
        if member.grace is None or room.members.get(member.id) is not member:
            return
        await _take_out(room, member, "lost")


async def _take_out(room: Room, member: Member, reason: Reason) -> Connection | None:
    """``lock`` is held. The last one to go closes the room."""
    connection = member.connection
    await room.media.release(member.id)
    del room.members[member.id]
    _forget(member)
    if connection:
        _close_interval(room, connection, reason)
    at = room.services.now()
    await room.publish(m.ParticipantLeft(seq=0, at=at, participant_id=member.id, reason=reason))
    await room.adjust_phase()
    if not room.members:
        await room.close()
    return connection


def _forget(member: Member) -> None:
    if member.grace:
        member.grace.cancel()
        member.grace = None
    member.connection = None


def _close_interval(room: Room, connection: Connection, reason: str) -> None:
    ledger, at = room.services.ledger, room.services.now()
    room.write(lambda: ledger.left(room.id, connection.sid, at=at, reason=reason))


async def _readmit(room: Room, member: Member, admission: Admission | None) -> Connection | None:
    """One member under their new admission; the connection to close when they have lost their place."""
    permits = room.permits(admission) if admission else None
    if admission is None or permits is None or not permits[Permission.SESSION_JOIN].allowed:
        message = "You no longer have a place in this session."
        await room.direct(member, m.Removed(message=message, code="permission.denied"))
        return await _take_out(room, member, "removed")
    changed = permits != member.permits
    member.admission, member.permits = admission, permits
    await _publish_participant(room, member)
    if changed:
        await room.direct(member, m.PermissionsChanged(you=member.you()))
        await room.media.enforce(member)
    return None
