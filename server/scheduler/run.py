"""Does what is due by the clock, once, however many servers share the database.

A job is a name, a query for what is due, and an action. Before acting, a row in job_runs is written in the
same transaction: whoever comes second finds it and lets go, also after a restart, and also when the clock was
set back. What fails is rolled back with its row, and tried again at the next look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, exists
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from server.call import Services
from server.scheduler.tables import JobRun

log = logging.getLogger(__name__)

_LOOK_EVERY = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Due:
    """What a job is to be done for, and the moment for which it is due."""

    subject: str
    moment: datetime


@dataclass(slots=True)
class Work:
    """One thing to do, in a transaction that commits afterwards."""

    services: Services
    db: AsyncSession
    subject: str
    moment: datetime
    now: datetime
    effects: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def after_commit(self, effect: Callable[[], Awaitable[None]]) -> None:
        self.effects.append(effect)


@dataclass(frozen=True, slots=True)
class Job:
    """``due`` only reads. ``act`` looks again: what was due may have changed since.

    ``once`` False is for what the query alone can tell, because the action makes it untrue.
    """

    name: str
    due: Callable[[AsyncSession, datetime], Awaitable[Sequence[Due]]]
    act: Callable[[Work], Awaitable[None]]
    once: bool = True


def not_done(
    job: str, subject: InstrumentedAttribute[str], moment: InstrumentedAttribute[datetime]
) -> ColumnElement[bool]:
    """For due queries: leaves out what was done for that moment."""
    return ~exists().where(JobRun.job == job, JobRun.subject == subject, JobRun.moment == moment)


class Scheduler:
    def __init__(self, services: Services, jobs: Iterable[Job]) -> None:
        self._services = services
        self._jobs = tuple(jobs)
        self._looked = services.clock()
        #: How late the oldest thing was that was due at the last look, by job, in seconds.
        self.lag: dict[str, float] = {}

    @property
    def age(self) -> float:
        """Seconds since it last looked, or was made."""
        return max(0.0, self._services.clock() - self._looked)

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_EVERY)

    async def look(self) -> None:
        """Everything that is due now. A failure stays with its own job."""
        for job in self._jobs:
            try:
                async with self._services.database.reading() as db:
                    found = await job.due(db, self._services.now())
            except Exception:
                log.exception("x %s: what is due could not be read", job.name)
                continue
            now = self._services.now()
            self.lag[job.name] = max([0.0, *((now - due.moment).total_seconds() for due in found)])
            for due in found:
                try:
                    await self._do(job, due)
                except Exception:
                    log.exception("x %s of %s failed", job.name, due.subject)
        self._looked = self._services.clock()

    async def _do(self, job: Job, due: Due) -> None:
        now = self._services.now()
        async with self._services.database.writing() as db:
            if job.once and not await _mark(db, job, due, now):
                return
            work = Work(self._services, db, due.subject, due.moment, now)
            await job.act(work)
            await db.commit()
        for effect in work.effects:
            await effect()


async def _mark(db: AsyncSession, job: Job, due: Due, now: datetime) -> bool:
    """Whether it is ours to do. On PostgreSQL the second to come waits here for the first to commit."""
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = await db.execute(
        insert(JobRun)
        .values(job=job.name, subject=due.subject, moment=due.moment, done_at=now)
        .on_conflict_do_nothing()
        .returning(JobRun.job)
    )
    return added.first() is not None
