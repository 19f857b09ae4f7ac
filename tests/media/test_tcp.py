"""Media over TCP, for browsers without UDP; and that strangers' connections hold nothing up."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.net import tcp
from media.net.ice import CONSENT_LIMIT
from media.protocol import TransportState
from media.transport import Transport
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import AUDIO_TYPE, VIDEO_TYPE, Sfu, vp8_payload

pytestmark = pytest.mark.usefixtures("packet_path")

HANDSHAKE_PACKET = b"\x16" + bytes(60)


async def says(publisher: RtcPeer, subscriber: RtcPeer, number: int) -> None:
    """One packet of sound from one to the other."""
    before = len(subscriber.rtp)
    await publisher.send_rtp(rtp_packet(2000, number, 960 * number, b"opus", AUDIO_TYPE))
    await subscriber.until(lambda: len(subscriber.rtp) > before)


@pytest.mark.parametrize("sender_over", ["udp", "tcp"])
@pytest.mark.parametrize("receiver_over", ["udp", "tcp"])
async def test_media_flows_whatever_each_is_connected_by(sender_over: str, receiver_over: str) -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send", over=sender_over)  # type: ignore[arg-type]
        receiver, subscriber = await sfu.join("recv", over=receiver_over)  # type: ignore[arg-type]
        consumer = sfu.consume(receiver, sfu.produce_audio(sender))
        for number in range(1, 30):
            await says(publisher, subscriber, number)
        first = subscriber.rtp[0].sequence
        assert [packet.sequence - first for packet in subscriber.rtp] == list(range(29))
        assert sfu.ctx.drops() == {}
        assert consumer.packets == 29
        assert (sender.stats()["protocol"], receiver.stats()["protocol"]) == (sender_over, receiver_over)
        assert sfu.ctx.counters()["streams"] == [sender_over, receiver_over].count("tcp")


async def test_a_check_is_answered_with_the_address_of_the_connection() -> None:
    async with Sfu() as sfu:
        peer = await sfu.peer(sfu.transport("send"))
        await peer.open_stream()
        response = await peer.check()
        assert response.attributes["XOR-MAPPED-ADDRESS"] == peer.address


async def test_a_path_moves_to_tcp_and_back_under_the_same_keys() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        other, listener = await sfu.join("recv")
        producer = sfu.produce_audio(sender)
        sfu.consume(receiver, producer)
        sfu.consume(other, producer)
        number = 0
        for over in ("tcp", "udp", "tcp", "tcp", "udp"):
            for peer in (publisher, subscriber):
                await (peer.open_stream() if over == "tcp" else peer.open())
                await peer.check()
            for _ in range(3):
                number += 1
                await says(publisher, subscriber, number)
        await listener.until(lambda: len(listener.rtp) == number)  # who stayed is not disturbed
        first = subscriber.rtp[0].sequence
        assert [packet.sequence - first for packet in subscriber.rtp] == list(range(number))
        assert sfu.ctx.drops() == {}


async def test_a_connection_that_ends_leaves_the_other_path() -> None:
    async with Sfu() as sfu:
        transport, peer = await sfu.join("send")
        datagrams = peer.keep_open()
        await peer.open_stream()
        await peer.check()
        assert transport.stats()["protocol"] == "tcp"
        assert peer.stream is not None
        peer.stream.close()
        peer.stream = None
        peer.use(datagrams)
        while transport.stats()["protocol"] != "udp":
            await asyncio.sleep(0)
        assert transport.stats()["ice"] == "connected"


async def test_a_connection_that_ends_is_noticed_at_once() -> None:
    async with Sfu() as sfu:
        transport, peer = await sfu.join("send", over="tcp")
        assert peer.stream is not None
        peer.stream.abort()
        while TransportState(transport.id, "disconnected", "connected") not in sfu.notes:
            await asyncio.sleep(0)
        assert sfu.ctx.counters()["addresses"] == 0
        await peer.open_stream()
        await peer.check()
        assert transport.stats()["ice"] == "connected"


async def test_closing_a_transport_closes_its_connection() -> None:
    async with Sfu() as sfu:
        transport, peer = await sfu.join("send", over="tcp")
        transport.close()
        await peer.stream_closed.wait()
        assert peer.dtls_state == "closed"  # it was told before
        assert sfu.ctx.counters()["streams"] == 0


async def test_a_connection_without_checks_is_closed_with_its_consent() -> None:
    async with Sfu() as sfu:
        transport, peer = await sfu.join("send", over="tcp")
        stream, peer.stream = peer.stream, None
        await peer.open()
        await peer.check()
        transport.tick(sfu.ctx.now + CONSENT_LIMIT + 1)
        await peer.stream_closed.wait()
        assert stream is not None
        assert sfu.ctx.counters()["streams"] == 0


# --- what comes, in whatever pieces ------------------------------------------------------------------


def framed(packet: bytes) -> bytes:
    return len(packet).to_bytes(2, "big") + packet


async def test_packets_may_come_in_any_pieces() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send", over="tcp")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        assert publisher.stream is not None
        stream = b"".join(
            framed(publisher.protect(rtp_packet(2000, number, number, b"x" * number, AUDIO_TYPE)))
            for number in range(1, 200)
        )
        # All lengths from 1 on, so that every place is a border once; the last is longer than a buffer.
        at, piece = 0, 1
        while at < len(stream):
            publisher.stream.write(stream[at : at + piece])
            at, piece = at + piece, piece + 1
            await asyncio.sleep(0)
        publisher.stream.write(b"".join(framed(b"") for _ in range(3)))
        await subscriber.until(lambda: len(subscriber.rtp) == 199)
        await publisher.check()
        assert sfu.ctx.drops() == {"empty": 3}


async def test_a_packet_longer_than_any_ends_the_connection() -> None:
    async with Sfu() as sfu:
        transport, peer = await sfu.join("send", over="tcp")
        assert peer.stream is not None
        peer.stream.write((tcp.FRAME_LIMIT + 1).to_bytes(2, "big"))
        await peer.stream_closed.wait()
        assert sfu.ctx.drops() == {"stream_malformed": 1}
        assert transport.stats()["ice"] == "disconnected"


async def test_what_has_no_key_as_yet_is_dropped() -> None:
    async with Sfu() as sfu:
        peer = await sfu.peer(sfu.transport("send"))
        await peer.open_stream()
        await peer.check()
        peer.send_raw(b"\x80" * 20)
        peer.send_raw(b"\xff" * 20)
        await peer.check()
        assert sfu.ctx.drops() == {"before_dtls": 1, "unknown_kind": 1}


# --- strangers -----------------------------------------------------------------------------------


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Waits for the end; whether it came without a byte."""
    try:
        async with asyncio.timeout(5):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def test_who_says_nothing_signed_is_put_out() -> None:
    async with Sfu() as sfu:
        transport = sfu.transport("send")
        peer = await sfu.peer(transport)
        forged = bytes(peer.request(password="guess"))
        unknown = bytes(peer.request()).replace(peer.ice.usernameFragment.encode(), b"0123456789abcdef")
        for first in (forged, unknown, HANDSHAKE_PACKET, b"\x80" * 40, b"", b"GET / HTTP/1.1\r\n"):
            async with connection(sfu.ctx.port) as (reader, writer):
                writer.write(framed(first) + framed(bytes(peer.request())))  # what follows does not help
                assert await is_closed(reader), first
        async with connection(sfu.ctx.port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await is_closed(reader)
        assert sfu.ctx.drops()["stream_stranger"] == 6
        assert sfu.ctx.drops()["stream_malformed"] == 1
        assert transport.stats()["ice"] == "new"
        assert sfu.ctx.counters()["streams"] == 0


async def test_who_takes_too_long_is_put_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "PATIENCE", 0.2)
    async with Sfu() as sfu:
        _, peer = await sfu.join("send", over="tcp")
        async with connection(sfu.ctx.port) as (silent, _), connection(sfu.ctx.port) as (slow, writer):

            async def drip() -> None:
                for byte in framed(bytes(peer.request())):
                    writer.write(bytes((byte,)))
                    await asyncio.sleep(0.01)

            dripping = asyncio.create_task(drip())
            assert await is_closed(silent)
            assert await is_closed(slow)
            dripping.cancel()
        assert sfu.ctx.drops() == {"stream_stranger": 2}
        await peer.check()  # one that is known stays


@pytest.mark.parametrize("limit", ["STRANGERS", "STRANGERS_PER_SITE"])
async def test_strangers_beyond_the_limit_put_out_the_oldest_and_nobody_known(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, limit, 3)
    async with Sfu() as sfu:
        known = [await sfu.join("send", over="tcp") for _ in range(5)]
        strangers = [await asyncio.open_connection("127.0.0.1", sfu.ctx.port) for _ in range(3)]
        while sfu.ctx.counters()["streams"] < 8:
            await asyncio.sleep(0)
        await sfu.join("send", over="tcp")  # somebody expected comes in all the same
        assert await is_closed(strangers[0][0])
        assert sfu.ctx.drops() == {"stream_refused": 1}
        for _, peer in known:
            await peer.check()
        for _, writer in strangers:
            writer.close()


async def test_connections_altogether_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "CONNECTIONS", 2)
    async with Sfu() as sfu:
        known = [await sfu.join("send", over="tcp") for _ in range(2)]
        async with connection(sfu.ctx.port) as (reader, _):
            assert await is_closed(reader)
        assert sfu.ctx.drops() == {"stream_refused": 1}
        for _, peer in known:
            await peer.check()


async def test_nobody_takes_over_a_connection() -> None:
    async with Sfu() as sfu:
        _, victim = await sfu.join("send", over="tcp")
        thief = RtcPeer(sfu.ctx.port, sfu.transport("send").ice_parameters)
        victim.send_raw(bytes(thief.request()))
        await victim.check()
        assert sfu.ctx.drops() == {"address_in_use": 1}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.binary(min_size=1, max_size=700), min_size=1, max_size=8))
def test_no_bytes_do_harm(pieces: list[bytes]) -> None:
    async def attack() -> None:
        async with Sfu() as sfu:
            async with connection(sfu.ctx.port) as (_, writer):
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0)
            _, peer = await sfu.join("send", over="tcp")
            await peer.check()

    asyncio.run(attack())


# --- who does not take what is sent ----------------------------------------------------------------

FRAME = 10  # packets of a picture


def picture(number: int) -> list[bytes]:
    """The packets of one picture, 1 kB each; the first picture is a key frame."""
    return [
        rtp_packet(
            1000,
            number * FRAME + part,
            3000 * number,
            vp8_payload(key=not number and not part, picture=number, tl0=number, size=1000),
            VIDEO_TYPE,
            marker=part == FRAME - 1,
        )
        for part in range(FRAME)
    ]


async def stalled(sfu: Sfu, receiver: Transport, subscriber: RtcPeer) -> None:
    """From now on the subscriber's side of the connection reads nothing."""
    await subscriber.open_stream()
    assert subscriber.stream is not None
    subscriber.stream.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await subscriber.check()
    assert receiver.stats()["protocol"] == "tcp"
    subscriber.stream.pause_reading()


async def test_video_is_left_out_to_the_end_of_its_picture_and_sound_waits_longer() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        video = sfu.consume(receiver, sfu.produce_video(sender))
        audio = sfu.consume(receiver, sfu.produce_audio(sender))
        await stalled(sfu, receiver, subscriber)

        async def sends(packet: bytes) -> int:
            """Packets left out in all, once this one has been looked at."""
            await publisher.send_rtp(packet)
            await publisher.check()
            return sfu.ctx.drops().get("stream_queue_full", 0)

        for number, part in itertools.product(range(500), range(FRAME)):  # 5 MB: more than any buffer takes
            left_out = await sends(picture(number)[part])
            if left_out and part <= FRAME - 3:
                break
        assert await sends(rtp_packet(2000, 1, 960, b"still heard", AUDIO_TYPE)) == left_out
        assert subscriber.stream is not None
        subscriber.stream.resume_reading()
        await subscriber.until(lambda: subscriber.rtp[-1:] != [] and subscriber.rtp[-1].ssrc == audio.ssrc)
        # All has been taken: there is room, but not for the rest of this picture.
        for rest in picture(number)[part + 1 :]:
            left_out += 1
            assert await sends(rest) == left_out
        for packet in picture(number + 1):
            assert await sends(packet) == left_out
        last = 3000 * (number + 1) + video.numbers.timestamp_offset & 0xFFFFFFFF
        await subscriber.until(lambda: sum(packet.timestamp == last for packet in subscriber.rtp) == FRAME)


async def test_what_waits_is_bounded() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))
        await stalled(sfu, receiver, subscriber)
        connection = receiver.connection
        assert connection is not None
        for number in range(3000):
            await publisher.send_rtp(rtp_packet(2000, number, 960 * number, bytes(900), AUDIO_TYPE))
            if number % 20 == 0:
                await publisher.check()
        assert sfu.ctx.drops()["stream_queue_full"] > 500
        assert connection._transport is not None
        assert connection._transport.get_write_buffer_size() <= max(tcp.LIMITS.values())
