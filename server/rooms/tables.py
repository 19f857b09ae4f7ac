"""What a live room leaves behind: its runs, who was there and when, and the chat (PRODUCT.md 4.3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, new_id, words


class RunState(StrEnum):
    LIVE = "live"
    ENDED = "ended"


class RoomParticipant(Base):
    """The name under which a room knows an account: the same each time they enter, and telling strangers
    nothing.
    """

    __tablename__ = "room_participants"
    __table_args__ = (UniqueConstraint("timeslot_id", "account_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


class LiveRun(Base):
    """One actual run of a timeslot. ``host`` and ``ended_by`` are participant ids, or an account id from
    REST.
    """

    __tablename__ = "live_runs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"), index=True)
    state: Mapped[RunState] = mapped_column(words(RunState))
    host: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(64))
    end_reason: Mapped[str | None] = mapped_column(String(32))


class Presence(Base):
    """One stay of one connection. Attendance is the union of stays; a stay is closed once and not changed
    again.
    """

    __tablename__ = "presences"
    __table_args__ = (Index(None, "timeslot_id", "connection_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"))
    participant_id: Mapped[str] = mapped_column(String(64))
    connection_id: Mapped[str] = mapped_column(String(64))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(32))


class RoomChatMessage(Base):
    """``seq`` orders the messages of a room, without two alike."""

    __tablename__ = "chat_messages"
    __table_args__ = (UniqueConstraint("timeslot_id", "seq"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    timeslot_id: Mapped[str] = mapped_column(ForeignKey("timeslots.id", ondelete="CASCADE"))
    seq: Mapped[int]
    participant_id: Mapped[str] = mapped_column(String(64))
    author_name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
