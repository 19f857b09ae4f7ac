"""The door of a room: its card for everybody who has the link, and the ticket for those who may enter."""

from __future__ import annotations

from datetime import datetime

from server.accounts.tables import Account
from server.call import Call
from server.fields import Answer, WireTime
from server.problems import Problem, Refusal
from server.rooms import rules
from server.rooms.late import too_late
from server.sessions.load import Runs, occupancy, staff_of
from server.sessions.rules import Label
from server.sessions.scope import Scope
from server.sessions.views import may
from server.sessions.wire import May
from signalling.permissions import Role, SessionType
from signalling.phases import Phase


class YouInRoom(Answer):
    signed_in: bool
    name: str | None
    roles: list[Role]
    registered: bool
    join: May


class RoomCard(Answer):
    timeslot_id: str
    session_id: str
    slug: str
    title: str
    type: SessionType
    phase: Phase
    starts_at: WireTime
    ends_at: WireTime
    opens_at: WireTime
    label: Label
    facilitator: str | None
    relay: bool  # whether media can go through a TURN server
    you: YouInRoom


class TicketAnswer(Answer):
    """For the ``auth`` object of the socket; good for one connection, and for two minutes."""

    ticket: str
    expires_at: WireTime


async def show_room(call: Call[None]) -> RoomCard:
    scope = call.scope
    session, slot = scope.session, scope.timeslot
    state = await occupancy(call.db, [slot.id])
    label = state.label(session, slot, call.now)
    runs: Runs = state.runs[slot.id]
    staff = await staff_of(call.db, session, call.now)
    leading = [person.name for person in staff if person.role is Role.FACILITATOR]
    return RoomCard(
        timeslot_id=slot.id,
        session_id=session.id,
        slug=slot.slug,
        title=session.title,
        type=session.type,
        phase=rules.phase(call.services.rooms.phase(slot.id), label, run_live=runs.live),
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        opens_at=_opens_at(scope),
        label=label,
        facilitator=next(iter(leading or [person.name for person in staff]), None),
        relay=bool(call.services.settings.turn_urls),
        you=_you(scope, call.account, may(await _cannot_join(call, label))),
    )


async def issue_ticket(call: Call[None]) -> TicketAnswer:
    state = await occupancy(call.db, [call.scope.timeslot.id])
    label = state.label(call.scope.session, call.scope.timeslot, call.now)
    if refusal := await _cannot_join(call, label):
        raise Problem(refusal)
    if not call.services.rooms.admits(call.scope.timeslot.id):
        raise Problem(rules.RESTARTING, headers={"Retry-After": "30"})
    ticket, expires_at = call.services.tickets.issue(
        call.scope.timeslot.id, call.me.id, now=call.services.clock()
    )
    return TicketAnswer(ticket=ticket, expires_at=datetime.fromtimestamp(expires_at, call.now.tzinfo))


def _you(scope: Scope, account: Account | None, join: May) -> YouInRoom:
    person = scope.person
    return YouInRoom(
        signed_in=account is not None,
        name=account.name if account else None,
        roles=list(scope.subject.effective_roles),
        registered=bool(person and person.has_place(scope.timeslot.id)),
        join=join,
    )


def _opens_at(scope: Scope) -> datetime:
    return rules.opens_at(scope.timeslot.starts_at, scope.timeslot.room_opens_before_min)


async def _cannot_join(call: Call[None], label: Label) -> Refusal | None:
    scope, account = call.scope, call.account
    subject = scope.subject if scope.person else None
    late = await too_late(call.db, scope.timeslot, account.id if account else None, call.now)
    return rules.joining(subject, scope.policy, label, opens_at=_opens_at(scope), now=call.now, late=late)
