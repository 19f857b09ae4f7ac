"""The outbox: one row per mail to one person, from the decision to send it until it was handed over."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, words


class Kind(StrEnum):
    """Every mail there is (M26, S51, S52)."""

    CONFIRMED = "registration.confirmed"
    REQUESTED = "registration.requested"
    APPROVED = "registration.approved"
    DECLINED = "registration.declined"
    WAITLISTED = "registration.waitlisted"
    OFFERED = "registration.offered"
    OFFER_EXPIRED = "registration.offer_expired"
    ROLE_CHANGED = "role.changed"
    REGISTRATION_CANCELLED = "registration.cancelled"
    SESSION_CHANGED = "session.changed"
    SESSION_CANCELLED = "session.cancelled"
    REINSTATED = "session.reinstated"
    REMINDER_DAY = "reminder.day"
    REMINDER_HOUR = "reminder.hour"
    INVITATION = "invitation"
    RECORDING_READY = "recording.ready"
    FEEDBACK = "feedback.request"
    MESSAGE = "message"


class MailState(StrEnum):
    WAITING = "waiting"  # to be written or sent, at once or at due_at
    SENT = "sent"
    FAILED = "failed"  # refused for good, or tried too often
    LATE = "late"  # not sent, because not_after had passed


class Mail(Base):
    """``id`` gives the order in which mails leave. The recipient is an account, or an address without one.

    ``dedupe_key`` exists once: putting the same mail twice sends it once. ``message`` holds the finished
    bytes from the first attempt on, so that every attempt sends the same; it is emptied when the mail is
    done, and so is what is secret in ``context``. ``claim`` names the process that is sending it, until
    ``claimed_until``.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_waiting", "state", "due_at"),
        Index("ix_mails_session_id", "session_id", "id"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    kind: Mapped[Kind] = mapped_column(words(Kind))
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(80), default="")
    session_id: Mapped[str | None] = mapped_column(String(32))
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[MailState] = mapped_column(words(MailState), default=MailState.WAITING)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    not_after: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str | None] = mapped_column(String(32))
    claimed_until: Mapped[datetime | None]
    message: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject: Mapped[str | None] = mapped_column(String(500))
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(500))
