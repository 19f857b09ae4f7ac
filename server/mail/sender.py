"""Sends what the outbox holds: claim, write, hand over, note.

Any number of processes may do so at once. A claim is one UPDATE that only takes what nobody has claimed, so
two never send the same mail; the claim of a process that died lapses. The one gap: when a process dies
between the server's "250 OK" and the note, that mail is sent again (at least once). It is byte for byte
the same, with the same Message-ID, made from the dedupe key, by which mailboxes drop the second.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.calendars import ics
from server.db.engine import Database
from server.mail.facts import Site
from server.mail.reading import Written, read
from server.mail.render import CALENDAR, Undeliverable, address, message
from server.mail.tables import Mail, MailState
from server.mail.transport import Connection, Deferred, Envelope, Refused, Transport, Unavailable
from server.settings import Settings
from server.site.rules import read_site

log = logging.getLogger(__name__)

ATTEMPTS = 30  # with the waits below, about a day
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
_LEASE = timedelta(minutes=10)
_BATCH = 20
_LOOK_EVERY = 1.0  # seconds
_BREATH, _LONGEST_BREATH = 0.001, 0.25  # seconds
_SECRETS = ("token",)


def wait_before(attempt: int, chance: float) -> timedelta:
    """How long to wait before this attempt (2 is the first that waits): doubling from half a minute to an
    hour, a quarter more or less by ``chance`` (0 to 1), so that what failed together does not come together.
    """
    wait: timedelta = min(_FIRST_WAIT * 2 ** min(attempt - 2, 20), _LONGEST_WAIT)
    return wait * (0.75 + chance / 2)


class Sender:
    """``clock`` returns seconds since the epoch. `run` until stopped, or `once` for a batch."""

    def __init__(
        self, database: Database, settings: Settings, transport: Transport, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._me = secrets.token_hex(8)
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set: then the mail in hand is finished, and the others are let go."""
        self._stop = stop
        while not stop.is_set():
            try:
                handled = await self.once()
            except Exception:
                log.exception("x mail could not be looked after")
                handled = 0
            if not handled:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _LOOK_EVERY)

    async def once(self) -> int:
        """Tries every mail of one batch. Returns how many there were."""
        if not await self._anything_due():
            return 0
        claimed = await self._claim()
        lapses = asyncio.get_running_loop().time() + _LEASE.total_seconds() / 2
        ready = [mail for mail in claimed if await self._write(mail)]
        await self._hand_over(ready, lapses)
        return len(claimed)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    async def _anything_due(self) -> bool:
        """Only looks, so that an idle server does not queue among those who write."""
        async with self._database.reading() as db:
            return await db.scalar(select(Mail.id).where(*_due(self._now())).limit(1)) is not None

    async def _claim(self) -> Sequence[Mail]:
        now = self._now()
        async with self._database.writing() as db:
            first = (
                select(Mail.id)
                .where(*_due(now))
                .order_by(Mail.id)
                .limit(_BATCH)
                .with_for_update(skip_locked=True)  # PostgreSQL; SQLite has one writer anyway
            )
            rows = await db.scalars(
                update(Mail)
                .where(Mail.id.in_(first), *_due(now))
                .values(claim=self._me, claimed_until=now + _LEASE, attempts=Mail.attempts + 1)
                .returning(Mail)
                .execution_options(synchronize_session=False)
            )
            claimed = sorted(rows, key=lambda mail: mail.id)
            await db.commit()
        return claimed

    # --- writing it ---

    async def _write(self, mail: Mail) -> bool:
        """Makes the bytes on the first attempt. Returns whether there is something to send."""
        now = self._now()
        if mail.not_after and mail.not_after < now:
            await self._note(mail, MailState.LATE, error="it would have come too late")
            return False
        if mail.message is not None:
            return True
        try:
            async with self._database.reading() as db:
                written = await read(db, mail, await self._site(db), now)
            finished = self._finish(mail, written, now)
        except Undeliverable as error:
            await self._note(mail, MailState.FAILED, error=str(error))
            return False
        except Exception as error:
            log.exception("x mail %d (%s) could not be written", mail.id, mail.kind)
            await self._later(mail, f"it could not be written: {type(error).__name__}")
            return False
        await _breathe()
        mail.message, mail.subject, mail.email = finished
        await self._set(mail, message=mail.message, subject=mail.subject, email=mail.email)
        return True

    async def _site(self, db: AsyncSession) -> Site:
        site = await read_site(db, members_create_sessions=self._settings.members_create_sessions)
        return Site(
            url=self._settings.url(self._settings.port),
            name=site.name,
            tagline=site.tagline,
            contact=site.contact_email or "",
            address=site.address,
        )

    def _finish(self, mail: Mail, written: Written, now: datetime) -> tuple[bytes, str, str]:
        facts, sender = written.facts, self._settings.effective_mail_from
        domain = sender.rpartition("@")[2]
        entry = None
        if written.entry:
            entry = ics.calendar(
                [written.entry],
                method=CALENDAR[mail.kind],
                organiser=ics.Person(sender, facts.owner or facts.site.name),
                domain=domain,
                stamp=now,
            )
        finished = message(
            facts, sender=sender, message_id=f"<{_name(mail)}@{domain}>", date=now, entry=entry
        )
        to = address(facts.reader.email)
        return finished.as_bytes(), str(finished["Subject"])[:500], to.addr_spec

    # --- handing it over ---

    async def _hand_over(self, mails: Sequence[Mail], lapses: float) -> None:
        """Stops in time before the claims lapse; what is left then is tried again, without having counted."""
        left = list(mails)
        try:
            async with self._transport.open() as connection:
                while left and not self._stop.is_set() and asyncio.get_running_loop().time() < lapses:
                    await self._send(connection, left[0])
                    left.pop(0)
        except Unavailable as error:
            log.warning("x mail cannot be handed over: %s", error)
            for mail in left:
                await self._later(mail, str(error))
            return
        for mail in left:
            await self._set(mail, claim=None, claimed_until=None, attempts=mail.attempts - 1)

    async def _send(self, connection: Connection, mail: Mail) -> None:
        """Raises Unavailable."""
        assert mail.message is not None and mail.email is not None, "it was written"  # noqa: S101, PT018
        envelope = Envelope(self._settings.effective_mail_from, mail.email, mail.message, _name(mail))
        try:
            await connection.send(envelope)
        except Refused as error:
            await self._note(mail, MailState.FAILED, error=str(error))
        except Deferred as error:
            await self._later(mail, str(error))
        else:
            await self._note(mail, MailState.SENT)

    # --- noting it ---

    async def _later(self, mail: Mail, error: str) -> None:
        if mail.attempts >= ATTEMPTS:
            await self._note(mail, MailState.FAILED, error=error)
            return
        wait = wait_before(mail.attempts + 1, random.random())
        await self._set(mail, claim=None, claimed_until=None, due_at=self._now() + wait, error=error[:500])

    async def _note(self, mail: Mail, state: MailState, error: str | None = None) -> None:
        """It is done with: only what tells of it stays."""
        await self._set(
            mail,
            state=state,
            error=error[:500] if error else None,
            sent_at=self._now() if state is MailState.SENT else None,
            message=None,
            context={key: value for key, value in mail.context.items() if key not in _SECRETS},
            claim=None,
            claimed_until=None,
        )

    async def _set(self, mail: Mail, **values: object) -> None:
        """Only while it is still ours: a claim that lapsed may be another's by now."""
        async with self._database.writing() as db:
            await db.execute(
                update(Mail)
                .where(Mail.id == mail.id, Mail.claim == self._me)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
            await db.commit()


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Mail.state == MailState.WAITING,
        or_(Mail.due_at.is_(None), Mail.due_at <= now),
        or_(Mail.claimed_until.is_(None), Mail.claimed_until < now),
    )


async def _breathe() -> None:
    """Lets requests go first: waits the longer, the more the loop has to do besides writing mail."""
    loop = asyncio.get_running_loop()
    asked = loop.time()
    await asyncio.sleep(_BREATH)
    late = loop.time() - asked - _BREATH
    await asyncio.sleep(min(20 * late, _LONGEST_BREATH))


def _name(mail: Mail) -> str:
    """Names the mail to the outside: the same for every attempt, and telling nothing."""
    return hashlib.sha256(mail.dedupe_key.encode()).hexdigest()[:40]
