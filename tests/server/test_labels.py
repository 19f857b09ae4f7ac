"""The label of a timeslot and of a session, from the stored axes and the clock (PRODUCT.md 4.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.sessions.rules import Label, Seats, Standing, most_favourable, timeslot_label
from server.sessions.tables import Publication, RegistrationState

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
END = START + timedelta(minutes=45)
BEFORE, DURING, AFTER = START - timedelta(hours=1), START + timedelta(minutes=1), END + timedelta(minutes=1)
PLANNED = Standing(publication=Publication.PUBLISHED, starts_at=START, ends_at=END)
FULL = (Seats(True, 2, 2), Seats(False, 5, 0))


@pytest.mark.parametrize(
    ("now", "changes", "label"),
    [
        (BEFORE, {}, Label.OPEN),
        (DURING, {}, Label.IN_PROGRESS),
        (START, {}, Label.IN_PROGRESS),
        (END, {}, Label.COMPLETED),
        (AFTER, {}, Label.COMPLETED),
        (BEFORE, {"publication": Publication.DRAFT}, Label.DRAFT),
        (DURING, {"publication": Publication.DRAFT}, Label.DRAFT),
        (AFTER, {"publication": Publication.DRAFT}, Label.DRAFT),
        (DURING, {"publication": Publication.CANCELLED, "run_live": True}, Label.CANCELLED),
        (BEFORE, {"cancelled": True}, Label.CANCELLED),
        (BEFORE, {"cancelled": True, "publication": Publication.DRAFT}, Label.CANCELLED),
        # The run
        (BEFORE, {"run_live": True}, Label.IN_PROGRESS),
        (AFTER, {"run_live": True}, Label.IN_PROGRESS),  # overrun
        (DURING, {"run_ended": True}, Label.COMPLETED),  # ended early
        (DURING, {"run_ended": True, "run_live": True}, Label.IN_PROGRESS),  # begun again
        (AFTER, {"run_live": True, "completed": True}, Label.COMPLETED),  # finalised by hand wins
        (BEFORE, {"completed": True}, Label.COMPLETED),
        # Registration
        (BEFORE, {"registration": RegistrationState.CLOSED}, Label.SCHEDULED_CLOSED),
        (BEFORE, {"registration": RegistrationState.CLOSED, "seats": FULL}, Label.SCHEDULED_CLOSED),
        (DURING, {"registration": RegistrationState.CLOSED}, Label.IN_PROGRESS),
        (BEFORE, {"opens_at": BEFORE + timedelta(seconds=1)}, Label.SCHEDULED_CLOSED),
        (BEFORE, {"opens_at": BEFORE}, Label.OPEN),
        (BEFORE, {"closes_at": BEFORE}, Label.SCHEDULED_CLOSED),
        (BEFORE, {"closes_at": BEFORE + timedelta(seconds=1)}, Label.OPEN),
        # Seats
        (BEFORE, {"seats": FULL}, Label.FULL),
        (DURING, {"seats": FULL}, Label.IN_PROGRESS),
        (BEFORE, {"seats": (Seats(True, 2, 1),)}, Label.OPEN),
        (BEFORE, {"seats": (Seats(True, 2, 2), Seats(True, 1, 0))}, Label.OPEN),
        (BEFORE, {"seats": (Seats(True, None, 900),)}, Label.OPEN),
        (BEFORE, {"seats": (Seats(False, 1, 1),)}, Label.OPEN),  # nothing required: never full
        (BEFORE, {"seats": (Seats(True, 2, 3),)}, Label.FULL),
    ],
)
def test_a_timeslot_is_labelled_by_the_first_rule_that_holds(
    now: datetime, changes: dict[str, object], label: Label
) -> None:
    assert timeslot_label(replace(PLANNED, **changes), now) is label  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        ([Label.OPEN], 0),
        ([Label.COMPLETED, Label.FULL, Label.OPEN], 2),
        ([Label.OPEN, Label.IN_PROGRESS], 1),
        ([Label.COMPLETED, Label.COMPLETED], 0),
        ([Label.CANCELLED, Label.SCHEDULED_CLOSED, Label.COMPLETED], 1),
        ([Label.FULL, Label.OPEN, Label.OPEN], 1),
    ],
)
def test_a_session_shows_its_most_favourable_timeslot(labels: list[Label], place: int) -> None:
    assert most_favourable(labels) == place
