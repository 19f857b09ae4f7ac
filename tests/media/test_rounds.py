"""Regular work is shared out over its interval, each piece once a round."""

from __future__ import annotations

import asyncio
import math
from itertools import pairwise

import pytest

from media import context
from media.rounds import AT_ONCE, Duty, Round
from tests.support.sfu import Sfu


class Work:
    """``count`` duties, each noting when it was done."""

    def __init__(self, count: int) -> None:
        self.done: list[list[float]] = [[] for _ in range(count)]

    def duties(self) -> list[Duty]:
        return [times.append for times in self.done]


def run(round_: Round, until: float, interval: float = 0.3, late: float = 0.0) -> list[float]:
    """Shares whenever they are due, ``late`` by so much; when that was."""
    now, shares = 0.0, []
    while now < until:
        shares.append(now)
        now = round_.share(interval, now) + late
    return shares


@pytest.mark.parametrize("count", [0, 1, 7, 100, 1000])
@pytest.mark.parametrize("late", [0.0, 0.02, 0.5])
def test_each_is_done_once_a_round(count: int, late: float) -> None:
    work = Work(count)
    run(Round(work.duties), 6.0, late=late)
    for times in work.done:
        between = [after - before for before, after in pairwise(times)]
        assert all(0.29 <= passed <= 0.32 + 2 * late for passed in between)
        assert len(times) >= int(5.5 / (0.3 + 2 * late))


def test_no_share_takes_much_of_the_round() -> None:
    work = Work(1000)
    largest = 0
    round_ = Round(work.duties)
    now, before = 0.0, 0
    while now < 3.0:
        now = round_.share(0.3, now) + 0.001
        done = sum(map(len, work.done))
        largest, before = max(largest, done - before), done
    assert largest <= 2 * AT_ONCE


def test_what_comes_in_between_is_there_in_the_next_round() -> None:
    work = Work(3)
    round_ = Round(work.duties)
    round_.share(0.3, 1.0)
    work.done += [[]]
    assert round_.share(0.3, 1.1) == pytest.approx(1.3)
    assert work.done[3] == []
    round_.share(0.3, 1.31)
    assert work.done[3] == [1.31]


async def test_a_room_that_closes_in_the_middle_of_a_round_is_no_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(context, "ROOM_INTERVAL", math.inf)
    async with Sfu() as sfu:
        sender, _ = await sfu.join("send")
        receiver, _ = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_simulcast(sender))
        duties = list(sfu.room.duties())
        sfu.room.close()
        sfu.notes.clear()
        for duty in duties:
            duty(sfu.ctx.refresh())
        await asyncio.sleep(0)
        assert sfu.notes == []
