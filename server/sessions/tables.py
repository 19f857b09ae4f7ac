"""What is planned: sessions, their timeslots and seats, who has which role, and what was done (PRODUCT.md
4.3).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.db.base import Base, new_id, words
from signalling.permissions import Permission, Role, SessionType


class Publication(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    ARCHIVED = "archived"


class OwnerKind(StrEnum):
    """S24: a user, an organisation, or the platform."""

    ACCOUNT = "account"
    ORGANISATION = "organisation"
    PUBLIC = "public"


class LocationKind(StrEnum):
    PHYSICAL = "physical"
    VIRTUAL = "virtual"
    HYBRID = "hybrid"


class RegistrationState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"


class Visibility(StrEnum):
    """Who finds a published session: everybody, or those only who belong to it."""

    PUBLIC = "public"
    PRIVATE = "private"


class Condition(StrEnum):
    """How one gets a place (S32)."""

    FREE = "free"
    ASK = "ask"
    INVITE = "invite"


class WaitlistMode(StrEnum):
    """What happens to a freed seat while people wait (S44)."""

    OFF = "off"  # nobody can wait
    OFFER = "offer"  # the next has some time to accept it
    AUTO = "auto"  # the next gets it


class AgendaKind(StrEnum):
    TALK = "talk"
    QA = "qa"
    BREAK = "break"
    BREAKOUT = "breakout"
    ACTIVITY = "activity"
    POLL = "poll"


class Effect(StrEnum):
    ALLOW = "allow"
    DENY = "deny"


class Session(Base):
    """``version`` counts the edits, for If-Match. Where ``policy`` says nothing the type's rules apply.

    ``conditions`` are those of `server.sessions.conditions`. ``talk_min`` and ``qa_min`` are set where the
    session consists of talks.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_kind: Mapped[OwnerKind] = mapped_column(words(OwnerKind), default=OwnerKind.ACCOUNT)
    owner_id: Mapped[str | None] = mapped_column(String(32), index=True)
    type: Mapped[SessionType] = mapped_column(words(SessionType))
    custom_type: Mapped[str | None] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    objectives: Mapped[list[str]] = mapped_column(JSON, default=list)
    publication: Mapped[Publication] = mapped_column(
        words(Publication), default=Publication.DRAFT, index=True
    )
    policy: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    visibility: Mapped[Visibility] = mapped_column(words(Visibility), default=Visibility.PUBLIC)
    join_condition: Mapped[Condition] = mapped_column(words(Condition), default=Condition.FREE)
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    talk_min: Mapped[int | None]
    qa_min: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(String(32))
    cancelled_reason: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    timeslots: Mapped[list[Timeslot]] = relationship(
        back_populates="session", order_by="Timeslot.starts_at", cascade="all, delete-orphan", lazy="raise"
    )


class Timeslot(Base):
    """One occurrence; while it is live it is a room, found by its ``slug``.

    Timeslots made together by a recurrence share ``series_id``. ``minimum`` people are needed by
    ``minimum_by``, else it is called off; ``minimum_checked_at`` says that this was looked at. ``sequence``
    counts what a calendar entry has to follow. ``untold`` are changes that people in it do not know of yet
    (`server.sessions.changes`), made since ``untold_since`` and to be told at ``tell_at``.
    """

    __tablename__ = "timeslots"
    __table_args__ = (CheckConstraint("duration_min > 0", name="ck_timeslots_duration"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    duration_min: Mapped[int]
    timezone: Mapped[str] = mapped_column(String(64))
    location_kind: Mapped[LocationKind] = mapped_column(words(LocationKind), default=LocationKind.VIRTUAL)
    location_address: Mapped[str | None] = mapped_column(String(500))
    external_url: Mapped[str | None] = mapped_column(String(2000))
    external_password: Mapped[str | None] = mapped_column(String(200))
    registration_state: Mapped[RegistrationState] = mapped_column(
        words(RegistrationState), default=RegistrationState.OPEN
    )
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    registration_cancel_by: Mapped[datetime | None]
    room_opens_before_min: Mapped[int] = mapped_column(default=15)
    auto_end_min: Mapped[int | None]
    late_entry_min: Mapped[int | None]  # after the start, for those who were not there before
    minimum: Mapped[int | None]
    minimum_by: Mapped[datetime | None] = mapped_column(index=True)
    minimum_checked_at: Mapped[datetime | None]
    series_id: Mapped[str | None] = mapped_column(String(32), index=True)
    recurrence: Mapped[str | None] = mapped_column(String(500))
    sequence: Mapped[int] = mapped_column(default=0)
    cancelled_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str | None] = mapped_column(Text)
    untold: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    untold_since: Mapped[datetime | None]
    tell_at: Mapped[datetime | None] = mapped_column(index=True)

    session: Mapped[Session] = relationship(back_populates="timeslots", lazy="raise")
    seat_kinds: Mapped[list[SeatKind]] = relationship(
        order_by="SeatKind.position", cascade="all, delete-orphan", lazy="raise"
    )

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.duration_min)


class SeatKind(Base):
    """What one may register as: the programme part and the role that comes with it (S63). No maximum: None.

    ``required`` seats decide whether the timeslot is full (M7). ``approval`` seats are asked for, not taken.
    ``offer_min`` shortens or lengthens the time in which an offer is to be accepted.
    """

    __tablename__ = "seat_kinds"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[Role] = mapped_column(words(Role))
    minimum: Mapped[int] = mapped_column(default=0)
    maximum: Mapped[int | None]
    required: Mapped[bool] = mapped_column(default=True)
    approval: Mapped[bool] = mapped_column(default=False)
    waitlist: Mapped[WaitlistMode] = mapped_column(words(WaitlistMode), default=WaitlistMode.OFFER)
    offer_min: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)


class AgendaItem(Base):
    """One item of an agenda that was edited; until then an agenda is made up from the presenters."""

    __tablename__ = "agenda_items"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"), index=True)
    kind: Mapped[AgendaKind] = mapped_column(words(AgendaKind))
    title: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    planned_min: Mapped[int]
    position: Mapped[int]
    presenter_registration_id: Mapped[str | None] = mapped_column(
        ForeignKey("registrations.id", ondelete="SET NULL")
    )


class RoleAssignment(Base):
    """A role given to somebody in one session (S65), for all its timeslots or one."""

    __tablename__ = "role_assignments"
    __table_args__ = (UniqueConstraint("session_id", "timeslot_id", "account_id", "role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    timeslot_id: Mapped[str | None] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(words(Role))
    granted_by: Mapped[str | None] = mapped_column(String(32))
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class GrantOverride(Base):
    """A permission allowed or denied to one person in one session, whatever their roles say (S64)."""

    __tablename__ = "grant_overrides"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    timeslot_id: Mapped[str | None] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    permission: Mapped[Permission] = mapped_column(words(Permission))
    effect: Mapped[Effect] = mapped_column(words(Effect))
    reason: Mapped[str] = mapped_column(String(500), default="")
    created_by: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]


class AuditEvent(Base):
    """What was done, by whom, to what. Written in the transaction that does it; never changed.

    ``actor`` is an account id from REST, or a participant id from a room. There is no foreign key: the record
    outlives what it tells of.
    """

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "session_id", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    at: Mapped[datetime]
    session_id: Mapped[str | None] = mapped_column(String(32))
    timeslot_id: Mapped[str | None] = mapped_column(String(32))
    actor: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str | None] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)
