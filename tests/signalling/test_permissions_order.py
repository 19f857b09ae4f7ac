"""The policy order of PRODUCT.md 3.2: each step, each pair of steps in conflict, what holds always (S64)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.permissions import (
    PARTS,
    STAFF,
    Editing,
    Overrides,
    Part,
    Permission,
    Policy,
    Role,
    Rule,
    ShareScreen,
    Subject,
    When,
    allowed,
    explain,
    permit_all,
)

# A permission that a part carries, that a Participant has by role, and that can be locked.
MIC = Permission.MEDIA_PUBLISH_AUDIO
DEFAULT = Policy()
NOTHING = frozenset[Permission]()
ONLY_MIC = frozenset({MIC})


@dataclass(frozen=True)
class Case:
    subject: Subject
    policy: Policy = DEFAULT


def start() -> Case:
    """Nobody in particular: no role, so that every step has to speak for itself."""
    return Case(Subject(frozenset()))


def with_deny(case: Case) -> Case:
    overrides = replace(case.subject.overrides, denies=ONLY_MIC)
    return replace(case, subject=replace(case.subject, overrides=overrides))


def with_revoke(case: Case) -> Case:
    return replace(case, subject=replace(case.subject, live_revokes=ONLY_MIC))


def with_live_grant(case: Case) -> Case:
    return replace(case, subject=replace(case.subject, live_grants=ONLY_MIC))


def with_part(case: Case) -> Case:
    return replace(case, subject=replace(case.subject, active_parts=frozenset({Part.PRESENTER})))


def with_lock(case: Case) -> Case:
    return replace(case, policy=replace(case.policy, locks=ONLY_MIC))


def with_role(case: Case) -> Case:
    return replace(case, subject=replace(case.subject, roles=frozenset({Role.PARTICIPANT})))


def with_session_grant(case: Case) -> Case:
    overrides = replace(case.subject.overrides, grants=ONLY_MIC)
    return replace(case, subject=replace(case.subject, overrides=overrides))


Step = tuple[Callable[[Case], Case], bool, Rule]

# In the order of the specification; two ways in one step (a live grant and an active part, a role and a grant
# for the session) do not conflict.
STEPS: list[list[Step]] = [
    [(with_deny, False, Rule.DENY)],
    [(with_revoke, False, Rule.REVOKED)],
    [(with_live_grant, True, Rule.GRANTED), (with_part, True, Rule.PART)],
    [(with_lock, False, Rule.LOCK)],
    [(with_role, True, Rule.ROLE), (with_session_grant, True, Rule.SESSION_GRANT)],
]


@pytest.mark.parametrize("step", [way for step in STEPS for way in step])
def test_each_step_decides_alone(step: Step) -> None:
    apply, verdict, rule = step
    case = apply(start())
    decision = explain(case.subject, MIC, case.policy)
    assert (decision.allowed, decision.rule) == (verdict, rule)


def test_nothing_at_all_is_a_refusal() -> None:
    assert explain(Subject(frozenset()), MIC, Policy()).rule is Rule.NO_ROLE
    assert explain(Subject(frozenset({Role.OBSERVER})), MIC, Policy()).rule is Rule.NO_ROLE


@pytest.mark.parametrize(
    ("earlier", "later"),
    [(one, other) for first, second in combinations(STEPS, 2) for one in first for other in second],
)
def test_of_two_steps_the_earlier_wins(earlier: Step, later: Step) -> None:
    apply, verdict, rule = earlier
    for case in (apply(later[0](start())), later[0](apply(start()))):
        decision = explain(case.subject, MIC, case.policy)
        assert (decision.allowed, decision.rule) == (verdict, rule)


def test_a_locked_room_where_one_person_may_share() -> None:
    """What the order is made for: lock sharing for all, let one person share; a deny beats even that."""
    share = Permission.MEDIA_SHARE_SCREEN
    locked = Policy(share_screen=ShareScreen.EVERYONE, locks=frozenset({share}))
    anyone = Subject(frozenset({Role.PARTICIPANT}))
    chosen = replace(anyone, live_grants=frozenset({share}))
    denied = replace(chosen, overrides=Overrides(denies=frozenset({share})))
    assert [allowed(s, share, locked) for s in (anyone, chosen, denied)] == [False, True, False]


@pytest.mark.parametrize("role", list(Role))
def test_locks_hold_everyone_but_staff(role: Role) -> None:
    decision = explain(Subject(frozenset({role})), MIC, Policy(locks=ONLY_MIC))
    assert decision.allowed is (role in (Role.ORGANISER, Role.FACILITATOR, Role.CO_FACILITATOR))
    assert decision.rule is (Rule.ROLE if decision.allowed else Rule.LOCK)


def test_locks_do_not_hold_the_owner_or_somebody_with_a_staff_role_among_others() -> None:
    locked = Policy(locks=ONLY_MIC)
    assert allowed(Subject(frozenset({Role.PARTICIPANT}), owner=True), MIC, locked)
    assert allowed(Subject(frozenset({Role.PARTICIPANT, Role.CO_FACILITATOR})), MIC, locked)


def test_a_lock_holds_only_what_it_names() -> None:
    participant = Subject(frozenset({Role.PARTICIPANT}))
    locked = Policy(locks=frozenset({Permission.CHAT_SEND}))
    assert not allowed(participant, Permission.CHAT_SEND, locked)
    assert allowed(participant, MIC, locked)


def test_denies_and_revokes_hold_staff_and_owner_too() -> None:
    for roles, owner in ((frozenset(Role), False), (frozenset(Role), True)):
        denied = Subject(roles, owner=owner, overrides=Overrides(denies=ONLY_MIC))
        revoked = Subject(roles, owner=owner, live_revokes=ONLY_MIC)
        assert explain(denied, MIC, Policy()).rule is Rule.DENY
        assert explain(revoked, MIC, Policy()).rule is Rule.REVOKED


def test_a_grant_gives_what_no_role_has() -> None:
    """A captioner is named by a grant; a grant also gets past a condition that is not met."""
    captioner = Subject(
        frozenset({Role.PARTICIPANT}), overrides=Overrides(grants=frozenset({Permission.CAPTION_PROVIDE}))
    )
    assert explain(captioner, Permission.CAPTION_PROVIDE, Policy()).rule is Rule.SESSION_GRANT
    recorder = Subject(
        frozenset({Role.CO_FACILITATOR}), live_grants=frozenset({Permission.RECORDING_CONTROL})
    )
    assert allowed(recorder, Permission.RECORDING_CONTROL, Policy())


# --- several roles ---------------------------------------------------------------------------------


def test_roles_add_up() -> None:
    both = Subject(frozenset({Role.OBSERVER, Role.PARTICIPANT}))
    for permission in Permission:
        expected = any(allowed(Subject(frozenset({r})), permission, Policy()) for r in both.roles)
        assert allowed(both, permission, Policy()) is expected


def test_the_nearest_miss_explains_a_refusal() -> None:
    """A co-facilitator who is not acting host hears that, not "as an observer"."""
    both = Subject(frozenset({Role.OBSERVER, Role.CO_FACILITATOR}))
    assert explain(both, Permission.SESSION_END, Policy()).rule is Rule.NOT_HOST
    asking = Subject(frozenset({Role.OBSERVER, Role.PARTICIPANT}))
    assert explain(asking, Permission.MEDIA_SHARE_SCREEN, Policy()).rule is Rule.POLICY


# --- programme parts -------------------------------------------------------------------------------

PART_TABLE = [
    (Part.HOST, Role.FACILITATOR, When.ALL_SESSION, ("session.host", "agenda.advance", "timer.control")),
    (
        Part.PRESENTER,
        Role.PARTICIPANT,
        When.OWN_TURN,
        ("media.share_screen", "media.publish_audio", "media.publish_video", "file.share", "spotlight.set"),
    ),
    (
        Part.INTERVIEWER,
        Role.PARTICIPANT,
        When.EVERY_QA,
        ("qa.moderate", "media.publish_audio", "media.publish_video"),
    ),
    (Part.GUEST, Role.PARTICIPANT, When.ALL_SESSION, ()),
]


@pytest.mark.parametrize(("part", "role", "when", "keys"), PART_TABLE)
def test_part(part: Part, role: Role, when: When, keys: tuple[str, ...]) -> None:
    """PRODUCT.md 4.2: the role a part starts with, and what it carries while it is active, and only then."""
    assert (PARTS[part].default_role, PARTS[part].when) == (role, when)
    for permission in Permission:
        active = explain(Subject(frozenset(), active_parts=frozenset({part})), permission, Policy())
        assert active.allowed is (permission.value in keys)
        assert active.rule is (Rule.PART if permission.value in keys else Rule.NO_ROLE)


def test_every_part_has_an_entry() -> None:
    assert set(PARTS) == set(Part) == {part for part, *_ in PART_TABLE}


def test_a_presenter_shares_during_their_turn_though_sharing_is_locked() -> None:
    locked = Policy(locks=frozenset({Permission.MEDIA_SHARE_SCREEN}))
    waiting = Subject(frozenset({Role.PARTICIPANT}))
    on_stage = replace(waiting, active_parts=frozenset({Part.PRESENTER}))
    assert not allowed(waiting, Permission.MEDIA_SHARE_SCREEN, locked)
    assert allowed(on_stage, Permission.MEDIA_SHARE_SCREEN, locked)


def test_several_active_parts_add_up() -> None:
    subject = Subject(frozenset(), active_parts=frozenset({Part.GUEST, Part.INTERVIEWER, Part.HOST}))
    assert allowed(subject, Permission.QA_MODERATE, Policy())
    assert allowed(subject, Permission.TIMER_CONTROL, Policy())


# --- what holds in general -------------------------------------------------------------------------

permissions = st.sampled_from(list(Permission))
permission_sets = st.frozensets(permissions, max_size=6)
role_sets = st.frozensets(st.sampled_from(list(Role)))
policies = st.builds(
    Policy,
    share_screen=st.sampled_from(list(ShareScreen)),
    roster_hidden=st.booleans(),
    private_chat=st.booleans(),
    file_share=st.booleans(),
    whiteboard_draw=st.booleans(),
    notes_edit=st.booleans(),
    breakout_self_select=st.booleans(),
    observers_visit_breakouts=st.booleans(),
    recording_download=st.booleans(),
    invite_by_all=st.booleans(),
    anonymous_polls=st.booleans(),
    locks=permission_sets,
)
subjects = st.builds(
    Subject,
    roles=role_sets,
    owner=st.booleans(),
    confirmed=st.booleans(),
    overrides=st.builds(Overrides, denies=permission_sets, grants=permission_sets),
    live_revokes=permission_sets,
    live_grants=permission_sets,
    active_parts=st.frozensets(st.sampled_from(list(Part))),
    acting_host=st.booleans(),
    leads_room=st.booleans(),
)
editings = st.sampled_from(list(Editing))


@given(subjects, policies, permissions, st.sampled_from(list(Role)), editings)
def test_adding_a_role_never_takes_anything_away(
    subject: Subject, policy: Policy, permission: Permission, role: Role, editing: Editing
) -> None:
    """S64; with denies, revokes and locks too: they look at the person and not at the new role."""
    richer = replace(subject, roles=subject.roles | {role})
    if allowed(subject, permission, policy, editing=editing):
        assert allowed(richer, permission, policy, editing=editing)


@given(subjects, policies, permissions, editings)
def test_a_deny_beats_everything(
    subject: Subject, policy: Policy, permission: Permission, editing: Editing
) -> None:
    overrides = replace(subject.overrides, denies=subject.overrides.denies | {permission})
    decision = explain(replace(subject, overrides=overrides), permission, policy, editing=editing)
    assert (decision.allowed, decision.rule) == (False, Rule.DENY)


@given(subjects, policies, permissions, st.sampled_from(["live_grants", "session", "part"]))
def test_giving_something_never_takes_anything_away(
    subject: Subject, policy: Policy, permission: Permission, kind: str
) -> None:
    if kind == "live_grants":
        richer = replace(subject, live_grants=subject.live_grants | {permission})
    elif kind == "session":
        overrides = replace(subject.overrides, grants=subject.overrides.grants | {permission})
        richer = replace(subject, overrides=overrides)
    else:
        richer = replace(subject, active_parts=frozenset(Part))
    for each in Permission:
        if allowed(subject, each, policy):
            assert allowed(richer, each, policy)


@given(subjects, policies, permissions)
def test_a_lock_never_gives_anything_and_never_touches_staff(
    subject: Subject, policy: Policy, permission: Permission
) -> None:
    open_, locked = replace(policy, locks=NOTHING), replace(policy, locks=frozenset({permission}))
    for each in Permission:
        if allowed(subject, each, locked):
            assert allowed(subject, each, open_)
        if subject.staff:
            assert explain(subject, each, locked) == explain(subject, each, open_)


@given(subjects, policies)
def test_permit_all_says_what_explain_says(subject: Subject, policy: Policy) -> None:
    everything = permit_all(subject, policy)
    assert list(everything) == list(Permission)
    for permission, decision in everything.items():
        assert decision.permission is permission
        assert decision == explain(subject, permission, policy)


@given(subjects, policies, permissions, editings)
def test_every_refusal_says_why_and_who_can_lift_it(
    subject: Subject, policy: Policy, permission: Permission, editing: Editing
) -> None:
    decision = explain(subject, permission, policy, editing=editing)
    if decision.allowed:
        assert (decision.message, decision.lifted_by) == ("", ())
        assert decision.rule in {Rule.GRANTED, Rule.PART, Rule.ROLE, Rule.SESSION_GRANT}
        return
    words = decision.message.split()
    assert "you" in {word.lower().removesuffix("'t") for word in words}
    assert decision.message.endswith(".")
    assert not set("!{}") & set(decision.message)
    assert len(decision.message) <= 110
    assert set(decision.lifted_by) <= set(STAFF)
    nobody_can = permission in {Permission.SESSION_TRANSFER, Permission.POLL_VIEW_VOTES}
    assert decision.lifted_by or nobody_can
