"""Applies an edit to a session and its timeslot, and says what changed."""

from __future__ import annotations

from typing import Any

from server.problems import Problem
from server.sessions.load import Occupancy
from server.sessions.rules import SEATS_TAKEN
from server.sessions.tables import RegistrationState, SeatKind, Session, Timeslot
from server.sessions.wire import SessionChange, TimeslotChange
from signalling.permissions import Part

Values = dict[str, Any]
_CLEARABLE = frozenset({"custom_type", "external_url", "external_password", "location_address"})


def apply(
    session: Session, slot: Timeslot, change: SessionChange, occupancy: Occupancy
) -> tuple[Values, Values]:
    """Changes both in place. Returns the values before and after, of what really changed, as plain JSON."""
    before: Values = {}
    after: Values = {}
    own: Values = {
        name: getattr(change, name)
        for name in ("title", "description", "objectives", "custom_type")
        if name in change.model_fields_set
    }
    _assign(session, own, before, after)
    if change.timeslot:
        _assign(slot, _timeslot_values(change.timeslot), before, after)
    if change.max_participants is not None:
        kind = next(kind for kind in slot.seat_kinds if kind.part == Part.GUEST)
        taken = occupancy.taken.get(kind.id, 0)
        if change.max_participants < taken:
            raise Problem(SEATS_TAKEN, field="maxParticipants", taken=taken)
        _assign(kind, {"maximum": change.max_participants}, before, after)
    return before, after


def _timeslot_values(change: TimeslotChange) -> Values:
    given = change.model_fields_set
    values: Values = {
        name: getattr(change, name) for name in ("starts_at", "duration_min", "timezone") if name in given
    }
    if change.location:
        values |= {"location_kind": change.location.kind, "location_address": change.location.address}
    if "external_meeting" in given:
        meeting = change.external_meeting
        values |= {
            "external_url": meeting.url if meeting else None,
            "external_password": meeting.password if meeting else None,
        }
    if change.registration_open is not None:
        values["registration_state"] = (
            RegistrationState.OPEN if change.registration_open else RegistrationState.CLOSED
        )
    return values


def _assign(target: Session | Timeslot | SeatKind, values: Values, before: Values, after: Values) -> None:
    """Null leaves alone what cannot be without a value."""
    for name, value in values.items():
        old = getattr(target, name)
        if value == old or (value is None and name not in _CLEARABLE):
            continue
        setattr(target, name, value)
        secret = name == "external_password"
        before[name] = "***" if secret else _plain(old)
        after[name] = "***" if secret else _plain(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
