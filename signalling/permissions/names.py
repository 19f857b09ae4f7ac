"""The words of the permission system: roles, parts, permissions, and the rules a decision rests on."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person may do, from most to least (S61). Assigned per session, never inherited (S65)."""

    ORGANISER = "organiser"
    FACILITATOR = "facilitator"
    CO_FACILITATOR = "co_facilitator"
    PARTICIPANT = "participant"
    OBSERVER = "observer"

    @property
    def rank(self) -> int:
        """5 for Organiser down to 1 for Observer; higher stands above."""
        return _RANKS[self]


_RANKS = {role: len(Role) - place for place, role in enumerate(Role)}

STAFF: tuple[Role, ...] = (Role.ORGANISER, Role.FACILITATOR, Role.CO_FACILITATOR)
"""Those who run the session; locks do not hold them."""


class Part(StrEnum):
    """What a person is there to do (PRODUCT.md 4.2), beside the role that says what they may do."""

    HOST = "host"
    PRESENTER = "presenter"
    INTERVIEWER = "interviewer"
    GUEST = "guest"


class Permission(StrEnum):
    """Every permission there is; a member is its key upper-cased. The matrix has one row for each."""

    # The fifteen of PRODUCT.md 3.1
    SESSION_VIEW = "session.view"
    SESSION_VIEW_DETAILS = "session.view_details"
    SESSION_JOIN = "session.join"
    MEDIA_SHARE_SCREEN = "media.share_screen"
    CHAT_SEND = "chat.send"
    REACTION_SEND = "reaction.send"
    SESSION_HOST = "session.host"
    SESSION_MODERATE = "session.moderate"
    RESOURCE_CREATE = "resource.create"
    RECORDING_CONTROL = "recording.control"
    BREAKOUT_MANAGE = "breakout.manage"
    PARTICIPANTS_VIEW = "participants.view"
    PARTICIPANTS_MANAGE = "participants.manage"
    SESSION_END = "session.end"
    SESSION_EDIT = "session.edit"

    # Named in the notes of 3.1
    BREAKOUT_SELF_SELECT = "breakout.self_select"
    REGISTRATIONS_VIEW = "registrations.view"

    # PRODUCT.md 3.2
    MEDIA_PUBLISH_AUDIO = "media.publish_audio"
    MEDIA_PUBLISH_VIDEO = "media.publish_video"
    MEDIA_MUTE_OTHERS = "media.mute_others"
    MEDIA_STOP_VIDEO = "media.stop_video"
    MEDIA_ASK_UNMUTE = "media.ask_unmute"
    LOBBY_ADMIT = "lobby.admit"
    LOBBY_BYPASS = "lobby.bypass"
    ROOM_LOCK = "room.lock"
    ROOM_REMOVE = "room.remove"
    ROOM_BAN = "room.ban"
    ROOM_RETURN_TO_LOBBY = "room.return_to_lobby"
    CHAT_READ = "chat.read"
    CHAT_PRIVATE = "chat.private"
    CHAT_PRIVATE_TO_STAFF = "chat.private_to_staff"
    CHAT_MODERATE = "chat.moderate"
    HAND_RAISE = "hand.raise"
    HAND_MANAGE = "hand.manage"
    STAGE_INVITE = "stage.invite"
    POLL_VOTE = "poll.vote"
    POLL_MANAGE = "poll.manage"
    POLL_VIEW_VOTES = "poll.view_votes"
    QA_ASK = "qa.ask"
    QA_UPVOTE = "qa.upvote"
    QA_MODERATE = "qa.moderate"
    WHITEBOARD_DRAW = "whiteboard.draw"
    WHITEBOARD_CLEAR = "whiteboard.clear"
    NOTES_EDIT = "notes.edit"
    FILE_SHARE = "file.share"
    FILE_MODERATE = "file.moderate"
    CAPTION_PROVIDE = "caption.provide"
    CAPTION_ENABLE_AUTO = "caption.enable_auto"
    STREAM_CONTROL = "stream.control"
    RECORDING_VIEW = "recording.view"
    RECORDING_DOWNLOAD = "recording.download"
    RECORDING_PUBLISH = "recording.publish"
    RECORDING_DELETE = "recording.delete"
    ROLE_ASSIGN = "role.assign"
    SESSION_TRANSFER = "session.transfer"
    INVITE_CREATE = "invite.create"
    TIMER_CONTROL = "timer.control"
    AGENDA_ADVANCE = "agenda.advance"
    LAYOUT_FOLLOW_ME = "layout.follow_me"
    SPOTLIGHT_SET = "spotlight.set"
    BROADCAST_SEND = "broadcast.send"
    BREAKOUT_VISIT = "breakout.visit"
    BREAKOUT_HELP_REQUEST = "breakout.help_request"
    ANALYTICS_VIEW = "analytics.view"
    ATTENDANCE_EXPORT = "attendance.export"
    AUDIT_VIEW = "audit.view"


class Rule(StrEnum):
    """What a decision rests on: the step of the policy order that matched, or why no role granted."""

    DENY = "deny"  # an explicit deny
    REVOKED = "revoked"  # taken from this person while the room runs
    GRANTED = "granted"  # given to this person while the room runs
    PART = "part"  # an active programme part carries it
    LOCK = "lock"  # locked for everyone but staff
    ROLE = "role"  # one of the roles grants it
    SESSION_GRANT = "session_grant"  # given to this person for the whole session, beside their roles

    # Nothing granted it. The nearest a role came:
    POLICY = "policy"  # the session's settings withhold it
    NOT_CONFIRMED = "not_confirmed"  # the registration awaits approval
    NOT_HOST = "not_host"  # only while acting as host
    NOT_LEADING = "not_leading"  # only in a breakout room they lead
    SCOPE = "scope"  # only for a part of what is asked
    OWNER_ONLY = "owner_only"
    NO_ROLE = "no_role"  # no role of theirs has it


class Editing(StrEnum):
    """What `session.edit` is asked for (note m)."""

    PROGRAMME = "programme"  # agenda, materials, breakout plan
    SETTINGS = "settings"  # everything else: time, price, visibility, conditions …
