"""Token buckets, with time as an argument."""

from __future__ import annotations

from signalling.limits import ALL_REQUESTS, RATES, REFUSALS, Limits, Rate, TokenBucket
from signalling.messages import REQUESTS, ChatSend, HandLower


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(Rate(per_second=2, burst=3), now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_is_set_back_gains_nothing() -> None:
    bucket = TokenBucket(Rate(per_second=1, burst=1), now=100.0)
    assert bucket.take(100.0)
    assert not bucket.take(50.0)
    assert bucket.take(51.0)


def test_costly_requests_have_buckets_of_their_own() -> None:
    limits = Limits(now=0.0)
    for _ in range(RATES[ChatSend.name].burst):
        assert limits.admit(ChatSend, 0.0)
    assert not limits.admit(ChatSend, 0.0)
    assert limits.admit(HandLower, 0.0)


def test_requests_that_do_not_exist_count_too() -> None:
    limits = Limits(now=0.0)
    assert all(limits.admit(None, 0.0) for _ in range(ALL_REQUESTS.burst))
    assert not limits.admit(None, 0.0)


def test_many_refusals_are_a_flood() -> None:
    limits = Limits(now=0.0)
    told = [limits.flooding(0.0) for _ in range(REFUSALS.burst + 1)]
    assert told == [False] * REFUSALS.burst + [True]


def test_every_rate_belongs_to_a_request() -> None:
    assert RATES.keys() <= {request.name for request in REQUESTS}
