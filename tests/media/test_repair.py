"""NACK, RTX, key frame requests and reports between real peers; and peers that abuse them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct

import pylibsrtp
import pytest

from media.control.keyframes import INTERVAL
from media.repair import RESEND_BURST, RESEND_RATE
from media.reports import ASKED_LIMIT, RATE_LIMIT, RtcpSession
from media.routing import SourceTable
from media.rtp import rtcp, twcc
from media.rtp.nack import LARGEST_GAP
from media.rtp.rtcp import ReportBlock, SenderInfo
from tests.media.test_forwarding import pli_for, publish_video, settle
from tests.support import sfu as numbers
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import Sfu, vp8_payload

pytestmark = pytest.mark.usefixtures("packet_path")

OURS = 7  # SSRC under which the test peers send feedback


def received(peer: RtcPeer, kind: int, count: int | None = None) -> list[tuple[bytes, rtcp.Packet]]:
    """The RTCP packets of one kind that ``peer`` has received, each with the compound it came in."""
    return [
        (data, packet)
        for data in peer.rtcp
        for packet in rtcp.split(data)
        if packet.kind == kind and count in (None, packet.count)
    ]


def nacked(peer: RtcPeer) -> list[int]:
    found = received(peer, rtcp.TRANSPORT_FEEDBACK, rtcp.NACK)
    return [number for data, packet in found for number in rtcp.parse_nack(data, packet)]


async def test_a_subscribers_nack_is_answered_over_rtx_once_in_a_round_trip() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 65533, 6)
        await subscriber.until(lambda: len(subscriber.rtp) == 6)
        asked = [subscriber.rtp[index].sequence for index in (1, 4)]
        for _ in range(3):
            await subscriber.send_rtp(rtcp.nack(OURS, consumer.ssrc, asked))
        await subscriber.until(lambda: len(subscriber.rtp) == 8)
        await settle(sfu, 9)
        assert len(subscriber.rtp) == 8
        first, second = subscriber.rtp[6:]
        for packet, index in ((first, 1), (second, 4)):
            original = subscriber.rtp[index]
            assert (packet.payload_type, packet.ssrc) == (numbers.OUR_RTX, consumer.rtx_ssrc)
            assert packet.timestamp == original.timestamp
            assert packet.marker == original.marker
            assert packet.payload == original.sequence.to_bytes(2, "big") + original.payload
            assert packet.extensions[numbers.OUR_MID] == original.extensions[numbers.OUR_MID]
        assert second.sequence == first.sequence + 1 & 0xFFFF
        assert sfu.ctx.drops() == {"resend_recent": 4}


async def test_a_resent_picture_keeps_the_picture_id_it_was_sent_under() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 1, 3)
        await subscriber.until(lambda: len(subscriber.rtp) == 3)
        consumer.pause()
        await publish_video(publisher, 4, 10, key=False)
        await settle(sfu, 13)
        consumer.resume()
        await publish_video(publisher, 14, 3)
        await subscriber.until(lambda: len(subscriber.rtp) == 6)
        await subscriber.send_rtp(
            rtcp.nack(OURS, consumer.ssrc, [subscriber.rtp[i].sequence for i in (1, 4)])
        )
        await subscriber.until(lambda: len(subscriber.rtp) == 8)
        assert [packet.payload[2:] for packet in subscriber.rtp[6:]] == [
            subscriber.rtp[1].payload,
            subscriber.rtp[4].payload,
        ]


async def test_what_is_not_in_the_cache_or_was_never_sent_is_not_resent() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        video = sfu.consume(receiver, sfu.produce_video(sender))
        audio = sfu.consume(receiver, sfu.produce_audio(sender))
        await publish_video(publisher, 1, 2)
        await subscriber.until(lambda: len(subscriber.rtp) == 2)
        sequence = subscriber.rtp[0].sequence
        await subscriber.send_rtp(rtcp.nack(OURS, video.ssrc, [sequence - 1 & 0xFFFF, sequence + 2]))
        await subscriber.send_rtp(rtcp.nack(OURS, audio.ssrc, [1, 2]))
        await subscriber.send_rtp(rtcp.nack(OURS, 4242, [1]))
        await settle(sfu, 5)
        assert len(subscriber.rtp) == 2
        assert sfu.ctx.drops() == {
            "resend_unavailable": 2,
            "resend_without_rtx": 2,
            "rtcp_unknown_stream": 1,
        }


async def test_a_gap_is_asked_for_and_an_rtx_packet_fills_it() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_video(sender)
        sfu.consume(receiver, producer)
        await publish_video(publisher, 65534, 1)
        await publish_video(publisher, 65538, 1, key=False)  # 65535, 0 and 1 are lost
        await publisher.until(lambda: len(nacked(publisher)) >= 3)
        assert nacked(publisher)[:3] == [65535, 0, 1]
        for index, number in enumerate((1, 65535, 0)):
            payload = number.to_bytes(2, "big") + vp8_payload(False, number)
            await publisher.send_rtp(
                rtp_packet(1001, 500 + index, number * 3000, payload, numbers.RTX_TYPE, marker=True)
            )
        await subscriber.until(lambda: len(subscriber.rtp) == 5)
        first = subscriber.rtp[0].sequence
        assert [(packet.sequence - first) & 0xFFFF for packet in subscriber.rtp] == [0, 4, 3, 1, 2]
        assert {packet.ssrc for packet in subscriber.rtp} == {subscriber.rtp[0].ssrc}
        assert producer.streams[0].repaired == 3
        # The originals, late, are duplicates now.
        await publish_video(publisher, 65535, 2, key=False)
        await settle(sfu, 7)
        assert sfu.ctx.drops() == {"rtp_duplicate": 2}


async def test_a_gap_too_long_to_repair_is_answered_by_asking_for_a_key_frame() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        sfu.produce_video(sender)
        await publish_video(publisher, 1, 2)
        await publish_video(publisher, 3 + LARGEST_GAP + 1, 1, key=False)
        await publisher.until(lambda: bool(received(publisher, rtcp.PAYLOAD_FEEDBACK, rtcp.PICTURE_LOSS)))
        assert nacked(publisher) == []


async def test_requests_of_many_subscribers_become_one() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        producer = sfu.produce_video(sender)
        receivers = [await sfu.join("recv") for _ in range(5)]
        started = asyncio.get_running_loop().time()
        consumers = [sfu.consume(receiver, producer) for receiver, _ in receivers]
        for consumer, (_, subscriber) in zip(consumers, receivers, strict=True):
            await subscriber.send_rtp(rtcp.picture_loss(OURS, consumer.ssrc))
            await subscriber.send_rtp(rtcp.full_intra(OURS, consumer.ssrc, 1))
        await settle(sfu, 10)
        await publisher.until(lambda: pli_for(1000, publisher) == 1)
        await publisher.until(lambda: pli_for(1000, publisher) == 2)  # repeated, for no key frame has come
        assert asyncio.get_running_loop().time() - started >= INTERVAL
        await publish_video(publisher, 1, 1)
        for _, subscriber in receivers:
            await subscriber.until(lambda subscriber=subscriber: len(subscriber.rtp) == 1)  # type: ignore[misc]
        assert not producer.streams[0].arbiter.wanted


async def test_publishers_get_feedback_on_every_packet() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        sfu.produce_video(sender)
        await publish_video(publisher, 65530, 3)
        await publish_video(publisher, 65535, 5)

        def reported() -> dict[int, int | None]:
            found = received(publisher, rtcp.TRANSPORT_FEEDBACK, rtcp.TRANSPORT_WIDE)
            return dict(
                entry for data, packet in found for entry in twcc.parse(data, packet.start + 8, packet.end)
            )

        await publisher.until(lambda: len(reported()) == 10)
        seen = reported()
        assert sorted(number for number in seen if seen[number] is None) == [65533, 65534]
        assert sorted(seen) == [0, 1, 2, 3, *range(65530, 65536)]


async def test_reports_tell_loss_and_the_publishers_clock() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        ntp = 0xE0000000_80000000
        await publish_video(publisher, 1, 2)
        await publisher.send_rtp(rtcp.sender_report(SenderInfo(1000, ntp, 9_000_000, 2, 200)))
        await publish_video(publisher, 4, 1)
        await publisher.until(lambda: bool(received(publisher, rtcp.RECEIVER_REPORT)))
        data, packet = received(publisher, rtcp.RECEIVER_REPORT)[0]
        (block,) = rtcp.parse_reports(data, packet)
        assert (block.ssrc, block.lost, block.highest) == (1000, 1, 0x10004)
        assert block.last_report == 0x00008000

        await subscriber.until(lambda: bool(received(subscriber, rtcp.SENDER_REPORT)))
        data, packet = received(subscriber, rtcp.SENDER_REPORT)[0]
        info = rtcp.parse_sender_info(data, packet)
        assert (info.ssrc, info.packets) == (consumer.ssrc, 3)
        elapsed = (info.ntp - ntp) / 2**32
        assert 0 <= elapsed < 10
        assert abs((info.timestamp - 9_000_000) / 90000 - elapsed) < 0.001
        assert received(subscriber, rtcp.SOURCE_DESCRIPTION)
        assert b"publisher" in data

        answer = ReportBlock(consumer.ssrc, 0, 5, 0, 0, info.ntp >> 16 & 0xFFFFFFFF, 0)
        await subscriber.send_rtp(rtcp.receiver_report(OURS, [answer]))
        await settle(sfu, 5)
        assert consumer.lost == 5
        assert 0 < consumer.rtt < 10


async def test_after_a_goodbye_the_stream_may_begin_anew() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 1000, 2)
        await publisher.send_rtp(rtcp.goodbye([1000, 4711]))
        await publish_video(publisher, 3000, 2)
        await subscriber.until(lambda: len(subscriber.rtp) == 4)
        first = subscriber.rtp[0].sequence
        assert [packet.sequence - first for packet in subscriber.rtp] == [0, 1, 2, 3]
        assert not nacked(publisher)


async def test_a_peer_with_keys_can_send_any_rtcp() -> None:
    noise = random.Random(3)
    valid = [
        rtcp.receiver_report(OURS, [ReportBlock(1, 255, -1, 2, 3, 4, 5)] * 40),
        rtcp.nack(OURS, 10_000, list(range(200))),
        rtcp.full_intra(OURS, 10_000, 1),
        rtcp.goodbye([1000]),
        rtcp.source_description(OURS, "x" * 300),
        rtcp.transport_wide(OURS, 1000, bytes(9)),
        struct.pack("!BBHII4s", 0x8F, 206, 4, 1, 0, b"REMB") + bytes(4),
    ]
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        for sent in range(300):
            data = bytearray(noise.choice(valid))
            for _ in range(noise.randrange(4)):
                data[noise.randrange(2, len(data))] = noise.randrange(256)
            data = data[: noise.randrange(8, len(data) + 1)]
            await noise.choice([publisher, subscriber]).send_rtp(bytes(data))
            if sent % 50 == 49:
                await settle(sfu, sent)
        await publisher.send_rtp(rtp_packet(2000, 1, 1, b"opus", numbers.AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 1)
        assert sfu.ctx.drops()["rtcp_malformed"] > 0


async def test_a_peer_with_keys_cannot_make_us_remember_endless_ssrcs() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        for ssrc in range(10_000, 10_400):
            await publisher.send_rtp(rtp_packet(ssrc, 1, 1, b"x", 55))
            await publisher.send_rtp(rtcp.picture_loss(ssrc + 5000, 1))
            if ssrc % 50 == 0:
                await settle(sfu, 2 * (ssrc - 10_000))
        await publisher.send_rtp(rtp_packet(2000, 1, 1, b"opus", numbers.AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 1)
        assert len(sender.table.strangers) == SourceTable.STRANGER_LIMIT
        assert sfu.ctx.drops()["rtp_unrouted"] == 400


async def test_a_flood_of_nacks_is_answered_within_limits() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        for first in range(1, 401, 100):
            await publish_video(publisher, first, 100, key=first == 1)
            await subscriber.until(lambda first=first: len(subscriber.rtp) == first + 99)  # type: ignore[misc]
        size = len(subscriber.rtp[0].payload) + 28
        session = RtcpSession(receiver)
        flood = rtcp.nack(OURS, consumer.ssrc, [packet.sequence for packet in subscriber.rtp])
        for step in range(RATE_LIMIT + 100):
            session.receive(flood, now=1000 + step / 1000)
        assert sfu.ctx.drops()["rtcp_rate"] == RATE_LIMIT + 100 - ASKED_LIMIT // 400
        session.receive(flood, now=1001)
        assert sfu.ctx.drops()["resend_recent"] > 0
        assert sfu.ctx.drops()["resend_budget"] > 0
        assert 0 < consumer.resent * size <= RESEND_BURST + RESEND_RATE * 1.0
        refused = sfu.ctx.drops()["rtcp_rate"]
        session.receive(flood, now=1002)
        assert sfu.ctx.drops()["rtcp_rate"] == refused


async def test_a_paused_consumer_answers_no_nack() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 1, 2)
        await subscriber.until(lambda: len(subscriber.rtp) == 2)
        consumer.pause()
        await subscriber.send_rtp(rtcp.nack(OURS, consumer.ssrc, [subscriber.rtp[0].sequence]))
        await settle(sfu, 3)
        assert consumer.resent == 0


async def test_a_peer_with_keys_can_send_any_rtp() -> None:
    noise = random.Random(5)
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        sfu.consume(receiver, sfu.produce_audio(sender))
        for index in range(600):
            ssrc = noise.choice([1000, 1000, 1001, noise.randrange(1 << 32)])
            payload_type = noise.choice([numbers.VIDEO_TYPE, numbers.RTX_TYPE, numbers.AUDIO_TYPE, 5])
            extensions = {noise.randrange(1, 15): noise.randbytes(noise.randrange(1, 17)) for _ in range(3)}
            data = bytearray(
                rtp_packet(
                    ssrc,
                    noise.randrange(1 << 16) if noise.random() < 0.1 else index,
                    noise.randrange(1 << 32),
                    noise.randbytes(noise.randrange(12)),
                    payload_type,
                    extensions=extensions,
                    two_byte=noise.random() < 0.3,
                    padding=noise.choice([0, 0, 3]),
                )
            )
            for _ in range(noise.randrange(3)):
                data[noise.randrange(12, len(data))] = noise.randrange(256)
            with contextlib.suppress(pylibsrtp.Error):  # libsrtp does not protect a header that is cut off
                await publisher.send_rtp(bytes(data))
            if index % 50 == 0:
                await publisher.check()
        await publisher.check()
        await publisher.send_rtp(rtp_packet(2000, 1, 1, b"opus", numbers.AUDIO_TYPE))
        await subscriber.until(lambda: b"opus" in [packet.payload for packet in subscriber.rtp])
        assert publisher.dtls_state == subscriber.dtls_state == "connected"
