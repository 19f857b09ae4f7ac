"""What forwarding costs and how long it takes: one to many, and rooms of all to all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from media.client import MediaWorker
from tests.load.generating import Crowd, Played, generator
from tests.load.report import Effort, Figure, figure
from tests.load.scene import PYTHON, ROOM, cores, cpu_time, one_room, pinning, resident

TRIES = 3
CHOICE = "CONVENE_MEDIA_CORE"
WARM_UP = 1.0  # seconds
LONGEST, SHORTER = 5.0, 3.0  # seconds of a run; longer does not change the figures
STEP = 4  # people who come at a time when the limit of a room is looked for
FIRST_SIZE = 8
SIZE_LIMIT = 80
LOSS_LIMIT, DELAY_LIMIT = 0.01, 50.0  # of the limit: lost deliveries; p99 in ms
SAMPLE = 16  # one packet in so many is decrypted in rooms of all to all

LOAD = (
    "170 video packets/s of 1,100 B and 50 audio packets/s of 80 B from each publisher, no feedback, loopback"
)
_CPU = f"user + system time of the worker process / packets that a subscriber decrypted (all are); {LOAD}"
_DELAY = "from before the publisher's SRTP to the kernel's arrival time at the subscriber's socket"
_SAMPLED = f"deliveries counted by the RTP header, one in {SAMPLE} at random decrypted and timed"


@dataclass(frozen=True, slots=True)
class Run:
    cost: float  # microseconds of the server per delivery
    played: Played
    memory: float  # MB that a peer added

    @property
    def spoilt(self) -> bool:
        """Whether deliveries are missing, so that a cost per delivery says little."""
        return self.played.lost > LOSS_LIMIT or self.played.refused > 0


async def one_to_twenty(effort: Effort) -> AsyncIterator[Figure]:
    runs = await repeated(effort, lambda: fan_out(20, length(effort)))
    yield figure("sfu.delivery_us", "us", costs(runs), f"1 to 20, AES-128-GCM: {_CPU}{weather(runs)}")
    how = f"1 to 20, AES-128-GCM: {_DELAY}; every packet; {LOAD}{weather(runs)}"
    yield figure("sfu.delay_p50_ms", "ms", [run.played.p50 for run in runs], how)
    yield figure("sfu.delay_p99_ms", "ms", [run.played.p99 for run in runs], how)
    how = f"resident memory of the worker: (after joining 1 to 20 and playing - before) / 21 peers{pinning()}"
    yield figure("sfu.rss_mb_per_peer_1to20", "MB", [run.memory for run in runs], how)


async def other_sizes(effort: Effort) -> AsyncIterator[Figure]:
    runs = await repeated(effort, lambda: fan_out(20, length(effort, SHORTER), "cm"))
    yield figure("sfu.delivery_us_cm", "us", costs(runs), f"1 to 20, AES-CM: {_CPU}{weather(runs)}")
    for count in (1, 40):
        runs = await repeated(effort, partial(fan_out, count, length(effort, SHORTER)))
        how = f"1 to {count}, AES-128-GCM: {_CPU}{weather(runs)}"
        yield figure(f"sfu.delivery_us_1to{count}", "us", costs(runs), how)


async def without_compiler(effort: Effort) -> AsyncIterator[Figure]:
    """The loop in Python, which serves where there is no compiled one."""
    before = os.environ.get(CHOICE)
    os.environ[CHOICE] = "python"  # read by the worker
    try:
        runs = await repeated(effort, lambda: fan_out(20, length(effort, SHORTER)))
        how = f"1 to 20, AES-128-GCM: {_CPU}{weather(runs, PYTHON)}"
        yield figure("sfu.delivery_us_python", "us", costs(runs), how)
    finally:
        if before is None:
            del os.environ[CHOICE]
        else:
            os.environ[CHOICE] = before


async def sixteen_people(effort: Effort) -> AsyncIterator[Figure]:
    runs = await repeated(effort, lambda: mesh(4 if effort.short else 16, length(effort)))
    how = f"16 people, all to all, AES-128-GCM; {_SAMPLED}; {LOAD}{weather(runs)}"
    yield figure("sfu.mesh16_delay_p99_ms", "ms", [run.played.p99 for run in runs], f"{_DELAY}; {how}")
    yield figure("sfu.mesh16_delivery_us", "us", costs(runs), how)
    how = f"resident memory of the worker: (16 people all to all playing - before) / 16{pinning()}"
    yield figure("sfu.rss_mb_per_peer", "MB", [run.memory for run in runs], how)


async def largest_room(effort: Effort) -> AsyncIterator[Figure]:
    limits, rates = [], []
    start, most = (4, 8) if effort.short else (FIRST_SIZE, SIZE_LIMIT)
    for _ in range(effort.runs):
        limit, rate = await mesh_limit(start, most, min(effort.seconds, 2.0))
        limits.append(float(limit))
        rates.append(rate)
        start = max(start, limit - 2 * STEP)
    how = (
        f"people in one room, all to all, on one core with < 1 % of deliveries lost and p99 < 50 ms: {STEP} "
        "more at a time until it breaks twice running, then one less at a time until it holds; 2 s at each "
        f"size; {_SAMPLED}; {LOAD}{pinning()}"
    )
    yield figure("sfu.mesh_limit", "people", limits, how)
    how = (
        "of the load generator itself: packets sent and received per second of its own user + system time, "
        "in the largest room of sfu.mesh_limit; its core allows so many a second"
    )
    yield figure("sfu.generator_pps", "packets/s", rates, how)


PARTS = (one_to_twenty, other_sizes, without_compiler, sixteen_people, largest_room)


def length(effort: Effort, most: float = LONGEST) -> float:
    return min(effort.seconds, most)


async def repeated(effort: Effort, run: Callable[[], Awaitable[Run]]) -> list[Run]:
    """So many runs. One that lost packets says little about the cost and is tried again, twice at most; then
    the best of the tries counts, and `weather` tells.
    """
    runs = []
    for _ in range(effort.runs):
        tries = [await run()]
        while tries[-1].spoilt and len(tries) < TRIES:
            tries.append(await run())
        runs.append(min(tries, key=lambda each: each.played.lost + each.played.refused))
    return runs


def weather(runs: list[Run], loop: str | None = None) -> str:
    """What the end of ``how`` says of runs that lost packets all the same."""
    worst = max(100 * run.played.lost for run in runs)
    refused = sum(run.played.refused for run in runs)
    lost = f"; up to {worst:.1f} % of deliveries lost, {refused} not decrypted"
    return (lost if worst > 1 or refused else "") + pinning(loop)


def costs(runs: list[Run]) -> list[float]:
    return [run.cost for run in runs]


async def fan_out(subscribers: int, seconds: float, profile: str = "gcm") -> Run:
    """One publisher, a fresh worker."""
    names = [f"viewer-{number}" for number in range(subscribers)]
    async with crowd(profile) as (worker, people):
        before = resident(worker.pid)
        await people.join(["host"], names)
        for name in names:
            await people.watch(name, "host")
        listening = [f"{name}-recv" for name in names]
        await people.generator.play(["host-send"], listening, WARM_UP)
        used = cpu_time(worker.pid)
        played = await people.generator.play(["host-send"], listening, seconds)
        used = cpu_time(worker.pid) - used
        memory = (resident(worker.pid) - before) / (subscribers + 1)
    return Run(1e6 * used / max(1.0, played.delivered), played, memory)


async def mesh(size: int, seconds: float) -> Run:
    """Everybody to everybody, a fresh worker."""
    async with crowd() as (worker, people):
        before = resident(worker.pid)
        names = await grow(people, [], size)
        await play_mesh(people, names, WARM_UP)
        used = cpu_time(worker.pid)
        played = await play_mesh(people, names, seconds)
        used = cpu_time(worker.pid) - used
        memory = (resident(worker.pid) - before) / size
    return Run(1e6 * used / max(1.0, played.delivered), played, memory)


async def mesh_limit(start: int, most: int, seconds: float) -> tuple[int, float]:
    """How many people, ``most`` at most, one worker carries; and the generator's packets per second of its
    processor time.
    """
    async with crowd() as (_, people):
        names = await grow(people, [], start)
        rate, good = 0.0, 0
        while len(names) <= most:
            await play_mesh(people, names, 0.5)
            played = await play_mesh(people, names, seconds)
            rate = (played.sent + played.delivered) / played.cpu
            if not carried(played) and not carried(await play_mesh(people, names, seconds)):
                break
            good = len(names)
            names = await grow(people, names, len(names) + STEP)
        while len(names) - 1 > good:
            leaving = names.pop()
            await people.leave([leaving], [f"{leaving}-send", f"{leaving}-recv"])
            await play_mesh(people, names, 0.5)
            if carried(await play_mesh(people, names, seconds)):
                good = len(names)
        return good, rate


def carried(played: Played) -> bool:
    return played.lost < LOSS_LIMIT and played.p99 < DELAY_LIMIT and not played.refused


async def grow(people: Crowd, names: list[str], size: int) -> list[str]:
    """Lets new people in until there are ``size``, each watching and watched by all."""
    new = [f"person-{number}" for number in range(len(names), size)]
    everybody = names + new
    await people.join(new, new)
    for viewer in everybody:
        for sender in new if viewer in names else everybody:
            if sender != viewer:
                await people.watch(viewer, sender)
    return everybody


async def play_mesh(people: Crowd, names: list[str], seconds: float) -> Played:
    return await people.generator.play(
        [f"{name}-send" for name in names],
        [f"{name}-recv" for name in names],
        seconds,
        deliveries=len(names) - 1,
        every=SAMPLE,
    )


@contextlib.asynccontextmanager
async def crowd(profile: str = "gcm") -> AsyncIterator[tuple[MediaWorker, Crowd]]:
    """A fresh worker and a generator, each on its core."""
    apart = cores()
    async with one_room() as worker, generator(apart[1] if apart else None) as load:
        yield worker, Crowd(worker, load, ROOM, profile)
