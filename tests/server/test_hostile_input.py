"""What no browser sends: each is refused as such, nothing of it reaches the database or the log as it came.

Twice, because the databases differ in what they cannot store.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text
from yarl import URL

from server.db.engine import Database
from server.http import BODY_LIMIT, ERRORS_SHOWN, failures, not_malformed
from tests.server.scene import Cast, gather_cast, set_scene
from tests.support import postgres
from tests.support.app import Client, Running, running


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="session",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)],
)
async def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    url: str | None = None
    if request.param == "postgresql":
        if postgres.binaries() is None:
            pytest.skip("PostgreSQL is not installed")
        url = await own_database(request.getfixturevalue("postgres_url"))
    async with running(
        tmp_path_factory.mktemp("data"), database_url=url, sign_in_failures=1000, requests_per_minute=100_000
    ) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cast(app: Running) -> Cast:
    return await gather_cast(app)


async def own_database(url: str) -> str:
    """A new one beside that of ``url``, which other tests empty."""
    database = Database(url)
    async with database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("CREATE DATABASE hostile"))
    await database.close()
    return url.rsplit("/", 1)[0] + "/hostile"


async def send(app: Running, request: bytes) -> tuple[int, dict[str, object]]:
    """The status and the problem that a request is answered with, sent as these bytes."""
    host = app.url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    head, _, body = request.partition(b"\r\n\r\n")
    head += b"\r\nConnection: close\r\n"
    if b"Host:" not in head:
        head += f"Host: {host}\r\n".encode()
    if body and b"Transfer-Encoding" not in head:
        head += f"Content-Length: {len(body)}\r\n".encode()
    writer.write(head.replace(b"{host}", host.encode()) + b"\r\n" + body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    status = int(answer.split(b" ")[1])
    _, _, document = answer.partition(b"\r\n\r\n")
    return status, json.loads(document) if document.startswith(b"{") else {}


def post(path: str, body: bytes, *more: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1".encode(), b"Origin: http://{host}", b"Content-Type: application/json"]
    return b"\r\n".join([*lines, *more]) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sessions/%00",
        "/api/v1/sessions/..%2f..%2fme",
        "/api/v1/sessions/%2e%2e",
        "/api/v1/rooms/a%00b",
        "/api/v1/rooms/%ff%ed%a0%80",
        "/api/v1/rooms/' OR 1=1 --".replace(" ", "%20"),
        "/api/v1/rooms/" + "a" * 5000,
        "/api/v1/timeslots/%0a/registrations",
    ],
)
async def test_an_id_that_cannot_be_one_is_not_found(app: Running, path: str) -> None:
    status, problem = await send(app, f"GET {path} HTTP/1.1\r\n\r\n".encode())
    assert (status, problem["code"]) == (404, "not_found")


async def test_a_zero_byte_in_a_search_or_an_address_is_named(app: Running) -> None:
    assert (await app.client().get("/sessions?q=%00")).body["field"] == "q"
    reply = await app.client().sign_in("a\0b@example.org", "whatever it is")
    assert (reply.status, reply.body["field"]) == (422, "email")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b"Cookie: convene_session=a\xffb", "auth.required"),
        (b"Authorization: Bearer cvn_\xff", "auth.invalid_token"),
        (b"Authorization: \xff\xfe", "auth.invalid_token"),
    ],
)
async def test_secrets_that_are_no_text_are_nobodys(app: Running, header: bytes, code: str) -> None:
    status, problem = await send(app, b"GET /api/v1/me HTTP/1.1\r\n" + header + b"\r\n\r\n")
    assert (status, problem["code"]) == (401, code)


@pytest.mark.parametrize("key", [b"a\xffb", b"\xc3\xa9", b"k" * 201])
async def test_an_idempotency_key_is_short_and_plain(app: Running, cast: Cast, key: bytes) -> None:
    scene = await set_scene(cast, people=False)
    cookie = f"Cookie: convene_session={cast['stranger'].cookie}".encode()
    path = f"/api/v1/timeslots/{scene.timeslot_id}/registrations"
    status, problem = await send(app, post(path, b"{}", cookie, b"Idempotency-Key: " + key))
    assert (status, problem["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("path", ["/api/v1/sign-in", "/socket.io/?EIO=4&transport=polling"])
async def test_an_origin_that_is_no_address_is_refused(app: Running, path: str) -> None:
    host = app.url.removeprefix("http://").encode()
    request = post(path, b"{}").replace(b"Origin: http://{host}", b"Origin: http://[" + host)
    assert (await send(app, request))[0] in (400, 403)


async def test_an_empty_authorization_does_not_make_a_script_of_a_browser(cast: Cast) -> None:
    """Or the origin would not be looked at while the cookie counts."""
    client = cast["stranger"]
    headers = {"Authorization": "", "Origin": "https://evil.example"}
    assert (await client.patch("/me", {"name": "X"}, headers=headers)).code == "origin.refused"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"this is not packed", [b"Content-Encoding: gzip"], 400, "body.not_readable"),
        (gzip.compress(b" " * 10_000_000), [b"Content-Encoding: gzip"], 413, "body.too_large"),
        (b"{}", [b"Content-Type: text/plain"], 415, "body.type"),
    ],
)
async def test_a_body_that_is_not_what_it_says(
    app: Running, body: bytes, headers: list[bytes], status: int, code: str
) -> None:
    request = post("/api/v1/sign-in", body, *headers)
    if any(header.startswith(b"Content-Type") for header in headers):
        request = request.replace(b"Content-Type: application/json\r\n", b"")
    got, problem = await send(app, request)
    assert (got, problem["code"]) == (status, code)


async def test_a_body_that_breaks_off_is_no_defect_of_ours(
    app: Running, caplog: pytest.LogCaptureFixture
) -> None:
    host = app.url.removeprefix("http://")
    _, writer = await asyncio.open_connection(*host.split(":"))
    head = f"POST /api/v1/sign-in HTTP/1.1\r\nHost: {host}\r\nOrigin: {app.url}\r\nContent-Length: 9\r\n\r\n"
    writer.write(head.encode() + b"{")
    await writer.drain()
    assert (await app.client().get("/sessions")).status == 200  # by now it has been read
    writer.close()
    await writer.wait_closed()
    assert (await app.client().get("/sessions")).status == 200
    assert "failed" not in caplog.text


@pytest.mark.parametrize("kind", ["many fields", "deep", "long number", "surrogate", "duplicate keys"])
async def test_json_made_to_hurt_is_answered_shortly(app: Running, kind: str) -> None:
    body = {
        "many fields": json.dumps({f"k{number}": 1 for number in range(5000)}),
        "deep": '{"email":' * 900 + "1" + "}" * 900,
        "long number": '{"email": ' + "9" * 60_000 + "}",
        "surrogate": '{"email": "\\udc00@x.org", "password": "\\ud800"}',
        "duplicate keys": '{"email": "a@b.cd", "email": 1, "password": "x"}',
    }[kind].encode()
    assert len(body) < BODY_LIMIT
    status, problem = await send(app, post("/api/v1/sign-in", body))
    assert status in (400, 422)
    errors = problem.get("errors", [])
    assert isinstance(errors, list)
    assert len(errors) <= ERRORS_SHOWN


@pytest.mark.parametrize(
    "email",
    [
        "\ufdfa" * 64 + "@example.org",  # eighteen letters each when compared
        "a\uff20b@example.org",  # "＠": another "@" when compared
        "a\u00a0b@example.org",
        "a\u200b@example.org",
        "a\u202e@example.org",
        "@example.org",
        "a@example..org",
    ],
)
async def test_addresses_that_hide_something_are_refused(app: Running, email: str) -> None:
    reply = await app.client().post("/accounts", {"email": email, "password": "x" * 10, "name": "A"})
    assert (reply.status, reply.body["field"]) == (422, "email")


async def test_compatibility_forms_of_an_address_are_one_account(app: Running) -> None:
    body = {"email": "ﬁne@example.org", "password": "x" * 10, "name": "A"}  # a ligature
    assert (await app.client().post("/accounts", body)).status == 201
    again = await app.client().post("/accounts", {**body, "email": "FINE@EXAMPLE.ORG"})
    assert again.code == "account.email_taken"


@pytest.mark.parametrize(
    "password", ["zero\0byte inside", "пароль из слов", "x" * 1000, "   ten spaces   ", "é" * 10]
)
async def test_a_password_may_be_anything_and_counts_whole(app: Running, password: str) -> None:
    email = f"{password.encode()[:8].hex()}{len(password)}@example.org"
    made = await app.client().post("/accounts", {"email": email, "password": password, "name": "A"})
    assert made.status == 201
    assert (await app.client().sign_in(email, password)).status == 200
    for other in {password[:-1], password[1:], password.split("\0")[0]} - {password}:
        assert (await app.client().sign_in(email, other)).status == 401


async def test_a_password_is_the_same_however_the_keyboard_composes_it(app: Running) -> None:
    composed, decomposed = "caf\u00e9 au lait", "cafe\u0301 au lait"
    body = {"email": "cafe@example.org", "password": composed, "name": "A"}
    assert (await app.client().post("/accounts", body)).status == 201
    assert (await app.client().sign_in("cafe@example.org", decomposed)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "change"),
    [
        ("PATCH", "/me", {"staff": True}),
        ("PATCH", "/me", {"email": "mine@example.org"}),
        ("PATCH", "/me", {"id": "0" * 32}),
        ("POST", "/me/tokens", {"name": "x", "accountId": "0" * 32}),
        ("POST", "/timeslots/{slot}/registrations", {"accountId": "0" * 32}),
        ("POST", "/timeslots/{slot}/registrations", {"status": "confirmed"}),
        ("POST", "/timeslots/{slot}/registrations", {"role": "organiser"}),
    ],
)
async def test_nobody_sets_what_is_not_theirs_to_set(
    cast: Cast, method: str, path: str, change: dict[str, object]
) -> None:
    scene = await set_scene(cast, people=False)
    reply = await cast["stranger"].call(method, path.format(slot=scene.timeslot_id), change)
    assert (reply.status, reply.body["field"]) == (422, list(change)[-1])


async def test_a_method_is_not_overridden_by_a_header(cast: Cast) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE"}
    assert (await cast["stranger"].post("/me", {}, headers=headers)).code == "method_not_allowed"


async def test_html_in_a_name_is_text(app: Running, cast: Cast) -> None:
    """JSON only, marked as such: no browser takes it for a page."""
    client: Client = cast["stranger"]
    name = "<img src=x onerror=alert(1)>"
    reply = await client.patch("/me", {"name": name})
    assert reply.body["name"] == name
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"


async def test_an_escaped_line_break_does_not_get_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: web.Request) -> web.Response:
        raise RuntimeError("a defect")

    application = web.Application(middlewares=[failures])
    application.router.add_get("/{name}", fail)
    async with TestClient(TestServer(application)) as client:
        assert (await client.get(URL("/a%0aERROR%20forged", encoded=True))).status == 500
    [record] = [record for record in caplog.records if record.name == "server.http"]
    assert record.getMessage().startswith("x GET /a%0aERROR%20forged failed")


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(500)) + b"\r\n",
        b"GET / HTTP/1.1\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n",
        post("/api/v1/sign-in", b"ZZ\r\n{}\r\n", b"Transfer-Encoding: chunked"),
        post("/api/v1/sign-in", b"0\r\n\r\n", b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    ],
)
async def test_what_is_not_http_is_refused_without_a_word_in_the_log(
    app: Running, request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(not_malformed)
    status, _ = await send(app, request_line)
    assert status == 400
    assert caplog.records == []
    assert (await app.client().get("//healthz")).status == 200


async def test_an_error_of_the_database_tells_the_log_no_secrets(app: Running) -> None:
    async with app.services.database.writing() as db:
        with pytest.raises(Exception, match="SQL") as error:
            await db.execute(text("SELECT :hash FROM nowhere"), {"hash": "$argon2id$secret"})
    assert "argon2id" not in str(error.value)


async def test_tokens_cannot_be_tried_without_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running(tmp_path_factory.mktemp("data"), requests_per_minute=5) as app:
        replies = [await app.client(token=f"cvn_{number}").get("/me") for number in range(7)]
        assert [reply.code for reply in replies] == ["auth.invalid_token"] * 5 + ["rate.limited"] * 2
