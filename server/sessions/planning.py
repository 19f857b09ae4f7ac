"""Makes the rows of a new session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.db.base import new_id
from server.problems import Problem
from server.registrations.payment import PROVIDERS
from server.sessions.conditions import Conditions
from server.sessions.rules import NO_PROVIDER, Talks, default_seats, talk_seats
from server.sessions.tables import SeatKind, Timeslot
from server.sessions.wire import NewSession, NewTimeslot
from signalling.permissions import SessionType


def new_timeslot(
    body: NewTimeslot, zone: str, seats: list[SeatKind], starts_at: datetime | None = None
) -> Timeslot:
    external = body.external_meeting
    return Timeslot(
        id=new_id(),
        slug=new_slug(),
        starts_at=starts_at or body.begins(zone),
        duration_min=body.duration_min,
        timezone=zone,
        location_kind=body.location.kind,
        location_address=body.location.address,
        external_url=external.url if external else None,
        external_password=external.password if external else None,
        seat_kinds=seats,
    )


def new_seats(session_type: SessionType, maximum: int | None, talks: Talks | None = None) -> list[SeatKind]:
    """The seats that come with the type, or with a session of talks."""
    plans = talk_seats(talks) if talks else default_seats(session_type, maximum)
    return [
        SeatKind(
            id=new_id(),
            part=str(plan.part),
            name=plan.name,
            role=plan.role,
            maximum=plan.maximum,
            required=plan.required,
            approval=plan.approval,
            waitlist=plan.waitlist,
            position=position,
        )
        for position, plan in enumerate(plans)
    ]


def talks_of(body: NewSession) -> Talks | None:
    if body.talks is None:
        return None
    return Talks(
        talk_min=body.talks.talk_min,
        qa_min=body.talks.qa_min,
        presenters=body.talks.max_presenters,
        guests=body.talks.max_guests,
        interviewer=body.talks.has_interviewer,
    )


def stored_conditions(conditions: Conditions) -> dict[str, Any]:
    """As they are kept. Raises for a payment provider that there is not."""
    if conditions.price and conditions.price.provider not in PROVIDERS:
        raise Problem(NO_PROVIDER, field="conditions.price.provider")
    return conditions.stored()


def new_slug() -> str:
    """What a room's address ends with, short enough to be read out."""
    letters = new_id()[:12]
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
