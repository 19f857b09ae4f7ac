"""What forwarding costs and how long it takes: one publisher, some subscribers, one real worker process.

A publisher sends 170 video packets (1,100 bytes, VP8-like, key frames marked) and 50 audio packets (80 bytes)
a second, evenly spaced; nobody sends feedback. The worker has one core for itself, the generator the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from media.client import MediaWorker
from media.pool import MediaPool, PoolSettings
from media.protocol import ClosePeer, CreateRoom
from tests.load.peers import LoadPeer, Player, create_peer, is_key_frame_request, publish, streams, subscribe
from tests.load.report import Effort, Figure, figure

WARM_UP = 1.0  # seconds
SET_UPS = 20  # transports set up per run

_LOAD = "1 publisher, 170 video packets/s of 1,100 B and 50 audio packets/s of 80 B, AES-128-GCM, loopback"
_HOW_CPU = (
    "user + system time of the worker process (its CPU clock) / packets that a subscriber decrypted, all of "
    f"which are decrypted; {_LOAD}"
)
_HOW_DELAY = (
    "from before the publisher's SRTP to the kernel's arrival time at the subscriber's socket; "
    f"1 to 20: {_LOAD}"
)
_HOW_SETUP = (
    "bare client: from the request for a transport, through ICE, DTLS and consume, to the first packet "
    "decrypted; control messages straight to the worker; median of 20 per run"
)


@dataclass(frozen=True, slots=True)
class Run:
    cost: float  # microseconds of the worker per delivery
    p50: float  # milliseconds
    p99: float


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    suffix = _pinning()
    to_20 = [await fan_out(20, effort.seconds) for _ in range(effort.runs)]
    yield figure("sfu.delivery_us", "us", [run.cost for run in to_20], f"1 to 20: {_HOW_CPU}{suffix}")
    yield figure("sfu.forward_p50_ms", "ms", [run.p50 for run in to_20], _HOW_DELAY + suffix)
    yield figure("sfu.forward_p99_ms", "ms", [run.p99 for run in to_20], _HOW_DELAY + suffix)
    for count in (1, 40):
        runs = [await fan_out(count, effort.seconds) for _ in range(effort.runs)]
        how = f"1 to {count}: {_HOW_CPU}{suffix}"
        yield figure(f"sfu.delivery_1to{count}_us", "us", [run.cost for run in runs], how)
    set_ups = [await set_up_times(SET_UPS) for _ in range(effort.runs)]
    yield figure("sfu.setup_ms", "ms", [statistics.median(times) for times in set_ups], _HOW_SETUP + suffix)


async def fan_out(subscribers: int, seconds: float) -> Run:
    """One run with a fresh worker. Raises RuntimeError when packets were lost: then the cost says nothing."""
    async with _room() as worker:
        publisher = await create_peer(worker, "room", "publisher", "send")
        others = [
            await create_peer(worker, "room", f"subscriber-{number}", "recv") for number in range(subscribers)
        ]
        for peer in (publisher, *others):
            await peer.connect(worker)
        await publish(worker, publisher)
        for peer in others:
            for producer in ("video", "audio"):
                await subscribe(worker, peer, producer)
        with _playing(publisher, others) as player:
            player.play(WARM_UP)
            before = _cpu_time(worker.pid)
            played = player.play(seconds)
            used = _cpu_time(worker.pid) - before
        for peer in (publisher, *others):
            await peer.close()
    lost = played.sent * subscribers - played.delivered
    if played.refused or lost > 0.01 * played.delivered:
        raise RuntimeError(
            f"{lost} of {played.sent * subscribers} packets lost, {played.refused} not decrypted"
        )
    cuts = statistics.quantiles(played.delays, n=100)
    return Run(1e6 * used / played.delivered, 1e3 * cuts[49], 1e3 * cuts[98])


async def set_up_times(count: int) -> list[float]:
    """Milliseconds, one after the other, while the publisher sends."""
    async with _room() as worker:
        publisher = await create_peer(worker, "room", "publisher", "send")
        await publisher.connect(worker)
        await publish(worker, publisher)
        sending = asyncio.create_task(_send(publisher))
        try:
            return [await _set_up(worker, f"late-{number}") for number in range(count)]
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await publisher.close()


async def _set_up(worker: MediaWorker, name: str) -> float:
    begin = time.perf_counter()
    peer = await create_peer(worker, "room", name, "recv")
    consuming = [asyncio.create_task(subscribe(worker, peer, name)) for name in ("video", "audio")]
    await peer.connect(worker)
    await peer.until(lambda: bool(peer.rtp))
    taken = 1e3 * (time.perf_counter() - begin)
    await asyncio.gather(*consuming)
    await peer.close()
    await worker.request(ClosePeer(name))
    return taken


async def _send(publisher: LoadPeer) -> None:
    """Both streams at their rates, with a key frame when one is asked for, until cancelled."""
    video, audio = streams()
    clock = asyncio.get_running_loop().time
    due = dict.fromkeys((video, audio), clock())
    for sequence in itertools.count():
        stream = min(due, key=lambda each: due[each])
        await asyncio.sleep(max(0.0, due[stream] - clock()))
        due[stream] += stream.interval
        video.key_frame_asked |= any(is_key_frame_request(rtcp) for rtcp in publisher.rtcp)
        publisher.rtcp.clear()
        await publisher.send_rtp(stream.packet(sequence))


@contextlib.asynccontextmanager
async def _room() -> AsyncIterator[MediaWorker]:
    """A fresh worker on its own core, with a room."""
    pool = MediaPool(PoolSettings(listen="127.0.0.1", port=0, announced=["127.0.0.1"]))
    await pool.start()
    try:
        worker = pool.workers[0]
        await worker.request(CreateRoom("room"))
        with _apart(worker.pid):
            yield worker
    finally:
        await pool.stop()


@contextlib.contextmanager
def _apart(pid: int) -> Iterator[None]:
    """The worker on the first core, this process on the second, if there are two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(pid, cores[:1])
        os.sched_setaffinity(0, cores[1:2])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _pinning() -> str:
    return "" if len(os.sched_getaffinity(0)) > 1 else "; server and generator share one core"


@contextlib.contextmanager
def _playing(publisher: LoadPeer, subscribers: list[LoadPeer]) -> Iterator[Player]:
    """A player, with the collector's pauses kept out of what it measures."""
    player = Player(publisher, subscribers)
    gc.collect()
    gc.disable()
    try:
        yield player
    finally:
        gc.enable()
        player.close()


def _cpu_time(pid: int) -> float:
    """User and system time of a process in seconds; Linux gives each process a clock
    (clock_getcpuclockid(3)).
    """
    return time.clock_gettime((~pid << 3) | 2)
