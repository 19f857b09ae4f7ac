"""A hub behind a real web server on a free port, and participants on python-socketio's own client.

Each participant keeps the room as a browser would, by applying events to the snapshot it was welcomed with;
`Live.verify` compares that with a fresh snapshot (D6).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import socketio
from aiohttp import web
from pydantic import TypeAdapter

from media.pool import MediaPool, PoolSettings
from signalling.connections import ConnectionSettings
from signalling.hub import Hub
from signalling.live.interface import EVENTS_KEPT
from signalling.live.memory import MemoryStore
from signalling.messages import Problem, RoomEvent, Snapshot
from signalling.permissions import Role
from signalling.relay import Relay
from signalling.state import apply
from signalling.tickets import Tickets
from tests.support.ledger import Interval, MemoryLedger

NAMESPACE = "/live"
ORIGIN = "http://convene.test"
PATIENCE = 30.0  # seconds; only a defect takes so long, on however busy a machine
SLOT = "slot"

_EVENT: TypeAdapter[RoomEvent] = TypeAdapter(RoomEvent)


class Refusal(Exception):
    """A refused request or connection."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem['message']}")
        self.problem = Problem.model_validate(problem)
        self.code = self.problem.code


class Person:
    """One browser. ``heard`` is everything it was sent, in order: ("event" | "direct" | "disconnect",
    payload).
    """

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.heard: list[tuple[str, Any]] = []
        self.state: Snapshot | None = None
        self.you: dict[str, Any] = {}
        self._changed = asyncio.Condition()
        self._refused: dict[str, Any] | None = None
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("event", self._event, namespace=NAMESPACE)
        self.client.on("direct", self._direct, namespace=NAMESPACE)
        self.client.on("disconnect", self._disconnect, namespace=NAMESPACE)
        self.client.on("connect_error", self._connect_error, namespace=NAMESPACE)

    @property
    def id(self) -> str:
        return str(self.you["participantId"])

    @property
    def connected(self) -> bool:
        return NAMESPACE in self.client.namespaces

    async def connect(self, url: str, auth: object, headers: dict[str, str]) -> None:
        """Raises Refusal."""
        try:
            await self.client.connect(
                url,
                auth=auth,
                headers=headers,
                namespaces=[NAMESPACE],
                transports=["websocket"],
                wait_timeout=PATIENCE,
            )
        except socketio.exceptions.ConnectionError:
            await self.client.disconnect()
            if self._refused is None:
                raise
            raise Refusal(self._refused) from None

    async def ask(self, name: str, payload: object = None, /, **fields: Any) -> Any:
        """The acknowledgement; raises Refusal, or ConnectionResetError where the connection goes before."""
        body = fields if payload is None else payload
        asked = asyncio.create_task(self.client.call(name, body, namespace=NAMESPACE, timeout=PATIENCE))
        going = asyncio.create_task(self.gone())
        await asyncio.wait({asked, going}, return_when=asyncio.FIRST_COMPLETED)
        for task in (asked, going):
            task.cancel()
        await asyncio.gather(asked, going, return_exceptions=True)
        if asked.cancelled():
            raise ConnectionResetError(name)
        answer = asked.result()
        if not answer.pop("ok"):
            raise Refusal(answer["error"])
        return answer

    async def told(self, kind: str, since: int = 0, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """Waits for the first message of this type after the first ``since`` ones."""

        def found() -> Any:
            return next((p for _, p in self.heard[since:] if p["type"] == kind and where(p)), None)

        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: found() is not None)
            return found()

    async def gone(self) -> None:
        """Waits until the server has closed the connection."""
        await self.told("disconnect")

    def kinds(self) -> list[str]:
        return [payload["type"] for _, payload in self.heard]

    async def lose_connection(self) -> None:
        """The network goes, without a word to the server."""
        await self.client.eio.ws.close()
        await self.gone()

    async def quit(self) -> None:
        await self.client.disconnect()
        if self.client.eio.queue:
            self.client.eio.queue.put_nowait(
                None
            )  # its writer would notice a server that went only after 15 s
        await self.client.eio.wait()

    async def _note(self, channel: str, payload: Any) -> None:
        async with self._changed:
            self.heard.append((channel, payload))
            self._changed.notify_all()

    async def _event(self, payload: Any) -> None:
        event = _EVENT.validate_python(payload)
        if self.state is not None and event.seq > self.state.seq:
            assert event.seq == self.state.seq + 1, "a gap in the numbers"
            self.state = apply(self.state, event)
        await self._note("event", payload)

    async def _direct(self, payload: Any) -> None:
        self.you = payload.get("you", self.you)
        if payload["type"] == "welcome":
            self.state = Snapshot.model_validate(payload["snapshot"])
        await self._note("direct", payload)

    async def _disconnect(self, reason: str) -> None:
        await self._note("disconnect", {"type": "disconnect", "reason": reason})

    async def _connect_error(self, data: Any) -> None:
        self._refused = data.get("data") if isinstance(data, dict) else None


class Live:
    """The server side, with one planned timeslot `SLOT`."""

    def __init__(
        self,
        pool: MediaPool,
        grace: float,
        events_kept: int,
        connections: ConnectionSettings | None,
        relay: Relay | None,
    ) -> None:
        self.pool = pool
        self.ledger = MemoryLedger()
        self.ledger.plan(SLOT)
        self.store = MemoryStore(events_kept)
        self.tickets = Tickets(b"0123456789abcdef0123456789abcdef")
        self.hub = Hub(
            ledger=self.ledger,
            media=pool,
            live=self.store,
            tickets=self.tickets,
            origins=[ORIGIN],
            grace=grace,
            connections=connections,
            relay=relay,
        )
        self.url = ""
        self.people: list[Person] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        self.hub.attach(app)
        await self.hub.start()
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        for person in self.people:
            await person.quit()
        await self.hub.stop()
        if self._runner:
            await self._runner.cleanup()

    def ticket(self, identity: str, slot: str = SLOT) -> str:
        token, _ = self.tickets.issue(slot, identity, now=time.time())
        return token

    async def join(
        self, identity: str, *roles: Role, slot: str = SLOT, resume: Person | None = None
    ) -> Person:
        """Somebody who is in the room; ``roles``, where given, are theirs from now on. Raises Refusal."""
        if roles:
            self.ledger.admit(slot, identity, *roles)
        hello: dict[str, Any] = {"ticket": self.ticket(identity, slot)}
        if resume and resume.state:
            hello["resume"] = {"participantId": resume.id, "seq": resume.state.seq}
        return await self.connect(identity, hello, resume)

    async def connect(
        self, identity: str, auth: object, resume: Person | None = None, origin: str = ORIGIN
    ) -> Person:
        """A connection with exactly this ``auth``; with what ``resume`` knew of the room."""
        person = Person(identity)
        person.state = resume.state if resume else None
        self.people.append(person)
        await person.connect(self.url, auth, {"Origin": origin})
        return person

    def intervals(self, person: Person, slot: str = SLOT) -> list[Interval]:
        """Their attendance, as far as it is written down."""
        rows = self.ledger.timeslots[slot].intervals.values()
        return [row for row in rows if row.participant_id == person.id]

    async def verify(self) -> None:
        """Snapshot + events = fresh snapshot, for everyone who is connected."""
        for person in self.people:
            if person.connected:
                fresh = Snapshot.model_validate(await person.ask("room.sync", {}))
                assert person.state == fresh


async def until(condition: Callable[[], bool]) -> None:
    """For what nobody is told about."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def live_server(
    workers: int = 0,
    grace: float = 30.0,
    events_kept: int = EVENTS_KEPT,
    connections: ConnectionSettings | None = None,
    relay: Relay | None = None,
) -> AsyncIterator[Live]:
    """A running server; without media workers unless asked for."""
    pool = MediaPool(PoolSettings(workers=workers, listen="127.0.0.1", port=0, announced=["127.0.0.1"]))
    await pool.start()
    live = Live(pool, grace, events_kept, connections, relay)
    await live.start()
    try:
        yield live
    finally:
        await live.stop()
        await pool.stop()
