"""The site's settings over REST."""

from __future__ import annotations

from sqlalchemy import select

from server.accounts.handlers import Email
from server.accounts.rules import email_key
from server.accounts.tables import Account
from server.call import Call
from server.fields import Answer, Body, Instant, WireTime
from server.problems import Problem
from server.sessions.audit import record
from server.sessions.rules import NO_SUCH_ACCOUNT
from server.site.rules import Site, SiteChange, is_premium, read_site, write_site


class Premium(Body):
    email: Email
    until: Instant | None


class PremiumInfo(Answer):
    """``premium`` as it is now: administrators always are (M28)."""

    email: str
    name: str
    until: WireTime | None
    premium: bool


async def show_site(call: Call[None]) -> Site:
    return await read_site(call.db, members_create_sessions=call.services.settings.members_create_sessions)


async def change_site(call: Call[SiteChange]) -> Site:
    values = call.body.model_dump(mode="json", by_alias=False, include=call.body.model_fields_set)
    before = (await _site(call)).model_dump(mode="json", by_alias=False)
    await write_site(call.db, values)
    after = await _site(call)
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action="site.change",
        before={key: before[key] for key in values},
        after={key: getattr(after, key) for key in values},
    )
    return after


async def set_premium(call: Call[Premium]) -> PremiumInfo:
    """M29: until when somebody counts as a premium member. Null takes it away."""
    account = await call.db.scalar(select(Account).where(Account.email_key == email_key(call.body.email)))
    if account is None:
        raise Problem(NO_SUCH_ACCOUNT, field="email")
    before, account.premium_until = account.premium_until, call.body.until
    record(
        call.db,
        at=call.now,
        actor=call.me.id,
        action="account.premium",
        target=account.id,
        before={"until": before.isoformat() if before else None},
        after={"until": call.body.until.isoformat() if call.body.until else None},
    )
    return PremiumInfo(
        email=account.email,
        name=account.name,
        until=account.premium_until,
        premium=is_premium(account, call.now),
    )


async def _site(call: Call[SiteChange]) -> Site:
    return await read_site(call.db, members_create_sessions=call.services.settings.members_create_sessions)
