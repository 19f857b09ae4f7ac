"""What staff do to others: silence them. Nobody is ever un-muted by somebody else (PRODUCT.md 3.3)."""

from __future__ import annotations

from signalling import messages as m
from signalling.errors import Refused
from signalling.messages import Request, Source
from signalling.permissions import Permission
from signalling.room import Call, Handler

_PERMISSION: dict[Source, Permission] = {
    "microphone": Permission.MEDIA_MUTE_OTHERS,
    "screen-audio": Permission.MEDIA_MUTE_OTHERS,
    "camera": Permission.MEDIA_STOP_VIDEO,
    "screen": Permission.MEDIA_STOP_VIDEO,
}


async def mute(call: Call, request: m.ModerationMute) -> None:
    call.member.require(_PERMISSION[request.source])
    room = call.room
    room.member(request.participant_id)
    sent = [
        producer.id
        for producer in room.state.producers
        if producer.participant_id == request.participant_id and producer.source == request.source
    ]
    if not sent:
        raise Refused("media.unknown_producer", "They are not sending that.", "source")
    for producer_id in sent:
        await room.media.pause_producer(producer_id, by_staff=True)
    room.audit("moderation.mute", actor=call.member.id, target=request.participant_id, at=call.at)


HANDLERS: dict[type[Request], Handler] = {m.ModerationMute: mute}
