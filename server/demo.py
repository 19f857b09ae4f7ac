"""The demo: seven people with the password that everybody knows, a session that is always running, and a few
more.

Prepared anew on each start: the sessions move to where they were relative to now, "Welcome to Convene" starts
afresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.passwords import Passwords
from server.accounts.rules import email_key
from server.accounts.tables import Account
from server.db.base import new_id
from server.db.engine import Database
from server.registrations.tables import Registration, RegistrationChange, Status
from server.rooms.tables import LiveRun, Presence, RoomChatMessage, RunState
from server.sessions.planning import new_seats
from server.sessions.tables import LocationKind, Publication, RoleAssignment, SeatKind, Session, Timeslot
from signalling.permissions import Role, SessionType

PASSWORD = "convene-demo"  # noqa: S105
PEOPLE = {
    "organiser": "Amara Okafor",
    "facilitator": "Daniel Weiss",
    "cofacilitator": "Mei Tanaka",
    "participant": "Sofía Álvarez",
    "participant2": "Jonas Lindqvist",
    "participant3": "Priya Raman",
    "observer": "Noor Haddad",
}
WELCOME = "welcome"
ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Plan:
    """One demo session; ``starts`` is relative to now. ``seated`` names who is registered, from `PEOPLE`."""

    slug: str
    title: str
    type: SessionType
    starts: timedelta
    duration_min: int
    description: str
    objectives: tuple[str, ...] = ()
    maximum: int | None = None
    custom_type: str | None = None
    location: LocationKind = LocationKind.VIRTUAL
    address: str | None = None
    publication: Publication = Publication.PUBLISHED
    facilitators: tuple[str, ...] = ()
    cofacilitators: tuple[str, ...] = ()
    seated: tuple[str, ...] = ()
    observing: tuple[str, ...] = ()


PLANS = (
    Plan(
        WELCOME,
        "Welcome to Convene",
        SessionType.TRAINING,
        timedelta(minutes=-10),
        240,
        "Look around: switch your camera and microphone on and off, share your screen, write in "
        "the chat, raise your hand. Open a second browser, sign in as somebody else, and meet "
        "yourself.\n\n"
        "What each of you may do follows from the role.",
        ("See and hear each other", "Share a screen", "Find out what each role may do"),
        facilitators=("facilitator",),
        cofacilitators=("cofacilitator",),
        seated=("participant", "participant2", "participant3"),
        observing=("observer",),
    ),
    Plan(
        "demo-feedback",
        "Feedback that lands",
        SessionType.WORKSHOP,
        timedelta(hours=2),
        90,
        "Most feedback is either too soft to be heard or too hard to be taken in. We practise the"
        " middle with short exchanges in pairs, then in groups of four.",
        ("Describe what you saw without judging it", "Ask for a change that somebody can make"),
        maximum=12,
        facilitators=("facilitator",),
        seated=("participant", "participant3"),
    ),
    Plan(
        "demo-focus",
        "Quiet hour",
        SessionType.FOCUS_WORK,
        timedelta(days=1, hours=1),
        60,
        "Microphones off, one shared timer. Say at the start what you will do, and at the end how"
        " far you got.",
        maximum=25,
        facilitators=("cofacilitator",),
        seated=("participant2",),
    ),
    Plan(
        "demo-coaching",
        "Coaching: your next three months",
        SessionType.COACHING,
        timedelta(days=2),
        50,
        "A small group, one goal each. You leave with the first step written down and somebody "
        "who will ask about it.",
        ("Name one goal", "Plan the first step"),
        maximum=2,
        facilitators=("facilitator",),
        seated=("participant2", "participant3"),
    ),
    Plan(
        "demo-talks",
        "Lightning talks: small tools we love",
        SessionType.CUSTOM,
        timedelta(days=5, hours=3),
        45,
        "Ten minutes of talk, five of questions, three presenters. Bring a tool that saves you "
        "ten minutes a day.",
        maximum=40,
        custom_type="Lightning talks",
        facilitators=("facilitator",),
        cofacilitators=("cofacilitator",),
        seated=("participant",),
    ),
    Plan(
        "demo-first-aid",
        "First aid refresher",
        SessionType.TRAINING,
        timedelta(days=9),
        120,
        "The recovery position, bleeding, and what has changed in resuscitation. In the room with"
        " dummies to practise on, and on the screen for everybody else.",
        ("Act within the first minute",),
        maximum=16,
        location=LocationKind.HYBRID,
        address="Room 204, 12 Canal Street",
        facilitators=("facilitator",),
    ),
    Plan(
        "demo-interviews",
        "Interviewing users without leading them",
        SessionType.TRAINING,
        timedelta(days=-1, hours=-2),
        60,
        "What to ask, how to be silent, and how to write down what was said instead of what you "
        "hoped to hear.",
        maximum=20,
        facilitators=("facilitator",),
        seated=("participant", "participant2"),
    ),
    Plan(
        "demo-retrospective",
        "Buddy meeting: how was the month?",
        SessionType.BUDDY_MEETING,
        timedelta(days=3),
        30,
        "A draft: only the people who work on it can see it.",
        publication=Publication.DRAFT,
    ),
)


async def prepare(database: Database, passwords: Passwords, now: datetime) -> None:
    """Makes what is missing and moves the rest to its place around ``now``."""
    async with database.reading() as db:
        known = set(await db.scalars(select(Account.email_key)))
    missing = [name for name in PEOPLE if email_key(address(name)) not in known]
    password_hash = await passwords.hash(PASSWORD) if missing else ""
    async with database.writing() as db:
        db.add_all(_account(name, password_hash, now) for name in missing)
        await db.flush()
        people = await _people(db)
        start = now.astimezone(UTC).replace(second=0, microsecond=0)
        for plan in PLANS:
            slot = await db.scalar(select(Timeslot).where(Timeslot.slug == plan.slug))
            if slot is None:
                slot = await _create(db, plan, people, now)
            slot.starts_at = start + plan.starts
            await _begin_afresh(db, plan, slot)
        await db.commit()


def address(name: str) -> str:
    return f"{name}@demo.test"


def greeting() -> list[str]:
    """What the start-up output says about the demo."""
    width = max(map(len, map(address, PEOPLE)))
    return [
        f'the session "{PLANS[0].title}" is running at /live/{WELCOME}',
        f"sign in as one of these, password {PASSWORD}:",
        *(f"   {address(name):<{width}}  {full_name}" for name, full_name in PEOPLE.items()),
    ]


def _account(name: str, password_hash: str, now: datetime) -> Account:
    return Account(
        email=address(name),
        email_key=email_key(address(name)),
        name=PEOPLE[name],
        password_hash=password_hash,
        timezone=None,  # whoever tries it out sees their own
        staff=name == "organiser",
        created_at=now,
    )


async def _people(db: AsyncSession) -> dict[str, str]:
    """Account ids by demo name."""
    keys = {email_key(address(name)): name for name in PEOPLE}
    rows = await db.execute(select(Account.email_key, Account.id).where(Account.email_key.in_(keys)))
    return {keys[key]: account_id for key, account_id in rows}


async def _create(db: AsyncSession, plan: Plan, people: dict[str, str], now: datetime) -> Timeslot:
    slot = Timeslot(
        id=new_id(),
        slug=plan.slug,
        starts_at=now,
        duration_min=plan.duration_min,
        timezone=ZONE,
        location_kind=plan.location,
        location_address=plan.address,
        seat_kinds=new_seats(plan.type, plan.maximum),
    )
    session = Session(
        id=new_id(),
        owner_id=people["organiser"],
        type=plan.type,
        custom_type=plan.custom_type,
        title=plan.title,
        description=plan.description,
        objectives=list(plan.objectives),
        publication=plan.publication,
        created_by=people["organiser"],
        created_at=now,
        updated_at=now,
        timeslots=[slot],
    )
    db.add(session)
    await db.flush()
    for role, names in (
        (Role.FACILITATOR, plan.facilitators),
        (Role.CO_FACILITATOR, plan.cofacilitators),
    ):
        db.add_all(
            RoleAssignment(session_id=session.id, account_id=people[name], role=role, granted_at=now)
            for name in names
        )
    for role, names in ((Role.PARTICIPANT, plan.seated), (Role.OBSERVER, plan.observing)):
        for name in names:
            kind = next(kind for kind in slot.seat_kinds if kind.role is role)
            _seat(db, slot, kind, people[name], now)
    return slot


def _seat(db: AsyncSession, slot: Timeslot, kind: SeatKind, account_id: str, now: datetime) -> None:
    registration = Registration(
        id=new_id(),
        timeslot_id=slot.id,
        account_id=account_id,
        seat_kind_id=kind.id,
        status=Status.REGISTERED,
        created_at=now,
        updated_at=now,
    )
    db.add(registration)
    db.add(
        RegistrationChange(registration_id=registration.id, at=now, actor=account_id, after=Status.REGISTERED)
    )


async def _begin_afresh(db: AsyncSession, plan: Plan, slot: Timeslot) -> None:
    """The running session has no past; the past one ran as planned."""
    for table in (LiveRun, Presence, RoomChatMessage):
        await db.execute(delete(table).where(table.timeslot_id == slot.id))
    if plan.slug == WELCOME:
        session = await db.get_one(Session, slot.session_id)
        session.publication, session.completed_at = Publication.PUBLISHED, None
    if plan.starts < timedelta(hours=-12):
        db.add(
            LiveRun(
                timeslot_id=slot.id,
                state=RunState.ENDED,
                started_at=slot.starts_at,
                ended_at=slot.ends_at,
                end_reason="host",
            )
        )
