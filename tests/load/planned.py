"""Accounts, sessions and registrations by the thousand, written past the server: where a benchmark begins."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text

from server.accounts.identity import new_sign_in
from server.accounts.tables import Account, SignIn
from server.db.base import Base, new_id
from server.db.engine import Database
from server.registrations.tables import Registration, Status
from server.sessions.planning import new_seats, new_slug
from server.sessions.tables import Condition, Publication, SeatKind, Session, Timeslot
from signalling.permissions import SessionType

_AT_ONCE = 2000
_TYPES = (SessionType.TRAINING, SessionType.WORKSHOP, SessionType.COACHING, SessionType.FOCUS_WORK)
_WORDS = ("Kanban", "Writing", "Python", "Listening", "Drawing", "Planning", "Budget", "Running", "Chess")


@dataclass(frozen=True, slots=True)
class Person:
    account_id: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Slot:
    """``seat_id`` is the kind of seat that somebody gets who registers without choosing."""

    id: str
    session_id: str
    seat_id: str


async def add_people(database: Database, count: int) -> list[Person]:
    """Accounts that are signed in."""
    now = datetime.now(UTC)
    people, accounts, sign_ins = [], [], []
    for number in range(count):
        account_id = new_id()
        row, cookie = new_sign_in(account_id, now, 30)
        email = f"{account_id}@example.org"
        people.append(Person(account_id, cookie))
        accounts.append(
            {
                "id": account_id,
                "email": email,
                "email_key": email,
                "name": f"Person {number}",
                "password_hash": "",
                "created_at": now,
            }
        )
        sign_ins.append(
            {
                "token_hash": row.token_hash,
                "account_id": account_id,
                "created_at": now,
                "expires_at": row.expires_at,
            }
        )
    await _add(database, Account, accounts)
    await _add(database, SignIn, sign_ins)
    return people


async def add_sessions(
    database: Database, count: int, owner: Person, *, seats: int, varied: bool = False
) -> list[Slot]:
    """Published ones with a timeslot each in the coming three months; with ``varied``
    every tenth before, and every twentieth to be asked for.
    """
    now = datetime.now(UTC)
    chance = random.Random(1)
    slots: list[Slot] = []
    rows: dict[type[Base], list[dict[str, Any]]] = {Session: [], Timeslot: [], SeatKind: []}
    for number in range(count):
        kind = _TYPES[number % len(_TYPES)]
        session_id, slot_id = new_id(), new_id()
        over = varied and number % 10 == 9
        starts = now + timedelta(minutes=chance.randrange(60, 90 * 24 * 60)) * (-1 if over else 1)
        rows[Session].append(
            {
                "id": session_id,
                "owner_id": owner.account_id,
                "type": kind,
                "title": f"{chance.choice(_WORDS)} for beginners {number}",
                "description": "What it is about, in a sentence or two. " * 5,
                "publication": Publication.PUBLISHED,
                "join_condition": Condition.ASK if varied and number % 20 == 19 else Condition.FREE,
                "created_by": owner.account_id,
                "created_at": now,
                "updated_at": now,
            }
        )
        rows[Timeslot].append(
            {
                "id": slot_id,
                "session_id": session_id,
                "slug": new_slug(),
                "starts_at": starts,
                "duration_min": 60,
                "timezone": "Europe/Paris",
            }
        )
        kinds = new_seats(kind, seats)
        for seat in kinds:
            rows[SeatKind].append(
                {
                    "id": seat.id,
                    "timeslot_id": slot_id,
                    "part": seat.part,
                    "name": seat.name,
                    "role": seat.role,
                    "maximum": seat.maximum,
                    "required": seat.required,
                    "approval": seat.approval,
                    "position": seat.position,
                }
            )
        slots.append(Slot(slot_id, session_id, next(seat.id for seat in kinds if seat.part == "guest")))
    for table, found in rows.items():
        await _add(database, table, found)
    return slots


async def add_registrations(
    database: Database, slots: Sequence[Slot], people: Sequence[Person], count: int
) -> None:
    """Spread evenly over the timeslots, each person at most once in each."""
    now = datetime.now(UTC)
    each = -(-count // len(slots))
    rows = [
        {
            "id": new_id(),
            "timeslot_id": slot.id,
            "account_id": people[(number * each + place) % len(people)].account_id,
            "seat_kind_id": slot.seat_id,
            "status": Status.REGISTERED,
            "created_at": now,
            "updated_at": now,
        }
        for number, slot in enumerate(slots)
        for place in range(each)
    ]
    await _add(database, Registration, rows[:count])


async def analyse(database: Database) -> None:
    """What every database does by itself in time: look at how many rows there are of what."""
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        await connection.commit()


async def _add(database: Database, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _AT_ONCE):
        async with database.writing() as db:
            await db.execute(insert(table), rows[start : start + _AT_ONCE])
            await db.commit()
