"""THE matrix: which role holds which permission. PRODUCT.md 3.1 and 3.2 as a table; a test holds it to both.

The last column completes "You can't …" and is what people read when they are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from signalling.permissions.names import Part, Role
from signalling.permissions.names import Permission as P  # noqa: N817 - so that a row fits a line


class Cell(Enum):
    """● and ○, and one name for each ◐ with the condition it stands for (checked in decisions.py)."""

    YES = auto()
    NO = auto()
    CONFIRMED = auto()  # a: the place is confirmed
    SHARING = auto()  # c: the session lets everyone share
    ACTING_HOST = auto()  # e, l: host duty was delegated, or no host is present
    LED_ROOM = auto()  # g: in the breakout room they lead
    SELF_SELECT = auto()  # h: the plan lets people choose their room
    ROSTER = auto()  # i: the roster is not hidden
    PROGRAMME = auto()  # m: agenda, materials and breakout plan only
    OWNER = auto()  # the owner and nobody else
    PRIVATE_CHAT = auto()  # this and the following: a setting of the session
    DRAW = auto()
    NOTES = auto()
    FILES = auto()
    VISIT = auto()
    INVITE = auto()
    DOWNLOAD = auto()  # the setting, for confirmed people
    NAMED_VOTES = auto()  # the poll is not anonymous


@dataclass(frozen=True, slots=True)
class Row:
    cells: dict[Role, Cell]
    phrase: str


def _table(*rows: tuple[P, Cell, Cell, Cell, Cell, Cell, str]) -> dict[P, Row]:
    return {
        permission: Row(dict(zip(Role, cells, strict=True)), phrase) for permission, *cells, phrase in rows
    }


Y, n = Cell.YES, Cell.NO
a, c, e, g, h = Cell.CONFIRMED, Cell.SHARING, Cell.ACTING_HOST, Cell.LED_ROOM, Cell.SELF_SELECT
i, m, owner = Cell.ROSTER, Cell.PROGRAMME, Cell.OWNER
private, draw, notes, files = Cell.PRIVATE_CHAT, Cell.DRAW, Cell.NOTES, Cell.FILES
visit, invite, download, votes = Cell.VISIT, Cell.INVITE, Cell.DOWNLOAD, Cell.NAMED_VOTES

# fmt: off
MATRIX: Final = _table(
    # Permission                  Org    Fac    Co     Part      Obs       "You can't …"
    # -- the fifteen of 3.1
    (P.SESSION_VIEW,           Y,     Y,     Y,     Y,        Y,        "see this session"),
    (P.SESSION_VIEW_DETAILS,   Y,     Y,     Y,     a,        a,        "see the link and the materials"),
    (P.SESSION_JOIN,           Y,     Y,     Y,     Y,        Y,        "join this session"),
    (P.MEDIA_SHARE_SCREEN,     Y,     Y,     Y,     c,        n,        "share your screen"),
    (P.CHAT_SEND,              Y,     Y,     Y,     Y,        n,        "write in the chat"),
    (P.REACTION_SEND,          Y,     Y,     Y,     Y,        n,        "send reactions"),
    (P.SESSION_HOST,           Y,     Y,     e,     n,        n,        "host this session"),
    (P.SESSION_MODERATE,       Y,     Y,     Y,     n,        n,        "moderate this session"),
    (P.RESOURCE_CREATE,        Y,     Y,     Y,     n,        n,        "publish materials"),
    (P.RECORDING_CONTROL,      Y,     Y,     g,     n,        n,        "record this session"),
    (P.BREAKOUT_MANAGE,        Y,     Y,     Y,     n,        n,        "manage breakout rooms"),
    (P.PARTICIPANTS_VIEW,      Y,     Y,     Y,     i,        i,        "see who is here"),
    (P.PARTICIPANTS_MANAGE,    Y,     Y,     n,     n,        n,        "manage participants"),
    (P.SESSION_END,            Y,     Y,     e,     n,        n,        "end this session for everyone"),
    (P.SESSION_EDIT,           Y,     m,     n,     n,        n,        "change this session"),
    # -- named in its notes h and i
    (P.BREAKOUT_SELF_SELECT,   Y,     Y,     Y,     h,        n,        "choose your breakout room"),
    (P.REGISTRATIONS_VIEW,     Y,     Y,     Y,     n,        n,        "see registrations"),
    # -- 3.2
    (P.MEDIA_PUBLISH_AUDIO,    Y,     Y,     Y,     Y,        n,        "use your microphone"),
    (P.MEDIA_PUBLISH_VIDEO,    Y,     Y,     Y,     Y,        n,        "use your camera"),
    (P.MEDIA_MUTE_OTHERS,      Y,     Y,     Y,     n,        n,        "mute others"),
    (P.MEDIA_STOP_VIDEO,       Y,     Y,     Y,     n,        n,        "stop others' video"),
    (P.MEDIA_ASK_UNMUTE,       Y,     Y,     Y,     n,        n,        "ask others to unmute"),
    (P.LOBBY_ADMIT,            Y,     Y,     Y,     n,        n,        "admit people from the lobby"),
    (P.LOBBY_BYPASS,           Y,     Y,     Y,     a,        a,        "enter without waiting"),
    (P.ROOM_LOCK,              Y,     Y,     Y,     n,        n,        "lock the room"),
    (P.ROOM_REMOVE,            Y,     Y,     Y,     n,        n,        "remove people from the room"),
    (P.ROOM_BAN,               Y,     Y,     Y,     n,        n,        "ban people from the room"),
    (P.ROOM_RETURN_TO_LOBBY,   Y,     Y,     Y,     n,        n,        "send people back to the lobby"),
    (P.CHAT_READ,              Y,     Y,     Y,     Y,        Y,        "read the chat"),
    (P.CHAT_PRIVATE,           Y,     Y,     Y,     private,  n,        "write private messages"),
    (P.CHAT_PRIVATE_TO_STAFF,  Y,     Y,     Y,     Y,        n,        "write to staff privately"),
    (P.CHAT_MODERATE,          Y,     Y,     Y,     n,        n,        "moderate the chat"),
    (P.HAND_RAISE,             Y,     Y,     Y,     Y,        n,        "raise your hand"),
    (P.HAND_MANAGE,            Y,     Y,     Y,     n,        n,        "lower others' hands"),
    (P.STAGE_INVITE,           Y,     Y,     Y,     n,        n,        "invite people to the stage"),
    (P.POLL_VOTE,              Y,     Y,     Y,     Y,        n,        "vote in polls"),
    (P.POLL_MANAGE,            Y,     Y,     Y,     n,        n,        "manage polls"),
    (P.POLL_VIEW_VOTES,        votes, votes, votes, n,        n,        "see who voted for what"),
    (P.QA_ASK,                 Y,     Y,     Y,     Y,        n,        "ask questions"),
    (P.QA_UPVOTE,              Y,     Y,     Y,     Y,        n,        "vote for questions"),
    (P.QA_MODERATE,            Y,     Y,     Y,     n,        n,        "moderate questions"),
    (P.WHITEBOARD_DRAW,        Y,     Y,     Y,     draw,     n,        "draw on the whiteboard"),
    (P.WHITEBOARD_CLEAR,       Y,     Y,     Y,     n,        n,        "clear the whiteboard"),
    (P.NOTES_EDIT,             Y,     Y,     Y,     notes,    n,        "edit the notes"),
    (P.FILE_SHARE,             Y,     Y,     Y,     files,    n,        "share files"),
    (P.FILE_MODERATE,          Y,     Y,     Y,     n,        n,        "remove others' files"),
    # whoever is named as captioner, by a grant of their own
    (P.CAPTION_PROVIDE,        n,     n,     n,     n,        n,        "write captions"),
    (P.CAPTION_ENABLE_AUTO,    Y,     Y,     Y,     n,        n,        "switch on automatic captions"),
    (P.STREAM_CONTROL,         Y,     Y,     n,     n,        n,        "stream this session"),
    (P.RECORDING_VIEW,         Y,     Y,     Y,     a,        a,        "watch the recording"),
    (P.RECORDING_DOWNLOAD,     Y,     Y,     Y,     download, download, "download the recording"),
    (P.RECORDING_PUBLISH,      Y,     n,     n,     n,        n,        "publish the recording"),
    (P.RECORDING_DELETE,       Y,     n,     n,     n,        n,        "delete the recording"),
    # any role; those below Facilitator go with participants.manage: see ceiling.py
    (P.ROLE_ASSIGN,            Y,     n,     n,     n,        n,        "assign every role"),
    (P.SESSION_TRANSFER,       owner, n,     n,     n,        n,        "transfer this session"),
    (P.INVITE_CREATE,          Y,     Y,     Y,     invite,   invite,   "invite people"),
    (P.TIMER_CONTROL,          Y,     Y,     Y,     n,        n,        "control the timer"),
    (P.AGENDA_ADVANCE,         Y,     Y,     Y,     n,        n,        "advance the agenda"),
    (P.LAYOUT_FOLLOW_ME,       Y,     Y,     Y,     n,        n,        "set everyone's layout"),
    (P.SPOTLIGHT_SET,          Y,     Y,     Y,     n,        n,        "set the spotlight"),
    (P.BROADCAST_SEND,         Y,     Y,     Y,     n,        n,        "write to all breakout rooms"),
    (P.BREAKOUT_VISIT,         Y,     Y,     Y,     n,        visit,    "visit breakout rooms"),
    (P.BREAKOUT_HELP_REQUEST,  n,     n,     n,     Y,        n,        "call for help"),
    (P.ANALYTICS_VIEW,         Y,     Y,     n,     n,        n,        "see the figures of this session"),
    (P.ATTENDANCE_EXPORT,      Y,     n,     n,     n,        n,        "export the attendance"),
    (P.AUDIT_VIEW,             Y,     Y,     n,     n,        n,        "see the audit log"),
)
# fmt: on


class When(Enum):
    """When a part's grants are active; the run of show decides and passes the active parts on."""

    ALL_SESSION = auto()
    OWN_TURN = auto()  # the presenter's own talk and its Q&A
    EVERY_QA = auto()


@dataclass(frozen=True, slots=True)
class PartGrants:
    default_role: Role
    grants: frozenset[P]
    when: When


PARTS: Final[dict[Part, PartGrants]] = {
    Part.HOST: PartGrants(
        Role.FACILITATOR,
        frozenset({P.SESSION_HOST, P.AGENDA_ADVANCE, P.TIMER_CONTROL}),
        When.ALL_SESSION,
    ),
    Part.PRESENTER: PartGrants(
        Role.PARTICIPANT,
        frozenset(
            {
                P.MEDIA_SHARE_SCREEN,
                P.MEDIA_PUBLISH_AUDIO,
                P.MEDIA_PUBLISH_VIDEO,
                P.FILE_SHARE,  # slides
                P.SPOTLIGHT_SET,
            }
        ),
        When.OWN_TURN,
    ),
    Part.INTERVIEWER: PartGrants(
        Role.PARTICIPANT,
        frozenset({P.QA_MODERATE, P.MEDIA_PUBLISH_AUDIO, P.MEDIA_PUBLISH_VIDEO}),
        When.EVERY_QA,
    ),
    Part.GUEST: PartGrants(Role.PARTICIPANT, frozenset(), When.ALL_SESSION),
}
