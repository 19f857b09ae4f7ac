"""Forgets what nobody needs any more: mails that are done with, and what the scheduler did long ago.

Both keep things from happening twice, so they stay far longer than anything could come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.mail.tables import Mail, MailState
from server.scheduler.run import Due, Job, Work
from server.scheduler.tables import JobRun

AT_ONCE = 1000  # rows in one transaction, so that nobody waits long for the database
JOB_RUNS_KEPT = timedelta(days=90)  # the longest that a job looks back is days


def _kept_since(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


async def _due(db: AsyncSession, now: datetime) -> Sequence[Due]:
    """Once a day; a day's work is found by its date."""
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    done = await db.scalar(
        select(JobRun.job).where(JobRun.job == "prune", JobRun.subject == "all", JobRun.moment == today)
    )
    return [] if done else [Due("all", today)]


async def _prune(work: Work) -> None:
    since = _kept_since(work.now, work.services.settings.mail_days)
    done = (MailState.SENT, MailState.FAILED, MailState.LATE)
    old = select(Mail.id).where(Mail.state.in_(done), Mail.created_at < since).limit(AT_ONCE)
    while (await work.db.execute(delete(Mail).where(Mail.id.in_(old)).returning(Mail.id))).first():
        pass
    await work.db.execute(delete(JobRun).where(JobRun.done_at < work.now - JOB_RUNS_KEPT))


JOBS = (Job("prune", _due, _prune),)
