"""Calendar entries are what RFC 5545 and 5546 ask for, and survive being read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from server.calendars.ics import Entry, Method, Person, calendar

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
START = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)


def entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "timeslot_id": "t1",
        "title": "Listening",
        "starts_at": START,
        "ends_at": START + timedelta(minutes=90),
        "zone": "Europe/Paris",
        "url": "https://meet.example/sessions/s1",
        "sequence": 3,
        "attendee": Person("mia@example.org", "Mia"),
    }
    return Entry(**values | changes)


def text(*entries: Entry, method: Method = Method.REQUEST, name: str = "") -> bytes:
    organiser = Person("convene@meet.example", "Ada")
    return calendar(entries, method=method, organiser=organiser, domain="meet.example", stamp=NOW, name=name)


def read(content: bytes) -> tuple[Any, Any]:
    """The calendar and its one event, as the icalendar package reads them: values of many kinds."""
    parsed: Any = Calendar.from_ical(content)
    assert not parsed.errors
    [event] = parsed.events
    assert not event.errors
    return parsed, event


def test_a_request_holds_what_a_calendar_needs() -> None:
    parsed, event = read(text(entry(location="12 Main Street", description="About listening")))
    assert (parsed["METHOD"], parsed["VERSION"]) == ("REQUEST", "2.0")
    assert event["UID"] == "t1@meet.example"
    assert event["SEQUENCE"] == 3
    assert event.DTSTAMP == NOW
    assert (event.start, event.end) == (START, START + timedelta(minutes=90))
    assert event["DTSTART"].params["TZID"] == "Europe/Paris"
    assert event["STATUS"] == "CONFIRMED"
    assert event["ORGANIZER"] == "mailto:convene@meet.example"
    assert event["ATTENDEE"] == "mailto:mia@example.org"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["LOCATION"] == "12 Main Street"
    assert event["URL"] == "https://meet.example/sessions/s1"
    assert "About listening" in event["DESCRIPTION"]


def test_the_description_tells_how_to_join_and_who_comes() -> None:
    people = (("Presenter", ("Ben", "Cem")), ("Guest", ("Mia",)))
    _, event = read(text(entry(join_url="https://z.example/1", join_password="tea", people=people)))
    assert event["DESCRIPTION"].splitlines() == [
        "Join: https://z.example/1", "Password: tea", "",
        "Session page: https://meet.example/sessions/s1", "",
        "Presenter: Ben, Cem", "Guest: Mia",
    ]  # fmt: skip


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_cancellation_says_so(cancelled: bool) -> None:
    parsed, event = read(text(entry(cancelled=cancelled), method=Method.CANCEL))
    assert (parsed["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")


def test_who_waits_is_tentative() -> None:
    _, event = read(text(entry(tentative=True)))
    assert (event["STATUS"], event["ATTENDEE"].params["PARTSTAT"]) == ("TENTATIVE", "TENTATIVE")


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC"])
def test_utc_needs_no_zone(zone: str) -> None:
    content = text(entry(zone=zone))
    assert b"DTSTART:20260312T140000Z" in content
    assert b"VTIMEZONE" not in content


@pytest.mark.parametrize(
    ("zone", "moments"),
    [
        ("Europe/Paris", ["2026-03-29T00:59Z", "2026-03-29T01:00Z"]),
        ("America/New_York", ["2026-11-01T05:30Z", "2026-11-01T07:00Z"]),
        ("Australia/Lord_Howe", ["2026-10-03T15:00Z", "2026-12-31T23:00Z"]),
        ("Asia/Kolkata", ["2026-03-12T14:00Z"]),
        ("Africa/Casablanca", ["2026-03-12T14:00Z"]),
    ],
)
def test_the_zone_written_into_the_file_is_right_around_clock_changes(zone: str, moments: list[str]) -> None:
    """Read with nothing but the VTIMEZONE in the file, as a program that knows no zones would."""
    for moment in map(datetime.fromisoformat, moments):
        content = text(entry(zone=zone, starts_at=moment, ends_at=moment + timedelta(hours=1)))
        parsed, event = read(content)
        [described] = parsed.timezones
        assert described.tz_name == zone
        local = event.start.replace(tzinfo=None)
        assert local - described.to_tz(lookup_tzid=False).utcoffset(local) == moment.replace(tzinfo=None)


def test_each_zone_is_described_once_for_all_its_years() -> None:
    later = START.replace(year=2028)
    entries = [
        entry(),
        entry(timeslot_id="t2", starts_at=later, ends_at=later + timedelta(hours=1)),
        entry(timeslot_id="t3", zone="Asia/Tokyo"),
    ]
    parsed: Any = Calendar.from_ical(text(*entries, method=Method.PUBLISH, name="Mine"))
    assert sorted(zone.tz_name for zone in parsed.timezones) == ["Asia/Tokyo", "Europe/Paris"]
    assert parsed["X-WR-CALNAME"] == "Mine"
    assert {event.start for event in parsed.events} == {START, later}


Words = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(title=Words, name=Words, location=Words)
def test_whatever_people_type_stays_in_its_place(title: str, name: str, location: str) -> None:
    content = text(entry(title=title, location=location, attendee=Person("mia@example.org", name)))
    assert content.endswith(b"END:VCALENDAR\r\n")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()  # no letter is cut in two
    parsed, event = read(content)
    assert [component.name for component in parsed.subcomponents] == ["VTIMEZONE", "VEVENT"]
    assert set(event) <= {
        "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "URL",
        "STATUS", "TRANSP", "ORGANIZER", "ATTENDEE",
    }  # fmt: skip


@pytest.mark.parametrize(
    "title",
    ["a;b,c\\d", "line\nbreak", 'say "hi"', "日本語のタイトル" * 20, "END:VEVENT\r\nBEGIN:VEVENT", "x:y;z=1"],
)
def test_titles_come_back_as_they_were(title: str) -> None:
    _, event = read(text(entry(title=title)))
    assert event["SUMMARY"] == title.replace("\r\n", "\n")
