"""One mail of every kind, as facts: what the tests of words, layout and looks are made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from server.mail.facts import Facts, Place, Reader, Site
from server.mail.tables import Kind
from server.sessions.tables import LocationKind

SITE = Site(
    url="https://meet.example",
    name="Meet Example",
    tagline="Learning together",
    contact="hello@meet.example",
    address="1 Example Street\n75001 Paris",
)
# 8 March 2026 is the day on which clocks change in New York, and not yet in Paris.
PLACE = Place(
    timeslot_id="t1",
    slug="abcd-efgh-ijkl",
    starts_at=datetime(2026, 3, 12, 14, 0, tzinfo=UTC),
    ends_at=datetime(2026, 3, 12, 15, 30, tzinfo=UTC),
    zone="America/New_York",
    location=LocationKind.VIRTUAL,
)

CONTEXTS: dict[Kind, dict[str, Any]] = {
    Kind.DECLINED: {"reason": "The group is complete.\nPlease come next time."},
    Kind.WAITLISTED: {"position": 3},
    Kind.OFFERED: {"expires_at": "2026-03-11T14:00:00+00:00"},
    Kind.ROLE_CHANGED: {"role": "facilitator"},
    Kind.REGISTRATION_CANCELLED: {"by_staff": True},
    Kind.SESSION_CHANGED: {
        "changes": [
            {
                "what": "starts_at",
                "before": "2026-03-12T13:00:00+00:00",
                "after": "2026-03-12T14:00:00+00:00",
            },
            {"what": "duration", "before": 60, "after": 90},
            {"what": "location", "before": "physical", "after": "virtual"},
            {"what": "link", "before": None, "after": "https://zoom.example/1"},
        ]
    },
    Kind.SESSION_CANCELLED: {"reason": "The speaker is ill."},
    Kind.INVITATION: {
        "role": "observer",
        "token": "s3cret",
        "inviter": "Ada",
        "note": "I think you would like it.",
        "expires_at": "2026-03-10T14:00:00+00:00",
    },
    Kind.RECORDING_READY: {"path": "/recordings/r1"},
    Kind.FEEDBACK: {"path": "/sessions/s1/feedback"},
    Kind.MESSAGE: {
        "sender": "Ada",
        "subject": "Please bring a pen",
        "text": "Dear all,\n\nplease bring a pen & paper.\n\nAda",
    },
}


def facts(kind: Kind, **changes: Any) -> Facts:
    sample = Facts(
        kind=kind,
        site=SITE,
        reader=Reader("mia@example.org", "Mia", "Europe/Paris"),
        session_id="s1",
        title="Listening well",
        owner="Ada",
        place=PLACE,
        seat="" if kind in (Kind.INVITATION, Kind.ROLE_CHANGED) else "Guest",
        has_place=True,
        context=CONTEXTS.get(kind, {}),
    )
    return replace(sample, **changes)
