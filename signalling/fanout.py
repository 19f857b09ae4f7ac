"""From one event to many browsers: Socket.IO's server and its manager, on the connections of connections.py.

An event is encoded once and put to every connection of a room in one turn of the loop; `Fanout.emit` waits
for nobody, so it may be called while a room's lock is held. Between hosts Socket.IO's Redis manager does the
same when it comes before `Fanout` among the bases of a class: what it hears from other hosts it hands to the
next ``emit`` in line, which is this one.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import socketio
from engineio import packet as engine_packet
from socketio import packet

from signalling.connections import Address, ConnectionSettings, Engine, text_frame

REQUESTS = frozenset({str(packet.CONNECT), str(packet.DISCONNECT), str(packet.EVENT)})
"""What browsers send: nothing binary, and no acknowledgements since none are asked for."""

# engineio and socketio log each malformed packet with a traceback, at error level. connections.py says it in
# a line.
_quiet = logging.getLogger(f"{__name__}.packets")
_quiet.setLevel(logging.CRITICAL)


class Fanout(socketio.AsyncManager):  # type: ignore[misc]  # socketio has no types
    """Who is in which room, and what is sent to all of them."""

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: str | None = None,
        skip_sid: list[str] | str | None = None,
        callback: None = None,
        to: str | None = None,
        **more: Any,
    ) -> None:
        """``data`` is one argument of the event. Nobody is asked to acknowledge it."""
        event_packet = self.server.packet_class(packet.EVENT, namespace=namespace, data=[event, data])
        sent = engine_packet.Packet(engine_packet.MESSAGE, event_packet.encode())
        frame = text_frame(sent.encode())
        skip = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        sockets = self.server.eio.sockets
        for sid, engine_sid in self.get_participants(namespace, to or room):
            if sid not in skip and (socket := sockets.get(engine_sid)):
                socket.put(sent, frame)

    async def connect(self, sid: str, namespace: str) -> str:
        let_in: str = await super().connect(sid, namespace)
        if socket := self._socket(let_in, namespace):
            socket.entered()
        return let_in

    async def disconnect(self, sid: str, namespace: str, **more: Any) -> None:
        socket = self._socket(sid, namespace)
        await super().disconnect(sid, namespace, **more)
        if socket:
            socket.expect_entry()

    def _socket(self, sid: str, namespace: str) -> Any:
        return self.server.eio.sockets.get(self.eio_sid_from_sid(sid, namespace))


class Server(socketio.AsyncServer):  # type: ignore[misc]
    """Serves one namespace to the pages of these origins. ``largest`` is the size of a message in bytes."""

    def __init__(
        self,
        namespace: str,
        *,
        origins: object,
        largest: int,
        settings: ConnectionSettings,
        address: Address,
    ) -> None:
        super().__init__(
            client_manager=Fanout(),
            namespaces=[namespace],
            cors_allowed_origins=origins,
            transports=["websocket", "polling"],
            max_http_buffer_size=largest,
            json=_Json,
            logger=_quiet,
            engineio_logger=_quiet,
            settings=settings,
            address=address,
        )

    async def finish(self, sid: str, namespace: str) -> None:
        """Takes the browser out of the namespace for good, so that it does not reconnect, then closes its
        connection. What was sent before arrives before.
        """
        socket = self.eio.sockets.get(self.manager.eio_sid_from_sid(sid, namespace))
        await self.disconnect(sid, namespace=namespace)
        if socket:
            await socket.finish()

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_connect(self, engine_sid: str, namespace: str | None, data: object) -> None:
        await super()._handle_connect(engine_sid, namespace, data)
        sid = self.manager.sid_from_eio_sid(engine_sid, namespace)
        if sid and engine_sid not in self.eio.sockets:
            # It went while it was being let in: socketio did not know it yet, and would keep it for ever.
            await self.manager.disconnect(sid, namespace)

    async def _handle_eio_message(self, engine_sid: str, data: str) -> None:
        if data[:1] not in REQUESTS:
            raise ValueError(f"a Socket.IO packet of type {data[:1]!r}")
        await super()._handle_eio_message(engine_sid, data)


class _Json:
    """JSON that browsers can read back. What is not JSON becomes a request that does not exist: it is
    refused and counted like any other.
    """

    @staticmethod
    def loads(text: str) -> Any:
        try:
            return json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return ["malformed"]

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        return json.dumps(value, **options)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
