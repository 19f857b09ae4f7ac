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

from media import core
from media.core import BATCH_IN, DECRYPTED, NAME, RAW, SLOT
from media.net import srtp
from media.net.dtls import DtlsCertificate
from media.net.loop import serve
from media.net.stun import is_request, parse_request
from media.net.tcp import Connection, StreamListener, is_connection, is_in_use
from media.net.udp import DatagramSocket, Endpoint, open_socket
from media.protocol import Direction, Notification
from media.rounds import Round
from media.stats import Counters, Drop

if TYPE_CHECKING:
    from media.room import MediaRoom
    from media.transport import Transport

ADDRESSES = 256  # places in the compiled loop's table of them to begin with
UPKEEP_INTERVAL = 0.1  # seconds at most between two looks at what publishers are to be told …
SHORT_INTERVAL = 0.02  # … and while one of them is asked for what is missing, or a path is being tried out
ROOM_INTERVAL = 0.27  # seconds between two looks at who speaks and what each subscriber is to get
ROUND_INTERVAL = 1.0  # seconds between two looks at each transport …
SHARES = 10  # … of which one upkeep takes this fraction, so that no packet waits for all of them
IDLE_INTERVAL = 1.0  # seconds between turns while there are no transports
PORT_ATTEMPTS = 20  # to find a number that is free for UDP and for TCP


class MediaContext:
    socket: DatagramSocket
    streams: StreamListener
    certificate: DtlsCertificate
    port: int

    def __init__(
        self,
        listen: str,
        port: int,
        announced: list[str],
        notify: Callable[[Notification], None],
        compiled: Any = core.library,
    ) -> None:
        """``listen`` is a numeric address, ``port`` 0 takes a free one; ``announced`` go into ICE candidates.

        ``notify`` is called from the loop and must not block. ``compiled`` is the compiled loop, None to do
        without.
        """
        self._listen = listen
        self._port = port
        self.announced = announced
        self.notify = notify
        self.stats = Counters()
        self.rooms: dict[str, MediaRoom] = {}
        self.transports: dict[str, Transport] = {}
        self.compiled = compiled
        #: Shared with the compiled loop.
        self.state: Any = core.ffi.new("struct core *")
        self.state.stopped = -1
        #: Where libsrtp reads and writes the length of an incoming packet.
        self.length: Any = srtp.ffi.new("int *")
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

    @property
    def now(self) -> float:
        """Monotonic seconds at the start of the current batch."""
        now: float = self.state.now
        return now

    async def start(self) -> None:
        """Binds the socket, and listens on the TCP port of the same number. Raises OSError."""
        self._bind_both()
        await self.streams.start()
        self.port = self.socket.port
        self.certificate = DtlsCertificate()
        self._open = True
        self.refresh()
        if self.compiled is None:
            self._rest = serve(self.socket.fileno(), self._turn)
        else:
            self._prepare_core()
            self._rest = serve(self.socket.fileno(), self._compiled_turn, self._compiled_wait)

    def _prepare_core(self) -> None:
        state = self.state
        state.batches, state.counters = self.socket.state, self.stats.state
        state.protect = core.ffi.cast("void *", srtp.PROTECT_ADDRESS)
        state.unprotect = core.ffi.cast("void *", srtp.UNPROTECT_ADDRESS)
        for number, name in core.drop_reasons().items():
            state.reasons[number] = Drop[name]
        self._make_table(ADDRESSES)

    def _make_table(self, places: int) -> None:
        """The compiled loop's table of addresses, with twice as many places as it may have addresses."""
        self._places = core.ffi.new("struct binding[]", places)
        self.state.bindings, self.state.binding_mask = self._places, places - 1
        for address, transport in self._bindings.items():
            if not is_connection(address):
                self.compiled.core_bind(self.state, address.ljust(NAME, b"\0"), transport.state)

    async def close(self) -> None:
        """Closes every room, then the socket; returns when all tasks have ended."""
        if not self._open:
            return
        self._open = False
        for room in list(self.rooms.values()):
            room.close()
        if self._ending:
            await asyncio.wait(self._ending)
        await self.streams.close()
        self._rest()
        self.socket.close()

    def _bind_both(self) -> None:
        for attempt in range(PORT_ATTEMPTS):
            self.socket = open_socket(self._listen, self._port, self.stats)
            try:
                self.streams = StreamListener(
                    self._listen, self.socket.port, self.stats, self._over_stream, self._stream_lost
                )
            except OSError as error:
                self.socket.close()
                if self._port or not is_in_use(error) or attempt == PORT_ATTEMPTS - 1:
                    raise
            else:
                return

    def drops(self) -> dict[str, int]:
        """Dropped packets by reason, those that have happened."""
        return self.stats.drop_reasons()

    def counters(self) -> dict[str, float]:
        """Everything counted since the start, and what is open now."""
        return self.stats.snapshot() | {
            "rooms": len(self.rooms),
            "transports": len(self.transports),
            "addresses": len(self._bindings),
            "streams": len(self.streams.connections),
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

        The one to which another live transport sends is not given away. One that it merely was checked from
        is: a NAT, or a browser's system, gives the port of yesterday to somebody else today.
        """
        owner = self._bindings.get(address)
        if owner is not None and owner is not transport and owner.relies_on(address, now):
            return False
        if owner is not None and owner is not transport:
            owner.lost(address)
        self._bindings[address] = transport
        if self.compiled is not None and not is_connection(address):
            if 2 * len(self._bindings) > len(self._places):
                self._make_table(2 * len(self._places))
            self.compiled.core_bind(self.state, address.ljust(NAME, b"\0"), transport.state)
        return True

    def unbind(self, address: bytes, transport: Transport) -> None:
        if self._bindings.get(address) is transport:
            del self._bindings[address]
            if connection := self.streams.connections.get(address):
                connection.close()
            elif self.compiled is not None and not is_connection(address):
                self.compiled.core_unbind(self.state, address.ljust(NAME, b"\0"))

    def endpoint(self, address: bytes) -> Endpoint:
        """Where to send what is for ``address``, that of a datagram or the key of a connection."""
        connection = self.streams.connections.get(address)
        return connection.endpoint if connection else self.socket.endpoint(address)

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
        self.state.now = now
        for _ in range(core.BATCHES):
            count = socket.receive()
            self.stats.state.packets_in += count
            for slot in range(count):
                size, source = socket.received(slot)
                self.stats.state.bytes_in += size
                self._datagram(slot, size, source)
            if count < BATCH_IN:
                break
            now = self.refresh()
        following = self._due(now)
        socket.flush()
        return following

    def _compiled_turn(self, now: float) -> float:
        """The same, where the compiled loop receives and handles what it can. It may have begun already."""
        compiled, state = self.compiled, self.state
        slot = state.stopped
        if slot < 0:
            compiled.core_begin(state, now)
            slot = compiled.core_turn(state)
        while slot >= 0:
            self._handed_over(slot)
            slot = compiled.core_turn(state)
        following = self._due(now)
        if self.socket.count:
            self.socket.flush()
        return following

    def _compiled_wait(self, epoll: int, seconds: float) -> tuple[bool, bool]:
        why = self.compiled.core_wait(self.state, epoll, seconds)
        return bool(why & core.SOCKET), bool(why & core.OTHERS)

    def _handed_over(self, slot: int) -> None:
        """A datagram that the compiled loop leaves to us, undone or half done."""
        state = self.state
        size, source = self.socket.received(slot)
        if state.state == RAW:
            self._datagram(slot, size, source)
        elif state.state == DECRYPTED:
            self._bindings[source].receive_rtp(slot, state.length, state.now)
        else:
            self._bindings[source].receive_apart(slot)

    def refresh(self) -> float:
        """Brings `now` up to date, for what happens outside of a turn, and returns it."""
        self.state.now = now = time.monotonic()
        return now

    def _datagram(self, slot: int, size: int, source: bytes) -> None:
        """Tells STUN, DTLS and SRTP apart by the first byte (RFC 7983) and takes each where it belongs."""
        socket = self.socket
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
            self.send(response, self.endpoint(source))

    def send(self, data: bytes, endpoint: Endpoint) -> None:
        """Sends one datagram of STUN or DTLS at once; ``endpoint`` need not outlive this call."""
        if endpoint.connection is not None:
            endpoint.connection.send(data)
            return
        self.socket.put(data, endpoint)
        self.socket.flush()

    # --- the same over TCP ---

    def _over_stream(self, connection: Connection, packets: list[memoryview]) -> None:
        """What has come over ``connection`` is handled like datagrams, one by one in the first slot, which is
        free between two turns.
        """
        self.refresh()
        self.stats.state.packets_in += len(packets)
        for packet in packets:
            size = len(packet)
            self.stats.state.bytes_in += size
            self.socket.incoming[:size] = packet
            self._datagram(0, size, connection.key)
        if connection.key in self._bindings:
            connection.recognised()
        self.socket.flush()

    def _stream_lost(self, connection: Connection) -> None:
        transport = self._bindings.pop(connection.key, None)
        if transport is not None:
            transport.lost(connection.key)

    # --- what is due by time ---

    def noticed_gap(self) -> None:
        """Something is missing in a stream: it will be asked for, unless it comes late, in
        `SHORT_INTERVAL`. Likewise something waits to leave.
        """
        self._next_upkeep = min(self._next_upkeep, self.now + SHORT_INTERVAL)

    def _due(self, now: float) -> float:
        """Does what is due by time; returns when there will be more."""
        if now >= self._next_upkeep - core.EARLY:
            self._upkeep(now)
        rooms = self._rooms.share(ROOM_INTERVAL, now, core.EARLY) if self.rooms else math.inf
        return min(self._next_upkeep, rooms)

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
