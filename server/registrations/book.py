"""The book of one timeslot: every change of who has which seat goes through it, in one transaction under the
timeslot's lock. It keeps the history, the audit log and the letters, and lets the next move up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from server import outbox
from server.db.base import new_id
from server.db.engine import seat_lock
from server.mail.tables import Kind as Mail
from server.registrations.promotion import (
    HOLDS_A_PLACE,
    OFFER,
    Kind,
    check_move,
    promotable,
    promote,
)
from server.registrations.rules import TAKES_A_SEAT
from server.registrations.tables import Registration, RegistrationChange, Status
from server.sessions.audit import record
from server.sessions.load import Occupancy, runs_of
from server.sessions.tables import Publication, SeatKind, Session, Timeslot
from signalling.permissions import Part

_ACTIONS = {
    Status.PENDING: "registration.request",
    Status.WAITLISTED: "registration.wait",
    Status.OFFERED: "registration.offer",
    Status.REGISTERED: "registration.create",
    Status.DECLINED: "registration.decline",
    Status.CANCELLED: "registration.cancel",
    Status.EXPIRED: "registration.expire",
}

# Made once: everybody who registers waits for them.
_OF = (
    select(Registration)
    .where(
        Registration.timeslot_id == bindparam("timeslot_id"),
        Registration.account_id == bindparam("account_id"),
    )
    .execution_options(populate_existing=True)
)
_COUNTS = (
    select(Registration.seat_kind_id, Registration.status, func.count())
    .where(Registration.timeslot_id == bindparam("timeslot_id"))
    .group_by(Registration.seat_kind_id, Registration.status)
)


class Book:
    """Made by `open_book`. ``actor`` is an account id, or None for the clock."""

    def __init__(
        self, db: AsyncSession, session: Session, slot: Timeslot, now: datetime, actor: str | None
    ) -> None:
        self.db = db
        self.session = session
        self.slot = slot
        self.now = now
        self.actor = actor
        self.changed = False
        self._counts: dict[str, Counter[Status]] | None = None

    # --- reading ---

    async def kind(self, seat: SeatKind) -> Kind:
        """A seat kind as it stands now."""
        counts = (await self._counted())[seat.id]
        return Kind(
            maximum=seat.maximum,
            taken=sum(counts[status] for status in TAKES_A_SEAT),
            waiting=counts[Status.WAITLISTED],
            mode=seat.waitlist,
            offer=timedelta(minutes=seat.offer_min) if seat.offer_min else OFFER,
        )

    async def occupancy(self) -> Occupancy:
        """As it stands now, under the lock."""
        counts = await self._counted()
        return Occupancy(
            taken={seat: sum(found[status] for status in TAKES_A_SEAT) for seat, found in counts.items()},
            runs=await runs_of(self.db, [self.slot.id]),
            waiting={seat: found[Status.WAITLISTED] for seat, found in counts.items()},
        )

    def seat(self, seat_id: str | None) -> SeatKind | None:
        return next((seat for seat in self.slot.seat_kinds if seat.id == seat_id), None)

    async def registration(self, registration_id: str) -> Registration | None:
        """As it is under the lock; None when it is not of this timeslot."""
        found = await self.db.get(Registration, registration_id, populate_existing=True)
        return found if found is not None and found.timeslot_id == self.slot.id else None

    async def of(self, account_id: str) -> Registration | None:
        found: Registration | None = await self.db.scalar(
            _OF, {"timeslot_id": self.slot.id, "account_id": account_id}
        )
        return found

    async def queue(self, seat: SeatKind) -> list[str]:
        """The ids of those who wait, in order."""
        rows = await self.db.scalars(
            select(Registration.id)
            .where(Registration.seat_kind_id == seat.id, Registration.status == Status.WAITLISTED)
            .order_by(Registration.queue_rank, Registration.created_at)
        )
        return list(rows)

    @property
    def serves(self) -> bool:
        """Whether seats are given out at all: not before it is published, nor once it is over or off."""
        return (
            self.session.publication is Publication.PUBLISHED
            and self.session.completed_at is None
            and self.slot.cancelled_at is None
            and self.now < self.slot.ends_at
        )

    # --- changing ---

    async def move(
        self,
        registration: Registration,
        after: Status,
        *,
        seat: SeatKind | None = None,
        action: str | None = None,
        mail: Mail | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Sets a status, and with ``seat`` the seat kind. Raises WrongMove. Does not let others move up:
        `settle` does.
        """
        before: Status | None = registration.status
        if after is not before:
            check_move(before, after)
        await self._leave_places(registration, after, seat)
        registration.status, registration.updated_at = after, self.now
        self.db.add(registration)
        if after is Status.WAITLISTED and registration.queue_rank is None:
            registration.queue_rank = await self._next(Registration.queue_rank, registration)
        await self._order_talks(registration, after)
        change = RegistrationChange(
            id=new_id(),
            registration_id=registration.id,
            at=self.now,
            actor=self.actor,
            before=before,
            after=after,
        )
        self.db.add(change)
        self.note(registration, action or _ACTIONS.get(after, "registration.status"), before, after)
        self._counts, self.changed = None, True
        if mail is Mail.WAITLISTED:
            queue = await self.queue(self._seat_of(registration))
            context = {"position": queue.index(registration.id) + 1}
        if mail is not None:
            await self.mail(registration, mail, change.id, context)

    def note(
        self, registration: Registration, action: str, before: Status | None, after: Status, **more: Any
    ) -> None:
        record(
            self.db,
            at=self.now,
            actor=self.actor,
            action=action,
            session_id=self.session.id,
            timeslot_id=self.slot.id,
            target=registration.id,
            before={"status": before} if before else None,
            after={"status": after, **more},
        )

    async def mail(
        self,
        registration: Registration,
        kind: Mail,
        occasion: str,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """One letter about a registration; ``occasion`` is what it is about, so that it is sent once."""
        await outbox.put(
            self.db,
            kind,
            recipient=registration.account_id,
            context={
                "session_id": self.session.id,
                "timeslot_id": self.slot.id,
                "registration_id": registration.id,
                **(context or {}),
            },
            dedupe_key=f"{kind}:{occasion}",
            at=self.now,
        )

    async def settle(self) -> None:
        """Lets offers lapse whose time is over, and gives every free seat to whoever is next."""
        if not self.serves:
            return
        await self.lapse()
        for seat in self.slot.seat_kinds:
            kind = await self.kind(seat)
            if promotable(kind):
                await self._promote(seat, kind)

    async def lapse(self) -> None:
        """Takes back the offers whose time is over, also when no more seats are given out."""
        counts = await self._counted()
        if not any(of_seat[Status.OFFERED] for of_seat in counts.values()):
            return
        for registration in await self._lapsed():
            await self.move(registration, Status.EXPIRED, mail=Mail.OFFER_EXPIRED)

    async def reorder(self, seat: SeatKind, wanted: list[str]) -> None:
        for rank, registration_id in enumerate(wanted, 1):
            registration = await self.db.get_one(Registration, registration_id)
            registration.queue_rank = rank
        await self.db.flush()

    async def _promote(self, seat: SeatKind, kind: Kind) -> None:
        queue = await self.queue(seat)
        moves = promote(kind, queue, now=self.now, starts_at=self.slot.starts_at, ends_at=self.slot.ends_at)
        for one in moves:
            registration = await self.db.get_one(Registration, one.id)
            if one.status is Status.OFFERED and one.expires_at:
                registration.offer_expires_at = one.expires_at
                await self.move(
                    registration,
                    one.status,
                    mail=Mail.OFFERED,
                    context={"expires_at": one.expires_at.isoformat()},
                )
            else:
                await self.move(registration, one.status, action="registration.promote", mail=Mail.CONFIRMED)

    async def _lapsed(self) -> list[Registration]:
        rows = await self.db.scalars(
            select(Registration)
            .where(
                Registration.timeslot_id == self.slot.id,
                Registration.status == Status.OFFERED,
                Registration.offer_expires_at <= self.now,
            )
            .order_by(Registration.offer_expires_at)
            .execution_options(populate_existing=True)
        )
        return list(rows)

    async def _counted(self) -> dict[str, Counter[Status]]:
        if self._counts is None:
            rows = await self.db.execute(_COUNTS, {"timeslot_id": self.slot.id})
            self._counts = defaultdict(Counter)
            for seat_id, status, count in rows:
                self._counts[seat_id][status] = count
        return self._counts

    async def _leave_places(self, registration: Registration, after: Status, seat: SeatKind | None) -> None:
        """Takes away what does not go with the new status or seat."""
        if seat is not None and seat.id != registration.seat_kind_id:
            registration.seat_kind_id = seat.id
            registration.queue_rank = registration.talk_order = None
        if after is not Status.WAITLISTED:
            registration.queue_rank = None
        if after is not Status.OFFERED:
            registration.offer_expires_at = None
        if after not in HOLDS_A_PLACE:
            registration.talk_order = None

    async def _order_talks(self, registration: Registration, after: Status) -> None:
        """A new presenter speaks last (M18)."""
        presents = self._seat_of(registration).part == Part.PRESENTER and after in HOLDS_A_PLACE
        if presents and registration.talk_order is None:
            registration.talk_order = await self._next(Registration.talk_order, registration)

    async def _next(self, column: Any, registration: Registration) -> int:
        last = await self.db.scalar(
            select(func.max(column)).where(Registration.seat_kind_id == registration.seat_kind_id)
        )
        return (last or 0) + 1

    def _seat_of(self, registration: Registration) -> SeatKind:
        return next(seat for seat in self.slot.seat_kinds if seat.id == registration.seat_kind_id)


async def open_book(
    db: AsyncSession, session: Session, slot: Timeslot, now: datetime, actor: str | None
) -> Book:
    """Takes the timeslot's lock and reads again what others may have written before it was had."""
    if await seat_lock(db, slot.id):
        await db.execute(
            select(Timeslot)
            .where(Timeslot.id == slot.id)
            .options(selectinload(Timeslot.seat_kinds))
            .execution_options(populate_existing=True)
        )
        await db.refresh(session, ["publication", "completed_at", "join_condition", "conditions", "version"])
    return Book(db, session, slot, now, actor)
