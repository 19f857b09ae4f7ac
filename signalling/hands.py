"""Raised hands, in the order of their time (`Participant.hand_raised_at`)."""

from __future__ import annotations

from signalling import messages as m
from signalling.messages import Request
from signalling.permissions import Permission
from signalling.room import Call, Handler, Room
from signalling.state import participant_of


async def raise_hand(call: Call, request: m.HandRaise) -> None:
    """A hand that is up keeps its place."""
    async with call.room.lock:
        if not _is_up(call.room, call.member.id):
            event = m.HandRaised(seq=0, at=call.at, participant_id=call.member.id)
            await call.room.publish(event)


async def lower_hand(call: Call, request: m.HandLower) -> None:
    whose = request.participant_id or call.member.id
    if whose != call.member.id:
        call.member.require(Permission.HAND_MANAGE)
        call.room.member(whose)
    async with call.room.lock:
        if _is_up(call.room, whose):
            await call.room.publish(m.HandLowered(seq=0, at=call.at, participant_id=whose))


def _is_up(room: Room, participant_id: str) -> bool:
    person = participant_of(room.state, participant_id)
    return person is not None and person.hand_raised_at is not None


HANDLERS: dict[type[Request], Handler] = {m.HandRaise: raise_hand, m.HandLower: lower_hand}
