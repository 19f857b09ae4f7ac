"""How a session stands, who may register for which seat by default, what an edit may touch. Pure: values and
`now` in.

Three axes are stored (publication, registration, live run); the label is derived from them and never stored
(PRODUCT.md 4.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.problems import Refusal
from server.sessions.tables import Publication, RegistrationState, WaitlistMode
from signalling.permissions import Part, Role, SessionType

NO_SUCH_SESSION = Refusal(404, "session.not_found", "There is no such session, or you may not see it.")
VERSION_CONFLICT = Refusal(
    412,
    "version.conflict",
    "Somebody else changed this in the meantime. Load it again and repeat your change.",
)
VERSION_REQUIRED = Refusal(428, "version.required", "Send the version you are changing in If-Match.")
CANNOT_DELETE = Refusal(
    409, "session.has_registrations", "People have registered. Cancel the session instead of deleting it."
)
NOT_CONFIRMED = Refusal(422, "session.not_confirmed", "Type the title to confirm that it is to be deleted.")
PUBLIC_INVITE = Refusal(
    422, "session.public_invite", "What everybody can see cannot be invite only. Make it private first."
)
NO_PROVIDER = Refusal(422, "payment.no_provider", "There is no such payment provider.")
BAD_RULE = Refusal(422, "timeslot.recurrence", "This is not a rule by which a timeslot can repeat.")
NO_SUCH_TIME = Refusal(422, "timeslot.no_such_time", "The clocks skip this time on that day.")
BAD_WINDOW = Refusal(422, "timeslot.window", "These times do not go together.")
NOT_PUBLISHED = Refusal(409, "session.not_published", "The session is not published.")
CREATING_DENIED = Refusal(403, "session.creating_denied", "Your account may not create sessions.")
NOT_STARTED = Refusal(409, "timeslot.not_started", "It has not started yet. Cancel it instead of ending it.")
SEATS_TAKEN = Refusal(409, "seats.taken", "More seats than that are taken already.")
ROLE_TOO_HIGH = Refusal(403, "role.ceiling", "You may not give or take this role.")
ALREADY_EXPIRED = Refusal(422, "role.expired", "That time is over already.")
ROLE_EXISTS = Refusal(409, "role.exists", "They have this role already.")
NO_SUCH_ROLE = Refusal(404, "role.not_found", "There is no such role assignment.")
NO_SUCH_ACCOUNT = Refusal(404, "account.not_found", "There is no account with this email address.")


class Label(StrEnum):
    DRAFT = "Draft"
    OPEN = "Open"
    FULL = "Full"
    SCHEDULED_CLOSED = "Scheduled closed"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"


@dataclass(frozen=True, slots=True)
class Seats:
    """One seat kind as it stands; ``maximum`` None is without limit."""

    required: bool
    maximum: int | None
    taken: int

    @property
    def full(self) -> bool:
        return self.maximum is not None and self.taken >= self.maximum


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a timeslot's label depends on, but the time."""

    publication: Publication
    starts_at: datetime
    ends_at: datetime
    registration: RegistrationState = RegistrationState.OPEN
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    cancelled: bool = False
    completed: bool = False  # stamped by hand: an organiser finalised it
    run_live: bool = False
    run_ended: bool = False  # one has ended; another may be open
    seats: tuple[Seats, ...] = ()


def timeslot_label(state: Standing, now: datetime) -> Label:
    """PRODUCT.md 4.1: precedence from the top."""
    if state.publication is Publication.CANCELLED or state.cancelled:
        return Label.CANCELLED
    if state.publication is Publication.DRAFT:
        return Label.DRAFT
    return _label_by_time(state, now) or _label_by_seats(state, now)


def _label_by_time(state: Standing, now: datetime) -> Label | None:
    if state.completed:
        return Label.COMPLETED
    if state.run_live:
        return Label.IN_PROGRESS  # also past the planned end, while people are there
    if state.run_ended or state.ends_at <= now:
        return Label.COMPLETED
    return Label.IN_PROGRESS if state.starts_at <= now else None


def _label_by_seats(state: Standing, now: datetime) -> Label:
    if not registration_open(state, now):
        return Label.SCHEDULED_CLOSED
    required = [seats for seats in state.seats if seats.required]
    return Label.FULL if required and all(seats.full for seats in required) else Label.OPEN


def registration_open(state: Standing, now: datetime) -> bool:
    """The registration axis alone: whether it is open and within its window."""
    return (
        state.registration is RegistrationState.OPEN
        and (state.opens_at is None or state.opens_at <= now)
        and (state.closes_at is None or now < state.closes_at)
    )


# Most favourable first: what a session with several timeslots shows for itself.
_FAVOUR = (
    Label.IN_PROGRESS,
    Label.OPEN,
    Label.FULL,
    Label.SCHEDULED_CLOSED,
    Label.DRAFT,
    Label.COMPLETED,
    Label.CANCELLED,
)


def most_favourable(labels: Iterable[Label]) -> int:
    """The place of the label that stands for all; of equals the first (give them in order of time)."""
    ranks = [_FAVOUR.index(label) for label in labels]
    return ranks.index(min(ranks))


OVER = frozenset({Label.COMPLETED, Label.CANCELLED})


# --- what a new session starts with ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SeatPlan:
    part: str
    name: str
    role: Role
    maximum: int | None
    required: bool
    approval: bool = False
    waitlist: WaitlistMode = WaitlistMode.OFFER


@dataclass(frozen=True, slots=True)
class Talks:
    """A session of talks (M1): how long each is, and how many seats there are of which kind."""

    talk_min: int = 10
    qa_min: int = 5
    presenters: int = 3
    guests: int = 5
    interviewer: bool = False


DEFAULT_DURATION_MIN = 45  # M1
DEFAULT_ZONE = "America/New_York"  # M1
_DEFAULT_MAXIMUM = {
    SessionType.TRAINING: 30,
    SessionType.COACHING: 4,
    SessionType.WORKSHOP: 20,
    SessionType.BUDDY_MEETING: 2,
    SessionType.FOCUS_WORK: 20,
    SessionType.CUSTOM: 20,
}
OBSERVER_PART = "observer"


def default_seats(session_type: SessionType, maximum: int | None) -> list[SeatPlan]:
    """The seats of a new timeslot; ``maximum`` is that of participants (S11).

    The host's seat is given by an organiser, not taken (so it needs approval), and does not keep a session
    from being full. A buddy meeting has two equal parties, no host and no audience (S6).
    """
    participants = SeatPlan(
        Part.GUEST, "Participant", Role.PARTICIPANT, maximum or _DEFAULT_MAXIMUM[session_type], required=True
    )
    if session_type is SessionType.BUDDY_MEETING:
        return [participants]
    return [
        SeatPlan(Part.HOST, "Host", Role.FACILITATOR, 1, required=False, approval=True),
        participants,
        SeatPlan(OBSERVER_PART, "Observer", Role.OBSERVER, None, required=False),
    ]


def talk_seats(talks: Talks) -> list[SeatPlan]:
    """M16: one host, presenters in order, an interviewer by toggle, guests; all required (M7)."""
    seats = [
        SeatPlan(Part.HOST, "Host", Role.FACILITATOR, 1, required=True),
        SeatPlan(Part.PRESENTER, "Presenter", Role.PARTICIPANT, talks.presenters, required=True),
    ]
    if talks.interviewer:
        seats.append(SeatPlan(Part.INTERVIEWER, "Interviewer", Role.PARTICIPANT, 1, required=True))
    seats.append(SeatPlan(Part.GUEST, "Guest", Role.PARTICIPANT, talks.guests, required=True))
    return seats


# --- editing ---------------------------------------------------------------------------------------

PROGRAMME_FIELDS = frozenset({"title", "description", "objectives"})
"""What a facilitator may edit too (note m); time, place, seats and registration stay with the organiser."""


def parse_version(if_match: str | None) -> int | None:
    """The version in an If-Match header, or None where there is none that can be read."""
    text = (if_match or "").strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
