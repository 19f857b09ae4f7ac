"""The hub: Socket.IO in and out. Lets people in by ticket, gives each request to its handler and
acknowledges it, sends what rooms publish. Rooms know it as `signalling.room.Wire`; the connections
themselves are in fanout.py and connections.py.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import socketio
from aiohttp import web
from pydantic import ValidationError

from media.client import MediaWorker
from media.pool import MediaPool
from media.protocol import Notification
from signalling import chat, hands, media, moderation, presence, reactions
from signalling import messages as m
from signalling.connections import Address, ConnectionSettings
from signalling.dispatch import Dispatch, refusal
from signalling.errors import Refused, internal, invalid, left, restarting, unavailable
from signalling.fanout import Server
from signalling.inspection import Inspection, inspect
from signalling.ledger import Admission, Ledger, LedgerUnavailable
from signalling.live.interface import LiveStore
from signalling.messages import Direct, Request, RoomEvent
from signalling.permissions import Permission
from signalling.phases import Phase
from signalling.relay import Relay
from signalling.room import Call, Connection, Handler, Room, Services
from signalling.tickets import Ticket, TicketExpired, TicketInvalid, Tickets

log = logging.getLogger(__name__)

NAMESPACE = "/live"
MAX_MESSAGE = 64 * 1024  # bytes; more ends the connection
FINISHING = 5.0  # seconds that background tasks get when the hub stops
GRACE = 30.0  # seconds for which a dropped participant is waited for

Origins = list[str] | Callable[[str], bool]
EndReason = Literal["host", "empty", "overrun", "organiser"]

FEATURES: dict[type[Request], Handler] = (
    chat.HANDLERS | reactions.HANDLERS | hands.HANDLERS | moderation.HANDLERS | media.HANDLERS
)


def remote_address(request: web.Request) -> str:
    """The other end of the connection; behind a proxy that is the proxy."""
    return request.remote or "unknown"


class Hub:
    """All live rooms of this process.

    ``origins`` are the Origins that may connect, as a list or a test; ``grace`` in seconds; ``address`` says
    whose a connection is, for their number is limited; ``relay`` is the TURN server, where there is one. Call
    `attach` while the application is built, `start` and `stop` around its life.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        media: MediaPool,
        live: LiveStore,
        tickets: Tickets,
        origins: Origins,
        now: Callable[[], float] = time.time,
        grace: float = GRACE,
        connections: ConnectionSettings | None = None,
        address: Address = remote_address,
        relay: Relay | None = None,
    ) -> None:
        if not origins:
            raise ValueError("an empty list of origins would admit every page")
        self._ledger, self._live, self._tickets, self._now = ledger, live, tickets, now
        self._pool = media
        self._sio = Server(
            NAMESPACE,
            origins=origins,
            largest=MAX_MESSAGE,
            settings=connections or ConnectionSettings(),
            address=address,
        )
        self._sio.register_namespace(_Namespace(NAMESPACE, self))
        self._services = Services(ledger, live, media, self, now, self.spawn, self._forget, grace, relay)
        own: dict[type[Request], Handler] = {
            m.RoomSync: self._sync,
            m.RoomLeave: self._leave,
            m.RoomEnd: self._end,
        }
        self._dispatch = Dispatch(FEATURES | own)
        self._rooms: dict[str, Room] = {}
        self._opening = asyncio.Lock()
        self._connections: dict[str, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: set[str] = set()  # rooms whose end could not be written to the ledger
        #: Requests by name and outcome, and messages by type: counted since the start, for metrics.
        self.asked: Counter[tuple[str, str]] = Counter()
        self.told: Counter[str] = Counter()
        self._restarting: m.ServerRestarting | None = None
        self._settled = asyncio.Event()  # while draining: no room is live any more
        self._stopped = False

    # --- for the server's composition and REST ---

    def attach(self, app: web.Application) -> None:
        """Serves ``/socket.io/`` in this application."""
        self._sio.attach(app)

    async def start(self) -> None:
        """Begins to listen to the media workers; before the pool is started."""
        self._pool.on_notification = self._worker_says
        self._pool.on_worker_died = self._worker_died
        self._pool.on_worker_draining = self._worker_draining

    async def drain(self, within: float) -> bool:
        """From now on no room begins here, and everybody is told that the server restarts. Returns once no
        session is live any more, or after ``within`` seconds; whether they all ended.
        """
        latest = self._now() + within
        self._restarting = m.ServerRestarting(message=restart_in_words(within), latest=latest)
        log.warning("draining: %d rooms are live, for %.0f s at most", self.live_rooms, within)
        for room in list(self._rooms.values()):
            await self.broadcast_direct(room.id, self._restarting, skip=[])
        self._look_if_settled()
        try:
            async with asyncio.timeout(within):
                await self._settled.wait()
        except TimeoutError:
            log.warning("draining: %d rooms are still live", self.live_rooms)
        return self._settled.is_set()

    async def stop(self) -> None:
        """Closes all connections so that browsers come back by themselves, and writes down who was there."""
        if self._stopped:
            return
        self._stopped = True
        for connection in list(self._connections.values()):
            await presence.cut_off(connection.room, connection)
        self._connections.clear()
        await asyncio.gather(*(room.release() for room in self._rooms.values()))
        self._rooms.clear()
        await asyncio.gather(*(socket.finish() for socket in list(self._sio.eio.sockets.values())))
        if self._tasks:
            _, unfinished = await asyncio.wait(self._tasks, timeout=FINISHING)
            for task in unfinished:
                task.cancel()
        await self._sio.shutdown()

    async def end_room(
        self, timeslot_id: str, by: str | None = None, reason: EndReason = "organiser"
    ) -> None:
        """Ends the run, with people in the room or without. Nothing happens where it has ended."""
        at = self._now()
        async with self._opening:
            room = self._rooms.get(timeslot_id)
            if room is None:
                await self._ledger.run_ended(timeslot_id, at=at, by=by, reason=reason)
                await self._live.drop(timeslot_id)
                return
        await self._finish(room, await presence.end(room, by, reason, at), by, reason, at)

    async def facts_changed(self, timeslot_id: str) -> None:
        """Roles, denies, grants or the policy changed in the database: re-read them, tell those it concerns,
        close what they may not send any more, and let go who lost their place.
        """
        room = self._rooms.get(timeslot_id)
        if room is None or room.closed:
            return
        async with room.refreshing:
            facts = await self._ledger.room(timeslot_id)
            if facts is None or facts.ended:
                await self.end_room(timeslot_id)
                return
            for connection in await presence.refresh(room, facts):
                self.close(connection.sid)

    async def inspect(self, timeslot_id: str) -> Inspection | None:
        """How everybody's media in this room fares; None where nobody is in it."""
        room = self._rooms.get(timeslot_id)
        return await inspect(room) if room else None

    def phase(self, timeslot_id: str) -> Phase | None:
        """None where nobody is in the room."""
        room = self._rooms.get(timeslot_id)
        return room.phase if room else None

    def admits(self, timeslot_id: str) -> bool:
        """Whether this room can be entered as far as the server is concerned: while it drains, only a room
        that is open already.
        """
        return self._restarting is None or timeslot_id in self._rooms

    @property
    def draining(self) -> bool:
        return self._restarting is not None

    @property
    def live_rooms(self) -> int:
        return sum(room.phase is Phase.LIVE for room in self._rooms.values())

    @property
    def rooms_by_phase(self) -> Counter[Phase]:
        return Counter(room.phase for room in self._rooms.values())

    @property
    def participants(self) -> int:
        return sum(len(room.members) for room in self._rooms.values())

    @property
    def connections(self) -> int:
        """How many are open, in a room or on their way to one."""
        return len(self._sio.eio.sockets)

    # --- in: connections ---

    async def connect(self, sid: str, auth: object) -> None:
        """Raises Refused; everything unexpected is masked as such."""
        try:
            await self._admit(sid, auth)
        except Refused:
            raise
        except LedgerUnavailable as error:
            log.error("connection %s: the ledger is unavailable: %s", sid, error)
            raise unavailable() from error
        except Exception as error:
            problem = internal(f"connection {sid}")
            raise Refused(problem.code, problem.message) from error

    async def disconnected(self, sid: str) -> None:
        """The socket is gone, whoever closed it."""
        connection = self._connections.pop(sid, None)
        if connection:
            await presence.dropped(connection.room, connection)

    async def _admit(self, sid: str, auth: object) -> None:
        try:
            hello = m.Connect.model_validate({} if auth is None else auth)
        except ValidationError as error:
            raise invalid(error) from error
        ticket = await self._punch(hello.ticket)
        while True:
            room = await self._room(ticket.timeslot_id)
            revision = room.revision
            try:
                admission = await self._admission(room, ticket)
                caller = presence.Caller(ticket.identity, admission, revision, sid, hello.resume)
                self._connections[sid] = await presence.enter(room, caller)
            except presence.TryAgain:
                continue
            finally:
                await presence.close_if_empty(room)
            if self._restarting:
                await self.send_direct(sid, self._restarting)
            return

    async def _punch(self, token: str) -> Ticket:
        """The ticket, used up."""
        now = self._now()
        try:
            ticket = self._tickets.read(token, now=now)
        except TicketExpired as error:
            raise Refused("ticket.expired", "That took too long. Please join again.") from error
        except TicketInvalid as error:
            raise Refused("ticket.invalid", "This is not a valid ticket. Please join again.") from error
        if not await self._live.claim(f"ticket:{ticket.jti}", until=ticket.expires_at, now=now):
            raise Refused("ticket.used", "This ticket was used already. Please join again.")
        return ticket

    async def _room(self, timeslot_id: str) -> Room:
        async with self._opening:
            if room := self._rooms.get(timeslot_id):
                return room
            if self._restarting:
                raise restarting()
            facts = await self._ledger.room(timeslot_id)
            if facts is None:
                raise Refused("session.not_found", "There is no such session.")
            if facts.ended or timeslot_id in self._ended:
                raise Refused("room.ended", "This session has ended.")
            room = self._rooms[timeslot_id] = await Room.open(facts, self._services)
            return room

    async def _admission(self, room: Room, ticket: Ticket) -> Admission:
        admission = await self._ledger.admission(room.id, ticket.identity)
        if admission is None:
            raise Refused("permission.denied", "You have no place in this session.")
        decision = room.permits(admission)[Permission.SESSION_JOIN]
        if not decision.allowed:
            raise Refused("permission.denied", decision.message)
        return admission

    # --- in: requests ---

    async def request(self, sid: str, name: object, payload: tuple[object, ...]) -> dict[str, Any]:
        """The acknowledgement of one request."""
        connection = self._connections.get(sid)
        if connection is None:
            return refusal(left().problem)
        answer = await self._dispatch.answer(connection, name, payload, self._now())
        self.asked[self._dispatch.known(name), outcome(answer.ack)] += 1
        if answer.flood:
            await self._expel(connection)
        for job in answer.afterwards:
            self.spawn(job)  # starts when the acknowledgement has been queued
        return answer.ack

    async def _expel(self, connection: Connection) -> None:
        log.warning("room %s: %s floods, closed", connection.room.id, connection.member.id)
        message = "You were disconnected: your browser sent too many requests."
        await self.send_direct(connection.sid, m.Removed(message=message, code="flood"))
        await self.disconnected(connection.sid)
        self.close(connection.sid)

    async def _sync(self, call: Call, request: m.RoomSync) -> m.Snapshot:
        return call.room.snapshot_for(call.member)

    async def _leave(self, call: Call, request: m.RoomLeave) -> None:
        connection = await presence.leave(call.room, call.member, "left")
        if connection:
            call.afterwards.append(self._close(connection.sid))

    async def _end(self, call: Call, request: m.RoomEnd) -> None:
        by = call.member.id
        ended = await presence.end(call.room, by, "host", call.at)
        call.afterwards.append(self._finish(call.room, ended, by, "host", call.at))

    async def _finish(
        self, room: Room, connections: list[Connection] | None, by: str | None, reason: EndReason, at: float
    ) -> None:
        """What is left to do for a room that has ended. It is found, and refuses, until the ledger knows."""
        if connections is None:
            return  # somebody else ended it, and does this
        for connection in connections:
            self.close(connection.sid)
        await room.release()
        try:
            await self._ledger.run_ended(room.id, at=at, by=by, reason=reason)
        except LedgerUnavailable as error:
            log.error("room %s: its end is not written to the ledger: %s", room.id, error)
            self._ended.add(room.id)
        await self._live.drop(room.id)
        self._forget(room)

    # --- in: media workers ---

    def _worker_says(self, worker: MediaWorker, notification: Notification) -> None:
        for room in self._rooms.values():
            if reaction := room.media.hears(worker, notification):
                self.spawn(reaction)
                return

    def _worker_died(self, worker: MediaWorker) -> None:
        for room in self._rooms.values():
            self.spawn(room.media.lost(worker))

    def _worker_draining(self, worker: MediaWorker) -> None:
        for room in self._rooms.values():
            self.spawn(room.media.move(worker))

    # --- out (signalling.room.Wire) ---

    async def broadcast(self, room_id: str, event: RoomEvent, skip: list[str]) -> None:
        self.told[event.type] += 1
        await self._sio.emit("event", m.plain(event), room=room_id, skip_sid=skip, namespace=NAMESPACE)

    async def broadcast_direct(self, room_id: str, message: Direct, skip: list[str]) -> None:
        self.told[message.type] += 1
        await self._sio.emit("direct", m.plain(message), room=room_id, skip_sid=skip, namespace=NAMESPACE)

    async def send_event(self, sid: str, event: RoomEvent) -> None:
        self.told[event.type] += 1
        await self._sio.emit("event", m.plain(event), to=sid, namespace=NAMESPACE)

    async def send_direct(self, sid: str, message: Direct) -> None:
        self.told[message.type] += 1
        await self._sio.emit("direct", m.plain(message), to=sid, namespace=NAMESPACE)

    async def enter(self, sid: str, room_id: str) -> None:
        await self._sio.enter_room(sid, room_id, namespace=NAMESPACE)

    def close(self, sid: str) -> None:
        self._connections.pop(sid, None)
        self.spawn(self._close(sid))

    async def _close(self, sid: str) -> None:
        """Tells the browser that this is meant, so that it does not reconnect, then closes its transport."""
        self._connections.pop(sid, None)
        await self._sio.finish(sid, NAMESPACE)

    # --- tasks and rooms ---

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        """Runs the job beside everything else; what it raises is logged. Nothing starts in a stopped hub."""
        if self._stopped:
            job.close()
            return
        task = asyncio.create_task(_logged(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _forget(self, room: Room) -> None:
        if self._rooms.get(room.id) is room:
            del self._rooms[room.id]
        self._look_if_settled()

    def _look_if_settled(self) -> None:
        if self._restarting and not self.live_rooms:
            self._settled.set()


class _Namespace(socketio.AsyncNamespace):  # type: ignore[misc]  # socketio has no types
    """Hands everything to the hub. A browser may call its event "connect": only the server passes a request
    along.
    """

    def __init__(self, name: str, hub: Hub) -> None:
        super().__init__(name)
        self._hub = hub

    async def trigger_event(self, event: object, *args: Any) -> object:
        sid, *rest = args
        if event == "connect" and isinstance(rest[0], dict) and "aiohttp.request" in rest[0]:
            await self._connect(sid, rest[1] if len(rest) > 1 else None)
            return None
        if event == "disconnect" and not self.server.manager.is_connected(sid, NAMESPACE):
            # Not waited for: whoever ends a connection, be it while a room is locked, must not wait for that
            # lock here.
            self._hub.spawn(self._hub.disconnected(sid))
            return None
        return await self._hub.request(sid, event, tuple(rest))

    async def _connect(self, sid: str, auth: object) -> None:
        try:
            await self._hub.connect(sid, auth)
        except Refused as refused:
            problem = refused.problem
            raise socketio.exceptions.ConnectionRefusedError(problem.message, m.plain(problem)) from refused
        transport = self.server.eio.sockets.get(self.server.manager.eio_sid_from_sid(sid, NAMESPACE))
        if transport is None or transport.closed:
            # It went while we looked at its ticket; socketio does not report that.
            await self._hub.disconnected(sid)


def outcome(ack: dict[str, Any]) -> Literal["ok", "refused", "limited", "failed"]:
    """What became of a request, in few words."""
    if ack["ok"]:
        return "ok"
    code = ack["error"]["code"]
    return "limited" if code == "rate.limited" else "failed" if code == "internal" else "refused"


def restart_in_words(within: float) -> str:
    """The sentence for everybody in a room; ``within`` in seconds."""
    minutes = max(1, round(within / 60))
    time = "1 minute" if minutes == 1 else f"{minutes} minutes"
    return (
        f"The server restarts in {time} at the latest. Sessions that end before then are not disturbed; "
        "otherwise you are reconnected by yourself."
    )


async def _logged(job: Coroutine[Any, Any, None]) -> None:
    try:
        await job
    except Exception:
        log.exception("a background task failed")
