"""What is done to a timeslot as a whole, and the letters to everybody in it (M9, S51)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.mail.tables import Kind as Mail
from server.registrations.book import Book
from server.registrations.rules import MAY_COME_BACK
from server.registrations.tables import Registration
from server.sessions.audit import record
from server.sessions.changes import in_words


async def call_off(book: Book, *, cause: str | None, reason: str | None) -> int:
    """Cancels the timeslot and writes to everybody in it (M9). Returns to how many."""
    slot = book.slot
    slot.cancelled_at, slot.cancelled_reason = book.now, reason
    slot.sequence += 1
    forget_changes(book)
    book.changed = True
    record(
        book.db,
        at=book.now,
        actor=book.actor,
        action="timeslot.cancel",
        session_id=book.session.id,
        timeslot_id=slot.id,
        after={"reason": reason, "cause": cause},
    )
    return await tell_all(book, Mail.SESSION_CANCELLED, {"cause": cause, "reason": reason})


async def tell_changes(book: Book) -> int:
    """The changes that were held back, in one letter to everybody who was there before them. Returns how
    many.
    """
    untold, since = book.slot.untold, book.slot.untold_since
    forget_changes(book)
    if not untold or not book.serves:
        return 0
    return await tell_all(book, Mail.SESSION_CHANGED, {"changes": in_words(untold)}, since=since)


def forget_changes(book: Book) -> None:
    """They were told, or another letter says it all."""
    book.slot.untold = book.slot.untold_since = book.slot.tell_at = None


async def tell_all(
    book: Book, kind: Mail, context: Mapping[str, Any], *, since: datetime | None = None
) -> int:
    """One mail to everybody who has or wants a place, and did ``since`` then. Returns how many."""
    wanted = [Registration.timeslot_id == book.slot.id, Registration.status.not_in(MAY_COME_BACK)]
    if since is not None:
        wanted.append(Registration.created_at <= since)
    registrations = await book.db.scalars(select(Registration).where(*wanted))
    count = 0
    given = {key: value for key, value in context.items() if value is not None}
    for registration in registrations:
        occasion = f"{book.slot.id}:{book.slot.sequence}:{registration.id}"
        await book.mail(registration, kind, occasion, given)
        count += 1
    return count


async def audience(db: AsyncSession, timeslot_ids: list[str]) -> int:
    """How many letters `tell_all` would write for these timeslots together."""
    count = await db.scalar(
        select(func.count())
        .select_from(Registration)
        .where(Registration.timeslot_id.in_(timeslot_ids), Registration.status.not_in(MAY_COME_BACK))
    )
    return count or 0


async def put_back(book: Book) -> int:
    """A timeslot that was called off takes place after all (M8). Returns how many letters say so."""
    book.slot.cancelled_at = book.slot.cancelled_reason = None
    book.slot.sequence += 1
    count = await tell_all(book, Mail.REINSTATED, {})
    await book.settle()
    book.changed = True
    return count
