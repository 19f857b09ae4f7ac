"""Whether somebody comes too late to a session that is under way (S47). Whoever was in it may come back."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.rooms.tables import LiveRun, Presence, RoomParticipant, RunState
from server.sessions.tables import Timeslot


async def too_late(db: AsyncSession, slot: Timeslot, account_id: str | None, now: datetime) -> bool:
    """Counted from the start as planned, or from when the host began, whichever is later."""
    if slot.late_entry_min is None:
        return False
    began = await db.scalar(
        select(func.min(LiveRun.started_at)).where(
            LiveRun.timeslot_id == slot.id, LiveRun.state == RunState.LIVE
        )
    )
    if began is None or now <= max(began, slot.starts_at) + timedelta(minutes=slot.late_entry_min):
        return False
    was_here = await db.scalar(
        select(Presence.id)
        .join(RoomParticipant, RoomParticipant.id == Presence.participant_id)
        .where(RoomParticipant.timeslot_id == slot.id, RoomParticipant.account_id == account_id)
        .limit(1)
    )
    return was_here is None
