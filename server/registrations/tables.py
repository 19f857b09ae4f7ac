"""Who has a place, and how that came about (PRODUCT.md 4.3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, new_id, words
from signalling.permissions import Role


class Status(StrEnum):
    INVITED = "invited"
    PENDING = "pending"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    REGISTERED = "registered"
    CONFIRMED = "confirmed"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Registration(Base):
    """One per person and timeslot; whoever cancels and comes back finds the same row.

    ``queue_rank`` orders the waitlist of a seat kind, ``talk_order`` its presenters; both start at 1 and may
    have gaps. ``removed``: staff took the place away. ``responses`` and ``consents`` go by the ids of the
    session's questions and consents.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("timeslot_id", "account_id"),
        Index(None, "seat_kind_id", "status", "queue_rank"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    seat_kind_id: Mapped[str] = mapped_column(ForeignKey("seat_kinds.id", ondelete="CASCADE"), index=True)
    queue_rank: Mapped[int | None]
    talk_order: Mapped[int | None]
    offer_expires_at: Mapped[datetime | None] = mapped_column(index=True)
    status: Mapped[Status] = mapped_column(words(Status))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    responses: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    consents: Mapped[list[str]] = mapped_column(JSON, default=list)
    payment: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    invitation_id: Mapped[str | None] = mapped_column(String(32))
    removed: Mapped[bool] = mapped_column(default=False)
    message: Mapped[str | None] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RegistrationChange(Base):
    """One line of a registration's history."""

    __tablename__ = "registration_changes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    registration_id: Mapped[str] = mapped_column(
        ForeignKey("registrations.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(String(32))
    before: Mapped[Status | None] = mapped_column(words(Status))
    after: Mapped[Status] = mapped_column(words(Status))


class Invitation(Base):
    """A token that opens one session, kept as a hash only (S35).

    With an ``email`` it is one person's; without it whoever holds it may use it, ``max_uses`` times. It
    carries a seat by its ``part``, or a ``role`` without a seat.
    """

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    timeslot_id: Mapped[str | None] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    part: Mapped[str | None] = mapped_column(String(32))
    role: Mapped[Role | None] = mapped_column(words(Role))
    email: Mapped[str | None] = mapped_column(String(254))
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(500), default="")
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_by: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]
