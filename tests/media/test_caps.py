"""How much of everything one peer may have or ask for. What is too much gets a stable code, or is dropped and
counted.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from media.capabilities import MAX_EXTENSIONS
from media.context import MediaContext
from media.peer import TRANSPORTS_LIMIT
from media.protocol import (
    CreateConsumer,
    CreatePeer,
    CreateProducer,
    CreateRoom,
    CreateTransport,
    LimitReached,
    MediaError,
    Request,
    RtpCodec,
    RtpEncoding,
    RtpHeaderExtension,
    RtpParameters,
)
from media.repair import RESEND_BURST
from media.reports import RATE_LIMIT, STATUS_LIMIT, RtcpSession
from media.room import PEERS_LIMIT
from media.routing import SSRC_LIMIT
from media.rtp import rtcp
from media.rtp.extensions import REPAIRED_RID, RID
from media.rtp.twcc import FeedbackRecorder
from media.transport import CONSUMERS_LIMIT, PRODUCERS_LIMIT, Transport
from media.worker import Worker
from tests.media.test_forwarding import settle
from tests.support import sfu as numbers
from tests.support.captures import capabilities, produced
from tests.support.rtc_peer import rtp_packet
from tests.support.sfu import Sfu, vp8_payload

OPUS = produced("chromium_156", "opus")
VP8 = produced("chromium_156", "vp8")
BROWSER = capabilities("firefox_153")
RID_ID, REPAIRED_ID = 9, 10  # header extensions of a publisher here


@pytest_asyncio.fixture
async def worker() -> AsyncIterator[Worker]:
    """A worker's side of the control connection, with room r, peer p, and a transport of each direction."""
    context = MediaContext("127.0.0.1", 0, ["127.0.0.1"], lambda notification: None)
    await context.start()
    worker = Worker(context)
    worker.handle(CreateRoom("r"))
    worker.handle(CreatePeer("r", "p"))
    worker.handle(CreateTransport("p", "up", "send"))
    worker.handle(CreateTransport("p", "down", "recv"))
    yield worker
    await context.close()


def refuse(worker: Worker, request: Request[Any]) -> str:
    """The sentence with which one too many is refused; nothing of it stays."""
    with pytest.raises(MediaError) as caught:
        worker.handle(request)
    assert caught.value.code == "limit"
    return caught.value.message


def sound(number: int) -> CreateProducer:
    parameters = replace(OPUS, mid=str(number), encodings=[RtpEncoding(ssrc=1000 + number)])
    return CreateProducer("up", f"sound-{number}", "audio", parameters)


async def test_peers_of_a_room(worker: Worker) -> None:
    for number in range(PEERS_LIMIT - 1):
        worker.handle(CreatePeer("r", f"p{number}"))
    assert str(PEERS_LIMIT) in refuse(worker, CreatePeer("r", "late"))
    worker.handle(CreateRoom("r2"))
    worker.handle(CreatePeer("r2", "late"))  # elsewhere there is room


async def test_transports_of_a_peer(worker: Worker) -> None:
    for number in range(TRANSPORTS_LIMIT - 2):
        worker.handle(CreateTransport("p", f"t{number}", "recv"))
    assert str(TRANSPORTS_LIMIT) in refuse(worker, CreateTransport("p", "late", "recv"))


async def test_producers_of_a_transport(worker: Worker) -> None:
    for number in range(PRODUCERS_LIMIT):
        worker.handle(sound(number))
    assert str(PRODUCERS_LIMIT) in refuse(worker, sound(PRODUCERS_LIMIT))


async def test_consumers_of_a_transport(worker: Worker) -> None:
    worker.handle(CreatePeer("r", "q"))
    producers = -(-CONSUMERS_LIMIT // PRODUCERS_LIMIT) + 1
    taken = 0
    for number in range(producers):
        if number % TRANSPORTS_LIMIT == 0:
            worker.handle(CreatePeer("r", f"speaker-{number // TRANSPORTS_LIMIT}"))
        up = f"up-{number}"
        worker.handle(CreateTransport(f"speaker-{number // TRANSPORTS_LIMIT}", up, "send"))
        for sounding in range(PRODUCERS_LIMIT):
            made = sound(sounding)
            name = f"{number}-{sounding}"
            worker.handle(CreateProducer(up, name, "audio", made.rtpParameters))
            request = CreateConsumer("down", f"c-{name}", name, BROWSER)
            if taken == CONSUMERS_LIMIT:
                assert str(CONSUMERS_LIMIT) in refuse(worker, request)
                return
            worker.handle(request)
            taken += 1
    raise AssertionError("the limit was never met")


async def test_ssrcs_that_a_publisher_names(worker: Worker) -> None:
    per_producer = 8  # four encodings, each with RTX
    for number in range(SSRC_LIMIT // per_producer):
        worker.handle(_simulcast(number))
    assert str(SSRC_LIMIT) in refuse(worker, _simulcast(99))


def _simulcast(number: int) -> CreateProducer:
    first = VP8.encodings[0]
    assert first.rtx is not None
    encodings = [
        replace(
            first,
            ssrc=10_000 + 100 * number + 2 * layer,
            rid=f"r{layer}",
            rtx=replace(first.rtx, ssrc=10_001 + 100 * number + 2 * layer),
        )
        for layer in range(4)
    ]
    parameters = replace(VP8, mid=f"v{number}", encodings=encodings)
    return CreateProducer("up", f"camera-{number}", "video", parameters)


async def test_ssrcs_that_a_publisher_makes_us_learn() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        for number in range(8):
            _learn(sender, f"v{number}")
        packets = [
            rtp_packet(ssrc, 1, 1, b"v", payload_type, extensions={numbers.MID_ID: mid, rid_id: rid})
            for ssrc, (mid, rid, (payload_type, rid_id)) in enumerate(
                itertools.product(
                    [b"v%d" % number for number in range(8)],
                    [b"r%d" % layer for layer in range(4)],
                    [(numbers.VIDEO_TYPE, RID_ID), (numbers.RTX_TYPE, REPAIRED_ID)],
                ),
                start=1,
            )
        ]
        for packet in packets:
            await publisher.send_rtp(packet)
        await settle(sfu, len(packets))
        assert len(sender.table.sources) + len(sender.table.repairs) == len(packets) == SSRC_LIMIT
        assert "rtp_unrouted" not in sfu.ctx.drops()
        sfu.produce_audio(sender, ssrc=None, mid="a")
        one_more = rtp_packet(9999, 1, 1, b"o", numbers.AUDIO_TYPE, extensions={numbers.MID_ID: b"a"})
        await publisher.send_rtp(one_more)
        await settle(sfu, len(packets) + 1)
        assert sfu.ctx.drops()["rtp_unrouted"] == 1
        with pytest.raises(LimitReached):
            sfu.produce_audio(sender, ssrc=4000, mid="b")


def _learn(sender: Transport, mid: str) -> None:
    """A producer of four encodings whose SSRCs are not said."""
    codecs = [
        RtpCodec("video/VP8", numbers.VIDEO_TYPE, 90000),
        RtpCodec("video/rtx", numbers.RTX_TYPE, 90000, parameters={"apt": numbers.VIDEO_TYPE}),
    ]
    encodings = [RtpEncoding(rid=f"r{layer}") for layer in range(4)]
    names = [RtpHeaderExtension(RID, RID_ID), RtpHeaderExtension(REPAIRED_RID, REPAIRED_ID)]
    parameters = RtpParameters(codecs, encodings, mid, [*numbers.PUBLISHER_EXTENSIONS, *names])
    sender.produce(f"camera-{mid}", "video", parameters, numbers.MAPPING)


async def test_header_extensions_of_a_producer(worker: Worker) -> None:
    many = [RtpHeaderExtension(f"urn:test:{number}", number + 1) for number in range(MAX_EXTENSIONS + 1)]
    parameters = replace(OPUS, headerExtensions=many)
    assert str(MAX_EXTENSIONS) in refuse(worker, CreateProducer("up", "p", "audio", parameters))


async def test_rtcp_of_a_second() -> None:
    async with Sfu() as sfu:
        receiver, _ = await sfu.join("recv")
        session = RtcpSession(receiver)
        for _ in range(RATE_LIMIT + 5):
            session.receive(rtcp.picture_loss(7, 1), now=1000.0)
        assert sfu.ctx.drops()["rtcp_rate"] == 5
        session.receive(rtcp.picture_loss(7, 1), now=1001.0)  # the next second counts anew
        assert sfu.ctx.drops()["rtcp_rate"] == 5


async def test_packets_that_feedback_tells_of_in_a_second() -> None:
    async with Sfu() as sfu:
        sender, _ = await sfu.join("send")
        receiver, _ = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        receiver.watch_path()
        session = RtcpSession(receiver)
        recorder = FeedbackRecorder()
        for number in range(1000):
            recorder.arrived(number, 1000 + number / 1000)
        feedback = [rtcp.transport_wide(7, 1000, part) for part in recorder.build()]
        for _ in range(STATUS_LIMIT // 1000):
            for data in feedback:
                session.receive(data, now=1001.0)
        assert "rtcp_rate" not in sfu.ctx.drops()
        session.receive(feedback[0], now=1001.5)
        assert sfu.ctx.drops()["rtcp_rate"] == 1


async def test_bytes_resent_at_a_time() -> None:
    size, count = 1000, 100
    assert size * count > RESEND_BURST
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        for number in range(1, count + 1):
            payload = vp8_payload(number == 1, number, size=size)
            await publisher.send_rtp(rtp_packet(1000, number, number * 3000, payload, numbers.VIDEO_TYPE))
            await subscriber.until(lambda number=number: len(subscriber.rtp) == number)  # type: ignore[misc]
        asked = [packet.sequence for packet in subscriber.rtp]
        RtcpSession(receiver).receive(rtcp.nack(7, consumer.ssrc, asked), now=sfu.ctx.refresh())
        assert 0 < consumer.resent * size <= RESEND_BURST
        assert sfu.ctx.drops()["resend_budget"] == count - consumer.resent
