"""IPv6, IPv4, and both at one socket."""

from __future__ import annotations

import socket
import sys
from typing import Literal

import pytest

import tests.support.sfu as support
from media.net import udp
from media.net.ice import host_candidates
from media.net.udp import DatagramSocket, PlainSocket, pack_address, unpack_address
from media.stats import Counters
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import AUDIO_TYPE, Sfu


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")

Over = Literal["udp", "tcp"]


@needs_ipv6
@pytest.mark.usefixtures("packet_path")
@pytest.mark.parametrize("over", ["udp", "tcp"])
async def test_media_flows_over_ipv6(over: Over) -> None:
    async with Sfu(host="::1") as sfu:
        sender, publisher = await sfu.join("send", over=over)
        receiver, subscriber = await sfu.join("recv", over=over)
        assert publisher.address[0] == "::1"
        response = await publisher.check()
        assert response.attributes["XOR-MAPPED-ADDRESS"] == publisher.address
        sfu.consume(receiver, sfu.produce_audio(sender))
        await publisher.send_rtp(rtp_packet(2000, 1, 1, b"opus", AUDIO_TYPE))
        await subscriber.until(lambda: len(subscriber.rtp) == 1)


@needs_ipv6
@pytest.mark.parametrize("batches", [True, False])
async def test_one_socket_serves_both_and_people_move_between_them(
    batches: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not batches:
        monkeypatch.setattr(udp, "_LIBC", None)
        monkeypatch.setattr(support, "LOOP", None)
    async with Sfu(listen="::") as sfu:
        sender, publisher = await sfu.join("send")
        receiver, subscriber = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_audio(sender))

        async def says(number: int) -> None:
            await publisher.send_rtp(rtp_packet(2000, number, number, b"opus", AUDIO_TYPE))
            await subscriber.until(lambda: len(subscriber.rtp) == number)

        number = 0
        for peer in (publisher, subscriber, publisher, subscriber):
            peer._server = ("::1" if peer._server[0] == "127.0.0.1" else "127.0.0.1", sfu.ctx.port)
            await peer.open()
            await is_told_its_address(peer)
            number += 1
            await says(number)
        for over in ("udp", "tcp"):
            for peer in (publisher, subscriber):
                await (peer.open() if over == "udp" else peer.open_stream())
                await is_told_its_address(peer)
            number += 1
            await says(number)
        assert sfu.ctx.drops() == {}


async def is_told_its_address(peer: RtcPeer) -> None:
    """Each is told its own address in its own form, never as one mapped into IPv6."""
    response = await peer.check()
    assert response.attributes["XOR-MAPPED-ADDRESS"] == peer.address


@needs_ipv6
@pytest.mark.parametrize("kind", [DatagramSocket, PlainSocket])
def test_a_socket_for_both_answers_where_it_was_asked(kind: type[DatagramSocket]) -> None:
    if kind is DatagramSocket and sys.platform != "linux":
        pytest.skip("no recvmmsg on this platform")
    counters = Counters()
    both = kind("::", 0, counters)
    clients = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
    for client, host in zip(clients, ("127.0.0.1", "::1"), strict=True):
        client.settimeout(5)
        client.sendto(b"question", (host, both.port))
        while not both.receive():
            pass
        _, source = both.received(0)
        assert unpack_address(source)[1] == client.getsockname()[1]
        endpoint = both.endpoint(source)
        both.put(b"answer", endpoint)
        both.flush()
        assert client.recv(100) == b"answer"
        client.close()
    both.close()


def test_every_announced_address_is_offered_the_first_preferred_tcp_last() -> None:
    candidates = host_candidates(["203.0.113.7", "10.0.0.7", "2001:db8::7"], 40000)
    assert [(one.ip, one.protocol) for one in candidates] == [
        ("203.0.113.7", "udp"),
        ("10.0.0.7", "udp"),
        ("2001:db8::7", "udp"),
        ("203.0.113.7", "tcp"),
        ("10.0.0.7", "tcp"),
        ("2001:db8::7", "tcp"),
    ]
    priorities = [one.priority for one in candidates]
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) == len({one.foundation for one in candidates}) == 6
    assert all(0 < priority < 2**31 for priority in priorities)  # RFC 8445, 5.1.2


def test_an_address_of_ipv6_is_packed_as_the_kernel_does() -> None:
    packed = pack_address("2001:db8::7", 40000)
    assert len(packed) == 28
    assert unpack_address(packed) == ("2001:db8::7", 40000)
