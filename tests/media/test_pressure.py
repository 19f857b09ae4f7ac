"""What happens to a subscriber whose path is too narrow: video is held back before sound, bursts are spread,
repair has a limit, and the page is told. Real sockets; the path's own words are made up.
"""

from __future__ import annotations

import math
import struct

import pytest

from media import context
from media.adaptation import RESENDS, TROUBLE_KEEPS
from media.consumer import Consumer
from media.control.layers import LONGEST_WAIT, NOTHING, Encoding, Target, Wish
from media.control.pacing import DEPTH_BYTES, Pacer, burst_rate
from media.control.path import Path
from media.outgoing import BACKLOG
from media.producer import Producer
from media.protocol import ConsumerStarved
from media.repair import RESEND_BURST
from media.reports import ASKED_LIMIT
from media.rtp import rtcp
from media.rtp.rtcp import ReportBlock, SenderInfo
from media.transport import Transport
from tests.media.test_adaptation import remb
from tests.media.test_forwarding import pli_for, publish_video, settle
from tests.media.test_layers import ALL
from tests.media.test_repair import received
from tests.media.test_simulcast import Camera, check_unbroken, shown
from tests.support import sfu as numbers
from tests.support.rtc_peer import RtcPeer, Rtp, rtp_packet
from tests.support.sfu import Sfu, vp8_payload

OURS = 7
VIDEO = 400_000.0  # bits/s


@pytest.fixture(autouse=True)
def ticks_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "ROOM_INTERVAL", math.inf)


def told(sfu: Sfu) -> list[bool]:
    return [note.starved for note in sfu.notes if isinstance(note, ConsumerStarved)]


def packets_in(sfu: Sfu) -> int:
    return sum(transport.state.packets_in for transport in sfu.ctx.transports.values())


async def plain(sfu: Sfu) -> tuple[RtcPeer, Producer, Transport, RtcPeer, Consumer]:
    """A camera of a single size and rate, and who watches it."""
    sender, publisher = await sfu.join("send")
    receiver, subscriber = await sfu.join("recv")
    producer = sfu.produce_video(sender)
    consumer = sfu.consume(receiver, producer)
    await publish_video(publisher, 1, 8)
    await subscriber.until(lambda: len(subscriber.rtp) == 8)
    sfu.room.tick(sfu.ctx.now)
    return publisher, producer, receiver, subscriber, consumer


def sent(consumer: Consumer, peer: RtcPeer) -> list[Rtp]:
    """What ``peer`` has got of it, repair and padding apart."""
    return [packet for packet in peer.rtp if packet.ssrc == consumer.ssrc]


def watched(transport: Transport) -> bool:
    return transport.path is not None


def narrow(consumer: Consumer, rate: float) -> None:
    """Its subscriber has reported trouble, and the path is found to carry ``rate`` bits/s."""
    adaptation = consumer.transport.adaptation
    now = consumer.transport.ctx.now
    adaptation.reported(ReportBlock(consumer.ssrc, 40, 40, 100, 0, 0, 0), 0.1, now)
    consumer.producer.layers.encodings = [Encoding(True, VIDEO, 720)]
    assert consumer.transport.path is not None
    consumer.transport.path.told(rate)
    adaptation.run(now)


async def report(sfu: Sfu, subscriber: RtcPeer, consumer: Consumer, lost: int) -> None:
    """A receiver report that ``lost`` of 256 packets did not arrive."""
    block = ReportBlock(consumer.ssrc, lost, lost, 100, 0, 0, 0)
    before = packets_in(sfu)
    await subscriber.send_rtp(rtcp.receiver_report(OURS, [block]))
    await settle(sfu, before + 1)


# --- a single size ---


async def test_video_of_one_size_is_held_back_under_pressure_and_comes_back_with_a_key_frame() -> None:
    async with Sfu() as sfu:
        publisher, producer, receiver, subscriber, consumer = await plain(sfu)
        assert not watched(receiver)  # nobody complains
        await report(sfu, subscriber, consumer, 1)
        assert not watched(receiver)
        await report(sfu, subscriber, consumer, 40)
        assert watched(receiver)
        sfu.consume(receiver, sfu.produce_audio(producer.transport))
        narrow(consumer, VIDEO)  # which leaves nothing for the sound
        assert consumer.target == NOTHING
        assert told(sfu) == [True]
        await publish_video(publisher, 9, 2, key=False)
        await publisher.send_rtp(rtp_packet(2000, 1, 960, b"sound", numbers.AUDIO_TYPE))
        await subscriber.until(lambda: subscriber.rtp[-1].payload == b"sound")
        assert len(subscriber.rtp) == 9  # no picture
        asked = pli_for(1000, publisher)
        narrow(consumer, 2 * VIDEO)
        assert told(sfu) == [True, False]
        await publisher.until(lambda: pli_for(1000, publisher) > asked)
        await publish_video(publisher, 11, 3)
        await subscriber.until(lambda: len(subscriber.rtp) == 12)
        video = [packet for packet in subscriber.rtp if packet.payload_type == numbers.OUR_VIDEO]
        steps = [packet.sequence - video[0].sequence & 0xFFFF for packet in video]
        assert steps == list(range(11))


async def test_a_path_is_left_alone_again_after_a_while_without_trouble() -> None:
    async with Sfu() as sfu:
        publisher, _, receiver, subscriber, consumer = await plain(sfu)
        await report(sfu, subscriber, consumer, 40)
        await publish_video(publisher, 9, 1)
        await subscriber.until(lambda: len(subscriber.rtp) == 9)
        assert receiver.path is not None
        assert receiver.path.sent[int.from_bytes(subscriber.rtp[-1].extensions[numbers.OUR_SEQUENCE], "big")]
        receiver.adaptation.run(sfu.ctx.now + TROUBLE_KEEPS - 1)
        assert watched(receiver)
        receiver.adaptation.run(sfu.ctx.now + TROUBLE_KEEPS + 1)
        assert not watched(receiver)


@pytest.mark.parametrize("rate", [VIDEO / 2, VIDEO])
async def test_a_limit_that_was_met_is_not_forgotten_while_it_matters(rate: float) -> None:
    async with Sfu() as sfu:
        _, _, receiver, _, consumer = await plain(sfu)
        narrow(consumer, rate)
        assert (consumer.target == NOTHING) is (rate < VIDEO)
        later = sfu.ctx.now + TROUBLE_KEEPS + 1
        receiver.adaptation.run(later)
        receiver.adaptation.run(later + 60)
        assert watched(receiver)


async def test_a_growing_round_trip_is_trouble_too() -> None:
    async with Sfu() as sfu:
        _, _, receiver, _, consumer = await plain(sfu)
        block = ReportBlock(consumer.ssrc, 0, 0, 100, 0, 0, 0)
        receiver.adaptation.reported(block, 0.05, sfu.ctx.now)
        assert not watched(receiver)
        receiver.adaptation.reported(block, 0.4, sfu.ctx.now)
        assert watched(receiver)


async def test_a_browser_without_transport_wide_feedback_holds_single_sizes_back_by_its_own_estimate() -> (
    None
):
    async with Sfu() as sfu:
        publisher, _, receiver, subscriber, consumer = await plain(sfu)
        consumer.sequence_head = 0
        consumer.producer.layers.encodings = [Encoding(True, VIDEO, 720)]
        before = packets_in(sfu)
        await subscriber.send_rtp(remb(200_000, consumer.ssrc))
        await settle(sfu, before + 1)
        receiver.adaptation.run(sfu.ctx.now)  # it has video to choose about now
        assert consumer.target == NOTHING
        assert told(sfu) == [True]
        before = packets_in(sfu)
        await subscriber.send_rtp(remb(5_000_000, consumer.ssrc))
        await settle(sfu, before + 1)
        assert consumer.target != NOTHING
        assert told(sfu) == [True, False]
        await publish_video(publisher, 9, 1)
        await subscriber.until(lambda: len(subscriber.rtp) == 9)


async def test_a_page_that_shows_nothing_is_not_told_that_it_misses_something() -> None:
    async with Sfu() as sfu:
        _, _, _, _, consumer = await plain(sfu)
        consumer.wants(Wish(visible=False), sfu.ctx.now)
        assert consumer.target == NOTHING
        assert told(sfu) == []


async def test_where_all_video_is_held_back_padding_finds_out_when_there_is_more() -> None:
    async with Sfu() as sfu:
        _, _, receiver, subscriber, consumer = await plain(sfu)
        narrow(consumer, 10_000)
        assert consumer.target == NOTHING
        receiver.adaptation._wanted = 2_000_000
        receiver.adaptation.probe(sfu.ctx.now)
        sfu.ctx.socket.flush()
        await subscriber.until(lambda: len(subscriber.rtp) > 8)
        padding = subscriber.rtp[8:]
        assert {(packet.ssrc, packet.payload_type) for packet in padding} == {
            (consumer.rtx_ssrc, numbers.OUR_RTX)
        }
        assert all(
            set(packet.payload[:-1]) == {0} and packet.payload[-1] == len(packet.payload)
            for packet in padding
        )
        steps = [packet.sequence - padding[0].sequence & 0xFFFF for packet in padding]
        assert steps == list(range(len(padding)))


# --- who goes first ---


async def test_sound_then_screens_then_what_is_pinned_then_who_speaks() -> None:
    async with Sfu() as sfu:
        receiver, subscriber = await sfu.join("recv")
        consumers = []
        for index in range(4):
            sender, publisher = await sfu.join("send")
            producer = sfu.produce_simulcast(sender)
            producer.source = "screen" if index == 3 else "camera"
            consumers.append(sfu.consume(receiver, producer))
            await Camera(publisher).frames(1, keys=(0, 1, 2))
        rest, pinned, speaker, screen = consumers
        await subscriber.until(lambda: len(subscriber.rtp) == 8)
        pinned.wish = Wish(pinned=True)
        voice = speaker.producer.transport.peer
        sfu.room.audio._peers["voice"] = voice
        sfu.room.audio._told = "voice"
        receiver.path = Path()
        for consumer in consumers:
            consumer.producer.layers.encodings = list(ALL)
        best = {consumer: Target(-1, -1) for consumer in consumers}
        order = []
        for step, rate in enumerate(range(50_000, 8_000_000, 50_000)):
            receiver.path.told(rate)
            receiver.adaptation.run(sfu.ctx.now + step * LONGEST_WAIT)  # who has fallen may climb again
            assert len({consumer.target == NOTHING for consumer in consumers}) <= 2
            for consumer in consumers:
                if consumer.target == Target(2, 2) != best[consumer]:
                    order.append(consumer)
                best[consumer] = consumer.target
        assert order == [screen, pinned, speaker, rest]


# --- bursts ---


def test_bursts_leave_at_a_multiple_of_what_the_path_carries() -> None:
    pacer = Pacer()
    rate = burst_rate(400_000, 100_000)
    assert rate == 900_000
    sent = 0
    for tick in range(100):
        while pacer.is_open(rate, tick * 0.02):
            pacer.sent(1200)
            sent += 1200
    assert sent * 8 / 2 == pytest.approx(rate, rel=0.06)
    assert sent <= rate / 8 * 2 + DEPTH_BYTES + 1200
    assert burst_rate(400_000, 5_000_000) == 200_000  # whatever is under way


async def test_what_a_newcomer_catches_up_with_is_spread_and_sound_does_not_wait() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_video(sender)
        audio = sfu.consume(receiver, sfu.produce_audio(sender))
        await publish_video(publisher, 1, 60)
        await settle(sfu, 60)
        other = sfu.consume(receiver, sfu.produce_video(sender, 1500, mid="3"))
        narrow(other, 300_000)
        stream = producer.streams[0]
        stream.group_at = sfu.ctx.now
        stream.group = stream.highest - 59
        for number in range(stream.group, stream.highest + 1):  # as large as a real key frame's
            kept = stream.cache.get(number)
            assert kept is not None
            stream.cache.put(number, kept[0].ljust(1100, b"v"), kept[1])
        consumer = sfu.consume(receiver, producer)
        waiting = len(consumer.backlog)
        assert 0 < waiting < 60
        await publisher.send_rtp(rtp_packet(2000, 1, 960, b"sound", numbers.AUDIO_TYPE))
        await publish_video(publisher, 61, 2, key=False)
        await subscriber.until(lambda: any(packet.ssrc == audio.ssrc for packet in subscriber.rtp))
        assert consumer.backlog
        await subscriber.until(lambda: len(sent(consumer, subscriber)) == 62)
        video = sent(consumer, subscriber)
        assert [packet.sequence - video[0].sequence & 0xFFFF for packet in video] == list(range(62))
        assert [packet.payload[3] for packet in video[-2:]] == [61, 62]  # what came meanwhile, behind it
        assert not consumer.numbers.diverted  # with the others from now on
        await publish_video(publisher, 63, 1, key=False)
        await subscriber.until(lambda: len(sent(consumer, subscriber)) == 63)


async def test_who_leaves_while_catching_up_goes_on_unbroken_later() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_video(sender)
        await publish_video(publisher, 1, 60)
        await settle(sfu, 60)
        narrow(sfu.consume(receiver, sfu.produce_video(sender, 1500, mid="3")), 60_000)
        stream = producer.streams[0]
        stream.group_at = sfu.ctx.now
        stream.group = stream.highest - 59
        consumer = sfu.consume(receiver, producer)
        assert consumer.backlog
        consumer.pause()
        assert not consumer.backlog
        before = consumer.packets
        assert 0 < before < 60
        consumer.resume()
        await publish_video(publisher, 61, 2)
        await subscriber.until(lambda: len(sent(consumer, subscriber)) == before + 2)
        packets = sent(consumer, subscriber)
        steps = [packet.sequence - packets[0].sequence & 0xFFFF for packet in packets]
        assert steps == list(range(before + 2))
        ids = [(packet.payload[2] & 0x7F) << 8 | packet.payload[3] for packet in packets]
        assert ids == list(range(ids[0], ids[0] + before + 2))


async def test_a_late_packet_that_waits_gives_no_number_away_twice() -> None:
    """A number protected twice would be a nonce used twice."""
    async with Sfu() as sfu:
        publisher, producer, _, subscriber, consumer = await plain(sfu)
        consumer.backlog.append(producer.streams[0].highest - 3)
        consumer._newest = producer.streams[0].highest
        consumer.pause()
        consumer.resume()
        await publish_video(publisher, 9, 1)
        await subscriber.until(lambda: len(subscriber.rtp) == 9)
        steps = [packet.sequence - subscriber.rtp[0].sequence & 0xFFFF for packet in subscriber.rtp]
        assert steps == list(range(9))


async def test_a_backlog_has_an_end() -> None:
    async with Sfu() as sfu:
        _, producer, _, _, consumer = await plain(sfu)
        narrow(consumer, VIDEO)
        consumer.backlog.extend(range(1, BACKLOG + 1))
        consumer.follow([producer.streams[0].highest])
        assert len(consumer.backlog) <= BACKLOG
        assert sfu.ctx.drops() == {"backlog_full": 1}


# --- repair ---


async def test_answers_to_nacks_are_spread_over_a_narrow_path_and_bounded() -> None:
    async with Sfu() as sfu:
        publisher, _, _, subscriber, consumer = await plain(sfu)
        for first in range(9, 309, 50):
            await publish_video(publisher, first, 50, key=False)
            await subscriber.until(lambda first=first: len(subscriber.rtp) == first + 49)  # type: ignore[misc]
        narrow(consumer, VIDEO)
        before = packets_in(sfu)
        asked = [packet.sequence for packet in subscriber.rtp]
        await subscriber.send_rtp(rtcp.nack(OURS, consumer.ssrc, asked))
        await settle(sfu, before + 1)
        left = consumer.resent
        assert 0 < left < 100
        drops = sfu.ctx.drops()
        assert drops.get("resend_budget", 0) + drops.get("resend_waiting", 0) >= 308 - RESENDS - left
        await subscriber.until(lambda: consumer.resent > left)  # the others follow


async def test_answers_that_wait_go_with_their_consumer() -> None:
    async with Sfu() as sfu:
        publisher, _, receiver, subscriber, consumer = await plain(sfu)
        await publish_video(publisher, 9, 60, key=False)
        await subscriber.until(lambda: len(subscriber.rtp) == 68)
        narrow(consumer, VIDEO)
        consumer.resend([packet.sequence for packet in subscriber.rtp], sfu.ctx.refresh())
        resent = consumer.resent
        assert 0 < resent < 68
        consumer.close()
        receiver.adaptation.keep_up(sfu.ctx.refresh() + 1)
        assert consumer.resent == resent


async def test_repair_is_bounded_by_what_is_sent() -> None:
    async with Sfu() as sfu:
        _, _, _, _, consumer = await plain(sfu)
        now = sfu.ctx.now
        consumer.resend([], now)
        consumer._octets += 500_000
        consumer.resend([], now + 1)
        assert consumer.repair.rate == pytest.approx(250_000)
        consumer.resend([], now + 3)
        assert consumer.repair.rate < RESEND_BURST


async def test_numbers_asked_for_are_counted_and_refused_beyond_reason() -> None:
    """Each costs a look-up: a hostile peer could ask for hundreds of thousands a second."""
    async with Sfu() as sfu:
        _, _, _, subscriber, consumer = await plain(sfu)
        before = packets_in(sfu)
        body = struct.pack("!II", OURS, consumer.ssrc) + struct.pack("!HH", 1, 0xFFFF) * 30
        compound = struct.pack("!BBH", 0x81, 205, len(body) // 4) + body
        count = ASKED_LIMIT // (30 * 17) + 3
        for _ in range(count):
            await subscriber.send_rtp(compound)
        await settle(sfu, before + count)
        assert sfu.ctx.drops()["rtcp_rate"] >= 2
        assert sfu.ctx.drops()["resend_unavailable"] <= ASKED_LIMIT


# --- the clock after a switch ---


async def test_a_sender_report_follows_each_switch_and_keeps_the_publishers_clock() -> None:
    """mediasoup #1459, #1098: a subscriber that goes by an old report plays sound and picture apart."""
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        consumer = sfu.consume(receiver, sfu.produce_simulcast(sender))
        camera = Camera(publisher)
        await camera.frames(2, keys=(0, 1, 2))
        await camera.report()
        await settle(sfu, camera.sent)
        for layer in (2, 1):
            seen = len(received(subscriber, rtcp.SENDER_REPORT))
            consumer.aim(Target(layer, 2), sfu.ctx.now)
            await camera.frames(2, keys=(layer,))
            await subscriber.until(lambda seen=seen: len(received(subscriber, rtcp.SENDER_REPORT)) > seen)  # type: ignore[misc]
        infos: list[SenderInfo] = [
            rtcp.parse_sender_info(data, packet) for data, packet in received(subscriber, rtcp.SENDER_REPORT)
        ]
        assert {info.ssrc for info in infos} == {consumer.ssrc}
        first = infos[0]
        for info in infos[1:]:
            wall = (info.ntp - first.ntp) / 2**32
            assert (info.timestamp - first.timestamp & 0xFFFFFFFF) / 90_000 == pytest.approx(wall, abs=0.001)
        check_unbroken(subscriber.rtp)
        assert shown(subscriber.rtp[-1])[0] == 1


async def test_padding_only_packets_of_a_publisher_leave_no_hole() -> None:
    """mediasoup #1431: dropped without closing the numbers, they freeze the picture."""
    async with Sfu() as sfu:
        publisher, _, _, subscriber, _ = await plain(sfu)
        for number in (9, 10):
            await publisher.send_rtp(rtp_packet(1000, number, 9 * 3000, b"", numbers.VIDEO_TYPE, padding=200))
        await publisher.send_rtp(rtp_packet(1000, 11, 33_000, vp8_payload(False, 11), numbers.VIDEO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 9)
        steps = [packet.sequence - subscriber.rtp[0].sequence & 0xFFFF for packet in subscriber.rtp]
        assert steps == list(range(9))
