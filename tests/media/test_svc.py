"""Layers inside one stream (VP9, AV1), and encodings of the other codecs, from a publisher to subscribers
over real sockets: each sees one unbroken video of the layers that are for it.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from media import context
from media.consumer import Consumer
from media.control.layers import FULL, Target, Wish
from media.producer import Producer
from media.rtp import rtcp
from media.rtp.codecs import h264, vp9
from media.rtp.rtcp import SenderInfo
from tests.media.test_forwarding import pli_for, settle
from tests.support import sfu as numbers
from tests.support.layered import Part, Scalable
from tests.support.rtc_peer import RtcPeer, Rtp, rtp_packet
from tests.support.sfu import Sfu

OURS = 7
FRAME = 3000
MODES = {"vp9": "VP9", "av1": "AV1", "h264": "H264"}


@pytest.fixture(autouse=True)
def ticks_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "ROOM_INTERVAL", math.inf)


@dataclass
class Camera:
    """Sends encodings of one picture each, with clocks and numbers of their own."""

    peer: RtcPeer
    videos: list[Scalable]
    sent: int = 0
    parts: dict[tuple[int, bytes], Part] = field(default_factory=dict)
    _numbers: list[int] = field(default_factory=lambda: [65_500, 30_000, 100])

    async def pictures(
        self, count: int, keys: tuple[int, ...] = (), lose: frozenset[int] = frozenset()
    ) -> int:
        """``keys``: encodings whose first is a key frame. Of the packets, those ``lose`` names by their place
        in the order of sending do not arrive; returns how many were to be sent.
        """
        place = 0
        for index in range(count):
            for layer, video in enumerate(self.videos):
                for part in video.pictures(1, key=index == 0 and layer in keys):
                    if place not in lose:
                        await self._send(layer, part)
                    self._numbers[layer] += 1
                    place += 1
        return place

    async def _send(self, layer: int, part: Part) -> None:
        self.parts[layer, mark(part.payload)] = part
        extensions = {numbers.DESCRIPTOR_ID: part.element} if part.element else None
        packet = rtp_packet(
            1000 + 10 * layer,
            self._numbers[layer],
            self.clock(layer, part.picture),
            part.payload,
            numbers.VIDEO_TYPE,
            marker=part.marker,
            extensions=extensions,
            two_byte=len(part.element) > 16,
        )
        await self.peer.send_rtp(packet)
        self.sent += 1

    @staticmethod
    def clock(layer: int, picture: int) -> int:
        return 1_000_000_000 * (layer + 1) + FRAME * picture & 0xFFFFFFFF

    async def report(self) -> None:
        """Sender reports that say where the clocks stand."""
        picture = self.videos[0].picture
        ntp = (3_900_000_000 << 32) + (FRAME * picture << 32) // 90000
        for layer in range(len(self.videos)):
            info = SenderInfo(1000 + 10 * layer, ntp, self.clock(layer, picture), 0, 0)
            await self.peer.send_rtp(rtcp.sender_report(info))
            self.sent += 1


def mark(payload: bytes) -> bytes:
    return payload[payload.rindex(b"|") :]


def what(packet: Rtp) -> tuple[int, int, int]:
    """(picture, spatial layer, packet of the frame) of a received packet."""
    picture, spatial, part = mark(packet.payload)[1:].split(b":")
    return int(picture), int(spatial), int(part)


def newest(peer: RtcPeer) -> tuple[int, int, int]:
    return what(peer.rtp[-1]) if peer.rtp else (-1, -1, -1)


def video_of(peer: RtcPeer) -> list[Rtp]:
    return [packet for packet in peer.rtp if packet.payload_type == numbers.OUR_VIDEO]


def check_unbroken(packets: list[Rtp], lost: int = 0, simulcast: bool = False) -> None:
    """Each number once; as many missing as were lost on the way to us, at most."""
    assert packets
    first = packets[0].sequence
    seen = [(packet.sequence - first + 0x8000 & 0xFFFF) - 0x8000 for packet in packets]
    assert len(set(seen)) == len(seen)
    assert min(seen) == 0
    assert max(seen) + 1 - len(seen) <= lost
    for before, packet in pairwise(packets):
        passed = (packet.timestamp - before.timestamp) & 0xFFFFFFFF
        same = what(packet)[: 2 if simulcast else 1] == what(before)[: 2 if simulcast else 1]
        assert passed == 0 if same else 0 < passed < 180_000, (what(before), what(packet), passed)


def check_marks(packets: list[Rtp]) -> None:
    for packet, after in pairwise(packets):
        assert packet.marker is (what(packet)[0] != what(after)[0])


async def stage(
    sfu: Sfu, *videos: Scalable, mode: str = "L3T3"
) -> tuple[Camera, RtcPeer, Producer, Consumer]:
    sender, publisher = await sfu.join("send")
    receiver, subscriber = await sfu.join("recv")
    producer = sfu.produce_layered(sender, MODES[videos[0].codec], mode, len(videos))
    return Camera(publisher, list(videos)), subscriber, producer, sfu.consume(receiver, producer)


@pytest.mark.parametrize("codec", ["vp9", "av1"])
async def test_the_page_and_the_path_choose_among_layers_inside_a_stream(codec: str) -> None:
    async with Sfu() as sfu:
        camera, subscriber, producer, consumer = await stage(sfu, Scalable(codec))
        await camera.pictures(8, keys=(0,))
        await settle(sfu, camera.sent)
        await subscriber.until(lambda: len(subscriber.rtp) == 48)
        sfu.room.tick(sfu.ctx.now)
        layers = producer.layers
        assert layers.svc
        assert [one.height for one in layers.encodings] == [180, 360, 720]
        assert [one.temporal for one in layers.encodings] == [3, 3, 3]
        rates = [one.bitrate for one in layers.encodings]
        assert rates[0] < rates[1] < rates[2]
        assert consumer.target == Target(2, 2)
        assert consumer.filter is None  # in the fan-out with the others
        consumer.wants(Wish(height=360), sfu.ctx.now)
        assert consumer.target == Target(1, 2)
        await camera.pictures(12)
        await settle(sfu, camera.sent)
        await subscriber.until(lambda: newest(subscriber)[0] == 19)
        assert {what(packet)[1] for packet in subscriber.rtp if what(packet)[0] >= 12} == {0, 1}
        consumer.wants(Wish(height=90), sfu.ctx.now)
        await camera.pictures(8)
        await settle(sfu, camera.sent)
        asked = pli_for(1000, camera.peer)
        consumer.wants(Wish(), sfu.ctx.now)
        await camera.peer.until(
            lambda: pli_for(1000, camera.peer) > asked
        )  # what was left out is needed again
        await camera.pictures(4)
        assert {what(packet)[1] for packet in subscriber.rtp if what(packet)[0] >= 26} == {0}
        await camera.pictures(8, keys=(0,))
        await subscriber.until(lambda: newest(subscriber) == (39, 2, 1))
        check_unbroken(subscriber.rtp)
        check_marks(subscriber.rtp)
        assert {what(packet)[1] for packet in subscriber.rtp if what(packet)[0] >= 33} == {0, 1, 2}
        assert consumer.filter is None


@pytest.mark.parametrize("codec", ["vp9", "av1"])
async def test_layers_that_stand_apart_are_sent_alone(codec: str) -> None:
    async with Sfu() as sfu:
        video = Scalable(codec, keyed=True)
        camera, subscriber, producer, consumer = await stage(sfu, video, mode="L3T3_KEY")
        await camera.pictures(8, keys=(0,))
        await settle(sfu, camera.sent)
        sfu.room.tick(sfu.ctx.now)
        rates = [one.bitrate for one in producer.layers.encodings]
        assert max(rates) < 0.5 * sum(rates)  # each for itself
        assert consumer.target == Target(2, 2)
        await camera.pictures(4)
        await camera.pictures(5, keys=(0,))
        await subscriber.until(lambda: newest(subscriber) == (16, 2, 1))
        assert {what(packet)[1] for packet in subscriber.rtp if what(packet)[0] == 12} == {0, 1, 2}
        assert {what(packet)[1] for packet in subscriber.rtp if what(packet)[0] > 12} == {2}
        asked = pli_for(1000, camera.peer)
        consumer.aim(Target(0, 2), sfu.ctx.now)
        await camera.peer.until(lambda: pli_for(1000, camera.peer) > asked)
        await camera.pictures(4, keys=(0,))
        await subscriber.until(lambda: newest(subscriber) == (20, 0, 1))
        assert {what(packet)[1] for packet in subscriber.rtp if what(packet)[0] >= 17} == {0}
        check_unbroken(subscriber.rtp)
        check_marks(subscriber.rtp)


@pytest.mark.parametrize("codec", ["vp9", "av1", "h264"])
async def test_a_switch_between_encodings_of_any_codec_leaves_no_trace(codec: str) -> None:
    async with Sfu() as sfu:
        starts = enumerate((0x7FF0, 10, 0x4000))
        videos = [Scalable(codec, 1, first_id=start, encoding=layer) for layer, start in starts]
        camera, subscriber, _, consumer = await stage(sfu, *videos, mode="L1T3")
        await camera.pictures(4, keys=(0, 1, 2))
        await camera.report()
        await settle(sfu, camera.sent)
        await camera.peer.until(lambda: pli_for(1000, camera.peer) > 0)
        for layer in (2, 1, 0):
            consumer.aim(Target(layer, FULL), sfu.ctx.now)
            await camera.peer.until(lambda layer=layer: pli_for(1000 + 10 * layer, camera.peer) > 0)  # type: ignore[misc]
            await camera.pictures(2)
            await camera.pictures(5, keys=(layer,))
            await settle(sfu, camera.sent)
        await subscriber.until(lambda: len(video_of(subscriber)) == 2 * 26)
        packets = video_of(subscriber)
        check_unbroken(packets, simulcast=True)
        assert [what(packet)[1] for packet in packets[::2]] == [0] * 7 + [2] * 7 + [1] * 7 + [0] * 5
        assert [what(packet)[0] for packet in packets[::2]] == [*range(7), *range(6, 25)]
        first = packets[0].timestamp
        # The picture of the moment of a switch comes right behind the other one of that moment.
        assert {(one.timestamp - first - FRAME * what(one)[0]) & 0xFFFFFFFF for one in packets} <= {0, 1}
        _check_picture_numbers(codec, packets)


def _check_picture_numbers(codec: str, packets: list[Rtp]) -> None:
    if codec == "h264":  # has none; a decoder begins with the parameter sets in front of an IDR picture
        begun = [one for one in packets if h264.starts_key_frame(one.payload, 0, len(one.payload))]
        assert [what(packet)[0] for packet in begun] == [0, 6, 13, 20]
        return
    ids = []
    for packet in packets:
        if codec == "vp9":
            ids.append(vp9.numbering(packet.payload, 0, len(packet.payload))[0])
        else:
            ids.append(int.from_bytes(packet.extensions[numbers.OUR_DESCRIPTOR][1:3], "big"))
    modulo = 0x8000 if codec == "vp9" else 0x10000
    for index in range(1, len(ids)):
        step = (ids[index] - ids[index - 1]) % modulo
        same = what(packets[index])[:2] == what(packets[index - 1])[:2]
        assert step == 0 if same else 0 < step < modulo // 4  # a step forward is no matter to a browser


@pytest.mark.parametrize("codec", ["vp9", "av1"])
async def test_after_a_long_pause_picture_numbers_are_not_taken_for_old_ones(codec: str) -> None:
    """Half a round of numbers later a browser would drop the key frame that it waits for."""
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu, Scalable(codec, 1, first_id=100), mode="L1T1")
        await camera.pictures(3, keys=(0,))
        await subscriber.until(lambda: len(subscriber.rtp) == 6)
        consumer.pause()
        camera.videos[0].first_id += 0x4800 if codec == "vp9" else 0x9000
        await camera.pictures(2)
        await settle(sfu, camera.sent)
        consumer.resume()
        await camera.pictures(3, keys=(0,))
        await subscriber.until(lambda: len(subscriber.rtp) == 12)
        assert consumer.numbers.diverted  # the fan-out does not shift these
        ids = [
            vp9.numbering(one.payload, 0, len(one.payload))[0]
            if codec == "vp9"
            else int.from_bytes(one.extensions[numbers.OUR_DESCRIPTOR][1:3], "big")
            for one in subscriber.rtp[::2]
        ]
        assert ids == [100, 101, 102, 103, 104, 105]
        check_unbroken(subscriber.rtp)


async def test_what_was_marked_is_marked_when_it_is_sent_again() -> None:
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu, Scalable("vp9"))
        await camera.pictures(1, keys=(0,))
        await settle(sfu, camera.sent)
        sfu.room.tick(sfu.ctx.now)
        consumer.aim(Target(0, 2), sfu.ctx.now)
        await camera.pictures(6)
        await subscriber.until(lambda: newest(subscriber) == (6, 0, 1))
        asked = [packet for packet in subscriber.rtp if what(packet)[0] in (3, 4)]
        await subscriber.send_rtp(rtcp.nack(OURS, consumer.ssrc, [packet.sequence for packet in asked]))
        count = len(subscriber.rtp)
        await subscriber.until(lambda: len(subscriber.rtp) == count + len(asked))
        for packet, original in zip(subscriber.rtp[count:], asked, strict=True):
            assert packet.marker is original.marker
            assert packet.payload == original.sequence.to_bytes(2, "big") + original.payload


async def test_a_late_packet_of_a_layer_that_is_left_out_fills_its_gap_empty() -> None:
    async with Sfu() as sfu:
        camera, subscriber, _, consumer = await stage(sfu, Scalable("vp9"))
        await camera.pictures(1, keys=(0,))
        await settle(sfu, camera.sent)
        sfu.room.tick(sfu.ctx.now)
        consumer.aim(Target(0, 2), sfu.ctx.now)
        await camera.pictures(2)
        place = await camera.pictures(1, lose=frozenset({3}))  # of the middle layer
        assert place == 6
        await camera.pictures(1)
        await settle(sfu, camera.sent)
        late = rtp_packet(1001, 1, 0, (65_500 + 21 & 0xFFFF).to_bytes(2, "big"), numbers.RTX_TYPE)
        missing = next(iter(Scalable("vp9").pictures(1)))
        payload = camera.parts[0, b"|0:1:1"].payload  # of that layer
        await camera.peer.send_rtp(late + payload)
        await settle(sfu, camera.sent + 1)
        await subscriber.until(lambda: any(not packet.payload for packet in subscriber.rtp))
        assert missing.picture == 0
        spatial = [what(packet)[1] for packet in subscriber.rtp if packet.payload]
        assert set(spatial[6:]) == {0}
        seen = {packet.sequence for packet in subscriber.rtp}
        assert len(seen) == max(seen) - min(seen) + 1


@pytest.mark.parametrize("lossy", [False, True], ids=["whole", "with losses"])
@pytest.mark.parametrize("codec", ["vp9", "av1", "h264", "vp9-simulcast", "av1-simulcast", "h264-simulcast"])
async def test_no_holes_but_what_was_lost_whatever_is_chosen(codec: str, lossy: bool) -> None:
    """Layers chosen at random, key frames where they are asked for, some packets lost before us."""
    name, _, simulcast = codec.partition("-")
    dice = random.Random(f"{codec} {lossy}")
    async with Sfu() as sfu:
        spatial = 1 if simulcast or name == "h264" else 3
        videos = [
            Scalable(name, spatial, first_id=dice.randrange(0x8000), encoding=layer)
            for layer in range(3 if simulcast else 1)
        ]
        camera, subscriber, producer, consumer = await stage(
            sfu, *videos, mode="L1T3" if spatial == 1 else "L3T3"
        )
        await camera.pictures(2, keys=(0, 1, 2))
        await camera.report()
        await settle(sfu, camera.sent)
        sfu.room.tick(sfu.ctx.now)
        lost = 0
        for _ in range(40):
            top = len(producer.layers.encodings) - 1
            consumer.aim(Target(dice.randint(0, top), dice.choice((0, 1, 2, FULL))), sfu.ctx.now)
            if dice.random() < 0.1:
                consumer.pause()
                consumer.resume()
            wanted = tuple(
                layer
                for layer, stream in enumerate(producer.streams)
                if stream.arbiter.wanted and dice.random() < 0.7
            )
            lose = frozenset(dice.sample(range(6), 1)) if lossy and dice.random() < 0.3 else frozenset[int]()
            lost += len(lose)
            await camera.pictures(dice.randint(1, 3), wanted, lose)
            await settle(sfu, camera.sent)
        consumer.aim(Target(0, FULL), sfu.ctx.now)
        await camera.pictures(2, keys=(0, 1, 2))
        await subscriber.until(lambda: newest(subscriber)[0] == camera.videos[0].picture - 1)
        packets = video_of(subscriber)
        check_unbroken(packets, lost, bool(simulcast))
        assert len({what(packet)[1] for packet in packets}) == (1 if name == "h264" and not simulcast else 3)
        if not lossy and not simulcast:
            check_marks(packets)
