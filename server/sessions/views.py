"""Shapes sessions for one viewer, from what load.py has read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.accounts.tables import Account
from server.call import LiveRooms
from server.problems import Refusal
from server.registrations import rules as registering
from server.registrations.tables import Registration
from server.rooms.rules import phase
from server.sessions.conditions import Conditions
from server.sessions.listed import AnySeat, AnySession, AnySlot
from server.sessions.load import Colleague, Occupancy, Person, policy_of
from server.sessions.rules import registration_open
from server.sessions.tables import SeatKind, Session
from server.sessions.wire import (
    ExternalMeetingInfo,
    LocationInfo,
    May,
    OwnerInfo,
    PersonInfo,
    RegistrationInfo,
    SeatInfo,
    SessionCard,
    SessionDetail,
    TimeslotInfo,
    WaitlistInfo,
    YouInSession,
)
from signalling.messages import Permit
from signalling.permissions import Permission, Subject, allowed, permit_all

_EXCERPT = 280


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and at what time. ``account`` and ``person`` are None for a stranger."""

    account: Account | None
    person: Person | None
    now: datetime

    def subject(self, timeslot_id: str | None) -> Subject:
        return self.person.subject(timeslot_id) if self.person else Subject(roles=frozenset())


@dataclass(frozen=True, slots=True)
class Shown:
    """One session with all that its views draw on."""

    session: AnySession
    occupancy: Occupancy
    owner_name: str
    rooms: LiveRooms


def card(shown: Shown, viewer: Viewer, slot: AnySlot | None = None) -> SessionCard:
    """With the timeslot that stands for the session, unless another is given."""
    return SessionCard(**_card_fields(shown, viewer, slot, excerpt=True))


def detail(session: Session, shown: Shown, viewer: Viewer, staff: list[Colleague]) -> SessionDetail:
    """``session`` is the one shown, with what lists do not read."""
    decisions = permit_all(viewer.subject(None), policy_of(session))
    return SessionDetail(
        **_card_fields(shown, viewer, None, excerpt=False),
        objectives=session.objectives,
        publication=session.publication,
        version=session.version,
        cancelled_reason=session.cancelled_reason,
        talk_min=session.talk_min,
        qa_min=session.qa_min,
        conditions=Conditions.model_validate(session.conditions or {}),
        timeslots=[timeslot_info(shown, slot, viewer) for slot in session.timeslots],
        people=[PersonInfo(name=person.name, role=person.role) for person in staff],
        may={
            permission: Permit(
                allowed=decision.allowed,
                rule=decision.rule,
                message=decision.message,
                lifted_by=list(decision.lifted_by),
            )
            for permission, decision in decisions.items()
        },
    )


def _card_fields(shown: Shown, viewer: Viewer, slot: AnySlot | None, *, excerpt: bool) -> dict[str, object]:
    session = shown.session
    if slot is None:
        slot, label = shown.occupancy.shown(session, viewer.now)
    else:
        label = shown.occupancy.label(session, slot, viewer.now)
    info = timeslot_info(shown, slot, viewer)
    return {
        "id": session.id,
        "title": session.title,
        "type": session.type,
        "custom_type": session.custom_type,
        "description": _excerpt(session.description) if excerpt else session.description,
        "label": label,
        "visibility": session.visibility,
        "join_condition": session.join_condition,
        "timeslot": info,
        "seats": info.seats,
        "you": YouInSession(
            roles=list(viewer.subject(slot.id).effective_roles), registration=info.own_registration
        ),
        "owner": OwnerInfo(name=shown.owner_name),
    }


def timeslot_info(shown: Shown, slot: AnySlot, viewer: Viewer) -> TimeslotInfo:
    session, now = shown.session, viewer.now
    standing = shown.occupancy.standing(session, slot)
    label = shown.occupancy.label(session, slot, now)
    external = None
    if slot.external_url and allowed(
        viewer.subject(slot.id), Permission.SESSION_VIEW_DETAILS, policy_of(session)
    ):
        external = ExternalMeetingInfo(url=slot.external_url, password=slot.external_password)
    return TimeslotInfo(
        id=slot.id,
        slug=slot.slug,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        duration_min=slot.duration_min,
        timezone=slot.timezone,
        location=LocationInfo(kind=slot.location_kind, address=slot.location_address),
        phase=phase(shown.rooms.phase(slot.id), label, run_live=standing.run_live),
        label=label,
        registration_state=slot.registration_state,
        registration_open=registration_open(standing, now),
        registration_opens_at=slot.registration_opens_at,
        registration_closes_at=slot.registration_closes_at,
        cancel_by=slot.registration_cancel_by,
        minimum=slot.minimum,
        minimum_by=slot.minimum_by,
        room_opens_before_min=slot.room_opens_before_min,
        auto_end_min=slot.auto_end_min,
        late_entry_min=slot.late_entry_min,
        series_id=slot.series_id,
        recurrence=slot.recurrence,
        cancelled_reason=slot.cancelled_reason,
        seats=[_seat(kind, shown.occupancy) for kind in slot.seat_kinds],
        register_=may(_cannot_register(shown, slot, viewer)),
        own_registration=_own_registration(viewer, slot),
        external_meeting=external,
    )


def may(refusal: Refusal | None) -> May:
    return (
        May(allowed=True)
        if refusal is None
        else May(allowed=False, code=refusal.code, message=refusal.detail)
    )


def seats(slot: AnySlot, occupancy: Occupancy) -> list[registering.Seat]:
    """The seat kinds as the registration rules take them."""
    return [
        registering.Seat(
            id=kind.id,
            part=kind.part,
            approval=kind.approval,
            full=occupancy.free(kind) == 0,
        )
        for kind in slot.seat_kinds
    ]


def registration_info(
    registration: Registration,
    kind: SeatKind,
    name: str,
    email: str | None = None,
    *,
    position: int | None = None,
    warnings: Sequence[str] = (),
) -> RegistrationInfo:
    """With ``email`` it is for staff."""
    return RegistrationInfo(
        id=registration.id,
        timeslot_id=registration.timeslot_id,
        name=name,
        email=email,
        account_id=registration.account_id if email is not None else None,
        seat_kind_id=kind.id,
        part=kind.part,
        role=kind.role,
        status=registration.status,
        position=position,
        order=registration.talk_order,
        offer_expires_at=registration.offer_expires_at,
        message=registration.message,
        answers=registration.answers or {},
        responses=registration.responses or {},
        consents=registration.consents or [],
        payment=registration.payment,
        warnings=list(warnings),
        created_at=registration.created_at,
        updated_at=registration.updated_at,
    )


def _cannot_register(shown: Shown, slot: AnySlot, viewer: Viewer) -> Refusal | None:
    mine = viewer.person.places.get(slot.id) if viewer.person else None
    return registering.refusal(
        shown.occupancy.standing(shown.session, slot),
        mine[0].status if mine else None,
        seats(slot, shown.occupancy),
        viewer.now,
        shown.session.join_condition,
    )


def _seat(kind: AnySeat, occupancy: Occupancy) -> SeatInfo:
    return SeatInfo(
        kind=kind.id,
        part=kind.part,
        name=kind.name,
        role=kind.role,
        taken=occupancy.taken.get(kind.id, 0),
        max=kind.maximum,
        min=kind.minimum,
        free=occupancy.free(kind),
        required=kind.required,
        approval=kind.approval,
        waitlist=WaitlistInfo(mode=kind.waitlist, waiting=occupancy.waiting.get(kind.id, 0)),
        offer_min=kind.offer_min,
    )


def _own_registration(viewer: Viewer, slot: AnySlot) -> RegistrationInfo | None:
    place = viewer.person.registration(slot.id) if viewer.person else None
    if not (place and viewer.account and viewer.person):
        return None
    return registration_info(*place, viewer.account.name, position=viewer.person.queue.get(place[0].id))


def _excerpt(text: str) -> str:
    """The beginning, cut between words."""
    if len(text) <= _EXCERPT:
        return text
    return text[:_EXCERPT].rsplit(maxsplit=1)[0].rstrip(",.;:–- ") + "…"
