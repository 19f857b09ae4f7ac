"""What holds for every request: where it comes from, what it carries, how it is refused."""

from __future__ import annotations

import json
import logging

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from server.http import BODY_LIMIT, failures
from server.sessions.tables import Session
from tests.server.scene import Cast, set_scene
from tests.support.app import Running


async def raw(app: Running, method: str, path: str, **more: object) -> tuple[int, dict[str, object]]:
    async with aiohttp.ClientSession() as http, http.request(method, app.url + path, **more) as response:  # type: ignore[arg-type]
        assert response.content_type == "application/problem+json"
        return response.status, await response.json(content_type=None)


# --- origin ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_another_sites_page_cannot_act_with_our_cookie(cast: Cast, headers: dict[str, str]) -> None:
    scene = await set_scene(cast)
    reply = await cast["organiser"].post(f"/sessions/{scene.session_id}/cancel", {}, headers=headers)
    assert (reply.status, reply.code) == (403, "origin.refused")
    assert (await cast["organiser"].get(f"/sessions/{scene.session_id}")).body["publication"] == "published"


async def test_a_cookie_without_a_word_on_where_it_comes_from_is_refused(app: Running, cast: Cast) -> None:
    headers = {"Cookie": f"convene_session={cast['stranger'].cookie}"}
    status, body = await raw(app, "PATCH", "/api/v1/me", json={"name": "X"}, headers=headers)
    assert (status, body["code"]) == (403, "origin.refused")
    async with aiohttp.ClientSession() as http:
        own = {**headers, "Sec-Fetch-Site": "same-origin"}
        async with http.patch(f"{app.url}/api/v1/me", json={"timezone": None}, headers=own) as response:
            assert response.status == 200


async def test_signing_somebody_in_from_another_site_is_refused(app: Running) -> None:
    body = {"email": "a@example.org", "password": "whatever it is"}
    reply = await app.client().post("/sign-in", body, headers={"Origin": "https://evil.example"})
    assert reply.code == "origin.refused"


async def test_reading_needs_no_origin(cast: Cast) -> None:
    reply = await cast["stranger"].get("/me", headers={"Origin": "https://evil.example"})
    assert reply.status == 200
    assert "Access-Control-Allow-Origin" not in reply.headers


# --- bodies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "body.not_json"),
        ("", "application/json", 422, "validation"),
        ("[]", "application/json", 422, "validation"),
        ('"x"', "application/json", 422, "validation"),
        ("null", "application/json", 422, "validation"),
        ('{"email": NaN}', "application/json", 400, "body.not_json"),
        ("[" * 30_000, "application/json", 400, "body.not_json"),
        ('{"email": "\\ud800"}', "application/json", 422, "validation"),
        (b"\xff\xfe", "application/json", 400, "body.not_json"),
        ("email=a&password=b", "application/x-www-form-urlencoded", 415, "body.type"),
        ('{"email": "a", "password": "b"}', "text/plain", 415, "body.type"),
        (" " * (BODY_LIMIT + 1), "application/json", 413, "body.too_large"),
    ],
)
async def test_a_body_that_is_none_is_refused(
    app: Running, data: str | bytes, content_type: str, status: int, code: str
) -> None:
    got = await raw(app, "POST", "/api/v1/sign-in", data=data, headers={"Content-Type": content_type})
    assert (got[0], got[1]["code"]) == (status, code)


WRONG_SESSIONS: list[tuple[dict[str, object], str]] = [
    ({"title": ""}, "title"),
    ({"title": "x" * 201}, "title"),
    ({"type": "party"}, "type"),
    ({"type": "custom"}, "customType"),
    ({"description": "\x00"}, "description"),
    ({"objectives": ["a"] * 21}, "objectives"),
    ({"objectives": ["  "]}, "objectives.0"),
    ({"objectives": "a"}, "objectives"),
    ({"maxParticipants": 0}, "maxParticipants"),
    ({"maxParticipants": 1.5}, "maxParticipants"),
    ({"max_participants": 5}, "max_participants"),
    ({"ownerId": "me"}, "ownerId"),
    ({"timeslot": None}, "timeslot"),
    ({"timeslot": {}}, "timeslot.startsAt"),
    ({"timeslot": {"startsAt": "2030-01-01T10:00:00"}}, "timeslot.startsAt"),
    ({"timeslot": {"startsAt": "9999-12-31T23:59:59Z"}}, "timeslot.startsAt"),
    ({"timeslot": {"startsAt": "0001-01-01T00:00:00+14:00"}}, "timeslot.startsAt"),
    ({"timeslot": {"startsAt": 1e300}}, "timeslot.startsAt"),
    ({"timeslot": {"startsAt": "2030-01-01T10:00:00Z", "durationMin": 0}}, "timeslot.durationMin"),
    ({"timeslot": {"startsAt": "2030-01-01T10:00:00Z", "durationMin": 10**30}}, "timeslot.durationMin"),
    ({"timeslot": {"startsAt": "2030-01-01T10:00:00Z", "timezone": "../etc/passwd"}}, "timeslot.timezone"),
    (
        {"timeslot": {"startsAt": "2030-01-01T10:00:00Z", "location": {"kind": "moon"}}},
        "timeslot.location.kind",
    ),
    (
        {"timeslot": {"startsAt": "2030-01-01T10:00:00Z", "externalMeeting": {"url": "javascript:alert(1)"}}},
        "timeslot.externalMeeting.url",
    ),
]


@pytest.mark.parametrize(("change", "field"), WRONG_SESSIONS)
async def test_a_wrong_shape_names_the_field_and_changes_nothing(
    cast: Cast, change: dict[str, object], field: str
) -> None:
    title = f"Never {json.dumps(change)[:150]}"
    body = {
        "title": title,
        "type": "training",
        "timeslot": {"startsAt": "2030-01-01T10:00:00Z", "timezone": "Europe/Rome"},
        **change,
    }
    reply = await cast["organiser"].post("/sessions", body)
    assert (reply.status, reply.code) == (422, "validation")
    assert field in [entry["field"] for entry in reply.body["errors"]]
    async with cast.app.services.database.reading() as db:
        assert await db.scalar(select(Session.id).where(Session.title == title)) is None


async def test_unknown_query_parameters_and_scopes_are_named(app: Running) -> None:
    assert (await app.client().get("/sessions?scope=all")).body["field"] == "scope"
    assert (await app.client().get("/sessions?page=2")).body["field"] == "page"


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("POST", "/nothing", 404, "not_found"),
        ("GET", "/assets/none.js", 404, "not_found"),
        ("GET", "/api/v1/sign-in", 405, "method_not_allowed"),
        ("PUT", "/api/v1/me", 405, "method_not_allowed"),
        ("GET", "/api/v1/me", 401, "auth.required"),
    ],
)
async def test_every_error_is_a_problem_document(
    app: Running, method: str, path: str, status: int, code: str
) -> None:
    got, body = await raw(app, method, path)
    assert got == body["status"] == status
    assert body["code"] == code
    assert {"type", "title", "detail", "requestId"} <= body.keys()


async def test_what_is_unforeseen_is_logged_and_masked(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: web.Request) -> web.Response:
        raise RuntimeError("the password is swordfish")

    async def busy(request: web.Request) -> web.Response:
        raise OperationalError("SELECT secret", None, Exception("database is locked"))

    application = web.Application(middlewares=[failures])
    application.router.add_get("/fail", fail)
    application.router.add_get("/busy", busy)
    async with TestClient(TestServer(application)) as client:
        with caplog.at_level(logging.ERROR):
            response = await client.get("/fail")
        text = await response.text()
        assert response.status == 500
        assert "swordfish" not in text
        assert json.loads(text)["requestId"] in caplog.text
        assert "swordfish" in caplog.text
        response = await client.get("/busy")
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
        assert "secret" not in await response.text()


async def test_every_response_carries_the_security_headers(app: Running) -> None:
    async with aiohttp.ClientSession() as http:
        for path in ("/", "/api/v1/sessions", "/api/v1/nothing", "/healthz", "/api/openapi.json"):
            async with http.get(app.url + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert "script-src 'self';" in policy
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert app.url.replace("http:", "ws:") in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert "camera=(self)" in response.headers["Permissions-Policy"]
                assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                assert response.headers["Cache-Control"] == "no-store"
                assert response.headers["X-Request-Id"]
                assert "Server" not in response.headers


async def test_a_forged_host_does_not_get_into_the_policy(app: Running) -> None:
    headers = {"Host": "x; script-src *"}
    async with aiohttp.ClientSession() as http, http.get(app.url, headers=headers) as response:
        assert "script-src *" not in response.headers["Content-Security-Policy"]
