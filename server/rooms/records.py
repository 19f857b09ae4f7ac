"""Writes the runs of a timeslot. At most one is open at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.engine import Database, seat_lock
from server.rooms.tables import LiveRun, Presence, RunState


async def start_run(db: AsyncSession, timeslot_id: str, *, at: datetime, host: str | None) -> bool:
    """Opens a run unless one is open. Returns whether it did."""
    await seat_lock(db, timeslot_id)
    if await _open_runs(db, timeslot_id):
        return False
    db.add(LiveRun(timeslot_id=timeslot_id, state=RunState.LIVE, host=host, started_at=at))
    return True


async def end_run(
    db: AsyncSession, timeslot_id: str, *, at: datetime, by: str | None, reason: str, make: bool = False
) -> bool:
    """Closes the open run. Without one, ``make`` notes a run that ended as it began. Returns whether anything
    changed.
    """
    await seat_lock(db, timeslot_id)
    runs = await _open_runs(db, timeslot_id)
    if not runs and make:
        runs = [LiveRun(timeslot_id=timeslot_id, started_at=at)]
        db.add_all(runs)
    for run in runs:
        run.state, run.ended_at, run.ended_by, run.end_reason = RunState.ENDED, at, by, reason
    await db.flush()
    return bool(runs)


async def _open_runs(db: AsyncSession, timeslot_id: str) -> list[LiveRun]:
    rows = await db.scalars(
        select(LiveRun).where(LiveRun.timeslot_id == timeslot_id, LiveRun.state == RunState.LIVE)
    )
    return list(rows)


async def recover(database: Database, now: datetime) -> None:
    """Closes the stays that a server left open when it stopped without saying goodbye."""
    async with database.writing() as db:
        await db.execute(
            update(Presence).where(Presence.left_at.is_(None)).values(left_at=now, reason="lost")
        )
        await db.commit()
