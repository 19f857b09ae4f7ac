"""Keeps the cards of a catalogue: most people see the same, and it seldom changes.

A card is kept under everything that it was made from, as read for the request at hand: a change of any of it
is another key. So nothing has to be dropped when something changes, by whatever server, and what is kept is
never out of date.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from server.sessions.listed import ListedSession, ListedSlot
from server.sessions.rules import registration_open
from server.sessions.views import Shown, Viewer, card
from server.sessions.wire import SessionCard


class Cards:
    """At most ``capacity`` of them; what was longest not asked for goes first."""

    def __init__(self, capacity: int = 2000) -> None:
        self._kept: OrderedDict[Hashable, SessionCard] = OrderedDict()
        self._capacity = capacity

    def card(
        self, session: ListedSession, shown: Shown, viewer: Viewer, slot: ListedSlot | None
    ) -> SessionCard:
        """What `card` makes of it. ``session`` is the one shown."""
        if slot is None:
            slot = shown.occupancy.shown(session, viewer.now)[0]
        if not _as_everybody(viewer) or slot.external_url:
            return card(shown, viewer, slot)
        return self._get(_made_from(session, shown, viewer, slot), lambda: card(shown, viewer, slot))

    def _get(self, key: Hashable, make: Callable[[], SessionCard]) -> SessionCard:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = make()
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


def _as_everybody(viewer: Viewer) -> bool:
    """Whether they are nothing in the session, and have nothing."""
    person = viewer.person
    return person is None or not (person.owner or person.assigned or person.places or person.overrides)


def _made_from(session: ListedSession, shown: Shown, viewer: Viewer, slot: ListedSlot) -> Hashable:
    """All that the card of somebody without a part in the session shows or depends on; time only by what
    follows from it. The policy decides about the external meeting alone, and with one no card is kept.
    """
    state = shown.occupancy
    standing = state.standing(session, slot)
    return (
        session.own_values,
        slot,
        state.label(session, slot, viewer.now),
        registration_open(standing, viewer.now),
        standing.run_live,
        shown.rooms.phase(slot.id),
        tuple((state.taken.get(seat.id), state.waiting.get(seat.id)) for seat in slot.seat_kinds),
    )
