"""The run of show of a timeslot (M1, M18).

Until somebody edits it, it follows from the presenters: a talk and its questions for each, in their order, as
they come, go and change places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.tables import Account
from server.call import Call
from server.db.base import new_id
from server.fields import Answer, Body, Prose, Title, WireTime
from server.problems import Problem, Refusal
from server.registrations.promotion import HOLDS_A_PLACE
from server.registrations.tables import Registration
from server.sessions.tables import AgendaItem, AgendaKind, SeatKind, Session, Timeslot
from server.sessions.versions import begin_edit, edited
from signalling.permissions import Part

NO_SUCH_PRESENTER = Refusal(422, "agenda.presenter", "This person does not present in this timeslot.")


class AgendaEntry(Body):
    """``presenter`` is the id of a registration."""

    kind: AgendaKind
    title: Title
    note: Prose = ""
    planned_min: Annotated[int, Field(ge=1, le=24 * 60)]
    presenter: Annotated[str, Field(max_length=32)] | None = None


class AgendaBody(Body):
    items: Annotated[list[AgendaEntry], Field(max_length=200)]


class PresenterInfo(Answer):
    registration_id: str
    name: str


class AgendaItemInfo(Answer):
    kind: AgendaKind
    title: str
    note: str
    planned_min: int
    starts_at: WireTime
    presenter: PresenterInfo | None


class AgendaInfo(Answer):
    """``generated``: nobody has edited it. ``over_min``: how much longer it is than the timeslot."""

    items: list[AgendaItemInfo]
    generated: bool
    total_min: int
    over_min: int


@dataclass(frozen=True, slots=True)
class Presenter:
    registration_id: str
    name: str
    talk: str


def generated(talk_min: int | None, qa_min: int | None, presenters: Iterable[Presenter]) -> list[AgendaEntry]:
    """A talk and its questions for each presenter; nothing in a session that does not consist of talks."""
    if talk_min is None:
        return []
    items = []
    for presenter in presenters:
        title = presenter.talk or f"Talk by {presenter.name}"
        items.append(_entry(AgendaKind.TALK, title, talk_min, presenter))
        if qa_min:
            items.append(_entry(AgendaKind.QA, f"Questions to {presenter.name}", qa_min, presenter))
    return items


async def show_agenda(call: Call[None]) -> AgendaInfo:
    return await _shown(call.db, call.scope.session, call.scope.timeslot)


async def write_agenda(call: Call[AgendaBody]) -> AgendaInfo:
    """Replaces the whole; what was made up stays as it is from now on."""
    slot = call.scope.timeslot
    session = await begin_edit(call, slot)
    known = {presenter.registration_id for presenter in await _presenters(call.db, slot)}
    for place, item in enumerate(call.body.items):
        if item.presenter is not None and item.presenter not in known:
            raise Problem(NO_SUCH_PRESENTER, field=f"items.{place}.presenter")
    await call.db.execute(delete(AgendaItem).where(AgendaItem.timeslot_id == slot.id))
    call.db.add_all(
        AgendaItem(
            id=new_id(),
            timeslot_id=slot.id,
            kind=item.kind,
            title=item.title,
            note=item.note,
            planned_min=item.planned_min,
            position=place,
            presenter_registration_id=item.presenter,
        )
        for place, item in enumerate(call.body.items)
    )
    return await _done(call, session, "agenda.edit", {"items": len(call.body.items)})


async def reset_agenda(call: Call[None]) -> AgendaInfo:
    """Back to what follows from the presenters."""
    slot = call.scope.timeslot
    session = await begin_edit(call, slot)
    await call.db.execute(delete(AgendaItem).where(AgendaItem.timeslot_id == slot.id))
    return await _done(call, session, "agenda.reset", {})


async def _done(call: Call[Any], session: Session, action: str, after: dict[str, Any]) -> AgendaInfo:
    edited(call, action, timeslot_id=call.scope.timeslot.id, after=after)
    await call.db.flush()
    call.headers["ETag"] = f'"{session.version}"'
    return await _shown(call.db, session, call.scope.timeslot)


async def _shown(db: AsyncSession, session: Session, slot: Timeslot) -> AgendaInfo:
    presenters = await _presenters(db, slot)
    rows = list(
        await db.scalars(
            select(AgendaItem).where(AgendaItem.timeslot_id == slot.id).order_by(AgendaItem.position)
        )
    )
    names = {presenter.registration_id: presenter.name for presenter in presenters}
    items: Sequence[AgendaEntry] = [
        AgendaEntry.model_construct(
            kind=row.kind,
            title=row.title,
            note=row.note,
            planned_min=row.planned_min,
            presenter=row.presenter_registration_id,
        )
        for row in rows
    ] or generated(session.talk_min, session.qa_min, presenters)
    total = sum(item.planned_min for item in items)
    return AgendaInfo(
        items=_timed(items, names, slot.starts_at),
        generated=not rows,
        total_min=total,
        over_min=max(0, total - slot.duration_min),
    )


def _timed(items: Iterable[AgendaEntry], names: dict[str, str], at: datetime) -> list[AgendaItemInfo]:
    """With the planned time of each. Whoever gave up the seat is not named any more."""
    shown = []
    for item in items:
        name = names.get(item.presenter or "")
        shown.append(
            AgendaItemInfo(
                kind=item.kind,
                title=item.title,
                note=item.note,
                planned_min=item.planned_min,
                starts_at=at,
                presenter=PresenterInfo(registration_id=item.presenter, name=name)
                if item.presenter and name
                else None,
            )
        )
        at += timedelta(minutes=item.planned_min)
    return shown


async def _presenters(db: AsyncSession, slot: Timeslot) -> list[Presenter]:
    rows = await db.execute(
        select(Registration, Account.name)
        .join(SeatKind, SeatKind.id == Registration.seat_kind_id)
        .join(Account, Account.id == Registration.account_id)
        .where(
            Registration.timeslot_id == slot.id,
            SeatKind.part == Part.PRESENTER,
            Registration.status.in_(HOLDS_A_PLACE),
        )
        .order_by(Registration.talk_order, Registration.created_at)
    )
    return [
        Presenter(registration.id, name, (registration.answers or {}).get("talkTitle") or "")
        for registration, name in rows
    ]


def _entry(kind: AgendaKind, title: str, minutes: int, presenter: Presenter) -> AgendaEntry:
    return AgendaEntry.model_construct(
        kind=kind, title=title, note="", planned_min=minutes, presenter=presenter.registration_id
    )
