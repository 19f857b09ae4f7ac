"""`convene serve --demo` as a person starts it: a process of its own, on free ports, with its own data."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.impairment import Impairment
from tests.support.proxy import CLEAR, BadNetwork, bad_network

DEMO_PASSWORD = "convene-demo"
START_LIMIT_S = 60
LOOPBACK = "127.0.0.1"
PROXY = "127.0.0.2"  # also this machine, on Linux without being set up


def free_port() -> int:
    """A TCP port that was free a moment ago on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_address() -> str:
    """Of this machine, and where it has any other, not the loopback address. Nothing is sent."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("198.51.100.1", 9))  # somewhere outside (RFC 5737)
        return str(probe.getsockname()[0])
    return LOOPBACK


def free_media_port(other: str) -> int:
    """A UDP port that was free a moment ago on the loopback address and on this one."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as first, socket.socket(type=socket.SOCK_DGRAM) as second:
            first.bind((LOOPBACK, 0))
            port = int(first.getsockname()[1])
            with contextlib.suppress(OSError):
                second.bind((other, port))
                return port


def child_pids(pid: int) -> list[int]:
    """Direct children of a process, oldest first (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in children.split()]


@dataclass(slots=True)
class DemoServer:
    url: str
    process: asyncio.subprocess.Process
    output: Path

    def media_workers(self) -> list[int]:
        """Process ids of the media workers that run now."""
        return [
            pid
            for pid in child_pids(self.process.pid)
            if b"media" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        ]

    def log(self) -> str:
        return self.output.read_text()


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:  # noqa: S310 - our own loopback server
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


async def _ready(server: DemoServer) -> None:
    async with asyncio.timeout(START_LIMIT_S):
        while not await asyncio.to_thread(_healthy, server.url):
            if server.process.returncode is not None:
                raise RuntimeError(f"the server stopped while starting:\n{server.log()}")
            await asyncio.sleep(0.1)


@asynccontextmanager
async def demo_server(
    data: Path, *, workers: int = 1, drain: int = 0, settings: dict[str, str] | None = None
) -> AsyncIterator[DemoServer]:
    """Starts the server, waits until /healthz answers 200, stops it by SIGTERM. ``drain``: seconds that live
    rooms may go on then. ``settings`` are further variables of its environment.
    """
    port = free_port()
    output = data / "server.log"
    environment = {
        **os.environ,
        "CONVENE_HOST": "127.0.0.1",
        "CONVENE_PORT": str(port),
        "CONVENE_DATA": str(data / "data"),
        "CONVENE_MEDIA_PORT": "0",
        "CONVENE_MEDIA_ADDRESS": LOOPBACK,
        "CONVENE_MEDIA_WORKERS": str(workers),
        "CONVENE_DRAIN_LIMIT": str(drain),
        **(settings or {}),
    }
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server",
            "serve",
            "--demo",
            env=environment,
            stdout=log,
            stderr=log,
        )
    server = DemoServer(f"http://127.0.0.1:{port}", process, output)
    try:
        await _ready(server)
        yield server
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(15):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
                raise AssertionError(f"the server did not stop on SIGTERM:\n{server.log()}") from None


@asynccontextmanager
async def demo_server_behind(
    data: Path, *, up: Impairment = CLEAR, down: Impairment = CLEAR, seed: int = 1, listen: str = PROXY
) -> AsyncIterator[tuple[DemoServer, BadNetwork]]:
    """The server, whose media browsers reach through a bad network only (``up``: from the browser), at the
    address ``listen``.
    """
    port = free_media_port(listen)
    settings = {
        "CONVENE_MEDIA_PORT": str(port),
        "CONVENE_MEDIA_ADDRESS": listen,
        "CONVENE_MEDIA_LISTEN": LOOPBACK,
    }
    async with (
        bad_network(port, up=up, down=down, seed=seed, listen=listen, port=port) as network,
        demo_server(data, settings=settings) as server,
    ):
        yield server, network
