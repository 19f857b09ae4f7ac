"""Reactions: seen by everyone for a moment, kept by nobody."""

from __future__ import annotations

from signalling import messages as m
from signalling.errors import Refused
from signalling.messages import REACTIONS, Request
from signalling.room import Call, Handler


async def send(call: Call, request: m.ReactionSend) -> None:
    if request.emoji not in REACTIONS:
        raise Refused("validation", f"emoji: one of {' '.join(REACTIONS)}", "emoji")
    async with call.room.lock:
        event = m.ReactionSent(seq=0, at=call.at, participant_id=call.member.id, emoji=request.emoji)
        await call.room.publish(event)


HANDLERS: dict[type[Request], Handler] = {m.ReactionSend: send}
