"""Applies an edit to a session and its timeslot, and says what changed."""

from __future__ import annotations

from typing import Any

from server.problems import Problem, Refusal
from server.sessions.load import Occupancy
from server.sessions.planning import stored_conditions
from server.sessions.rules import BAD_WINDOW, PUBLIC_INVITE, SEATS_TAKEN
from server.sessions.tables import Condition, RegistrationState, SeatKind, Session, Timeslot, Visibility
from server.sessions.wire import SessionChange, TimeslotChange, begins
from signalling.permissions import Part

Values = dict[str, Any]
_OWN = (
    "title",
    "description",
    "objectives",
    "custom_type",
    "visibility",
    "join_condition",
    "talk_min",
    "qa_min",
)
_TIMESLOT_COLUMNS = {
    "starts_at": "starts_at",
    "duration_min": "duration_min",
    "timezone": "timezone",
    "registration_opens_at": "registration_opens_at",
    "registration_closes_at": "registration_closes_at",
    "cancel_by": "registration_cancel_by",
    "minimum": "minimum",
    "minimum_by": "minimum_by",
    "room_opens_before_min": "room_opens_before_min",
    "auto_end_min": "auto_end_min",
    "late_entry_min": "late_entry_min",
}
_CLEARABLE = frozenset(
    {
        "custom_type",
        "external_url",
        "external_password",
        "location_address",
        "registration_opens_at",
        "registration_closes_at",
        "registration_cancel_by",
        "minimum",
        "minimum_by",
        "auto_end_min",
        "late_entry_min",
    }
)
NO_GUESTS = Refusal(409, "seats.no_guests", "This timeslot has no seat for participants. Edit its seats.")


def apply(
    session: Session, slot: Timeslot, change: SessionChange, occupancy: Occupancy
) -> tuple[Values, Values]:
    """Changes both in place. Returns the values before and after, of what really changed, as plain JSON."""
    before: Values = {}
    after: Values = {}
    own: Values = {name: getattr(change, name) for name in _OWN if name in change.model_fields_set}
    if change.conditions is not None:
        own["conditions"] = stored_conditions(change.conditions)
    _assign(session, own, before, after)
    if session.visibility is Visibility.PUBLIC and session.join_condition is Condition.INVITE:
        raise Problem(PUBLIC_INVITE, field="visibility" if "visibility" in after else "joinCondition")
    if change.timeslot:
        apply_to_timeslot(slot, change.timeslot, before, after)
    if change.max_participants is not None:
        kind = next((kind for kind in slot.seat_kinds if kind.part == Part.GUEST), None)
        if kind is None:
            raise Problem(NO_GUESTS, field="maxParticipants")
        taken = occupancy.taken.get(kind.id, 0)
        if change.max_participants < taken:
            raise Problem(SEATS_TAKEN, field="maxParticipants", taken=taken)
        _assign(kind, {"maximum": change.max_participants}, before, after)
    return before, after


def apply_to_timeslot(slot: Timeslot, change: TimeslotChange, before: Values, after: Values) -> None:
    """As `apply`, of one timeslot. Raises for times that do not go together."""
    _assign(slot, _timeslot_values(slot, change), before, after)
    opens, closes = slot.registration_opens_at, slot.registration_closes_at
    if opens and closes and closes <= opens:
        raise Problem(BAD_WINDOW, "Registration closes before it opens.", field="registrationClosesAt")
    if slot.minimum_by and slot.minimum_by > slot.starts_at:
        raise Problem(BAD_WINDOW, "The minimum is looked at after the start.", field="minimumBy")
    if slot.minimum and not slot.minimum_by:
        raise Problem(BAD_WINDOW, "Say when the minimum is looked at.", field="minimumBy")
    if "minimum" in after or "minimum_by" in after:
        slot.minimum_checked_at = None


def _timeslot_values(slot: Timeslot, change: TimeslotChange) -> Values:
    given = change.model_fields_set
    values: Values = {
        column: getattr(change, name) for name, column in _TIMESLOT_COLUMNS.items() if name in given
    }
    if change.starts_local:
        zone = change.timezone or slot.timezone
        values["starts_at"] = begins(change.starts_at, change.starts_local, change.later, zone)
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
