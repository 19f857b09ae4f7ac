"""Who has a place, and how that came about (PRODUCT.md 4.3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, new_id, words


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
    """One per person and timeslot; whoever cancels and comes back finds the same row."""

    __tablename__ = "registrations"
    __table_args__ = (UniqueConstraint("timeslot_id", "account_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    seat_kind_id: Mapped[str] = mapped_column(ForeignKey("seat_kinds.id", ondelete="CASCADE"), index=True)
    status: Mapped[Status] = mapped_column(words(Status))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
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
