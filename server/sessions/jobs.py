"""What happens to roles as time goes by: when one runs out, the open room hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.scheduler.run import Due, Job, Work
from server.scheduler.tables import JobRun
from server.sessions.tables import RoleAssignment, Timeslot

NAME = "roles.expire"
_LONG_AGO = timedelta(days=1)  # no room that was open then still goes by it


async def expiring(db: AsyncSession, now: datetime) -> Sequence[Due]:
    done = select(JobRun.job).where(
        JobRun.job == NAME,
        JobRun.subject == RoleAssignment.id,
        JobRun.moment == RoleAssignment.expires_at,
    )
    rows = await db.execute(
        select(RoleAssignment.id, RoleAssignment.expires_at).where(
            RoleAssignment.expires_at <= now,
            RoleAssignment.expires_at > now - _LONG_AGO,
            ~done.exists(),
        )
    )
    return [Due(assignment_id, moment or now) for assignment_id, moment in rows]


async def _expire(work: Work) -> None:
    assignment = await work.db.get(RoleAssignment, work.subject)
    if assignment is None:
        return
    slots = await work.db.scalars(select(Timeslot.id).where(Timeslot.session_id == assignment.session_id))
    for slot_id in slots:
        work.after_commit(partial(work.services.rooms.facts_changed, slot_id))


JOBS = (Job(NAME, expiring, _expire),)
