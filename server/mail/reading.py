"""Reads the facts of a mail at the moment it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.tables import Account
from server.calendars.entries import entries
from server.calendars.ics import Entry
from server.mail.facts import Facts, Place, Reader, Site
from server.mail.render import CALENDAR, Undeliverable
from server.mail.tables import Kind, Mail
from server.registrations.rules import HAS_A_PLACE
from server.registrations.tables import Registration, RegistrationChange
from server.sessions.load import people_in, policy_of
from server.sessions.tables import LocationKind, OwnerKind, SeatKind, Session, Timeslot
from signalling.permissions import Permission, allowed


@dataclass(frozen=True, slots=True)
class Written:
    """``entry`` is the calendar's part, where this kind of mail has one."""

    facts: Facts
    entry: Entry | None


async def read(db: AsyncSession, mail: Mail, site: Site, now: datetime) -> Written:
    """Raises Undeliverable when what the mail is about, or its recipient, is there no more."""
    account = await db.get(Account, mail.account_id) if mail.account_id else None
    reader = _reader(mail, account)
    session = await db.get(Session, mail.context["session_id"])
    if session is None:
        raise Undeliverable("the session was deleted")
    slot = await _timeslot(db, mail, session)
    registration = await _registration(db, mail)
    seat = await db.get(SeatKind, registration.seat_kind_id) if registration else None
    place = await _place(db, session, slot, account, now) if slot else None
    has_place = registration is not None and await _has_place(db, registration, mail.kind)
    facts = Facts(
        kind=mail.kind,
        site=site,
        reader=reader,
        session_id=session.id,
        title=session.title,
        owner=await _owner(db, session),
        place=place,
        seat=seat.name if seat else "",
        has_place=has_place,
        context=mail.context,
    )
    entry = None
    if slot and account and has_place and mail.kind in CALENDAR:
        [entry] = await entries(db, [(session, slot)], account, now=now, site_url=site.url)
    return Written(facts, entry)


def _reader(mail: Mail, account: Account | None) -> Reader:
    if account:
        return Reader(account.email, account.name, account.timezone)
    if mail.email:
        return Reader(mail.email, mail.name)
    raise Undeliverable("the account was deleted")


async def _timeslot(db: AsyncSession, mail: Mail, session: Session) -> Timeslot | None:
    timeslot_id = mail.context.get("timeslot_id")
    if timeslot_id is None:
        return None
    slot = await db.get(Timeslot, timeslot_id)
    if slot is None or slot.session_id != session.id:
        raise Undeliverable("the timeslot was deleted")
    return slot


async def _registration(db: AsyncSession, mail: Mail) -> Registration | None:
    registration_id = mail.context.get("registration_id")
    if registration_id is None:
        return None
    registration = await db.get(Registration, registration_id)
    if registration is None:
        raise Undeliverable("the registration was deleted")
    return registration


async def _has_place(db: AsyncSession, registration: Registration, kind: Kind) -> bool:
    """For a cancelled registration what counts is what it was before."""
    if kind is not Kind.REGISTRATION_CANCELLED:
        return registration.status in HAS_A_PLACE
    before = await db.scalar(
        select(RegistrationChange.before)
        .where(
            RegistrationChange.registration_id == registration.id,
            RegistrationChange.after == registration.status,
        )
        .order_by(RegistrationChange.at.desc())
        .limit(1)
    )
    return registration.status not in HAS_A_PLACE and before in HAS_A_PLACE


async def _place(
    db: AsyncSession, session: Session, slot: Timeslot, account: Account | None, now: datetime
) -> Place:
    may_see = False
    if account:
        person = (await people_in(db, [session], account.id, now))[session.id]
        may_see = allowed(person.subject(slot.id), Permission.SESSION_VIEW_DETAILS, policy_of(session))
    return Place(
        timeslot_id=slot.id,
        slug=slot.slug,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        zone=slot.timezone,
        location=LocationKind(slot.location_kind),
        address=slot.location_address,
        external_url=slot.external_url if may_see else None,
        external_password=slot.external_password if may_see else None,
        opens_before_min=slot.room_opens_before_min,
    )


async def _owner(db: AsyncSession, session: Session) -> str:
    if session.owner_kind is not OwnerKind.ACCOUNT or session.owner_id is None:
        return ""
    return await db.scalar(select(Account.name).where(Account.id == session.owner_id)) or ""
