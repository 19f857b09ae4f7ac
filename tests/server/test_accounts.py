"""Signing up, in and out, one's profile, tokens for scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.identity import COOKIE
from server.accounts.passwords import Passwords
from server.accounts.tables import Account, SignIn
from server.db.base import new_id
from tests.support.app import Clock, Running, running

PASSWORD = "correct horse battery"


def new_email() -> str:
    return f"{new_id()[:12]}@example.org"


async def test_who_signs_up_is_signed_in(app: Running) -> None:
    client, email = app.client(), new_email()
    reply = await client.post("/accounts", {"email": f" {email} ", "password": PASSWORD, "name": "  Zoë  "})
    assert reply.status == 201
    assert reply.body == {
        "id": reply.body["id"],
        "email": email,
        "name": "Zoë",
        "timezone": None,
        "staff": False,
        "mayCreateSessions": False,
    }
    assert (await client.get("/me")).body == reply.body


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(app: Running) -> None:
    reply = await app.client().post("/accounts", {"email": new_email(), "password": PASSWORD, "name": "A"})
    attributes = {part.strip().lower() for part in reply.headers["Set-Cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert "secure" not in attributes


async def test_an_address_has_one_account_however_it_is_written(app: Running) -> None:
    email = new_email()
    body = {"email": email, "password": PASSWORD, "name": "A"}
    assert (await app.client().post("/accounts", body)).status == 201
    again = await app.client().post("/accounts", {**body, "email": email.upper()})
    assert (again.status, again.code, again.body["field"]) == (409, "account.email_taken", "email")
    assert (await app.client().sign_in(email.upper(), PASSWORD)).status == 200


async def test_wrong_password_and_unknown_address_look_alike(app: Running) -> None:
    email = new_email()
    await app.client().post("/accounts", {"email": email, "password": PASSWORD, "name": "A"})
    wrong = await app.client().sign_in(email, "not the password")
    unknown = await app.client().sign_in(new_email(), PASSWORD)
    assert wrong.status == unknown.status == 401
    assert wrong.code == unknown.code == "auth.wrong_password"
    assert wrong.body["detail"] == unknown.body["detail"]


async def test_signing_in_makes_a_new_cookie_and_ends_the_old_one(app: Running) -> None:
    client, email = app.client(), new_email()
    await client.post("/accounts", {"email": email, "password": PASSWORD, "name": "A"})
    planted = client.cookie
    await client.sign_in(email, PASSWORD)
    assert client.cookie != planted
    assert (await app.client(cookie=planted).get("/me")).code == "auth.required"
    assert (await client.get("/me")).status == 200


async def test_signing_out_ends_it_on_the_server(app: Running) -> None:
    client = app.client()
    await client.post("/accounts", {"email": new_email(), "password": PASSWORD, "name": "A"})
    cookie = client.cookie
    assert (await client.post("/sign-out")).status == 204
    assert client.cookie is None
    assert (await app.client(cookie=cookie).get("/me")).status == 401


async def test_neither_password_nor_cookie_is_stored(app: Running) -> None:
    client, email = app.client(), new_email()
    me = (await client.post("/accounts", {"email": email, "password": PASSWORD, "name": "A"})).body
    async with app.services.database.reading() as db:
        account = await db.get_one(Account, me["id"])
        sign_ins = list(await db.scalars(select(SignIn.token_hash).where(SignIn.account_id == me["id"])))
    assert account.password_hash.startswith("$argon2id$")
    assert sign_ins
    assert client.cookie not in sign_ins


async def test_many_wrong_passwords_have_to_wait_and_right_ones_do_not(tmp_path: Path, clock: Clock) -> None:
    async with running(tmp_path, clock=clock, sign_in_failures=3) as app:
        email = new_email()
        await app.client().post("/accounts", {"email": email, "password": PASSWORD, "name": "A"})
        for _ in range(5):
            assert (await app.client().sign_in(email, PASSWORD)).status == 200
        for _ in range(3):
            assert (await app.client().sign_in(email, "wrong wrong wrong")).status == 401
        waiting = await app.client().sign_in(email, PASSWORD)
        assert (waiting.status, waiting.code) == (429, "rate.limited")
        assert 0 < int(waiting.headers["Retry-After"]) <= 101
        clock.ahead += 101
        assert (await app.client().sign_in(email, PASSWORD)).status == 200


async def test_sign_ups_and_requests_are_limited_and_a_sign_in_expires(tmp_path: Path, clock: Clock) -> None:
    limits: dict[str, Any] = {"sign_ups_per_hour": 2, "requests_per_minute": 12, "session_days": 2}
    async with running(tmp_path, clock=clock, **limits) as app:
        client = app.client()
        replies = [
            await app.client().post("/accounts", {"email": new_email(), "password": PASSWORD, "name": "A"})
            for _ in range(2)
        ]
        assert [reply.status for reply in replies] == [201, 201]
        email = new_email()
        third = await client.post("/accounts", {"email": email, "password": PASSWORD, "name": "A"})
        assert third.status == 429
        clock.ahead += 3601
        assert (
            await client.post("/accounts", {"email": email, "password": PASSWORD, "name": "A"})
        ).status == 201
        statuses = [(await client.get("/me")).status for _ in range(13)]
        assert statuses == [200] * 12 + [429]
        clock.ahead += 2 * 86400
        assert (await client.get("/me")).code == "auth.required"


@pytest.mark.parametrize(
    "name",
    ["Сергей", "山田太郎", "محمد", "Nguyễn Văn A", "O'Brien-Smith", "<b>Bold</b>", "👩‍💻 Ada", "علی‌رضا"],
)
async def test_names_in_any_script_stay_as_they_are(app: Running, name: str) -> None:
    client = app.client()
    await client.post("/accounts", {"email": new_email(), "password": PASSWORD, "name": name})
    assert (await client.get("/me")).body["name"] == name


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "\u202eevil"}, "name"),
        ({"name": "\u200d\u200d"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a@b@c.de"}, "email"),
        ({"email": "a b@c.de"}, "email"),
        ({"email": "a@" + "b" * 250 + ".de"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 1001}, "password"),
        ({"staff": True}, "staff"),
    ],
)
async def test_a_wrong_field_is_named_and_nobody_is_made(
    app: Running, change: dict[str, object], field: str
) -> None:
    email = new_email()
    client = app.client()
    reply = await client.post("/accounts", {"email": email, "password": PASSWORD, "name": "A", **change})
    assert (reply.status, reply.code, reply.body["field"]) == (422, "validation", field)
    assert client.cookie is None
    async with app.services.database.reading() as db:
        assert await db.scalar(select(Account.id).where(Account.email == email)) is None


async def test_all_errors_come_at_once(app: Running) -> None:
    reply = await app.client().post("/accounts", {"email": "x", "password": "y", "extra": 1})
    assert {entry["field"] for entry in reply.body["errors"]} == {"email", "password", "name", "extra"}


async def test_a_profile_is_changed_field_by_field(app: Running) -> None:
    client = app.client()
    await client.post("/accounts", {"email": new_email(), "password": PASSWORD, "name": "A"})
    assert (await client.patch("/me", {"timezone": "Asia/Tokyo"})).body["name"] == "A"
    changed = (await client.patch("/me", {"name": "B"})).body
    assert (changed["name"], changed["timezone"]) == ("B", "Asia/Tokyo")
    assert (await client.patch("/me", {"timezone": "Mars/Olympus"})).body["field"] == "timezone"
    assert (await client.patch("/me", {"timezone": None})).body["timezone"] is None


async def test_a_token_acts_for_its_account_until_it_is_deleted(app: Running) -> None:
    client = app.client()
    me = (await client.post("/accounts", {"email": new_email(), "password": PASSWORD, "name": "A"})).body
    made = await client.post("/me/tokens", {"name": "backup"})
    assert made.status == 201
    assert made.body["token"].startswith("cvn_")
    script = app.client(token=made.body["token"])
    assert (await script.get("/me")).body["id"] == me["id"]
    assert (await script.patch("/me", {"name": "Changed"})).status == 200  # no origin needed
    listed = (await client.get("/me/tokens")).body["items"]
    assert [(token["name"], "token" in token) for token in listed] == [("backup", False)]
    assert (await client.delete(f"/me/tokens/{made.body['id']}")).status == 204
    assert (await script.get("/me")).code == "auth.invalid_token"


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic YTpi", "Bearer cvn_", "bearer cvn_unknown"])
async def test_a_token_that_does_not_hold_is_refused_even_where_none_is_needed(
    app: Running, header: str
) -> None:
    reply = await app.client().get("/sessions", headers={"Authorization": header})
    assert (reply.status, reply.code) == (401, "auth.invalid_token")


async def test_a_hash_made_with_other_parameters_is_renewed_on_signing_in(app: Running) -> None:
    client, email = app.client(), new_email()
    me = (await client.post("/accounts", {"email": email, "password": PASSWORD, "name": "A"})).body
    old = await Passwords(memory_kib=16, passes=2).hash(PASSWORD)
    async with app.services.database.writing() as db:
        (await db.get_one(Account, me["id"])).password_hash = old
        await db.commit()
    assert (await client.sign_in(email, PASSWORD)).status == 200
    async with app.services.database.reading() as db:
        account = await db.get_one(Account, me["id"])
    assert "m=8,t=1" in account.password_hash
    assert (await client.sign_in(email, PASSWORD)).status == 200


async def test_behind_tls_the_cookie_is_secure(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="https://convene.example") as app:
        reply = await app.client().post(
            "/accounts",
            {"email": new_email(), "password": PASSWORD, "name": "A"},
            headers={"Origin": "https://convene.example"},
        )
        assert reply.headers["Set-Cookie"].startswith(f"{COOKIE}=")
        assert "Secure" in reply.headers["Set-Cookie"]
