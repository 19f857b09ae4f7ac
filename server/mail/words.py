"""What each mail says: subject, preview line and sentences, one per fact. Pure; the layout is in templates/.

Sentences are plain text: whatever people typed stands between them as it is, and the layout escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.mail import when
from server.mail.facts import Facts
from server.mail.tables import Kind
from server.sessions.tables import LocationKind


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the details; ``href`` makes it a link."""

    label: str
    value: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """``preheader`` is the preview that mailboxes show beside the subject, ``quote`` what a person wrote."""

    subject: str
    preheader: str
    sentences: tuple[str, ...]
    reason: str
    quote: str = ""
    rows: tuple[Row, ...] = ()
    action: Row | None = None


def letter(facts: Facts) -> Letter:
    return _WRITERS[facts.kind](facts)


# --- what several of them share ------------------------------------------------------------------

_ROLES = {
    "organiser": "organiser",
    "facilitator": "facilitator",
    "co_facilitator": "co-facilitator",
    "participant": "participant",
    "observer": "observer",
}
_GIVE_UP = (
    "If you cannot come, please give up your place on the session page, so that somebody else can have it."
)
_SEE_SESSION = "Open the session page"


def _when_short(facts: Facts) -> str:
    return when.moment(facts.place.starts_at, facts.zone) if facts.place else facts.title


def _time_rows(facts: Facts) -> Iterator[Row]:
    place = facts.place
    if place is None:
        return
    yield Row("When", when.span(place.starts_at, place.ends_at, facts.zone))
    if not when.same_clock(place.starts_at, facts.zone, place.zone):
        yield Row("Session’s zone", when.span(place.starts_at, place.ends_at, place.zone))


def _place_rows(facts: Facts) -> Iterator[Row]:
    place = facts.place
    if place is None:
        return
    if place.location is not LocationKind.VIRTUAL and place.address:
        yield Row("Where", place.address)
    if place.external_url:
        yield Row("Meeting link", place.external_url, place.external_url)
        if place.external_password:
            yield Row("Meeting password", place.external_password)
    elif place.location is not LocationKind.PHYSICAL:
        yield Row("Online", facts.room_url, facts.room_url)


def _rows(facts: Facts, *, place: bool = True) -> tuple[Row, ...]:
    rows = [Row("Session", facts.title), *_time_rows(facts)]
    if place:
        rows += _place_rows(facts)
    if facts.seat:
        rows.append(Row("Seat", facts.seat))
    if facts.owner:
        rows.append(Row("Organiser", facts.owner))
    return tuple(rows)


def _moment(facts: Facts, value: str) -> str:
    return when.moment(datetime.fromisoformat(value), facts.zone)


def _reason_sentence(facts: Facts) -> tuple[str, ...]:
    return ("The organiser wrote:",) if facts.context.get("reason") else ()


def _quote(facts: Facts) -> str:
    return str(facts.context.get("reason") or "")


def _calendar(facts: Facts, *sentences: str) -> tuple[str, ...]:
    """What is true for those only who have a place, and so an entry in their calendar."""
    return sentences if facts.has_place else ()


def _page(facts: Facts) -> Row:
    return Row(_SEE_SESSION, facts.session_url, facts.session_url)


_REGISTERED = "You get this mail because you registered for this session."
_ORGANISED = "You get this mail because somebody organises this session with you."


def _write(
    facts: Facts,
    subject: str,
    *sentences: str,
    preheader: str = "",
    quote: str = "",
    rows: tuple[Row, ...] | None = None,
    action: Row | None = None,
    reason: str = _REGISTERED,
) -> Letter:
    return Letter(
        subject=subject,
        preheader=preheader or _when_short(facts),
        sentences=sentences,
        quote=quote,
        rows=_rows(facts) if rows is None else rows,
        action=action or _page(facts),
        reason=reason,
    )


# --- registration ----------------------------------------------------------------------------------


def _confirmed(facts: Facts) -> Letter:
    return _write(
        facts,
        f"You are registered: {facts.title}",
        f"You have a place in “{facts.title}”.",
        *_opens(facts),
        *_calendar(facts, "A calendar entry is attached."),
        _GIVE_UP,
    )


def _opens(facts: Facts) -> tuple[str, ...]:
    place = facts.place
    if place is None or place.external_url or place.location is LocationKind.PHYSICAL:
        return ()
    if place.opens_before_min == 0:
        return ("The room opens at the start.",)
    return (f"The room opens {_count(place.opens_before_min, 'minute')} before the start.",)


def _requested(facts: Facts) -> Letter:
    return _write(
        facts,
        f"Your request was received: {facts.title}",
        f"You asked for a place in “{facts.title}”.",
        "The organiser decides about it, and you get a mail as soon as that has happened.",
        "You do not have a place yet.",
        rows=_rows(facts, place=False),
        preheader="The organiser decides about your request.",
    )


def _approved(facts: Facts) -> Letter:
    return _write(
        facts,
        f"Your request was approved: {facts.title}",
        f"You now have a place in “{facts.title}”.",
        *_opens(facts),
        *_calendar(facts, "A calendar entry is attached."),
        _GIVE_UP,
    )


def _declined(facts: Facts) -> Letter:
    return _write(
        facts,
        f"Your request was declined: {facts.title}",
        f"You asked for a place in “{facts.title}”, and the organiser could not give you one.",
        *_reason_sentence(facts),
        quote=_quote(facts),
        rows=_rows(facts, place=False),
        preheader="The organiser could not give you a place.",
    )


def _waitlisted(facts: Facts) -> Letter:
    position = int(facts.context["position"])
    standing = "You are next." if position == 1 else f"You are number {position} on the waitlist."
    return _write(
        facts,
        f"You are on the waitlist: {facts.title}",
        f"All seats of “{facts.title}” are taken, and you are on the waitlist.",
        standing,
        "When a seat becomes free for you, you get a mail.",
        "You can leave the waitlist on the session page.",
        rows=_rows(facts, place=False),
        preheader=standing,
    )


def _offered(facts: Facts) -> Letter:
    until = _moment(facts, facts.context["expires_at"])
    return _write(
        facts,
        f"A seat is free for you: {facts.title}",
        f"A seat in “{facts.title}” has become free, and you are the next on the waitlist.",
        f"We keep it for you until {until}.",
        "After that, it goes to the next person.",
        rows=_rows(facts, place=False),
        action=Row("Take the seat", facts.session_url, facts.session_url),
        preheader=f"Please answer by {until}.",
    )


def _offer_expired(facts: Facts) -> Letter:
    return _write(
        facts,
        f"Your offer has expired: {facts.title}",
        f"We kept a seat in “{facts.title}” for you, and the time to take it is over.",
        "The seat goes to the next person on the waitlist.",
        "If you are still interested, you can join the waitlist again on the session page.",
        rows=_rows(facts, place=False),
        preheader="The time to take the seat is over.",
    )


def _role_changed(facts: Facts) -> Letter:
    role = _ROLES.get(str(facts.context["role"]), str(facts.context["role"]))
    if facts.context.get("taken"):
        return _write(
            facts,
            f"Your role has changed: {facts.title}",
            f"You no longer have the role of {role} in “{facts.title}”.",
            preheader=f"You no longer have the role of {role}.",
            reason=_ORGANISED,
        )
    if facts.seat:
        what = "seat" if facts.has_place else "request for a seat"
        sentence = f"Your {what} in “{facts.title}” is now: {facts.seat}."
        return _write(facts, f"Your role has changed: {facts.title}", sentence, preheader=sentence)
    article = "an" if role[0] in "aeiou" else "a"
    sentence = f"You are now {article} {role} of “{facts.title}”."
    return _write(
        facts, f"Your role has changed: {facts.title}", sentence, preheader=sentence, reason=_ORGANISED
    )


def _registration_cancelled(facts: Facts) -> Letter:
    if facts.context.get("by_staff"):
        sentence = f"The organiser has cancelled your registration for “{facts.title}”."
    else:
        sentence = f"You have cancelled your registration for “{facts.title}”."
    return _write(
        facts,
        f"Your registration is cancelled: {facts.title}",
        sentence,
        *_calendar(facts, "The entry is removed from your calendar."),
        *_reason_sentence(facts),
        quote=_quote(facts),
        rows=_rows(facts, place=False),
        preheader="You no longer have a place." if facts.has_place else "You are no longer registered.",
    )


# --- the session -----------------------------------------------------------------------------------


def _session_changed(facts: Facts) -> Letter:
    changes = tuple(filter(None, (_change(facts, change) for change in facts.context["changes"])))
    return _write(
        facts,
        f"Changed: {facts.title}",
        f"The organiser has changed “{facts.title}”.",
        *changes,
        *_calendar(facts, "Your place stays as it is.", "The calendar entry is updated."),
        preheader=changes[0] if changes else "",
    )


def _change(facts: Facts, change: Mapping[str, Any]) -> str:
    what: str = change["what"]
    before: Any = change.get("before")
    after: Any = change.get("after")
    if what == "starts_at":
        return f"It now starts on {_moment(facts, after)} instead of {_moment(facts, before)}."
    if what == "duration":
        return f"It now takes {_count(after, 'minute')} instead of {before}."
    if what == "timezone":
        return f"Its time zone is now {str(after).replace('_', ' ')}."
    if what == "location":
        return _KINDS.get(after) or (
            f"The place is now: {after}." if after else "It no longer has an address."
        )
    return "The meeting link has changed." if what == "link" else ""


_KINDS = {
    LocationKind.PHYSICAL.value: "It now takes place on site.",
    LocationKind.VIRTUAL.value: "It now takes place online.",
    LocationKind.HYBRID.value: "It now takes place on site and online.",
}


def _session_cancelled(facts: Facts) -> Letter:
    if facts.context.get("cause") == "minimum":
        why: tuple[str, ...] = ("Too few people registered for it.",)
    else:
        why = _reason_sentence(facts)
    return _write(
        facts,
        f"Cancelled: {facts.title}",
        f"“{facts.title}” is cancelled.",
        "It does not take place, and you do not need to do anything.",
        *_calendar(facts, "The entry is removed from your calendar."),
        *why,
        quote=_quote(facts),
        rows=_rows(facts, place=False),
        preheader="It does not take place.",
    )


def _reinstated(facts: Facts) -> Letter:
    return _write(
        facts,
        f"It takes place after all: {facts.title}",
        f"“{facts.title}” was cancelled, and now takes place after all.",
        *_calendar(facts, "You still have your place.", "The calendar entry is attached again.", _GIVE_UP),
    )


def _reminder_day(facts: Facts) -> Letter:
    return _write(
        facts,
        f"Reminder: {facts.title}",
        f"“{facts.title}” starts on {_when_short(facts)}.",
        *_opens(facts),
        _GIVE_UP,
    )


def _reminder_hour(facts: Facts) -> Letter:
    action = None
    if facts.place and facts.place.external_url:
        action = Row("Open the meeting", facts.place.external_url, facts.place.external_url)
    elif facts.place and facts.place.location is not LocationKind.PHYSICAL:
        action = Row("Open the room", facts.room_url, facts.room_url)
    return _write(
        facts,
        f"Starts soon: {facts.title}",
        f"“{facts.title}” starts on {_when_short(facts)}.",
        *_opens(facts),
        action=action,
    )


def _invitation(facts: Facts) -> Letter:
    inviter, role = facts.context["inviter"], facts.context.get("role")
    url = f"{facts.site.url}/invitation#{facts.context['token']}"  # a fragment never reaches a log
    sentences = [f"{inviter} invites you to “{facts.title}”."]
    if role and role != "participant":
        shown = _ROLES.get(role, role)
        sentences.append(f"You would come as {'an' if shown[0] in 'aeiou' else 'a'} {shown}.")
    if facts.context.get("expires_at"):
        sentences.append(f"The invitation is valid until {_moment(facts, facts.context['expires_at'])}.")
    if facts.context.get("note"):
        sentences.append(f"{inviter} wrote:")
    return _write(
        facts,
        f"{inviter} invites you: {facts.title}",
        *sentences,
        quote=str(facts.context.get("note") or ""),
        rows=_rows(facts, place=False),
        action=Row("See the invitation", url, url),
        reason="You get this mail because somebody entered your address to invite you.",
    )


# --- afterwards, and in between --------------------------------------------------------------------


def _recording_ready(facts: Facts) -> Letter:
    url = facts.site.url + facts.context["path"]
    return _write(
        facts,
        f"The recording is ready: {facts.title}",
        f"The recording of “{facts.title}” is ready.",
        rows=_rows(facts, place=False),
        action=Row("Watch the recording", url, url),
        preheader="You can watch it now.",
    )


def _feedback(facts: Facts) -> Letter:
    url = facts.site.url + facts.context["path"]
    return _write(
        facts,
        f"How was it? {facts.title}",
        f"You took part in “{facts.title}”.",
        "The organiser would like to know how it was for you.",
        rows=_rows(facts, place=False),
        action=Row("Give feedback", url, url),
        preheader="The organiser would like to know.",
    )


def _message(facts: Facts) -> Letter:
    return _write(
        facts,
        f"{facts.context['subject']} – {facts.title}",
        f"{facts.context['sender']} wrote to the participants of “{facts.title}”:",
        quote=facts.context["text"],
        rows=_rows(facts, place=False),
        preheader=" ".join(facts.context["text"].split())[:120],
    )


def _count(number: Any, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_WRITERS: dict[Kind, Callable[[Facts], Letter]] = {
    Kind.CONFIRMED: _confirmed,
    Kind.REQUESTED: _requested,
    Kind.APPROVED: _approved,
    Kind.DECLINED: _declined,
    Kind.WAITLISTED: _waitlisted,
    Kind.OFFERED: _offered,
    Kind.OFFER_EXPIRED: _offer_expired,
    Kind.ROLE_CHANGED: _role_changed,
    Kind.REGISTRATION_CANCELLED: _registration_cancelled,
    Kind.SESSION_CHANGED: _session_changed,
    Kind.SESSION_CANCELLED: _session_cancelled,
    Kind.REINSTATED: _reinstated,
    Kind.REMINDER_DAY: _reminder_day,
    Kind.REMINDER_HOUR: _reminder_hour,
    Kind.INVITATION: _invitation,
    Kind.RECORDING_READY: _recording_ready,
    Kind.FEEDBACK: _feedback,
    Kind.MESSAGE: _message,
}
