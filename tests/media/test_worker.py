"""Every control message against a real worker process, and each way in which it refuses one."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from media.client import MediaWorker
from media.framing import REQUESTS
from media.pool import MediaPool, PoolSettings
from media.protocol import (
    CloseConsumer,
    ClosePeer,
    CloseProducer,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    ConsumerClosed,
    CreateConsumer,
    CreatePeer,
    CreateProducer,
    CreateRoom,
    CreateTransport,
    DtlsFingerprint,
    DtlsParameters,
    ErrorCode,
    GetStats,
    MediaError,
    Notification,
    PauseConsumer,
    PauseProducer,
    Request,
    RestartIce,
    ResumeConsumer,
    ResumeProducer,
    RtpCapabilities,
    SetConsumerLayers,
)
from tests.support.captures import capabilities, produced

FINGERPRINT = DtlsFingerprint("sha-256", ":".join(["AB"] * 32))
DTLS = DtlsParameters([FINGERPRINT], role="client")
OPUS = produced("chromium_156", "opus")
VP8 = produced("chromium_156", "vp8")
FIREFOX = capabilities("firefox_153")


# One process for the whole file; each test has rooms of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[MediaPool]:
    pool = MediaPool(PoolSettings(listen="127.0.0.1", port=0, announced=["127.0.0.1"]))
    await pool.start()
    yield pool
    await pool.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def worker(pool: MediaPool) -> AsyncIterator[MediaWorker]:
    """With room r, peer a sending on "up", peer b receiving on "down"; and room r2, empty."""
    worker = pool.workers[0]
    for room in ("r", "r2"):
        await worker.request(CreateRoom(room))
    await worker.request(CreatePeer("r", "a"))
    await worker.request(CreatePeer("r", "b"))
    await worker.request(CreateTransport("a", "up", "send"))
    await worker.request(CreateTransport("b", "down", "recv"))
    yield worker
    for room in ("r", "r2"):
        await worker.request(CloseRoom(room))


async def refusal(worker: MediaWorker, request: Request[Any]) -> tuple[ErrorCode, str | None]:
    with pytest.raises(MediaError) as caught:
        await worker.request(request)
    return caught.value.code, caught.value.field


UNKNOWN: dict[str, tuple[Request[Any], ErrorCode]] = {
    "room.close": (CloseRoom("?"), "unknown_room"),
    "peer.create": (CreatePeer("?", "p"), "unknown_room"),
    "peer.close": (ClosePeer("?"), "unknown_peer"),
    "transport.create": (CreateTransport("?", "t", "send"), "unknown_peer"),
    "transport.connect": (ConnectTransport("?", DTLS), "unknown_transport"),
    "transport.restartIce": (RestartIce("?"), "unknown_transport"),
    "transport.close": (CloseTransport("?"), "unknown_transport"),
    "producer.create": (CreateProducer("?", "p", "audio", OPUS), "unknown_transport"),
    "producer.pause": (PauseProducer("?"), "unknown_producer"),
    "producer.resume": (ResumeProducer("?"), "unknown_producer"),
    "producer.close": (CloseProducer("?"), "unknown_producer"),
    "consumer.create": (CreateConsumer("down", "c", "?", FIREFOX), "unknown_producer"),
    "consumer.pause": (PauseConsumer("?"), "unknown_consumer"),
    "consumer.resume": (ResumeConsumer("?"), "unknown_consumer"),
    "consumer.setLayers": (SetConsumerLayers("?"), "unknown_consumer"),
    "consumer.close": (CloseConsumer("?"), "unknown_consumer"),
    "stats.get": (GetStats("?"), "unknown_peer"),
}


async def test_every_message_about_nothing_known_is_refused(worker: MediaWorker) -> None:
    assert UNKNOWN.keys() == REQUESTS.keys() - {"room.create", "metrics.get"}
    for request, code in UNKNOWN.values():
        assert (await refusal(worker, request))[0] == code, request


async def test_a_room_offers_the_router_capabilities(worker: MediaWorker) -> None:
    created = await worker.request(CreateRoom("other"))
    await worker.request(CloseRoom("other"))
    offered = [codec.mimeType for codec in created.rtpCapabilities.codecs if "rtx" not in codec.mimeType]
    assert [name for name in offered if name.startswith("audio")] == ["audio/opus", "audio/red"]
    video = [name.removeprefix("video/") for name in offered if name.startswith("video")]
    assert video == ["VP8", "VP9", "H264", "H264", "AV1", "VP9"]


async def test_a_transport_gives_what_a_browser_needs_to_reach_it(worker: MediaWorker) -> None:
    created = await worker.request(CreateTransport("a", "t", "send"))
    assert created.iceParameters.iceLite
    assert len(created.iceParameters.usernameFragment) >= 4  # RFC 8445, section 5.3
    assert len(created.iceParameters.password) >= 22
    datagrams, stream = created.iceCandidates
    for candidate in created.iceCandidates:
        assert (candidate.ip, candidate.address) == ("127.0.0.1", "127.0.0.1")
        assert candidate.port == worker.port
    assert (datagrams.protocol, datagrams.tcpType) == ("udp", None)
    assert (stream.protocol, stream.tcpType) == ("tcp", "passive")
    assert datagrams.priority > stream.priority
    assert datagrams.foundation != stream.foundation
    assert {fingerprint.algorithm for fingerprint in created.dtlsParameters.fingerprints} == {"sha-256"}


async def test_restarting_ice_changes_the_credentials(worker: MediaWorker) -> None:
    created = await worker.request(CreateTransport("a", "t", "send"))
    restarted = await worker.request(RestartIce("t"))
    assert restarted.iceParameters.usernameFragment != created.iceParameters.usernameFragment
    assert restarted.iceParameters.password != created.iceParameters.password


async def test_a_transport_is_connected_once(worker: MediaWorker) -> None:
    await worker.request(ConnectTransport("up", DTLS))
    assert (await refusal(worker, ConnectTransport("up", DTLS)))[0] == "invalid"


async def test_a_transport_needs_a_fingerprint_that_can_be_checked(worker: MediaWorker) -> None:
    weak = DtlsParameters([DtlsFingerprint("md5", "AB")])
    assert (await refusal(worker, ConnectTransport("up", weak)))[0] == "invalid"


async def test_a_consumer_gets_our_numbers_and_its_own_ssrc(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "cam", "video", VP8))
    created = await worker.request(CreateConsumer("down", "c1", "cam", FIREFOX))
    other = await worker.request(CreateConsumer("down", "c2", "cam", FIREFOX))
    assert created.kind == "video"
    assert [codec.payloadType for codec in created.rtpParameters.codecs] == [101, 102]
    ssrcs = {created.rtpParameters.encodings[0].ssrc, other.rtpParameters.encodings[0].ssrc}
    assert len(ssrcs) == 2
    assert VP8.encodings[0].ssrc not in ssrcs
    assert created.rtpParameters.mid != other.rtpParameters.mid
    assert created.rtpParameters.rtcp.cname == other.rtpParameters.rtcp.cname == "a"


async def test_pausing_and_resuming_is_seen_in_the_statistics(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "mic", "audio", OPUS, paused=True))
    await worker.request(CreateConsumer("down", "c", "mic", FIREFOX))

    async def paused() -> tuple[bool, bool]:
        report = await worker.request(GetStats())
        return report.producers[0]["paused"], report.consumers[0]["paused"]

    assert await paused() == (True, True)
    await worker.request(ResumeProducer("mic"))
    await worker.request(ResumeConsumer("c"))
    assert await paused() == (False, False)
    await worker.request(PauseProducer("mic"))
    await worker.request(PauseConsumer("c"))
    assert await paused() == (True, True)


async def test_statistics_of_a_peer_are_its_own(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "mic", "audio", OPUS))
    await worker.request(CreateConsumer("down", "c", "mic", FIREFOX))
    everything = await worker.request(GetStats())
    assert {row["id"] for row in everything.transports} == {"up", "down"}
    of_a = await worker.request(GetStats("a"))
    assert [row["id"] for row in of_a.transports] == ["up"]
    assert [row["id"] for row in of_a.producers] == ["mic"]
    assert of_a.consumers == []


async def test_closing_a_producer_closes_its_consumers_and_says_so(
    pool: MediaPool, worker: MediaWorker
) -> None:
    told: asyncio.Queue[Notification] = asyncio.Queue()
    pool.on_notification = lambda worker, notification: told.put_nowait(notification)
    await worker.request(CreateProducer("up", "mic", "audio", OPUS))
    await worker.request(CreateConsumer("down", "c", "mic", FIREFOX))
    await worker.request(CloseProducer("mic"))
    while (notification := await told.get()) != ConsumerClosed("c"):
        assert not isinstance(notification, ConsumerClosed)
    assert (await refusal(worker, ResumeConsumer("c")))[0] == "unknown_consumer"
    # Everything that was taken is free again.
    await worker.request(CreateProducer("up", "mic", "audio", OPUS))
    await worker.request(CreateConsumer("down", "c", "mic", FIREFOX))


async def test_closing_goes_down_to_everything_below(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "mic", "audio", OPUS))
    await worker.request(CreateConsumer("down", "c", "mic", FIREFOX))
    await worker.request(CloseConsumer("c"))
    assert (await refusal(worker, CloseConsumer("c")))[0] == "unknown_consumer"
    await worker.request(CreateConsumer("down", "c", "mic", FIREFOX))
    await worker.request(ClosePeer("a"))
    for request in (CloseTransport("up"), CloseProducer("mic"), CloseConsumer("c")):
        assert (await refusal(worker, request))[0].startswith("unknown"), request
    await worker.request(CloseTransport("down"))
    await worker.request(CreatePeer("r2", "c"))
    await worker.request(CloseRoom("r2"))
    assert (await refusal(worker, ClosePeer("c")))[0] == "unknown_peer"
    await worker.request(CreateRoom("r2"))
    report = await worker.request(GetStats())
    assert report.transports == report.producers == report.consumers == []
    assert report.counters["transports"] == 0


async def test_an_id_that_is_taken_is_refused(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "mic", "audio", OPUS))
    await worker.request(CreateConsumer("down", "c", "mic", FIREFOX))
    await worker.request(CreatePeer("r2", "elsewhere"))
    await worker.request(CreateTransport("elsewhere", "t", "recv"))
    taken: list[tuple[Request[Any], str]] = [
        (CreateRoom("r"), "room_id"),
        (CreatePeer("r2", "a"), "peer_id"),  # also in another room: ids are the worker's
        (CreateTransport("elsewhere", "up", "send"), "transport_id"),
        (CreateProducer("up", "mic", "audio", OPUS), "producer_id"),
        (CreateConsumer("t", "c", "mic", FIREFOX), "consumer_id"),
    ]
    for request, field in taken:
        assert await refusal(worker, request) == ("duplicate", field), request


async def test_a_transport_carries_one_direction(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "mic", "audio", OPUS))
    assert await refusal(worker, CreateProducer("down", "p", "audio", OPUS)) == ("invalid", "transport_id")
    assert await refusal(worker, CreateConsumer("up", "c", "mic", FIREFOX)) == ("invalid", "transport_id")


async def test_a_codec_that_is_not_offered_is_refused(worker: MediaWorker) -> None:
    codec = replace(VP8.codecs[0], mimeType="video/H265")
    parameters = replace(VP8, codecs=[codec])
    assert await refusal(worker, CreateProducer("up", "p", "video", parameters)) == (
        "unsupported",
        "codecs[0]",
    )
    await worker.request(CreateProducer("up", "p", "video", VP8))  # nothing of the refused one is left


async def test_a_subscriber_that_cannot_decode_is_refused(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "cam", "video", VP8))
    deaf = RtpCapabilities([codec for codec in FIREFOX.codecs if codec.kind == "audio"], [])
    assert (await refusal(worker, CreateConsumer("down", "c", "cam", deaf)))[0] == "unsupported"


async def test_an_ssrc_that_another_track_uses_is_refused(worker: MediaWorker) -> None:
    await worker.request(CreateProducer("up", "cam", "video", VP8))
    again = replace(VP8, mid="9")
    assert (await refusal(worker, CreateProducer("up", "cam2", "video", again)))[0] == "invalid"


async def test_requests_are_answered_in_their_order_and_many_at_once(worker: MediaWorker) -> None:
    rooms = [f"many-{number}" for number in range(200)]
    await asyncio.gather(*(worker.request(CreateRoom(room)) for room in rooms))
    await asyncio.gather(*(worker.request(CloseRoom(room)) for room in rooms))
    assert (await worker.request(GetStats())).counters["rooms"] == 2


async def test_sigterm_asks_to_be_let_go_and_a_second_one_ends_a_worker_in_order() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, os, signal, socket, sys\n"
        "from media.__main__ import WorkerOptions, run\n"
        "ours, theirs = socket.socketpair()\n"
        "async def main():\n"
        "    running = asyncio.create_task(run(WorkerOptions(theirs.detach(), listen='127.0.0.1')))\n"
        "    await asyncio.to_thread(ours.recv, 1000)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    while b'worker.draining' not in await asyncio.to_thread(ours.recv, 1000): pass\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return await running\n"
        "sys.exit(asyncio.run(main()))\n",
    )
    assert await process.wait() == 0


async def test_nonsense_on_the_control_connection_is_survived(worker: MediaWorker) -> None:
    """A defect of ours must not cost everybody on the worker their connection."""
    worker._writer.write(b"nonsense\n" + b'{"id": 99, "method": "room.paint", "params": {}}\n')
    await worker.request(GetStats())


async def test_a_stopped_worker_answers_once_it_runs_again(worker: MediaWorker) -> None:
    os.kill(worker.pid, signal.SIGSTOP)
    answer = asyncio.create_task(worker.request(GetStats()))
    await asyncio.sleep(0)
    os.kill(worker.pid, signal.SIGCONT)
    await answer
