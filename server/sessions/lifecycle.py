"""What follows from a change of a session: letters, calendar numbers, people who move up (M8, M9)."""

from __future__ import annotations

from typing import Any

from server.call import Call
from server.mail.tables import Kind as Mail
from server.registrations.book import Book, open_book
from server.registrations.notices import tell_all
from server.sessions.tables import Publication

# What people have to know, and the word for it in the letter.
_TOLD = {
    "starts_at": "starts_at",
    "duration_min": "duration",
    "timezone": "timezone",
    "location_kind": "location",
    "location_address": "location",
    "external_url": "link",
}
_IN_CALENDARS = frozenset({*_TOLD, "title", "description"})


async def follow_up(book: Book, before: dict[str, Any], after: dict[str, Any]) -> None:
    """After an edit: what is in calendars counts up, who must know is told, a larger room fills."""
    if _IN_CALENDARS & after.keys():
        book.slot.sequence += 1
    changes = [
        {"what": what, "before": before[name], "after": after[name]}
        for name, what in _TOLD.items()
        if name in after
    ]
    if changes and book.serves:
        await tell_all(book, Mail.SESSION_CHANGED, {"changes": changes})
    await book.settle()


async def tell_of_cancelling(call: Call[Any]) -> int:
    """One letter to everybody in a timeslot that was still to come. Returns how many."""
    session, count = call.scope.session, 0
    for slot in session.timeslots:
        if slot.cancelled_at is None and call.now < slot.ends_at:
            book = await open_book(call.db, session, slot, call.now, call.me.id)
            slot.sequence += 1
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
