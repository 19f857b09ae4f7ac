"""What a refusal says and who can lift it; the ceiling on roles and removals; policies and their defaults."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from signalling.messages import Permit, You
from signalling.permissions import (
    STAFF,
    Editing,
    Forbidden,
    Overrides,
    Permission,
    Policy,
    Role,
    Rule,
    SessionType,
    ShareScreen,
    Subject,
    default_policy,
    explain,
    may_assign,
    may_remove,
    permit_all,
    require,
)

ORGANISER, FACILITATOR, CO, PARTICIPANT, OBSERVER = (Subject(frozenset({role})) for role in Role)
SHARE, CHAT, END = Permission.MEDIA_SHARE_SCREEN, Permission.CHAT_SEND, Permission.SESSION_END
EVERY_STAFF = (Role.ORGANISER, Role.FACILITATOR, Role.CO_FACILITATOR)
TOP_TWO = (Role.ORGANISER, Role.FACILITATOR)

# One refusal of each kind: who, what, under which policy; the rule, the sentence, and who can lift it.
REFUSALS = [
    (
        replace(PARTICIPANT, overrides=Overrides(denies=frozenset({CHAT}))),
        CHAT,
        Policy(),
        Rule.DENY,
        "You can't write in the chat: an organiser has ruled it out for you.",
        (Role.ORGANISER,),
    ),
    (
        replace(PARTICIPANT, live_revokes=frozenset({CHAT})),
        CHAT,
        Policy(),
        Rule.REVOKED,
        "You can't write in the chat right now: it was switched off for you.",
        EVERY_STAFF,
    ),
    (
        PARTICIPANT,
        CHAT,
        Policy(locks=frozenset({CHAT})),
        Rule.LOCK,
        "You can't write in the chat while it is locked for everyone.",
        EVERY_STAFF,
    ),
    (
        PARTICIPANT,
        SHARE,
        Policy(share_screen=ShareScreen.ASK),
        Rule.POLICY,
        "You may ask to share your screen. A facilitator can let you.",
        EVERY_STAFF,
    ),
    (
        PARTICIPANT,
        SHARE,
        Policy(share_screen=ShareScreen.STAFF),
        Rule.POLICY,
        "You can't share your screen: this session's settings don't allow it.",
        EVERY_STAFF,
    ),
    (
        PARTICIPANT,
        Permission.PARTICIPANTS_VIEW,
        Policy(roster_hidden=True),
        Rule.POLICY,
        "You can't see who is here: the list is hidden in this session.",
        EVERY_STAFF,
    ),
    (
        PARTICIPANT,
        Permission.BREAKOUT_SELF_SELECT,
        Policy(),
        Rule.POLICY,
        "You can't choose your breakout room: rooms are assigned here.",
        EVERY_STAFF,
    ),
    (
        ORGANISER,
        Permission.POLL_VIEW_VOTES,
        Policy(),
        Rule.POLICY,
        "You can't see who voted for what: the poll is anonymous.",
        (),
    ),
    (
        replace(PARTICIPANT, confirmed=False),
        Permission.SESSION_VIEW_DETAILS,
        Policy(),
        Rule.NOT_CONFIRMED,
        "You can't see the link and the materials until your place is confirmed.",
        TOP_TWO,
    ),
    (
        CO,
        END,
        Policy(),
        Rule.NOT_HOST,
        "You can't end this session for everyone unless you are the acting host.",
        TOP_TWO,
    ),
    (
        CO,
        Permission.RECORDING_CONTROL,
        Policy(),
        Rule.NOT_LEADING,
        "You can record the breakout room you lead. For the whole session, ask the host.",
        TOP_TWO,
    ),
    (
        FACILITATOR,
        Permission.SESSION_EDIT,
        Policy(),
        Rule.SCOPE,
        "You can change agenda, materials and breakout plan. The rest is up to an organiser.",
        (Role.ORGANISER,),
    ),
    (
        ORGANISER,
        Permission.SESSION_TRANSFER,
        Policy(),
        Rule.OWNER_ONLY,
        "You can't transfer this session: only its owner can.",
        (),
    ),
    (OBSERVER, CHAT, Policy(), Rule.NO_ROLE, "As an observer you can't write in the chat.", EVERY_STAFF),
    (
        FACILITATOR,
        Permission.RECORDING_DELETE,
        Policy(),
        Rule.NO_ROLE,
        "As a facilitator you can't delete the recording.",
        (Role.ORGANISER,),
    ),
    (
        CO,
        Permission.CAPTION_PROVIDE,
        Policy(),
        Rule.NO_ROLE,
        "As a co-facilitator you can't write captions.",
        (Role.ORGANISER,),
    ),
    (Subject(frozenset()), CHAT, Policy(), Rule.NO_ROLE, "You have no role in this session.", TOP_TWO),
]


@pytest.mark.parametrize(("subject", "permission", "policy", "rule", "message", "lifted_by"), REFUSALS)
def test_refusal(
    subject: Subject,
    permission: Permission,
    policy: Policy,
    rule: Rule,
    message: str,
    lifted_by: tuple[Role, ...],
) -> None:
    decision = explain(subject, permission, policy)
    assert not decision.allowed
    assert (decision.rule, decision.message, decision.lifted_by) == (rule, message, lifted_by)


def test_every_refusing_rule_has_an_example() -> None:
    granting = {Rule.GRANTED, Rule.PART, Rule.ROLE, Rule.SESSION_GRANT}
    assert {rule for _, _, _, rule, _, _ in REFUSALS} == set(Rule) - granting


def test_require_lets_pass_or_raises_the_decision() -> None:
    require(PARTICIPANT, CHAT, Policy())
    require(FACILITATOR, Permission.SESSION_EDIT, Policy(), editing=Editing.PROGRAMME)
    with pytest.raises(Forbidden, match="As an observer you can't write in the chat") as refused:
        require(OBSERVER, CHAT, Policy())
    assert refused.value.decision == explain(OBSERVER, CHAT, Policy())


def test_decisions_go_on_the_wire_as_they_are() -> None:
    decision = explain(PARTICIPANT, SHARE, Policy())
    permit = Permit.model_validate(decision, from_attributes=True)
    assert permit.model_dump(mode="json") == {
        "allowed": False,
        "rule": "policy",
        "message": "You may ask to share your screen. A facilitator can let you.",
        "liftedBy": ["organiser", "facilitator", "co_facilitator"],
    }
    you = {"participant_id": "p1", "permissions": permit_all(PARTICIPANT, Policy())}
    assert set(You.model_validate(you, from_attributes=True).permissions) == set(Permission)


# --- the ceiling (note j) --------------------------------------------------------------------------

# Rows assign, columns are assigned: Organiser, Facilitator, Co-Facilitator, Participant, Observer.
MAY_ASSIGN = """
organiser       ● ● ● ● ●
facilitator     ○ ○ ● ● ●
co_facilitator  ○ ○ ○ ○ ○
participant     ○ ○ ○ ○ ○
observer        ○ ○ ○ ○ ○
"""
MAY_REMOVE = """
organiser       ○ ● ● ● ●
facilitator     ○ ○ ● ● ●
co_facilitator  ○ ○ ○ ● ●
participant     ○ ○ ○ ○ ○
observer        ○ ○ ○ ○ ○
"""


def pairs(table: str) -> list[tuple[Role, Role, bool]]:
    return [
        (Role(actor), target, cell == "●")
        for actor, *cells in (line.split() for line in table.split("\n") if line)
        for target, cell in zip(Role, cells, strict=True)
    ]


@pytest.mark.parametrize(("actor", "target", "expected"), pairs(MAY_ASSIGN))
def test_who_may_assign_what(actor: Role, target: Role, expected: bool) -> None:
    assert may_assign({actor}, target) is expected


@pytest.mark.parametrize(("actor", "target", "expected"), pairs(MAY_REMOVE))
def test_who_may_remove_whom(actor: Role, target: Role, expected: bool) -> None:
    assert may_remove(Subject(frozenset({actor})), Subject(frozenset({target}))) is expected


def test_an_owner_assigns_as_an_organiser() -> None:
    owner = Subject(frozenset({Role.PARTICIPANT}), owner=True)
    assert all(may_assign(owner.effective_roles, role) for role in Role)


def test_the_owner_removes_organisers_and_is_removed_by_nobody() -> None:
    owner = Subject(frozenset(), owner=True)
    assert may_remove(owner, ORGANISER)
    assert not any(may_remove(Subject(frozenset({role})), owner) for role in Role)
    assert not may_remove(owner, owner)


def test_the_highest_role_counts() -> None:
    mixed = Subject(frozenset({Role.OBSERVER, Role.FACILITATOR}))
    assert may_assign(mixed.roles, Role.CO_FACILITATOR)
    assert may_remove(mixed, CO)
    assert not may_remove(CO, mixed)
    assert may_remove(CO, Subject(frozenset()))
    assert not may_assign(frozenset(), Role.OBSERVER)
    assert not may_remove(Subject(frozenset()), Subject(frozenset()))


def test_roles_descend() -> None:
    """S61."""
    assert [role.rank for role in Role] == [5, 4, 3, 2, 1]
    assert [role.value for role in Role] == [
        "organiser",
        "facilitator",
        "co_facilitator",
        "participant",
        "observer",
    ]
    assert STAFF == EVERY_STAFF


# --- policies --------------------------------------------------------------------------------------


def test_defaults_of_each_session_type() -> None:
    """S2 to S8; only what differs between them is spelled out."""
    expected = {
        # type: (share screen, files, whiteboard, notes, choose a breakout)
        "training": (ShareScreen.ASK, False, False, False, False),
        "coaching": (ShareScreen.ASK, True, True, True, False),
        "workshop": (ShareScreen.ASK, True, True, True, False),
        "buddy_meeting": (ShareScreen.EVERYONE, True, True, True, True),
        "focus_work": (ShareScreen.ASK, False, False, True, False),
        "custom": (ShareScreen.ASK, False, False, False, False),
    }
    assert set(expected) == set(SessionType)
    for name, values in expected.items():
        policy = default_policy(name)
        shown = (policy.share_screen, policy.file_share, policy.whiteboard_draw)
        assert (*shown, policy.notes_edit, policy.breakout_self_select) == values
        assert not policy.roster_hidden
        assert not policy.recording_download
        assert not policy.locks


def test_an_unknown_session_type_is_an_error() -> None:
    with pytest.raises(ValueError, match="seance"):
        default_policy("seance")


def test_in_a_buddy_meeting_everyone_works_alike() -> None:
    """S6: what people do together is open to both sides; running and ending the session is not a setting."""
    policy = default_policy("buddy_meeting")
    together = {"media.share_screen", "file.share", "whiteboard.draw", "notes.edit", "breakout.self_select"}
    for key in together:
        for subject in (ORGANISER, PARTICIPANT):
            require(subject, Permission(key), policy)
    assert not explain(PARTICIPANT, END, policy).allowed


@pytest.mark.parametrize("session_type", list(SessionType))
def test_policies_survive_json(session_type: SessionType) -> None:
    policy = replace(default_policy(session_type), locks=frozenset({SHARE, CHAT}), roster_hidden=True)
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_a_stored_policy_without_a_newer_field_gets_its_default() -> None:
    assert Policy.from_json({}) == Policy()
    assert Policy.from_json({"share_screen": "everyone"}) == Policy(share_screen=ShareScreen.EVERYONE)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"share_scren": "ask"}, "share_scren"),
        ({"share_screen": "sometimes"}, "sometimes"),
        ({"locks": ["chat.shout"]}, "chat.shout"),
        ({"roster_hidden": "yes"}, "roster_hidden"),
    ],
)
def test_a_wrong_policy_is_refused_by_name(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Policy.from_json(values)
