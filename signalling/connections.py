"""The connections below Socket.IO: who may open one, what is read from it, how it is written to and closed.

Engine.IO's server and socket, with another way of writing. A packet becomes one WebSocket frame, made once
however many receive it, and goes straight to the transport: no task, queue or timer for each receiver, and
nothing that waits for one. What a browser has not taken yet is counted; past a limit it is put out, and comes
back by itself. So a slow receiver costs memory up to that limit, and never anybody's time.

Nothing is compressed: frames are small, and a compressor for each connection would be most of the work. A
connection that began with polling goes on with polling.

The names with an underscore are Engine.IO's own; tests/contract/test_engineio.py holds what is relied on.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import engineio
from aiohttp import WSMsgType, web
from engineio import async_socket, exceptions, packet, payload

from signalling.limits import Rate, TokenBucket

log = logging.getLogger(__name__)

CLOSING = 5.0  # seconds in which a browser has to take what was sent before its connection ends
PACKETS = Rate(per_second=200, burst=1000)  # of any kind; requests have narrower limits of their own
SMALLEST_EXTENDED, LARGEST_SHORT = 126, 0xFFFF  # payload lengths, RFC 6455 section 5.2
GOODBYE = b"\x88\x02" + struct.pack("!H", 1000)  # a closing frame, RFC 6455 section 5.5.1
BROKEN = (ValueError, TypeError, LookupError, AttributeError)  # how the parsers fail


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """``enter_within``: seconds until a connection must have entered a room. ``unread``: bytes that may wait
    for a browser that reads slowly, several times the largest welcome. Pings in seconds; a silent connection
    is dropped after both.
    """

    total: int = 10_000
    per_address: int = 500  # a school behind one address
    enter_within: float = 10.0
    ping_every: float = 10.0
    ping_timeout: float = 10.0
    unread: int = 4 * 1024 * 1024


Address = Callable[[web.Request], str]


def text_frame(text: str) -> bytes:
    """A text message as a server sends it: one frame, not masked (RFC 6455 section 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < SMALLEST_EXTENDED:
        return bytes((0x81, size)) + payload
    if size <= LARGEST_SHORT:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # engineio has no types
    """All connections of this process."""

    def __init__(self, settings: ConnectionSettings, address: Address, **options: Any) -> None:
        super().__init__(
            async_mode="aiohttp",
            allow_upgrades=False,
            monitor_clients=False,  # each connection has a timer of its own
            ping_interval=settings.ping_every,
            ping_timeout=settings.ping_timeout,
            **options,
        )
        self.settings = settings
        self._address = address
        self._by_address: Counter[str] = Counter()
        self._unsent: list[Socket] = []
        self._closings: set[asyncio.Task[None]] = set()

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Every HTTP request, the opening of a web socket included."""
        if "j" in request.query:
            return web.Response(status=400, text="There is no JSONP here.")  # answers that any page can read
        if request.method == "GET" and "sid" not in request.query and (full := self._full(request)):
            return full
        response: web.StreamResponse = await super().handle_request(request)
        return response

    def flush_soon(self, socket: Socket) -> None:
        """What is sent to a connection until the loop's next turn goes out in one write."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(socket)

    def close_soon(self, socket: Socket, reason: str) -> None:
        task = asyncio.create_task(socket.close(wait=False, reason=reason))
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)

    def released(self, socket: Socket) -> None:
        """The connection is over."""
        self.sockets.pop(socket.sid, None)
        self._by_address[socket.address] -= 1
        if not self._by_address[socket.address]:
            del self._by_address[socket.address]

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: object = None
    ) -> object:
        request = environ["aiohttp.request"]
        sid = self.generate_id()
        socket = self.sockets[sid] = Socket(self, sid, self._address(request), request, transport)
        self._by_address[socket.address] += 1
        greeting = {
            "sid": sid,
            "upgrades": [],
            "pingTimeout": int(self.ping_timeout * 1000),
            "pingInterval": int(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        await socket.send(packet.Packet(packet.OPEN, greeting))
        await self._trigger_event("connect", sid, environ, run_async=False)
        socket.schedule_ping()
        socket.expect_entry()
        if transport == "websocket":
            return await socket.handle_get_request(environ)
        socket.connected = True
        return self._ok(await socket.poll())

    def _full(self, request: web.Request) -> web.Response | None:
        address = self._address(request)
        if self._by_address.total() >= self.settings.total:
            log.info("x %s: there are %d connections, no more are let in", address, self.settings.total)
            return web.Response(status=503, headers={"Retry-After": "5"})
        if self._by_address[address] >= self.settings.per_address:
            log.info("x %s has %d connections already", address, self.settings.per_address)
            return web.Response(status=429, headers={"Retry-After": "5"})
        return None

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        for socket in unsent:
            socket.flush()


class Socket(async_socket.AsyncSocket):  # type: ignore[misc]
    """One connection. ``address`` is the network address that it counts for; ``closing`` it is from the first
    step of `close` on, ``closed`` after the last.
    """

    closing: bool
    closed: bool

    def __init__(self, server: Engine, sid: str, address: str, request: web.Request, transport: str) -> None:
        super().__init__(server, sid)
        self.address = address
        self.polls = transport == "polling"
        self._wire = request.transport
        self._frames: list[bytes] = []
        self._unread = 0  # bytes that wait to be polled
        self._loop = asyncio.get_running_loop()
        self._packets = TokenBucket(PACKETS, self._loop.time())
        self._given_up = False
        self._pinged = False
        self._ping: asyncio.TimerHandle | None = None
        self._entry: asyncio.TimerHandle | None = None
        self._hanging_up: asyncio.TimerHandle | None = None

    # --- out ---

    async def send(self, pkt: packet.Packet) -> None:
        self.put(pkt, text_frame(pkt.encode()))

    def put(self, pkt: packet.Packet, frame: bytes) -> None:
        """Sends a packet, which ``frame`` is too. Waits for nobody, and may be called for a closed one."""
        if self.closed:
            return
        if self.polls:
            self.queue.put_nowait(pkt)
            self._unread += len(frame)
            if self._unread > self.server.settings.unread:
                self._put_out("does not read")
            return
        self._frames.append(frame)
        if len(self._frames) == 1:
            self.server.flush_soon(self)

    def flush(self) -> None:
        """Hands over what waits, once the web socket is open."""
        if not self.upgraded or not self._frames:
            return
        frames, self._frames = self._frames, []
        wire = self._wire
        if wire is None or wire.is_closing():
            return
        wire.write(b"".join(frames))
        if wire.get_write_buffer_size() > self.server.settings.unread:
            self._put_out("does not read")

    async def poll(self) -> list[packet.Packet]:
        packets: list[packet.Packet] = await super().poll()
        self._unread = 0
        return packets

    # --- in ---

    async def receive(self, pkt: packet.Packet) -> None:
        """Raises ValueError and its like for what nobody who speaks the protocol sends."""
        if not self._packets.take(self._loop.time()):
            raise ValueError("too many packets")
        if pkt.packet_type == packet.PONG:
            if self._pinged:
                self.schedule_ping()
        elif pkt.packet_type == packet.MESSAGE and isinstance(pkt.data, str):
            await self.server.handlers["message"](self.sid, pkt.data)
        elif pkt.packet_type == packet.CLOSE:
            await self.close(wait=False, abort=True, reason=self.server.reason.CLIENT_DISCONNECT)
        else:
            raise ValueError(f"a packet of type {pkt.packet_type} with {type(pkt.data).__name__}")

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        request = environ["aiohttp.request"]
        try:
            size = request.content_length or 0
            if size > self.server.max_http_buffer_size:
                raise ValueError("the body is too large")
            async with asyncio.timeout(self.server.ping_timeout):
                body = await request.content.readexactly(size)
            for pkt in payload.Payload(encoded_payload=body.decode()).packets:
                await self.receive(pkt)
        except (*BROKEN, EOFError, TimeoutError) as error:
            self._malformed(error)
            await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            self.server.sockets[self.sid] = self  # engineio looks it up once more, to answer with 400
            raise exceptions.EngineIOError from error

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> object:
        if self.polls:
            return self.server._bad_request("This connection goes on with polling.")
        browser = web.WebSocketResponse(
            compress=False,
            autoclose=False,  # `close` says goodbye itself
            timeout=CLOSING,
            max_msg_size=self.server.max_http_buffer_size,
        )
        try:
            await browser.prepare(environ["aiohttp.request"])
            self.connected = self.upgraded = True
            self.flush()
            await self._read(browser)
        finally:
            await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            self._let_go()
            self.server.released(self)
        return browser

    async def _read(self, browser: web.WebSocketResponse) -> None:
        """Until either side closes the connection, or something comes that is no packet."""
        while True:
            message = await browser.receive()
            if message.type is WSMsgType.ERROR and isinstance(message.data, ValueError):
                self._malformed(message.data)
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if self.closing:
                continue  # only the answer to our goodbye is waited for
            try:
                await self.receive(packet.Packet(encoded_packet=message.data))
            except BROKEN as error:
                self._malformed(error)
                return

    def _malformed(self, error: Exception) -> None:
        log.info("x %s (%s): malformed, closed: %s", self.sid, self.address, str(error)[:200] or repr(error))

    # --- the silent and the uninvited ---

    def schedule_ping(self) -> None:
        self._pinged = False
        _cancel(self._ping)
        self._ping = self._loop.call_later(self.server.ping_interval, self._send_ping)

    def expect_entry(self) -> None:
        """The connection is in no room: it ends unless it enters one soon."""
        if self._entry is None and not self.closing:
            wait = self.server.settings.enter_within
            self._entry = self._loop.call_later(wait, self._put_out, "entered no room")

    def entered(self) -> None:
        _cancel(self._entry)
        self._entry = None

    def _send_ping(self) -> None:
        self._pinged = True
        ping = packet.Packet(packet.PING)
        self.put(ping, text_frame(ping.encode()))
        reason = self.server.reason.PING_TIMEOUT
        self._ping = self._loop.call_later(self.server.ping_timeout, self._put_out, "is silent", reason)

    def _put_out(self, why: str, reason: str | None = None) -> None:
        """Ends a connection on which no goodbye can be expected to arrive."""
        if self._given_up:
            return
        self._given_up = True
        log.info("x %s (%s) %s, closed", self.sid, self.address, why)
        if self.polls:
            self.server.close_soon(self, reason or self.server.reason.TRANSPORT_ERROR)
        elif self._wire:
            self._wire.abort()  # ends its reader

    # --- the end ---

    async def finish(self) -> None:
        """Ends the connection once the browser has what was sent to it, or after `CLOSING` seconds."""
        if self.polls:
            try:
                async with asyncio.timeout(CLOSING):
                    await self.queue.join()
            except TimeoutError:
                log.info("x %s (%s) does not fetch its last messages", self.sid, self.address)
        await self.close(wait=False)

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Ends the connection, behind what was sent before. Never waits for the browser."""
        if self.closing:
            return
        self.closing = True
        _cancel(self._ping)
        self.entered()
        await self.server._trigger_event(
            "disconnect", self.sid, reason or self.server.reason.SERVER_DISCONNECT, run_async=False
        )
        if not abort:
            await self.send(packet.Packet(packet.CLOSE))
        self.closed = True
        if self.polls:
            self.queue.put_nowait(None)  # ends a poll that waits
            self.server.released(self)
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        """The closing frame; the browser answers with its own, which ends our reader."""
        wire = self._wire
        if wire is None or wire.is_closing() or not self.upgraded:
            return
        self._frames.append(GOODBYE)
        self.flush()
        self._hanging_up = self._loop.call_later(CLOSING, wire.abort)

    def _let_go(self) -> None:
        """The reader has ended. Whatever the browser still does not take is dropped after a while."""
        if self._wire is None or not self.upgraded:
            return
        self._wire.close()
        if not self._wire.get_write_buffer_size():
            _cancel(self._hanging_up)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()
