"""Sessions as they travel: the bodies of requests and the shapes of answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from server.accounts.handlers import Email
from server.fields import (
    Answer,
    Body,
    Instant,
    Line,
    LocalTime,
    Name,
    Prose,
    Title,
    WireTime,
    Zone,
    no_controls,
)
from server.problems import Problem
from server.registrations.tables import Status
from server.sessions.conditions import Conditions
from server.sessions.recurrence import NoSuchTime, instant
from server.sessions.rules import DEFAULT_DURATION_MIN, NO_SUCH_TIME, Label
from server.sessions.tables import (
    Condition,
    LocationKind,
    Publication,
    RegistrationState,
    Visibility,
    WaitlistMode,
)
from signalling.messages import Permit
from signalling.permissions import Permission, Role, SessionType
from signalling.phases import Phase

Minutes = Annotated[int, Field(ge=5, le=24 * 60)]
MaxParticipants = Annotated[int, Field(ge=1, le=10_000)]
Objectives = Annotated[list[Annotated[Line, StringConstraints(min_length=1)]], Field(max_length=20)]
Search = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), no_controls]


# --- requests --------------------------------------------------------------------------------------


class LocationBody(Body):
    kind: LocationKind
    address: Line | None = None


class ExternalMeeting(Body):
    """A meeting held elsewhere (M2); ``url`` is shown to confirmed people only and never fetched by us."""

    url: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^https?://[^\s]+$")
    ]
    password: Line | None = None


def begins(starts_at: datetime | None, starts_local: datetime | None, later: bool, zone: str) -> datetime:
    """The moment meant by either. Raises for a time on the clock that the clocks skip."""
    if starts_local is None:
        assert starts_at is not None, "one of the two is given"  # noqa: S101
        return starts_at
    try:
        return instant(starts_local.replace(fold=1 if later else 0), zone)
    except NoSuchTime as error:
        raise Problem(NO_SUCH_TIME, f"{error}.", field="startsLocal") from error


class NewTimeslot(Body):
    """The start is a moment, or ``startsLocal``: what the clocks of the zone show. Of a time that comes twice
    the first is meant, or with ``later`` the second.
    """

    starts_at: Instant | None = None
    starts_local: LocalTime | None = None
    later: bool = False
    duration_min: Minutes = DEFAULT_DURATION_MIN
    timezone: Zone | None = None
    location: LocationBody = LocationBody(kind=LocationKind.VIRTUAL)
    external_meeting: ExternalMeeting | None = None

    @model_validator(mode="after")
    def _starts_somehow(self) -> NewTimeslot:
        if (self.starts_at is None) == (self.starts_local is None):
            raise ValueError("startsAt: give this or startsLocal")
        return self

    def begins(self, zone: str) -> datetime:
        return begins(self.starts_at, self.starts_local, self.later, zone)


class TalksBody(Body):
    """A session of talks (M1): it brings its own seats, and its agenda follows from the presenters."""

    talk_min: Annotated[int, Field(ge=1, le=240)] = 10
    qa_min: Annotated[int, Field(ge=0, le=240)] = 5
    max_presenters: Annotated[int, Field(ge=1, le=50)] = 3
    max_guests: Annotated[int, Field(ge=1, le=10_000)] = 5
    has_interviewer: bool = False


class NewSession(Body):
    title: Title
    type: SessionType
    custom_type: Name | None = None
    description: Prose = ""
    objectives: Objectives = Field(default_factory=list)
    timeslot: NewTimeslot
    max_participants: MaxParticipants | None = None
    talks: TalksBody | None = None
    visibility: Visibility = Visibility.PUBLIC
    join_condition: Condition = Condition.FREE
    conditions: Conditions = Conditions()

    @model_validator(mode="after")
    def _open_to_the_public(self) -> NewSession:
        if self.visibility is Visibility.PUBLIC and self.join_condition is Condition.INVITE:
            raise ValueError("joinCondition: what everybody can see cannot be invite only")
        return self

    @model_validator(mode="after")
    def _custom_has_a_name(self) -> NewSession:
        if self.type is SessionType.CUSTOM and not self.custom_type:
            raise ValueError("customType: a custom session names its type")
        return self


class TimeslotChange(Body):
    """Of a session's first timeslot; what is left out stays, null takes away what can be taken away.

    ``lateEntryMin``: how long after the start people may still come in for the first time.
    """

    starts_at: Instant | None = None
    starts_local: LocalTime | None = None
    later: bool = False
    duration_min: Minutes | None = None
    timezone: Zone | None = None
    location: LocationBody | None = None
    external_meeting: ExternalMeeting | None = None
    registration_open: bool | None = None
    registration_opens_at: Instant | None = None
    registration_closes_at: Instant | None = None
    cancel_by: Instant | None = None
    minimum: Annotated[int, Field(ge=1, le=10_000)] | None = None
    minimum_by: Instant | None = None
    room_opens_before_min: Annotated[int, Field(ge=0, le=24 * 60)] | None = None
    auto_end_min: Annotated[int, Field(ge=1, le=24 * 60)] | None = None
    late_entry_min: Annotated[int, Field(ge=0, le=24 * 60)] | None = None


class SessionChange(Body):
    title: Title | None = None
    description: Prose | None = None
    objectives: Objectives | None = None
    custom_type: Name | None = None
    timeslot: TimeslotChange | None = None
    max_participants: MaxParticipants | None = None
    talk_min: Annotated[int, Field(ge=1, le=240)] | None = None
    qa_min: Annotated[int, Field(ge=0, le=240)] | None = None
    visibility: Visibility | None = None
    join_condition: Condition | None = None
    conditions: Conditions | None = None


class Cancellation(Body):
    reason: Prose | None = None


class NewRole(Body):
    """In all timeslots or in one, for good or until some time."""

    email: Email
    role: Role
    timeslot_id: Annotated[str, Field(max_length=32)] | None = None
    expires_at: Instant | None = None


class Deletion(Body):
    """``confirm`` is the title, typed; needed where people have registered."""

    confirm: str | None = None


class SessionQuery(Body):
    """``past`` starts with the latest, the others with the next to come; ``mine`` has an entry for each of
    one's timeslots. ``since`` and ``until`` are about when a timeslot starts, ``format`` where;
    ``free`` leaves out what has no seats. ``cursor`` is the ``next`` of the page before; a page may be short.
    """

    scope: Annotated[str, StringConstraints(pattern=r"^(upcoming|past|mine)$")] = "upcoming"
    q: Search = ""
    type: SessionType | None = None
    condition: Condition | None = None
    format: LocationKind | None = None
    free: bool = False
    since: Instant | None = None
    until: Instant | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: Annotated[int, Field(ge=0, le=1_000_000)] = 0


# --- answers ---------------------------------------------------------------------------------------


class LocationInfo(Answer):
    kind: LocationKind
    address: str | None


class ExternalMeetingInfo(Answer):
    url: str
    password: str | None


class May(Answer):
    """Whether something can be done now, and if not why: a stable code and a sentence."""

    allowed: bool
    code: str | None = None
    message: str = ""


class TimeslotInfo(Answer):
    """``external_meeting`` only for those who may see the details; ``register`` as it stands for who asks;
    ``own_registration`` is theirs, if it was not given up.

    ``registration_state`` is what the organiser set, ``registration_open`` what follows from it now.
    """

    id: str
    slug: str
    starts_at: WireTime
    ends_at: WireTime
    duration_min: int
    timezone: str
    location: LocationInfo
    phase: Phase
    label: Label
    registration_state: RegistrationState
    registration_open: bool
    registration_opens_at: WireTime | None
    registration_closes_at: WireTime | None
    cancel_by: WireTime | None
    minimum: int | None
    minimum_by: WireTime | None
    room_opens_before_min: int
    auto_end_min: int | None
    late_entry_min: int | None
    series_id: str | None
    recurrence: str | None
    cancelled_reason: str | None
    seats: list[SeatInfo]
    register_: Annotated[May, Field(alias="register")]
    own_registration: RegistrationInfo | None = None
    external_meeting: ExternalMeetingInfo | None = None


class WaitlistInfo(Answer):
    mode: WaitlistMode
    waiting: int


class SeatInfo(Answer):
    """``kind`` is the id to register with; ``max`` null is without limit; an ``approval`` seat is asked for.

    ``taken`` counts seats on offer too; ``free`` null is without limit, and 0 while others wait.
    """

    kind: str
    part: str
    name: str
    role: Role
    taken: int
    max: int | None
    min: int
    free: int | None
    required: bool
    approval: bool
    waitlist: WaitlistInfo
    offer_min: int | None


class RegistrationInfo(Answer):
    """``position`` is the place in the waitlist, ``order`` that among the presenters. ``email`` and
    ``account_id`` are for staff.
    """

    id: str
    timeslot_id: str
    name: str
    email: str | None = None
    account_id: str | None = None
    seat_kind_id: str
    part: str
    role: Role
    status: Status
    position: int | None = None
    order: int | None = None
    offer_expires_at: WireTime | None = None
    message: str | None = None
    answers: dict[str, Any]
    responses: dict[str, Any]
    consents: list[str]
    payment: dict[str, Any] | None = None
    warnings: list[str] = Field(default_factory=list)
    created_at: WireTime
    updated_at: WireTime


class YouInSession(Answer):
    roles: list[Role]
    registration: RegistrationInfo | None


class OwnerInfo(Answer):
    name: str


class SessionCard(Answer):
    id: str
    title: str
    type: SessionType
    custom_type: str | None
    description: str
    label: Label
    visibility: Visibility
    join_condition: Condition
    timeslot: TimeslotInfo
    seats: list[SeatInfo]
    you: YouInSession
    owner: OwnerInfo


class PersonInfo(Answer):
    name: str
    role: Role


class SessionDetail(SessionCard):
    objectives: list[str]
    publication: Publication
    version: int
    cancelled_reason: str | None
    talk_min: int | None
    qa_min: int | None
    conditions: Conditions
    timeslots: list[TimeslotInfo]
    people: list[PersonInfo]
    may: dict[Permission, Permit]


class SessionList(Answer):
    items: list[SessionCard]
    next: int | None = None


class RoleInfo(Answer):
    id: str
    name: str
    email: str
    role: Role
    timeslot_id: str | None
    expires_at: WireTime | None


class RoleList(Answer):
    items: list[RoleInfo]
