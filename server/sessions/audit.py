"""The record of what was done. Every change of state adds one line in its own transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from server.sessions.tables import AuditEvent


def record(
    db: AsyncSession,
    *,
    at: datetime,
    actor: str | None,
    action: str,
    session_id: str | None = None,
    timeslot_id: str | None = None,
    target: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """``before`` and ``after`` hold plain JSON values, and of an edit only what changed."""
    db.add(
        AuditEvent(
            at=at,
            actor=actor,
            action=action,
            session_id=session_id,
            timeslot_id=timeslot_id,
            target=target,
            before=before,
            after=after,
        )
    )
