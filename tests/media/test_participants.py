"""Real media clients (pymediasoup on aiortc) through a real worker: what one publishes, the others decode."""

from __future__ import annotations

import array
import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from media.client import MediaWorker
from media.pool import MediaPool, PoolSettings
from media.protocol import CloseProducer, GetStats, PauseProducer, ResumeProducer, TransportState
from tests.support.media_clients import Picture, Tone, participants

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def pool() -> AsyncIterator[MediaPool]:
    pool = MediaPool(PoolSettings(listen="127.0.0.1", port=0, announced=["127.0.0.1"]))
    await pool.start()
    yield pool
    await pool.stop()


@pytest.fixture
def worker(pool: MediaPool) -> MediaWorker:
    return pool.workers[0]


def loudness(frame: Any) -> float:
    """Mean amplitude of 16-bit stereo samples; the plane is longer than they are."""
    samples = array.array("h", bytes(frame.planes[0])[: 4 * frame.samples])
    return sum(abs(sample) for sample in samples) / len(samples)


def luma(frame: Any) -> float:
    plane = frame.planes[0]
    rows = (bytes(plane)[row * plane.line_size :][: frame.width] for row in range(frame.height))
    return sum(sum(row) for row in rows) / float(frame.width * frame.height)


async def test_opus_vp8_and_h264_are_decoded_by_the_other(worker: MediaWorker) -> None:
    async with participants(worker, "room", 2) as (alice, bob):
        microphone = await bob.subscribe(await alice.publish(Tone()))
        camera = await bob.subscribe(await alice.publish(Picture(180), "video/VP8"))
        screen = await bob.subscribe(await alice.publish(Picture(60), "video/H264"))
        assert [item.parameters.codecs[0].mimeType for item in (microphone, camera, screen)] == [
            "audio/opus",
            "video/VP8",
            "video/H264",
        ]
        sound, vp8, h264 = await asyncio.gather(microphone.frames(20), camera.frames(10), screen.frames(10))
        assert loudness(sound[-1]) > 1000
        assert luma(vp8[-1]) == pytest.approx(180, abs=3)
        assert luma(h264[-1]) == pytest.approx(60, abs=3)


async def test_both_ways_at_once_and_a_third_who_comes_later(worker: MediaWorker) -> None:
    async with participants(worker, "room", 3) as (alice, bob, carol):
        from_alice = await alice.publish(Picture(200))
        from_bob = await bob.publish(Picture(90))
        at_bob, at_alice = await bob.subscribe(from_alice), await alice.subscribe(from_bob)
        first, second = await asyncio.gather(at_bob.frames(5), at_alice.frames(5))
        assert luma(first[-1]) == pytest.approx(200, abs=3)
        assert luma(second[-1]) == pytest.approx(90, abs=3)
        late = [await carol.subscribe(from_alice), await carol.subscribe(from_bob)]
        for subscription, level in zip(late, (200, 90), strict=True):
            frames = await subscription.frames(5)
            assert luma(frames[-1]) == pytest.approx(level, abs=3)
        report = await worker.request(GetStats(carol.peer_id))
        assert {row["srtpProfile"] for row in report.transports} <= {
            "SRTP_AEAD_AES_128_GCM",
            "SRTP_AEAD_AES_256_GCM",
        }


async def test_a_paused_producer_is_silent_until_it_is_resumed(worker: MediaWorker) -> None:
    async with participants(worker, "room", 2) as (alice, bob):
        producer = await alice.publish(Picture())
        subscription = await bob.subscribe(producer)
        await subscription.frames(5)
        await worker.request(PauseProducer(producer))

        async def sent() -> int:
            report = await worker.request(GetStats(bob.peer_id))
            return int(report.consumers[0]["packets"])

        before = await sent()
        received = (await worker.request(GetStats(alice.peer_id))).producers[0]["streams"][0]["packets"]
        while (await worker.request(GetStats(alice.peer_id))).producers[0]["streams"][0][
            "packets"
        ] < received + 5:
            await asyncio.sleep(0.02)  # the publisher goes on sending: nothing of it is passed on
        assert await sent() == before
        await worker.request(ResumeProducer(producer))
        await subscription.frames(5)


async def test_a_track_ends_for_the_others_when_its_producer_is_closed(worker: MediaWorker) -> None:
    async with participants(worker, "room", 2) as (alice, bob):
        first, second = await alice.publish(Picture(200)), await alice.publish(Picture(90))
        one, two = await bob.subscribe(first), await bob.subscribe(second)
        await asyncio.gather(one.frames(2), two.frames(2))
        await worker.request(CloseProducer(first))
        frames = await two.frames(5)
        assert luma(frames[-1]) == pytest.approx(90, abs=3)
        report = await worker.request(GetStats(bob.peer_id))
        assert [row["id"] for row in report.consumers] == [two.id]


async def test_the_main_process_hears_how_a_transport_comes_up(pool: MediaPool, worker: MediaWorker) -> None:
    states: list[tuple[str, str]] = []
    connected = asyncio.Event()

    def hear(worker: MediaWorker, notification: object) -> None:
        if isinstance(notification, TransportState):
            states.append((notification.ice, notification.dtls))
            if states[-1] == ("connected", "connected"):
                connected.set()

    pool.on_notification = hear
    async with participants(worker, "room", 1) as (alice,):
        await alice.publish(Tone())
        await connected.wait()
    # ICE and DTLS begin in either order; neither goes back on the way up.
    way = states[: states.index(("connected", "connected")) + 1]
    order = ["new", "connecting", "connected"]
    for side in (0, 1):
        steps = [order.index(state[side]) for state in way]
        assert steps == sorted(steps)
    assert len(set(way)) == len(way) >= 2
