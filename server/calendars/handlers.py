"""Calendars over HTTP: one timeslot to add, and a feed at a secret address to subscribe to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from server.accounts.rules import new_secret, secret_hash
from server.accounts.tables import Account
from server.calendars import ics
from server.calendars.entries import entries
from server.calendars.tables import CalendarFeed
from server.call import Call, Download, Services
from server.fields import Answer, WireTime
from server.limits import Rate
from server.origins import address_of
from server.problems import NOT_FOUND, RATE_LIMITED, Problem
from server.registrations.rules import HAS_A_PLACE
from server.registrations.tables import Registration, Status
from server.sessions.tables import OwnerKind, Publication, RoleAssignment, Session, Timeslot
from server.settings import Settings
from server.site.rules import read_site

MEDIA_TYPE = "text/calendar; charset=utf-8"
_PAST = timedelta(days=90)
_AT_MOST = 1000
_SHOWN = HAS_A_PLACE | {Status.PENDING, Status.WAITLISTED, Status.OFFERED}
_FETCHES = Rate(60, 60)


class FeedInfo(Answer):
    """``url`` is told once, when it is made; after that only that there is one."""

    active: bool
    created_at: WireTime | None = None
    url: str | None = None


# --- one timeslot ----------------------------------------------------------------------------------


async def timeslot_calendar(call: Call[None]) -> Download:
    """With what the person may see: the link to join and who comes, for those who belong to it."""
    settings = call.services.settings
    session, slot = call.scope.session, call.scope.timeslot
    [entry] = await entries(
        call.db, [(session, slot)], call.account, now=call.now, site_url=settings.url(settings.port)
    )
    name = (await _site_name(call.db, settings)) or "Convene"
    return Download(_document([entry], settings, name, call.now), f"session-{slot.slug}.ics")


# --- the feed --------------------------------------------------------------------------------------


async def show_feed(call: Call[None]) -> FeedInfo:
    row = await call.db.get(CalendarFeed, call.me.id)
    return FeedInfo(active=row is not None, created_at=row.created_at if row else None)


async def new_feed(call: Call[None]) -> FeedInfo:
    """Makes the address, or another in its place: the one before stops working at once."""
    secret, settings = new_secret(), call.services.settings
    await call.db.execute(delete(CalendarFeed).where(CalendarFeed.account_id == call.me.id))
    call.db.add(CalendarFeed(account_id=call.me.id, secret_hash=secret_hash(secret), created_at=call.now))
    return FeedInfo(
        active=True, created_at=call.now, url=f"{settings.url(settings.port)}/calendar/{secret}.ics"
    )


async def delete_feed(call: Call[None]) -> None:
    await call.db.execute(delete(CalendarFeed).where(CalendarFeed.account_id == call.me.id))


def feed(services: Services) -> Handler:
    """The handler of GET /calendar/{secret}.ics. Calendar programs send no cookie: the address is the key."""

    async def handle(request: web.Request) -> web.StreamResponse:
        settings = services.settings
        address = address_of(request, settings.trusted_proxies)
        if wait := services.limiter.take(("calendar", address), _FETCHES, services.clock()):
            raise Problem(RATE_LIMITED, headers={"Retry-After": str(int(wait) + 1)})
        async with services.database.reading() as db:
            content = await _feed(db, request.match_info["secret"], services)
        if content is None:
            raise Problem(NOT_FOUND)
        return web.Response(body=content, headers={"Content-Type": MEDIA_TYPE})

    return handle


async def _feed(db: AsyncSession, secret: str, services: Services) -> bytes | None:
    account = await db.scalar(
        select(Account)
        .join(CalendarFeed, CalendarFeed.account_id == Account.id)
        .where(CalendarFeed.secret_hash == secret_hash(secret))
    )
    if account is None:
        return None
    settings, now = services.settings, services.now()
    places = [(slot.session, slot) for slot in await _timeslots(db, account.id, services)]
    found = await entries(db, places, account, now=now, site_url=settings.url(settings.port))
    return _document(found, settings, (await _site_name(db, settings)) or "Convene", now, feed=True)


async def _timeslots(db: AsyncSession, account_id: str, services: Services) -> list[Timeslot]:
    """What the person registered for, or helps to run, and when that is not long past."""
    registered = select(Registration.timeslot_id).where(
        Registration.account_id == account_id, Registration.status.in_(_SHOWN)
    )
    now = services.now()
    assigned: Any = select(RoleAssignment.id).where(
        RoleAssignment.account_id == account_id,
        RoleAssignment.session_id == Timeslot.session_id,
        or_(RoleAssignment.timeslot_id.is_(None), RoleAssignment.timeslot_id == Timeslot.id),
        or_(RoleAssignment.expires_at.is_(None), RoleAssignment.expires_at > now),
    )
    own = (Session.owner_kind == OwnerKind.ACCOUNT) & (Session.owner_id == account_id)
    rows = await db.scalars(
        select(Timeslot)
        .join(Session, Session.id == Timeslot.session_id)
        .where(
            Session.publication.in_((Publication.PUBLISHED, Publication.CANCELLED)),
            Timeslot.starts_at > now - _PAST,
            or_(Timeslot.id.in_(registered), assigned.exists(), own),
        )
        .options(joinedload(Timeslot.session))
        .order_by(Timeslot.starts_at)
        .limit(_AT_MOST)
    )
    return list(rows)


def _document(found: list[ics.Entry], settings: Settings, name: str, now: Any, feed: bool = False) -> bytes:
    sender = settings.effective_mail_from
    return ics.calendar(
        found,
        method=ics.Method.PUBLISH,
        organiser=ics.Person(sender, name),
        domain=sender.rpartition("@")[2],
        stamp=now,
        name=name if feed else "",
    )


async def _site_name(db: AsyncSession, settings: Settings) -> str:
    return (await read_site(db, members_create_sessions=settings.members_create_sessions)).name
