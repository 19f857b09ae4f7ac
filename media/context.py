"""What all objects of one media worker share: socket, certificate, clock, and the datagrams' routing.

A datagram is handled only if its address is bound: an authenticated STUN request does that. Anything else
from an unbound address is counted and dropped here, before DTLS or SRTP see a byte of it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from media.net.dtls import DtlsCertificate
from media.net.loop import serve
from media.net.srtp import ffi
from media.net.stun import is_request, parse_request
from media.net.udp import BATCH_IN, SLOT, DatagramSocket, open_socket
from media.protocol import Direction, Notification
from media.rounds import Round
from media.stats import Counters, Drop

if TYPE_CHECKING:
    from media.room import MediaRoom
    from media.transport import Transport

BATCHES_PER_TURN = 8  # then the loop gets to run its other tasks
UPKEEP_INTERVAL = 0.09  # seconds between two looks at what publishers are to be told …
SHORT_INTERVAL = 0.02  # … and while one of them is asked for what is missing, or a path is being tried out
ROOM_INTERVAL = 0.3  # seconds between two looks at who speaks and what each subscriber is to get
ROUND_INTERVAL = 1.0  # seconds between two looks at each transport …
SHARES = 10  # … of which one upkeep takes this fraction, so that no packet waits for all of them
IDLE_INTERVAL = 1.0  # seconds between turns while there are no transports


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
        #: Monotonic seconds at the start of the current batch.
        self.now = time.monotonic()
        #: Where libsrtp reads and writes the length of an incoming packet.
        self.length: Any = ffi.new("int *")
        self._bindings: dict[bytes, Transport] = {}
        self._fragments: dict[str, Transport] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._open = False
        self._publishers: list[Transport] = []
        self._subscribers: list[Transport] = []
        self._round: list[Transport] = []  # those whose turn is still to come
        self._next_round = 0.0
        self._rooms = Round(lambda: [duty for room in list(self.rooms.values()) for duty in room.duties()])
        self._next_upkeep = 0.0

    async def start(self) -> None:
        """Binds the socket. Raises OSError."""
        self.socket = open_socket(self._listen, self._port, self.stats)
        self.port = self.socket.port
        self.certificate = DtlsCertificate()
        self._open = True
        self._rest = serve(self.socket.fileno(), self._turn)

    async def close(self) -> None:
        """Closes every room, then the socket; returns when all tasks have ended."""
        if not self._open:
            return
        self._open = False
        for room in list(self.rooms.values()):
            room.close()
        if self._ending:
            await asyncio.wait(self._ending)
        self._rest()
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
        self._of(transport.direction).append(transport)

    def remove_transport(self, transport: Transport, addresses: list[bytes]) -> None:
        self.transports.pop(transport.id, None)
        self._of(transport.direction).remove(transport)
        for fragment in transport.fragments:
            self._fragments.pop(fragment, None)
        for address in addresses:
            self.unbind(address, transport)

    def _of(self, direction: Direction) -> list[Transport]:
        return self._publishers if direction == "send" else self._subscribers

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

    def _turn(self, now: float) -> float:
        """Handles what waits on the socket, then what is due by time.

        Returns when the next turn is to be, should nothing come before (`media.net.loop`).
        """
        socket = self.socket
        self.now = now
        for _ in range(BATCHES_PER_TURN):
            count = socket.receive()
            self.stats.packets_in += count
            for slot in range(count):
                self._datagram(slot)
            if count < BATCH_IN:
                break
            now = self.refresh()
        if now >= self._next_upkeep:
            self._upkeep(now)
        rooms = self._rooms.share(ROOM_INTERVAL, now) if self.rooms else math.inf
        socket.flush()
        return min(self._next_upkeep, rooms)

    def refresh(self) -> float:
        """Brings `now` up to date, for what happens outside of a turn, and returns it."""
        self.now = time.monotonic()
        return self.now

    def _datagram(self, slot: int) -> None:
        """Tells STUN, DTLS and SRTP apart by the first byte (RFC 7983) and takes each where it belongs."""
        socket = self.socket
        size, source = socket.received(slot)
        self.stats.bytes_in += size
        if not 0 < size < SLOT:
            self.stats.drops[Drop.TOO_LONG if size else Drop.EMPTY] += 1
            return
        at = SLOT * slot
        first = socket.incoming[at]
        transport = self._bindings.get(source)
        if transport is not None and 128 <= first <= 191:
            transport.receive_srtp(slot, size, self.now)
        elif first < 4:
            self._stun(socket.incoming[at : at + size], source)
        elif transport is None:
            self.stats.drops[Drop.UNBOUND] += 1
        elif 20 <= first <= 63:
            transport.receive_dtls(bytes(socket.incoming[at : at + size]))
        else:
            self.stats.drops[Drop.UNKNOWN_KIND] += 1

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

    # --- what is due by time ---

    def noticed_gap(self) -> None:
        """Something is missing in a stream: it will be asked for, unless it comes late, in
        `SHORT_INTERVAL`. Likewise something waits to leave.
        """
        self._next_upkeep = min(self._next_upkeep, self.now + SHORT_INTERVAL)

    def _upkeep(self, now: float) -> None:
        """Feedback to the publishers, what waits to leave for subscribers or tries out their path, and a
        share of the round over all transports.
        """
        soon = False
        for transport in self._publishers:
            soon |= transport.give_feedback(now)
        for transport in self._subscribers:
            if transport.adaptation.has_to_do:
                soon |= transport.adaptation.keep_up(now)
        self._next_upkeep = now + (SHORT_INTERVAL if soon else UPKEEP_INTERVAL)
        if not self.transports:
            self._next_upkeep = now + IDLE_INTERVAL
        if not self._round and now >= self._next_round:
            self._next_round = now + ROUND_INTERVAL
            self._round = list(self.transports.values())
        for _ in range(min(len(self._round), 1 + len(self.transports) // SHARES)):
            transport = self._round.pop()
            if not transport.closed:
                transport.tick(now)
