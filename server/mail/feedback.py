"""Asks those who were there how it was, once their session is over (S51)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server import outbox
from server.mail.tables import Kind
from server.registrations.rules import HAS_A_PLACE
from server.registrations.tables import Registration
from server.rooms.tables import LiveRun, Presence, RoomParticipant, RunState
from server.scheduler.run import Due, Job, Work
from server.scheduler.tables import JobRun
from server.sessions.tables import Publication, Session, Timeslot

NAME = Kind.FEEDBACK.value
AFTER = timedelta(minutes=10)  # whoever ended it by mistake opens it again before
NOT_AFTER = timedelta(days=2)


async def _due(db: AsyncSession, now: datetime) -> Sequence[Due]:
    """Timeslots of which the last run has ended, and is not long ago."""
    over = (
        select(LiveRun.timeslot_id, func.max(LiveRun.ended_at).label("ended_at"))
        .group_by(LiveRun.timeslot_id)
        .having(func.count() == func.count(LiveRun.ended_at))
        .subquery()
    )
    done = select(JobRun.job).where(
        JobRun.job == NAME, JobRun.subject == over.c.timeslot_id, JobRun.moment == over.c.ended_at
    )
    rows = await db.execute(
        select(over.c.timeslot_id, over.c.ended_at)
        .join(Timeslot, Timeslot.id == over.c.timeslot_id)
        .join(Session, Session.id == Timeslot.session_id)
        .where(
            Session.publication == Publication.PUBLISHED,
            Timeslot.cancelled_at.is_(None),
            over.c.ended_at <= now - AFTER,
            over.c.ended_at > now - NOT_AFTER,
            ~done.exists(),
        )
    )
    return [Due(timeslot_id, ended_at) for timeslot_id, ended_at in rows]


async def _ask(work: Work) -> None:
    """Everybody who had a place and came; staff knows how it was."""
    settings = work.services.settings
    slot = await work.db.get(Timeslot, work.subject)
    running = await work.db.scalar(
        select(LiveRun.id).where(LiveRun.timeslot_id == work.subject, LiveRun.state == RunState.LIVE)
    )
    if slot is None or running is not None or not settings.feedback_requests:
        return
    came = select(RoomParticipant.account_id).join(Presence, Presence.participant_id == RoomParticipant.id)
    rows = await work.db.execute(
        select(Registration.id, Registration.account_id).where(
            Registration.timeslot_id == slot.id,
            Registration.status.in_(HAS_A_PLACE),
            Registration.account_id.in_(came.where(RoomParticipant.timeslot_id == slot.id)),
        )
    )
    for registration_id, account_id in rows.all():
        await outbox.put(
            work.db,
            Kind.FEEDBACK,
            recipient=account_id,
            context={
                "session_id": slot.session_id,
                "timeslot_id": slot.id,
                "registration_id": registration_id,
                "path": f"/sessions/{slot.session_id}",
            },
            dedupe_key=f"{NAME}:{registration_id}",
            at=work.now,
            not_after=work.moment + NOT_AFTER,
        )


JOBS = (Job(NAME, _due, _ask),)
