"""The chat of a room: plain text, numbered, sent once however often the request comes."""

from __future__ import annotations

import unicodedata
import uuid

from signalling import messages as m
from signalling.errors import Refused
from signalling.messages import ChatMessage, Request
from signalling.room import Call, Handler

REMEMBERED = 500
"""How many of the latest client ids a room knows, so that a repeated request is recognised."""


async def send(call: Call, request: m.ChatSend) -> m.ChatSend.Response:
    text = clean(request.text)
    if not text:
        raise Refused("validation", "text: there is nothing to read in it", "text")
    room, sender = call.room, call.member
    async with room.lock:
        known = room.sent.get((sender.id, request.client_id))
        if known:
            return m.ChatSend.Response(message=known)
        message = ChatMessage(
            id=uuid.uuid4().hex,
            seq=room.state.chat[-1].seq + 1 if room.state.chat else 1,
            participant_id=sender.id,
            author_name=sender.admission.name,
            text=text,
            at=call.at,
        )
        await room.publish(m.ChatPosted(seq=0, at=call.at, message=message))
        room.sent[sender.id, request.client_id] = message
        if len(room.sent) > REMEMBERED:
            del room.sent[next(iter(room.sent))]
    ledger = room.services.ledger
    room.write(lambda: ledger.chat_posted(room.id, message))
    return m.ChatSend.Response(message=message)


async def history(call: Call, request: m.ChatHistory) -> m.ChatHistory.Response:
    ledger = call.room.services.ledger
    found = await ledger.chat_before(call.room.id, request.before, request.limit + 1)
    return m.ChatHistory.Response(messages=found[-request.limit :], more=len(found) > request.limit)


def clean(text: str) -> str:
    """The text without control characters; line breaks become "\\n" and tabs a space."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) != "Cc").strip()


HANDLERS: dict[type[Request], Handler] = {m.ChatSend: send, m.ChatHistory: history}
