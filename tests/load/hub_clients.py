"""Many browsers in one process, for `hub.py`: WebSocket, Engine.IO and Socket.IO by hand, on bare transports.

A client library would cost more than the server that is measured.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from urllib.parse import urlsplit

from tests.support.live import ORIGIN

TEXT = "x" * 100
_HEADERS = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    "Host: {host}\r\n"
    f"Origin: {ORIGIN}\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_TEXT_FIELD = b'"text":"'


class Browser(asyncio.Protocol):
    """Somebody in a room. ``delays`` holds (number of the message, seconds) for each chat message read."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.delays: list[tuple[int, float]] = []
        self.joined = loop.create_future()
        self.closed = loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._open = False
        self._requests = 0

    @classmethod
    async def join(cls, url: str, ticket: str) -> Browser:
        """Raises RuntimeError where the server does not want us."""
        host = urlsplit(url).netloc
        name, port = host.split(":")
        _, browser = await asyncio.get_running_loop().create_connection(cls, name, int(port))
        browser.write(_HEADERS.format(host=host).encode())
        browser.send("40/live," + json.dumps({"ticket": ticket}))
        await browser.joined
        return browser

    def chat(self, number: int) -> None:
        self._requests += 1
        body = {"text": f"{number} {time.perf_counter()} {TEXT}", "clientId": f"m{number}"}
        self.send(f"42/live,{self._requests}" + json.dumps(["chat.send", body]))

    def send(self, text: str) -> None:
        """A masked text frame, as browsers send; the mask is 0, which changes nothing (RFC 6455, 5.3)."""
        payload = text.encode()
        size = len(payload)
        length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        self.write(b"\x81" + length + bytes(4) + payload)

    def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        await self.closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, reason: Exception | None) -> None:
        self.closed.set_result(None)
        if not self.joined.done():
            self.joined.set_exception(RuntimeError("the connection was closed"))

    def data_received(self, data: bytes) -> None:
        data = self._received + data
        start = 0
        if not self._open:
            start = data.find(b"\r\n\r\n") + 4
            if start < 4:
                self._received = data
                return
            self._open = True
        while (place := _payload(data, start)) and place[1] <= len(data):
            self._read(data[place[0] : place[1]])
            start = place[1]
        self._received = data[start:]

    def _read(self, line: bytes) -> None:
        if line.startswith(b"42"):
            if b'"chat.posted"' in line[:200]:
                text = line[line.index(_TEXT_FIELD) + len(_TEXT_FIELD) :]
                number, sent_at, _ = text.split(b" ", 2)
                self.delays.append((int(number), time.perf_counter() - float(sent_at)))
        elif line == b"2":
            self.send("3")
        elif line.startswith(b"40/live,"):
            self.joined.set_result(None)
        elif line.startswith(b"44") or (line.startswith(b"43") and b'"ok":false' in line):
            raise RuntimeError(line.decode())


def _payload(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the payload of the frame at ``start`` begins and ends; None where not even its head is there."""
    if len(data) < start + 2:
        return None
    size, begin = data[start + 1], start + 2
    if size >= 126:
        begin += 2 if size == 126 else 8
        if len(data) < begin:
            return None
        size = int.from_bytes(data[start + 2 : begin], "big")
    return begin, begin + size
