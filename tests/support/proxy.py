"""A bad network in front of a media worker: a UDP proxy in a process of its own, impaired by a seed.

``async with bad_network(worker.port, down=Impairment(loss=0.05, delay=0.04)) as network`` gives an address
(``network.host``, ``network.port``) at which the worker is reached through it. Each client address has a line
of its own, that is two `Link`s ("up" to the worker, "down" from it) with seeds made of the proxy's and the
client's turn, and a socket of its own towards the worker, so that ICE sees different sources. What the worker
tells the client about its address is then the proxy's; browsers do not mind with an ICE-lite server.

In front of browsers the proxy takes the worker's place in ICE candidates: it listens on the same port at
another loopback address, which the server is told to announce (`tests.support.demo_server`).

As a process: ``python -m tests.support.proxy --server 127.0.0.1:40000 --listen 127.0.0.2:40000 --seed 1 --up
'{"loss": 0.05}' --down '{"rate": 62500}'``. It prints a JSON line with its port, then answers each JSON line
on stdin with one (see `Proxy.command`), and ends when stdin is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.support.impairment import Impairment, Link

CLIENT_LIMIT = 2048  # lines open at a time; a further client takes the place of the oldest
DATAGRAM = 65536
BATCH = 64  # datagrams taken from one socket before the others have their turn
SOCKET_BUFFER = 4 << 20
CLEAR = Impairment()
GONE = Impairment(loss=1.0)  # of a line that has been cut

Address = tuple[str, int]


class Line:
    """One client's line: its address, its socket towards the worker, and a link each way."""

    __slots__ = ("client", "down", "up", "upstream")

    def __init__(self, client: Address, seed: int, up: Impairment, down: Impairment) -> None:
        self.client = client
        self.up = Link(up, 2 * seed)
        self.down = Link(down, 2 * seed + 1)
        self.upstream: socket.socket


class Proxy:
    """The edge: sockets, the clock and a loop around the links, which decide."""

    def __init__(self, listen: Address, server: Address, up: Impairment, down: Impairment, seed: int) -> None:
        """Binds at once; port 0 takes a free one. Raises OSError."""
        self._server = server
        self._up, self._down = up, down
        self._seed = seed
        self._lines: dict[Address, Line] = {}
        self._by_fd: dict[int, Line] = {}
        self._opened = 0
        self._front = _open_socket(listen[0])
        self._front.bind(listen)
        self.address: Address = self._front.getsockname()[:2]
        self._poll = select.epoll()
        self._poll.register(self._front.fileno(), select.EPOLLIN)

    def serve(self, control: int) -> None:
        """Forwards until the descriptor ``control`` ends; answers its commands on stdout."""
        self._poll.register(control, select.EPOLLIN)
        waiting = b""
        while True:
            for fd, _ in self._poll.poll(self._wait(time.monotonic())):
                if fd != control:
                    self._take(fd)
                    continue
                data = os.read(control, DATAGRAM)
                if not data:
                    return
                self._take_everything()  # a command comes behind what was sent before it
                *commands, waiting = (waiting + data).split(b"\n")
                for command in commands:
                    print(json.dumps(self.command(json.loads(command))), flush=True)
            self._deliver(time.monotonic())

    def command(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """``up`` and ``down`` replace the impairments, of lines that are open too; ``rebind`` gives each line
        a new address towards the worker, as a NAT that has forgotten it does; ``cut`` ends every line for
        good, as leaving a network does: only from a new address clients get through. The answer counts what
        happened to datagrams so far.
        """
        self._up = Impairment(**wanted["up"]) if "up" in wanted else self._up
        self._down = Impairment(**wanted["down"]) if "down" in wanted else self._down
        for line in self._lines.values():
            if line.up.impairment is not GONE:
                line.up.impairment, line.down.impairment = self._up, self._down
            if wanted.get("cut"):
                line.up.impairment = line.down.impairment = GONE
            if wanted.get("rebind"):
                self._close_upstream(line)
                self._open_upstream(line)
        return {"lines": len(self._lines), "up": self._counts("up"), "down": self._counts("down")}

    def close(self) -> None:
        for line in self._lines.values():
            self._close_upstream(line)
        self._lines.clear()
        self._poll.close()
        self._front.close()

    def _counts(self, way: str) -> dict[str, int]:
        links: list[Link] = [getattr(line, way) for line in self._lines.values()]
        names = ("passed", "lost", "overflowed", "duplicated", "reordered")
        return {name: sum(getattr(link, name) for link in links) for name in names}

    def _wait(self, now: float) -> float:
        """Seconds until the next datagram is to be delivered; at most one."""
        arrivals = [
            arrival
            for line in self._lines.values()
            for arrival in (line.up.next_arrival, line.down.next_arrival)
            if arrival is not None
        ]
        return max(0.0, min(1.0, min(arrivals, default=now + 1.0) - now))

    def _take_everything(self) -> None:
        while any(list(map(self._take, (self._front.fileno(), *self._by_fd)))):
            pass

    def _take(self, fd: int) -> bool:
        """Whether there may be more."""
        line = self._by_fd.get(fd)
        if line is None and fd != self._front.fileno():
            return False  # of a socket that has been closed in this very turn
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):  # the worker may be away
            for _ in range(BATCH):
                if line is not None:
                    line.down.send(line.upstream.recv(DATAGRAM), time.monotonic())
                    continue
                data, client = self._front.recvfrom(DATAGRAM)
                self._line(client[:2]).up.send(data, time.monotonic())
            return True
        return False

    def _deliver(self, now: float) -> None:
        for line in list(self._lines.values()):
            for data in line.up.deliver(now):
                with contextlib.suppress(OSError):
                    line.upstream.send(data)
            for data in line.down.deliver(now):
                with contextlib.suppress(OSError):
                    self._front.sendto(data, line.client)

    def _line(self, client: Address) -> Line:
        line = self._lines.get(client)
        if line is None:
            if len(self._lines) >= CLIENT_LIMIT:
                self._close_upstream(self._lines.pop(next(iter(self._lines))))
            line = Line(client, self._seed * 100_003 + self._opened, self._up, self._down)
            self._opened += 1
            self._open_upstream(line)
            self._lines[client] = line
        return line

    def _open_upstream(self, line: Line) -> None:
        line.upstream = _open_socket(self._server[0])
        line.upstream.connect(self._server)
        self._by_fd[line.upstream.fileno()] = line
        self._poll.register(line.upstream.fileno(), select.EPOLLIN)

    def _close_upstream(self, line: Line) -> None:
        self._poll.unregister(line.upstream.fileno())
        del self._by_fd[line.upstream.fileno()]
        line.upstream.close()


def _open_socket(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        opened.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
    return opened


class BadNetwork:
    """A running proxy process, from the test's side."""

    def __init__(self, process: asyncio.subprocess.Process, host: str, port: int) -> None:
        self._process = process
        self.host = host
        self.port = port

    async def change(self, *, up: Impairment | None = None, down: Impairment | None = None) -> None:
        """Other impairments from now on, each way where given."""
        ways = {"up": up, "down": down}
        await self._ask({way: asdict(each) for way, each in ways.items() if each is not None})

    async def rebind(self) -> None:
        """The worker sees every client at a new address from now on."""
        await self._ask({"rebind": True})

    async def cut(self) -> None:
        """No client gets through from its present address any more; from another it does."""
        await self._ask({"cut": True})

    async def counts(self) -> dict[str, Any]:
        """``lines``, and for "up" and "down" how many datagrams ``passed``, were ``lost``, …"""
        return await self._ask({})

    async def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


@contextlib.asynccontextmanager
async def bad_network(
    server_port: int,
    *,
    up: Impairment = CLEAR,
    down: Impairment = CLEAR,
    seed: int = 1,
    server: str = "127.0.0.1",
    listen: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[BadNetwork]:
    """A proxy in front of the worker at ``server``:``server_port``. Raises RuntimeError where it cannot
    listen.
    """
    arguments = ["--server", f"{server}:{server_port}", "--listen", f"{listen}:{port}", "--seed", str(seed)]
    for way, impairment in (("--up", up), ("--down", down)):
        arguments += [way, json.dumps(asdict(impairment))]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.proxy",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        first = await process.stdout.readline()
        if not first:
            raise RuntimeError(f"no proxy on {listen}:{port}")
        yield BadNetwork(process, listen, json.loads(first)["port"])
    finally:
        process.stdin.close()
        await process.wait()


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _impairment(text: str) -> Impairment:
    return Impairment(**json.loads(text))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.proxy")
    parser.add_argument("--server", type=_address, required=True, help="host:port of the worker")
    parser.add_argument("--listen", type=_address, default=("127.0.0.1", 0), help="host:port; 0: any free")
    parser.add_argument("--up", type=_impairment, default=CLEAR, help="JSON of an Impairment")
    parser.add_argument("--down", type=_impairment, default=CLEAR, help="the same, from the worker")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    proxy = Proxy(options.listen, options.server, options.up, options.down, options.seed)
    try:
        print(json.dumps({"port": proxy.address[1]}), flush=True)
        proxy.serve(sys.stdin.fileno())
    finally:
        proxy.close()


if __name__ == "__main__":
    main()
