"""Reminders a day and an hour before the start (S51). A timeslot that is moved is reminded of anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server import outbox
from server.mail.tables import Kind
from server.registrations.tables import Registration, Status
from server.scheduler.run import Due, Job, Work, not_done
from server.sessions.tables import Publication, Session, Timeslot

# Sent from the first of these times before the start; not any more from the second on.
_WINDOWS = {
    Kind.REMINDER_DAY: (timedelta(hours=24), timedelta(hours=2)),
    Kind.REMINDER_HOUR: (timedelta(hours=1), timedelta()),
}
_COMING = (Status.REGISTERED, Status.CONFIRMED)


async def _due(db: AsyncSession, now: datetime, kind: Kind) -> Sequence[Due]:
    first, last = _WINDOWS[kind]
    rows = await db.execute(
        select(Timeslot.id, Timeslot.starts_at)
        .join(Session, Session.id == Timeslot.session_id)
        .where(
            Session.publication == Publication.PUBLISHED,
            Timeslot.cancelled_at.is_(None),
            Timeslot.starts_at > now + last,
            Timeslot.starts_at <= now + first,
            not_done(kind.value, Timeslot.id, Timeslot.starts_at),
        )
    )
    return [Due(timeslot_id, starts_at) for timeslot_id, starts_at in rows]


async def _remind(work: Work, kind: Kind) -> None:
    slot = await work.db.get(Timeslot, work.subject)
    session = await work.db.get(Session, slot.session_id) if slot else None
    if slot is None or session is None or slot.starts_at != work.moment or slot.cancelled_at:
        return
    if session.publication is not Publication.PUBLISHED:
        return
    rows = await work.db.execute(
        select(Registration.id, Registration.account_id).where(
            Registration.timeslot_id == slot.id, Registration.status.in_(_COMING)
        )
    )
    for registration_id, account_id in rows.all():
        await outbox.put(
            work.db,
            kind,
            recipient=account_id,
            context={
                "session_id": session.id,
                "timeslot_id": slot.id,
                "registration_id": registration_id,
            },
            dedupe_key=f"{kind}:{registration_id}:{slot.starts_at.isoformat()}",
            at=work.now,
            not_after=slot.starts_at - _WINDOWS[kind][1],
        )


JOBS = tuple(Job(kind.value, partial(_due, kind=kind), partial(_remind, kind=kind)) for kind in _WINDOWS)
