"""Who wants seats of one timeslot waits in line, without a connection to the database."""

from __future__ import annotations

import asyncio

import pytest

from server.turns import TooManyInLine, Turns


async def test_one_at_a_time_in_order_and_nothing_is_left() -> None:
    turns, order, inside = Turns(), list[int](), 0

    async def come(number: int) -> None:
        nonlocal inside
        async with turns.turn("slot"):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(come(number) for number in range(10)))
    assert order == list(range(10))
    assert len(turns) == 0


async def test_lines_do_not_wait_for_each_other() -> None:
    turns = Turns()
    async with turns.turn("one"), turns.turn("other"):
        assert len(turns) == 2


async def test_a_line_that_is_too_long_turns_people_away_at_once() -> None:
    turns = Turns(longest=1)
    async with turns.turn("slot"):
        with pytest.raises(TooManyInLine):
            await turns.turn("slot").__aenter__()
    async with turns.turn("slot"):
        pass


async def test_nobody_waits_for_ever() -> None:
    turns = Turns(patience=0.001)
    async with turns.turn("slot"):
        with pytest.raises(TooManyInLine):
            await turns.turn("slot").__aenter__()
    assert len(turns) == 0


async def test_who_gives_up_leaves_the_line() -> None:
    turns = Turns()
    async with turns.turn("slot"):
        waiting = asyncio.create_task(turns.turn("slot").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    assert len(turns) == 0
