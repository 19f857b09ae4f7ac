"""Who may enter a room when, and what the door says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from server.problems import Refusal
from server.rooms import rules
from server.sessions.rules import Label
from signalling.permissions import Overrides, Permission, Policy, Role, Subject

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
DOORS = rules.opens_at(START, 15)
EARLY = DOORS - timedelta(seconds=1)
PARTICIPANT = Subject(roles=frozenset({Role.PARTICIPANT}))
OBSERVER = Subject(roles=frozenset({Role.OBSERVER}))
STAFF = Subject(roles=frozenset({Role.CO_FACILITATOR}))
OWNER = Subject(roles=frozenset(), owner=True)
NOBODY = Subject(roles=frozenset())
PENDING = Subject(roles=frozenset({Role.PARTICIPANT}), confirmed=False)
BARRED = Subject(
    roles=frozenset({Role.PARTICIPANT}),
    overrides=Overrides(denies=frozenset({Permission.SESSION_JOIN})),
)


@pytest.mark.parametrize(
    ("subject", "code"),
    [(PARTICIPANT, "room.too_late"), (STAFF, None), (OWNER, None), (None, "auth.required")],
)
def test_late(subject: Subject | None, code: str | None) -> None:
    refused = rules.joining(subject, Policy(), Label.IN_PROGRESS, opens_at=DOORS, now=START, late=True)
    assert (refused.code if refused else None) == code


@pytest.mark.parametrize(
    ("subject", "label", "now", "code"),
    [
        (PARTICIPANT, Label.OPEN, DOORS, None),
        (OBSERVER, Label.OPEN, DOORS, None),
        (PARTICIPANT, Label.IN_PROGRESS, START, None),
        (PARTICIPANT, Label.IN_PROGRESS, EARLY, None),  # the host began early
        (PARTICIPANT, Label.OPEN, EARLY, "room.not_open"),
        (OBSERVER, Label.FULL, EARLY, "room.not_open"),
        (STAFF, Label.OPEN, EARLY, None),
        (OWNER, Label.SCHEDULED_CLOSED, EARLY, None),
        (NOBODY, Label.IN_PROGRESS, START, "registration.required"),
        (None, Label.IN_PROGRESS, START, "auth.required"),
        (None, Label.COMPLETED, START, "room.ended"),
        (STAFF, Label.COMPLETED, START, "room.ended"),
        (OWNER, Label.CANCELLED, START, "session.cancelled"),
        (OWNER, Label.DRAFT, START, "room.not_published"),
        (PENDING, Label.IN_PROGRESS, START, "registration.pending"),
        (BARRED, Label.IN_PROGRESS, START, "permission.denied"),
    ],
)
def test_the_door(subject: Subject | None, label: Label, now: datetime, code: str | None) -> None:
    refused: Refusal | None = rules.joining(subject, Policy(), label, opens_at=DOORS, now=now)
    assert (refused.code if refused else None) == code
