"""The policy order: may this person do this now, which rule says so, and who could change it.

First match decides: explicit deny, live revoke, live grant or active part, lock (staff exempt), union of role
grants, else refused (PRODUCT.md 3.2). REST and the live room both ask here; browsers are told the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from signalling.permissions.matrix import MATRIX, PARTS, Cell
from signalling.permissions.names import STAFF, Editing, Permission, Role, Rule
from signalling.permissions.policy import Policy, ShareScreen
from signalling.permissions.subject import Subject


@dataclass(frozen=True, slots=True)
class Decision:
    """When refused, ``message`` is a sentence to show, ``lifted_by`` the roles that can change it, if any."""

    permission: Permission
    allowed: bool
    rule: Rule
    message: str = ""
    lifted_by: tuple[Role, ...] = ()


class Forbidden(Exception):
    """Somebody may not do what they asked for; ``decision`` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.message)
        self.decision = decision


def allowed(
    subject: Subject, permission: Permission, policy: Policy, *, editing: Editing = Editing.SETTINGS
) -> bool:
    return explain(subject, permission, policy, editing=editing).allowed


def require(
    subject: Subject, permission: Permission, policy: Policy, *, editing: Editing = Editing.SETTINGS
) -> None:
    """Raises `Forbidden` when the answer is no."""
    decision = explain(subject, permission, policy, editing=editing)
    if not decision.allowed:
        raise Forbidden(decision)


def permit_all(subject: Subject, policy: Policy) -> dict[Permission, Decision]:
    """Every permission as it stands for this person, for their browser."""
    return {permission: explain(subject, permission, policy) for permission in Permission}


def explain(
    subject: Subject, permission: Permission, policy: Policy, *, editing: Editing = Editing.SETTINGS
) -> Decision:
    """Decides, and says why. ``editing`` matters to `session.edit` alone: what is to change."""
    verdict, rule = _decide(subject, permission, policy, editing)
    if verdict:
        return Decision(permission, True, rule)
    message = _sentence(rule, permission, subject, policy)
    return Decision(permission, False, rule, message, _lifters(rule, permission, subject))


def _decide(subject: Subject, permission: Permission, policy: Policy, editing: Editing) -> tuple[bool, Rule]:
    if permission in subject.overrides.denies:
        return False, Rule.DENY
    if permission in subject.live_revokes:
        return False, Rule.REVOKED
    if permission in subject.live_grants:
        return True, Rule.GRANTED
    if any(permission in PARTS[part].grants for part in subject.active_parts):
        return True, Rule.PART
    if permission in policy.locks and not subject.staff:
        return False, Rule.LOCK
    return _by_role(subject, permission, policy, editing)


def _by_role(subject: Subject, permission: Permission, policy: Policy, editing: Editing) -> tuple[bool, Rule]:
    """The union of what the roles grant; when none does, the reason of the highest role that came near."""
    near_misses: list[Rule] = []
    for role in subject.effective_roles:
        shortfall = _shortfall(MATRIX[permission].cells[role], subject, policy, editing)
        if shortfall is None:
            return True, Rule.ROLE
        if shortfall is not Rule.NO_ROLE:
            near_misses.append(shortfall)
    if permission in subject.overrides.grants:
        return True, Rule.SESSION_GRANT
    return False, near_misses[0] if near_misses else Rule.NO_ROLE


# --- the conditions behind the ◐ cells --------------------------------------------------------------

_Condition = tuple[Rule, Callable[[Subject, Policy, Editing], bool]]

_CONFIRMED: Final[_Condition] = (Rule.NOT_CONFIRMED, lambda s, p, e: s.confirmed)

# Of each cell all conditions must hold; the first that does not gives the rule.
_CONDITIONS: Final[dict[Cell, tuple[_Condition, ...]]] = {
    Cell.YES: (),
    Cell.NO: ((Rule.NO_ROLE, lambda s, p, e: False),),
    Cell.CONFIRMED: (_CONFIRMED,),
    Cell.SHARING: ((Rule.POLICY, lambda s, p, e: p.share_screen is ShareScreen.EVERYONE),),
    Cell.ACTING_HOST: ((Rule.NOT_HOST, lambda s, p, e: s.acting_host),),
    Cell.LED_ROOM: ((Rule.NOT_LEADING, lambda s, p, e: s.leads_room),),
    Cell.SELF_SELECT: ((Rule.POLICY, lambda s, p, e: p.breakout_self_select),),
    Cell.ROSTER: ((Rule.POLICY, lambda s, p, e: not p.roster_hidden),),
    Cell.PROGRAMME: ((Rule.SCOPE, lambda s, p, e: e is Editing.PROGRAMME),),
    Cell.OWNER: ((Rule.OWNER_ONLY, lambda s, p, e: s.owner),),
    Cell.PRIVATE_CHAT: ((Rule.POLICY, lambda s, p, e: p.private_chat),),
    Cell.DRAW: ((Rule.POLICY, lambda s, p, e: p.whiteboard_draw),),
    Cell.NOTES: ((Rule.POLICY, lambda s, p, e: p.notes_edit),),
    Cell.FILES: ((Rule.POLICY, lambda s, p, e: p.file_share),),
    Cell.VISIT: ((Rule.POLICY, lambda s, p, e: p.observers_visit_breakouts),),
    Cell.INVITE: ((Rule.POLICY, lambda s, p, e: p.invite_by_all),),
    Cell.DOWNLOAD: (_CONFIRMED, (Rule.POLICY, lambda s, p, e: p.recording_download)),
    Cell.NAMED_VOTES: ((Rule.POLICY, lambda s, p, e: not p.anonymous_polls),),
}


def _shortfall(cell: Cell, subject: Subject, policy: Policy, editing: Editing) -> Rule | None:
    """The first condition of this cell that does not hold; None when the cell grants."""
    for rule, holds in _CONDITIONS[cell]:
        if not holds(subject, policy, editing):
            return rule
    return None


# --- what a refusal says ---------------------------------------------------------------------------

_SENTENCES: Final[dict[Rule, str]] = {
    Rule.DENY: "You can't {phrase}: an organiser has ruled it out for you.",
    Rule.REVOKED: "You can't {phrase} right now: it was switched off for you.",
    Rule.LOCK: "You can't {phrase} while it is locked for everyone.",
    Rule.POLICY: "You can't {phrase}: this session's settings don't allow it.",
    Rule.NOT_CONFIRMED: "You can't {phrase} until your place is confirmed.",
    Rule.NOT_HOST: "You can't {phrase} unless you are the acting host.",
    Rule.NOT_LEADING: "You can record the breakout room you lead. For the whole session, ask the host.",
    Rule.SCOPE: "You can change agenda, materials and breakout plan. The rest is up to an organiser.",
    Rule.OWNER_ONLY: "You can't {phrase}: only its owner can.",
    Rule.NO_ROLE: "As {role} you can't {phrase}.",
}

_POLICY_SENTENCES: Final[dict[Permission, str]] = {
    Permission.PARTICIPANTS_VIEW: "You can't see who is here: the list is hidden in this session.",
    Permission.BREAKOUT_SELF_SELECT: "You can't choose your breakout room: rooms are assigned here.",
    Permission.POLL_VIEW_VOTES: "You can't see who voted for what: the poll is anonymous.",
}

_ASK_TO_SHARE: Final = "You may ask to share your screen. A facilitator can let you."
_NO_ROLE_AT_ALL: Final = "You have no role in this session."

_ROLE_NAMES: Final[dict[Role, str]] = {
    Role.ORGANISER: "an organiser",
    Role.FACILITATOR: "a facilitator",
    Role.CO_FACILITATOR: "a co-facilitator",
    Role.PARTICIPANT: "a participant",
    Role.OBSERVER: "an observer",
}


def _sentence(rule: Rule, permission: Permission, subject: Subject, policy: Policy) -> str:
    roles = subject.effective_roles
    if rule is Rule.NO_ROLE and not roles:
        return _NO_ROLE_AT_ALL
    text = _SENTENCES[rule]
    if rule is Rule.POLICY:
        text = _POLICY_SENTENCES.get(permission, text)
        if permission is Permission.MEDIA_SHARE_SCREEN and policy.share_screen is ShareScreen.ASK:
            text = _ASK_TO_SHARE
    return text.format(phrase=MATRIX[permission].phrase, role=_ROLE_NAMES[roles[0]] if roles else "")


def _lifters(rule: Rule, permission: Permission, subject: Subject) -> tuple[Role, ...]:
    """Organisers lift denies, staff revokes and locks; who manages participants gives places and roles.

    Anything else can be granted by staff who hold it themselves: nobody gives what they don't have.
    """
    if rule is Rule.DENY:
        return (Role.ORGANISER,)
    if rule in (Rule.REVOKED, Rule.LOCK):
        return STAFF
    if rule is Rule.NOT_CONFIRMED or not subject.effective_roles:
        return _staff_holding(Permission.PARTICIPANTS_MANAGE)
    if permission in _NEVER_GRANTED:
        return ()
    return _staff_holding(permission) or (Role.ORGANISER,)


_NEVER_GRANTED: Final = frozenset({Permission.SESSION_TRANSFER, Permission.POLL_VIEW_VOTES})
"""Transfer is the owner's alone; who voted for what stays with staff, if anyone knows at all."""


def _staff_holding(permission: Permission) -> tuple[Role, ...]:
    return tuple(role for role in STAFF if MATRIX[permission].cells[role] is Cell.YES)
