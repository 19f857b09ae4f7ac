"""The one pipeline of every REST request.

read body → identify → check origin → limit → load → require → parse → handle → commit → after commit. The
order matters: a stranger learns nothing from a body's errors that its permissions would hide, and nobody
waits for a slow upload while holding the database. A failure anywhere leaves nothing behind and answers with
a problem document.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestPayloadError
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from server import problems
from server.accounts.handlers import may_create_sessions
from server.accounts.identity import COOKIE, has_token, identify
from server.accounts.passwords import TooManyWaiting
from server.call import Call, Download, Route, Services
from server.headers import set_sign_in_cookie
from server.limits import Rate
from server.origins import address_of, same_origin
from server.problems import Problem, Refusal
from server.sessions.rules import CREATING_DENIED
from server.sessions.scope import load_scope
from server.site.rules import ADMIN_ONLY, read_site
from server.turns import TooManyInLine
from signalling.permissions import Decision, Forbidden

log = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
BODY_SECONDS = 20
ERRORS_SHOWN = 50
_NAMED = re.compile(r"Value error, (\w+): (.+)")
REQUEST_ID = web.RequestKey("request_id", str)


def entry(route: Route, services: Services) -> Handler:
    """The aiohttp handler of a route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _run(route, services, request)

    return handle


async def _run(route: Route, services: Services, request: web.Request) -> web.StreamResponse:
    raw = await _read(request) if route.writes else b""
    now = services.now()
    address = address_of(request, services.settings.trusted_proxies)
    try:
        account = await identify(request, services.database, now)
    except Problem:
        _limit(route, services, address)  # or tokens could be tried without end
        raise
    _check_origin(route, request, services)
    _limit(route, services, account.id if account else address)
    async with _turn(route, services, request), _transaction(route, services) as db:
        call: Call[Any] = Call(request, services, db, now, address, account, body=None)
        await _admit(route, call)
        if route.query:
            call.query = _parse(route.query, dict(request.query))
        if route.body:
            call.body = _parse(route.body, _json(request, raw))
        answer = await route.handler(call)
        await db.commit()
    for effect in call.effects:
        await _after(effect, request)
    return _respond(route, call, answer)


async def _read(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise Problem(problems.TOO_SLOW) from error
    except (RequestPayloadError, ConnectionError) as error:
        raise Problem(problems.NOT_READABLE) from error  # cut off, or not packed as its headers say


def _check_origin(route: Route, request: web.Request, services: Services) -> None:
    """Cross-site requests carry the cookie of whoever visits the foreign page. Where no cookie is involved, a
    client that does not say where it comes from is not a browser.
    """
    if not route.writes or has_token(request):
        return
    verdict = same_origin(request.headers, services.settings.public_url)
    if verdict is False or (verdict is None and COOKIE in request.cookies):
        raise Problem(problems.ORIGIN_REFUSED)


def _limit(route: Route, services: Services, who: str) -> None:
    everything = Rate(services.settings.requests_per_minute, 60)
    rates: list[tuple[tuple[str, ...], Rate]] = [(("api", who), everything)]
    if route.rate:
        rates.append(((route.method, route.path, who), route.rate))
    for key, rate in rates:
        if wait := services.limiter.take(key, rate, services.clock()):
            raise Problem(problems.RATE_LIMITED, headers={"Retry-After": str(int(wait) + 1)})


def _turn(route: Route, services: Services, request: web.Request) -> AbstractAsyncContextManager[None]:
    """SQLite's writers are in line for the one connection anyhow."""
    timeslot_id = request.match_info.get("timeslot_id")
    if timeslot_id is None or not route.writes or services.database.is_sqlite:
        return nullcontext()
    return services.turns.turn(timeslot_id)


def _transaction(route: Route, services: Services) -> AbstractAsyncContextManager[AsyncSession]:
    return services.database.writing() if route.writes else services.database.reading()


async def _admit(route: Route, call: Call[Any]) -> None:
    """Load what the path is about, then require what the table asks for."""
    access, account = route.access, call.account
    if access.signed_in and account is None:
        raise Problem(problems.AUTH_REQUIRED)
    if access.creates_sessions and not await _may_create_sessions(call):
        raise Problem(CREATING_DENIED)
    if access.admin and not call.me.staff:
        raise Problem(ADMIN_ONLY)
    account_id = account.id if account else None
    scope = await load_scope(call.db, call.request.match_info, account_id, call.now, invited=access.invited)
    if scope:
        call.enter(scope)
        lifted = (access.own and scope.is_own_registration) or (access.or_admin and call.me.staff)
        if access.permission and not lifted:
            scope.require(access.permission, editing=access.editing)


async def _may_create_sessions(call: Call[Any]) -> bool:
    default = call.services.settings.members_create_sessions
    site = await read_site(call.db, members_create_sessions=default)
    return may_create_sessions(call.me, site.members_create_sessions)


def _json(request: web.Request, raw: bytes) -> Any:
    """No body at all is an empty object: some actions need no words."""
    if not raw:
        return {}
    if request.content_type != "application/json":
        raise Problem(problems.NOT_JSON_TYPE)
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(problems.NOT_JSON) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse(model: type[BaseModel], value: Any) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = [
            _complaint(entry["loc"], entry["msg"])
            for entry in error.errors(include_url=False, include_context=False, include_input=False)
        ][:ERRORS_SHOWN]
        detail = (
            f"{found[0]['field']}: {found[0]['message']}" if len(found) == 1 and found[0]["field"] else None
        )
        raise Problem(problems.VALIDATION, detail, field=found[0]["field"] or None, errors=found) from error


def _complaint(place: tuple[int | str, ...], message: str) -> dict[str, str]:
    """A rule over several fields says itself which it is about: "startsAt: give this or startsLocal"."""
    if named := _NAMED.fullmatch(message):
        place, message = (*place, named[1]), named[2]
    return {"field": ".".join(map(str, place)), "message": _sentence(message)}


def _sentence(message: str) -> str:
    """pydantic's words without the technical beginning."""
    message = message.removeprefix("Value error, ")
    return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")


async def _after(effect: Any, request: web.Request) -> None:
    """What was decided stands, whatever becomes of telling others about it."""
    try:
        await effect()
    except Exception:
        log.exception("x after commit of %s [%s]", _line(request), request.get(REQUEST_ID))


def _respond(route: Route, call: Call[Any], answer: BaseModel | Download | None) -> web.Response:
    if answer is None:
        response = web.Response(status=204)
    elif isinstance(answer, Download):
        response = web.Response(body=answer.content, headers={"Content-Type": route.produces or ""})
        response.headers["Content-Disposition"] = f'attachment; filename="{answer.name}"'
    else:
        response = web.json_response(
            text=answer.model_dump_json(by_alias=True, exclude_none=False), status=route.status
        )
    response.headers.update(call.headers)
    if call.sign_in_token is not None:
        settings = call.services.settings
        set_sign_in_cookie(response, call.sign_in_token, days=settings.session_days, secure=settings.secure)
    return response


# --- failures --------------------------------------------------------------------------------------


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware: every failure under /api leaves as a problem document, with an id to ask
    about.
    """
    request_id = request[REQUEST_ID] = secrets.token_hex(8)
    try:
        response: web.StreamResponse = await handler(request)
    except Exception as error:
        if isinstance(error, web.HTTPException) and error.status < 400:
            raise
        problem = as_problem(error)
        if problem.refusal is problems.INTERNAL:
            log.exception("x %s failed [%s]", _line(request), request_id)
        response = problem.response(request_id)
    if not response.prepared:
        response.headers["X-Request-Id"] = request_id
    return response


def _line(request: web.Request) -> str:
    """What was asked for, on one line: as it came, so that an escaped line break does not begin a new one."""
    return f"{request.method} {request.rel_url.raw_path}"


def as_problem(error: Exception) -> Problem:
    """What to say about a failure; everything unforeseen is masked."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Forbidden):
        return denied(error.decision)
    if isinstance(error, web.HTTPException):
        return _of_status(error)
    if isinstance(error, PoolTimeout | OperationalError | TooManyWaiting | TooManyInLine) or (
        isinstance(error, DBAPIError) and _lock_timeout(error)
    ):
        log.warning("x busy: %s", error)
        return Problem(problems.UNAVAILABLE, headers={"Retry-After": "1"})
    return Problem(problems.INTERNAL)


def denied(decision: Decision) -> Problem:
    """Says which rule refuses, and who can lift it."""
    return Problem(
        problems.PERMISSION_DENIED,
        decision.message,
        permission=decision.permission,
        rule=decision.rule,
        liftedBy=list(decision.lifted_by),
    )


def _of_status(error: web.HTTPException) -> Problem:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return Problem(
            problems.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(error.allowed_methods))}
        )
    known = {404: problems.NOT_FOUND, 413: problems.TOO_LARGE}
    return Problem(known.get(error.status) or Refusal(error.status, f"http.{error.status}", error.reason))


def _lock_timeout(error: DBAPIError) -> bool:
    """PostgreSQL's lock_not_available, deadlock_detected, serialization_failure."""
    return getattr(error.orig, "sqlstate", None) in ("55P03", "40P01", "40001")


def not_malformed(record: logging.LogRecord) -> bool:
    """A filter for aiohttp's log: what strangers send that is no HTTP is not worth a traceback each."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | RequestPayloadError)
