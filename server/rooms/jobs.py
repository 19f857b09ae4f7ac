"""Ends rooms that nobody is in any more: their time is over, or they have been empty for long enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.rooms.tables import LiveRun, Presence, RunState
from server.scheduler.run import Due, Job, Work
from server.sessions.tables import Timeslot


async def _empty(db: AsyncSession, now: datetime) -> Sequence[Due]:
    """Runs that are open, with nobody in the room, past their end or past the timeslot's patience (S48)."""
    here = select(Presence.id).where(Presence.timeslot_id == Timeslot.id, Presence.left_at.is_(None))
    last = select(func.max(Presence.left_at)).where(Presence.timeslot_id == Timeslot.id).scalar_subquery()
    rows = await db.execute(
        select(Timeslot, LiveRun.started_at, last)
        .join(LiveRun, LiveRun.timeslot_id == Timeslot.id)
        .where(LiveRun.state == RunState.LIVE, ~here.exists())
    )
    found = []
    for slot, started_at, left_at in rows:
        empty_since = max(started_at, left_at or started_at)
        ends_at = slot.ends_at
        if slot.auto_end_min is not None:
            ends_at = min(ends_at, empty_since + timedelta(minutes=slot.auto_end_min))
        if ends_at <= now:
            found.append(Due(slot.id, ends_at))
    return found


async def _end(work: Work) -> None:
    """Only what the hub does not know: it has people in it, or ends its rooms itself."""
    rooms = work.services.rooms
    if rooms.phase(work.subject) is None:
        work.after_commit(partial(rooms.end_room, work.subject, by=None, reason="overrun"))


JOBS = (Job("room.end", _empty, _end, once=False),)
