"""What each person may see of the room. Applied where things are sent out, so that nothing hidden leaks by a
side way.

Two things can be withheld: the chat (without `chat.read`), and, where the session hides its roster, everyone
but staff and oneself (without `participants.view`, note i of PRODUCT.md 3.1).
"""

from __future__ import annotations

from collections.abc import Mapping

from signalling import messages as m
from signalling.messages import Participant, RoomEvent, Snapshot
from signalling.permissions import STAFF, Decision, Permission
from signalling.state import participant_of

Permits = Mapping[Permission, Decision]

_ABOUT_A_PARTICIPANT = (
    m.ParticipantJoined,
    m.ParticipantChanged,
    m.ParticipantLeft,
    m.HandRaised,
    m.HandLowered,
)


def sees_everything(permits: Permits) -> bool:
    return permits[Permission.CHAT_READ].allowed and permits[Permission.PARTICIPANTS_VIEW].allowed


def visible_event(event: RoomEvent, before: Snapshot, viewer: str, permits: Permits) -> RoomEvent:
    """The event, or `Withheld` in its place. ``before`` is the state that it changed."""
    if isinstance(event, m.ChatPosted):
        hidden = not permits[Permission.CHAT_READ].allowed
    elif isinstance(event, _ABOUT_A_PARTICIPANT):
        hidden = not permits[Permission.PARTICIPANTS_VIEW].allowed and not _shown(event, before, viewer)
    else:
        hidden = False
    return m.Withheld(seq=event.seq, at=event.at) if hidden else event


def visible_snapshot(state: Snapshot, viewer: str, permits: Permits) -> Snapshot:
    """The part of the state that this viewer may see."""
    hidden: dict[str, object] = {}
    if not permits[Permission.CHAT_READ].allowed:
        hidden["chat"] = []
    if not permits[Permission.PARTICIPANTS_VIEW].allowed:
        hidden["participants"] = [p for p in state.participants if p.id == viewer or _staff(p)]
    return state.model_copy(update=hidden)


def _shown(
    event: m.ParticipantJoined | m.ParticipantChanged | m.ParticipantLeft | m.HandRaised | m.HandLowered,
    before: Snapshot,
    viewer: str,
) -> bool:
    """Whether somebody who sees staff and themselves only may see this."""
    if isinstance(event, m.ParticipantJoined | m.ParticipantChanged):
        return event.participant.id == viewer or _staff(event.participant)
    known = participant_of(before, event.participant_id)
    return event.participant_id == viewer or (known is not None and _staff(known))


def _staff(person: Participant) -> bool:
    return any(role in STAFF for role in person.roles)
