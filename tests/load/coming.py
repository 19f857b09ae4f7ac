"""Coming and going: set-up, a storm of joins, key frames for many, restarts of ICE, the dead, churn."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator

from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket

from media import protocol
from media.client import MediaWorker
from media.protocol import MediaError, Notification, TransportState
from tests.load.forwarding import LOAD, crowd
from tests.load.generating import KINDS
from tests.load.peers import LoadPeer, consume, create_peer, publish, subscribe, take
from tests.load.report import Effort, Figure, figure
from tests.load.scene import ROOM, descriptors, one_room, pinning, resident
from tests.support.captures import produced
from tests.support.rtc_peer import rtp_packet

SET_UPS = 20  # a run
STORMS, STORM, STORM_SECONDS = 2, 200, 10.0
RUNNING = 20  # subscribers of the stream that must not be interrupted
VIEWERS = 100
ASKING = 2.0  # seconds in which they ask for key frames, each ten times a second
WINDOW = 0.45  # seconds; of the half one that the promise is about, less what the way varies
RESTARTS = 20  # a run
DEAD = 5  # a run
CHECKS = 1.0  # seconds between the checks of one who is alive
NOTICED_WITHIN = 60.0
COLLECTED = 11.0  # seconds after which the worker has collected what closed transports leave
CHURN, CONNECTED = 5000, 20  # joins; one in so many with ICE and DTLS

PRODUCERS = ("host-video", "host-audio")


async def set_up(effort: Effort) -> AsyncIterator[Figure]:
    runs = [await set_up_times(SET_UPS // part(effort)) for _ in range(effort.runs)]
    how = (
        "bare client: from the request for a transport, through ICE, DTLS and consume, to the first packet "
        f"decrypted; control messages straight to the worker; median of {SET_UPS} a run, one after another"
    )
    yield figure("sfu.setup_ms", "ms", [statistics.median(times) for times in runs], how + pinning())


async def storm(effort: Effort) -> AsyncIterator[Figure]:
    joins, seconds = STORM // part(effort), STORM_SECONDS / part(effort)
    runs = [await join_storm(joins, seconds) for _ in range(min(effort.runs, STORMS))]
    how = (
        f"{joins} joins (ICE, DTLS, two consumers) in {seconds:g} s beside 1 to {RUNNING}: the largest gap "
        "between two video packets of three of its subscribers, less what the publisher was late; "
        f"{LOAD}{pinning()}"
    )
    yield figure("sfu.join_storm_gap_ms", "ms", [gap for gap, _ in runs], how)
    yield figure("sfu.join_storm_failed", "joins", [float(failed) for _, failed in runs], how)


async def many_key_frames(effort: Effort) -> AsyncIterator[Figure]:
    most = [float(await key_frames(VIEWERS // part(effort))) for _ in range(effort.runs)]
    how = (
        f"{VIEWERS} viewers of one video ask (PLI) ten times a second each for {ASKING:g} s: most requests "
        f"that reach the publisher in {WINDOW:g} s; each is answered with a key frame{pinning()}"
    )
    yield figure("sfu.keyframe_requests", "requests", most, how)


async def restarts(effort: Effort) -> AsyncIterator[Figure]:
    runs = [await ice_restarts(RESTARTS // part(effort)) for _ in range(effort.runs)]
    how = (
        "another local address, ICE restart requested, check with the new credentials, to the first packet "
        f"decrypted there; no new DTLS; median of {RESTARTS} a run; control messages straight to the worker"
    )
    yield figure("sfu.ice_restart_ms", "ms", [statistics.median(times) for times in runs], how + pinning())


async def the_dead(effort: Effort) -> AsyncIterator[Figure]:
    noticed = await dead_peers(1 if effort.short else DEAD)
    how = (
        f"from the last packet of a peer that spoke, checked every {CHECKS:g} s and then fell silent to the "
        f"worker saying that it is disconnected; {len(noticed)} peers, median{pinning()}"
    )
    yield figure("sfu.dead_peer_s", "s", noticed, how)


async def churn(effort: Effort) -> AsyncIterator[Figure]:
    """Joins and leaves; memory after the first fifth and at the end, and what is left at the end."""
    joins, rest = CHURN // part(effort) ** 2, 0.1 if effort.short else COLLECTED
    async with one_room() as worker, _host(worker):
        await _come_and_go(worker, joins // 5)
        await asyncio.sleep(rest)
        before, open_before = resident(worker.pid), descriptors(worker.pid)
        await _come_and_go(worker, joins - joins // 5)
        await asyncio.sleep(rest)
        grown = (resident(worker.pid) - before) / (joins - joins // 5) * 1000
        counters = (await worker.request(protocol.GetStats())).counters
        left = {
            "descriptors": descriptors(worker.pid) - open_before,
            "transports": counters["transports"] - 1,
            "addresses": counters["addresses"] - 1,
        }
    how = (
        f"{joins} joins and leaves of a person with two transports and two consumers, one in {CONNECTED} "
        f"through ICE and DTLS (a handshake takes most of the time){pinning()}"
    )
    memory = f"resident memory of the worker from the first fifth to the end, per thousand; {how}"
    yield figure("sfu.churn_mb_per_1000", "MB", [grown], memory)
    yield figure("sfu.churn_left", "objects", [sum(left.values())], f"{left} more than before; {how}")


PARTS = (set_up, storm, many_key_frames, restarts, the_dead, churn)


def part(effort: Effort) -> int:
    """By how much the numbers are smaller in the short form."""
    return 10 if effort.short else 1


async def set_up_times(count: int) -> list[float]:
    """Milliseconds, one after the other, while the publisher sends."""
    async with crowd() as (worker, people):
        await people.join(["host"], [])
        async with people.generator.playing(["host-send"], []):
            return [await _set_up(worker, f"late-{number}") for number in range(count)]


async def _set_up(worker: MediaWorker, name: str) -> float:
    begin = time.perf_counter()
    peer = await create_peer(worker, ROOM, name, "recv")
    consuming = asyncio.create_task(subscribe(worker, peer, PRODUCERS))
    await peer.connect(worker)
    await peer.until(lambda: bool(peer.rtp))
    taken = 1e3 * (time.perf_counter() - begin)
    await consuming
    await peer.close()
    await worker.request(protocol.ClosePeer(name))
    return taken


async def join_storm(joins: int, seconds: float) -> tuple[float, int]:
    """The largest gap in milliseconds in a stream that runs meanwhile, and how many did not get in."""
    names = [f"viewer-{number}" for number in range(RUNNING)]
    listening = [f"{name}-recv" for name in names]
    async with crowd() as (worker, people):
        await people.join(["host"], names)
        for name in names:
            await people.watch(name, "host")
        await people.generator.play(["host-send"], listening, 1.0)
        async with people.generator.playing(["host-send"], listening, watched=listening[:3]) as run:
            joined = await asyncio.gather(
                *(_join_late(worker, f"late-{number}", number * seconds / joins) for number in range(joins))
            )
        peers = [peer for peer in joined if peer is not None]
        for peer in peers:
            await peer.close()
    return run.result.gap, joins - len(peers)


async def _join_late(worker: MediaWorker, name: str, after: float) -> LoadPeer | None:
    """The peer; None where it has not got in or has heard nothing after many seconds."""
    await asyncio.sleep(after)
    peer = await create_peer(worker, ROOM, name, "recv")
    try:
        await peer.connect(worker)
        await subscribe(worker, peer, PRODUCERS)
        await peer.until(lambda: bool(peer.rtp), within=30.0)
    except (TimeoutError, MediaError):
        await peer.close()
        return None
    peer.stop_listening()
    return peer


async def key_frames(viewers: int) -> int:
    """Most requests that reach the publisher in `WINDOW`."""
    async with crowd() as (worker, people):
        await people.join(["host"], [])
        async with people.generator.playing(["host-send"], []) as run:
            peers: list[tuple[LoadPeer, int]] = []
            for number in range(viewers):
                peer = await create_peer(worker, ROOM, f"viewer-{number}", "recv")
                await peer.connect(worker)
                parameters = await consume(worker, peer, "host-video")
                peer.stop_listening()
                peers.append((peer, parameters.encodings[0].ssrc or 0))
            begin = time.monotonic()
            while time.monotonic() < begin + ASKING:
                for peer, ssrc in peers:
                    request = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=ssrc)
                    peer.send_raw(peer.protect_rtcp(bytes(request)))
                await asyncio.sleep(0.1)
        for peer, _ in peers:
            await peer.close()
    times = run.result.key_frame_requests
    return max((sum(0 <= other - at < WINDOW for other in times) for at in times), default=0)


async def ice_restarts(count: int) -> list[float]:
    """Milliseconds until media is there again, at another address each time."""
    times = []
    async with crowd() as (worker, people):
        await people.join(["host"], [])
        async with people.generator.playing(["host-send"], []):
            peer = await create_peer(worker, ROOM, "mover", "recv")
            await peer.connect(worker)
            await subscribe(worker, peer, PRODUCERS)
            await peer.until(lambda: bool(peer.rtp))
            for _ in range(count):
                await peer.open()
                peer.rtp.clear()
                begin = time.perf_counter()
                peer.ice = (await worker.request(protocol.RestartIce("mover"))).iceParameters
                await peer.check()
                await peer.until(lambda: bool(peer.rtp))
                times.append(1e3 * (time.perf_counter() - begin))
            await peer.close()
    return times


async def dead_peers(count: int) -> list[float]:
    """Seconds until each is noticed."""
    noticed: dict[str, asyncio.Future[float]] = {}

    def told(worker: MediaWorker, notification: Notification) -> None:
        if isinstance(notification, TransportState) and notification.ice == "disconnected":
            waiting = noticed.get(notification.transport_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(time.monotonic())

    async def one(worker: MediaWorker, number: int) -> float:
        name = f"dead-{number}"
        noticed[name] = asyncio.get_running_loop().create_future()
        peer = await create_peer(worker, ROOM, name, "send")
        await peer.connect(worker)
        await publish(worker, peer)
        audio = produced("chromium_156", dict(KINDS)["audio"])
        ssrc, payload_type = audio.encodings[0].ssrc or 1, audio.codecs[0].payloadType
        for tick in range(4):
            for step in range(10):  # speaks
                sequence = 10 * tick + step
                await peer.send_rtp(rtp_packet(ssrc, sequence, 960 * sequence, b"speech", payload_type))
                await asyncio.sleep((CHECKS + 0.17 * number) / 10)  # not in step with the worker
            await peer.check()
        last = time.monotonic()
        async with asyncio.timeout(NOTICED_WITHIN):
            taken = await noticed[name] - last
        await peer.close()
        return taken

    async with one_room(told) as worker:
        return list(await asyncio.gather(*(one(worker, number) for number in range(count))))


@contextlib.asynccontextmanager
async def _host(worker: MediaWorker) -> AsyncIterator[LoadPeer]:
    host = await create_peer(worker, ROOM, "host", "send")
    await host.connect(worker)
    await publish(worker, host)
    yield host
    await host.close()


async def _come_and_go(worker: MediaWorker, count: int) -> None:
    request = worker.request
    for number in range(count):
        name = f"guest-{number}"
        guest = None
        if number % CONNECTED == 0:
            guest = await create_peer(worker, ROOM, name, "recv")
            await guest.connect(worker)
        else:  # without the work of making a certificate at this end
            await request(protocol.CreatePeer(ROOM, name))
            await request(protocol.CreateTransport(name, name, "recv"))
        for producer in PRODUCERS:
            await take(worker, name, producer)
        await request(protocol.CreateTransport(name, f"{name}-send", "send"))
        await request(protocol.ClosePeer(name))
        if guest is not None:
            await guest.close()
