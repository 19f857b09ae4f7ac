"""A session's own settings, as far as permissions depend on them, and what each session type starts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from signalling.permissions.names import Permission


class SessionType(StrEnum):
    """S2. A custom type carries a `Policy` of its own (S8); `CUSTOM` here is what that starts from."""

    TRAINING = "training"
    COACHING = "coaching"
    WORKSHOP = "workshop"
    BUDDY_MEETING = "buddy_meeting"
    FOCUS_WORK = "focus_work"
    CUSTOM = "custom"


class ShareScreen(StrEnum):
    """Who shares a screen without being asked to; staff always do (note c)."""

    EVERYONE = "everyone"
    ASK = "ask"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the session allows beyond roles. Each field opens or closes conditional cells of the matrix.

    Locks set while the room runs are added with ``dataclasses.replace(policy, locks=...)``.
    """

    share_screen: ShareScreen = ShareScreen.ASK
    roster_hidden: bool = False
    private_chat: bool = True  # between participants; to staff is a permission of its own
    file_share: bool = False
    whiteboard_draw: bool = False
    notes_edit: bool = False
    breakout_self_select: bool = False
    observers_visit_breakouts: bool = False
    recording_download: bool = False
    invite_by_all: bool = False
    anonymous_polls: bool = True
    locks: frozenset[Permission] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Plain values, as stored with the session; `from_json` reads them back."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {
            "share_screen": self.share_screen.value,
            "locks": sorted(p.value for p in self.locks),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Missing fields keep their default. ValueError for an unknown field or a wrong value."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(values.keys() - known):
            raise ValueError(f"unknown policy fields: {', '.join(unknown)}")
        read: dict[str, Any] = dict(values)
        if "share_screen" in read:
            read["share_screen"] = ShareScreen(read["share_screen"])
        if "locks" in read:
            read["locks"] = frozenset(Permission(key) for key in read["locks"])
        for name in known & read.keys() - {"share_screen", "locks"}:
            if not isinstance(read[name], bool):
                raise ValueError(f"{name} is true or false, not {read[name]!r}")
        return cls(**read)


_HANDS_ON = Policy(file_share=True, whiteboard_draw=True, notes_edit=True)

_DEFAULTS: dict[SessionType, Policy] = {
    SessionType.TRAINING: Policy(),  # expert-led (S3)
    SessionType.COACHING: _HANDS_ON,  # plans are written together (S4)
    SessionType.WORKSHOP: _HANDS_ON,  # a shared board by default (S5)
    SessionType.BUDDY_MEETING: Policy(  # two equal parties (S6)
        share_screen=ShareScreen.EVERYONE,
        file_share=True,
        whiteboard_draw=True,
        notes_edit=True,
        breakout_self_select=True,
    ),
    SessionType.FOCUS_WORK: Policy(notes_edit=True),  # check-in and check-out notes (S7)
    SessionType.CUSTOM: Policy(),
}


def default_policy(session_type: str) -> Policy:
    """What a new session of this type starts with. ValueError for a type that does not exist."""
    return _DEFAULTS[SessionType(session_type)]
