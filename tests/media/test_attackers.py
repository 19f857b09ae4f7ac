"""Attackers beside people who talk: from off the path, and from inside with keys of their own (FIELD_NOTES "
"7 is
where the classes come from; media/docs/incidents.md says which test holds which).

Each test fails where its defence is taken away: what is asserted is what the victims get, what it cost, and
by which drop reason the attack ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pylibsrtp
import pytest

from media.consumer import Consumer
from media.producer import Producer
from media.reports import RATE_LIMIT
from media.rtp import rtcp
from media.rtp.rtcp import SenderInfo
from media.transport import Transport
from tests.media.test_forwarding import settle
from tests.support import attacks
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import AUDIO_TYPE, VIDEO_TYPE, Sfu, vp8_payload

pytestmark = pytest.mark.usefixtures("packet_path")

VICTIM_SSRC = 2000  # of the sound in every test


@dataclass(slots=True)
class Talk:
    """Two who talk: one sends sound, one hears it."""

    sfu: Sfu
    sender: Transport
    publisher: RtcPeer
    receiver: Transport
    subscriber: RtcPeer
    producer: Producer
    said: int = 0

    async def goes_on(self, packets: int = 5) -> None:
        """What the publisher says arrives, and nothing else has."""
        first = self.said
        for _ in range(packets):
            data = rtp_packet(VICTIM_SSRC, self.said, self.said, f"word {self.said}".encode(), AUDIO_TYPE)
            await self.publisher.send_rtp(data)
            self.said += 1
        await self.subscriber.until(lambda: len(self.subscriber.rtp) >= self.said)
        words = [packet.payload.decode() for packet in self.subscriber.rtp]
        assert words[first:] == [f"word {number}" for number in range(first, self.said)]
        assert self.publisher.dtls_state == self.subscriber.dtls_state == "connected"


@contextlib.asynccontextmanager
async def talk() -> AsyncIterator[Talk]:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        producer = sfu.produce_audio(sender, ssrc=VICTIM_SSRC)
        sfu.consume(receiver, producer)
        yield Talk(sfu, sender, publisher, receiver, subscriber, producer)


class Outsider:
    """A socket that the server has never heard of."""

    def __init__(self, sfu: Sfu) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(("127.0.0.1", sfu.ctx.port))
        self.sent = 0

    def send(self, *datagrams: bytes) -> None:
        for data in datagrams:
            self._socket.send(data)
            self.sent += len(data)

    def received(self) -> list[bytes]:
        answers = []
        with contextlib.suppress(BlockingIOError):
            while True:
                answers.append(self._socket.recv(4096))
        return answers

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def outsider(sfu: Sfu) -> Iterator[Outsider]:
    attacker = Outsider(sfu)
    try:
        yield attacker
    finally:
        attacker.close()


# --- from off the path ---


async def test_a_client_hello_from_elsewhere_does_not_win_the_race() -> None:
    """A real DTLS client's first flight, before the victim's, between its flights and after (Enable Security
    2024).
    """
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        with outsider(sfu) as attacker:
            hello = attacks.client_hello()
            attacker.send(hello)
            await peer.check()
            attacker.send(hello)
            transport.connect(peer.dtls_parameters)
            attacker.send(hello)

            def crowd_in(data: bytes) -> list[bytes]:
                attacker.send(hello, attacks.ALERT, attacks.CLOSE)
                return [data]

            peer.outgoing = crowd_in
            await peer.handshake(transport.dtls_parameters)
            peer.outgoing = None
            await peer.check()
            assert attacker.received() == []
        assert transport.stats()["dtls"] == "connected"
        assert sfu.ctx.drops()["unbound"] > 3


@pytest.mark.parametrize("records", [attacks.ALERT, attacks.CLOSE, b""], ids=["alert", "close", "empty"])
async def test_plain_records_end_no_session_not_even_from_its_own_address(records: bytes) -> None:
    """After the handshake a record without the session's keys says nothing (aiortc once ended at an empty
    one).
    """
    async with talk() as people:
        await people.goes_on()
        with outsider(people.sfu) as attacker:
            attacker.send(*[records] * 20)
        for peer in (people.publisher, people.subscriber):  # as one who forges the sender's address
            for _ in range(20):
                peer.send_raw(records)
        await people.goes_on()


async def test_forged_checks_bind_nothing_and_are_not_answered() -> None:
    async with talk() as people:
        fragment = people.sender.fragments[0]
        addresses = people.sfu.ctx.counters()["addresses"]
        with outsider(people.sfu) as attacker:
            attacker.send(
                *[attacks.forged_check(fragment)] * 50,
                *[attacks.unsigned_check(fragment)] * 50,
                *[attacks.stun_response()] * 50,
            )
            await people.goes_on()
            assert attacker.received() == []
        assert people.sfu.ctx.counters()["addresses"] == addresses
        drops = people.sfu.ctx.drops()
        assert drops["stun_unauthenticated"] == 50
        assert drops["stun_malformed"] >= 50


async def test_rtp_sent_to_the_port_is_not_mixed_into_a_stream() -> None:
    """RTP bleed and injection: plain, under foreign keys, and recorded packets sent again."""
    async with talk() as people:
        await people.goes_on()
        plain = rtp_packet(VICTIM_SSRC, people.said + 1, 0, b"injected" * 4, AUDIO_TYPE)
        recorded = [people.publisher.protect(rtp_packet(VICTIM_SSRC, 900, 0, b"word", AUDIO_TYPE))]
        foreign = pylibsrtp.Session(
            pylibsrtp.Policy(
                key=bytes(range(28)), ssrc_type=2, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
            )
        )
        with outsider(people.sfu) as attacker:
            attacker.send(plain, foreign.protect(plain), *recorded)
            people.subscriber.send_raw(plain)  # from an address that is bound, to another transport
            people.subscriber.send_raw(recorded[0])
            await people.goes_on()
            assert attacker.received() == []
        drops = people.sfu.ctx.drops()
        assert drops["unbound"] == 3
        assert drops["srtp_authentication"] == 2


async def test_what_was_recorded_is_not_taken_twice() -> None:
    async with talk() as people:
        await people.goes_on()
        wire: list[bytes] = []
        people.publisher.outgoing = lambda data: wire.append(data) or [data]  # type: ignore[func-returns-value]
        await people.goes_on()
        people.publisher.outgoing = None
        for data in wire * 3:
            people.publisher.send_raw(data)
        await people.goes_on()
        assert people.sfu.ctx.drops() == {"srtp_replay": 15}


async def test_nobody_outside_gets_more_bytes_than_they_sent() -> None:
    """The server cannot be used to flood a third party whose address is forged: strangers get nothing at all,
    and even a right check is answered with no more than it had.
    """
    async with talk() as people:
        with outsider(people.sfu) as attacker:
            for data in attacks.outside_datagrams(random.Random(1), 500):
                attacker.send(data)
                if attacker.sent % 7 == 0:
                    await asyncio.sleep(0)
            await people.goes_on()
            assert attacker.received() == []
        for controlled in (False, True):
            request = bytes(people.publisher.request(controlled=controlled))
            answers: list[int] = []

            def measure(data: bytes, answers: list[int] = answers) -> list[bytes]:
                answers.append(len(data))
                return [data]

            people.publisher.incoming = measure
            await people.publisher.check(controlled=controlled)
            people.publisher.incoming = None
            assert max(answers) <= len(request)


async def test_noise_from_outside_costs_no_session_its_state() -> None:
    async with talk() as people:
        before = people.sfu.ctx.counters()
        tasks = len(asyncio.all_tasks())
        with outsider(people.sfu) as attacker:
            for seed in range(10):
                attacker.send(*attacks.outside_datagrams(random.Random(seed), 100))
                await people.goes_on()
        after = people.sfu.ctx.counters()
        assert len(asyncio.all_tasks()) == tasks
        for kept in ("rooms", "transports", "addresses"):
            assert after[kept] == before[kept]


# --- with keys of their own ---


@dataclass(slots=True)
class Insider:
    """A peer of the same room: it publishes a video that the victim's subscriber watches, and watches one."""

    sending: Transport
    publisher: RtcPeer
    subscriber: RtcPeer
    watched: Consumer


async def insider(people: Talk) -> Insider:
    sending, publisher = await people.sfu.join("send")
    people.sfu.produce_video(sending, ssrc=1000)
    receiving, subscriber = await people.sfu.join("recv")
    watched = people.sfu.consume(receiving, people.producer)
    return Insider(sending, publisher, subscriber, watched)


async def test_anothers_ssrc_names_ones_own_stream_only() -> None:
    """Nobody speaks with another's voice: an SSRC counts within its transport."""
    async with talk() as people:
        attacker = await insider(people)
        await people.goes_on()
        for number in range(20):
            forged = rtp_packet(VICTIM_SSRC, people.said + number, 0, b"forged", AUDIO_TYPE)
            await attacker.publisher.send_rtp(forged)
        await people.goes_on()
        assert people.sfu.ctx.drops()["rtp_unrouted"] == 20


async def test_a_stream_cannot_be_ended_or_reported_on_by_others() -> None:
    """Goodbyes and reports about the victim's SSRC from another transport change nothing of it."""
    async with talk() as people:
        attacker = await insider(people)
        await people.goes_on()
        stream = people.producer.streams[0]
        highest, taken = stream.highest, sum_of_packets(people.sfu)
        for peer in (attacker.publisher, attacker.subscriber):
            for _ in range(10):
                await peer.send_rtp(rtcp.goodbye([VICTIM_SSRC]))
                await peer.send_rtp(rtcp.sender_report(SenderInfo(VICTIM_SSRC, 1 << 63, 7, 1, 1)))
                await peer.send_rtp(attacks.report_blocks(VICTIM_SSRC))
        await settle(people.sfu, taken + 60)
        assert (stream.highest, stream.sender_info) == (highest, None)
        await people.goes_on()


def sum_of_packets(sfu: Sfu) -> int:
    return sum(transport.state.packets_in for transport in sfu.ctx.transports.values())


async def test_a_storm_of_requests_reaches_the_publisher_as_one() -> None:
    """PLI by the hundred, and NACKs for thousands: what the publisher hears of it stays small."""
    async with talk() as people:
        video = people.sfu.produce_video(people.sender, ssrc=1000, mid="2")
        receiving, attacker = await people.sfu.join("recv")
        consumer = people.sfu.consume(receiving, video)
        await people.publisher.send_rtp(rtp_packet(1000, 1, 0, vp8_payload(True, 1), VIDEO_TYPE, True))
        await attacker.until(lambda: len(attacker.rtp) == 1)
        people.publisher.rtcp.clear()
        chance = random.Random(1)
        for _ in range(RATE_LIMIT):
            await attacker.send_rtp(attacks.picture_losses(consumer.ssrc))
            await attacker.send_rtp(attacks.nack_storm(consumer.ssrc, chance))
        await people.goes_on()
        requests = [
            data for data in people.publisher.rtcp for packet in rtcp.split(data) if packet.kind == 206
        ]
        assert len(requests) <= 2
        assert consumer.resent <= 1
        assert people.sfu.ctx.drops()["rtcp_rate"] > 0


async def test_a_flood_under_good_keys_stays_the_senders_own() -> None:
    """Ever new SSRCs, garbage behind right headers, noise in RTCP: the others hear every word."""
    async with talk() as people:
        attacker = await insider(people)
        chance = random.Random(2)
        for turn in range(8):
            for number in range(50):
                data = (
                    attacks.unknown_stream(chance, number),
                    attacks.garbage(chance, 1000, 50 * turn + number),
                    attacks.garbage_rtcp(chance),
                )[number % 3]
                with contextlib.suppress(pylibsrtp.Error):  # the sender's own library refuses some
                    await attacker.publisher.send_rtp(data)
            await people.goes_on()
        assert attacker.sending.stats()["dtls"] == "connected"
        assert len(attacker.sending.table.strangers) <= attacker.sending.table.STRANGER_LIMIT


async def test_a_recorded_check_moves_media_only_until_the_next_true_one() -> None:
    """Who can read the path can send a check again from elsewhere; ICE-lite takes it (RFC 8445 signs no
    address). The browser's next check takes the path back.
    """
    async with talk() as people:
        recorded = bytes(people.subscriber.request())
        with outsider(people.sfu) as attacker:
            attacker.send(recorded)
            await people.publisher.check()  # a round trip: the forged one has been read
            assert len(attacker.received()) == 1
            await people.subscriber.check()
            await people.goes_on()
            assert attacker.received() == []
