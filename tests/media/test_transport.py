"""ICE, DTLS and what becomes of a transport, over real sockets; and that strangers cannot disturb it."""

from __future__ import annotations

import asyncio
import os
import random
import socket

import pytest
from aioice import stun

from media.net.ice import ADDRESS_LIMIT, CONSENT_LIMIT, LIVELY_LIMIT, SILENCE_LIMIT
from media.net.stun import ROLE_CONFLICT
from media.protocol import DtlsFingerprint, DtlsParameters, TransportState
from media.transport import LIVELY_PACKETS, LIVELY_TICKS, Transport
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import AUDIO_TYPE, Sfu

pytestmark = pytest.mark.usefixtures("packet_path")

FORGED_ALERT = bytes.fromhex("15fefd000000000000000000020228")  # fatal, handshake failure
FORGED_HELLO = bytes.fromhex("16fefd0000000000000000002e0100002200000000000000220303") + bytes(40)


class Stranger:
    """An off-path attacker's socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._server = ("127.0.0.1", port)

    def attack(self, seed: int, forged_checks: list[bytes]) -> int:
        """One of each kind of hostile datagram, and some noise; the number sent."""
        noise = random.Random(seed)
        datagrams = [
            b"",
            b"\x00",
            b"\x00\x01",
            b"\x80",
            bytes(20),
            bytes.fromhex("000100002112a442") + bytes(12),
            FORGED_ALERT,
            FORGED_HELLO,
            rtp_packet(2000, 1, 1, b"injected", AUDIO_TYPE),
            bytes(5000),
            *forged_checks,
            *(noise.randbytes(noise.randrange(64)) for _ in range(20)),
        ]
        for datagram in datagrams:
            self._socket.sendto(datagram, self._server)
        return len(datagrams)

    def answers(self) -> int:
        count = 0
        try:
            while True:
                self._socket.recv(2048)
                count += 1
        except BlockingIOError:
            return count

    def close(self) -> None:
        self._socket.close()


async def test_strangers_disturb_nobody_before_during_and_after_set_up() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        stranger = Stranger(sfu.ctx.port)
        forged = [
            bytes(peer.request(password="guess")),
            bytes(peer.request())[:-1],
            bytes(peer.request())[:-4] + b"oops",
        ]
        stranger.attack(1, forged)
        await peer.check()
        transport.connect(peer.dtls_parameters)
        handshake = asyncio.create_task(peer.handshake(transport.dtls_parameters))
        for seed in range(20):
            stranger.attack(seed, forged)
            await asyncio.sleep(0)
        await handshake
        stranger.attack(2, forged)
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(transport))
        for number in range(10):
            stranger.attack(number, forged)
            await peer.send_rtp(rtp_packet(2000, number, number, b"opus", AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 10)
        assert peer.dtls_state == "connected"
        assert {packet.payload for packet in subscriber.rtp} == {b"opus"}
        assert stranger.answers() == 0
        drops = sfu.ctx.drops()
        for reason in ("empty", "unbound", "too_long", "stun_malformed", "stun_unauthenticated"):
            assert drops[reason] > 0, reason
        assert "srtp_authentication" not in drops
        stranger.close()


async def test_noise_from_the_bound_address_is_dropped_and_harms_nothing() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        noise = random.Random(7)
        for first in (*range(4), *range(16, 80, 7), *range(128, 192, 5), 255):
            for _ in range(4):
                publisher.send_raw(bytes((first,)) + noise.randbytes(noise.randrange(90)))
        publisher.send_raw(FORGED_ALERT)
        publisher.send_raw(FORGED_HELLO)
        publisher.send_raw(b"")
        await publisher.send_rtp(rtp_packet(2000, 1, 1, b"opus", AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 1)
        assert sfu.ctx.drops()["srtp_authentication"] > 0


async def test_replayed_packets_are_dropped() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        packets = [publisher.protect(rtp_packet(2000, n, n, b"opus", AUDIO_TYPE)) for n in range(3)]
        for packet in [*packets, *packets]:
            publisher.send_raw(packet)
        await publisher.send_rtp(rtp_packet(2000, 3, 3, b"opus", AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 4)
        assert sfu.ctx.drops() == {"srtp_replay": 3}


async def test_a_check_is_answered_with_the_address_it_came_from() -> None:
    async with Sfu() as sfu:
        peer = await sfu.peer(sfu.transport("send"))
        response = await peer.check(nominate=False)
        assert response.message_class == stun.Class.RESPONSE
        assert response.attributes["XOR-MAPPED-ADDRESS"] == peer.address


async def test_a_client_that_claims_to_be_controlled_is_told_of_the_conflict() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        response = await peer.check(controlled=True)
        assert response.message_class == stun.Class.ERROR
        assert response.attributes["ERROR-CODE"][0] == ROLE_CONFLICT
        assert transport.stats()["ice"] == "new"


async def test_states_are_told_in_their_order() -> None:
    async with Sfu() as sfu:
        transport, peer = await sfu.join("send")
        await peer.close()
        while transport.stats()["dtls"] != "closed":
            await asyncio.sleep(0)
        told = [(n.ice, n.dtls) for n in sfu.notes if isinstance(n, TransportState)]
        assert told == [
            ("connected", "new"),
            ("connected", "connecting"),
            ("connected", "connected"),
            ("connected", "closed"),
        ]


async def test_a_wrong_fingerprint_fails_the_transport() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        await peer.check()
        wrong = DtlsFingerprint("sha-256", ":".join(["00"] * 32))
        transport.connect(DtlsParameters([wrong], "client"))
        await peer.handshake(transport.dtls_parameters)
        while transport.stats()["dtls"] == "connecting":
            await asyncio.sleep(0)
        assert transport.stats()["dtls"] == "failed"
        await peer.send_rtp(rtp_packet(2000, 1, 1, b"opus", AUDIO_TYPE))
        await peer.check()
        assert sfu.ctx.drops()["before_dtls"] == 1


async def test_a_fingerprint_of_an_unknown_digest_is_refused() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        with pytest.raises(ValueError, match="fingerprint"):
            transport.connect(DtlsParameters([DtlsFingerprint("md5", "00")], "client"))


async def test_we_are_the_dtls_client_where_the_browser_wants_to_be_server() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        transport.connect(DtlsParameters(peer.dtls_parameters.fingerprints, "server"))
        handshake = asyncio.create_task(peer.handshake(transport.dtls_parameters, role="server"))
        await peer.check()
        await handshake
        assert peer.dtls_state == "connected"


async def test_silence_tells_sooner_where_media_was_coming_and_more_is_due() -> None:
    async with Sfu() as sfu:
        transport, publisher = await sfu.join("send")
        producer = sfu.produce_audio(transport)

        async def speak(first: int) -> float:
            for number in range(first, first + LIVELY_PACKETS):
                await publisher.send_rtp(rtp_packet(2000, number, number, b"speech", AUDIO_TYPE))
            await publisher.check()
            return sfu.ctx.now

        for tick in range(LIVELY_TICKS):
            assert transport._ice.patience == SILENCE_LIMIT
            heard = await speak(1 + LIVELY_PACKETS * tick)
            transport.tick(heard)
        transport.tick(heard + LIVELY_LIMIT - 0.1)
        assert transport.stats()["ice"] == "connected"
        transport.tick(heard + LIVELY_LIMIT + 0.1)
        assert sfu.notes[-1] == TransportState(transport.id, "disconnected", "connected")
        heard = await speak(100)
        transport.tick(heard)
        producer.pause()  # nothing is due any more
        transport.tick(heard + 1.0)
        transport.tick(heard + SILENCE_LIMIT - 0.1)
        assert transport.stats()["ice"] == "connected"
        transport.tick(heard + SILENCE_LIMIT + 0.1)
        assert transport.stats()["ice"] == "disconnected"


async def test_silence_disconnects_and_a_check_connects_again() -> None:
    async with Sfu() as sfu:
        transport, peer = await sfu.join("recv")
        sender, publisher = await sfu.join("send")
        consumer = sfu.consume(transport, sfu.produce_audio(sender))
        transport.tick(sfu.ctx.now + SILENCE_LIMIT + 0.1)
        assert sfu.notes[-1] == TransportState(transport.id, "disconnected", "connected")
        assert is_writable(transport)  # consent lasts longer than patience
        transport.tick(sfu.ctx.now + CONSENT_LIMIT + 0.1)
        assert not is_writable(transport)
        await publisher.send_rtp(rtp_packet(2000, 1, 1, b"lost", AUDIO_TYPE))
        await publisher.check()
        assert consumer.packets == 0
        await peer.check()
        assert sfu.notes[-1] == TransportState(transport.id, "connected", "connected")
        await publisher.send_rtp(rtp_packet(2000, 2, 2, b"heard", AUDIO_TYPE))
        await peer.until(lambda: len(peer.rtp) == 1)


def is_writable(transport: Transport) -> bool:
    return transport.writable


async def test_media_moves_with_the_browser_to_another_address() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))

        async def say(number: int) -> None:
            await publisher.send_rtp(rtp_packet(2000, number, number, b"opus", AUDIO_TYPE))
            await subscriber.until(lambda: len(subscriber.rtp) == number)

        await say(1)
        for peer in (subscriber, publisher):
            before = peer.address
            await peer.open()
            assert peer.address != before
            await peer.check()
        await say(2)
        assert len(receiver.stats()["address"]) > 0
        assert sfu.ctx.drops() == {}


async def test_ice_restart_keeps_the_old_pair_until_the_new_credentials_are_used() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        old = subscriber.ice
        new = receiver.restart_ice()
        assert new.usernameFragment != old.usernameFragment
        await subscriber.check()  # under the old credentials
        await publisher.send_rtp(rtp_packet(2000, 1, 1, b"opus", AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 1)
        subscriber.ice = new
        await subscriber.open()
        await subscriber.check(nominate=False)
        await publisher.send_rtp(rtp_packet(2000, 2, 2, b"opus", AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 2)
        subscriber.ice = old
        subscriber.send_raw(bytes(subscriber.request()))
        subscriber.ice = new
        await subscriber.check()
        assert sfu.ctx.drops() == {"stun_unknown_user": 1}


async def test_nobody_can_take_over_an_address_in_use() -> None:
    async with Sfu() as sfu:
        _, victim = await sfu.join("send")
        thief = RtcPeer(sfu.ctx.port, sfu.transport("send").ice_parameters)
        victim.send_raw(bytes(thief.request()))  # as if the thief forged the victim's address
        await victim.check()
        assert sfu.ctx.drops() == {"address_in_use": 1}


async def test_an_address_that_was_left_belongs_to_who_checks_from_it_next() -> None:
    async with Sfu() as sfu:
        transport, first = await sfu.join("send")
        left = first.keep_open()
        await first.open()
        await first.check()
        next_one = sfu.transport("send")
        left.sendto(bytes(RtcPeer(sfu.ctx.port, next_one.ice_parameters).request()))
        await first.check()
        host, port = left.get_extra_info("sockname")
        assert next_one.stats()["address"] == f"{host}:{port}"
        assert transport.stats()["ice"] == "connected"
        assert sfu.ctx.drops() == {}
        left.close()


async def test_addresses_of_a_transport_are_bounded() -> None:
    async with Sfu() as sfu:
        peer = await sfu.peer(sfu.transport("send"))
        for _ in range(ADDRESS_LIMIT + 5):
            await peer.open()
            await peer.check()
        assert sfu.ctx.counters()["addresses"] == ADDRESS_LIMIT


async def test_records_before_connect_and_floods_of_them_are_bounded() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        await peer.check()
        for _ in range(100):
            peer.send_raw(b"\x16" + os.urandom(60))
        await peer.check()
        assert sfu.ctx.drops()["dtls_queue_full"] == 100 - 32
        transport.connect(peer.dtls_parameters)
        await peer.handshake(transport.dtls_parameters)
        assert peer.dtls_state == "connected"


async def test_closing_releases_everything() -> None:
    tasks = asyncio.all_tasks()
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        receiver.restart_ice()
        half_open = sfu.transport("send")
        peer = await sfu.peer(half_open)
        await peer.check()
        half_open.connect(peer.dtls_parameters)
        sfu.room.close()
        sfu.room.close()
        ctx = sfu.ctx
        assert not ctx.rooms
        assert not ctx.transports
        assert not ctx._bindings
        assert not ctx._fragments
        while publisher.dtls_state != "closed" or subscriber.dtls_state != "closed":
            await asyncio.sleep(0)  # both have been told
    assert asyncio.all_tasks() == tasks
