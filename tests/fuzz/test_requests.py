"""Bodies, queries and headers of REST requests: any JSON is a body, or a problem that can be sent back."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from server.accounts.rules import email_key, secret_hash
from server.headers import content_security_policy
from server.http import _parse
from server.origins import client_address, same_origin
from server.problems import VALIDATION, Problem
from server.routes import ROUTES
from server.sessions.rules import parse_version
from tests.fuzz.shapes import JSON, nearly

BODIES = {f"{route.method} {route.path}": route.body for route in ROUTES if route.body}
WELL_FORMED: dict[str, Any] = {
    "POST /accounts": {"email": "a@example.org", "password": "long enough", "name": "Ada"},
    "POST /sign-in": {"email": "a@example.org", "password": "whatever"},
    "PATCH /me": {"name": "Ada", "timezone": "Europe/Rome"},
    "POST /me/tokens": {"name": "script"},
    "POST /sessions": {
        "title": "Title",
        "type": "training",
        "description": "Several\nlines",
        "objectives": ["one", "two"],
        "timeslot": {
            "startsAt": "2030-01-01T10:00:00Z",
            "durationMin": 45,
            "timezone": "Europe/Rome",
            "location": {"kind": "hybrid", "address": "Here"},
            "externalMeeting": {"url": "https://meet.example/x", "password": "p"},
        },
        "maxParticipants": 5,
    },
    "PATCH /sessions/{session_id}": {
        "title": "Title",
        "timeslot": {"startsAt": "2030-01-01T10:00:00+14:00", "registrationOpen": False},
        "maxParticipants": None,
    },
    "POST /sessions/{session_id}/cancel": {"reason": "Illness"},
    "POST /sessions/{session_id}/roles": {"email": "a@example.org", "role": "observer"},
    "DELETE /sessions/{session_id}": {"confirm": "Title"},
    "POST /sessions/{session_id}/invitations": {"email": "a@example.org", "part": "guest", "maxUses": 1},
    "POST /sessions/{session_id}/messages": {
        "roles": ["observer"],
        "subject": "Hello",
        "text": "Bring a pen.",
    },
    "POST /sessions/{session_id}/messages/preview": {"statuses": ["pending"]},
    "POST /sessions/{session_id}/overrides": {
        "email": "a@example.org",
        "permission": "chat.send",
        "effect": "deny",
        "reason": "Spam",
    },
    "POST /sessions/{session_id}/timeslots": {
        "startsLocal": "2030-01-01T10:00:00",
        "timezone": "Europe/Rome",
    },
    "PATCH /timeslots/{timeslot_id}": {"durationMin": 30, "autoEndMin": 10},
    "POST /timeslots/preview": {"startsAt": "2030-01-01T10:00:00Z", "recurrence": "FREQ=WEEKLY;COUNT=3"},
    "POST /timeslots/{timeslot_id}/cancel": {"reason": "Illness", "scope": "following"},
    "PUT /timeslots/{timeslot_id}/agenda": {"items": [{"kind": "talk", "title": "One", "plannedMin": 10}]},
    "PUT /timeslots/{timeslot_id}/presenters": {"ids": ["a", "b"]},
    "POST /timeslots/{timeslot_id}/decisions": {"ids": ["a"], "approve": True, "message": "See you"},
    "POST /timeslots/{timeslot_id}/seats": {"part": "guest", "name": "Guest", "max": 5},
    "PATCH /seats/{seat_id}": {"max": 6},
    "PUT /seats/{seat_id}/waitlist": {"ids": ["a"]},
    "POST /timeslots/{timeslot_id}/registrations": {"seatKindId": "x", "answers": {"topics": "Tools"}},
    "POST /timeslots/{timeslot_id}/people": {"email": "a@example.org", "seatKindId": "x"},
    "PATCH /registrations/{registration_id}": {"status": "attended"},
    "PUT /registrations/{registration_id}/answers": {"talkTitle": "One", "questions": "Why?"},
    "POST /registrations/{registration_id}/decision": {"approve": False, "message": "Full"},
    "POST /registrations/{registration_id}/offer": {"accept": True},
    "POST /invitations/open": {"token": "t" * 43},
    "POST /invitations/accept": {"token": "t" * 43},
    "PATCH /site": {"name": "Convene", "premiumHost": True},
    "PUT /site/premium": {"email": "a@example.org", "until": "2030-01-01T10:00:00Z"},
}


def test_every_body_has_a_well_formed_one() -> None:
    assert WELL_FORMED.keys() == BODIES.keys()
    for name, body in WELL_FORMED.items():
        assert BODIES[name].model_validate(body) is not None


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from(sorted(BODIES)))
    return name, draw(nearly(WELL_FORMED[name]) | JSON)


def parsed(model: type[BaseModel], value: Any) -> tuple[BaseModel | None, Problem | None]:
    try:
        return _parse(model, value), None
    except Problem as problem:
        return None, problem


@given(bodies())
def test_a_body_is_read_or_refused_by_name(request: tuple[str, Any]) -> None:
    name, body = request
    read, problem = parsed(BODIES[name], body)
    if problem:
        assert problem.refusal is VALIDATION
        assert problem.response("id").body
    if read is None:
        return
    stored = read.model_dump_json()  # what was accepted can be stored: no half of a surrogate pair …
    if "password" not in body:  # which is hashed, and may hold anything
        assert "\\u0000" not in stored
    if name == "POST /accounts":
        assert len(email_key(read.model_dump()["email"])) <= 254


@given(st.dictionaries(st.sampled_from(["scope", "q", "page", ""]), st.text(max_size=20), max_size=3))
def test_a_query_is_read_or_refused_by_name(query: dict[str, str]) -> None:
    for route in ROUTES:
        if route.query:
            _, problem = parsed(route.query, query)
            assert problem is None or problem.refusal is VALIDATION


HEADER = st.text(max_size=60) | st.sampled_from(
    ["http://[", "http://[::1", "null", "http://a:99999999", "//", "\udcff", 'W/"1"', '"' * 9, "9" * 5000]
)


@given(HEADER, HEADER)
def test_headers_are_taken_as_they_come(one: str, other: str) -> None:
    assert same_origin({"Origin": one, "Host": other + "x"}, None) in (True, False)
    assert isinstance(client_address(one, [other, one], ["0.0.0.0/0", "::/0"]), str)
    policy = content_security_policy(one)
    assert "\n" not in policy
    assert policy.count(";") == content_security_policy("host").count(";")
    version = parse_version(one)
    assert version is None or 0 <= version < 10**9
    assert len(secret_hash("a\udcffb")) == 64
