"""Pure decisions about numbers: rewriting, asking for what is missing, answering, asking for key frames."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from media.control import keyframes
from media.control.keyframes import KeyFrameArbiter
from media.rtp import nack
from media.rtp.nack import NackGenerator, ResendGuard
from media.rtp.rewrite import RUNS, Rewriter
from tests.support.impairment import Impairment, Link


def sent_as(rewriter: Rewriter, source: int) -> int | None:
    run = rewriter.find(source)
    return None if run is None else source + run.sequence_offset


def test_numbers_go_on_unbroken_behind_a_stop_and_a_skip() -> None:
    rewriter = Rewriter(1000)
    rewriter.begin(70)
    assert [sent_as(rewriter, n) for n in (69, 70, 71)] == [None, 1000, 1001]
    rewriter.skip(72)
    assert [sent_as(rewriter, n) for n in (71, 72, 73)] == [1001, None, 1002]
    rewriter.stop(75)
    assert [sent_as(rewriter, n) for n in (74, 75)] == [1003, None]
    rewriter.begin(200)
    assert [sent_as(rewriter, n) for n in (74, 199, 200)] == [1003, None, 1004]
    assert [rewriter.source_of(n) for n in (999, 1000, 1001, 1002, 1003, 1004)] == [-1, 70, 71, 73, 74, 200]


def test_a_gap_before_a_skip_stays_a_gap() -> None:
    rewriter = Rewriter(0)
    rewriter.begin(10)
    rewriter.skip(13)  # 11 and 12 are missing still
    assert [sent_as(rewriter, n) for n in (11, 12, 14)] == [1, 2, 3]


def test_a_run_in_which_nothing_was_sent_uses_up_no_number() -> None:
    rewriter = Rewriter(5)
    rewriter.begin(10)
    rewriter.stop(10)
    rewriter.begin(50)
    assert sent_as(rewriter, 50) == 5


def test_old_runs_are_forgotten() -> None:
    rewriter = Rewriter(0)
    rewriter.begin(0)
    for number in range(RUNS + 10):
        rewriter.skip(2 * number + 1)
    assert sent_as(rewriter, 0) is None
    assert sent_as(rewriter, 2 * (RUNS + 9)) is not None


@given(st.lists(st.sampled_from(["packet", "skip", "pause", "gap"]), max_size=25))
def test_whatever_is_left_out_the_subscriber_sees_one_row(steps: list[str]) -> None:
    rewriter = Rewriter(500)
    rewriter.begin(1)
    source, seen = 1, []
    expected = 500
    for step in steps:
        if step == "packet":
            seen.append((sent_as(rewriter, source), expected, source))
            expected += 1
        elif step == "skip":
            rewriter.skip(source)
        elif step == "pause":
            rewriter.stop(source)
            source += 7
            rewriter.begin(source)
            continue
        else:
            expected += 1  # lost on the way to us: a gap for the subscriber too
        source += 1
    for number, wanted, of in seen:
        assert number == wanted
        assert rewriter.source_of(wanted) == of


def test_missing_packets_are_asked_for_once_a_round_trip_in_order() -> None:
    generator = NackGenerator()
    generator.gap(0x1FFFE, 0x20002, now=0.0)
    assert generator.due(0.0, rtt=0.1) == [0xFFFE, 0xFFFF, 0, 1]
    assert generator.received(0x1FFFF)
    assert not generator.received(0x1FFFF)
    assert generator.due(0.05, rtt=0.1) == []
    assert generator.due(0.1, rtt=0.1) == [0xFFFE, 0, 1]


def test_after_ten_tries_a_key_frame_is_needed() -> None:
    generator = NackGenerator()
    generator.gap(5, 6, now=0.0)
    asked = [generator.due(step * 0.125, 0.125) for step in range(nack.TRIES + 3)]
    assert asked == [[5]] * nack.TRIES + [[], [], []]
    assert generator.key_frame_needed
    assert not len(generator)


def test_a_long_outage_is_not_repaired_packet_by_packet() -> None:
    generator = NackGenerator()
    generator.gap(1, 2 + nack.LARGEST_GAP, now=0.0)
    assert generator.key_frame_needed
    assert generator.due(0.0, 0.1) == []


def test_outstanding_requests_are_bounded() -> None:
    generator = NackGenerator()
    for start in range(0, 100_000, 400):
        generator.gap(start, start + 300, now=0.0)
        assert len(generator) <= nack.OUTSTANDING
        assert len(generator.due(0.0, 0.1)) <= nack.PER_ROUND
    assert generator.key_frame_needed


def test_a_resend_is_refused_within_a_round_trip_and_over_the_budget() -> None:
    guard = ResendGuard(rate=1000.0, burst=300.0)
    assert not guard.recent(7, 0.0, 0.1)
    assert guard.spend(7, 100, 0.0)
    assert guard.recent(7, 0.05, 0.1)
    assert not guard.recent(7, 0.15, 0.1)
    assert guard.spend(8, 200, 0.0)
    assert not guard.spend(9, 100, 0.05)
    assert guard.spend(9, 100, 0.1)


def test_key_frame_requests_merge_and_repeat_until_one_comes() -> None:
    arbiter = KeyFrameArbiter()
    asked = [arbiter.request(0.0) for _ in range(100)]
    assert asked == [True] + [False] * 99
    assert not arbiter.due(keyframes.INTERVAL - 0.01)
    assert arbiter.due(keyframes.INTERVAL)
    arbiter.received()
    assert not arbiter.due(10.0)
    assert arbiter.request(10.0)
    arbiter.received()
    assert not arbiter.request(10.1)  # too soon, but not forgotten
    assert arbiter.due(10.0 + keyframes.INTERVAL)


def test_a_silent_publisher_is_asked_less_often_after_a_while() -> None:
    arbiter = KeyFrameArbiter()
    arbiter.request(0.0)
    times = [step / 100 for step in range(2000) if arbiter.due(step / 100)]
    assert len(times) < keyframes.IMPATIENT_TRIES + 10
    assert times[-1] - times[-2] >= keyframes.PATIENT_INTERVAL


def test_lost_packets_are_repaired_over_a_bad_link_without_asking_too_often() -> None:
    """5 % loss both ways, 40 ms each, jitter and reordering, in simulated time, over a wrap."""
    network = Impairment(loss=0.05, delay=0.04, jitter=0.01, reorder=0.02)
    there, back = Link(network, 1), Link(network, 2)
    generator, received = NackGenerator(), set[int]()
    first, count = 0x1F000, 6000
    highest, asked, resent = first - 1, 0, 0
    for step in range(count + 2000):
        now = step * 0.005
        if step < count:
            there.send((first + step).to_bytes(4, "big"), now)
        for data in back.deliver(now):
            there.send(data, now)
            resent += 1
        for data in there.deliver(now):
            number = int.from_bytes(data, "big")
            if number > highest:
                generator.gap(highest + 1, number, now)
                highest = number
            else:
                generator.received(number)
            received.add(number)
        if step % 4 == 0:
            for short in generator.due(now, 0.1):
                asked += 1
                back.send((highest - ((highest - short) & 0xFFFF)).to_bytes(4, "big"), now)
    missing = count - len(received)
    assert missing <= count * 0.0002
    assert asked < there.lost * 2 + count * 0.05
    assert not generator.key_frame_needed


def test_a_link_is_the_same_for_a_seed_and_bounded_by_its_rate() -> None:
    def run(seed: int) -> list[bytes]:
        link = Link(Impairment(loss=0.1, jitter=0.01, reorder=0.1, duplicate=0.1, rate=1000.0), seed)
        noise = random.Random(0)
        for step in range(200):
            link.send(noise.randbytes(20), step * 0.005)
        return list(link.deliver(100.0))

    assert run(1) == run(1) != run(2)
    assert sum(map(len, run(1))) < 1000 * 1.0 + 1000 * 0.2 + 1000
