"""Makes the rows of a new session."""

from __future__ import annotations

from server.db.base import new_id
from server.sessions.rules import default_seats
from server.sessions.tables import SeatKind, Timeslot
from server.sessions.wire import NewTimeslot
from signalling.permissions import SessionType


def new_timeslot(body: NewTimeslot, zone: str, seats: list[SeatKind]) -> Timeslot:
    external = body.external_meeting
    return Timeslot(
        id=new_id(),
        slug=new_slug(),
        starts_at=body.starts_at,
        duration_min=body.duration_min,
        timezone=zone,
        location_kind=body.location.kind,
        location_address=body.location.address,
        external_url=external.url if external else None,
        external_password=external.password if external else None,
        seat_kinds=seats,
    )


def new_seats(session_type: SessionType, maximum: int | None) -> list[SeatKind]:
    """The seats that come with the type."""
    return [
        SeatKind(
            id=new_id(),
            part=str(plan.part),
            name=plan.name,
            role=plan.role,
            maximum=plan.maximum,
            required=plan.required,
            approval=plan.approval,
            position=position,
        )
        for position, plan in enumerate(default_seats(session_type, maximum))
    ]


def new_slug() -> str:
    """What a room's address ends with, short enough to be read out."""
    letters = new_id()[:12]
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
