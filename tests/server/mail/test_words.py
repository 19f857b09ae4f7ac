"""What every mail says, to the letter, and what it must never do."""

from __future__ import annotations

import email
import email.policy
import os
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from server.mail.facts import Reader
from server.mail.render import Undeliverable, address, body, message, one_line
from server.mail.tables import Kind
from server.outbox import CONTEXT
from server.sessions.tables import LocationKind
from tests.server.mail.samples import CONTEXTS, PLACE, SITE, facts

LETTERS = Path(__file__).parent / "letters"
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
UPDATE = os.environ.get("UPDATE_LETTERS")  # write what is rendered instead of comparing


def finished(kind: Kind, **changes: object) -> EmailMessage:
    mail = message(
        facts(kind, **changes), sender="convene@meet.example", message_id="<1@meet.example>", date=NOW
    )
    parsed = email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("kind", Kind)
def test_every_mail_to_the_letter(kind: Kind) -> None:
    written = body(facts(kind))
    whole = f"Subject: {written.letter.subject}\nPreview: {written.letter.preheader}\n\n{written.text}"
    file = LETTERS / f"{kind}.txt"
    if UPDATE:
        LETTERS.mkdir(exist_ok=True)
        file.write_text(whole)
    assert whole == file.read_text()


def test_the_html_of_one_mail_to_the_letter() -> None:
    html = body(facts(Kind.CONFIRMED)).html
    file = LETTERS / "registration.confirmed.html"
    if UPDATE:
        file.write_text(html)
    assert html == file.read_text()


@pytest.mark.parametrize("kind", Kind)
def test_every_mail_has_both_forms_and_the_sites_footer(kind: Kind) -> None:
    mail = finished(kind)
    text, html = (mail.get_body((form,)) for form in ("plain", "html"))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        for words in (SITE.name, SITE.tagline, SITE.contact, "75001 Paris", "Hello Mia", "Listening well"):
            assert words in part
        assert "{" not in part.partition("</style>")[2] or part is text
    assert "<table" not in html.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", Kind)
def test_samples_are_what_the_outbox_takes(kind: Kind) -> None:
    known = {word.rstrip("?") for word in CONTEXT[kind]}
    assert CONTEXTS.get(kind, {}).keys() <= known


def test_times_are_told_in_the_readers_zone_with_the_sessions_beside_it() -> None:
    text = body(facts(Kind.CONFIRMED)).text
    assert "When: Thursday 12 March 2026, 15:00–16:30 (Europe/Paris, UTC+1)" in text
    assert "Session’s zone: Thursday 12 March 2026, 10:00–11:30 (America/New York, UTC−4)" in text


@pytest.mark.parametrize("zone", [None, "America/New_York", "America/Detroit"])
def test_the_sessions_zone_is_not_repeated_when_clocks_agree(zone: str | None) -> None:
    text = body(facts(Kind.CONFIRMED, reader=Reader("mia@example.org", "Mia", zone))).text
    assert "10:00–11:30" in text
    assert "Session’s zone" not in text


def test_over_midnight_both_days_are_named() -> None:
    text = body(facts(Kind.CONFIRMED, reader=Reader("k@example.org", "Kei", "Asia/Tokyo"))).text
    assert "Thursday 12 March 2026, 23:00 – Friday 13 March 2026, 00:30 (Asia/Tokyo, UTC+9)" in text


def test_what_people_typed_is_text_in_html() -> None:
    hostile = '<img src=x onerror=alert(1)>"{{ 7*7 }}'
    sample = facts(
        Kind.MESSAGE,
        title=hostile,
        reader=Reader("mia@example.org", hostile),
        context={"sender": hostile, "subject": hostile, "text": hostile},
    )
    html = body(sample).html
    assert "<img" not in html
    assert "{{ 7*7 }}" in html


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.INVITATION, Kind.CONFIRMED])
def test_nobody_adds_a_header(kind: Kind) -> None:
    evil = "Hi\r\nBcc: all@example.org\r\n\r\nBody\u2028x\x00"
    context = CONTEXTS.get(kind, {}) | {"sender": evil, "inviter": evil, "subject": evil}
    mail = finished(kind, title=evil, reader=Reader("mia@example.org", evil), context=context)
    assert mail["Bcc"] is None
    assert mail["To"].addresses[0].addr_spec == "mia@example.org"
    assert "\n" not in mail["Subject"]
    assert set(mail.keys()) >= {"Subject", "From", "To", "Message-ID", "Date"}


def test_long_and_foreign_subjects_come_through() -> None:
    title = "Zuhören – 聞く " * 12
    assert finished(Kind.CONFIRMED, title=title)["Subject"] == one_line(f"You are registered: {title}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("mia@example.org", "mia@example.org"),
        ("mia@müller.example", "mia@xn--mller-kva.example"),
        ("Mia.O'Neil+x@example.org", "Mia.O'Neil+x@example.org"),
        ("jörg@müller.example", "jörg@xn--mller-kva.example"),
    ],
)
def test_addresses_with_a_domain_in_letters_of_their_own(given: str, expected: str) -> None:
    assert address(given).addr_spec == expected


@pytest.mark.parametrize("given", ["nobody", "a@", "a@\ud800.example", "a@" + "x" * 70 + ".ü.example"])
def test_an_address_that_is_none_is_said_to_be_so(given: str) -> None:
    with pytest.raises(Undeliverable):
        address(given)


def test_a_reader_without_a_place_is_told_of_no_calendar() -> None:
    for kind in (Kind.SESSION_CANCELLED, Kind.REGISTRATION_CANCELLED, Kind.SESSION_CHANGED, Kind.REINSTATED):
        text = body(facts(kind, has_place=False)).text
        assert "calendar" not in text
        assert "You still have" not in text


def test_a_physical_place_has_an_address_and_no_room() -> None:
    place = replace(PLACE, location=LocationKind.PHYSICAL, address="12 Main Street")
    for kind in (Kind.CONFIRMED, Kind.REMINDER_HOUR):
        text = body(facts(kind, place=place)).text
        assert "Where: 12 Main Street" in text
        assert "/live/" not in text


def test_a_meeting_elsewhere_replaces_the_room() -> None:
    place = replace(PLACE, external_url="https://zoom.example/1", external_password="tea")
    text = body(facts(Kind.REMINDER_HOUR, place=place)).text
    assert "Meeting link: https://zoom.example/1" in text
    assert "Meeting password: tea" in text
    assert "/live/" not in text


@pytest.mark.parametrize(
    ("what", "after", "words"),
    [
        ("duration", 1, "It now takes 1 minute instead of 2."),
        ("timezone", "America/New_York", "Its time zone is now America/New York."),
        ("location", "hybrid", "It now takes place on site and online."),
        ("location", "12 Main Street", "The place is now: 12 Main Street."),
        ("location", None, "It no longer has an address."),
        ("link", "https://zoom.example/1", "The meeting link has changed."),
    ],
)
def test_what_changed_is_said(what: str, after: object, words: str) -> None:
    context = {"changes": [{"what": what, "before": 2, "after": after}]}
    text = body(facts(Kind.SESSION_CHANGED, context=context)).text
    assert words in text
    assert "zoom" not in text


def test_a_seat_that_is_only_asked_for_is_not_called_ones_own() -> None:
    sample = {"seat": "Presenter", "context": {"role": "participant"}}
    assert "Your seat in" in body(facts(Kind.ROLE_CHANGED, **sample)).text
    assert "Your request for a seat in" in body(facts(Kind.ROLE_CHANGED, has_place=False, **sample)).text


def test_the_first_on_the_waitlist_is_told_so() -> None:
    assert "You are next." in body(facts(Kind.WAITLISTED, context={"position": 1})).text
