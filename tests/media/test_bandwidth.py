"""Congestion control over a simulated path, in simulated time: the same for a seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.control.allocate import Priority, Request, allocate
from media.control.bandwidth import BandwidthEstimator
from media.control.delay import DelayDetector, StandingQueue, Usage
from media.control.layers import NOTHING, Climb, Encoding, Target, Wish, steps
from media.control.losses import Losses, Packet
from media.control.path import LAP, Path
from media.rtp import twcc
from media.rtp.twcc import TICKS_PER_SECOND, FeedbackRecorder
from tests.support.impairment import Impairment, Link

AUDIO_SIZE, AUDIO_EVERY = 130, 0.02
PACKET = 1200
CAMERA = [Encoding(True, 150_000, 180, 3), Encoding(True, 500_000, 360, 3), Encoding(True, 1_700_000, 720, 3)]
MEGABIT = 125_000  # bytes/s


@dataclass
class Call:
    """One subscriber of one camera and one microphone behind a link whose rate changes."""

    rate: float = 3 * MEGABIT
    loss: float = 0.0
    jitter: float = 0.0
    delay: float = 0.02
    queue: float = 0.5  # seconds
    seed: int = 7
    cameras: int = 1
    camera: list[Encoding] = field(default_factory=lambda: CAMERA)
    feedback_every: float = 0.05
    path: Path = field(default_factory=Path)
    now: float = 1000.0
    their_clock: float = 0.0  # seconds ahead of ours

    def __post_init__(self) -> None:
        self.link = Link(self._impairment(self.rate), self.seed)
        self.back = Link(Impairment(loss=self.loss, delay=self.delay), self.seed + 1000)
        self.recorder = FeedbackRecorder()
        self.number = 0
        self.targets: dict[str, Target] = {
            str(n): steps(self.camera, Wish())[-1].target for n in range(self.cameras)
        }
        self.climbs = {name: Climb(target) for name, target in self.targets.items()}
        self.sent_at: dict[int, float] = {}
        self.delays: list[tuple[float, float]] = []  # arrival, time on the way
        self.audio_sent: set[int] = set()
        self.audio_received: set[int] = set()
        self.padding = 0
        self.log: list[tuple[float, float]] = []  # time, sum of what the targets cost
        self.sizes: list[tuple[float, int]] = []  # time, spatial layer of the first camera
        self.estimates: list[tuple[float, float]] = []  # time, bits/s

    def _impairment(self, rate: float) -> Impairment:
        return Impairment(loss=self.loss, delay=self.delay, jitter=self.jitter, rate=rate, queue=self.queue)

    def set_rate(self, rate: float) -> None:
        backlog = max(0.0, self.link._free_at - self.now) * (self.link.impairment.rate or 1)
        self.link.impairment = self._impairment(rate)
        self.link._free_at = self.now + backlog / rate

    def cost(self) -> float:
        by_target = {step.target: step.bitrate for step in steps(self.camera, Wish())} | {NOTHING: 0.0}
        return sum(by_target[target] for target in self.targets.values())

    def send(self, size: int) -> int:
        self.number += 1
        self.path.sent.note(self.number, self.now, size)
        self.sent_at[self.number] = self.now
        self.link.send(self.number.to_bytes(4, "big").ljust(size, b"\0"), self.now)
        return self.number

    def run(self, seconds: float) -> None:
        ticks = round(seconds * 1000)
        for tick in range(ticks):
            self.now += 0.001
            if tick % 20 == 0:
                self.audio_sent.add(self.send(AUDIO_SIZE))
                self._pad()
            if tick % 33 == 0:
                left = int(self.cost() / 8 * 0.033)
                while left > 0:
                    self.send(min(PACKET, max(left, 100)))
                    left -= PACKET
            for data in self.link.deliver(self.now):
                number = int.from_bytes(data[:4], "big")
                self.recorder.arrived(number & 0xFFFF, self.now + self.their_clock)
                self.delays.append((self.now, self.now - self.sent_at[number]))
                if number in self.audio_sent:
                    self.audio_received.add(number)
            if tick % round(self.feedback_every * 1000) == 0:
                for body in self.recorder.build():
                    self.back.send(body, self.now)
            for body in self.back.deliver(self.now):
                self.path.feedback(twcc.parse(body, 0, len(body)), self.now)
                self._allocate()

    def _pad(self) -> None:
        padding = self.path.padding(self.wanted, self.now)
        while padding > 0:
            self.send(PACKET)
            self.path.padded(PACKET)
            self.padding += PACKET
            padding -= PACKET

    @property
    def wanted(self) -> float:
        return self.cameras * self.camera[-1].bitrate * 1.1 + 60_000

    def _allocate(self) -> None:
        requests = [
            Request(
                name, Priority.REST, self.climbs[name].limit(steps(self.camera, Wish()), self.now), target
            )
            for name, target in self.targets.items()
        ]
        self.targets = allocate(requests, max(0.0, self.path.estimate - 52_000))
        for name, target in self.targets.items():
            self.climbs[name].chosen(target, len(self.camera) - 1, self.now)
        self.log.append((self.now, self.cost()))
        self.sizes.append((self.now, self.targets["0"].spatial))
        self.estimates.append((self.now, self.path.estimate))

    def queueing(self, since: float) -> list[float]:
        return [delay - self.delay for at, delay in self.delays if at >= since]


def first_time(log: list[tuple[float, float]], since: float, condition: object) -> float:
    return next((at - since for at, cost in log if at > since and condition(cost)), math.inf)  # type: ignore[operator]


@pytest.mark.parametrize("jitter", [0.0, 0.005])
@pytest.mark.parametrize("feedback_every", [0.05, 0.1])
def test_a_path_that_narrows_and_widens(jitter: float, feedback_every: float) -> None:
    """3 Mbit/s → 500 kbit/s → 3 Mbit/s: down within 2 s, no standing queue, up within 10 s, audio whole."""
    call = Call(jitter=jitter, feedback_every=feedback_every)
    call.run(10)
    assert call.path.estimate > call.cost()
    assert call.targets["0"] == Target(2, 2)
    call.set_rate(0.5 * MEGABIT)
    narrowed = call.now
    call.run(30)
    assert first_time(call.log, narrowed, lambda cost: cost <= 448_000) <= 2.0
    settled = call.queueing(narrowed + 3)
    assert sorted(settled)[len(settled) // 2] < 0.03
    assert sorted(settled)[int(0.95 * len(settled))] < 0.15
    used = [cost for at, cost in call.log if at > narrowed + 5]
    assert sum(used) / len(used) > 200_000  # and what there is is used
    call.set_rate(3 * MEGABIT)
    widened = call.now
    call.run(15)
    assert first_time(call.log, widened, lambda cost: cost >= 1_700_000) <= 10.0
    assert len(call.audio_received) > 0.985 * len(call.audio_sent)


def test_the_subscribers_clock_may_wrap() -> None:
    call = Call(rate=20 * MEGABIT, their_clock=LAP / TICKS_PER_SECOND - 1005)
    call.run(10)
    assert call.path.estimate == math.inf
    assert call.path._estimator.received == pytest.approx(1_750_000, rel=0.1)


def test_a_good_path_is_never_limited() -> None:
    call = Call(rate=20 * MEGABIT, jitter=0.004, cameras=4)
    call.run(20)
    assert call.path.estimate == math.inf
    assert call.padding == 0


def test_a_little_loss_changes_nothing() -> None:
    call = Call(rate=20 * MEGABIT, loss=0.02)
    call.run(10)
    assert call.path.estimate == math.inf
    assert call.path.loss == pytest.approx(0.02, abs=0.02)


def test_much_loss_does() -> None:
    call = Call(rate=20 * MEGABIT, loss=0.25)
    call.run(5)
    assert call.path.estimate < 1_700_000


def test_cameras_share_a_narrow_path() -> None:
    call = Call(rate=1 * MEGABIT, cameras=4)
    call.run(15)
    late = [cost for at, cost in call.log if at > call.now - 5]
    assert 400_000 <= sum(late) / len(late) <= 1_000_000
    assert NOTHING not in call.targets.values()


def test_probing_costs_little() -> None:
    call = Call(rate=0.5 * MEGABIT)
    call.run(60)
    assert call.padding * 8 / 60 < 50_000


# --- five packets in a hundred lost whatever is sent, 80 ms each way, feedback lost like the rest ---

ANY = range(20)  # seeds


def lossy(rate: float, seed: int, loss: float = 0.05, camera: list[Encoding] = CAMERA) -> Call:
    return Call(rate=rate, loss=loss, delay=0.08, queue=0.2, seed=seed, camera=camera)


@pytest.mark.parametrize("rate", [0.6 * MEGABIT, MEGABIT, 1.5 * MEGABIT])
@pytest.mark.parametrize("seed", ANY)
def test_random_loss_leaves_the_estimate_near_the_capacity(rate: float, seed: int) -> None:
    call = lossy(rate, seed)
    call.run(30)
    late = [estimate for at, estimate in call.estimates if at > 1010]
    assert min(late) >= 0.6 * rate * 8
    assert max(late) <= 1.1 * rate * 8
    assert sum(late) / len(late) >= 0.7 * rate * 8
    sizes = [size for at, size in call.sizes if at > 1010]
    assert sum(before != after for before, after in pairwise(sizes)) <= 2
    assert -1 not in sizes


@pytest.mark.parametrize("seed", ANY)
def test_random_loss_on_a_wide_path_is_no_limit(seed: int) -> None:
    call = lossy(3 * MEGABIT, seed)
    call.run(20)
    assert {target for _, target in call.sizes} == {2}
    assert call.path.estimate == math.inf


@pytest.mark.parametrize("seed", ANY)
def test_a_lossy_path_that_narrows_and_widens(seed: int) -> None:
    call = lossy(3 * MEGABIT, seed)
    call.run(10)
    call.set_rate(0.5 * MEGABIT)
    narrowed = call.now
    call.run(20)
    assert first_time(call.log, narrowed, lambda cost: cost <= 500_000) <= 2.0
    call.set_rate(3 * MEGABIT)
    widened = call.now
    call.run(12)
    assert first_time(call.log, widened, lambda cost: cost >= 1_700_000) <= 10.0


@pytest.mark.parametrize("seed", ANY)
def test_starved_video_comes_back(seed: int) -> None:
    """A camera of one size that does not fit: padding alone finds out that it fits again."""
    call = lossy(3 * MEGABIT, seed, camera=CAMERA[2:])
    call.run(5)
    call.set_rate(0.3 * MEGABIT)
    narrowed = call.now
    call.run(15)
    assert first_time(call.log, narrowed, lambda cost: cost == 0) <= 3.0
    call.set_rate(3 * MEGABIT)
    widened = call.now
    call.run(12)
    assert first_time(call.log, widened, lambda cost: cost > 0) <= 10.0


@pytest.mark.parametrize("seed", ANY)
def test_much_loss_at_any_rate_does_not_end_at_the_least(seed: int) -> None:
    call = lossy(3 * MEGABIT, seed, loss=0.18)
    call.run(60)
    assert min(estimate for _, estimate in call.estimates) >= 500_000


# --- the parts ---


def groups(detector: DelayDetector, count: int, gradient: float, start: float = 0.0) -> None:
    """Groups sent every 20 ms that take ``gradient`` seconds longer each time; clocks far apart."""
    for index in range(count):
        sent = start + index * 0.02
        detector.packet(sent, 5000.0 + sent + index * gradient)


@pytest.mark.parametrize(
    ("gradient", "usage"),
    [(0.0, Usage.NORMAL), (0.004, Usage.OVER), (-0.004, Usage.UNDER), (0.0001, Usage.NORMAL)],
)
def test_the_slope_of_the_delay_tells_a_growing_queue(gradient: float, usage: Usage) -> None:
    detector = DelayDetector()
    groups(detector, 60, gradient)
    assert detector.usage is usage


def test_a_pause_in_feedback_begins_anew() -> None:
    detector = DelayDetector()
    groups(detector, 60, 0.004)
    detector.packet(100.0, 5100.0)
    assert detector.usage is Usage.NORMAL


def window(losses: Losses, start: float, lost: int, told: int, rate: float) -> None:
    """A second in which ``told`` packets were sent at ``rate`` bits/s, ``lost`` of them in vain."""
    size = round(rate / 8 / told)
    packets = [
        Packet(start + index / told, None if index < lost else start + index / told, size)
        for index in range(told)
    ]
    assert not losses.count(packets[:1], start)
    assert losses.count(packets[1:], start + 1.0)


@pytest.mark.parametrize(
    ("lost", "told", "much"),
    [(3, 50, False), (9, 50, False), (10, 50, False), (11, 50, True), (60, 500, False), (80, 500, True)],
)
def test_losses_are_much_where_chance_cannot_be_the_reason(lost: int, told: int, much: bool) -> None:
    losses = Losses()
    window(losses, 0.0, lost, told, 500_000)
    assert losses.is_much is much
    assert losses.share == pytest.approx(lost / told)


def test_few_packets_make_no_window() -> None:
    losses = Losses()
    assert not losses.count([Packet(0.0, None, 100)] * 49, 0.0)
    assert not losses.count([], 9.0)
    assert losses.count([Packet(9.0, None, 100)], 9.0)


def test_a_full_path_goes_on_being_blamed_and_a_lossy_one_does_not() -> None:
    """Of 1 Mbit/s that carries 700 kbit/s, and of a path that loses 30 of 100 whatever is sent."""
    full, radio = Losses(), Losses()
    for losses in (full, radio):
        window(losses, 0.0, 30, 100, 1_000_000)
        assert losses.limit(1_000_000) == pytest.approx(850_000, rel=0.02)
    window(full, 2.0, 18, 100, 850_000)
    assert full.limit(850_000) < 800_000
    window(radio, 2.0, 30, 100, 850_000)
    assert radio.limit(850_000) == 850_000
    assert radio.ceiling == pytest.approx(850_000, rel=0.02)
    window(radio, 4.0, 5, 100, 850_000)
    assert radio.ceiling == math.inf


def test_a_queue_that_stands_is_measured_against_the_shortest_way() -> None:
    queue = StandingQueue()
    for index in range(30):
        queue.packet(index * 0.1, 5000.0 + index * 0.1)
    assert queue.measure() == 0.0
    assert queue.measure() == 0.0  # nothing came since
    for index in range(30, 50):
        queue.packet(index * 0.1, 5000.15 + index * 0.1)
    assert queue.measure() == pytest.approx(0.15)
    queue.forget()
    queue.packet(6.0, 5006.15)
    assert queue.measure() == 0.0


def test_an_estimate_by_the_subscriber_is_taken() -> None:
    path = Path()
    path.told(700_000)
    assert path.estimate == 700_000
    path.told(10)
    assert path.estimate == 50_000


def test_feedback_about_nothing_that_was_sent_is_ignored() -> None:
    path = Path()
    path.feedback([(number, number) for number in range(1000)], 1.0)
    path.sent.note(5, 0.0, 1000)
    path.feedback([(5, 100)], 60.0)  # sent long ago: another round of the numbers
    assert path.estimate == math.inf


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.none() | st.floats(0, 1e6), st.integers(0, 1500), st.floats(0, 1)),
        max_size=200,
    )
)
def test_no_feedback_however_odd_gives_a_useless_estimate(
    told: list[tuple[float, float | None, int, float]],
) -> None:
    estimator = BandwidthEstimator()
    now = 100.0
    for sent, arrived, size, passed in told:
        now += passed
        estimator.feedback([Packet(sent, arrived, size)], now)
        assert estimator.estimate >= 50_000
