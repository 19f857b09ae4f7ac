"""What follows from a change of a session: letters, calendar numbers, people who move up (M8, M9)."""

from __future__ import annotations

from typing import Any

from server.call import Call
from server.mail.tables import Kind as Mail
from server.registrations.book import Book, open_book
from server.registrations.notices import forget_changes, tell_all, tell_changes
from server.sessions import changes
from server.sessions.tables import Publication

_IN_CALENDARS = frozenset({*changes.TOLD, "title", "description"})


async def follow_up(book: Book, before: dict[str, Any], after: dict[str, Any]) -> None:
    """After an edit: what is in calendars counts up, who must know is told once the editing is over, a larger
    room fills.
    """
    if _IN_CALENDARS & after.keys():
        book.slot.sequence += 1
    if changes.TOLD.keys() & after.keys() and book.serves:
        await _hold_back(book, before, after)
    await book.settle()


async def _hold_back(book: Book, before: dict[str, Any], after: dict[str, Any]) -> None:
    slot = book.slot
    untold = changes.merged(slot.untold, before, after)
    slot.untold_since = slot.untold_since or book.now
    starts = (changes.known_start(untold, slot.starts_at), slot.starts_at)
    slot.untold = {name: list(pair) for name, pair in untold.items()}
    slot.tell_at = changes.tell_at(book.now, slot.untold_since, starts)
    if not untold or slot.tell_at <= book.now:
        await tell_changes(book)


async def tell_of_cancelling(call: Call[Any]) -> int:
    """One letter to everybody in a timeslot that was still to come. Returns how many."""
    session, count = call.scope.session, 0
    for slot in session.timeslots:
        if slot.cancelled_at is None and call.now < slot.ends_at:
            book = await open_book(call.db, session, slot, call.now, call.me.id)
            slot.sequence += 1
            forget_changes(book)
            count += await tell_all(book, Mail.SESSION_CANCELLED, {"reason": session.cancelled_reason})
    return count


async def reinstate(call: Call[Any]) -> int:
    """The timeslots of a session that takes place after all: letters, and seats for those who wait."""
    session, count = call.scope.session, 0
    if session.publication is not Publication.PUBLISHED:
        return 0
    for slot in session.timeslots:
        if slot.cancelled_at is None and call.now < slot.ends_at:
            book = await open_book(call.db, session, slot, call.now, call.me.id)
            slot.sequence += 1
            count += await tell_all(book, Mail.REINSTATED, {})
            await book.settle()
    return count
