"""What a subscriber says of its path changes what it is sent. Real sockets; the feedback is made up."""

from __future__ import annotations

import math
import struct

import pytest

from media import context
from media.control.layers import NOTHING, WAIT, Target, Wish
from media.control.path import Path
from media.core import SENT
from media.rtp import rtcp
from media.rtp.twcc import FeedbackRecorder
from media.transport import Transport
from tests.media.test_forwarding import publish_video, settle
from tests.media.test_layers import ALL
from tests.media.test_simulcast import Camera, check_unbroken, shown
from tests.support import sfu as numbers
from tests.support.rtc_peer import RtcPeer, Rtp
from tests.support.sfu import Sfu

pytestmark = pytest.mark.usefixtures("packet_path")

OURS = 7


@pytest.fixture(autouse=True)
def ticks_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "ROOM_INTERVAL", math.inf)


def remb(rate: int, ssrc: int) -> bytes:
    """A REMB (draft-alvestrand-rmcat-remb-03, 2.2) of ``rate`` bits/s."""
    exponent = max(0, rate.bit_length() - 18)
    body = struct.pack("!II4sI", OURS, 0, b"REMB", 1 << 24 | exponent << 18 | rate >> exponent)
    body += struct.pack("!I", ssrc)
    return struct.pack("!BBH", 0x80 | rtcp.APPLICATION_LAYER, rtcp.PAYLOAD_FEEDBACK, len(body) // 4) + body


async def watching(sfu: Sfu) -> tuple[Camera, Transport, RtcPeer]:
    """A subscriber that is sent the largest encoding."""
    sender, publisher = await sfu.join("send")
    receiver, subscriber = await sfu.join("recv")
    sfu.consume(receiver, sfu.produce_simulcast(sender))
    camera = Camera(publisher)
    await camera.frames(8, keys=(0, 1, 2))
    await settle(sfu, camera.sent)
    sfu.room.tick(sfu.ctx.now)
    await camera.frames(30, keys=(2,))
    await subscriber.until(lambda: bool(subscriber.rtp) and shown(subscriber.rtp[-1]) == (2, 37))
    return camera, receiver, subscriber


def wide(packet: Rtp) -> int:
    return int.from_bytes(packet.extensions[numbers.OUR_SEQUENCE], "big")


def known_packets(path: Path) -> int:
    return sum(path.sent[number] is not None for number in range(SENT))


async def test_plain_video_keeps_no_record_of_what_was_sent() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_video(sender)
        sfu.consume(receiver, producer)
        await publish_video(publisher, 1, 3)
        await subscriber.until(lambda: len(subscriber.rtp) == 3)
        sfu.room.tick(sfu.ctx.now)
        assert receiver.path is None


@pytest.mark.parametrize("thinned", [False, True])
async def test_a_path_knows_each_packet_sent_on_it_and_none_of_another(thinned: bool) -> None:
    async with Sfu() as sfu:
        camera, receiver, subscriber = await watching(sfu)
        (consumer,) = receiver.consumers.values()
        other, beside = await sfu.join("recv")
        sfu.consume(other, consumer.producer)  # sent the smallest, which the first is not
        await camera.frames(2, keys=(0,))
        await subscriber.until(lambda: shown(subscriber.rtp[-1]) == (2, 39))
        await beside.until(lambda: len(beside.rtp) == 4)
        sfu.room.tick(sfu.ctx.now)
        path = receiver.path
        assert path is not None
        if thinned:
            consumer.aim(Target(2, 0), sfu.ctx.now)
        known, seen = known_packets(path), len(subscriber.rtp)
        await camera.frames(8)
        await settle(sfu, camera.sent)
        count = 4 if thinned else 16
        await subscriber.until(lambda: len(subscriber.rtp) == seen + count)
        assert known_packets(path) == known + count
        for packet in subscriber.rtp[seen:]:
            stamp = path.sent[wide(packet)]
            assert stamp is not None
            assert stamp[1] >= len(packet.payload)


async def test_a_growing_queue_is_noticed_in_the_feedback() -> None:
    async with Sfu() as sfu:
        _, receiver, subscriber = await watching(sfu)
        path = receiver.path
        assert path is not None
        recorder = FeedbackRecorder()
        packets = subscriber.rtp[-50:]
        for index, packet in enumerate(packets):
            assert path.sent[wide(packet)] is not None
            path.sent.note(wide(packet), sfu.ctx.now - 2 + index * 0.02, 1200)  # as if sent over a second
            recorder.arrived(wide(packet), 50 + index * 0.026)
        for body in recorder.build():
            await subscriber.send_rtp(rtcp.transport_wide(OURS, packets[0].ssrc, body))
        await settle(sfu, sum(transport.state.packets_in for transport in sfu.ctx.transports.values()) + 1)
        assert path.estimate == pytest.approx(0.85 * 1200 * 8 / 0.026, rel=0.1)
        assert receiver.stats()["estimate"] == path.estimate


async def test_an_estimate_lowers_the_layer_and_holds_video_rather_than_audio() -> None:
    async with Sfu() as sfu:
        camera, receiver, subscriber = await watching(sfu)
        (consumer,) = receiver.consumers.values()
        assert consumer.stats()["target"] == [2, 2]
        assert receiver.path is not None
        before = sum(transport.state.packets_in for transport in sfu.ctx.transports.values())
        await subscriber.send_rtp(remb(60_000, consumer.ssrc))  # it also sends transport-wide feedback
        await settle(sfu, before + 1)
        assert receiver.path.estimate == math.inf
        consumer.producer.layers.encodings = list(ALL)
        receiver.path.told(400_000)
        receiver.adaptation.run(sfu.ctx.now)
        assert consumer.stats()["target"] == [1, 1]
        await camera.frames(2)
        await camera.frames(4, keys=(0, 1))
        await subscriber.until(lambda: shown(subscriber.rtp[-1])[1] == 40)
        check_unbroken(subscriber.rtp)
        sfu.consume(receiver, sfu.produce_audio(consumer.producer.transport))
        receiver.path.told(90_000)  # 40,000 of it are for the microphone
        receiver.adaptation.run(sfu.ctx.now)
        assert consumer.target == NOTHING
        assert consumer not in consumer.stream.active


async def test_a_larger_picture_waits_after_a_fall_and_not_where_it_is_pinned() -> None:
    async with Sfu() as sfu:
        _, receiver, _ = await watching(sfu)
        (consumer,) = receiver.consumers.values()
        assert receiver.path is not None
        now = sfu.ctx.now
        consumer.producer.layers.encodings = list(ALL)
        for rate, at, spatial in ((400_000, now, 1), (9e6, now + 1, 1), (9e6, now + WAIT, 2)):
            receiver.path.told(rate)
            receiver.adaptation.run(at)
            assert consumer.target.spatial == spatial
        receiver.path.told(400_000)
        receiver.adaptation.run(now + 10)
        receiver.path.told(9e6)
        receiver.adaptation.run(now + 11)
        assert consumer.target.spatial == 1
        consumer.wants(Wish(pinned=True), now + 11.1)
        assert consumer.target.spatial == 2
        consumer.close()
        receiver.adaptation.run(now + 12)
        assert not receiver.adaptation._climbs


async def test_a_subscriber_without_transport_wide_feedback_tells_its_own_estimate() -> None:
    async with Sfu() as sfu:
        _, receiver, subscriber = await watching(sfu)
        (consumer,) = receiver.consumers.values()
        consumer.sequence_head = 0
        receiver.path = Path()  # another client's, of which nothing is known
        before = sum(transport.state.packets_in for transport in sfu.ctx.transports.values())
        await subscriber.send_rtp(remb(60_000, consumer.ssrc))
        await settle(sfu, before + 1)
        assert receiver.path.estimate == pytest.approx(60_000, rel=0.01)


async def test_more_is_tried_with_packets_that_are_known_already() -> None:
    async with Sfu() as sfu:
        _, receiver, subscriber = await watching(sfu)
        (consumer,) = receiver.consumers.values()
        assert receiver.path is not None
        receiver.path.told(50_000)
        receiver.adaptation._wanted = 2_000_000
        receiver.adaptation.probe(sfu.ctx.now)
        sfu.ctx.socket.flush()
        await subscriber.until(lambda: subscriber.rtp[-1].ssrc == consumer.rtx_ssrc)
        padding = [packet for packet in subscriber.rtp if packet.ssrc == consumer.rtx_ssrc]
        known = {packet.payload for packet in subscriber.rtp if packet.ssrc == consumer.ssrc}
        assert {packet.payload[2:] for packet in padding} <= known
        assert sfu.ctx.stats.packets_padding >= len(padding)
        assert all(receiver.path.sent[wide(packet)] is not None for packet in padding)


async def test_feedback_about_impossibly_many_packets_is_refused() -> None:
    async with Sfu() as sfu:
        _, receiver, subscriber = await watching(sfu)
        body = struct.pack("!HHI", 0, 0xFFFF, 0) + struct.pack("!H", 0x1FFF) * 9
        before = sum(transport.state.packets_in for transport in sfu.ctx.transports.values())
        await subscriber.send_rtp(rtcp.transport_wide(OURS, 1, body))
        await settle(sfu, before + 1)
        assert sfu.ctx.drops() == {"rtcp_malformed": 1}
        assert receiver.path is not None
