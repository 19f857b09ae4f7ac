"""A real coturn with the configuration that we recommend, on loopback ports of its own, and a client."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from aioice import turn

from tests.support.demo_server import free_port

TURNSERVER = shutil.which("turnserver")
needs_coturn = pytest.mark.skipif(
    TURNSERVER is None, reason="coturn is not installed (apt-get install coturn)"
)

SECRET = "a secret of the tests alone"
START_LIMIT = 20.0  # seconds
_CONFIGURATION = Path(__file__).parents[2] / "deploy" / "turnserver.conf"
_PLACEHOLDER = "REPLACE-THIS-BY-A-SECRET-OF-YOUR-OWN"

Over = Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True)
class Coturn:
    port: int

    def address(self, over: Over) -> str:
        """As in RFC 7065."""
        return f"turn:127.0.0.1:{self.port}?transport={over}"


@asynccontextmanager
async def coturn(folder: Path, *options: str, loopback: bool = True) -> AsyncIterator[Coturn]:
    """``deploy/turnserver.conf`` with `SECRET`, on the loopback address, and with ``options`` added.

    ``loopback``: media workers on this machine may be reached through it, which the configuration forbids.
    """
    configuration = folder / "turnserver.conf"
    text = _CONFIGURATION.read_text()
    assert _PLACEHOLDER in text
    configuration.write_text(text.replace(_PLACEHOLDER, SECRET))
    server = Coturn(free_port())
    arguments = ["-c", str(configuration), "-L", "127.0.0.1", "-E", "127.0.0.1", "-p", str(server.port)]
    arguments += ["--pidfile", str(folder / "pid"), "--db", str(folder / "db"), "-m", "1", "--no-tls"]
    arguments += ["--allow-loopback-peers", "--allowed-peer-ip=127.0.0.1"] * loopback
    output = folder / "turnserver.log"
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            TURNSERVER or "turnserver", *arguments, *options, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(START_LIMIT):
            while not await _listens(server.port):
                if process.returncode is not None:
                    raise RuntimeError(f"coturn stopped while starting:\n{output.read_text()}")
                await asyncio.sleep(0.05)
        yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@asynccontextmanager
async def turn_client(
    server: Coturn, username: str, credential: str, over: Over = "udp"
) -> AsyncIterator[turn.TurnClientMixin]:
    """aioice's client, without an allocation as yet: `connect` asks for one, `channel_bind` for a peer."""
    loop = asyncio.get_running_loop()
    address = ("127.0.0.1", server.port)
    factory = turn.TurnClientTcpProtocol if over == "tcp" else turn.TurnClientUdpProtocol

    def client() -> turn.TurnClientProtocol:
        return factory(address, username, credential, lifetime=600, channel_refresh_time=500)

    transport: asyncio.BaseTransport
    if over == "tcp":
        transport, protocol = await loop.create_connection(client, *address)
    else:
        transport, protocol = await loop.create_datagram_endpoint(client, remote_addr=address)
    try:
        yield protocol
    finally:
        if protocol.refresh_task is not None:
            protocol.refresh_task.cancel()
        transport.close()
        await asyncio.sleep(0)
