"""Attackers: a flood from outside, and one peer among thirty that has keys and means harm."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from functools import partial
from typing import TypeVar

import pylibsrtp

from media import protocol
from media.client import MediaWorker
from tests.load.bad_paths import running
from tests.load.forwarding import LOAD, crowd
from tests.load.generating import ROOT
from tests.load.peers import LoadPeer, consume, create_peer, publish
from tests.load.report import Effort, Figure, figure
from tests.load.scene import ROOM, cores, cpu_time, pinning, resident
from tests.support import attacks
from tests.support.captures import produced

T = TypeVar("T")

FLOOD, FLOOD_RATE = 1_000_000, 20_000
VIEWERS = 20  # of the stream that the flood is to disturb
HONEST = 29  # with the hostile one thirty
SENDERS = 4  # of the honest, as in a room where some speak
HOSTILE_RATE = 2000  # packets a second from the hostile peer


async def from_outside(effort: Effort) -> AsyncIterator[Figure]:
    count = 20_000 if effort.short else FLOOD
    flooded = await flood(count)
    how = (
        f"{count} datagrams of sixteen hostile kinds at {FLOOD_RATE}/s from eight addresses that never pass "
        f"ICE, beside 1 to {VIEWERS}; {LOAD}{pinning()}"
    )
    busier = "processor time of the worker per second with the flood, less that before it, of one core"
    yield figure("sfu.hostile_cpu_pct", "%", [flooded.cpu], f"{busier}; {how}")
    affected = f"of the {VIEWERS + 1} transports: not connected at the end, or with a packet lost; {how}"
    yield figure("sfu.hostile_sessions_affected", "sessions", [float(flooded.affected)], affected)
    answered = f"bytes sent back to the attackers / bytes they sent; {how}"
    yield figure("sfu.hostile_bytes_answered_pct", "%", [flooded.answered], answered)


async def from_inside(effort: Effort) -> AsyncIterator[Figure]:
    runs = [await hostile_peer(min(effort.seconds, 5.0)) for _ in range(effort.runs)]
    how = (
        f"{HONEST} honest peers ({SENDERS} of them send video and sound to all) and one that sends "
        f"{HOSTILE_RATE} packets a second under its keys: RTP of ever new SSRCs, garbage with right headers, "
        "NACKs for 4,250 packets, PLIs by the hundred, false reports; AES-128-GCM; "
        f"{LOAD}{pinning()}"
    )
    yield figure("sfu.hostile_peer_p99_ms", "ms", [run.p99 for run in runs], f"delay, the others'; {how}")
    yield figure("sfu.hostile_peer_lost_pct", "%", [run.lost for run in runs], f"the others' packets; {how}")
    yield figure("sfu.hostile_peer_mb", "MB", [run.memory for run in runs], f"that the worker grew; {how}")
    repaired = f"packets resent to the hostile peer / packets first sent to it; {how}"
    yield figure("sfu.hostile_peer_repair", "ratio", [run.repair for run in runs], repaired)


PARTS = (from_outside, from_inside)


# --- from outside ---


class Flooded:
    cpu = 0.0  # per cent of a core
    affected = 0
    answered = 0.0  # per cent


async def flood(count: int) -> Flooded:
    names = [f"viewer-{number}" for number in range(VIEWERS)]
    listening = [f"{name}-recv" for name in names]
    result = Flooded()
    async with crowd() as (worker, people), attacker(worker.port) as process:
        await people.join(["host"], names)
        for name in names:
            await people.watch(name, "host")
        await people.generator.play(["host-send"], listening, 1.0)
        quiet, _ = await _load(worker, people.generator.play(["host-send"], listening, 3.0))
        async with people.generator.playing(["host-send"], listening, watched=listening) as run:
            busy, answer = await _load(worker, _send(process, count))
        report = await worker.request(protocol.GetStats())
    result.cpu = 100 * (busy - quiet)
    result.answered = 100 * float(answer["answered"]) / float(answer["bytes"])
    connected = sum(each["ice"] == each["dtls"] == "connected" for each in report.transports)
    whole = VIEWERS if not run.result.holes and not run.result.refused else 0
    result.affected = VIEWERS + 1 - min(connected, whole + 1)
    return result


async def _load(worker: MediaWorker, what: Awaitable[T]) -> tuple[float, T]:
    """The worker's load (1 is a core) for as long as ``what`` takes, and what it gave."""
    begin, used = time.monotonic(), cpu_time(worker.pid)
    given = await what
    return (cpu_time(worker.pid) - used) / (time.monotonic() - begin), given


@contextlib.asynccontextmanager
async def attacker(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.load.flood",
        "--port",
        str(port),
        "--rate",
        str(FLOOD_RATE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    apart = cores()
    if apart:
        os.sched_setaffinity(process.pid, {apart[1]})
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        await process.wait()


async def _send(process: asyncio.subprocess.Process, count: int) -> dict[str, float]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"count": count}).encode() + b"\n")
    answer: dict[str, float] = json.loads(await process.stdout.readline())
    return answer


# --- from inside ---


class Harm:
    p99 = 0.0
    lost = 0.0  # per cent
    memory = 0.0
    repair = 0.0


async def hostile_peer(seconds: float) -> Harm:
    names = [f"person-{number}" for number in range(HONEST)]
    senders = names[:SENDERS]
    publishing, listening = [f"{name}-send" for name in senders], [f"{name}-recv" for name in names]
    harm = Harm()
    async with crowd() as (worker, people):
        await people.join(senders, names)
        for viewer in names:
            for sender in senders:
                if sender != viewer:
                    await people.watch(viewer, sender)
        hostile = await Hostile.join(worker, senders)
        # A sender does not watch itself: as many deliveries of a packet as there are others.
        play = partial(people.generator.play, publishing, listening, deliveries=HONEST - 1, every=8)
        await play(1.0)
        before = resident(worker.pid)
        async with running(hostile.storm):
            played = await play(seconds)
        harm.memory = resident(worker.pid) - before
        harm.p99, harm.lost = played.p99, 100 * played.lost
        consumers = (await worker.request(protocol.GetStats("hostile-recv"))).consumers
        first = sum(each["packets"] for each in consumers)
        harm.repair = sum(each["resent"] for each in consumers) / first if first else 0.0
        await hostile.close()
    return harm


class Hostile:
    """Two transports under good keys."""

    def __init__(self, sending: LoadPeer, receiving: LoadPeer, ssrcs: list[int]) -> None:
        self._sending = sending
        self._receiving = receiving
        self._ssrcs = ssrcs
        self._chance = random.Random(1)
        self._own = produced("chromium_156", "vp8").encodings[0].ssrc or 0

    @classmethod
    async def join(cls, worker: MediaWorker, senders: list[str]) -> Hostile:
        sending = await create_peer(worker, ROOM, "hostile-send", "send")
        await sending.connect(worker)
        await publish(worker, sending)
        receiving = await create_peer(worker, ROOM, "hostile-recv", "recv")
        await receiving.connect(worker)
        watched = [await consume(worker, receiving, f"{name}-video") for name in senders]
        receiving.stop_listening()
        return cls(sending, receiving, [each.encodings[0].ssrc or 0 for each in watched])

    async def storm(self) -> None:
        tick, number = 0.005, 0
        while True:
            begin = time.monotonic()
            for _ in range(int(HOSTILE_RATE * tick)):
                number += 1
                self._one(number)
            await asyncio.sleep(max(0.0, begin + tick - time.monotonic()))

    def _one(self, number: int) -> None:
        chance = self._chance
        ssrc = chance.choice(self._ssrcs)
        kind = number % 8
        if kind < 3:
            data = attacks.unknown_stream(chance, number)
        elif kind < 5:
            data = attacks.garbage(chance, self._own, number)
        else:
            report = (
                attacks.nack_storm(ssrc, chance),
                attacks.picture_losses(ssrc),
                attacks.report_blocks(ssrc),
            )
            self._receiving.send_raw(self._receiving.protect_rtcp(report[kind - 5]))
            return
        with contextlib.suppress(pylibsrtp.Error):  # so wrong that not even the library at this end takes it
            self._sending.send_raw(self._sending.protect(data))

    async def close(self) -> None:
        await self._sending.close()
        await self._receiving.close()
