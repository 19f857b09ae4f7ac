"""How long a chat message takes to everyone in a full room, and what that costs: one hub process."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.load.hub_clients import Browser
from tests.load.report import Effort, Figure, figure

ROOMS = ((200, 50), (500, 40), (1000, 20))
"""People in the room, and chat messages a second."""

WARM_UP = 1.0  # seconds
_HOW = (
    "one room, {} sockets, {} chat messages/s from all in turn; from before sending to each of them having "
    "read it; server on one core, clients on the other"
)
_HOW_CPU = "user + system time of the server process (its CPU clock) / messages read by all clients; "


@dataclass(frozen=True, slots=True)
class _Run:
    p50: float  # milliseconds
    p99: float
    cost: float  # microseconds


@dataclass(frozen=True, slots=True)
class _Server:
    pid: int
    url: str
    tickets: list[str]


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    for people, rate in ROOMS:
        runs = [await _run(people, rate, effort.seconds) for _ in range(effort.runs)]
        how = _HOW.format(people, rate)
        yield figure(f"hub.fanout_{people}_p50_ms", "ms", [run.p50 for run in runs], how)
        yield figure(f"hub.fanout_{people}_p99_ms", "ms", [run.p99 for run in runs], how)
        if people == 500:
            yield figure("hub.cpu_per_delivery_us", "us", [run.cost for run in runs], _HOW_CPU + how)


async def _run(people: int, rate: int, seconds: float) -> _Run:
    """Raises RuntimeError when a message got lost."""
    async with _server(people) as server:
        browsers = [await Browser.join(server.url, ticket) for ticket in server.tickets]
        count, skip = int((WARM_UP + seconds) * rate), int(WARM_UP * rate)
        begin, cpu = time.perf_counter(), 0.0
        for number in range(count):
            if number == skip:
                cpu = _cpu_time(server.pid)
            await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            browsers[number % people].chat(number)
        async with asyncio.timeout(30):
            while any(len(browser.delays) < count for browser in browsers):
                if any(browser.closed.done() for browser in browsers):
                    raise RuntimeError("a connection was closed")
                await asyncio.sleep(0.05)
        cpu = _cpu_time(server.pid) - cpu
        for browser in browsers:
            await browser.close()
        delays = [1e3 * delay for browser in browsers for number, delay in browser.delays if number >= skip]
        cuts = statistics.quantiles(delays, n=100)
        return _Run(cuts[49], cuts[98], 1e6 * cpu / len(delays))


@asynccontextmanager
async def _server(people: int) -> AsyncIterator[_Server]:
    """A hub on the last core; this process keeps to the first. With a ticket for everyone."""
    cores = sorted(os.sched_getaffinity(0))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.load.hub_server",
        str(people),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    os.sched_setaffinity(process.pid, cores[-1:])
    os.sched_setaffinity(0, cores[:1])
    try:
        lines = [(await process.stdout.readline()).decode().strip() for _ in range(1 + people)]
        yield _Server(process.pid, lines[0], lines[1:])
    finally:
        os.sched_setaffinity(0, cores)
        process.stdin.close()
        await process.wait()


def _cpu_time(pid: int) -> float:
    """User and system time of a process in seconds; Linux gives each process a clock
    (clock_getcpuclockid(3)).
    """
    return time.clock_gettime((~pid << 3) | 2)
