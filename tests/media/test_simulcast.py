"""Simulcast and temporal layers from a publisher to subscribers over real sockets: what the subscriber sees
is one unbroken stream, whatever it was put together from.
"""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from media import context
from media.consumer import Consumer
from media.control.layers import LINGER, NOTHING, Target, Wish
from media.producer import Producer
from media.protocol import ProducerLayersWanted
from media.rtp import rtcp
from media.rtp.rtcp import SenderInfo
from media.stream import GROUP_AGE, ReceiveStream
from tests.media.test_forwarding import pli_for, settle
from tests.media.test_layers import PATTERN
from tests.support import sfu as numbers
from tests.support.rtc_peer import RtcPeer, Rtp, rtp_packet
from tests.support.sfu import Sfu, vp8_layered

pytestmark = pytest.mark.usefixtures("packet_path")

OFFSETS = (0, 5_000_000, 4_294_000_000)  # where each encoding's RTP clock stands at the same moment
FIRST_NUMBERS = (100, 30_000, 65_530)
FRAME = 3000  # units of the RTP clock


@pytest.fixture(autouse=True)
def ticks_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms tick when a test says so: time is not to choose layers in between."""
    monkeypatch.setattr(context, "ROOM_INTERVAL", math.inf)


class Camera:
    """Three encodings of one picture every 33 ms, each with clocks and numbers of its own."""

    def __init__(self, peer: RtcPeer, layers: int = 3) -> None:
        self.peer = peer
        self.layers = layers
        self.frame = 0
        self.sent = 0

    async def frames(self, count: int, keys: tuple[int, ...] = (), only: tuple[int, ...] = (0, 1, 2)) -> None:
        """``keys``: encodings whose first picture of these is a key frame; two packets to a picture."""
        for index in range(count):
            for layer in range(self.layers):
                if layer in only:
                    await self._picture(layer, key=index == 0 and layer in keys)
            self.frame += 1

    async def _picture(self, layer: int, key: bool) -> None:
        temporal, syncs = (0, False) if key else PATTERN[self.frame % 4]
        picture = self.frame + 1000 * layer
        size = (320 << layer).to_bytes(2, "little") + (180 << layer).to_bytes(2, "little")
        mark = size + b"%d:%d" % (layer, self.frame)
        for part in range(2):
            payload = vp8_layered(key, picture, self.frame // 4 + 10 * layer, temporal, syncs, mark)
            if part:
                payload = b"\x80" + payload[1:]  # not the first of its partition
            await self.peer.send_rtp(
                rtp_packet(
                    1000 + 10 * layer,
                    FIRST_NUMBERS[layer] + 2 * self.frame + part,
                    OFFSETS[layer] + FRAME * self.frame,
                    payload,
                    numbers.VIDEO_TYPE,
                    marker=part == 1,
                )
            )
            self.sent += 1

    async def report(self) -> None:
        """Sender reports that say where the clocks stand."""
        ntp = (3_900_000_000 << 32) + (FRAME * self.frame << 32) // 90000
        for layer in range(self.layers):
            timestamp = OFFSETS[layer] + FRAME * self.frame & 0xFFFFFFFF
            info = SenderInfo(1000 + 10 * layer, ntp, timestamp, 0, 0)
            await self.peer.send_rtp(rtcp.sender_report(info))
            self.sent += 1


def shown(packet: Rtp) -> tuple[int, int]:
    """Encoding and picture that a packet is of."""
    layer, _, frame = packet.payload[16:].rstrip(b"v").partition(b":")
    return int(layer), int(frame)


def picture_id(packet: Rtp) -> int:
    return (packet.payload[2] & 0x7F) << 8 | packet.payload[3]


def check_unbroken(packets: list[Rtp]) -> None:
    """Sequence numbers by one; timestamps and picture ids rise from picture to picture, ids by one."""
    assert packets
    for before, packet in pairwise(packets):
        assert packet.sequence == (before.sequence + 1) & 0xFFFF
        passed = (packet.timestamp - before.timestamp) & 0xFFFFFFFF
        same = shown(packet) == shown(before)
        assert passed == 0 if same else 0 < passed < 90_000
        assert picture_id(packet) == (picture_id(before) + (not same)) & 0x7FFF


def waits_for(consumer: Consumer) -> ReceiveStream | None:
    return consumer.switching_to


def asks(producer: Producer) -> bool:
    """Whether a key frame of the smallest encoding is being asked for."""
    return producer.streams[0].arbiter.wanted


async def stage(sfu: Sfu) -> tuple[Camera, RtcPeer, Producer, Consumer]:
    sender, publisher = await sfu.join("send")
    receiver, subscriber = await sfu.join("recv")
    producer = sfu.produce_simulcast(sender)
    return Camera(publisher), subscriber, producer, sfu.consume(receiver, producer)


async def test_a_switch_waits_for_a_key_frame_and_leaves_no_trace() -> None:
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu)
        await camera.frames(4, keys=(0, 1, 2))
        await camera.report()
        await subscriber.until(lambda: len(subscriber.rtp) == 8)
        consumer.aim(Target(2, 2), sfu.ctx.now)
        await camera.peer.until(lambda: pli_for(1020, camera.peer) == 1)
        await camera.frames(4)
        await camera.frames(4, keys=(2,))
        await subscriber.until(lambda: len(subscriber.rtp) == 26)
        consumer.aim(Target(1, 2), sfu.ctx.now)
        await camera.frames(2)
        await camera.frames(4, keys=(1,))
        await subscriber.until(lambda: len(subscriber.rtp) == 38)
        layers = [shown(packet)[0] for packet in subscriber.rtp[::2]]
        assert layers == [0] * 9 + [2] * 6 + [1] * 4
        check_unbroken(subscriber.rtp)
        assert {packet.ssrc for packet in subscriber.rtp} == {consumer.ssrc}


async def test_timestamps_keep_to_the_time_of_capture_over_a_switch() -> None:
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu)
        await camera.frames(4, keys=(0,))
        await camera.report()
        await camera.frames(1)
        await settle(sfu, camera.sent)
        consumer.aim(Target(2, 2), sfu.ctx.now)
        await camera.frames(3, keys=(2,), only=(2,))  # behind one picture of the small encoding
        await subscriber.until(lambda: len(subscriber.rtp) == 16)
        first = subscriber.rtp[0].timestamp
        for packet in subscriber.rtp:
            assert (packet.timestamp - first) & 0xFFFFFFFF == FRAME * shown(packet)[1]
        check_unbroken(subscriber.rtp)


async def test_a_picture_of_the_same_moment_comes_right_behind_the_last() -> None:
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu)
        await camera.frames(2, keys=(0,))
        await camera.report()
        await settle(sfu, camera.sent)
        consumer.aim(Target(1, 2), sfu.ctx.now)
        await camera.frames(3, keys=(1,))  # the small one of the same moment goes out first
        await subscriber.until(lambda: len(subscriber.rtp) == 12)
        check_unbroken(subscriber.rtp)


async def test_without_reports_the_clock_on_the_wall_will_do() -> None:
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu)
        await camera.frames(2, keys=(0,))
        await settle(sfu, camera.sent)
        consumer.aim(Target(2, 2), sfu.ctx.now)
        await camera.frames(3, keys=(2,), only=(2,))
        await subscriber.until(lambda: len(subscriber.rtp) == 10)
        check_unbroken(subscriber.rtp)


async def test_a_switch_taken_back_before_its_key_frame_changes_nothing() -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu)
        await camera.frames(2, keys=(0,))
        await settle(sfu, camera.sent)
        consumer.aim(Target(2, 2), sfu.ctx.now)
        consumer.aim(Target(0, 2), sfu.ctx.now)
        assert producer.streams[2].waiting == []
        await camera.frames(4, keys=(2,))
        await subscriber.until(lambda: len(subscriber.rtp) == 12)
        assert {shown(packet)[0] for packet in subscriber.rtp} == {0}
        check_unbroken(subscriber.rtp)


async def test_what_was_sent_before_a_switch_can_be_asked_for_after_it() -> None:
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu)
        await camera.frames(3, keys=(0,))
        await settle(sfu, camera.sent)
        consumer.aim(Target(1, 2), sfu.ctx.now)
        await camera.frames(3, keys=(1,), only=(1,))
        await subscriber.until(lambda: len(subscriber.rtp) == 12)
        asked = [subscriber.rtp[index] for index in (3, 8)]
        await subscriber.send_rtp(rtcp.nack(7, consumer.ssrc, [packet.sequence for packet in asked]))
        await subscriber.until(lambda: len(subscriber.rtp) == 14)
        for packet, original in zip(subscriber.rtp[12:], asked, strict=True):
            assert packet.payload == original.sequence.to_bytes(2, "big") + original.payload
            assert packet.timestamp == original.timestamp


async def test_a_lower_frame_rate_leaves_unbroken_numbers_and_comes_back() -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu)
        await camera.frames(4, keys=(0,), only=(0,))
        await settle(sfu, camera.sent)
        producer.layers.update(sfu.ctx.now)
        assert producer.layers.encodings[0].temporal == 3
        consumer.aim(Target(0, 0), sfu.ctx.now)
        await camera.frames(8, only=(0,))
        await settle(sfu, camera.sent)
        consumer.aim(Target(0, 1), sfu.ctx.now)
        await camera.frames(8, only=(0,))
        await settle(sfu, camera.sent)
        consumer.aim(Target(0, 2), sfu.ctx.now)
        await camera.frames(9, only=(0,))
        await settle(sfu, camera.sent)
        await subscriber.until(lambda: len(subscriber.rtp) == 2 * (4 + 2 + 4 + 9))
        pictures = [shown(packet)[1] for packet in subscriber.rtp[::2]]
        assert pictures == [0, 1, 2, 3, 4, 8, 12, 14, 16, 18, *range(20, 29)]
        check_unbroken(subscriber.rtp)
        assert consumer.filter is None  # back on the fast way


async def test_what_nobody_sees_is_not_sent_and_begins_with_a_key_frame_again() -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu)
        await camera.frames(2, keys=(0,))
        await settle(sfu, camera.sent)
        producer.layers.update(sfu.ctx.now)
        consumer.wants(Wish(visible=False), sfu.ctx.now)
        assert consumer.target == NOTHING
        await subscriber.until(lambda: len(subscriber.rtp) == 4)
        await camera.frames(3)
        await settle(sfu, camera.sent)
        assert len(subscriber.rtp) == 4
        consumer.wants(Wish(180), sfu.ctx.now)
        await camera.frames(1)
        await camera.frames(2, keys=(0,))
        await subscriber.until(lambda: len(subscriber.rtp) == 8)
        check_unbroken(subscriber.rtp)


async def test_the_layer_follows_the_size_on_the_page_and_the_publisher_hears_what_nobody_watches() -> None:
    async with Sfu() as sfu:
        camera, _, producer, consumer = await stage(sfu)
        await camera.frames(2, keys=(0, 1, 2))
        await settle(sfu, camera.sent)
        now = sfu.ctx.now
        sfu.room.tick(now)
        assert waits_for(consumer) is producer.streams[2]
        consumer.wants(Wish(height=100), now)
        assert waits_for(consumer) is None
        sfu.room.tick(now + 1)
        sfu.room.tick(now + 1 + LINGER)
        consumer.wants(Wish(height=2000), now + 7)
        told = [note for note in sfu.notes if isinstance(note, ProducerLayersWanted)]
        assert [note.spatial for note in told] == [0, 2]


async def test_an_encoding_that_ends_is_left_for_one_that_lives() -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu)
        await camera.frames(2, keys=(0, 1, 2))
        await settle(sfu, camera.sent)
        sfu.room.tick(sfu.ctx.now)
        await camera.frames(2, keys=(2,))
        await subscriber.until(lambda: bool(subscriber.rtp) and shown(subscriber.rtp[-1])[0] == 2)
        await camera.frames(3, only=(0, 1))
        await settle(sfu, camera.sent)
        now = sfu.ctx.now
        sfu.room.tick(now + 0.1)
        await camera.frames(1, only=(0, 1))
        await settle(sfu, camera.sent)
        sfu.room.tick(now + 3)
        assert waits_for(consumer) is producer.streams[1]
        await camera.frames(2, keys=(1,), only=(0, 1))
        await subscriber.until(lambda: shown(subscriber.rtp[-1])[0] == 1)
        check_unbroken(subscriber.rtp)


async def test_pausing_in_the_middle_of_a_switch() -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu)
        await camera.frames(2, keys=(0,))
        await settle(sfu, camera.sent)
        consumer.aim(Target(2, 2), sfu.ctx.now)
        producer.pause()
        await camera.frames(2)
        await settle(sfu, camera.sent)
        producer.resume()
        await camera.frames(2, keys=(0,))
        await camera.frames(3, keys=(2,))
        await subscriber.until(lambda: bool(subscriber.rtp) and shown(subscriber.rtp[-1]) == (2, 8))
        check_unbroken(subscriber.rtp)
        consumer.aim(Target(0, 2), sfu.ctx.now)
        consumer.close()
        assert all(consumer not in stream.active + stream.waiting for stream in producer.streams)


async def test_who_comes_right_after_a_key_frame_starts_from_it_without_asking() -> None:
    async with Sfu() as sfu:
        camera, first, producer, _ = await stage(sfu)
        await camera.frames(6, keys=(0,))
        await settle(sfu, camera.sent)
        asked = sfu.ctx.stats.key_frame_requests
        receiver, second = await sfu.join("recv")
        producer.streams[0].group_at = sfu.ctx.now  # however long the handshake took
        sfu.consume(receiver, producer)
        await camera.frames(2)
        await second.until(lambda: len(second.rtp) == 16)
        assert [shown(packet)[1] for packet in second.rtp[::2]] == list(range(8))
        check_unbroken(second.rtp)
        assert sfu.ctx.stats.key_frame_requests == asked
        assert not asks(producer)
        producer.streams[0].group_at = sfu.ctx.now - GROUP_AGE - 1
        receiver, _ = await sfu.join("recv")
        sfu.consume(receiver, producer)
        assert asks(producer)
        await first.until(lambda: len(first.rtp) == 16)


async def test_another_layer_is_chosen_while_waiting_for_the_first_key_frame() -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu)
        await camera.frames(2)
        await settle(sfu, camera.sent)
        consumer.aim(Target(2, 2), sfu.ctx.now)
        assert producer.streams[0].waiting == []
        await camera.peer.until(lambda: pli_for(1020, camera.peer) == 1)
        await camera.frames(3, keys=(2,))
        await subscriber.until(lambda: len(subscriber.rtp) == 6)
        assert {shown(packet)[0] for packet in subscriber.rtp} == {2}
        check_unbroken(subscriber.rtp)


async def test_a_restart_of_the_encoding_waited_for_leaves_the_present_one_going() -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu)
        await camera.frames(2, keys=(0,))
        await settle(sfu, camera.sent)
        consumer.aim(Target(2, 2), sfu.ctx.now)
        producer.streams[2].restart(1020)
        producer.streams[0].rows_changed()
        await camera.frames(2)
        await camera.frames(2, keys=(2,))
        await subscriber.until(lambda: len(subscriber.rtp) >= 12 and shown(subscriber.rtp[-1]) == (2, 5))
        check_unbroken(subscriber.rtp)


async def test_a_thinned_subscriber_costs_the_others_nothing_and_each_count_is_right() -> None:
    async with Sfu() as sfu:
        camera, thin, producer, thinned = await stage(sfu)
        receiver, whole = await sfu.join("recv")
        other = sfu.consume(receiver, producer)
        stream = producer.streams[0]
        await camera.frames(4, keys=(0,), only=(0,))
        await settle(sfu, camera.sent)
        producer.layers.update(sfu.ctx.now)
        thinned.aim(Target(0, 0), sfu.ctx.now)
        assert stream.forwarded == 8
        await camera.frames(8, only=(0,))
        await settle(sfu, camera.sent)
        assert stream.forwarded == 24  # the other's still go the fast way
        assert (thinned.packets, other.packets) == (8 + 4, 24)
        thinned.aim(Target(0, 2), sfu.ctx.now)
        await camera.frames(9, only=(0,))
        await settle(sfu, camera.sent)
        await whole.until(lambda: len(whole.rtp) == 42)
        await thin.until(lambda: len(thin.rtp) == 8 + 4 + 18)
        assert thinned.filter is None
        assert stream.forwarded == 42
        for consumer, peer in ((thinned, thin), (other, whole)):
            check_unbroken(peer.rtp)
            assert consumer.packets == len(peer.rtp)
            assert consumer.octets == sum(len(packet.payload) for packet in peer.rtp)
