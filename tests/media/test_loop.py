"""A worker's event loop: one socket served ahead of asyncio, and asyncio none the worse for it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import select
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from media.net.loop import new_loop, serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is asyncio's own loop")

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [new_loop, asyncio.new_event_loop]
Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def run(factory: Callable[[], asyncio.AbstractEventLoop], main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(asyncio.wait_for(main, 10))


@pytest.mark.parametrize("factory", LOOPS)
def test_a_turn_is_taken_for_each_datagram_and_may_hand_work_to_tasks(
    factory: Callable[[], asyncio.AbstractEventLoop], pair: Pair
) -> None:
    ours, theirs = pair

    async def main() -> None:
        queue: asyncio.Queue[bytes] = asyncio.Queue()

        def turn(now: float) -> float:
            with contextlib.suppress(BlockingIOError):
                queue.put_nowait(ours.recv(100))
            return now + 60.0

        rest = serve(ours.fileno(), turn)
        for number in range(10):
            theirs.send(bytes((number,)))
            assert await queue.get() == bytes((number,))
        rest()
        theirs.send(b"not read")
        await asyncio.sleep(0)
        assert queue.empty()

    run(factory, main())


@pytest.mark.parametrize("factory", LOOPS)
def test_a_turn_is_taken_at_the_time_it_asked_for(
    factory: Callable[[], asyncio.AbstractEventLoop], pair: Pair
) -> None:
    async def main() -> None:
        enough = asyncio.Event()
        times: list[float] = []

        def turn(now: float) -> float:
            times.append(now)
            if len(times) == 4:
                enough.set()
            return now + 0.01

        rest = serve(pair[0].fileno(), turn)
        await enough.wait()
        rest()
        assert all(later - earlier >= 0.01 for earlier, later in itertools.pairwise(times))

    run(factory, main())


def test_a_wait_of_ones_own_takes_the_place_of_the_loops(pair: Pair) -> None:
    ours, theirs = pair

    async def main() -> None:
        received: list[bytes] = []
        turns = 0
        done = asyncio.Event()

        def wait(epoll: int, seconds: float) -> tuple[bool, bool]:
            with select.epoll.fromfd(os.dup(epoll)) as both:
                ready = [fd for fd, _ in both.poll(seconds, 2)]
            served = ours.fileno() in ready
            if served:
                received.append(ours.recv(100))
            # It asks for a turn for some of what it takes.
            return served and received[-1] == b"turn", len(ready) > served

        def turn(now: float) -> float:
            nonlocal turns
            turns += 1
            if len(received) == 4:
                done.set()
            return now + 60.0

        rest = serve(ours.fileno(), turn, wait)
        for word in (b"turn", b"none", b"none", b"turn"):
            theirs.send(word)
        await done.wait()
        rest()
        assert 2 <= turns <= 3  # one is taken at once

    run(new_loop, main())


def test_timers_and_other_descriptors_are_not_starved_by_a_socket_that_is_always_readable(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send(b"stays")

    async def main() -> None:
        turns = 0

        def turn(now: float) -> float:
            nonlocal turns
            turns += 1
            return now + 60.0

        rest = serve(ours.fileno(), turn)
        await asyncio.sleep(0.02)
        assert turns > 1
        reader, writer = await asyncio.open_connection(sock=connected(stack))
        writer.write(b"line\n")
        assert await reader.readline() == b"LINE\n"
        writer.close()
        await writer.wait_closed()
        assert await asyncio.to_thread(lambda: "from a thread") == "from a thread"
        rest()

    stack: list[socket.socket] = []
    run(new_loop, main())
    for each in stack:
        each.close()


def connected(others: list[socket.socket]) -> socket.socket:
    """One end of a stream whose other end, kept in ``others``, has answered already."""
    ours, theirs = socket.socketpair()
    theirs.send(b"LINE\n")
    others.append(theirs)
    return ours


def test_a_turn_that_fails_is_reported_and_the_next_one_taken(pair: Pair) -> None:
    ours, theirs = pair

    async def main() -> None:
        reported: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
        received = asyncio.Event()

        def turn(now: float) -> float:
            try:
                data = ours.recv(100)
            except BlockingIOError:
                return now + 60.0
            if data == b"bad":
                raise LookupError("a defect")
            received.set()
            return now + 60.0

        rest = serve(ours.fileno(), turn)
        theirs.send(b"bad")
        theirs.send(b"good")
        await received.wait()
        rest()
        assert [type(context["exception"]) for context in reported] == [LookupError]

    run(new_loop, main())
