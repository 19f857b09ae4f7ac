"""Hostile datagrams on the media port, from strangers, from somebody about to connect and from a publisher
who holds real keys. The worker's loop never sees an exception, and media between two others flows on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error

from tests.fuzz.shapes import mutated
from tests.fuzz.test_packets import RTCP, RTP, binding_request
from tests.support.rtc_peer import RtcPeer, rtp_packet
from tests.support.sfu import AUDIO_TYPE, Sfu

CLIENT_HELLO = bytes.fromhex("16fefd0000000000000000002e0100002200000000000000220303") + bytes(40)
ALERT = bytes.fromhex("15fefd000000000000000000020228")
APPLICATION_DATA = bytes.fromhex("17fefd000100000000000100100102030405060708090a0b0c0d0e0f10")
ANYTHING = st.binary(max_size=200) | mutated([*RTP, *RTCP, CLIENT_HELLO, ALERT, APPLICATION_DATA])

EXAMPLES_PER_TRANSPORT = 50


class Scene:
    """A worker's core with two who talk, one who is connected and hostile, one whose handshake is under way,
    and a stranger.
    """

    def __init__(self) -> None:
        self.failures: list[dict[str, Any]] = []
        self.sfu = Sfu()
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._number = 0

    async def set_up(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.failures.append(context))
        await self.sfu.__aenter__()
        sender, self.publisher = await self.sfu.join("send")
        self._receiver, self.subscriber = await self.sfu.join("recv")
        self.sfu.consume(self._receiver, self.sfu.produce_audio(sender))
        await self._let_them_in()

    async def _let_them_in(self) -> None:
        """What they do may have cost them their transports, or their consent has run out."""
        self._hostile, self.hostile = await self.sfu.join("send")
        self.sfu.consume(self._receiver, self.sfu.produce_video(self._hostile, ssrc=1000))
        self.sfu.produce_audio(self._hostile, ssrc=2000, mid="9")
        self._early = self.sfu.transport("send")
        self.early = await self.sfu.peer(self._early)
        await self.early.check()
        self._early.connect(self.early.dtls_parameters)

    async def _renew(self) -> None:
        for peer in (self.publisher, self.subscriber):
            await peer.check()
        for transport in (self._hostile, self._early):
            transport.close()
        for peer in (self.hostile, self.early):
            self.sfu.peers.remove(peer)
            await peer.close()
        await self._let_them_in()

    async def tear_down(self) -> None:
        self.stranger.close()
        await self.sfu.__aexit__(None, None, None)

    async def media_flows(self) -> None:
        """Whatever was sent before has been read by the time the packet comes out at the other end."""
        self._number += 1
        if self._number % EXAMPLES_PER_TRANSPORT == 0:
            await self._renew()
        expected = f"opus {self._number}".encode()
        await self.publisher.send_rtp(rtp_packet(2000, self._number, self._number, expected, AUDIO_TYPE))
        await self.subscriber.until(lambda: any(packet.payload == expected for packet in self.subscriber.rtp))
        self.subscriber.rtp.clear()
        self.subscriber.rtcp.clear()
        assert self.failures == []


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def scene(runner: asyncio.Runner) -> Iterator[Scene]:
    scene = Scene()
    runner.run(scene.set_up())
    yield scene
    runner.run(scene.tear_down())


@given(st.lists(ANYTHING | mutated([binding_request()]), min_size=1, max_size=8))
def test_from_nobody_we_know(runner: asyncio.Runner, scene: Scene, datagrams: list[bytes]) -> None:
    async def attack() -> None:
        for datagram in datagrams:
            scene.stranger.sendto(datagram, ("127.0.0.1", scene.sfu.ctx.port))
        await scene.media_flows()

    runner.run(attack())


@given(st.lists(ANYTHING, min_size=1, max_size=8), st.booleans())
def test_from_a_bound_address_without_keys(
    runner: asyncio.Runner, scene: Scene, datagrams: list[bytes], early: bool
) -> None:
    """Connected, or with the handshake under way. It may cost the sender its own transport."""

    async def attack() -> None:
        peer = scene.early if early else scene.hostile
        for datagram in datagrams:
            peer.send_raw(datagram)
        await scene.media_flows()

    runner.run(attack())


@given(st.lists(mutated([*RTP, *RTCP]), min_size=1, max_size=8))
def test_from_a_publisher_with_keys(runner: asyncio.Runner, scene: Scene, packets: list[bytes]) -> None:
    """Encrypted and authenticated as it should be, and wrong inside."""

    async def attack() -> None:
        for packet in packets:
            if len(packet) >= 12:
                await send_protected(scene.hostile, packet)
        await scene.media_flows()

    runner.run(attack())


async def send_protected(peer: RtcPeer, packet: bytes) -> None:
    try:
        await peer.send_rtp(packet)
    except Error:
        return  # the sender's libsrtp does not let everything out
