"""Sign up, sign in, sign out, one's own account, tokens for scripts."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from server.accounts.identity import COOKIE, new_sign_in
from server.accounts.rules import (
    EMAIL_LENGTH,
    EMAIL_TAKEN,
    MAX_TOKENS,
    NO_SUCH_TOKEN,
    TOKEN_PREFIX,
    TOO_MANY_TOKENS,
    WRONG_PASSWORD,
    check_email,
    email_key,
    new_secret,
    secret_hash,
    sign_in_limits,
)
from server.accounts.tables import Account, ApiToken, SignIn
from server.call import Call
from server.db.base import new_id
from server.fields import Answer, Body, Name, WireTime, Zone, no_controls
from server.limits import Rate
from server.problems import RATE_LIMITED, Problem

Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=EMAIL_LENGTH), AfterValidator(check_email)
]


class SignUp(Body):
    email: Email
    password: Annotated[str, StringConstraints(min_length=10, max_length=1000)]
    name: Name


class Credentials(Body):
    """Nothing is said about what a password must be like: that is nobody's business who does not know it."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=EMAIL_LENGTH), no_controls]
    password: Annotated[str, StringConstraints(max_length=1000)]


class Profile(Body):
    name: Name | None = None
    timezone: Zone | None = None


class NewToken(Body):
    name: Name


class Me(Answer):
    id: str
    email: str
    name: str
    timezone: str | None
    staff: bool
    may_create_sessions: bool


class TokenInfo(Answer):
    id: str
    name: str
    created_at: WireTime
    last_used_at: WireTime | None


class TokenWithSecret(TokenInfo):
    """The only time the token itself is shown."""

    token: str


class TokenList(Answer):
    items: list[TokenInfo]


async def sign_up(call: Call[SignUp]) -> Me:
    body, settings = call.body, call.services.settings
    _take(call, ("sign-up", call.address), Rate(settings.sign_ups_per_hour, 3600))
    password_hash = await call.services.passwords.hash(body.password)
    account = Account(
        id=new_id(),
        email=body.email,
        email_key=email_key(body.email),
        name=body.name,
        password_hash=password_hash,
        created_at=call.now,
    )
    call.db.add(account)
    try:
        await call.db.flush()
    except IntegrityError as error:
        raise Problem(EMAIL_TAKEN, field="email") from error
    await _start_sign_in(call, account)
    return _me(call, account)


async def sign_in(call: Call[Credentials]) -> Me:
    body, passwords = call.body, call.services.passwords
    limits = sign_in_limits(body.email, call.address, call.services.settings.sign_in_failures)
    for key, rate in limits:
        _take(call, key, rate)
    account = await call.db.scalar(select(Account).where(Account.email_key == email_key(body.email)))
    await call.db.commit()  # hashing is slow: nobody else should wait for it
    if not await passwords.verify(account.password_hash if account else None, body.password) or not account:
        raise Problem(WRONG_PASSWORD)
    for key, rate in limits:
        call.services.limiter.give_back(key, rate)
    if passwords.outdated(account.password_hash):
        account.password_hash = await passwords.hash(body.password)
        call.db.add(account)
    await _start_sign_in(call, account)
    return _me(call, account)


async def sign_out(call: Call[None]) -> None:
    await _forget_cookie(call)
    call.sign_in_token = ""


async def show_me(call: Call[None]) -> Me:
    return _me(call, call.me)


async def change_me(call: Call[Profile]) -> Me:
    account = await call.db.get_one(Account, call.me.id)
    if call.body.name is not None:
        account.name = call.body.name
    if "timezone" in call.body.model_fields_set:
        account.timezone = call.body.timezone
    return _me(call, account)


async def list_tokens(call: Call[None]) -> TokenList:
    rows = await call.db.scalars(
        select(ApiToken).where(ApiToken.account_id == call.me.id).order_by(ApiToken.created_at)
    )
    return TokenList(items=[TokenInfo(**_token_fields(row)) for row in rows])


async def create_token(call: Call[NewToken]) -> TokenWithSecret:
    count = await call.db.scalar(
        select(func.count()).select_from(ApiToken).where(ApiToken.account_id == call.me.id)
    )
    if (count or 0) >= MAX_TOKENS:
        raise Problem(TOO_MANY_TOKENS)
    secret = TOKEN_PREFIX + new_secret()
    row = ApiToken(
        id=new_id(),
        account_id=call.me.id,
        name=call.body.name,
        token_hash=secret_hash(secret),
        created_at=call.now,
    )
    call.db.add(row)
    return TokenWithSecret(**_token_fields(row), token=secret)


async def delete_token(call: Call[None]) -> None:
    token_id = call.request.match_info["token_id"]
    deleted = await call.db.scalar(
        delete(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.account_id == call.me.id)
        .returning(ApiToken.id)
    )
    if deleted is None:
        raise Problem(NO_SUCH_TOKEN)


async def _start_sign_in(call: Call[SignUp] | Call[Credentials], account: Account) -> None:
    """Always a fresh secret: one that was planted in the browser beforehand is worth nothing afterwards."""
    await _forget_cookie(call)
    await call.db.execute(delete(SignIn).where(SignIn.expires_at < call.now))
    row, call.sign_in_token = new_sign_in(account.id, call.now, call.services.settings.session_days)
    call.db.add(row)


async def _forget_cookie(call: Call[SignUp] | Call[Credentials] | Call[None]) -> None:
    if cookie := call.request.cookies.get(COOKIE):
        await call.db.execute(delete(SignIn).where(SignIn.token_hash == secret_hash(cookie)))


def _take(call: Call[SignUp] | Call[Credentials], key: tuple[str, ...], rate: Rate) -> None:
    if wait := call.services.limiter.take(key, rate, call.services.clock()):
        raise Problem(RATE_LIMITED, headers={"Retry-After": str(int(wait) + 1)})


def _me(call: Call[SignUp] | Call[Credentials] | Call[Profile] | Call[None], account: Account) -> Me:
    return Me(
        id=account.id,
        email=account.email,
        name=account.name,
        timezone=account.timezone,
        staff=account.staff,
        may_create_sessions=may_create_sessions(account, call.services.settings.members_create_sessions),
    )


def _token_fields(row: ApiToken) -> dict[str, object]:
    return {"id": row.id, "name": row.name, "created_at": row.created_at, "last_used_at": row.last_used_at}


def may_create_sessions(account: Account, members_may: bool) -> bool:
    return account.staff or members_may
