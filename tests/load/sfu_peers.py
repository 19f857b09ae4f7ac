"""Ours beside Janus, one after the other in the same run with the same generator: ``--only sfu-peers``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.load.forwarding import LOAD, LONGEST, SAMPLE, WARM_UP, Run, fan_out, mesh, weather
from tests.load.generating import Played, generator
from tests.load.janus import JANUS, JanusCrowd, janus
from tests.load.report import Effort, Figure, figure
from tests.load.scene import cores, cpu_time, resident

VIEWERS = 20
PEOPLE = 16


@dataclass(frozen=True, slots=True)
class Scene:
    """Who sends, who watches, and how many get each packet."""

    senders: list[str]
    viewers: list[str]
    deliveries: int
    every: int  # one packet in so many is decrypted and timed

    def watched_by(self, viewer: str) -> list[str]:
        return [name for name in self.senders if name != viewer]


def one_to_many(viewers: int) -> Scene:
    return Scene(["host"], [f"viewer-{number}" for number in range(viewers)], viewers, 1)


def all_to_all(size: int) -> Scene:
    names = [f"person-{number}" for number in range(size)]
    return Scene(names, names, size - 1, SAMPLE)


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    if JANUS is None:
        print("  Janus is not installed (apt-get install janus): nothing to compare with.", file=sys.stderr)
        return
    seconds = min(effort.seconds, LONGEST)
    viewers, people = (4, 3) if effort.short else (VIEWERS, PEOPLE)
    ours, theirs = [], []
    for _ in range(effort.runs):  # in turns, so that both see the same weather
        ours.append(await fan_out(viewers, seconds))
        theirs.append(await beside(one_to_many(viewers), seconds))
    for result in _rows("", f"1 to {viewers}", ours, theirs):
        yield result
    ours, theirs = [], []
    for _ in range(effort.runs):
        ours.append(await mesh(people, seconds))
        theirs.append(await beside(all_to_all(people), seconds))
    for result in _rows("mesh16_", f"{people} people, all to all", ours, theirs):
        yield result


def _rows(scene: str, what: str, ours: list[Run], theirs: list[Run]) -> list[Figure]:
    how = (
        f"{what}, AES-128-GCM, user + system time of all threads of the server / deliveries; {LOAD}; Janus "
        "as Debian packages it: VideoRoom, event_loops = 1, ICE-lite, no STUN, one connection for all that a "
        f"person watches{weather([*ours, *theirs])}"
    )
    ratios = [mine.cost / its.cost for mine, its in zip(ours, theirs, strict=True)]
    return [
        figure(f"sfu_peers.{scene}ours_us", "us", [run.cost for run in ours], how),
        figure(f"sfu_peers.{scene}janus_us", "us", [run.cost for run in theirs], how),
        figure(f"sfu_peers.{scene}ratio", "ours / Janus", ratios, f"of one pair of runs: {how}"),
        *(
            figure(f"sfu_peers.{scene}{whose}_p{percent}_ms", "ms", values, f"delay of forwarding: {how}")
            for whose, runs in (("ours", ours), ("janus", theirs))
            for percent, values in (
                (50, [run.played.p50 for run in runs]),
                (99, [run.played.p99 for run in runs]),
            )
        ),
        figure(f"sfu_peers.{scene}janus_rss_mb_per_peer", "MB", [run.memory for run in theirs], how),
    ]


async def beside(scene: Scene, seconds: float) -> Run:
    """Janus in the scene."""
    server_core, load_core = cores() or (None, None)
    async with janus(server_core) as (pid, api), generator(load_core) as load:
        crowd = JanusCrowd(api, load)
        before = resident(pid)
        await crowd.publish(scene.senders)
        await crowd.watch({viewer: scene.watched_by(viewer) for viewer in scene.viewers})

        async def play(seconds: float) -> Played:
            return await load.play(
                [f"{name}-send" for name in scene.senders],
                [f"{name}-recv" for name in scene.viewers],
                seconds,
                deliveries=scene.deliveries,
                every=scene.every,
            )

        await play(WARM_UP)
        used = cpu_time(pid)
        played = await play(seconds)
        used = cpu_time(pid) - used
        memory = (resident(pid) - before) / len({*scene.senders, *scene.viewers})
    return Run(1e6 * used / max(1.0, played.delivered), played, memory)
