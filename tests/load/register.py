"""Registering: whether a seat is ever sold twice, lost or doubled, and how long it takes; and the catalogue.

The contest runs on SQLite and on PostgreSQL, with two servers of which one is killed; the times are those of
one server on one core with the clients on the other.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from server.db.engine import Database
from server.db.migrate import migrate
from tests.load.contention import Contest, contend
from tests.load.http import Answer, Caller, caller
from tests.load.planned import Person, Slot, add_people, add_registrations, add_sessions, analyse
from tests.load.report import Effort, Figure, figure
from tests.load.servers import KINDS, database, servers

CONTEST = Contest(tries=100_000, slots=500, people=4000)
RATE = 200  # registrations a second
CATALOGUE_RATE = 100  # requests a second
SESSIONS, REGISTRATIONS = 10_000, 100_000
FREED = 50  # seats given up while others wait
_WARM_UP = 2.0  # seconds

Ask = Callable[[int], Awaitable[Answer]]

_CONTEST = (
    "{} of {}; 2 server processes on one database, {} tries to register for {} timeslots of 20 seats by 48 "
    "at once, 30 % ready to wait, 25 % leave again, 5 % click twice; one killed by SIGKILL at half and "
    "started again; database and what clients were told compared; {} seated, {} requests repeated"
)
_TIMES = (
    "{}, one server; {} registrations/s for {:g} s over 500 timeslots, each with its letter; from when it "
    "was due to be sent to the answer read; server on one core, clients on the other"
)
_CATALOGUE = (
    "{}, one server; {:,} sessions, {:,} registrations; {} requests/s for {:g} s: first pages signed in and "
    "out, the next page, by type, by condition, by word, past, own; from when it was due to be sent to the "
    "answer read; server on one core, clients on the other"
)
_OFFER = (
    "{}, one server; {} seats given up one after the other in full timeslots with a queue; from sending that "
    "to the next in the queue having read the offer"
)


async def measure(effort: Effort, contest: Contest = CONTEST) -> AsyncIterator[Figure]:
    for kind in KINDS:
        async for result in _contest(kind, contest):
            yield result
    for kind in KINDS:
        name = "" if kind == "sqlite" else "_postgresql"
        runs = [await _register(kind, effort.seconds) for _ in range(effort.runs)]
        how = _TIMES.format(kind, RATE, effort.seconds)
        yield figure(f"register{name}.p50_ms", "ms", [_cut(run, 50) for run in runs], how)
        yield figure(f"register{name}.p99_ms", "ms", [_cut(run, 99) for run in runs], how)
        runs = [await _offers(kind) for _ in range(effort.runs)]
        yield figure(f"register{name}.offer_max_ms", "ms", list(map(max, runs)), _OFFER.format(kind, FREED))
        runs = await _catalogue(kind, effort)
        how = _CATALOGUE.format(kind, SESSIONS, REGISTRATIONS, CATALOGUE_RATE, effort.seconds)
        yield figure(f"catalogue{name}.p50_ms", "ms", [_cut(run, 50) for run in runs], how)
        yield figure(f"catalogue{name}.p99_ms", "ms", [_cut(run, 99) for run in runs], how)


async def _contest(kind: str, contest: Contest) -> AsyncIterator[Figure]:
    with _folder() as folder, database(kind, folder) as url:
        found = await contend(url, folder, contest)
    suffix = "" if kind == "sqlite" else "_postgresql"
    what = {
        "oversold": (found.oversold, "seats sold above the maximum"),
        "lost": (
            found.lost,
            "people without what they were told, or seats that nobody in the queue was given",
        ),
        "doubled": (found.doubled, "people with two registrations, arrivals or offers for one"),
        "overtaken": (found.out_of_order, "offers out of order"),
    }
    for name, (value, words) in what.items():
        how = _CONTEST.format(words, kind, contest.tries, contest.slots, found.seated, found.repeated)
        yield figure(f"register{suffix}.{name}", "", [value], how)


async def _register(kind: str, seconds: float) -> list[float]:
    count = int(RATE * (_WARM_UP + seconds))
    with _folder() as folder, database(kind, folder) as url:
        people, slots = await _plan(url, 2000, 500, seats=10_000)
        async with servers(1, url, folder, _cores()[-1:]) as [server], caller(200) as http:
            pairs = random.Random(3).sample([(who, slot) for who in people for slot in slots], count)

            async def ask(number: int) -> Answer:
                who, slot = pairs[number]
                path = f"/timeslots/{slot.id}/registrations"
                return await http.call("POST", server.url, path, who, {}, f"key-{number}")

            return await _at_rate(ask, RATE, count, expected=201)


async def _offers(kind: str) -> list[float]:
    """The delays, in milliseconds."""
    with _folder() as folder, database(kind, folder) as url:
        people, slots = await _plan(url, 3 * FREED, FREED, seats=1)
        async with servers(1, url, folder, _cores()[-1:]) as [server], caller(8) as http:
            return [
                await _offer(http, server.url, slot, people[3 * place : 3 * place + 3])
                for place, slot in enumerate(slots)
            ]


async def _offer(http: Caller, url: str, slot: Slot, people: list[Person]) -> float:
    path = f"/timeslots/{slot.id}/registrations"
    ids = [(await http.call("POST", url, path, one, {"waitlist": True})).body["id"] for one in people]
    begin = time.perf_counter()
    await http.call("DELETE", url, f"/registrations/{ids[0]}", people[0])
    while True:
        found = await http.call("GET", url, f"/sessions/{slot.session_id}", people[1])
        if found.body["you"]["registration"]["status"] == "offered":
            return 1e3 * (time.perf_counter() - begin)


async def _catalogue(kind: str, effort: Effort) -> list[list[float]]:
    count = int(CATALOGUE_RATE * (_WARM_UP + effort.seconds))
    with _folder() as folder, database(kind, folder) as url:
        people, slots = await _plan(url, 2000, SESSIONS, seats=40, varied=True)
        opened = Database(url)
        await add_registrations(opened, slots, people, REGISTRATIONS)
        await analyse(opened)
        await opened.close()
        async with servers(1, url, folder, _cores()[-1:]) as [server], caller(100) as http:

            async def ask(number: int) -> Answer:
                who = people[number % len(people)] if number % 3 else None
                path = _QUESTIONS[number % len(_QUESTIONS)]
                if "mine" in path:
                    who = people[number % len(people)]
                return await http.call("GET", server.url, path, who)

            return [await _at_rate(ask, CATALOGUE_RATE, count, expected=200) for _ in range(effort.runs)]


_QUESTIONS = (
    "/sessions?limit=24",
    "/sessions?limit=24&type=workshop",
    "/sessions?limit=24&q=chess",
    "/sessions?limit=24&cursor=24",
    "/sessions?limit=24&condition=ask",
    "/sessions?scope=mine&limit=24",
    "/sessions?scope=past&limit=24",
)


async def _plan(
    url: str, people: int, sessions: int, *, seats: int, varied: bool = False
) -> tuple[list[Person], list[Slot]]:
    opened = Database(url)
    try:
        await migrate(opened)
        crowd = await add_people(opened, people)
        return crowd, await add_sessions(opened, sessions, crowd[0], seats=seats, varied=varied)
    finally:
        await opened.close()


async def _at_rate(ask: Ask, rate: int, count: int, expected: int) -> list[float]:
    """Sends on time, whether or not what went before has been answered. The delays of all but the first ones,
    in milliseconds. Raises RuntimeError for an answer that was not expected.
    """
    delays: list[float] = []
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _cores()[:1])

    async def one(number: int, due: float) -> None:
        status, body = await ask(number)
        if status != expected:
            raise RuntimeError(f"{status} instead of {expected}: {body}")
        if number >= _WARM_UP * rate:
            delays.append(1e3 * (time.perf_counter() - due))

    try:
        begin = time.perf_counter() + 0.1
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                due = begin + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(number, due))
    finally:
        os.sched_setaffinity(0, cores)
    return delays


def _cut(delays: list[float], percent: int) -> float:
    return statistics.quantiles(delays, n=100)[percent - 1]


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="convene-bench-") as name:
        yield Path(name)
