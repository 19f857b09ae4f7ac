"""A browser changes its way to us in the middle, over real sockets: its keys stay, and media goes on."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
from typing import Any

import pytest

from media.net.ice import ADDRESS_LIMIT, CONSENT_LIMIT
from media.transport import Transport
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import AUDIO_TYPE, Sfu

pytestmark = pytest.mark.usefixtures("packet_path")

RESTARTS = 170  # with each seed, so more than 500 in all


class Talk:
    """Somebody speaks, somebody listens; `goes_on` is one packet from the one to the other."""

    def __init__(self, sfu: Sfu) -> None:
        self.sfu = sfu
        self._numbers = itertools.count(1)

    async def begin(self) -> Talk:
        self.sender, self.publisher = await self.sfu.join("send")
        self.receiver, self.subscriber = await self.sfu.join("recv")
        self.sfu.consume(self.receiver, self.sfu.produce_audio(self.sender))
        self.keys = self._keys()
        await self.goes_on()
        return self

    def _keys(self) -> tuple[object, object]:
        return (self.sender._receive_handle, self.receiver.send_handle)

    async def speak(self) -> int:
        number = next(self._numbers)
        await self.publisher.send_rtp(rtp_packet(2000, number, 960 * number, b"opus", AUDIO_TYPE))
        return number

    async def goes_on(self) -> None:
        """The next packet arrives, under the keys of the one handshake there was."""
        before = len(self.subscriber.rtp)
        await self.speak()
        await self.subscriber.until(lambda: len(self.subscriber.rtp) > before)
        assert self._keys() == self.keys
        for transport, peer in ((self.sender, self.publisher), (self.receiver, self.subscriber)):
            assert (transport.stats()["ice"], transport.stats()["dtls"]) == ("connected", "connected")
            assert peer.dtls_state == "connected"

    @property
    def ends(self) -> list[tuple[Transport, RtcPeer]]:
        return [(self.sender, self.publisher), (self.receiver, self.subscriber)]


def records_of(peer: RtcPeer) -> list[bytes]:
    """From now on: the DTLS records that it sends or receives."""
    records: list[bytes] = []

    def look(datagram: bytes) -> list[bytes]:
        if datagram and 20 <= datagram[0] <= 63:
            records.append(datagram)
        return [datagram]

    peer.incoming = peer.outgoing = look
    return records


async def test_a_restart_on_a_new_address_needs_no_handshake_and_loses_only_what_was_on_its_way() -> None:
    async with Sfu() as sfu:
        talk = await Talk(sfu).begin()
        for transport, peer in talk.ends:
            records = records_of(peer)
            ice = transport.restart_ice()
            await talk.goes_on()  # over the old pair
            peer.ice = ice
            await peer.open()
            lost = await talk.speak()  # sent to, or from, an address that is no more
            await peer.check()
            await talk.goes_on()
            assert records == []
            assert len(talk.subscriber.rtp) < lost + 1
        first = talk.subscriber.rtp[0]
        assert [packet.ssrc for packet in talk.subscriber.rtp] == [first.ssrc] * len(talk.subscriber.rtp)
        sequences = [packet.sequence for packet in talk.subscriber.rtp]
        assert sequences == sorted(sequences)


async def test_a_handshake_survives_a_change_of_address() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        await peer.check()
        transport.connect(peer.dtls_parameters)
        sent: list[bytes] = []

        def first_flight_only(datagram: bytes) -> list[bytes]:
            if not 20 <= datagram[0] <= 63:
                return [datagram]
            sent.append(datagram)
            return [datagram] if len(sent) == 1 else []

        peer.outgoing = first_flight_only
        handshake = asyncio.create_task(peer.handshake(transport.dtls_parameters))
        while len(sent) < 2:
            await asyncio.sleep(0)
        peer.outgoing = None
        await peer.open()
        await peer.check()
        await handshake  # goes on with the repetition of its second flight
        assert peer.dtls_state == "connected"
        while transport.stats()["dtls"] != "connected":
            await asyncio.sleep(0)


async def test_the_browser_chooses_among_its_addresses() -> None:
    async with Sfu() as sfu:
        talk = await Talk(sfu).begin()
        peer = talk.subscriber
        one = peer.keep_open()
        await peer.open()
        other = peer.keep_open()
        peer.use(other)
        arrivals = [Arrivals(one), Arrivals(other)]
        await peer.check(nominate=False)
        await talk.goes_on()
        for chosen, at in ((one, 0), (other, 1), (other, 1), (one, 0)):
            peer.use(chosen)
            await peer.check()
            before = [each.media for each in arrivals]
            await talk.goes_on()
            assert [each.media - was for each, was in zip(arrivals, before, strict=True)] == [1 - at, at]
        other.close()


class Arrivals:
    """Counts the media that comes to one of a peer's sockets."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self.media = 0
        protocol: Any = transport.get_protocol()
        received = protocol.datagram_received

        def counting(data: bytes, address: tuple[str, int]) -> None:
            self.media += 128 <= data[0] <= 191 and not 192 <= data[1] <= 223
            received(data, address)

        protocol.datagram_received = counting


async def test_nothing_is_taken_from_a_rebound_address_before_it_has_signed() -> None:
    async with Sfu() as sfu:
        talk = await Talk(sfu).begin()
        await talk.publisher.open()  # the browser's NAT has given it another port
        await talk.speak()
        while sfu.ctx.drops().get("unbound") != 1:
            await asyncio.sleep(0)
        await talk.publisher.check()
        await talk.goes_on()
        assert sfu.ctx.drops() == {"unbound": 1}


async def test_consent_ends_what_is_sent_and_a_check_begins_it_again() -> None:
    async with Sfu() as sfu:
        talk = await Talk(sfu).begin()
        talk.receiver.tick(sfu.ctx.refresh() + CONSENT_LIMIT + 0.1)
        assert not talk.receiver.writable
        await talk.speak()
        await talk.publisher.check()
        assert len(talk.subscriber.rtp) == 1
        await talk.subscriber.open()
        await talk.subscriber.check()
        await talk.goes_on()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_many_restarts_leave_nobody_stuck(seed: int) -> None:
    """Restarts in every order: asked for twice, on the old address or a new one, over TCP or UDP, with checks
    under the old credentials before and after. Each ends with media.
    """
    chance = random.Random(seed)
    async with Sfu() as sfu:
        talk = await Talk(sfu).begin()
        for _ in range(RESTARTS):
            transport, peer = chance.choice(talk.ends)
            old = peer.ice
            new = transport.restart_ice()
            if chance.random() < 0.2:
                new = transport.restart_ice()
            if chance.random() < 0.5:
                await peer.check()  # the answer is still on its way to the browser
            peer.ice = new
            way = chance.random()
            if way < 0.5:
                await peer.open()
            elif way < 0.7:
                await peer.open_stream()
            await peer.check(nominate=chance.random() < 0.5)
            if chance.random() < 0.3:
                peer.ice = old
                if peer.stream is None:
                    peer.send_raw(bytes(peer.request()))  # late; nothing may come of it
                peer.ice = new
            await talk.goes_on()
        assert sfu.ctx.counters()["addresses"] <= 2 * ADDRESS_LIMIT
        assert sfu.ctx.drops().keys() <= {"stun_unknown_user"}


async def test_a_stranger_moves_nobody() -> None:
    async with Sfu() as sfu:
        talk = await Talk(sfu).begin()
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stranger.setblocking(False)
        server = ("127.0.0.1", sfu.ctx.port)
        chance = random.Random(1)
        for number in range(300):
            transport, peer = chance.choice(talk.ends)
            guess = bytes(peer.request(password=chance.randbytes(16).hex()))
            stranger.sendto(guess, server)
            signed = bytes(peer.request(nominate=False))
            stranger.sendto(signed[:-12] + chance.randbytes(12), server)
            if number % 10 == 0:
                await talk.goes_on()
            before = transport.stats()["address"]
            assert before == "{}:{}".format(*peer.address)
        await talk.goes_on()
        with pytest.raises(BlockingIOError):
            stranger.recv(1)  # and is told nothing
        assert sfu.ctx.counters()["addresses"] == 2
        assert sfu.ctx.drops().keys() <= {"stun_unauthenticated", "stun_malformed"}
        stranger.close()
