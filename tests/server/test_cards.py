"""A card that was kept is the one that would be made anew, whatever has changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from server.call import LiveRooms
from server.sessions.cards import Cards
from server.sessions.listed import ListedSeat, ListedSession, ListedSlot
from server.sessions.load import Occupancy, Person, Runs
from server.sessions.tables import (
    Condition,
    LocationKind,
    OwnerKind,
    Publication,
    RegistrationState,
    Visibility,
    WaitlistMode,
)
from server.sessions.views import Shown, Viewer, card
from server.sessions.wire import SessionCard
from signalling.permissions import Role, SessionType
from signalling.phases import Phase

NOW = datetime(2030, 5, 1, tzinfo=UTC)
SEAT = ListedSeat("seat", "guest", "Guest", Role.PARTICIPANT, 0, 2, True, False, WaitlistMode.OFFER, None)
SLOT = ListedSlot(
    id="slot",
    slug="abcd-efgh",
    starts_at=NOW + timedelta(hours=1),
    duration_min=60,
    timezone="Europe/Paris",
    location_kind=LocationKind.VIRTUAL,
    location_address=None,
    external_url=None,
    external_password=None,
    registration_state=RegistrationState.OPEN,
    registration_opens_at=None,
    registration_closes_at=NOW + timedelta(minutes=30),
    registration_cancel_by=None,
    room_opens_before_min=15,
    auto_end_min=None,
    late_entry_min=None,
    minimum=None,
    minimum_by=None,
    series_id=None,
    recurrence=None,
    cancelled_at=None,
    cancelled_reason=None,
    seat_kinds=(SEAT,),
)
SESSION = ListedSession(
    id="session",
    owner_kind=OwnerKind.ACCOUNT,
    owner_id="owner",
    type=SessionType.WORKSHOP,
    custom_type=None,
    title="Chess for beginners",
    description="What it is about.",
    publication=Publication.PUBLISHED,
    visibility=Visibility.PUBLIC,
    join_condition=Condition.FREE,
    completed_at=None,
    policy={},
    owner_name="Ana",
    timeslots=(SLOT,),
)


class Rooms:
    def __init__(self, phase: Phase | None) -> None:
        self._phase = phase

    def phase(self, timeslot_id: str) -> Phase | None:
        return self._phase


@dataclass(frozen=True)
class Moment:
    """All that a card depends on, at some time."""

    session: ListedSession = SESSION
    taken: int = 0
    waiting: int = 0
    live: bool = False
    phase: Phase | None = None
    now: datetime = NOW
    person: Person | None = None
    slots: dict[str, Any] = field(default_factory=dict)

    def seen(self, make: Callable[..., SessionCard]) -> SessionCard:
        session = self.session
        if self.slots:
            session = session._replace(timeslots=(SLOT._replace(**self.slots),))
        state = Occupancy({"seat": self.taken}, {"slot": Runs(live=self.live)}, {"seat": self.waiting})
        rooms = cast("LiveRooms", Rooms(self.phase))
        return make(
            session, Shown(session, state, session.owner_name, rooms), Viewer(None, self.person, self.now)
        )


CHANGES = {
    "title": Moment(session=SESSION._replace(title="Go for beginners")),
    "cancelled": Moment(session=SESSION._replace(publication=Publication.CANCELLED)),
    "condition": Moment(session=SESSION._replace(join_condition=Condition.ASK)),
    "completed": Moment(session=SESSION._replace(completed_at=NOW)),
    "later": Moment(slots={"starts_at": NOW + timedelta(hours=2)}),
    "seats": Moment(slots={"seat_kinds": (SEAT._replace(maximum=3),)}),
    "timeslot called off": Moment(slots={"cancelled_at": NOW, "cancelled_reason": "Ill"}),
    "registration closed": Moment(slots={"registration_state": RegistrationState.CLOSED}),
    "somewhere else": Moment(slots={"external_url": "https://meet.example.org/1"}),
    "one seat taken": Moment(taken=1),
    "full": Moment(taken=2),
    "somebody waits": Moment(taken=1, waiting=1),
    "running": Moment(live=True),
    "in the lobby": Moment(phase=Phase.LOBBY),
    "new name of the owner": Moment(session=SESSION._replace(owner_name="Anabel")),
    "past the deadline": Moment(now=NOW + timedelta(minutes=40)),
    "begun": Moment(now=NOW + timedelta(minutes=70)),
    "over": Moment(now=NOW + timedelta(hours=3)),
    "the owner looks": Moment(person=Person("owner", owner=True)),
}


def anew(session: ListedSession, shown: Shown, viewer: Viewer) -> SessionCard:
    return card(shown, viewer)


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_seen_at_once(change: str) -> None:
    cards = Cards()

    def kept(session: ListedSession, shown: Shown, viewer: Viewer) -> SessionCard:
        return cards.card(session, shown, viewer, None)

    before, after = Moment(), CHANGES[change]
    assert before.seen(kept) == before.seen(anew)
    assert after.seen(kept) == after.seen(anew)
    assert after.seen(anew) != before.seen(anew) or change == "somewhere else"
    assert before.seen(kept) is before.seen(kept)


def test_who_has_no_part_in_a_session_sees_what_strangers_see() -> None:
    cards = Cards()

    def kept(session: ListedSession, shown: Shown, viewer: Viewer) -> SessionCard:
        return cards.card(session, shown, viewer, None)

    somebody = replace(Moment(), person=Person("somebody"))
    assert somebody.seen(kept) is Moment().seen(kept)
    assert somebody.seen(kept) == somebody.seen(anew)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    cards = Cards(capacity=2)

    def kept(session: ListedSession, shown: Shown, viewer: Viewer) -> SessionCard:
        return cards.card(session, shown, viewer, None)

    first = Moment().seen(kept)
    Moment(taken=1).seen(kept)
    assert Moment().seen(kept) is first
    Moment(taken=2).seen(kept)
    assert Moment().seen(kept) is first  # asked for last, so the other one went
    Moment(taken=1).seen(kept)
    Moment(taken=2).seen(kept)
    assert Moment().seen(kept) is not first
