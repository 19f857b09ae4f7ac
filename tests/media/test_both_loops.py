"""The compiled loop and Python's do the same: to the same packets, every datagram and every counter."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pylibsrtp import Error

from media import context, core
from tests.support import sfu as support
from tests.support.packet_mix import PacketMix, Step
from tests.support.rtc_peer import Rtp
from tests.support.sfu import Sfu

pytestmark = pytest.mark.skipif(core.library is None, reason="the compiled loop of media/core is not built")

STEPS = 250
EXAMPLES = max(8, settings.default.max_examples // 25) if settings.default else 8
#: What depends on the time that something takes, or on the noise that protects a key exchange.
BY_TIME = {
    "packets_out",
    "rtcp_in",
    "stun_requests",
    "twcc_sent",
    "nacks_sent",
    "key_frame_requests",
    "bytes_in",
}


class Scene:
    """A publisher with camera and microphone; two who see and hear it, one who only hears it."""

    def __init__(self, sfu: Sfu) -> None:
        self._sfu = sfu
        self._held: list[tuple[int, bytes]] = []
        self._sent: list[bytes] = []
        self.handed_over = 0

    async def set_up(self) -> None:
        self._sender, self._publisher = await self._sfu.join("send")
        self._camera = self._sfu.produce_video(self._sender)
        self._microphone = self._sfu.produce_audio(self._sender)
        self._subscribers = []
        self._consumers = []
        for is_watching in (True, True, False):
            receiver, subscriber = await self._sfu.join("recv")
            self._subscribers.append(subscriber)
            for producer in (self._camera, self._microphone) if is_watching else (self._microphone,):
                self._consumers.append(self._sfu.consume(receiver, producer))
        self._stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def play(self, steps: list[Step]) -> None:
        for step in steps:
            if step.kind in ("pause", "resume"):
                await self._settle()
                owner: Any = {"camera": self._camera, "microphone": self._microphone}.get(step.target)
                getattr(owner or self._consumers[int(step.target)], step.kind)()
            else:
                with contextlib.suppress(Error):  # the sender's libsrtp does not let everything out
                    self._send(step)
            self._release()
        self._held = [(0, data) for _, data in self._held]
        self._release()
        await self._settle()
        self._stranger.close()

    def _send(self, step: Step) -> None:
        if step.kind == "stranger":
            self._stranger.sendto(step.data, ("127.0.0.1", self._sfu.ctx.port))
        elif step.kind == "raw":
            self._publisher.send_raw(step.data)
        elif step.kind == "replay":
            self._held.append((0, self._sent[-min(step.delay, len(self._sent))]))
        else:
            data = self._publisher.protect(step.data)
            if step.kind == "tampered":
                data = data[:-1] + bytes((data[-1] ^ 1,))
            else:
                self._sent.append(data)
            self._held.append((step.delay, data))

    def _release(self) -> None:
        due = [data for left, data in self._held if left <= 0]
        self._held = [(left - 1, data) for left, data in self._held if left > 0]
        for data in due:
            self._publisher.send_raw(data)

    async def _settle(self) -> None:
        """All that was sent has been handled, and what came of it has been decrypted."""
        await self._publisher.check()
        for peer in self._subscribers:
            await peer.check()
            while peer._wire.queue.qsize():
                await asyncio.sleep(0)
        await asyncio.sleep(0)

    def seen(self) -> dict[str, Any]:
        """Everything to compare."""
        streams = [self._camera.streams[0], self._microphone.streams[0]]
        return {
            "packets": [[_plain(packet) for packet in peer.rtp] for peer in self._subscribers],
            "drops": self._sfu.ctx.drops(),
            "counters": {n: v for n, v in self._sfu.ctx.counters().items() if n not in BY_TIME},
            "streams": [_stream(stream) for stream in streams],
            "consumers": [
                (item.packets, item.octets, item.resent, item in item.stream.active)
                for item in self._consumers
            ],
            "transport": (self._sender.state.packets_in, self._sender.state.bytes_in),
        }


def _plain(packet: Rtp) -> tuple[Any, ...]:
    extensions = {n: value for n, value in packet.extensions.items() if n != support.OUR_SEND_TIME}
    return (
        packet.ssrc,
        packet.sequence,
        packet.timestamp,
        packet.payload_type,
        packet.marker,
        extensions,
        packet.payload,
    )


def _stream(stream: Any) -> dict[str, Any]:
    state, reception = stream.state, stream.reception
    feedback = stream.producer.transport.feedback.state
    return {
        "counts": (stream.packets, stream.octets, stream.forwarded, stream.forwarded_octets, stream.repaired),
        "reception": (reception.highest, reception.received) if reception else None,
        "cache": {
            number: stream.cache.get(number) for number in range(stream.highest - 70, stream.highest + 1)
        },
        "voice": state.voice,
        "missing": list(stream.nack._missing) if stream.nack else [],
        "arrived": [index for index, tick in enumerate(feedback.ticks) if tick >= 0] if feedback else [],
    }


async def outcome(loop: Any, seed: int) -> dict[str, Any]:
    support.LOOP = loop
    async with Sfu() as sfu:
        scene = Scene(sfu)
        await scene.set_up()
        await scene.play(PacketMix(seed).steps(STEPS))
        return scene.seen()


@pytest.fixture(autouse=True, scope="module")
def fixed_numbers() -> Any:
    """First numbers are random; here they are the same each time, and the clock has no say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "randbelow", lambda limit: limit // 3)
        patch.setattr(support, "LOOP", core.library)
        patch.setattr(context, "ROOM_INTERVAL", 1e9)  # who is heard is decided by the clock, not by packets
        yield


@given(st.integers(0, 2**32))
@settings(max_examples=EXAMPLES, phases=[Phase.generate])  # a smaller seed is no simpler one
def test_both_loops_do_the_same_to_the_same_packets(seed: int) -> None:
    with asyncio.Runner() as runner:
        compiled = runner.run(outcome(core.library, seed))
        python = runner.run(outcome(None, seed))
    assert sum(map(len, compiled["packets"])) > STEPS / 2
    for part, found in python.items():
        assert compiled[part] == found, part
