"""Congestion control whole: a camera in three sizes, one subscriber behind a path of 3 Mbit/s that falls to
500 kbit/s and recovers. Real sockets, real time, the subscriber's feedback from what really arrived.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from itertools import pairwise
from typing import Self

import pytest

from media.consumer import Consumer
from media.control.layers import NOTHING
from media.protocol import ConsumerStarved
from media.rtp import rtcp
from media.rtp.twcc import FeedbackRecorder
from tests.support import sfu as numbers
from tests.support.impairment import Impairment, Link
from tests.support.rtc_peer import RtcPeer, Rtp, rtp_packet
from tests.support.sfu import Sfu, vp8_layered

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90), pytest.mark.usefixtures("packet_path")]

MEGABIT = 125_000  # bytes/s
RATES = (150_000, 500_000, 1_700_000)  # bits/s of the encodings
PATTERN = ((0, False), (2, True), (1, True), (2, False))
SHARES = (1.6, 0.8, 0.8, 0.8)  # of the mean size, so that the layers' rates are 0.4, 0.6 and 1
FRAME = 1 / 30
PACKET = 1100


class NarrowPath(asyncio.DatagramProtocol):
    """A proxy in front of the server: what goes to the subscriber passes a link."""

    def __init__(self, server: int, impairment: Impairment) -> None:
        self.link = Link(impairment, 11)
        self._server = ("127.0.0.1", server)
        self._transport: asyncio.DatagramTransport | None = None
        self._client: tuple[str, int] | None = None
        self._delivering: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._delivering = asyncio.create_task(self._deliver())
        return self

    async def __aexit__(self, *details: object) -> None:
        assert self._transport is not None
        assert self._delivering is not None
        self._delivering.cancel()
        await asyncio.gather(self._delivering, return_exceptions=True)
        self._transport.close()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def set_rate(self, rate: float) -> None:
        self.link.impairment = replace(self.link.impairment, rate=rate)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        if addr == self._server:
            self.link.send(data, time.monotonic())
        else:
            self._client = addr
            self._transport.sendto(data, self._server)

    async def _deliver(self) -> None:
        assert self._transport is not None
        while True:
            for data in self.link.deliver(time.monotonic()):
                self._transport.sendto(data, self._client)
            await asyncio.sleep(0.002)


class Heard(list[Rtp]):
    """Received packets; notes when each arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.recorder = FeedbackRecorder()
        self.audio: list[float] = []  # when sound arrived

    def append(self, packet: Rtp) -> None:
        self.recorder.arrived(
            int.from_bytes(packet.extensions[numbers.OUR_SEQUENCE], "big"), time.monotonic()
        )
        if packet.payload_type == numbers.OUR_AUDIO:
            self.audio.append(time.monotonic())
        else:
            super().append(packet)


class Publisher:
    """Sends sound and three encodings at their rates; a key frame for each that is asked for."""

    def __init__(self, peer: RtcPeer, rates: tuple[int, ...] = RATES) -> None:
        self.peer = peer
        self.rates = rates
        self.audio = 0
        self._frame = 0
        self._numbers = [100, 200, 300]
        self._asked = 0

    async def run(self) -> None:
        start = time.monotonic()
        while True:
            wanted = self._wanted()
            for layer in range(len(self.rates)):
                await self._picture(layer, 1000 + 10 * layer in wanted or self._frame == 0)
            self._frame += 1
            while self.audio * 0.02 < self._frame * FRAME:
                await self._sound()
            await asyncio.sleep(max(0.0, start + self._frame * FRAME - time.monotonic()))

    def _wanted(self) -> set[int]:
        """SSRCs of which a key frame was asked for since the last picture."""
        asked = self.peer.rtcp[self._asked :]
        self._asked += len(asked)
        return {
            rtcp.parse_media_ssrc(data, packet)
            for data in asked
            for packet in rtcp.split(data)
            if (packet.kind, packet.count) == (rtcp.PAYLOAD_FEEDBACK, rtcp.PICTURE_LOSS)
        }

    async def _picture(self, layer: int, key: bool) -> None:
        temporal, syncs = (0, False) if key else PATTERN[self._frame % 4]
        left = int(self.rates[layer] / 8 * FRAME * (2.0 if key else SHARES[self._frame % 4]))
        first = True
        while left > 0:
            payload = vp8_layered(key, self._frame & 0x7FFF, self._frame // 4, temporal, syncs)
            payload = payload.ljust(min(PACKET, max(left, 80)), b"v")
            left -= PACKET
            await self.peer.send_rtp(
                rtp_packet(
                    1000 + 10 * layer,
                    self._numbers[layer],
                    self._frame * 3000,
                    payload if first else b"\x80" + payload[1:],
                    numbers.VIDEO_TYPE,
                    marker=left <= 0,
                )
            )
            self._numbers[layer] += 1
            first = False

    async def _sound(self) -> None:
        data = rtp_packet(2000, self.audio, self.audio * 960, bytes(80), numbers.AUDIO_TYPE)
        await self.peer.send_rtp(data)
        self.audio += 1


async def answer(subscriber: RtcPeer, heard: Heard, ssrc: int) -> None:
    """Transport-wide feedback every 50 ms."""
    while True:
        await asyncio.sleep(0.05)
        for body in heard.recorder.build():
            await subscriber.send_rtp(rtcp.transport_wide(7, ssrc, body))


def sends(consumer: Consumer) -> bool:
    return consumer.is_sending


async def until(consumer: Consumer, condition: object, within: float) -> float:
    """Seconds until the consumer's target fulfils the condition."""
    start = time.monotonic()
    async with asyncio.timeout(within):
        while not condition(consumer.target):  # type: ignore[operator]
            await asyncio.sleep(0.01)
    return time.monotonic() - start


async def test_down_within_two_seconds_and_up_within_ten() -> None:
    path = Impairment(delay=0.02, rate=3 * MEGABIT, queue=0.5)
    async with Sfu() as sfu, NarrowPath(sfu.ctx.port, path) as proxy:
        sender, publishing = await sfu.join("send")
        receiver = sfu.transport("recv")
        subscriber = RtcPeer(proxy.port, receiver.ice_parameters)
        sfu.peers.append(subscriber)
        await subscriber.open()
        await subscriber.check()
        receiver.connect(subscriber.dtls_parameters)
        await subscriber.handshake(receiver.dtls_parameters)
        heard = Heard()
        subscriber.rtp = heard
        consumer = sfu.consume(receiver, sfu.produce_simulcast(sender))
        sfu.consume(receiver, sfu.produce_audio(sender))
        publisher = Publisher(publishing)
        tasks = [
            asyncio.create_task(publisher.run()),
            asyncio.create_task(answer(subscriber, heard, consumer.ssrc)),
        ]
        try:
            await until(consumer, lambda target: target == (2, 2), 5)
            await asyncio.sleep(3)
            assert consumer.target.spatial == 2
            proxy.set_rate(0.5 * MEGABIT)
            fell = await until(consumer, lambda target: target.spatial < 1 or target == (1, 1), 5)
            await asyncio.sleep(5)
            assert receiver.path is not None
            assert 150_000 <= receiver.path.estimate <= 800_000
            queue = max(0.0, proxy.link._free_at - time.monotonic())
            proxy.set_rate(3 * MEGABIT)
            rose = await until(consumer, lambda target: target == (2, 2), 15)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert fell <= 2.0
        assert queue < 0.3
        assert rose <= 10.0
        assert max(after - before for before, after in pairwise(heard.audio)) < 0.7
        assert sfu.ctx.drops().keys() <= {"resend_recent", "before_start"}


async def complain(subscriber: RtcPeer, heard: Heard, consumer: Consumer) -> None:
    """A receiver report each second: what a browser says of loss, whatever else it sends."""
    seen, highest = 0, -1
    while True:
        await asyncio.sleep(1)
        got = [packet.sequence for packet in heard if packet.ssrc == consumer.ssrc]
        if not got:
            continue
        newest = max(got)
        expected, arrived = newest - highest if highest >= 0 else len(got), len(got) - seen
        lost = max(0, 255 * (expected - arrived) // max(expected, 1))
        seen, highest = len(got), newest
        block = rtcp.ReportBlock(consumer.ssrc, lost, 0, newest, 0, 0, 0)
        await subscriber.send_rtp(rtcp.receiver_report(7, [block]))


async def test_a_camera_of_one_size_makes_way_for_sound_and_comes_back() -> None:
    """1.7 Mbit/s behind a path of 3 Mbit/s that falls to 300 kbit/s and recovers."""
    path = Impairment(delay=0.02, rate=3 * MEGABIT, queue=0.2)
    async with Sfu() as sfu, NarrowPath(sfu.ctx.port, path) as proxy:
        sender, publishing = await sfu.join("send")
        receiver = sfu.transport("recv")
        subscriber = RtcPeer(proxy.port, receiver.ice_parameters)
        sfu.peers.append(subscriber)
        await subscriber.open()
        await subscriber.check()
        receiver.connect(subscriber.dtls_parameters)
        await subscriber.handshake(receiver.dtls_parameters)
        heard = Heard()
        subscriber.rtp = heard
        consumer = sfu.consume(receiver, sfu.produce_video(sender))
        sfu.consume(receiver, sfu.produce_audio(sender))
        publisher = Publisher(publishing, RATES[2:])
        tasks = [
            asyncio.create_task(publisher.run()),
            asyncio.create_task(answer(subscriber, heard, consumer.ssrc)),
            asyncio.create_task(complain(subscriber, heard, consumer)),
        ]
        try:
            await asyncio.sleep(3)
            assert sends(consumer)
            proxy.set_rate(0.3 * MEGABIT)
            fell = await until(consumer, lambda target: target == NOTHING, 10)
            await asyncio.sleep(3)
            calm = time.monotonic()
            await asyncio.sleep(3)
            quiet = [at for at in heard.audio if at > calm]
            assert not sends(consumer)
            proxy.set_rate(3 * MEGABIT)
            rose = await until(consumer, lambda target: target != NOTHING, 30)
            pictures = len(heard)
            await subscriber.until(lambda: len(heard) > pictures + 30)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert fell <= 5.0  # a report each second tells of it
        assert len(quiet) >= 0.95 * 3 / 0.02
        assert rose <= 20.0
        starved = [note.starved for note in sfu.notes if isinstance(note, ConsumerStarved)]
        assert starved[:2] == [True, False]
