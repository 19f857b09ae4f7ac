"""A media worker is killed with people in: through signalling, as browsers rebuild."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

from pydantic import TypeAdapter

from media import protocol
from media.wire import to_wire
from signalling.permissions import Role
from tests.load.bad_paths import running
from tests.load.peers import LoadPeer
from tests.load.report import Effort, Figure, figure
from tests.load.streams import Stream
from tests.support.captures import produced
from tests.support.live import Live, Person, live_server
from tests.support.requests import CHROMIUM

PEOPLE = 20
DEATHS = 3
_CREATED = TypeAdapter(protocol.TransportCreated)


async def killed(effort: Effort) -> AsyncIterator[Figure]:
    people = 3 if effort.short else PEOPLE
    times = await deaths(people, min(DEATHS, effort.runs))
    how = (
        f"one sends sound, {people} others hear it; the worker is killed (SIGKILL), the hub tells everybody "
        "to build their media anew, each makes a new transport (ICE, DTLS) and takes the offer; from the "
        "kill to the first packet decrypted, the slowest person; hub, people and their DTLS in one process"
    )
    yield figure("sfu.worker_kill_ms", "ms", [1e3 * taken for taken in times], how)


PARTS = (killed,)


async def deaths(people: int, count: int) -> list[float]:
    """Seconds until the last one hears again, for each of ``count`` deaths."""
    async with live_server(workers=1) as live:
        host = Seat(live, await live.join("host", Role.FACILITATOR))
        viewers = [
            Seat(live, await live.join(f"viewer-{number}", Role.PARTICIPANT)) for number in range(people)
        ]
        async with running(host.speak):
            await asyncio.gather(host.send(), *(viewer.listen() for viewer in viewers))
            await asyncio.gather(*(viewer.hears() for viewer in viewers))
            times = []
            for _ in range(count):
                since = [len(seat.person.heard) for seat in (host, *viewers)]
                begin = time.monotonic()
                os.kill(live.pool.workers[0].pid, signal.SIGKILL)
                again = [seat.again(start) for seat, start in zip((host, *viewers), since, strict=True)]
                await asyncio.gather(*again)
                times.append(time.monotonic() - begin)
        for seat in (host, *viewers):
            await seat.close()
    return times


class Seat:
    """One person with one transport; the host's sends, the others' receive."""

    def __init__(self, live: Live, person: Person) -> None:
        self.person = person
        self._live = live
        self._sends = False
        self._peer: LoadPeer | None = None
        self._offers = 0  # messages before the present transport

    async def send(self) -> None:
        self._sends = True
        peer, transport_id = await self._connect("send")
        await self.person.ask(
            "media.produce",
            transportId=transport_id,
            kind="audio",
            source="microphone",
            rtpParameters=to_wire(produced("chromium_156", "opus")),
        )
        self._peer = peer

    async def listen(self) -> None:
        self._offers = len(self.person.heard)
        self._peer, _ = await self._connect("recv", rtpCapabilities=CHROMIUM)

    async def hears(self) -> None:
        """Takes the offer and waits for the first packet."""
        assert self._peer is not None
        offered = await self.person.told("media.consumerOffered", self._offers)
        await self.person.ask("media.resume", consumerId=offered["consumer"]["consumerId"])
        await self._peer.until(lambda: self._peer is not None and bool(self._peer.rtp), within=30.0)

    async def again(self, since: int) -> None:
        """What a browser does when media was reset."""
        await self.person.told("media.reset", since)
        await self.close()
        if self._sends:
            await self.send()
        else:
            await self.listen()
            await self.hears()

    async def speak(self) -> None:
        parameters = produced("chromium_156", "opus")
        stream = Stream(False, parameters.encodings[0].ssrc or 0, parameters.codecs[0].payloadType)
        while True:
            if self._peer is not None:
                await self._peer.send_rtp(stream.packet(stream.count))
            await asyncio.sleep(stream.interval)

    async def close(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            await peer.close()

    async def _connect(self, direction: str, **more: Any) -> tuple[LoadPeer, str]:
        answer = await self.person.ask("media.createTransport", direction=direction, **more)
        transport_id = answer["transportId"]
        created = _CREATED.validate_python(answer)
        peer = LoadPeer(created.iceCandidates[0].port, created, transport_id)
        await peer.open()
        await self.person.ask(
            "media.connectTransport", transportId=transport_id, dtlsParameters=to_wire(peer.dtls_parameters)
        )
        await peer.check()
        await peer.handshake(peer.server_dtls)
        return peer, transport_id
