"""docs/protocol.md: the live protocol for people, read off the classes in messages.py."""

from __future__ import annotations

from typing import Any, get_args

from signalling import messages
from signalling.messages import Empty, Event, Message
from signalling.typescript import described, field_type, message_classes, name_of, reached

_HEADER = "<!-- Generated from signalling/messages.py by `python -m signalling.generate`; do not edit. -->"


def render() -> str:
    """The whole document, in Markdown."""
    events = get_args(get_args(messages.RoomEvent)[0])
    directs = get_args(get_args(messages.DirectMessage)[0])
    shown = {messages.Connect, Empty, *messages.REQUESTS, *events, *directs}
    shown |= {request.response for request in messages.REQUESTS}
    parts = [cls for cls in message_classes() if cls not in shown or cls is messages.Snapshot]
    sections = [
        _HEADER,
        "# The live protocol",
        described(messages).partition("\n")[2].strip(),
        "## Connecting",
        _message(messages.Connect),
        "## Requests",
        *map(_request, messages.REQUESTS),
        "## Events",
        "To everyone in the room, numbered. " + described(Event),
        *map(_announcement, events),
        "## Direct messages",
        "To one connection, not numbered.",
        *map(_announcement, directs),
        "## Parts",
        *(f"### {name_of(cls)}\n\n{_message(cls)}" for cls in parts),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _request(cls: type[messages.Request]) -> str:
    needs = f"Needs `{cls.permission.value}`." if cls.permission else "Needs nothing but being in the room."
    answer = f"Answer:\n\n{_fields(cls.response)}" if cls.response.model_fields else "The answer is empty."
    if cls.response is messages.Snapshot:
        answer = "Answer: a [Snapshot](#snapshot)."
    parts = (f"### `{cls.name}`", described(cls), needs, _fields(cls), answer)
    return "\n\n".join(part for part in parts if part)


def _announcement(cls: type[Message]) -> str:
    return f"### `{cls.model_fields['type'].default}`\n\n{_message(cls)}"


def _message(cls: type[Message]) -> str:
    return "\n\n".join(part for part in (described(cls), _fields(cls)) if part)


def _fields(cls: type[Message]) -> str:
    """One row per field; the envelope that every event shares is left out."""
    envelope = {"type", *Event.model_fields} if "type" in cls.model_fields else set()
    rows = [
        f"| `{field.alias}` | {_type(field)} | {'yes' if field.is_required() else _default(field.default)} |"
        for name, field in cls.model_fields.items()
        if name not in envelope
    ]
    if not rows:
        return ""
    head = "required" if cls in reached(messages.Connect, *messages.REQUESTS) else "always there"
    return "\n".join([f"| field | type | {head} |", "|---|---|---|", *rows])


def _type(field: Any) -> str:
    written = field_type(field, optional=True).replace("mediasoup.", "")
    return f"`{written}`".replace("|", "\\|")


def _default(value: Any) -> str:
    return "no" if value is None else f"no: `{value!r}`"
