"""Rates are kept, refilled by time alone, and cost no memory."""

from __future__ import annotations

from server.limits import Limiter, Rate

RATE = Rate(3, 60)


def test_so_many_at_once_then_one_per_share_of_the_time() -> None:
    limiter = Limiter()
    assert [limiter.take(("a",), RATE, 100.0) for _ in range(3)] == [0, 0, 0]
    assert limiter.take(("a",), RATE, 100.0) == 20.0
    assert limiter.take(("a",), RATE, 110.0) == 10.0
    assert limiter.take(("a",), RATE, 120.0) == 0
    assert limiter.take(("a",), RATE, 120.0) == 20.0


def test_keys_do_not_touch_each_other() -> None:
    limiter = Limiter()
    for _ in range(3):
        limiter.take(("a",), RATE, 0.0)
    assert limiter.take(("b",), RATE, 0.0) == 0
    assert limiter.take(("a",), RATE, 0.0) > 0


def test_what_was_in_order_is_given_back() -> None:
    limiter = Limiter()
    for _ in range(20):
        assert limiter.take(("a",), RATE, 5.0) == 0
        limiter.give_back(("a",), RATE)


def test_being_refused_does_not_prolong_the_wait() -> None:
    limiter = Limiter()
    for _ in range(100):
        limiter.take(("a",), RATE, 0.0)
    assert limiter.take(("a",), RATE, 20.0) == 0


def test_a_flood_of_new_keys_forgets_the_oldest() -> None:
    limiter = Limiter(capacity=10)
    for number in range(50):
        limiter.take((str(number),), RATE, 0.0)
    assert len(limiter._full_at) == 10
