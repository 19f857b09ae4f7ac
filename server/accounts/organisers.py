"""Makes the accounts that may create sessions, from the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from server.accounts.handlers import SignUp
from server.accounts.passwords import Passwords
from server.accounts.rules import email_key
from server.accounts.tables import Account
from server.db.engine import Database
from server.db.migrate import migrate
from server.settings import Settings


async def make_organiser(settings: Settings, person: SignUp) -> str:
    """A new account, or an existing one that may create sessions from now on. Returns a sentence saying
    which.

    The password of an existing account stays as it is.
    """
    passwords = Passwords(memory_kib=settings.password_memory_kib, passes=settings.password_passes)
    database = Database(settings.effective_database_url)
    try:
        await migrate(database)
        password_hash = await passwords.hash(person.password)
        async with database.writing() as db:
            account = await db.scalar(select(Account).where(Account.email_key == email_key(person.email)))
            if account is not None:
                account.staff = True
                await db.commit()
                return f"{account.email} may create sessions now; the password is as before"
            db.add(
                Account(
                    email=person.email,
                    email_key=email_key(person.email),
                    name=person.name,
                    password_hash=password_hash,
                    staff=True,
                    created_at=datetime.now(UTC),
                )
            )
            await db.commit()
            return f"created {person.email}"
    finally:
        await database.close()
