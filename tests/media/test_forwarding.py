"""A packet's way from a publisher to its subscribers, over real sockets, DTLS and SRTP."""

from __future__ import annotations

import pytest
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    SRTPProtectionProfile,
)

from media.producer import Producer
from media.protocol import ConsumerClosed, RtpEncoding, RtpParameters
from media.rtp import rtcp
from tests.support import sfu as numbers
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import Sfu, vp8_payload

pytestmark = pytest.mark.usefixtures("packet_path")


async def publish_video(
    peer: RtcPeer, first: int, count: int, key: bool = True, ssrc: int = 1000, mid: str = "0"
) -> None:
    """``count`` one-packet frames from sequence number ``first`` on, the first a key frame."""
    for index in range(count):
        number = first + index
        await peer.send_rtp(
            rtp_packet(
                ssrc,
                number,
                number * 3000,
                vp8_payload(key and index == 0, number & 0x7FFF, number),
                numbers.VIDEO_TYPE,
                marker=True,
                extensions={
                    numbers.MID_ID: mid.encode(),
                    numbers.SEQUENCE_ID: (number & 0xFFFF).to_bytes(2, "big"),
                },
            )
        )


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, b"SRTP_AEAD_AES_128_GCM"),
        ([SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM], b"SRTP_AEAD_AES_128_GCM"),
        ([SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_256_GCM], b"SRTP_AEAD_AES_256_GCM"),
        ([SRTP_AES128_CM_SHA1_80], b"SRTP_AES128_CM_SHA1_80"),
    ],
)
async def test_packets_arrive_decrypted_under_every_srtp_profile(
    offered: list[SRTPProtectionProfile] | None, chosen: bytes
) -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send", offered)
        receiver, subscriber = await sfu.join("recv", offered)
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 65530, 12)
        await subscriber.until(lambda: len(subscriber.rtp) == 12)
        assert publisher.srtp_profile == subscriber.srtp_profile == chosen
        first = subscriber.rtp[0]
        for index, packet in enumerate(subscriber.rtp):
            number = 65530 + index
            assert packet.sequence == (first.sequence + index) & 0xFFFF
            assert packet.timestamp == number * 3000
            assert packet.ssrc == consumer.ssrc
            assert packet.payload_type == numbers.OUR_VIDEO
            assert packet.marker
            assert packet.payload == vp8_payload(index == 0, number & 0x7FFF, number)
        assert sfu.ctx.drops() == {}


async def test_each_subscriber_has_its_own_mid_and_transport_wide_numbers() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        video, audio = sfu.produce_video(sender), sfu.produce_audio(sender)
        others = [await sfu.join("recv") for _ in range(2)]
        consumers = [sfu.consume(receiver, producer) for receiver, _ in others for producer in (video, audio)]
        await publish_video(publisher, 10, 5)
        for number in range(5):
            await publisher.send_rtp(
                rtp_packet(
                    2000,
                    number,
                    number * 960,
                    b"opus",
                    numbers.AUDIO_TYPE,
                    extensions={numbers.LEVEL_ID: b"\x9e"},
                )
            )
        for index, (_, subscriber) in enumerate(others):
            await subscriber.until(lambda subscriber=subscriber: len(subscriber.rtp) == 10)  # type: ignore[misc]
            own = {consumer.ssrc: consumer for consumer in consumers[2 * index : 2 * index + 2]}
            wide = [int.from_bytes(p.extensions[numbers.OUR_SEQUENCE], "big") for p in subscriber.rtp]
            assert [(number - wide[0]) & 0xFFFF for number in wide] == list(range(10))
            for packet in subscriber.rtp:
                expected = own[packet.ssrc].rtp_parameters.mid
                assert expected is not None
                assert packet.extensions[numbers.OUR_MID] == expected.encode()
                assert len(packet.extensions[numbers.OUR_SEND_TIME]) == 3
            sound = [packet for packet in subscriber.rtp if packet.payload == b"opus"]
            assert [packet.extensions[numbers.OUR_LEVEL] for packet in sound] == [b"\x9e"] * 5


async def test_video_orientation_survives_in_both_header_forms() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        for number, two_byte in enumerate((False, True)):
            extensions = {numbers.ORIENTATION_ID: b"\x03"}
            payload = vp8_payload(number == 0, number)
            await publisher.send_rtp(
                rtp_packet(
                    1000, number, 0, payload, numbers.VIDEO_TYPE, extensions=extensions, two_byte=two_byte
                )
            )
        await subscriber.until(lambda: len(subscriber.rtp) == 2)
        assert [p.extensions[numbers.OUR_ORIENTATION] for p in subscriber.rtp] == [b"\x03"] * 2


async def test_video_starts_with_a_key_frame_which_is_asked_for() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_video(sender)
        await publish_video(publisher, 1, 5, key=False)
        await publisher.until(lambda: bool(publisher.rtcp))  # the transport-wide feedback: all have arrived
        sfu.consume(receiver, producer)
        await publisher.until(lambda: pli_for(1000, publisher) == 1)
        await publish_video(publisher, 6, 3, key=False)
        await publish_video(publisher, 9, 2)
        await subscriber.until(lambda: len(subscriber.rtp) == 2)
        assert subscriber.rtp[0].payload == vp8_payload(True, 9, 9)


def pli_for(ssrc: int, peer: RtcPeer) -> int:
    """Picture loss indications about ``ssrc`` that ``peer`` has received."""
    return sum(
        packet.kind == rtcp.PAYLOAD_FEEDBACK
        and packet.count == rtcp.PICTURE_LOSS
        and rtcp.parse_media_ssrc(data, packet) == ssrc
        for data in peer.rtcp
        for packet in rtcp.split(data)
    )


async def test_a_key_frame_whose_first_packet_comes_late_still_starts_a_consumer() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 1, 1, key=False)
        await publish_video(publisher, 3, 3, key=False)
        await publish_video(publisher, 2, 1)
        await subscriber.until(lambda: len(subscriber.rtp) == 4)
        first = subscriber.rtp[0].sequence
        assert [packet.sequence - first for packet in subscriber.rtp] == [0, 1, 2, 3]
        assert [packet.timestamp // 3000 for packet in subscriber.rtp] == [2, 3, 4, 5]


async def test_pausing_a_consumer_leaves_no_gap_in_numbers_or_picture_ids() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 100, 5)
        await subscriber.until(lambda: len(subscriber.rtp) == 5)
        consumer.pause()
        await publish_video(publisher, 105, 20, key=False)
        await settle(sfu, 25)
        assert len(subscriber.rtp) == 5
        consumer.resume()
        await publish_video(publisher, 125, 5)
        await subscriber.until(lambda: len(subscriber.rtp) == 10)
        first = subscriber.rtp[0].sequence
        assert [(packet.sequence - first) & 0xFFFF for packet in subscriber.rtp] == list(range(10))
        pictures = [(packet.payload[2] & 0x7F) << 8 | packet.payload[3] for packet in subscriber.rtp]
        assert pictures == list(range(100, 110))
        assert [packet.payload[4] for packet in subscriber.rtp] == list(range(100, 110))
        assert [packet.timestamp // 3000 for packet in subscriber.rtp[5:]] == list(range(125, 130))


async def settle(sfu: Sfu, packets: int) -> None:
    """Waits until the transports of ``sfu`` have taken in ``packets`` authenticated packets."""
    probe = await sfu.peer(sfu.transport("send"))
    for _ in range(100):
        if sum(transport.state.packets_in for transport in sfu.ctx.transports.values()) >= packets:
            return
        await probe.check()  # a round trip through the worker's socket: what was sent before is in by then
    raise AssertionError("packets have not arrived")


async def test_a_paused_producer_sends_nothing_and_goes_on_unbroken() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_audio(sender)
        sfu.consume(receiver, producer)

        async def speak(first: int) -> None:
            for number in range(first, first + 5):
                await publisher.send_rtp(rtp_packet(2000, number, number * 960, b"opus", numbers.AUDIO_TYPE))

        await speak(0)
        await subscriber.until(lambda: len(subscriber.rtp) == 5)
        producer.pause()
        await speak(5)
        await settle(sfu, 10)
        producer.resume()
        await speak(10)
        await subscriber.until(lambda: len(subscriber.rtp) == 10)
        first = subscriber.rtp[0].sequence
        assert [(packet.sequence - first) & 0xFFFF for packet in subscriber.rtp] == list(range(10))
        assert [packet.timestamp // 960 for packet in subscriber.rtp[5:]] == list(range(10, 15))
        assert sfu.ctx.drops() == {"producer_paused": 5}


async def test_padding_only_packets_are_closed_over() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 1, 2)
        await publisher.send_rtp(rtp_packet(1000, 3, 9000, b"", numbers.VIDEO_TYPE, padding=200))
        await publish_video(publisher, 4, 2, key=False)
        await subscriber.until(lambda: len(subscriber.rtp) == 4)
        first = subscriber.rtp[0].sequence
        assert [packet.sequence - first for packet in subscriber.rtp] == [0, 1, 2, 3]
        assert sfu.ctx.drops() == {"rtp_padding": 1}


async def test_a_late_padding_packet_fills_the_gap_it_left() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 1, 2)
        await publish_video(publisher, 4, 1, key=False)
        await publisher.send_rtp(rtp_packet(1000, 3, 9000, b"", numbers.VIDEO_TYPE, padding=200))
        await subscriber.until(lambda: len(subscriber.rtp) == 4)
        first = subscriber.rtp[0].sequence
        assert [packet.sequence - first for packet in subscriber.rtp] == [0, 1, 3, 2]
        assert subscriber.rtp[-1].payload == b""


async def test_a_stream_is_found_by_mid_when_its_ssrc_was_never_said() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producers = [sfu.produce_video(sender, None, mid=mid) for mid in ("4", "7")]
        consumers = [sfu.consume(receiver, producer) for producer in producers]
        await publish_video(publisher, 1, 2, ssrc=70, mid="7")
        await publish_video(publisher, 1, 2, ssrc=40, mid="4")
        await subscriber.until(lambda: len(subscriber.rtp) == 4)
        assert [packet.ssrc for packet in subscriber.rtp] == [consumers[1].ssrc] * 2 + [consumers[0].ssrc] * 2


async def test_a_new_ssrc_under_the_same_mid_continues_the_numbers() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_video(sender))
        await publish_video(publisher, 1000, 3)
        await publish_video(publisher, 50, 3, ssrc=1234)
        await subscriber.until(lambda: len(subscriber.rtp) == 6)
        first = subscriber.rtp[0]
        assert [packet.sequence - first.sequence for packet in subscriber.rtp] == list(range(6))
        times = [(packet.timestamp - first.timestamp) & 0xFFFFFFFF for packet in subscriber.rtp]
        assert times == sorted(times)
        assert times[-1] < 90000 * 60


async def test_several_producers_without_ssrc_and_mid_cannot_be_told_apart() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        for mid in ("4", "7"):
            sfu.produce_video(sender, None, mid=mid)
        await publisher.send_rtp(rtp_packet(5, 1, 0, vp8_payload(True, 1), numbers.VIDEO_TYPE))
        await settle(sfu, 1)
        assert sfu.ctx.drops() == {"rtp_unrouted": 1}


async def test_closing_a_producer_closes_its_consumers_and_tells() -> None:
    async with Sfu() as sfu:
        sender, _ = await sfu.join("send")
        receiver, _ = await sfu.join("recv")
        producer = sfu.produce_video(sender)
        consumer = sfu.consume(receiver, producer)
        producer.close()
        producer.close()
        assert sfu.notes[-1] == ConsumerClosed(consumer.id)
        assert consumer.closed
        assert not receiver.consumers
        assert not sender.producers
        with pytest.raises(ValueError, match="closed"):
            sfu.consume(receiver, producer)


async def test_parameters_that_clash_are_refused_and_change_nothing() -> None:
    async with Sfu() as sfu:
        sender, _ = await sfu.join("send")
        receiver, _ = await sfu.join("recv")
        producer = sfu.produce_video(sender)
        with pytest.raises(ValueError, match="SSRC"):
            sfu.produce_video(sender, mid="5")
        with pytest.raises(ValueError, match="mid"):
            sfu.produce_video(sender, ssrc=5000)
        with pytest.raises(ValueError, match="no producers"):
            sfu.produce_video(receiver)
        with pytest.raises(ValueError, match="no consumers"):
            sfu.consume(sender, producer)
        consumer = sfu.consume(receiver, producer)
        with pytest.raises(ValueError, match="SSRC"):
            receiver.consume("again", producer, consumer.rtp_parameters)
        long_mid = RtpParameters(
            consumer.rtp_parameters.codecs, [RtpEncoding(ssrc=77)], "12345", numbers.OUR_EXTENSIONS
        )
        with pytest.raises(ValueError, match="mid"):
            receiver.consume("long", producer, long_mid)
        assert only(sender.producers) is producer
        assert list(receiver.consumers.values()) == [consumer]


def only(producers: dict[str, Producer]) -> Producer:
    (producer,) = producers.values()
    return producer
