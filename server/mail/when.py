"""Moments in words, in the reader's zone with the session's zone beside it. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(moment: datetime) -> str:
    """ "Thursday 12 March 2026". The words do not depend on the server's locale."""
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def zone_name(moment: datetime) -> str:
    """ "Europe/Paris, UTC+1": the name and what it means at that moment."""
    offset = moment.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    sign = "+" if minutes >= 0 else "−"
    hours, rest = divmod(abs(minutes), 60)
    shown = "UTC" if minutes == 0 else f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")
    name = str(moment.tzinfo).replace("_", " ")
    return shown if name in ("UTC", "Etc/UTC") else f"{name}, {shown}"


def moment(at: datetime, zone: str) -> str:
    """ "Thursday 12 March 2026, 15:00 (Europe/Paris, UTC+1)"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local)}, {local:%H:%M} ({zone_name(local)})"


def span(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """ "Thursday 12 March 2026, 15:00–16:00 (Europe/Paris, UTC+1)"; over midnight both days are named."""
    start, end = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{day(end)}, {end:%H:%M}"
    dash = "–" if start.date() == end.date() else " – "
    return f"{day(start)}, {start:%H:%M}{dash}{until} ({zone_name(start)})"


def same_clock(at: datetime, one: str, other: str) -> bool:
    """Whether clocks in both zones show the same at that moment."""
    return at.astimezone(ZoneInfo(one)).utcoffset() == at.astimezone(ZoneInfo(other)).utcoffset()
