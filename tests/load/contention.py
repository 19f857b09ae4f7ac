"""Many more people than seats, two servers on one database, and one of them killed in the middle.

What each person was told is written down; in the end it is held against the database (`verdict`). Whoever
gets no answer asks again with the same Idempotency-Key until there is one, as a browser does.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy import select

from server.db.engine import Database
from server.db.migrate import migrate
from server.mail.tables import Kind, Mail
from server.registrations.rules import TAKES_A_SEAT
from server.registrations.tables import Registration, RegistrationChange, Status
from server.sessions.tables import SeatKind
from tests.load.http import Caller, caller
from tests.load.planned import Person, Slot, add_people, add_sessions
from tests.load.servers import Server, servers

SEATS = 20
_AT_ONCE = 48  # requests under way
_DOWN = 1.0  # seconds until the killed server is started again
_PATIENCE = 200  # attempts


@dataclass(frozen=True, slots=True)
class Contest:
    """``tries`` to register, over so many timeslots, each person at most once for each."""

    tries: int
    slots: int
    people: int


@dataclass(slots=True)
class Told:
    """What one person heard about one timeslot: ids and statuses of what they got, and whether they left."""

    ids: set[str] = field(default_factory=set)
    status: Status | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first four are 0, or something is wrong. ``repeated`` requests had no answer."""

    oversold: int
    lost: int
    doubled: int
    out_of_order: int
    seated: int
    repeated: int


async def contend(kind_url: str, folder: Path, contest: Contest) -> Verdict:
    database = Database(kind_url)
    try:
        await migrate(database)
        people = await add_people(database, contest.people)
        slots = await add_sessions(database, contest.slots, people[0], seats=SEATS)
        async with servers(2, kind_url, folder) as both, caller(_AT_ONCE) as http:
            crowd = _Crowd(both, http)
            await crowd.run(list(_pairs(people, slots, contest.tries)))
        return await verdict(database, crowd.told, crowd.repeated)
    finally:
        await database.close()


def _pairs(people: list[Person], slots: list[Slot], tries: int) -> Iterator[tuple[Person, Slot]]:
    """The people come to each timeslot in bursts: so they meet."""
    chance = random.Random(7)
    each = tries // len(slots)
    for start in range(0, len(slots), 5):
        some = [(who, slot) for slot in slots[start : start + 5] for who in chance.sample(people, each)]
        chance.shuffle(some)
        yield from some


class _Crowd:
    def __init__(self, both: list[Server], http: Caller) -> None:
        self._servers = both
        self._http = http
        self._chance = random.Random(11)
        self.told: dict[tuple[str, str], Told] = defaultdict(Told)
        self.repeated = 0

    async def run(self, pairs: list[tuple[Person, Slot]]) -> None:
        """When half of them have begun, one server is killed, and started again a little later."""
        waiting = iter(pairs)
        begun, half = 0, asyncio.Event()

        async def one_after_the_other() -> None:
            nonlocal begun
            for who, slot in waiting:
                begun += 1
                if begun == len(pairs) // 2:
                    half.set()
                await self._one(who, slot)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(one_after_the_other())
            await half.wait()
            await self._servers[0].kill()
            await asyncio.sleep(_DOWN)
            await self._servers[0].start()

    async def _one(self, who: Person, slot: Slot) -> None:
        """Registers, now and then by a double click on both servers, and now and then leaves again."""
        told = self.told[who.account_id, slot.id]
        key = f"{who.account_id}-{slot.id}"
        body = {"waitlist": self._chance.random() < 0.3}
        first = self._chance.randrange(2)
        clicks = (first, 1 - first) if self._chance.random() < 0.05 else (first,)
        await asyncio.gather(*(self._register(told, who, slot, server, key, body) for server in clicks))
        if told.ids and self._chance.random() < 0.25:
            path = f"/registrations/{next(iter(told.ids))}"
            status, _ = await self._ask("DELETE", path, who, first)
            told.left = status == 204

    async def _register(
        self, told: Told, who: Person, slot: Slot, server: int, key: str, body: object
    ) -> None:
        path = f"/timeslots/{slot.id}/registrations"
        status, answer = await self._ask("POST", path, who, server, body, key)
        if status == 201:
            told.ids.add(answer["id"])
            told.status = Status(answer["status"])
        elif status != 409:
            raise RuntimeError(f"registering was answered with {status}: {answer}")

    async def _ask(
        self, method: str, path: str, who: Person, server: int, body: object = None, key: str | None = None
    ) -> tuple[int, dict[str, str]]:
        """Until there is an answer, from the other server after each failure."""
        for attempt in range(_PATIENCE):
            url = self._servers[(server + attempt) % 2].url
            try:
                status, answer = await self._http.call(method, url, path, who, body, key)
            except (aiohttp.ClientError, TimeoutError):
                self.repeated += 1
                await asyncio.sleep(0.05)
                continue
            if status != 503:
                return status, answer
            await asyncio.sleep(0.05)
        raise RuntimeError("no answer in all that time")


async def verdict(database: Database, told: dict[tuple[str, str], Told], repeated: int = 0) -> Verdict:
    """Asks the database, and compares with what people heard."""
    async with database.reading() as db:
        maximum = {seat.id: seat.maximum for seat in await db.scalars(select(SeatKind))}
        rows = list(await db.scalars(select(Registration)))
        history: dict[str, list[Status]] = defaultdict(list)
        for registration_id, after in await db.execute(
            select(RegistrationChange.registration_id, RegistrationChange.after)
        ):
            history[registration_id].append(after)
        letters = await db.execute(
            select(Mail.context, Mail.kind)
            .where(Mail.kind.in_([Kind.WAITLISTED, Kind.OFFERED]))
            .order_by(Mail.id)
        )
        queues = [(context["registration_id"], kind) for context, kind in letters]
    by_seat: dict[str, list[Registration]] = defaultdict(list)
    by_pair: dict[tuple[str, str], list[Registration]] = defaultdict(list)
    for row in rows:
        by_seat[row.seat_kind_id].append(row)
        by_pair[row.account_id, row.timeslot_id].append(row)
    free = {seat: (most or 0) - _count(by_seat[seat], _seated) for seat, most in maximum.items()}
    idle = sum(max(0, min(free[seat], _count(by_seat[seat], _waits))) for seat in by_seat)
    return Verdict(
        oversold=sum(max(0, -left) for seat, left in free.items() if maximum[seat] is not None),
        lost=idle + sum(not _as_told(heard, by_pair[pair]) for pair, heard in told.items()),
        doubled=sum(len(found) > 1 for found in by_pair.values())
        + sum(len(heard.ids) > 1 for heard in told.values())
        + sum(_twice(after) for after in history.values()),
        out_of_order=_overtaken(queues, {row.id: row.seat_kind_id for row in rows}),
        seated=_count(rows, _seated),
        repeated=repeated,
    )


def _as_told(heard: Told, rows: list[Registration]) -> bool:
    """Whether the database has what somebody was told, no more and no less."""
    if not heard.ids:
        return not rows
    if [row.id for row in rows] != list(heard.ids):
        return False
    [row] = rows
    if heard.left:
        return row.status is Status.CANCELLED
    return heard.status is not None and row.status in _MAY_BE[heard.status]


# Nobody answers an offer here. Somebody who clicked twice, or asked again, may have been told of one.
_MAY_BE = {
    Status.REGISTERED: {Status.REGISTERED},
    Status.WAITLISTED: {Status.WAITLISTED, Status.OFFERED},
    Status.OFFERED: {Status.OFFERED},
}


def _twice(after: list[Status]) -> bool:
    """Nobody here comes back: each arrives, is offered a seat and leaves at most once."""
    arrived = after.count(Status.REGISTERED) + after.count(Status.WAITLISTED)
    return arrived > 1 or after.count(Status.OFFERED) > 1 or after.count(Status.CANCELLED) > 1


def _overtaken(queues: list[tuple[str, Kind]], seats: dict[str, str]) -> int:
    """Offers that went to somebody while others stood before them. A timeslot's letters are numbered in the
    order of its transactions, for they are written under its lock.
    """
    came: dict[str, int] = {}
    last: dict[str, int] = defaultdict(int)
    wrong = 0
    for number, (registration_id, kind) in enumerate(queues, 1):
        seat = seats[registration_id]
        if kind is Kind.WAITLISTED:
            came[registration_id] = number
        else:
            wrong += came[registration_id] < last[seat]
            last[seat] = came[registration_id]
    return wrong


def _count(rows: list[Registration], what: Callable[[Registration], bool]) -> int:
    return sum(map(what, rows))


def _seated(row: Registration) -> bool:
    return row.status in TAKES_A_SEAT


def _waits(row: Registration) -> bool:
    return row.status is Status.WAITLISTED
