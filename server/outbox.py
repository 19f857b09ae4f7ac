"""Where mail begins: a row in the caller's transaction. What is rolled back is never sent; what is committed
is sent by `server.mail.sender`, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.mail.tables import Kind, Mail, MailState

__all__ = ["CONTEXT", "Address", "Kind", "put"]


@dataclass(frozen=True, slots=True)
class Address:
    """Somebody without an account."""

    email: str
    name: str = ""


_PLACE = {"session_id", "timeslot_id", "registration_id"}

# What the context of each kind must hold; words with "?" may be absent. Values are plain JSON, moments are
# ISO 8601 with an offset. Everything else (titles, times, names, roles) is read when the mail is written.
CONTEXT: Mapping[Kind, frozenset[str]] = {
    kind: frozenset(words)
    for kind, words in {
        Kind.CONFIRMED: _PLACE,
        Kind.REQUESTED: _PLACE,
        Kind.APPROVED: _PLACE,
        Kind.DECLINED: _PLACE | {"reason?"},
        Kind.WAITLISTED: _PLACE | {"position"},  # 1 is the next
        Kind.OFFERED: _PLACE | {"expires_at"},
        Kind.OFFER_EXPIRED: _PLACE,
        # With a registration the part changed; without one a role was given ("role") or taken away ("taken").
        Kind.ROLE_CHANGED: {"session_id", "timeslot_id?", "registration_id?", "role", "taken?"},
        Kind.REGISTRATION_CANCELLED: _PLACE | {"by_staff?", "reason?"},
        # A list of objects with what, before and after; what is starts_at, duration (minutes), timezone,
        # location (its kind or address) or link.
        Kind.SESSION_CHANGED: _PLACE | {"changes"},
        # cause "minimum": too few people by the cut-off
        Kind.SESSION_CANCELLED: _PLACE | {"reason?", "cause?"},
        Kind.REINSTATED: _PLACE,
        Kind.REMINDER_DAY: _PLACE,
        Kind.REMINDER_HOUR: _PLACE,
        # token: the secret of the invitation's address; it is forgotten once the mail was sent
        Kind.INVITATION: {"session_id", "timeslot_id?", "role", "token", "inviter", "note?", "expires_at?"},
        Kind.RECORDING_READY: _PLACE | {"path"},
        Kind.FEEDBACK: _PLACE | {"path"},
        Kind.MESSAGE: {"session_id", "timeslot_id?", "registration_id?", "sender", "subject", "text"},
    }.items()
}


async def put(
    db: AsyncSession,
    kind: Kind,
    *,
    recipient: str | Address,
    context: Mapping[str, Any],
    dedupe_key: str,
    at: datetime,
    due_at: datetime | None = None,
    not_after: datetime | None = None,
) -> bool:
    """Queues one mail to an account (its id) or an address. Returns whether it is new.

    ``dedupe_key`` names the occasion, e.g. the id of the change of a registration: for one that was used
    before nothing is added. ``at`` is now; ``due_at`` holds the mail back; after ``not_after``, or the
    context's ``expires_at``, it is not sent any more. Raises ValueError for a context that is not
    what `CONTEXT` says.
    """
    _check(kind, context)
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    await db.flush()  # the account may be new
    added = await db.execute(
        insert(Mail)
        .values(
            kind=kind,
            dedupe_key=dedupe_key,
            account_id=recipient if isinstance(recipient, str) else None,
            email=None if isinstance(recipient, str) else recipient.email,
            name="" if isinstance(recipient, str) else recipient.name,
            session_id=context.get("session_id"),
            context=dict(context),
            state=MailState.WAITING,
            created_at=at,
            due_at=due_at,
            not_after=not_after or _useless_after(context),
            attempts=0,
        )
        .on_conflict_do_nothing(index_elements=[Mail.dedupe_key])
        .returning(Mail.id)
    )
    return added.first() is not None


def _useless_after(context: Mapping[str, Any]) -> datetime | None:
    """An offer or an invitation that has expired helps nobody."""
    value = context.get("expires_at")
    return datetime.fromisoformat(value) if value else None


def _check(kind: Kind, context: Mapping[str, Any]) -> None:
    expected = CONTEXT[kind]
    required = {word for word in expected if not word.endswith("?")}
    allowed = {word.rstrip("?") for word in expected}
    if missing := required - context.keys():
        raise ValueError(f"{kind}: the context lacks {', '.join(sorted(missing))}")
    if unknown := context.keys() - allowed:
        raise ValueError(f"{kind}: the context has no place for {', '.join(sorted(unknown))}")
