"""PRODUCT.md 3.1 and 3.2, cell by cell, and every ◐ both ways (S62, S67)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from signalling.permissions import (
    MATRIX,
    Editing,
    Permission,
    Policy,
    Role,
    Rule,
    ShareScreen,
    Subject,
    allowed,
    default_policy,
    explain,
)

# Organiser, Facilitator, Co-Facilitator, Participant, Observer; ● granted, ◐ conditional, ○ denied.
# The letters are the notes of 3.1 that the condition comes from.
TABLE = """
session.view               ●   ●   ●   ●   ●
session.view_details       ●   ●   ●   ◐a  ◐a
session.join               ●   ●   ●   ●   ●
media.share_screen         ●   ●   ●   ◐c  ○
chat.send                  ●   ●   ●   ●   ○
reaction.send              ●   ●   ●   ●   ○
session.host               ●   ●   ◐e  ○   ○
session.moderate           ●   ●   ●   ○   ○
resource.create            ●   ●   ●   ○   ○
recording.control          ●   ●   ◐g  ○   ○
breakout.manage            ●   ●   ●   ○   ○
participants.view          ●   ●   ●   ◐i  ◐i
participants.manage        ●   ●   ○   ○   ○
session.end                ●   ●   ◐l  ○   ○
session.edit               ●   ◐m  ○   ○   ○

breakout.self_select       ●   ●   ●   ◐h  ○
registrations.view         ●   ●   ●   ○   ○

media.publish_audio        ●   ●   ●   ●   ○
media.publish_video        ●   ●   ●   ●   ○
media.mute_others          ●   ●   ●   ○   ○
media.stop_video           ●   ●   ●   ○   ○
media.ask_unmute           ●   ●   ●   ○   ○
lobby.admit                ●   ●   ●   ○   ○
lobby.bypass               ●   ●   ●   ◐   ◐
room.lock                  ●   ●   ●   ○   ○
room.remove                ●   ●   ●   ○   ○
room.ban                   ●   ●   ●   ○   ○
room.return_to_lobby       ●   ●   ●   ○   ○
chat.read                  ●   ●   ●   ●   ●
chat.private               ●   ●   ●   ◐   ○
chat.private_to_staff      ●   ●   ●   ●   ○
chat.moderate              ●   ●   ●   ○   ○
hand.raise                 ●   ●   ●   ●   ○
hand.manage                ●   ●   ●   ○   ○
stage.invite               ●   ●   ●   ○   ○
poll.vote                  ●   ●   ●   ●   ○
poll.manage                ●   ●   ●   ○   ○
poll.view_votes            ◐   ◐   ◐   ○   ○
qa.ask                     ●   ●   ●   ●   ○
qa.upvote                  ●   ●   ●   ●   ○
qa.moderate                ●   ●   ●   ○   ○
whiteboard.draw            ●   ●   ●   ◐   ○
whiteboard.clear           ●   ●   ●   ○   ○
notes.edit                 ●   ●   ●   ◐   ○
file.share                 ●   ●   ●   ◐   ○
file.moderate              ●   ●   ●   ○   ○
caption.provide            ○   ○   ○   ○   ○
caption.enable_auto        ●   ●   ●   ○   ○
stream.control             ●   ●   ○   ○   ○
recording.view             ●   ●   ●   ◐   ◐
recording.download         ●   ●   ●   ◐   ◐
recording.publish          ●   ○   ○   ○   ○
recording.delete           ●   ○   ○   ○   ○
role.assign                ●   ○   ○   ○   ○
session.transfer           ◐   ○   ○   ○   ○
invite.create              ●   ●   ●   ◐   ◐
timer.control              ●   ●   ●   ○   ○
agenda.advance             ●   ●   ●   ○   ○
layout.follow_me           ●   ●   ●   ○   ○
spotlight.set              ●   ●   ●   ○   ○
broadcast.send             ●   ●   ●   ○   ○
breakout.visit             ●   ●   ●   ○   ◐
breakout.help_request      ○   ○   ○   ●   ○
analytics.view             ●   ●   ○   ○   ○
attendance.export          ●   ○   ○   ○   ○
audit.view                 ●   ●   ○   ○   ○
"""

COLUMNS = ("organiser", "facilitator", "co_facilitator", "participant", "observer")


def cells() -> list[tuple[str, str, str]]:
    rows = [line.split() for line in TABLE.splitlines() if line.strip()]
    return [(key, role, cell) for key, *row in rows for role, cell in zip(COLUMNS, row, strict=True)]


DEFAULT = Policy()


@dataclass(frozen=True)
class Situation:
    """What besides roles a condition can depend on."""

    policy: Policy = DEFAULT
    confirmed: bool = True
    acting_host: bool = False
    leads_room: bool = False
    owner: bool = False
    editing: Editing = Editing.SETTINGS

    def subject(self, *roles: Role) -> Subject:
        return Subject(
            frozenset(roles),
            owner=self.owner,
            confirmed=self.confirmed,
            acting_host=self.acting_host,
            leads_room=self.leads_room,
        )


EVERYTHING_OPEN = Situation(
    policy=Policy(
        share_screen=ShareScreen.EVERYONE,
        roster_hidden=False,
        private_chat=True,
        file_share=True,
        whiteboard_draw=True,
        notes_edit=True,
        breakout_self_select=True,
        observers_visit_breakouts=True,
        recording_download=True,
        invite_by_all=True,
        anonymous_polls=False,
    ),
    confirmed=True,
    acting_host=True,
    leads_room=True,
    editing=Editing.PROGRAMME,
)
EVERYTHING_SHUT = Situation(
    policy=Policy(
        share_screen=ShareScreen.STAFF,
        roster_hidden=True,
        private_chat=False,
        file_share=False,
        whiteboard_draw=False,
        notes_edit=False,
        breakout_self_select=False,
        observers_visit_breakouts=False,
        recording_download=False,
        invite_by_all=False,
        anonymous_polls=True,
    ),
    confirmed=False,
)


@pytest.mark.parametrize(("key", "role", "cell"), cells())
def test_cell(key: str, role: str, cell: str) -> None:
    """● holds when every condition fails, ○ when every condition is met; ◐ follows (below, one by one)."""
    permission, roles = Permission(key), (Role(role),)

    def decide(situation: Situation) -> bool:
        return allowed(situation.subject(*roles), permission, situation.policy, editing=situation.editing)

    # An owner is an Organiser, so ownership is looked at apart from the other conditions.
    with_everything_open = decide(EVERYTHING_OPEN) or (
        role == "organiser" and allowed(Subject(frozenset(roles), owner=True), permission, Policy())
    )
    expected = {"●": (True, True), "◐": (True, False), "○": (False, False)}[cell[0]]
    assert (with_everything_open, decide(EVERYTHING_SHUT)) == expected


# Every ◐: the one thing that opens it, the one thing that shuts it, and the rule that refuses.
# Everything else is as it is by default.
UNCONFIRMED = Situation(confirmed=False)
ORGANISER, FACILITATOR, CO, PARTICIPANT, OBSERVER = Role
CONDITIONS: list[tuple[str, Role, Situation, Situation, Rule]] = [
    *(
        (key, role, Situation(), UNCONFIRMED, Rule.NOT_CONFIRMED)
        for key in ("session.view_details", "lobby.bypass", "recording.view")
        for role in (PARTICIPANT, OBSERVER)
    ),
    (
        "media.share_screen",
        PARTICIPANT,
        Situation(Policy(share_screen=ShareScreen.EVERYONE)),
        Situation(Policy(share_screen=ShareScreen.ASK)),
        Rule.POLICY,
    ),
    ("session.host", CO, Situation(acting_host=True), Situation(), Rule.NOT_HOST),
    ("session.end", CO, Situation(acting_host=True), Situation(), Rule.NOT_HOST),
    ("recording.control", CO, Situation(leads_room=True), Situation(), Rule.NOT_LEADING),
    ("session.edit", FACILITATOR, Situation(editing=Editing.PROGRAMME), Situation(), Rule.SCOPE),
    (
        "breakout.self_select",
        PARTICIPANT,
        Situation(Policy(breakout_self_select=True)),
        Situation(),
        Rule.POLICY,
    ),
    *(
        ("participants.view", role, Situation(), Situation(Policy(roster_hidden=True)), Rule.POLICY)
        for role in (PARTICIPANT, OBSERVER)
    ),
    ("chat.private", PARTICIPANT, Situation(), Situation(Policy(private_chat=False)), Rule.POLICY),
    ("whiteboard.draw", PARTICIPANT, Situation(Policy(whiteboard_draw=True)), Situation(), Rule.POLICY),
    ("notes.edit", PARTICIPANT, Situation(Policy(notes_edit=True)), Situation(), Rule.POLICY),
    ("file.share", PARTICIPANT, Situation(Policy(file_share=True)), Situation(), Rule.POLICY),
    *(
        ("invite.create", role, Situation(Policy(invite_by_all=True)), Situation(), Rule.POLICY)
        for role in (PARTICIPANT, OBSERVER)
    ),
    *(
        ("recording.download", role, Situation(Policy(recording_download=True)), Situation(), Rule.POLICY)
        for role in (PARTICIPANT, OBSERVER)
    ),
    (
        "breakout.visit",
        OBSERVER,
        Situation(Policy(observers_visit_breakouts=True)),
        Situation(),
        Rule.POLICY,
    ),
    *(
        ("poll.view_votes", role, Situation(Policy(anonymous_polls=False)), Situation(), Rule.POLICY)
        for role in (ORGANISER, FACILITATOR, CO)
    ),
    ("session.transfer", ORGANISER, Situation(owner=True), Situation(), Rule.OWNER_ONLY),
]


@pytest.mark.parametrize(("key", "role", "opens", "shuts", "rule"), CONDITIONS)
def test_condition(key: str, role: Role, opens: Situation, shuts: Situation, rule: Rule) -> None:
    permission = Permission(key)
    granted = explain(opens.subject(role), permission, opens.policy, editing=opens.editing)
    refused = explain(shuts.subject(role), permission, shuts.policy, editing=shuts.editing)
    assert (granted.allowed, granted.rule) == (True, Rule.ROLE)
    assert (refused.allowed, refused.rule) == (False, rule)


def test_every_conditional_cell_has_its_condition_tested() -> None:
    conditional = {(key, role) for key, role, cell in cells() if cell.startswith("◐")}
    assert conditional == {(key, role.value) for key, role, *_ in CONDITIONS}


def test_every_permission_has_a_row_and_every_row_a_permission() -> None:
    keys = [key for key, role, _ in cells() if role == "organiser"]
    assert len(keys) == len(set(keys))
    assert set(keys) == {permission.value for permission in Permission}
    assert set(MATRIX) == set(Permission)
    assert len(MATRIX) == 66


def test_members_are_the_key_upper_cased() -> None:
    for permission in Permission:
        assert permission.name == permission.value.upper().replace(".", "_")


def test_every_row_names_every_role_and_completes_the_sentence() -> None:
    for permission, row in MATRIX.items():
        assert set(row.cells) == set(Role), permission
        assert row.phrase
    phrases = [row.phrase for row in MATRIX.values()]
    assert len(phrases) == len(set(phrases))


def test_acting_host_is_a_matter_for_co_facilitators_only() -> None:
    """Note e: never a random participant."""
    for role in (PARTICIPANT, OBSERVER):
        subject = Subject(frozenset({role}), acting_host=True)
        for permission in (Permission.SESSION_HOST, Permission.SESSION_END):
            assert explain(subject, permission, Policy()).rule is Rule.NO_ROLE


def test_leading_a_room_lets_no_participant_record() -> None:
    subject = Subject(frozenset({PARTICIPANT}), leads_room=True)
    assert not allowed(subject, Permission.RECORDING_CONTROL, Policy())


@pytest.mark.parametrize("policy", list(ShareScreen))
def test_sharing_policy_and_roles(policy: ShareScreen) -> None:
    """Note c, S16: staff always share, observers never, participants when the session says everyone."""
    for role in Role:
        expected = role in (ORGANISER, FACILITATOR, CO) or (
            role is PARTICIPANT and policy is ShareScreen.EVERYONE
        )
        subject = Subject(frozenset({role}))
        assert allowed(subject, Permission.MEDIA_SHARE_SCREEN, Policy(share_screen=policy)) is expected


def test_downloading_needs_both_the_setting_and_a_confirmed_place() -> None:
    open_policy = Policy(recording_download=True)
    pending = Subject(frozenset({PARTICIPANT}), confirmed=False)
    assert explain(pending, Permission.RECORDING_DOWNLOAD, open_policy).rule is Rule.NOT_CONFIRMED
    assert explain(pending, Permission.RECORDING_DOWNLOAD, Policy()).rule is Rule.NOT_CONFIRMED


def test_editing_matters_to_session_edit_alone() -> None:
    for permission in set(Permission) - {Permission.SESSION_EDIT}:
        for role in Role:
            subject = Subject(frozenset({role}))
            settings = allowed(subject, permission, Policy(), editing=Editing.SETTINGS)
            programme = allowed(subject, permission, Policy(), editing=Editing.PROGRAMME)
            assert settings is programme


def test_only_organisers_edit_settings_and_organisers_edit_the_programme_too() -> None:
    for editing in Editing:
        for role in Role:
            subject = Subject(frozenset({role}))
            expected = role is ORGANISER or (role is FACILITATOR and editing is Editing.PROGRAMME)
            assert allowed(subject, Permission.SESSION_EDIT, Policy(), editing=editing) is expected


def test_a_person_without_a_role_holds_nothing() -> None:
    """S65: nothing comes from organisation, campus or course; and a public session is no role either."""
    for policy in (EVERYTHING_OPEN.policy, Policy(), default_policy("buddy_meeting")):
        for permission in Permission:
            decision = explain(EVERYTHING_OPEN.subject(), permission, policy)
            assert (decision.allowed, decision.rule) == (False, Rule.NO_ROLE)


def test_an_owner_has_every_organiser_permission() -> None:
    """S27, whatever role they registered with."""
    for roles in (frozenset[Role](), frozenset({PARTICIPANT}), frozenset({OBSERVER})):
        owner = Subject(roles, owner=True)
        organiser = Subject(frozenset({ORGANISER}))
        for policy in (Policy(), EVERYTHING_SHUT.policy, Policy(locks=frozenset(Permission))):
            for permission in Permission:
                if allowed(organiser, permission, policy):
                    assert allowed(owner, permission, policy)
        assert allowed(owner, Permission.SESSION_TRANSFER, Policy())
