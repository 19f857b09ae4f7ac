"""What happens to seats as time goes by: offers lapse, timeslots with too few people are called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.registrations.book import Book, open_book
from server.registrations.notices import call_off, tell_changes
from server.registrations.rules import HAS_A_PLACE
from server.registrations.tables import Registration, Status
from server.scheduler.run import Due, Job, Work
from server.sessions.load import WITH_TIMESLOTS
from server.sessions.tables import Publication, Session, Timeslot

_AT_ONCE = 200


async def lapsed(db: AsyncSession, now: datetime) -> Sequence[Due]:
    """The timeslots with an offer whose time is over. Not those that were cancelled: they may come back."""
    rows = await db.execute(
        select(Registration.timeslot_id, func.min(Registration.offer_expires_at))
        .join(Timeslot, Timeslot.id == Registration.timeslot_id)
        .join(Session, Session.id == Timeslot.session_id)
        .where(
            Registration.offer_expires_at <= now,
            Registration.status == Status.OFFERED,
            Session.publication == Publication.PUBLISHED,
            Timeslot.cancelled_at.is_(None),
        )
        .group_by(Registration.timeslot_id)
        .limit(_AT_ONCE)
    )
    return [Due(timeslot_id, moment or now) for timeslot_id, moment in rows]


async def lapse(work: Work) -> None:
    """Who did not answer in time is out of the queue, and the next are asked."""
    book = await _book(work)
    if book is not None:
        await book.lapse()
        await book.settle()
        _tell_room(work, book)


async def short(db: AsyncSession, now: datetime) -> Sequence[Due]:
    """The timeslots whose number of people is to be looked at."""
    rows = await db.execute(
        select(Timeslot.id, Timeslot.minimum_by)
        .join(Session, Session.id == Timeslot.session_id)
        .where(
            Timeslot.minimum_by <= now,
            Timeslot.minimum_checked_at.is_(None),
            Timeslot.cancelled_at.is_(None),
            Session.publication == Publication.PUBLISHED,
        )
        .limit(_AT_ONCE)
    )
    return [Due(timeslot_id, moment or now) for timeslot_id, moment in rows]


async def check_minimum(work: Work) -> None:
    """S43: fewer people than needed at the cut-off, and the timeslot is off. Looked at once."""
    book = await _book(work)
    if book is None:
        return
    slot = book.slot
    due = slot.minimum_by is not None and slot.minimum_by <= work.now and slot.minimum_checked_at is None
    if not due:
        return
    slot.minimum_checked_at = work.now
    placed = await work.db.scalar(
        select(func.count())
        .select_from(Registration)
        .where(Registration.timeslot_id == slot.id, Registration.status.in_(HAS_A_PLACE))
    )
    if book.serves and slot.minimum is not None and (placed or 0) < slot.minimum:
        await call_off(book, cause="minimum", reason=None)
        book.session.version += 1
        _tell_room(work, book)


async def edited(db: AsyncSession, now: datetime) -> Sequence[Due]:
    """The timeslots whose editing is over, with changes that nobody has been told of."""
    rows = await db.execute(
        select(Timeslot.id, Timeslot.tell_at).where(Timeslot.tell_at <= now).limit(_AT_ONCE)
    )
    return [Due(timeslot_id, moment or now) for timeslot_id, moment in rows]


async def tell(work: Work) -> None:
    """One letter for all edits since people knew how things are."""
    book = await _book(work)
    if book is not None and book.slot.tell_at is not None and book.slot.tell_at <= work.now:
        await tell_changes(book)


JOBS = (
    Job("timeslots.changed", edited, tell, once=False),
    Job("registrations.lapse", lapsed, lapse, once=False),
    Job("timeslots.minimum", short, check_minimum, once=False),
)


async def _book(work: Work) -> Book | None:
    """The timeslot's book for the clock; None when it is gone."""
    session = await work.db.scalar(
        select(Session)
        .join(Timeslot, Timeslot.session_id == Session.id)
        .where(Timeslot.id == work.subject)
        .options(WITH_TIMESLOTS)
    )
    if session is None:
        return None
    slot = next(slot for slot in session.timeslots if slot.id == work.subject)
    return await open_book(work.db, session, slot, work.now, None)


def _tell_room(work: Work, book: Book) -> None:
    if book.changed:
        work.after_commit(partial(work.services.rooms.facts_changed, book.slot.id))
