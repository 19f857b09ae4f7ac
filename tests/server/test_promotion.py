"""The waitlist's rules over generated histories: never a seat too many, nobody overtaken, offered once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from server.registrations.promotion import (
    OFFER,
    TRANSITIONS,
    Kind,
    WrongMove,
    arrival,
    check_move,
    offer_until,
    promotable,
    promote,
    ranked,
)
from server.registrations.tables import Status
from server.sessions.tables import WaitlistMode

START = datetime(2030, 6, 1, 12, tzinfo=UTC)
END = START + timedelta(hours=1)
SEATED = (Status.OFFERED, Status.REGISTERED)


class Waitlist(RuleBasedStateMachine):
    """One seat kind, told by lists: what the database does with rows."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START - timedelta(days=20)
        self.maximum = 2
        self.mode = WaitlistMode.OFFER
        self.status: dict[str, Status] = {}
        self.until: dict[str, datetime] = {}
        self.queue: list[str] = []
        self.stays = 0
        self.offers: dict[str, int] = {}  # by stay in the queue
        self.stay: dict[str, str] = {}

    @property
    def kind(self) -> Kind:
        taken = sum(status in SEATED for status in self.status.values())
        return Kind(self.maximum, taken, len(self.queue), self.mode)

    def move(self, who: str, after: Status) -> None:
        check_move(self.status.get(who), after)
        self.status[who] = after

    def settle(self) -> None:
        for who in [one for one, until in self.until.items() if until <= self.now]:
            self.move(who, Status.EXPIRED)
            del self.until[who]
        moves = promote(self.kind, self.queue, now=self.now, starts_at=START, ends_at=END)
        assert [one.id for one in moves] == self.queue[: len(moves)], "in order"
        for one in moves:
            self.queue.remove(one.id)
            self.move(one.id, one.status)
            self.offers[self.stay[one.id]] = self.offers.get(self.stay[one.id], 0) + 1
            if one.expires_at:
                assert self.now < one.expires_at <= END
                self.until[one.id] = one.expires_at

    def some(self, *statuses: Status) -> list[str]:
        return sorted(who for who, status in self.status.items() if status in statuses)

    @rule(number=st.integers(0, 30), waits=st.booleans())
    def join(self, number: int, waits: bool) -> None:
        who = f"p{number}"
        if self.status.get(who) in (*SEATED, Status.WAITLISTED):
            return
        status = arrival(self.kind, ask=False, may_wait=waits)
        if status is None:
            assert self.kind.free is not None
            assert self.kind.free <= 0 or self.queue
            return
        self.move(who, status)
        if status is Status.WAITLISTED:
            self.queue.append(who)
            self.stays += 1
            self.stay[who] = f"{who}/{self.stays}"

    @precondition(lambda self: self.some(*SEATED, Status.WAITLISTED))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(self.some(*SEATED, Status.WAITLISTED)))
        if who in self.queue:
            self.queue.remove(who)
        self.until.pop(who, None)
        self.move(who, Status.CANCELLED)
        self.settle()

    @precondition(lambda self: self.some(Status.OFFERED))
    @rule(data=st.data(), accept=st.booleans())
    def answer(self, data: st.DataObject, accept: bool) -> None:
        who = data.draw(st.sampled_from(self.some(Status.OFFERED)))
        del self.until[who]
        self.move(who, Status.REGISTERED if accept else Status.DECLINED)
        self.settle()

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        self.now = min(self.now + timedelta(hours=hours), END - timedelta(minutes=1))
        self.settle()

    @rule(change=st.integers(-2, 3))
    def resize(self, change: int) -> None:
        wanted = self.maximum + change
        if wanted >= max(1, self.kind.taken):  # fewer than taken is refused
            self.maximum = wanted
            self.settle()

    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        wanted = data.draw(st.permutations(self.queue))
        self.queue = ranked(self.queue, wanted) or self.queue
        assert self.queue == list(wanted)

    @rule(mode=st.sampled_from(WaitlistMode))
    def set_mode(self, mode: WaitlistMode) -> None:
        self.mode = mode

    @invariant()
    def never_a_seat_too_many(self) -> None:
        assert self.kind.taken <= self.maximum

    @invariant()
    def nobody_waits_for_a_free_seat(self) -> None:
        assert promotable(self.kind) == 0

    @invariant()
    def everybody_is_in_one_place(self) -> None:
        assert sorted(self.queue) == self.some(Status.WAITLISTED)
        assert sorted(self.until) == self.some(Status.OFFERED)

    @invariant()
    def each_stay_is_offered_once(self) -> None:
        assert all(count == 1 for count in self.offers.values())


LONG = 10_000
"""Generated histories in `make fuzz`."""


def histories(count: int) -> settings:
    """So many, always the same ones; in the long form `LONG` new ones."""
    long = settings().max_examples > 1000
    return settings(
        max_examples=LONG if long else count,
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=not long,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.slow
def test_generated_histories_keep_the_rules() -> None:
    run_state_machine_as_test(Waitlist, settings=histories(300))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_thousand_generated_histories_keep_the_rules() -> None:
    run_state_machine_as_test(Waitlist, settings=histories(10_000))


@pytest.mark.parametrize(
    ("before_start", "stands"),
    [
        (timedelta(days=30), OFFER),
        (timedelta(days=2), OFFER),
        (timedelta(days=1), timedelta(hours=12)),
        (timedelta(hours=2), timedelta(hours=1)),
        (timedelta(minutes=30), timedelta(minutes=15)),
        (timedelta(minutes=5), timedelta(minutes=15)),
        (timedelta(minutes=-30), timedelta(minutes=15)),
        (timedelta(minutes=-50), timedelta(minutes=10)),  # not past the end
        (timedelta(minutes=-60), timedelta(0)),
    ],
)
def test_an_offer_stands_shorter_near_the_start(before_start: timedelta, stands: timedelta) -> None:
    now = START - before_start
    assert offer_until(now, START, END) - now == stands


def test_a_seat_kind_may_have_its_own_time_for_offers() -> None:
    now = START - timedelta(days=10)
    assert offer_until(now, START, END, timedelta(hours=2)) - now == timedelta(hours=2)


@pytest.mark.parametrize(
    ("kind", "ask", "may_wait", "expected"),
    [
        (Kind(2, 1, 0), False, False, Status.REGISTERED),
        (Kind(2, 1, 1), False, True, Status.WAITLISTED),  # somebody was there first
        (Kind(2, 1, 1), False, False, None),
        (Kind(2, 2, 0), False, True, Status.WAITLISTED),
        (Kind(2, 2, 0, WaitlistMode.OFF), False, True, None),
        (Kind(2, 2, 0), True, False, Status.PENDING),
        (Kind(None, 999, 0), False, False, Status.REGISTERED),
        (Kind(1, 5, 0), False, False, None),
    ],
)
def test_what_becomes_of_somebody_new(kind: Kind, ask: bool, may_wait: bool, expected: Status | None) -> None:
    assert arrival(kind, ask=ask, may_wait=may_wait) is expected


@pytest.mark.parametrize("before", [None, *Status])
@pytest.mark.parametrize("after", list(Status))
def test_only_moves_of_the_table_are_made(before: Status | None, after: Status) -> None:
    if after in TRANSITIONS[before]:
        check_move(before, after)
    else:
        with pytest.raises(WrongMove):
            check_move(before, after)


def test_a_queue_that_moved_on_is_not_put_in_order() -> None:
    assert ranked(["a", "b"], ["b", "a"]) == ["b", "a"]
    assert ranked(["a", "b"], ["a"]) is None
    assert ranked(["a", "b"], ["a", "a"]) is None
    assert ranked(["a"], ["a", "b"]) is None
