"""Who may enter a room now, and why not. Pure. The room card shows the answer, the ticket depends on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.problems import AUTH_REQUIRED, Refusal
from server.sessions.rules import Label
from signalling.permissions import Permission, Policy, Subject, explain
from signalling.phases import Phase

ROOM_ENDED = Refusal(403, "room.ended", "This session has ended.")
ROOM_NOT_OPEN = Refusal(403, "room.not_open", "The room is not open yet.")
TOO_LATE = Refusal(403, "room.too_late", "This session has begun, and nobody is let in any more.")
NOT_PUBLISHED = Refusal(403, "room.not_published", "The session is not published yet.")
CANCELLED = Refusal(403, "session.cancelled", "This session was cancelled.")
NOT_REGISTERED = Refusal(403, "registration.required", "Register for this session to join it.")
PENDING = Refusal(403, "registration.pending", "Your registration has not been approved yet.")
NOT_ALLOWED = Refusal(403, "permission.denied", "You can't join this session.")
NO_SUCH_ROOM = Refusal(404, "room.not_found", "There is no such room.")
RESTARTING = Refusal(
    503, "server.restarting", "The server is about to restart. Please try again in a minute."
)
SIGN_IN = Refusal(AUTH_REQUIRED.status, AUTH_REQUIRED.code, "Sign in to join.")


def joining(
    subject: Subject | None,
    policy: Policy,
    label: Label,
    *,
    opens_at: datetime,
    now: datetime,
    late: bool = False,
) -> Refusal | None:
    """None when this person (None: a stranger) may enter. Staff may come before the doors open, and late."""
    if label is Label.CANCELLED:
        return CANCELLED
    if label is Label.COMPLETED:
        return ROOM_ENDED
    if subject is None:
        return SIGN_IN
    if not subject.effective_roles:
        return NOT_REGISTERED
    if label is Label.DRAFT:
        return NOT_PUBLISHED
    if not subject.confirmed:
        return PENDING
    decision = explain(subject, Permission.SESSION_JOIN, policy)
    if not decision.allowed:
        return Refusal(NOT_ALLOWED.status, NOT_ALLOWED.code, decision.message)
    if label is not Label.IN_PROGRESS and now < opens_at and not subject.staff:
        return ROOM_NOT_OPEN
    if late and not subject.staff:
        return TOO_LATE
    return None


def opens_at(starts_at: datetime, before_min: int) -> datetime:
    return starts_at - timedelta(minutes=before_min)


def phase(live: Phase | None, label: Label, *, run_live: bool) -> Phase:
    """The phase to show: the hub's while it knows the room, else what the database says."""
    if live is not None:
        return live
    if label is Label.COMPLETED:
        return Phase.ENDED
    return Phase.LIVE if run_live else Phase.IDLE
