"""What all objects of one media worker share: socket, certificate, clock, and the datagrams' routing.

A datagram is handled only if its address is bound: an authenticated STUN request does that. Anything else
from an unbound address is counted and dropped here, before DTLS or SRTP see a byte of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from media.net.dtls import DtlsCertificate
from media.net.srtp import ffi
from media.net.stun import is_request, parse_request
from media.net.udp import BATCH_IN, SLOT, DatagramSocket, open_socket
from media.protocol import Notification
from media.rtp.extensions import abs_send_time
from media.stats import Counters, Drop

if TYPE_CHECKING:
    from media.room import MediaRoom
    from media.transport import Transport

TICK = 0.02  # seconds: how late a publisher may be asked for what is missing
TICKS_PER_RECEIVER = 10  # transports that only receive from us have nothing more urgent than reports
TICKS_PER_SWEEP = 50
TICKS_PER_ROOM = 15
BATCHES_PER_TURN = 8  # then the loop gets to run its other tasks


class MediaContext:
    socket: DatagramSocket
    certificate: DtlsCertificate
    port: int

    def __init__(
        self, listen: str, port: int, announced: list[str], notify: Callable[[Notification], None]
    ) -> None:
        """``listen`` is a numeric address, ``port`` 0 takes a free one; ``announced`` go into ICE candidates.

        ``notify`` is called from the loop and must not block.
        """
        self._listen = listen
        self._port = port
        self.announced = announced
        self.notify = notify
        self.stats = Counters()
        self.rooms: dict[str, MediaRoom] = {}
        self.transports: dict[str, Transport] = {}
        #: Monotonic seconds at the start of the current batch, and the same as abs-send-time.
        self.now = time.monotonic()
        self.abs_send_time = 0
        #: Where libsrtp reads and writes the length of an incoming packet.
        self.length: Any = ffi.new("int *")
        self._bindings: dict[bytes, Transport] = {}
        self._fragments: dict[str, Transport] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._ticks = 0
        self._open = False

    async def start(self) -> None:
        """Binds the socket. Raises OSError."""
        self.socket = open_socket(self._listen, self._port, self.stats)
        self.port = self.socket.port
        self.certificate = DtlsCertificate()
        self._open = True
        asyncio.get_running_loop().add_reader(self.socket.fileno(), self._readable)

    async def close(self) -> None:
        """Closes every room, then the socket; returns when all tasks have ended."""
        if not self._open:
            return
        self._open = False
        for room in list(self.rooms.values()):
            room.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._ending:
            await asyncio.wait(self._ending)
        asyncio.get_running_loop().remove_reader(self.socket.fileno())
        self.socket.close()

    def drops(self) -> dict[str, int]:
        """Dropped packets by reason, those that have happened."""
        return self.stats.drop_reasons()

    def counters(self) -> dict[str, float]:
        """Everything counted since the start, and what is open now."""
        return self.stats.snapshot() | {
            "rooms": len(self.rooms),
            "transports": len(self.transports),
            "addresses": len(self._bindings),
        }

    # --- tables (called by the transports) ---

    def add_transport(self, transport: Transport) -> None:
        self.transports[transport.id] = transport
        for fragment in transport.fragments:
            self._fragments[fragment] = transport
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)

    def remove_transport(self, transport: Transport, addresses: list[bytes]) -> None:
        self.transports.pop(transport.id, None)
        for fragment in transport.fragments:
            self._fragments.pop(fragment, None)
        for address in addresses:
            self.unbind(address, transport)

    def update_fragments(self, transport: Transport, before: list[str]) -> None:
        for fragment in before:
            self._fragments.pop(fragment, None)
        for fragment in transport.fragments:
            self._fragments[fragment] = transport

    def bind(self, address: bytes, transport: Transport, now: float) -> bool:
        """Whether ``address`` now belongs to ``transport``.

        One that another live transport uses is not given away.
        """
        owner = self._bindings.get(address)
        if owner is not None and owner is not transport and owner.is_alive(now):
            return False
        if owner is not None and owner is not transport:
            owner.lost(address)
        self._bindings[address] = transport
        return True

    def unbind(self, address: bytes, transport: Transport) -> None:
        if self._bindings.get(address) is transport:
            del self._bindings[address]

    def ending(self, tasks: list[asyncio.Task[None]]) -> None:
        """Tasks that have been cancelled; `close` waits for them."""
        for task in tasks:
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    # --- datagrams ---

    def _readable(self) -> None:
        socket = self.socket
        for _ in range(BATCHES_PER_TURN):
            self._turn()
            count = socket.receive()
            for slot in range(count):
                self._datagram(slot)
            if count < BATCH_IN:
                break
        socket.flush()

    def _turn(self) -> None:
        self.now = time.monotonic()
        self.abs_send_time = abs_send_time(self.now)

    def _datagram(self, slot: int) -> None:
        """Tells STUN, DTLS and SRTP apart by the first byte (RFC 7983) and takes each where it belongs."""
        socket = self.socket
        drops = self.stats.drops
        size = socket.length(slot)
        self.stats.packets_in += 1
        self.stats.bytes_in += size
        if not 0 < size < SLOT:
            drops[Drop.TOO_LONG if size else Drop.EMPTY] += 1
            return
        at = SLOT * slot
        first = socket.incoming[at]
        source = socket.source(slot)
        transport = self._bindings.get(source)
        if transport is not None and 128 <= first <= 191:
            transport.receive_srtp(slot, size, self.now)
        elif first < 4:
            self._stun(socket.incoming[at : at + size], source)
        elif transport is None:
            drops[Drop.UNBOUND] += 1
        elif 20 <= first <= 63:
            transport.receive_dtls(bytes(socket.incoming[at : at + size]))
        else:
            drops[Drop.UNKNOWN_KIND] += 1

    def _stun(self, data: memoryview, source: bytes) -> None:
        drops = self.stats.drops
        if len(data) < 20 or not is_request(data, 0):
            drops[Drop.STUN_NOT_REQUEST] += 1
            return
        try:
            request = parse_request(bytes(data))
        except ValueError:
            drops[Drop.STUN_MALFORMED] += 1
            return
        self.stats.stun_requests += 1
        transport = self._fragments.get(request.username.partition(":")[0])
        if transport is None:
            drops[Drop.STUN_UNKNOWN_USER] += 1
            return
        response = transport.checked(request, source, self.now)
        if response is not None:
            self.socket.put(response, self.socket.endpoint(source))
            self.socket.flush()  # the address object need not outlive this call

    def _tick(self) -> None:
        if not self.transports or not self._open:
            self._timer = None
            return
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)
        self._turn()
        self._ticks += 1
        everyone = self._ticks % TICKS_PER_RECEIVER == 0
        for transport in list(self.transports.values()):
            if everyone or transport.direction == "send":
                transport.tick(self.now)
            if transport.path is not None:
                transport.adaptation.probe(self.now)
            if self._ticks % TICKS_PER_SWEEP == 0:
                transport.sweep(self.now)
        if self._ticks % TICKS_PER_ROOM == 0:
            for room in self.rooms.values():
                room.tick(self.now)
        self.socket.flush()
