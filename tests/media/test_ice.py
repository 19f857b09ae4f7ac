"""The ICE agent alone, in time that is an argument: whatever happened, one check of the browser mends it."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from media.net.ice import ADDRESS_LIMIT, CONSENT_LIMIT, SILENCE_LIMIT, IceAgent
from media.net.stun import Credentials
from tests.support.checks import request_of

ADDRESSES = [bytes((number,)) * 8 for number in range(ADDRESS_LIMIT + 4)]


def check(agent: IceAgent, address: bytes, now: float, *, nominates: bool = True) -> list[bytes]:
    """A check with the present credentials."""
    return agent.checked_from(address, nominates, agent.credentials, now)


def test_the_last_nomination_counts() -> None:
    agent = IceAgent()
    one, other, *_ = ADDRESSES
    check(agent, one, 0.0)
    check(agent, other, 0.1, nominates=False)
    assert agent.selected == one
    check(agent, other, 0.2)
    assert agent.selected == other
    check(agent, one, 0.3)
    assert agent.selected == one


def test_before_a_nomination_the_first_address_is_used() -> None:
    agent = IceAgent()
    check(agent, ADDRESSES[0], 0.0, nominates=False)
    check(agent, ADDRESSES[1], 0.1, nominates=False)
    assert agent.selected == ADDRESSES[0]


def test_a_rebound_address_takes_over_without_nomination_once_the_old_one_is_silent() -> None:
    agent = IceAgent()
    old, new, *_ = ADDRESSES
    check(agent, old, 0.0)
    check(agent, new, SILENCE_LIMIT, nominates=False)
    assert agent.selected == old
    check(agent, new, SILENCE_LIMIT + 0.1, nominates=False)
    assert agent.selected == new


def test_consent_ends_thirty_seconds_after_the_last_check_whatever_else_comes() -> None:
    agent = IceAgent()
    check(agent, ADDRESSES[0], 100.0)
    agent.heard = 131.0  # media is no consent
    assert agent.has_consent(100.0 + CONSENT_LIMIT)
    assert not agent.has_consent(100.1 + CONSENT_LIMIT)
    check(agent, ADDRESSES[0], 140.0)
    assert agent.has_consent(140.0)


def test_consent_is_that_of_the_selected_address() -> None:
    agent = IceAgent()
    one, other, *_ = ADDRESSES
    check(agent, one, 0.0)
    check(agent, other, 20.0)
    agent.forget(other)
    assert agent.selected == one
    assert agent.has_consent(CONSENT_LIMIT)
    assert not agent.has_consent(CONSENT_LIMIT + 1)  # though another was heard 11 s ago


def test_a_restart_keeps_the_old_credentials_until_the_new_ones_have_been_used() -> None:
    agent = IceAgent()
    old = agent.credentials
    check(agent, ADDRESSES[0], 0.0)
    agent.restart()
    agent.restart()  # asked for again before the browser heard of the first
    new = agent.credentials
    assert agent.fragments == [new.fragment, old.fragment]
    assert agent.authenticate(request_of(old)) == old
    agent.checked_from(ADDRESSES[0], True, old, 1.0)
    assert agent.selected == ADDRESSES[0]
    agent.checked_from(ADDRESSES[1], False, new, 1.1)
    assert agent.selected == ADDRESSES[1]  # the new path is used as soon as it is there
    assert agent.authenticate(request_of(old)) is None
    assert agent.fragments == [new.fragment]


class AnyCourse(RuleBasedStateMachine):
    """Checks from anywhere, restarts at any time, silences, connections that end: the rules of any course."""

    @initialize()
    def begin(self) -> None:
        self.agent = IceAgent()
        self.now = 1000.0
        self.replaced: list[Credentials] = []  # that no longer count
        self.at = dict.fromkeys(ADDRESSES, float("-inf"))
        self.nominated: bytes | None = None

    @rule(address=st.sampled_from(ADDRESSES), nominates=st.booleans(), old=st.booleans())
    def checked(self, address: bytes, nominates: bool, old: bool) -> None:
        agent = self.agent
        known = [agent.authenticate(request_of(credentials)) for credentials in self.known()]
        credentials = known[-1] if old else known[0]
        assert credentials is not None
        before = self.known()
        dropped = agent.checked_from(address, nominates, credentials, self.now)
        assert address not in dropped
        assert agent.selected not in dropped
        self.at[address] = self.now
        if nominates:
            assert agent.selected == address
        if credentials is before[0]:
            self.replaced += before[1:]

    def known(self) -> list[Credentials]:
        previous = self.agent._previous
        return [self.agent.credentials, *([previous] if previous else [])]

    @rule()
    def restarted(self) -> None:
        before = self.known()
        self.agent.restart()
        self.replaced += [one for one in before if one not in self.known()]

    @rule(seconds=st.sampled_from([0.1, 2.5, SILENCE_LIMIT + 0.1, CONSENT_LIMIT + 0.1]))
    def passed(self, seconds: float) -> None:
        self.now += seconds
        for address in self.agent.expire(self.now):
            assert self.now - self.at[address] > CONSENT_LIMIT

    @precondition(lambda self: self.agent.addresses)
    @rule(data=st.data())
    def ended(self, data: st.DataObject) -> None:
        self.agent.forget(data.draw(st.sampled_from(sorted(self.agent.addresses))))

    @invariant()
    def holds(self) -> None:
        agent = self.agent
        assert agent.selected is None or agent.selected in agent.addresses
        assert len(agent.addresses) <= ADDRESS_LIMIT
        assert len(agent.fragments) <= 2
        if agent.has_consent(self.now):
            assert agent.selected is not None
            assert self.now - self.at[agent.selected] <= CONSENT_LIMIT
        for credentials in self.replaced:
            assert agent.authenticate(request_of(credentials)) is None

    @rule(address=st.sampled_from(ADDRESSES))
    def is_never_stuck(self, address: bytes) -> None:
        """Whatever went before: the browser restarts, checks once, and all is well."""
        self.restarted()
        self.checked(address, nominates=False, old=False)
        assert self.agent.selected == address
        assert self.agent.has_consent(self.now)
        assert self.agent.current_state(self.now) == "connected"


TestAnyCourse = AnyCourse.TestCase
TestAnyCourse.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
