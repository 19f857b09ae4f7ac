"""Who is asking: the cookie of a signed-in browser or the Bearer token of a script, both looked up by their
hash.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aiohttp import web
from sqlalchemy import bindparam, select, update

from server.accounts.rules import TOKEN_PREFIX, new_secret, secret_hash
from server.accounts.tables import Account, ApiToken, SignIn
from server.db.base import Moment
from server.db.engine import Database
from server.problems import INVALID_TOKEN, Problem

COOKIE = "convene_session"
# Made once: every request asks it.
_BY_COOKIE = (
    select(Account)
    .join(SignIn, SignIn.account_id == Account.id)
    .where(SignIn.token_hash == bindparam("hash"), SignIn.expires_at > bindparam("now", type_=Moment()))
)
_USE_NOTED_EVERY = timedelta(minutes=1)


async def identify(request: web.Request, database: Database, now: datetime) -> Account | None:
    """The account behind a request, or None for a stranger. A token that does not hold raises: a script
    should know.

    A cookie that has expired only means being signed out.
    """
    if has_token(request):
        return await _by_token(request.headers["Authorization"], database, now)
    if cookie := request.cookies.get(COOKIE):
        return await _by_cookie(cookie, database, now)
    return None


def has_token(request: web.Request) -> bool:
    """Whether the request is a script's: then its cookie counts for nothing. An empty header is none."""
    return bool(request.headers.get("Authorization"))


async def _by_cookie(cookie: str, database: Database, now: datetime) -> Account | None:
    async with database.reading() as db:
        found: Account | None = await db.scalar(_BY_COOKIE, {"hash": secret_hash(cookie), "now": now})
        return found


async def _by_token(header: str, database: Database, now: datetime) -> Account | None:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(TOKEN_PREFIX):
        raise Problem(INVALID_TOKEN)
    async with database.reading() as db:
        found = await db.execute(
            select(Account, ApiToken)
            .join(ApiToken, ApiToken.account_id == Account.id)
            .where(ApiToken.token_hash == secret_hash(token))
        )
        row = found.one_or_none()
    if row is None or (row.ApiToken.expires_at and row.ApiToken.expires_at <= now):
        raise Problem(INVALID_TOKEN)
    last = row.ApiToken.last_used_at
    if last is None or now - last > _USE_NOTED_EVERY:
        async with database.writing() as db:
            await db.execute(update(ApiToken).where(ApiToken.id == row.ApiToken.id).values(last_used_at=now))
            await db.commit()
    account: Account = row.Account
    return account


def new_sign_in(account_id: str, now: datetime, days: int) -> tuple[SignIn, str]:
    """The row to store and the cookie's value, which is never stored."""
    token = new_secret()
    row = SignIn(
        token_hash=secret_hash(token),
        account_id=account_id,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return row, token
