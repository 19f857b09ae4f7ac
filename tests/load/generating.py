"""The benchmarks' end of the load generator (`tests.load.generator`), and rooms full of its peers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media import protocol
from media.client import MediaWorker
from tests.support.captures import capabilities, produced

FOREVER = 3600.0  # seconds
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Played:
    """What a run gave. Delivered packets are those that arrived times the share of the sample that was
    decrypted rightly; where everything is in the sample that is exactly what was decrypted.
    """

    sent: int
    expected: int  # deliveries
    delivered: float
    sampled: int
    refused: int  # of the sample: not decrypted
    seconds: float
    cpu: float  # the generator's own, seconds
    p50: float  # milliseconds under way
    p99: float
    p999: float
    longest: float
    gap: float  # milliseconds, of watched subscribers
    holes: int  # packets that watched subscribers missed
    key_frame_requests: list[float]  # that reached a publisher; seconds since the beginning

    @property
    def lost(self) -> float:
        """Share of the deliveries."""
        return max(0.0, 1 - self.delivered / self.expected) if self.expected else 0.0


@dataclass(frozen=True, slots=True)
class Remote:
    """The server's end for one peer of the generator."""

    peer: str
    host: str
    port: int
    ice: protocol.IceParameters
    fingerprints: list[protocol.DtlsFingerprint]


class Run:
    """A run in the background."""

    result: Played


class GeneratorDied(Exception):
    """The generator's process ended; its own words are on stderr."""


class Generator:
    """A running generator process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def create(
        self, peers: dict[str, bool], profile: str = "gcm"
    ) -> dict[str, list[protocol.DtlsFingerprint]]:
        """New peers by name, and whether each sends; their fingerprints. ``profile`` is "gcm" or "cm"."""
        answer = await self.ask(
            "create",
            peers=[
                {"name": name, "profile": profile, "streams": streams_of_chromium() if sends else []}
                for name, sends in peers.items()
            ],
        )
        return {name: [protocol.DtlsFingerprint(*pair) for pair in pairs] for name, pairs in answer.items()}

    async def connect(self, servers: list[Remote]) -> dict[str, str]:
        """Connects each peer to its server; the SRTP profile of each."""
        answer: dict[str, str] = await self.ask(
            "connect",
            peers=[
                {
                    "name": each.peer,
                    "host": each.host,
                    "port": each.port,
                    "fragment": each.ice.usernameFragment,
                    "password": each.ice.password,
                    "fingerprints": [[one.algorithm, one.value] for one in each.fingerprints],
                }
                for each in servers
            ],
        )
        return answer

    @contextlib.asynccontextmanager
    async def playing(self, publishers: list[str], subscribers: list[str], **more: Any) -> AsyncIterator[Run]:
        """Plays in the background for as long as the block lasts; then `Run.result` is there."""
        run = Run()
        task = asyncio.create_task(self.play(publishers, subscribers, FOREVER, **more))
        await asyncio.sleep(0)  # the command is on its way
        try:
            yield run
        finally:
            assert self._process.stdin is not None
            self._process.stdin.write(b'{"do": "stop"}\n')
            run.result = await task
            assert self._process.stdout is not None
            await self._process.stdout.readline()

    async def ask(self, what: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise GeneratorDied(f"at {what!r}")
        return json.loads(line)

    async def play(
        self,
        publishers: list[str],
        subscribers: list[str],
        seconds: float,
        *,
        deliveries: int | None = None,
        watched: list[str] | None = None,
        every: int = 1,
    ) -> Played:
        """``deliveries`` are expected of each packet sent, as many as there are subscribers unless given."""
        expected = len(subscribers) if deliveries is None else deliveries
        result = await self.ask(
            "play",
            publishers=publishers,
            subscribers=subscribers,
            watched=watched or [],
            every=every,
            seconds=seconds,
            expected=expected,
        )
        sent = sum(result["sent"])
        rightly = 1 - result["refused"] / max(1, result["sampled"])
        delays = result["delays"]
        return Played(
            sent=sent,
            expected=sent * expected,
            delivered=result["received"] * rightly,
            sampled=result["sampled"],
            refused=result["refused"],
            seconds=result["seconds"],
            cpu=result["cpu"],
            p50=delays["p50"],
            p99=delays["p99"],
            p999=delays["p999"],
            longest=delays["max"],
            gap=result["gap"],
            holes=result["holes"],
            key_frame_requests=result["key_frame_requests"],
        )


@contextlib.asynccontextmanager
async def generator(core: int | None = None) -> AsyncIterator[Generator]:
    """A generator of its own, on ``core`` where given."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.load.generator",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
        cwd=ROOT,
    )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    assert process.stdin is not None
    try:
        yield Generator(process)
    finally:
        process.stdin.close()
        await process.wait()


def streams_of_chromium(first: int = 0) -> list[dict[str, Any]]:
    """Video and audio with the numbers that Chromium gave them (`tests/captures`)."""
    return [
        {
            "video": capture == "vp8",
            "ssrc": parameters.encodings[0].ssrc,
            "payload_type": parameters.codecs[0].payloadType,
            "first": first,
        }
        for capture in ("vp8", "opus")
        if (parameters := produced("chromium_156", capture))
    ]


class Crowd:
    """Peers of one generator in one room of one worker. A person's transports are ``name-send`` and
    ``name-recv``, and so are the generator's peers; producers are ``name-video`` and ``name-audio``.
    """

    def __init__(self, worker: MediaWorker, generator: Generator, room: str, profile: str = "gcm") -> None:
        self.worker = worker
        self.generator = generator
        self._room = room
        self._profile = profile
        self._known = capabilities("chromium_156")

    async def join(self, senders: list[str], receivers: list[str], port: int | None = None) -> None:
        """Connects them; who is in both lists is one person with two transports."""
        request = self.worker.request
        for name in dict.fromkeys((*senders, *receivers)):
            await request(protocol.CreatePeer(self._room, name))
        created: dict[str, protocol.TransportCreated] = {}
        ways: tuple[tuple[protocol.Direction, list[str]], ...] = (("send", senders), ("recv", receivers))
        for direction, names in ways:
            for name in names:
                transport_id = f"{name}-{direction}"
                created[transport_id] = await request(protocol.CreateTransport(name, transport_id, direction))
        prints = await self.generator.create(
            {name: name.endswith("-send") for name in created}, self._profile
        )
        for transport_id, theirs in prints.items():
            await request(protocol.ConnectTransport(transport_id, protocol.DtlsParameters(theirs, "client")))
        await self.generator.connect(
            [
                Remote(
                    transport_id,
                    each.iceCandidates[0].address,
                    port or each.iceCandidates[0].port,
                    each.iceParameters,
                    each.dtlsParameters.fingerprints,
                )
                for transport_id, each in created.items()
            ]
        )
        for name in senders:
            await self._produce(name)

    async def _produce(self, name: str) -> None:
        for kind, capture in KINDS:
            await self.worker.request(
                protocol.CreateProducer(
                    f"{name}-send", f"{name}-{kind}", kind, produced("chromium_156", capture)
                )
            )

    async def watch(self, viewer: str, sender: str) -> None:
        """The viewer gets the sender's sound and picture."""
        requests: list[protocol.Request[Any]] = []
        for kind, _ in KINDS:
            consumer = f"{viewer}-{sender}-{kind}"
            requests.append(
                protocol.CreateConsumer(f"{viewer}-recv", consumer, f"{sender}-{kind}", self._known)
            )
            requests.append(protocol.ResumeConsumer(consumer))
        await asyncio.gather(*(self.worker.request(each) for each in requests))

    async def leave(self, names: list[str], transports: list[str]) -> None:
        for name in names:
            await self.worker.request(protocol.ClosePeer(name))
        await self.generator.ask("close", peers=transports)


KINDS: tuple[tuple[protocol.MediaKind, str], ...] = (("video", "vp8"), ("audio", "opus"))
