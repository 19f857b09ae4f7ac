"""People and sessions as test data, put into the database directly: tests start where it is interesting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from server.accounts.identity import new_sign_in
from server.accounts.tables import Account
from server.db.base import new_id
from server.registrations.jobs import JOBS
from server.registrations.tables import Invitation, Registration, Status
from server.scheduler.run import Scheduler
from server.sessions.changes import HOLD
from server.sessions.planning import new_seats, new_slug
from server.sessions.tables import Effect, GrantOverride, Publication, RoleAssignment, Session, Timeslot
from signalling.permissions import Permission, Role, SessionType
from tests.support.app import Client, Running

# Who they are in the scene: strangers have no role there, "other" runs a session of their own.
NAMES = ("stranger", "observer", "participant", "co_facilitator", "facilitator", "organiser", "other")


@dataclass(slots=True)
class Cast:
    """Accounts by name with their signed-in browsers. Organiser and other may create sessions."""

    app: Running
    ids: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, Client] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Client:
        return self.browsers[name]


@dataclass(slots=True)
class Scene:
    """One session with everybody in their role; ids for the paths of routes."""

    session_id: str
    timeslot_id: str
    slug: str
    participant_registration_id: str
    observer_assignment_id: str
    seats: dict[str, str]  # seat kind ids by part
    seat_id: str = ""  # one that nobody has
    invitation_id: str = ""
    override_id: str = ""
    participant_id: str = ""


async def gather_cast(app: Running) -> Cast:
    cast = Cast(app)
    for name in NAMES:
        await add_person(cast, name, staff=name in ("organiser", "other"))
    return cast


async def add_person(cast: Cast, name: str, *, staff: bool = False) -> Client:
    services = cast.app.services
    account_id = new_id()
    email = f"{name}.{account_id[:8]}@example.org"
    row, cookie = new_sign_in(account_id, services.now(), 30)
    async with services.database.writing() as db:
        db.add(
            Account(
                id=account_id,
                email=email,
                email_key=email,
                name=name.replace("_", " ").title(),
                password_hash="unusable",
                staff=staff,
                created_at=services.now(),
            )
        )
        await db.flush()
        db.add(row)
        await db.commit()
    cast.ids[name], cast.emails[name] = account_id, email
    cast.browsers[name] = cast.app.client(cookie=cookie)
    return cast.browsers[name]


async def set_scene(
    cast: Cast,
    *,
    publication: Publication = Publication.PUBLISHED,
    starts: timedelta = timedelta(minutes=-5),
    minutes: int = 60,
    session_type: SessionType = SessionType.TRAINING,
    maximum: int | None = None,
    people: bool = True,
) -> Scene:
    """A session owned by "organiser"; without ``people`` nobody else has anything to do with it."""
    now = cast.app.services.now()
    seats = new_seats(session_type, maximum)
    slot = Timeslot(
        id=new_id(),
        slug=new_slug(),
        starts_at=now + starts,
        duration_min=minutes,
        timezone="Europe/Paris",
        seat_kinds=seats,
    )
    session = Session(
        id=new_id(),
        owner_id=cast.ids["organiser"],
        type=session_type,
        custom_type="Talks" if session_type is SessionType.CUSTOM else None,
        title="A session",
        description="What it is about",
        publication=publication,
        created_by=cast.ids["organiser"],
        created_at=now,
        updated_at=now,
        timeslots=[slot],
    )
    by_role = {kind.role: kind.id for kind in seats}
    scene = Scene(session.id, slot.id, slot.slug, "", "", {kind.part: kind.id for kind in seats})
    scene.seat_id = seats[0].id
    async with cast.app.services.database.writing() as db:
        db.add(session)
        await db.flush()
        if people:
            for role in (Role.FACILITATOR, Role.CO_FACILITATOR):
                db.add(_assignment(session.id, cast.ids[role.value], role, cast))
            extra = _assignment(session.id, cast.ids["observer"], Role.OBSERVER, cast)
            places = {
                role: Registration(
                    id=new_id(),
                    timeslot_id=slot.id,
                    account_id=cast.ids[role.value],
                    seat_kind_id=by_role[role],
                    status=Status.REGISTERED,
                    created_at=now,
                    updated_at=now,
                )
                for role in (Role.PARTICIPANT, Role.OBSERVER)
                if role in by_role
            }
            invitation = Invitation(
                id=new_id(), session_id=session.id, token_hash=new_id(), created_at=now, uses=0
            )
            db.add_all([extra, *places.values(), invitation])
            override = GrantOverride(
                id=new_id(),
                session_id=session.id,
                account_id=cast.ids["participant"],
                permission=Permission.FILE_SHARE,
                effect=Effect.ALLOW,
                created_at=now,
            )
            db.add(override)
            scene.invitation_id, scene.override_id = invitation.id, override.id
            scene.participant_id = cast.ids["participant"]
            scene.participant_registration_id = places[Role.PARTICIPANT].id
            scene.observer_assignment_id = extra.id
        await db.commit()
    return scene


async def editing_is_over(cast: Cast) -> None:
    """As if nobody had edited anything for a while: what was changed is told."""
    services = cast.app.services
    later = replace(services, clock=lambda: services.clock() + HOLD.total_seconds())
    await Scheduler(later, [job for job in JOBS if job.name == "timeslots.changed"]).look()


def _assignment(session_id: str, account_id: str, role: Role, cast: Cast) -> RoleAssignment:
    return RoleAssignment(
        id=new_id(),
        session_id=session_id,
        account_id=account_id,
        role=role,
        granted_at=cast.app.services.now(),
    )
