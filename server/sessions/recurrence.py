"""Times on the clock of a place, and rules by which they repeat (S9; RFC 5545). Pure.

A rule is expanded on the wall clock of its zone, so that ten o'clock stays ten o'clock when the clocks
change. A repeated time that the clocks skip is moved on by what they skip; one that comes twice is the first
of the two (RFC 5545 3.3.5). A single time that does not exist is refused: nobody can have meant it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from dateutil.tz import datetime_exists

MOST = 100  # timeslots of one rule
HORIZON = timedelta(days=5 * 366)
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_WORDS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
)
_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)")
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")


class NoSuchTime(ValueError):
    """The clocks skip this time on that day."""


class BadRule(ValueError):
    """The text says what is wrong with a recurrence rule."""


def instant(local: datetime, zone: str) -> datetime:
    """The moment (UTC) at which the clocks of a zone show ``local``. Raises NoSuchTime. Of two the first;
    ``local.fold`` 1 means the second.
    """
    placed = local.replace(tzinfo=ZoneInfo(zone))
    if not datetime_exists(placed):
        raise NoSuchTime(f"{local:%H:%M} does not exist in {zone} on {local:%Y-%m-%d}: the clocks skip it")
    return placed.astimezone(UTC)


def wall_clock(moment: datetime, zone: str) -> datetime:
    """What the clocks of a zone show, without the zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def occurrences(rule: str, first: datetime, zone: str) -> list[datetime]:
    """The moments (UTC) of an RRULE whose first possible one is ``first``. Raises BadRule."""
    parts = _parts(rule)
    start = wall_clock(first, zone)
    until = min(_until(parts, zone) or start + HORIZON, start + HORIZON)
    count = _number(parts, "COUNT")
    kept = ";".join(f"{key}={value}" for key, value in parts.items() if key not in ("COUNT", "UNTIL"))
    # Always with an end of our own: a rule that matches no day would be searched for until the year 9999.
    bounded = f"RRULE:{kept};UNTIL={until:%Y%m%dT%H%M%S}"
    try:
        found = list(islice(rrulestr(bounded, dtstart=start), min(count or MOST + 1, MOST + 1)))
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRule(f"not a recurrence rule: {error}") from error
    if not found:
        raise BadRule("this rule matches no day")
    if len(found) > MOST:
        raise BadRule(f"at most {MOST} timeslots can be made by one rule")
    if count is not None and len(found) < count:
        raise BadRule("this rule does not end within five years")
    return [placed(local, zone) for local in found]


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for text in rule.strip().upper().removeprefix("RRULE:").split(";"):
        match = _PART.fullmatch(text)
        if match is None or match[1] not in _WORDS or match[1] in parts:
            raise BadRule(f"not a recurrence rule: {text[:40] or 'it is empty'}")
        parts[match[1]] = match[2]
    if parts.get("FREQ") not in _FREQUENCIES:
        raise BadRule("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")
    if ("COUNT" in parts) == ("UNTIL" in parts):
        raise BadRule("say when it ends: with COUNT or with UNTIL, and not with both")
    if _number(parts, "INTERVAL") == 0 or _number(parts, "COUNT") == 0:
        raise BadRule("INTERVAL and COUNT start at 1")
    return parts


def _number(parts: dict[str, str], key: str) -> int | None:
    text = parts.get(key)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise BadRule(f"{key} is no number that makes sense")
    return int(text)


def _until(parts: dict[str, str], zone: str) -> datetime | None:
    """On the wall clock; a day alone includes that day."""
    text = parts.get("UNTIL")
    if text is None:
        return None
    match = _UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        parsed = datetime.strptime(match[1] + (match[2] or "235959"), "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError as error:
        raise BadRule("UNTIL is not a date") from error
    return wall_clock(parsed.replace(tzinfo=UTC), zone) if match[3] else parsed


def placed(local: datetime, zone: str) -> datetime:
    """As `instant`, but a time that the clocks skip is moved on: the offset from before is meant to hold."""
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
