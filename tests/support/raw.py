"""A browser that sends what it likes: WebSocket messages as they are, polling by hand, or nothing at all."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.support.live import ORIGIN, PATIENCE, Live

PATH = "/socket.io/?EIO=4&transport="
OPENING = (
    f"GET {PATH}websocket HTTP/1.1\r\nHost: {{host}}\r\nOrigin: {ORIGIN}\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Raw:
    """``heard`` are the text messages so far."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url
        self.heard: list[str] = []
        self.sid = ""
        self._web: aiohttp.ClientWebSocketResponse | None = None

    async def open(self, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        self._web = await self.http.ws_connect(
            f"{self.url}{PATH}websocket", compress=compress, max_msg_size=0, autoping=False
        )
        await self.until("0")
        return self._web

    async def enter(self, ticket: str) -> None:
        await self.send("40/live," + json.dumps({"ticket": ticket}))
        self.sid = json.loads((await self.until("40/live,"))[8:])["sid"]

    async def send(self, message: str | bytes) -> None:
        assert self._web is not None
        if isinstance(message, str):
            await self._web.send_str(message)
        else:
            await self._web.send_bytes(message)

    async def until(self, beginning: str) -> str:
        """The next message that begins so. Raises ConnectionError when the connection is closed before."""
        assert self._web is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self._web.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise ConnectionError(str(message))
                self.heard.append(message.data)
                if message.data.startswith(beginning):
                    return str(message.data)

    async def gone(self) -> int | None:
        """Waits until the server has closed the connection; the code in its closing frame, if there was
        one.
        """
        try:
            await self.until("nothing begins so")
        except (ConnectionError, aiohttp.ClientError):
            assert self._web is not None
            return self._web.close_code
        raise AssertionError

    async def close(self) -> None:
        if self._web:
            await self._web.close()

    async def poll(self, query: str = "") -> tuple[int, str]:
        async with self.http.get(f"{self.url}{PATH}polling{query}") as response:
            return response.status, await response.text()

    async def post(self, sid: str, body: bytes) -> int:
        async with self.http.post(f"{self.url}{PATH}polling&sid={sid}", data=body) as response:
            return response.status

    async def begin_polling(self) -> str:
        """The id of a new connection that polls."""
        status, text = await self.poll()
        assert status == 200
        return str(json.loads(text[1:])["sid"])


@asynccontextmanager
async def raw(live: Live, **headers: str) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession(headers={"Origin": ORIGIN} | headers) as http:
        browser = Raw(http, live.url)
        yield browser
        await browser.close()


class Deaf:
    """In the room, on a connection from which nothing is read."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.setblocking(False)

    async def enter(self, live: Live, ticket: str) -> str:
        """The Socket.IO id. The last thing that is read."""
        loop, host = asyncio.get_running_loop(), urlsplit(live.url).netloc
        name, port = host.split(":")
        await loop.sock_connect(self._socket, (name, int(port)))
        hello = ("40/live," + json.dumps({"ticket": ticket})).encode()
        frame = b"\x81\xfe" + len(hello).to_bytes(2, "big") + bytes(4) + hello
        await loop.sock_sendall(self._socket, OPENING.format(host=host).encode() + frame)
        heard = b""
        async with asyncio.timeout(PATIENCE):
            while b"40/live," not in heard or b"}" not in heard.split(b"40/live,")[1]:
                heard += await loop.sock_recv(self._socket, 1024)
        answer: dict[str, Any] = json.JSONDecoder().raw_decode(heard.split(b"40/live,")[1].decode())[0]
        return str(answer["sid"])

    def __enter__(self) -> Deaf:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()
