"""Kinds of text and time that bodies consist of, with the rules that hold everywhere, and the wire form of
answers.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    NaiveDatetime,
    PlainSerializer,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Body(BaseModel):
    """What a request carries: camelCase, nothing unknown."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=False, frozen=True)


class Answer(BaseModel):
    """What a response carries."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True, frozen=True
    )


def _no_controls(value: str) -> str:
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _BIDI_CONTROLS:
            raise ValueError("control characters are not allowed")
    return value


def _one_line(value: str) -> str:
    _no_controls(value)
    if value and not any(unicodedata.category(character)[0] in "LNPS" for character in value):
        raise ValueError("there is nothing to see in it")
    return value


def _several_lines(value: str) -> str:
    for character in value:
        if character not in "\n\t" and (
            unicodedata.category(character) in ("Cc", "Cs") or character in _BIDI_CONTROLS
        ):
            raise ValueError("control characters other than line breaks are not allowed")
    return value


def _unix_lines(value: str) -> str:
    return value.replace("\r\n", "\n")


def _known_zone(value: str) -> str:
    if value not in zones():
        raise ValueError("not a known time zone; expected a name like Europe/Paris")
    return value


def _plausible_year(value: datetime) -> datetime:
    if not 2000 <= value.year <= 2100:
        raise ValueError("expected a year between 2000 and 2100")
    return value


def _this_century(value: datetime) -> datetime:
    return _plausible_year(value).astimezone(UTC)


def _wire_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


no_controls = AfterValidator(_no_controls)
_Line = AfterValidator(_one_line)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), _Line]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), _Line]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), _Line]
Prose = Annotated[
    str,
    AfterValidator(_unix_lines),
    StringConstraints(strip_whitespace=True, max_length=10_000),
    AfterValidator(_several_lines),
]
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
Instant = Annotated[AwareDatetime, AfterValidator(_this_century)]
LocalTime = Annotated[NaiveDatetime, AfterValidator(_plausible_year)]
WireTime = Annotated[datetime, PlainSerializer(_wire_time, return_type=str)]
