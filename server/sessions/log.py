"""The audit log of a session over REST, latest first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select, tuple_

from server.call import Call
from server.fields import Answer, Body, WireTime
from server.problems import VALIDATION, Problem
from server.sessions.load import names_of
from server.sessions.tables import AuditEvent


class AuditQuery(Body):
    """``action`` may be the beginning of one, as "registration."; ``cursor`` is the ``next`` of a page."""

    action: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=80)] | None = None


class AuditEntry(Answer):
    """``actor`` is null for the clock; the name is null where it is not an account that acted."""

    id: str
    at: WireTime
    actor: str | None
    actor_name: str | None
    action: str
    timeslot_id: str | None
    target: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditLog(Answer):
    items: list[AuditEntry]
    next: str | None


async def show_log(call: Call[None]) -> AuditLog:
    query: AuditQuery = call.query
    rows = select(AuditEvent).where(AuditEvent.session_id == call.scope.session.id)
    if query.action:
        rows = rows.where(AuditEvent.action.startswith(query.action, autoescape=True))
    if query.cursor:
        rows = rows.where(tuple_(AuditEvent.at, AuditEvent.id) < tuple_(*_position(query.cursor)))
    rows = rows.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(query.limit + 1)
    found = list(await call.db.scalars(rows))
    page = found[: query.limit]
    names = await names_of(call.db, [row.actor for row in page])
    return AuditLog(
        items=[
            AuditEntry(
                id=row.id,
                at=row.at,
                actor=row.actor,
                actor_name=names.get(row.actor or ""),
                action=row.action,
                timeslot_id=row.timeslot_id,
                target=row.target,
                before=row.before,
                after=row.after,
            )
            for row in page
        ],
        next=f"{page[-1].at.isoformat()}~{page[-1].id}" if len(found) > query.limit else None,
    )


def _position(cursor: str) -> tuple[datetime, str]:
    at, _, event_id = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(at)
    except ValueError as error:
        raise Problem(VALIDATION, "This is not a cursor.", field="cursor") from error
    return moment, event_id
