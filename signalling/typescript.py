"""The live protocol as TypeScript, read off the classes in messages.py.

What travels from the browser may leave out every field that has a default. What travels to the browser
carries every field, except that one without a value is absent (never null). RTP, ICE and DTLS dictionaries
are mediasoup-client's own types: the protocol uses their spelling (media/protocol.py).
"""

from __future__ import annotations

import inspect
import json
import re
import types
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from media import protocol
from signalling import messages
from signalling.messages import Empty, Message

HEADER = """\
// Generated from signalling/messages.py by `python -m signalling.generate`; do not edit.

import type { types as mediasoup } from 'mediasoup-client';
"""

FOOTER = """\
/** What every request is acknowledged with. */
export type Ack<Answer> = ({ ok: true } & Answer) | { ok: false; error: Problem };

/** What a request that tells nothing new is answered with. */
export type Empty = Record<never, never>;
"""

# Dictionaries that pass between mediasoup-client and us unchanged.
_MEDIASOUP: tuple[type[Any], ...] = (
    protocol.RtpCapabilities,
    protocol.RtpParameters,
    protocol.IceParameters,
    protocol.IceCandidate,
    protocol.DtlsParameters,
)
_NAMED = {
    "MediaKind": protocol.MediaKind,
    "IceState": protocol.IceState,
    "Source": messages.Source,
    "PausedBy": messages.PausedBy,
}
_PLAIN: dict[Any, str] = {str: "string", int: "number", float: "number", bool: "boolean", Any: "unknown"}


def render() -> str:
    """The whole file. TypeError where a message holds a type that has no TypeScript counterpart."""
    classes = list(message_classes())
    requests = reached(messages.Connect, *messages.REQUESTS)
    parts = [HEADER]
    parts += [f"export type {name} = {_literals(alias)};\n" for name, alias in _NAMED.items()]
    parts += [_enum(enum) for enum in _enums(classes)]
    parts += [_interface(cls, sent_by_browser=cls in requests) for cls in classes if cls is not Empty]
    parts.append(_union("RoomEvent", messages.RoomEvent))
    parts.append(_union("DirectMessage", messages.DirectMessage))
    parts.append(_request_map())
    parts.append(f"export const REACTIONS = {_array(messages.REACTIONS)} as const;\n")
    parts.append(FOOTER)
    return "\n".join(parts)


def message_classes() -> Iterator[type[Message]]:
    """Every message and part of a message, in the order of the source; the abstract bases are not among
    them.
    """
    bases = {messages.Message, messages.Request, messages.Event, messages.Direct}
    for cls in vars(messages).values():
        if inspect.isclass(cls) and issubclass(cls, Message) and cls not in bases:
            if (answer := cls.__dict__.get("Response")) is not None:
                yield answer
            yield cls


def described(documented: object) -> str:
    """The docstring, its fields spelled as on the wire; empty where a class inherits one."""
    text = inspect.cleandoc(vars(documented).get("__doc__") or "").replace("``", "`")
    return re.sub(r"(?<=`)[a-z]+(_[a-z]+)+(?=`)", lambda word: to_camel(word[0]), text)


def name_of(cls: type[Any]) -> str:
    """``ChatSend.Response`` is called ChatSendResponse."""
    return cls.__qualname__.replace(".", "")


def reached(*roots: type[Message]) -> set[type[Message]]:
    """The messages and all that their fields hold."""
    found: set[type[Message]] = set()
    waiting = list(roots)
    while waiting:
        cls = waiting.pop()
        if cls not in found:
            found.add(cls)
            waiting += [part for field in cls.model_fields.values() for part in _parts(field.annotation)]
    return found


def field_type(field: FieldInfo, *, optional: bool) -> str:
    """The TypeScript type of a field; without its None where absence already says it."""
    return to_typescript(_without_none(field.annotation) if optional else field.annotation)


def to_typescript(hint: Any) -> str:
    """A Python type hint in TypeScript's words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Annotated:
        return to_typescript(arguments[0])
    if origin is Literal:
        named = next((name for name, alias in _NAMED.items() if alias == hint), None)
        return named or _literals(hint)
    if origin in (Union, types.UnionType):
        return " | ".join("null" if part is type(None) else to_typescript(part) for part in arguments)
    if origin is list:
        return f"{_bracketed(to_typescript(arguments[0]))}[]"
    if origin is dict:
        return f"Record<{to_typescript(arguments[0])}, {to_typescript(arguments[1])}>"
    if hint in _MEDIASOUP:
        return f"mediasoup.{hint.__name__}"
    if inspect.isclass(hint) and issubclass(hint, Message | Enum):
        return name_of(hint)
    raise TypeError(f"no TypeScript for {hint!r}")


def _interface(cls: type[Message], *, sent_by_browser: bool) -> str:
    if not cls.model_fields:
        return f"{_comment(cls)}export type {name_of(cls)} = Empty;\n"
    lines = [f"{_comment(cls)}export interface {name_of(cls)} {{"]
    for field in cls.model_fields.values():
        absent = not field.is_required() if sent_by_browser else _allows_none(field.annotation)
        mark = "?" if absent else ""
        lines.append(f"  {field.alias}{mark}: {field_type(field, optional=absent)};")
    return "\n".join([*lines, "}\n"])


def _comment(cls: type[Any]) -> str:
    text = described(cls)
    if not text:
        return ""
    lines = text.replace("*/", "* /").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */\n"])


def _enum(enum: type[Enum]) -> str:
    members = "".join(f"\n  | {_quote(member.value)}" for member in enum)
    return f"{_comment(enum)}export type {enum.__name__} ={members};\n"


def _union(name: str, hint: Any) -> str:
    members = "".join(f"\n  | {name_of(cls)}" for cls in get_args(get_args(hint)[0]))
    return f"export type {name} ={members};\n"


def _request_map() -> str:
    lines = ["/** Every request by its event name: what is sent, and what the acknowledgement carries. */"]
    lines.append("export interface Requests {")
    lines += [
        f"  {_quote(cls.name)}: {{ request: {name_of(cls)}; response: {name_of(cls.response)} }};"
        for cls in messages.REQUESTS
    ]
    return "\n".join([*lines, "}\n"])


def _enums(classes: list[type[Message]]) -> list[type[Enum]]:
    found: dict[type[Enum], None] = {}
    for cls in classes:
        for field in cls.model_fields.values():
            found |= {part: None for part in _leaves(field.annotation) if issubclass(part, Enum)}
    return list(found)


def _parts(hint: Any) -> list[type[Message]]:
    return [leaf for leaf in _leaves(hint) if issubclass(leaf, Message)]


def _leaves(hint: Any) -> list[type[Any]]:
    if arguments := [part for part in get_args(hint) if get_origin(hint) is not Literal]:
        return [leaf for part in arguments for leaf in _leaves(part)]
    return [hint] if inspect.isclass(hint) and get_origin(hint) is None else []


def _allows_none(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    return Union[tuple(part for part in get_args(hint) if part is not type(None))]  # noqa: UP007


def _literals(hint: Any) -> str:
    return " | ".join(_quote(value) for value in get_args(hint))


def _array(values: tuple[str, ...]) -> str:
    return f"[{', '.join(_quote(value) for value in values)}]"


def _quote(text: str) -> str:
    return "'" + json.dumps(text, ensure_ascii=False)[1:-1].replace("'", "\\'") + "'"


def _bracketed(written: str) -> str:
    return f"({written})" if " " in written and not written.startswith("Record<") else written
