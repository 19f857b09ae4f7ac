"""Pictures that froze elsewhere, and sound that broke off: whatever is asked for in whatever order, and
however the numbers wrap, everybody who is to get a picture gets one that can be decoded (FIELD_NOTES 5).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from media.consumer import Consumer
from media.control.layers import Wish
from media.producer import Producer
from media.rtp import rtcp
from tests.support.rtc_peer import RtcPeer, Rtp, rtp_packet
from tests.support.sfu import AUDIO_TYPE, OUR_RTX, VIDEO_TYPE, Sfu, vp8_payload

pytestmark = pytest.mark.usefixtures("packet_path")

SSRCS = (1000, 1010, 1020)  # of the encodings
OPERATIONS = 400
PEOPLE = 3


class Camera:
    """Sends a picture of each encoding when told; a key frame of those that were asked for one."""

    def __init__(self, peer: RtcPeer, ssrcs: tuple[int, ...]) -> None:
        self._peer = peer
        self._ssrcs = ssrcs
        self._frame = 0
        self._heard = 0

    async def picture(self) -> None:
        wanted = self._wanted()
        for ssrc in self._ssrcs:
            payload = vp8_payload(ssrc in wanted, self._frame & 0x7FFF)
            data = rtp_packet(ssrc, self._frame, self._frame * 3000, payload, VIDEO_TYPE, True)
            await self._peer.send_rtp(data)
        self._frame += 1

    def _wanted(self) -> set[int]:
        asked = self._peer.rtcp[self._heard :]
        self._heard += len(asked)
        return {
            rtcp.parse_media_ssrc(data, packet)
            for data in asked
            for packet in rtcp.split(data)
            if (packet.kind, packet.count) == (rtcp.PAYLOAD_FEEDBACK, rtcp.PICTURE_LOSS)
        }


def decodable(packets: list[Rtp]) -> bool:
    """Whether a key frame is among them, with nothing missing behind it."""
    video = [packet for packet in packets if packet.payload_type != OUR_RTX and packet.payload]
    key = next((at for at in range(len(video) - 1, -1, -1) if not video[at].payload[5] & 1), None)
    if key is None:
        return False
    numbers = [packet.sequence - video[key].sequence & 0xFFFF for packet in video[key:]]
    return numbers == list(range(len(numbers)))


class Scene:
    """Simulcast cameras, everybody watching everybody, and things that happen at random."""

    def __init__(self, sfu: Sfu, seed: int) -> None:
        self.sfu = sfu
        self.chance = random.Random(seed)
        self.cameras: list[Camera] = []
        self.producers: list[Producer] = []
        self.consumers: list[tuple[Consumer, RtcPeer]] = []

    async def set_up(self) -> None:
        for _ in range(PEOPLE):
            sender, publisher = await self.sfu.join("send")
            self.cameras.append(Camera(publisher, SSRCS))
            self.producers.append(self.sfu.produce_simulcast(sender))
        for producer in self.producers:
            for _ in range(PEOPLE - 1):
                receiver, subscriber = await self.sfu.join("recv")
                self.consumers.append((self.sfu.consume(receiver, producer), subscriber))

    async def happen(self) -> None:
        """One thing that pages and people do."""
        consumer, peer = self.chance.choice(self.consumers)
        producer = self.chance.choice(self.producers)
        now = self.sfu.ctx.refresh()
        wish = Wish(self.chance.choice((0, 90, 180, 360, 720)), self.chance.random() < 0.8, False)
        things: list[Callable[[], None]] = [
            consumer.pause,
            consumer.resume,
            producer.pause,
            producer.resume,
            lambda: consumer.wants(wish, now),
            lambda: consumer.wants(wish, now),
            lambda: self.again(consumer, peer),
        ]
        self.chance.choice(things)()
        if self.chance.random() < 0.3:
            await peer.send_rtp(rtcp.picture_loss(1, consumer.ssrc))
        await self.chance.choice(self.cameras).picture()

    def again(self, consumer: Consumer, peer: RtcPeer) -> None:
        """Unsubscribed and subscribed."""
        self.consumers.remove((consumer, peer))
        transport, producer = consumer.transport, consumer.producer
        consumer.close()
        self.consumers.append((self.sfu.consume(transport, producer), peer))

    async def everybody_sees(self) -> None:
        """All that is paused or hidden is resumed and shown; then a picture comes to each."""
        for producer in self.producers:
            producer.resume()
        for consumer, _ in self.consumers:
            consumer.resume()
            consumer.wants(Wish(720, True, False), self.sfu.ctx.refresh())
        for _, peer in self.consumers:
            await peer.send_rtp(rtcp.picture_loss(1, 1))
        waiting = list(self.consumers)
        async with asyncio.timeout(20):
            while waiting:
                for camera in self.cameras:
                    await camera.picture()
                await asyncio.sleep(0.02)
                waiting = [
                    (consumer, peer)
                    for consumer, peer in waiting
                    if not decodable([packet for packet in peer.rtp if packet.ssrc == consumer.ssrc])
                ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_nobody_is_left_with_a_frozen_picture(seed: int) -> None:
    """Pausing, hiding, resizing, subscribing anew and asking for key frames, in any order (mediasoup #1431,
    #1459, #1098; LiveKit #1481, #2191, #3524; Galene 0.3; bigbluebutton 25761).
    """
    async with Sfu() as sfu:
        scene = Scene(sfu, seed)
        await scene.set_up()
        for step in range(OPERATIONS):
            await scene.happen()
            if step % 100 == 99:
                await scene.everybody_sees()
                for _, peer in scene.consumers:
                    peer.rtp.clear()


# --- SRTP over the wrap of the sequence number ---


async def test_a_publishers_numbers_wrap_with_what_is_around_the_wrap_lost() -> None:
    """The end that was lost is not counted as a rollover missed (mediasoup #1438)."""
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        lost = range(65_500, 65_536 + 40)
        sent = 0
        for number in range(65_400, 65_536 + 100):
            data = publisher.protect(rtp_packet(2000, number, number * 960, b"opus", AUDIO_TYPE))
            if number not in lost:
                publisher.send_raw(data)
                sent += 1
        await subscriber.until(lambda: len(subscriber.rtp) == sent)
        assert sfu.ctx.drops() == {}


@pytest.mark.slow
async def test_our_numbers_wrap_with_what_is_around_the_wrap_lost() -> None:
    """The subscriber decrypts what comes behind the wrap, with everything near it lost on the way."""
    count, batch = 70_000, 100
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        missed: list[int] = []

        def losing(data: bytes) -> list[bytes]:
            sequence = int.from_bytes(data[2:4], "big")
            if data[0] < 128 or 192 <= data[1] <= 223 or 40 <= sequence < 65_400:
                return [data]
            missed.append(sequence)
            subscriber.changed()
            return []

        subscriber.incoming = losing
        heard = 0

        async def all_of(sent: int) -> None:
            await subscriber.until(lambda: heard + len(subscriber.rtp) + len(missed) == sent, within=30)

        for number in range(count):
            await publisher.send_rtp(rtp_packet(2000, number, number * 960, b"opus", AUDIO_TYPE))
            if number % batch == batch - 1:  # so that no buffer overflows
                await all_of(number + 1)
                heard += len(subscriber.rtp)
                subscriber.rtp.clear()
        assert len(missed) == 136 + 40
        assert heard == count - len(missed)
        assert sfu.ctx.drops() == {}


async def test_a_first_packet_lost_near_the_wrap_does_not_silence_a_subscriber() -> None:
    """Whatever number a publisher begins with, ours begin where no rollover is near (aiortc 1.10 too)."""
    for first in (0, 32_767, 65_530, 65_535):
        async with Sfu() as sfu:
            sender, publisher = await sfu.join("send")
            receiver, subscriber = await sfu.join("recv")
            sfu.consume(receiver, sfu.produce_audio(sender))
            missed: list[bytes] = []

            def losing(data: bytes, missed: list[bytes] = missed) -> list[bytes]:
                if data[0] >= 128 and len(missed) < 10:
                    missed.append(data)
                    return []
                return [data]

            subscriber.incoming = losing
            for number in range(first, first + 30):
                # A publisher whose own first packets are not lost: what is lost is lost behind us.
                await publisher.send_rtp(rtp_packet(2000, number, number * 960, b"opus", AUDIO_TYPE))
            await subscriber.until(lambda heard=subscriber.rtp: len(heard) == 20)  # type: ignore[misc]
            assert {packet.payload for packet in subscriber.rtp} == {b"opus"}
            assert sfu.ctx.drops() == {}
