"""Calendar entries (RFC 5545) and the messages that carry them (RFC 5546). Pure: values in, bytes out.

A timeslot has one UID for everybody and for ever, so that an entry from a mail, from a download and from the
feed are the same one. Folding, escaping and the VTIMEZONE are the icalendar package's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

PRODUCT = "-//Convene//Convene//EN"
_UTC = frozenset({"UTC", "Etc/UTC"})  # written with a Z, without a VTIMEZONE


class Method(StrEnum):
    PUBLISH = "PUBLISH"  # to look at: downloads and feeds
    REQUEST = "REQUEST"  # put it in, or update it
    CANCEL = "CANCEL"  # take it out


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One timeslot as one person has it.

    ``sequence`` rises with every revision. ``attendee`` is the person whose entry it is. ``people`` holds
    (part, names) as the person may see them, ``join_url`` and ``join_password`` likewise.
    """

    timeslot_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    url: str
    sequence: int
    description: str = ""
    location: str = ""
    join_url: str = ""
    join_password: str = ""
    people: Sequence[tuple[str, Sequence[str]]] = ()
    attendee: Person | None = None
    cancelled: bool = False
    tentative: bool = False


def calendar(
    entries: Iterable[Entry],
    *,
    method: Method,
    organiser: Person,
    domain: str,
    stamp: datetime,
    name: str = "",
) -> bytes:
    """The text of a .ics file. ``stamp`` is now; ``domain`` makes the UIDs ours; a feed has a ``name``."""
    document = Calendar()
    document.add("prodid", PRODUCT)
    document.add("version", "2.0")
    document.add("calscale", "GREGORIAN")
    document.add("method", method.value)
    if name:
        document.add("x-wr-calname", name)
        document.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
        document.add("x-published-ttl", "PT1H")
    entries = list(entries)
    for zone in sorted({entry.zone for entry in entries} - _UTC):
        years = [entry.starts_at.year for entry in entries if entry.zone == zone]
        document.add_component(_zone(zone, min(years), max(years)))
    for entry in entries:
        document.add_component(_event(entry, method, organiser, domain, stamp))
    text: bytes = document.to_ical()
    return text


@lru_cache(maxsize=128)
def _zone(name: str, first_year: int, last_year: int) -> Timezone:
    """A VTIMEZONE that is right for these years, and a year to either side."""
    return Timezone.from_tzinfo(
        ZoneInfo(name),
        tzid=name,
        first_date=datetime(first_year - 1, 1, 1, tzinfo=UTC).date(),
        last_date=datetime(last_year + 2, 1, 1, tzinfo=UTC).date(),
    )


def _event(entry: Entry, method: Method, organiser: Person, domain: str, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.timeslot_id}@{domain}")
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("dtstart", _local(entry.starts_at, entry.zone))
    event.add("dtend", _local(entry.ends_at, entry.zone))
    event.add("summary", _clean(entry.title))
    event.add("description", _clean(_description(entry)))
    if entry.location:
        event.add("location", _clean(entry.location))
    event.add("url", entry.url)
    event.add("status", _status(entry, method))
    event.add("transp", "TRANSPARENT" if event["status"] == "CANCELLED" else "OPAQUE")
    event.add("organizer", _address(organiser))
    if entry.attendee:
        attendee = _address(entry.attendee)
        attendee.params["ROLE"] = vText("REQ-PARTICIPANT")
        attendee.params["PARTSTAT"] = vText("TENTATIVE" if entry.tentative else "ACCEPTED")
        attendee.params["RSVP"] = vText("FALSE")
        event.add("attendee", attendee)
    return event


def _status(entry: Entry, method: Method) -> str:
    if entry.cancelled or method is Method.CANCEL:
        return "CANCELLED"
    return "TENTATIVE" if entry.tentative else "CONFIRMED"


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(UTC if zone in _UTC else ZoneInfo(zone))


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{_clean(person.email)}")
    if person.name:
        address.params["CN"] = vText(_quotable(person.name))
    return address


def _quotable(value: str) -> str:
    """A parameter value cannot hold a double quote at all (RFC 5545, 3.2)."""
    return _clean(value).replace('"', "'").replace("\n", " ")


def _clean(value: str) -> str:
    """Control characters other than line breaks have no place in a calendar (RFC 5545, 3.3.11)."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) != "Cc")


def _description(entry: Entry) -> str:
    parts = []
    if entry.join_url:
        access = f"Join: {entry.join_url}"
        parts.append(access + (f"\nPassword: {entry.join_password}" if entry.join_password else ""))
    parts.append(f"Session page: {entry.url}")
    if entry.people:
        parts.append("\n".join(f"{part}: {', '.join(names)}" for part, names in entry.people))
    if entry.description:
        parts.append(entry.description)
    return "\n\n".join(parts)
