"""The session that a request is about, found by what its path names, and what the asking person is in it.

The only way to a session in REST: whoever may not see it gets the same answer as for one that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from server.problems import Problem, Refusal
from server.registrations.rules import NOT_FOUND as NO_SUCH_REGISTRATION
from server.registrations.tables import Registration
from server.rooms.rules import NO_SUCH_ROOM
from server.sessions.listed import AnySession
from server.sessions.load import WITH_TIMESLOTS, Person, people_in, policy_of
from server.sessions.rules import NO_SUCH_SESSION
from server.sessions.tables import Publication, SeatKind, Session, Timeslot, Visibility
from signalling.permissions import Editing, Permission, Policy, Subject, require

NO_SUCH_SEAT = Refusal(404, "seat.not_found", "There is no such seat, or you may not see it.")
NO_SUCH_TIMESLOT = Refusal(404, "timeslot.not_found", "There is no such timeslot, or you may not see it.")


# Made once, and one statement instead of three: whoever registers waits for it.
_BY_TIMESLOT = (
    select(Session)
    .where(
        Session.id
        == select(Timeslot.session_id).where(Timeslot.id == bindparam("timeslot_id")).scalar_subquery()
    )
    .options(joinedload(Session.timeslots).joinedload(Timeslot.seat_kinds))
)


@dataclass(slots=True)
class Scope:
    """``person`` is None for a stranger. ``registration`` is the one that the path names."""

    session: Session
    person: Person | None
    now: datetime
    hidden: bool = False
    _timeslot: Timeslot | None = None
    _registration: Registration | None = None
    _seat: SeatKind | None = None

    @property
    def timeslot(self) -> Timeslot:
        if self._timeslot is None:
            raise Problem(NO_SUCH_TIMESLOT)
        return self._timeslot

    @property
    def registration(self) -> Registration:
        if self._registration is None:
            raise Problem(NO_SUCH_REGISTRATION)
        return self._registration

    @property
    def seat(self) -> SeatKind:
        """The seat kind that the path names."""
        if self._seat is None:
            raise Problem(NO_SUCH_SEAT)
        return self._seat

    @property
    def policy(self) -> Policy:
        return policy_of(self.session)

    @property
    def subject(self) -> Subject:
        """The asking person, in the timeslot if the path names one, else in the session."""
        if self.person is None:
            return Subject(roles=frozenset())
        return self.person.subject(self._timeslot.id if self._timeslot else None)

    @property
    def is_own_registration(self) -> bool:
        return (
            self.person is not None
            and self._registration is not None
            and self._registration.account_id == self.person.account_id
        )

    def require(self, permission: Permission, *, editing: Editing = Editing.SETTINGS) -> None:
        """Raises `Forbidden`, with the rule and the sentence."""
        require(self.subject, permission, self.policy, editing=editing)


async def load_scope(
    db: AsyncSession,
    path: Mapping[str, str],
    account_id: str | None,
    now: datetime,
    *,
    invited: bool = False,
) -> Scope | None:
    """None when the path is not about a session. Raises a 404 problem when there is none to be seen; with
    ``invited`` what is private is found, and marked ``hidden``; ``person`` is then not looked up for what
    everybody sees, because the handler does so under the timeslot's lock.
    """
    scope, missing = await _find(db, path, now)
    if missing is None:
        return None
    if scope is None:
        raise Problem(missing)
    if account_id and not (invited and visible(scope.session, None)):
        scope.person = (await people_in(db, [scope.session], account_id, now))[scope.session.id]
    scope.hidden = not visible(scope.session, scope.person)
    published = scope.session.publication is Publication.PUBLISHED
    if scope.hidden and not (invited and published):
        raise Problem(missing)
    return scope


async def _find(
    db: AsyncSession, path: Mapping[str, str], now: datetime
) -> tuple[Scope | None, Refusal | None]:
    """What the path names, and the refusal for when it is not there; (None, None) where it names nothing of
    the kind.
    """
    if session_id := path.get("session_id"):
        session = await db.scalar(select(Session).where(Session.id == session_id).options(WITH_TIMESLOTS))
        return (Scope(session, None, now) if session else None), NO_SUCH_SESSION
    if timeslot_id := path.get("timeslot_id"):
        return await _by_timeslot(db, timeslot_id, now), NO_SUCH_TIMESLOT
    if slug := path.get("slug"):
        found = await db.scalar(select(Timeslot.id).where(Timeslot.slug == slug))
        return (await _by_timeslot(db, found, now) if found else None), NO_SUCH_ROOM
    if seat_id := path.get("seat_id"):
        seat = await db.get(SeatKind, seat_id)
        scope = await _by_timeslot(db, seat.timeslot_id, now) if seat else None
        if scope:
            scope._seat = seat
        return scope, NO_SUCH_SEAT
    if registration_id := path.get("registration_id"):
        registration = await db.get(Registration, registration_id)
        if registration is None:
            return None, NO_SUCH_REGISTRATION
        scope = await _by_timeslot(db, registration.timeslot_id, now)
        if scope:
            scope._registration = registration
        return scope, NO_SUCH_REGISTRATION
    return None, None


async def _by_timeslot(db: AsyncSession, timeslot_id: str, now: datetime) -> Scope | None:
    found = await db.scalars(_BY_TIMESLOT, {"timeslot_id": timeslot_id})
    session = found.unique().one_or_none()
    if session is None:
        return None
    slot = next(slot for slot in session.timeslots if slot.id == timeslot_id)
    return Scope(session, None, now, _timeslot=slot)


def visible(session: AnySession, person: Person | None) -> bool:
    """What was published everybody sees, unless it is private to those who belong to it; the rest only those
    who work on it.
    """
    if session.publication in (Publication.PUBLISHED, Publication.CANCELLED):
        return session.visibility is Visibility.PUBLIC or (person is not None and person.belongs)
    return person is not None and person.subject(None).staff
