"""How long a chat message takes to everyone in a full room: one hub process, 200 sockets.

The clients speak Engine.IO and Socket.IO by hand: python-socketio's client would cost more than the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.load.report import Effort, Figure, figure
from tests.support.live import ORIGIN

PEOPLE = 200
MESSAGES_PER_SECOND = 50
WARM_UP = 1.0  # seconds
TEXT = "x" * 100
_HOW = (
    f"one room, {PEOPLE} sockets, {MESSAGES_PER_SECOND} chat messages/s from all in turn; from before "
    "sending to each of the others having read it; server on one core, clients on the other"
)


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    runs = [await _run(effort.seconds) for _ in range(effort.runs)]
    yield figure("hub.fanout_200_p50_ms", "ms", [cuts[49] for cuts in runs], _HOW)
    yield figure("hub.fanout_200_p99_ms", "ms", [cuts[98] for cuts in runs], _HOW)


async def _run(seconds: float) -> list[float]:
    """The 99 percentiles of the delay in milliseconds. Raises RuntimeError when a message got lost."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Origin": ORIGIN}
    async with (
        _server() as (url, tickets),
        aiohttp.ClientSession(connector=connector, headers=headers) as http,
    ):
        clients: list[_Client] = []
        readers: list[asyncio.Task[None]] = []
        for ticket in tickets:
            clients.append(await _Client.join(http, url, ticket))
            readers.append(asyncio.create_task(clients[-1].read()))  # who does not answer pings is put out
        count = int((WARM_UP + seconds) * MESSAGES_PER_SECOND)
        begin = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, begin + number / MESSAGES_PER_SECOND - time.perf_counter()))
            await clients[number % PEOPLE].chat(number)
        async with asyncio.timeout(30):
            while any(client.received < count for client in clients):
                for reader in readers:
                    if reader.done():
                        reader.result()
                        raise RuntimeError("a connection was closed")
                await asyncio.sleep(0.05)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for client in clients:
            await client.socket.close()
        skip = int(WARM_UP * MESSAGES_PER_SECOND)
        return statistics.quantiles(
            [1e3 * delay for client in clients for number, delay in client.delays if number >= skip], n=100
        )


class _Client:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.received = 0
        self.delays: list[tuple[int, float]] = []
        self._requests = 0

    @classmethod
    async def join(cls, http: aiohttp.ClientSession, url: str, ticket: str) -> _Client:
        socket = await http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket")
        await socket.receive_str()  # Engine.IO's open
        await socket.send_str("40/live," + json.dumps({"ticket": ticket}))
        while not (line := await socket.receive_str()).startswith("40/live,"):
            if line.startswith("44"):
                raise RuntimeError(line)
        return cls(socket)

    async def chat(self, number: int) -> None:
        self._requests += 1
        body = {"text": f"{number} {time.perf_counter()} {TEXT}", "clientId": f"m{number}"}
        await self.socket.send_str(f"42/live,{self._requests}" + json.dumps(["chat.send", body]))

    async def read(self) -> None:
        """Until the connection closes. Only chat events are looked into."""
        async for message in self.socket:
            line: str = message.data
            if line == "2":
                await self.socket.send_str("3")
            elif line.startswith("42") and '"chat.posted"' in line:
                text = line[line.index('"text":"') + 8 :]
                number, sent_at, _ = text.split(" ", 2)
                self.received += 1
                self.delays.append((int(number), time.perf_counter() - float(sent_at)))
            elif line.startswith("43") and '"ok":false' in line.replace(" ", ""):
                raise RuntimeError(line)


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[str, list[str]]]:
    """A hub on the last core; this process keeps to the first. Gives its URL and a ticket for everyone."""
    cores = sorted(os.sched_getaffinity(0))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.load.hub_server",
        str(PEOPLE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    os.sched_setaffinity(process.pid, cores[-1:])
    os.sched_setaffinity(0, cores[:1])
    try:
        lines = [(await process.stdout.readline()).decode().strip() for _ in range(1 + PEOPLE)]
        yield lines[0], lines[1:]
    finally:
        os.sched_setaffinity(0, cores)
        process.stdin.close()
        await process.wait()
