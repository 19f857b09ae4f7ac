"""The impairments of the tests themselves: what a link does in simulated time, over fixed seeds, is what it
was told to do; and the proxy does the same to real sockets, a client at a time.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from media.transport import Transport
from tests.support.impairment import Impairment, Link
from tests.support.proxy import bad_network
from tests.support.rtc_peer import RtcPeer
from tests.support.sfu import Sfu

SEEDS = range(1, 6)
COUNT = 20_000
STEP = 0.001  # seconds between two datagrams


def travelled(
    impairment: Impairment, seed: int, size: int = 4, count: int = COUNT
) -> list[tuple[int, float]]:
    """Number and seconds under way of each datagram that arrived, in the order of arrival."""
    link = Link(impairment, seed)
    arrived: list[tuple[int, float]] = []

    def take(now: float) -> None:
        while link.next_arrival is not None and link.next_arrival <= now:
            at = link.next_arrival
            for data in itertools.islice(link.deliver(at), 1):
                number = int.from_bytes(data[:4], "big")
                arrived.append((number, at - number * STEP))

    for number in range(count):
        take(number * STEP)
        link.send(number.to_bytes(4, "big").ljust(size, b"."), number * STEP)
    take(1e9)
    return arrived


def lost(arrived: list[tuple[int, float]], count: int = COUNT) -> list[int]:
    return sorted(set(range(count)) - {number for number, _ in arrived})


def runs(numbers: list[int]) -> list[int]:
    """Lengths of the runs of consecutive numbers."""
    groups = itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    return [len(list(group)) for _, group in groups]


def test_a_clear_link_passes_everything_at_once_and_in_order() -> None:
    assert travelled(Impairment(), 1) == [(number, 0.0) for number in range(COUNT)]


@pytest.mark.parametrize("seed", SEEDS)
def test_losses_by_chance_are_as_many_as_wanted_and_stand_alone(seed: int) -> None:
    missing = lost(travelled(Impairment(loss=0.05), seed))
    assert 0.045 < len(missing) / COUNT < 0.055
    assert statistics.mean(runs(missing)) < 1.1  # 1 / (1 - 0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_bursts_are_as_many_and_as_long_as_wanted(seed: int) -> None:
    missing = lost(travelled(Impairment(burst=0.01, burst_length=5.0), seed))
    assert 0.038 < len(missing) / COUNT < 0.058  # 0.05 / 1.05
    assert 4.0 < statistics.mean(runs(missing)) < 6.0


@pytest.mark.parametrize("seed", SEEDS)
def test_jitter_varies_the_delay_within_its_bounds_and_keeps_the_order(seed: int) -> None:
    arrived = travelled(Impairment(delay=0.04, jitter=0.01), seed)
    delays = [delay for _, delay in arrived]
    assert [number for number, _ in arrived] == list(range(COUNT))
    assert 0.04 <= min(delays) < 0.042
    assert max(delays) < 0.05 + 1e-6
    assert 0.0445 < statistics.mean(delays) < 0.0495  # above the middle: who would overtake waits


@pytest.mark.parametrize("seed", SEEDS)
def test_some_fall_behind_later_ones_when_reordering(seed: int) -> None:
    numbers = [number for number, _ in travelled(Impairment(reorder=0.02), seed)]
    late = sum(
        number < highest for number, highest in zip(numbers, itertools.accumulate(numbers, max), strict=True)
    )
    assert sorted(numbers) == list(range(COUNT))
    assert 0.016 < late / COUNT < 0.024


@pytest.mark.parametrize("seed", SEEDS)
def test_some_come_twice_when_duplicating(seed: int) -> None:
    numbers = [number for number, _ in travelled(Impairment(duplicate=0.03), seed)]
    assert set(numbers) == set(range(COUNT))
    assert 0.026 < len(numbers) / COUNT - 1 < 0.034


def test_a_bottleneck_passes_its_rate_and_queues_no_longer_than_it_may() -> None:
    link = Impairment(rate=50_000, queue=0.2)  # bytes a second; 100,000 are offered
    arrived = travelled(link, 1, size=100)
    passed = len(arrived) * 100 / (COUNT * STEP)
    assert 49_000 < passed < 51_000
    assert 0.19 < max(delay for _, delay in arrived) <= 0.2 + 2 * 100 / 50_000
    assert [number for number, _ in arrived] == sorted(number for number, _ in arrived)


def test_everything_together_is_the_same_for_a_seed() -> None:
    every = Impairment(0.02, 0.005, 4.0, 0.03, 0.01, 0.05, 0.02, 0.02, 100_000, 0.1)
    assert travelled(every, 7, 50) == travelled(every, 7, 50) != travelled(every, 8, 50)


# --- the proxy ---


@contextmanager
def echo() -> Iterator[tuple[socket.socket, int]]:
    """A server's socket, and its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        yield server, server.getsockname()[1]


@contextmanager
def clients(count: int, port: int) -> Iterator[list[socket.socket]]:
    opened = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for client in opened:
            client.setblocking(False)
            client.connect(("127.0.0.1", port))
        yield opened
    finally:
        for client in opened:
            client.close()


async def test_each_client_has_an_address_of_its_own_at_the_server_and_gets_its_own_answers() -> None:
    loop = asyncio.get_running_loop()
    with echo() as (server, port):
        async with bad_network(port) as network:
            with clients(3, network.port) as people:
                for number, client in enumerate(people):
                    await loop.sock_sendall(client, bytes((number,)))
                sources = set()
                for _ in people:
                    data, source = await loop.sock_recvfrom(server, 10)
                    sources.add(source)
                    await loop.sock_sendto(server, b"to" + data, source)
                assert [await loop.sock_recv(client, 10) for client in people] == [b"to\0", b"to\1", b"to\2"]
                assert len(sources) == 3
                counted = await network.counts()
                assert (counted["lines"], counted["up"]["passed"], counted["down"]["passed"]) == (3, 3, 3)


async def through(seed: int) -> list[bytes]:
    """What arrives of a hundred datagrams, by the seed of the proxy."""
    loop = asyncio.get_running_loop()
    with echo() as (server, server_port):
        async with bad_network(server_port, up=Impairment(loss=0.3, reorder=0.1), seed=seed) as network:
            with clients(1, network.port) as (client,):
                for number in range(100):
                    await loop.sock_sendall(client, bytes((number,)))
                await network.change(up=Impairment(delay=0.1))  # the last one comes behind all others
                await loop.sock_sendall(client, b"last")
                arrived = [b""]
                while arrived[-1] != b"last":
                    arrived.append(await loop.sock_recv(server, 10))
                return sorted(arrived)


async def test_what_the_proxy_loses_is_decided_by_its_seed() -> None:
    first = await through(5)
    assert 50 < len(first) < 90
    assert first == await through(5) != await through(6)


async def test_a_line_can_be_cut_mended_and_given_another_address() -> None:
    loop = asyncio.get_running_loop()
    with echo() as (server, port):
        async with bad_network(port) as network:
            with clients(1, network.port) as (client,):
                await loop.sock_sendall(client, b"one")
                _, first = await loop.sock_recvfrom(server, 10)
                await network.change(up=Impairment(loss=1.0))
                await loop.sock_sendall(client, b"two")
                while (await network.counts())["up"]["lost"] == 0:
                    await asyncio.sleep(0)
                await network.rebind()
                await network.change(up=Impairment())
                await loop.sock_sendall(client, b"three")
                data, second = await loop.sock_recvfrom(server, 10)
                assert (data, first != second) == (b"three", True)


async def test_media_passes_a_bad_network_and_the_address_at_the_far_end_may_change() -> None:
    """ICE, DTLS and SRTP through 40 ms and 5 % loss each way; then a NAT forgets the client."""
    async with Sfu() as sfu, bad_network(sfu.ctx.port, up=BAD, down=BAD, seed=3) as network:
        transport = sfu.transport("send")
        peer = RtcPeer(network.port, transport.ice_parameters)
        sfu.peers.append(peer)
        await peer.open()
        await checked(peer)
        transport.connect(peer.dtls_parameters)
        await peer.handshake(transport.dtls_parameters)
        before = selected(transport)
        await network.rebind()
        await checked(peer)
        assert selected(transport) != before


BAD = Impairment(loss=0.05, delay=0.04, jitter=0.005)


async def checked(peer: RtcPeer) -> None:
    """A connectivity check, again while it is lost."""
    for _ in range(20):
        try:
            async with asyncio.timeout(0.5):
                await peer.check()
                return
        except TimeoutError:
            continue
    raise AssertionError("no answer to a check")


def selected(transport: Transport) -> str:
    return str(transport.stats()["address"])
