"""A session with people registered, put straight into a database: what mails are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from server import outbox
from server.accounts.tables import Account
from server.db.base import new_id
from server.db.engine import Database
from server.mail.tables import Kind, Mail
from server.registrations.tables import Registration, Status
from server.sessions.planning import new_seats, new_slug
from server.sessions.tables import Publication, Session, Timeslot
from signalling.permissions import Part, SessionType

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
START = NOW + timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Guest:
    account_id: str
    registration_id: str
    email: str


@dataclass(frozen=True, slots=True)
class Gathering:
    session_id: str
    timeslot_id: str
    guests: tuple[Guest, ...]

    def context(self, guest: Guest, **more: Any) -> dict[str, Any]:
        return {
            "session_id": self.session_id,
            "timeslot_id": self.timeslot_id,
            "registration_id": guest.registration_id,
            **more,
        }


async def gather(database: Database, count: int = 1, **timeslot: Any) -> Gathering:
    """A published session, three days ahead, of Ada, with so many guests."""
    owner = _account("Ada")
    seats = new_seats(SessionType.TRAINING, None)
    slot = Timeslot(
        **{"id": new_id(), "slug": new_slug(), "starts_at": START, "duration_min": 60, "sequence": 0}
        | {"timezone": "Europe/Paris", "seat_kinds": seats}
        | timeslot
    )
    session = Session(
        id=new_id(),
        owner_id=owner.id,
        type=SessionType.TRAINING,
        title="Listening",
        publication=Publication.PUBLISHED,
        created_by=owner.id,
        created_at=NOW,
        updated_at=NOW,
        timeslots=[slot],
    )
    guest_seat = next(seat.id for seat in seats if seat.part == Part.GUEST)
    accounts = [_account(f"Guest {number}") for number in range(count)]
    places = [
        Registration(
            id=new_id(),
            timeslot_id=slot.id,
            account_id=account.id,
            seat_kind_id=guest_seat,
            status=Status.REGISTERED,
            created_at=NOW,
            updated_at=NOW,
        )
        for account in accounts
    ]
    async with database.writing() as db:
        db.add_all([owner, *accounts])
        await db.flush()
        db.add(session)
        await db.flush()
        db.add_all(places)
        await db.commit()
    guests = (Guest(a.id, r.id, a.email) for a, r in zip(accounts, places, strict=True))
    return Gathering(session.id, slot.id, tuple(guests))


def _account(name: str) -> Account:
    account_id = new_id()
    email = f"{name.lower().replace(' ', '')}.{account_id[:8]}@example.org"
    return Account(
        id=account_id, email=email, email_key=email, name=name, password_hash="unusable", created_at=NOW
    )


async def queue(database: Database, gathering: Gathering, kind: Kind = Kind.CONFIRMED, **more: Any) -> None:
    """One mail of the kind to each guest."""
    options = {name: more.pop(name) for name in ("not_after", "due_at") if name in more}
    async with database.writing() as db:
        for guest in gathering.guests:
            await outbox.put(
                db,
                kind,
                recipient=guest.account_id,
                context=gathering.context(guest, **more),
                dedupe_key=f"{kind}:{guest.registration_id}",
                at=NOW,
                **options,
            )
        await db.commit()


async def mails(database: Database) -> list[Mail]:
    async with database.reading() as db:
        return list(await db.scalars(select(Mail).order_by(Mail.id)))
