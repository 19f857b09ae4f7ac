"""Every route of the table against every kind of person: what each gets, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from server.accounts.identity import new_sign_in
from server.accounts.rules import secret_hash
from server.accounts.tables import ApiToken
from server.call import Route
from server.db.base import new_id
from server.routes import ROUTES
from server.sessions.tables import Publication
from tests.server.scene import Cast, Scene, set_scene
from tests.support.app import Client, Reply

ACTORS = (
    "anonymous",
    "expired",
    "foreign_token",
    "stranger",
    "other",
    "observer",
    "participant",
    "co_facilitator",
    "facilitator",
    "organiser",
)

# One column per actor, in the order above: the status, with the code where it is a refusal of note.
EXPECTED = {
    #                                             anon exp  tok  stra othe obse part co   fac  org
    "POST /accounts":                            "201  201  401  201  201  201  201  201  201  201",
    "POST /sign-in":                             "401  401  401  401  401  401  401  401  401  401",
    "POST /sign-out":                            "204  204  401  204  204  204  204  204  204  204",
    "GET /me":                                   "401  401  401  200  200  200  200  200  200  200",
    "PATCH /me":                                 "401  401  401  200  200  200  200  200  200  200",
    "GET /me/tokens":                            "401  401  401  200  200  200  200  200  200  200",
    "POST /me/tokens":                           "401  401  401  201  201  201  201  201  201  201",
    "DELETE /me/tokens/{token_id}":              "401  401  401  404  404  404  404  404  404  204",
    "GET /sessions":                             "200  200  401  200  200  200  200  200  200  200",
    "POST /sessions":                            "401  401  401  403  201  403  403  403  403  201",
    "GET /sessions/{session_id}":                "200  200  401  200  200  200  200  200  200  200",
    "PATCH /sessions/{session_id}":              "401  401  401  403  403  403  403  403  200  200",
    "DELETE /sessions/{session_id}":             "401  401  401  403  403  403  403  403  403  409",
    "POST /sessions/{session_id}/publish":       "401  401  401  403  403  403  403  403  403  200",
    "POST /sessions/{session_id}/cancel":        "401  401  401  403  403  403  403  403  403  200",
    "GET /sessions/{session_id}/roles":          "401  401  401  403  403  403  403  200  200  200",
    "POST /sessions/{session_id}/roles":         "401  401  401  403  403  403  403  403  201  201",
    "DELETE /sessions/{session_id}/roles/{assignment_id}":
                                                 "401  401  401  403  403  403  403  403  204  204",
    "POST /timeslots/{timeslot_id}/end":         "401  401  401  403  403  403  403  403  200  200",
    "POST /timeslots/{timeslot_id}/registrations":
                                                 "401  401  401  201  201  409  409  201  201  201",
    "GET /timeslots/{timeslot_id}/registrations":
                                                 "401  401  401  403  403  403  403  200  200  200",
    "DELETE /registrations/{registration_id}":   "401  401  401  403  403  403  204  403  204  204",
    "GET /sessions/{session_id}/mail":           "401  401  401  403  403  403  403  200  200  200",
    "POST /sessions/{session_id}/mail/{mail_id}/resend":
                                                 "401  401  401  403  403  403  403  403  404  404",
    "POST /sessions/{session_id}/messages/preview":
                                                 "401  401  401  403  403  403  403  403  200  200",
    "POST /sessions/{session_id}/messages":      "401  401  401  403  403  403  403  403  201  201",
    "GET /timeslots/{timeslot_id}/calendar.ics": "200  200  401  200  200  200  200  200  200  200",
    "GET /me/calendar":                          "401  401  401  200  200  200  200  200  200  200",
    "POST /me/calendar":                         "401  401  401  201  201  201  201  201  201  201",
    "DELETE /me/calendar":                       "401  401  401  204  204  204  204  204  204  204",
    "GET /sessions/{session_id}/cancel":         "401  401  401  403  403  403  403  403  403  200",
    "POST /sessions/{session_id}/close":         "401  401  401  403  403  403  403  403  403  200",
    "POST /sessions/{session_id}/reopen":        "401  401  401  403  403  403  403  403  403  200",
    "POST /sessions/{session_id}/archive":       "401  401  401  403  403  403  403  403  403  409",
    "POST /sessions/{session_id}/timeslots":     "401  401  401  403  403  403  403  403  403  201",
    "POST /timeslots/preview":                   "401  401  401  200  200  200  200  200  200  200",
    "PATCH /timeslots/{timeslot_id}":            "401  401  401  403  403  403  403  403  403  200",
    "GET /timeslots/{timeslot_id}/cancel":       "401  401  401  403  403  403  403  403  403  200",
    "POST /timeslots/{timeslot_id}/cancel":      "401  401  401  403  403  403  403  403  403  200",
    "POST /timeslots/{timeslot_id}/reopen":      "401  401  401  403  403  403  403  403  403  409",
    "DELETE /timeslots/{timeslot_id}":           "401  401  401  403  403  403  403  403  403  409",
    "GET /timeslots/{timeslot_id}/roster.csv":   "401  401  401  403  403  403  403  403  403  200",
    "GET /timeslots/{timeslot_id}/roster.xlsx":  "401  401  401  403  403  403  403  403  403  200",
    "GET /timeslots/{timeslot_id}/agenda":       "200  200  401  200  200  200  200  200  200  200",
    "PUT /timeslots/{timeslot_id}/agenda":       "401  401  401  403  403  403  403  403  200  200",
    "DELETE /timeslots/{timeslot_id}/agenda":    "401  401  401  403  403  403  403  403  200  200",
    "GET /sessions/{session_id}/overrides":      "401  401  401  403  403  403  403  200  200  200",
    "POST /sessions/{session_id}/overrides":     "401  401  401  403  403  403  403  403  201  201",
    "DELETE /sessions/{session_id}/overrides/{override_id}":
                                                 "401  401  401  403  403  403  403  403  204  204",
    "GET /sessions/{session_id}/people/{account_id}/permissions":
                                                 "401  401  401  403  403  403  200  200  200  200",
    "GET /sessions/{session_id}/audit":          "401  401  401  403  403  403  403  403  200  200",
    "POST /timeslots/{timeslot_id}/seats":       "401  401  401  403  403  403  403  403  403  201",
    "PATCH /seats/{seat_id}":                    "401  401  401  403  403  403  403  403  403  200",
    "DELETE /seats/{seat_id}":                   "401  401  401  403  403  403  403  403  403  200",
    "GET /sessions/{session_id}/invitations":    "401  401  401  403  403  403  403  403  200  200",
    "POST /sessions/{session_id}/invitations":   "401  401  401  403  403  403  403  403  201  201",
    "DELETE /sessions/{session_id}/invitations/{invitation_id}":
                                                 "401  401  401  403  403  403  403  403  204  204",
    "POST /invitations/open":                    "404  404  401  404  404  404  404  404  404  404",
    "POST /invitations/accept":                  "401  401  401  404  404  404  404  404  404  404",
    "GET /site":                                 "200  200  401  200  200  200  200  200  200  200",
    "PUT /site/premium":                         "401  401  401  403  200  403  403  403  403  200",
    "PATCH /site":                               "401  401  401  403  200  403  403  403  403  200",
    "POST /timeslots/{timeslot_id}/decisions":   "401  401  401  403  403  403  403  403  200  200",
    "POST /timeslots/{timeslot_id}/people":      "401  401  401  403  403  403  403  403  201  201",
    "PUT /timeslots/{timeslot_id}/presenters":   "401  401  401  403  403  403  403  403  200  200",
    "PUT /seats/{seat_id}/waitlist":             "401  401  401  403  403  403  403  403  200  200",
    "GET /registrations/{registration_id}":      "401  401  401  403  403  403  200  200  200  200",
    "GET /registrations/{registration_id}/history":
                                                 "401  401  401  403  403  403  200  200  200  200",
    "PATCH /registrations/{registration_id}":    "401  401  401  403  403  403  403  403  200  200",
    "POST /registrations/{registration_id}/decision":
                                                 "401  401  401  403  403  403  403  403  409  409",
    "POST /registrations/{registration_id}/offer":
                                                 "401  401  401  403  403  403  409  403  409  409",
    "PUT /registrations/{registration_id}/answers":
                                                 "401  401  401  403  403  403  200  403  200  200",
    "GET /rooms/{slug}":                         "200  200  401  200  200  200  200  200  200  200",
    "GET /timeslots/{timeslot_id}/media":        "401  401  401  403  200  403  403  403  200  200",
    "POST /timeslots/{timeslot_id}/ticket":      "401  401  401  403  403  200  200  200  200  200",
}  # fmt: skip

BY_NAME = {f"{route.method} {route.path}": route for route in ROUTES}
ABOUT_A_SESSION = [
    name
    for name in EXPECTED
    if any(f"{{{part}_id}}" in name for part in ("session", "timeslot", "registration", "seat"))
    or "{slug}" in name
]


def test_every_route_is_in_the_table() -> None:
    assert set(EXPECTED) == set(BY_NAME)


@dataclass
class Target:
    scene: Scene
    token_id: str

    def path(self, route: Route) -> str:
        return route.path.format(
            session_id=self.scene.session_id,
            timeslot_id=self.scene.timeslot_id,
            slug=self.scene.slug,
            registration_id=self.scene.participant_registration_id,
            seat_id=self.scene.seat_id,
            override_id=self.scene.override_id,
            account_id=self.scene.participant_id,
            invitation_id=self.scene.invitation_id,
            assignment_id=self.scene.observer_assignment_id,
            token_id=self.token_id,
            mail_id="none",
        )


def body_for(name: str, cast: Cast, scene: Scene) -> Any:
    """A body that is in order, so that only the person decides."""
    fresh = f"{new_id()}@example.org"
    return {
        "POST /accounts": {"email": fresh, "password": "long enough", "name": "New"},
        "POST /sign-in": {"email": fresh, "password": "whatever"},
        "PATCH /me": {"timezone": "Europe/Rome"},
        "POST /me/tokens": {"name": "script"},
        "POST /sessions": {
            "title": "New",
            "type": "training",
            "timeslot": {"startsAt": "2030-01-01T10:00:00Z", "timezone": "Europe/Rome"},
        },
        "PATCH /sessions/{session_id}": {"title": "Changed"},
        "POST /sessions/{session_id}/roles": {"email": cast.emails["stranger"], "role": "observer"},
        "POST /sessions/{session_id}/cancel": {},
        "POST /sessions/{session_id}/messages/preview": {},
        "POST /sessions/{session_id}/messages": {"subject": "Room", "text": "We meet upstairs."},
        "POST /timeslots/{timeslot_id}/registrations": {},
        "POST /sessions/{session_id}/timeslots": {"startsAt": "2030-01-01T10:00:00Z"},
        "POST /timeslots/preview": {
            "startsLocal": "2030-01-01T10:00",
            "recurrence": "FREQ=DAILY;COUNT=2",
        },
        "PATCH /timeslots/{timeslot_id}": {"durationMin": 20},
        "POST /timeslots/{timeslot_id}/cancel": {"reason": "Ill"},
        "PUT /timeslots/{timeslot_id}/agenda": {
            "items": [{"kind": "break", "title": "Coffee", "plannedMin": 5}],
        },
        "POST /sessions/{session_id}/overrides": {
            "email": cast.emails["participant"],
            "permission": "chat.send",
            "effect": "allow",
        },
        "POST /timeslots/{timeslot_id}/seats": {"part": "captioner", "name": "Captioner"},
        "PATCH /seats/{seat_id}": {"name": "Chair"},
        "POST /sessions/{session_id}/invitations": {"part": "guest"},
        "POST /invitations/open": {"token": "nothing"},
        "POST /invitations/accept": {"token": "nothing"},
        "PATCH /site": {"tagline": "Meet"},
        "PUT /site/premium": {"email": cast.emails["stranger"], "until": None},
        "POST /timeslots/{timeslot_id}/decisions": {"ids": ["none"], "approve": True},
        "POST /timeslots/{timeslot_id}/people": {
            "email": cast.emails["stranger"],
            "seatKindId": scene.seats.get("guest", "none"),
        },
        "PUT /timeslots/{timeslot_id}/presenters": {"ids": []},
        "PUT /seats/{seat_id}/waitlist": {"ids": []},
        "PATCH /registrations/{registration_id}": {"status": "attended"},
        "POST /registrations/{registration_id}/decision": {"approve": True},
        "POST /registrations/{registration_id}/offer": {"accept": True},
        "PUT /registrations/{registration_id}/answers": {"talkTitle": "What I found"},
    }.get(name)


async def make_target(name: str, cast: Cast, publication: Publication = Publication.PUBLISHED) -> Target:
    scene = await set_scene(cast, publication=publication)
    if "{token_id}" not in name:
        return Target(scene, "none")
    token = ApiToken(
        id=new_id(),
        account_id=cast.ids["organiser"],
        name="script",
        token_hash=new_id(),
        created_at=cast.app.services.now(),
    )
    async with cast.app.services.database.writing() as db:
        db.add(token)
        await db.commit()
    return Target(scene, token.id)


async def browser_of(actor: str, cast: Cast) -> Client:
    """A browser of its own: some routes change the cookie."""
    if actor == "anonymous":
        return cast.app.client()
    if actor == "foreign_token":
        return cast.app.client(token="cvn_" + "x" * 43)
    name, days = ("organiser", -1) if actor == "expired" else (actor, 1)
    row, cookie = new_sign_in(cast.ids[name], cast.app.services.now(), days)
    async with cast.app.services.database.writing() as db:
        db.add(row)
        await db.commit()
    return cast.app.client(cookie=cookie)


async def attempt(name: str, client: Client, target: Target, cast: Cast) -> Reply:
    route = BY_NAME[name]
    headers = {"If-Match": '"1"'} if "If-Match" in route.headers else {}
    return await client.call(
        route.method, target.path(route), body_for(name, cast, target.scene), headers=headers
    )


@pytest.mark.parametrize("name", EXPECTED)
async def test_what_each_person_gets(name: str, cast: Cast) -> None:
    got = []
    for actor in ACTORS:
        target = await make_target(name, cast)
        reply = await attempt(name, await browser_of(actor, cast), target, cast)
        if reply.status >= 400:
            assert reply.headers["Content-Type"].startswith("application/problem+json")
            assert reply.body["status"] == reply.status
        got.append(str(reply.status))
    assert got == EXPECTED[name].split()


@pytest.mark.parametrize("name", ABOUT_A_SESSION)
async def test_a_draft_exists_for_its_staff_only(name: str, cast: Cast) -> None:
    route = BY_NAME[name]
    for actor in ("anonymous", "stranger", "other", "observer", "participant"):
        target = await make_target(name, cast, Publication.DRAFT)
        reply = await attempt(name, await browser_of(actor, cast), target, cast)
        expected = 401 if actor == "anonymous" and route.access.signed_in else 404
        assert (actor, reply.status) == (actor, expected)


@pytest.mark.parametrize("name", ABOUT_A_SESSION)
async def test_what_does_not_exist_is_not_found(name: str, cast: Cast) -> None:
    nowhere = Target(
        Scene("none", "none", "none", "none", "none", {}, "none", "none", "none", "none"), "none"
    )
    reply = await attempt(name, await browser_of("organiser", cast), nowhere, cast)
    assert reply.status == 404
    assert reply.code is not None
    assert reply.code.endswith("not_found")


async def test_a_refusal_says_which_rule_and_who_can_lift_it(cast: Cast) -> None:
    scene = await set_scene(cast)
    reply = await cast["participant"].post(f"/timeslots/{scene.timeslot_id}/end")
    assert reply.code == "permission.denied"
    assert reply.body["permission"] == "session.end"
    assert "you can't end this session" in reply.body["detail"]
    assert "organiser" in reply.body["liftedBy"]


async def test_an_expired_token_is_refused_and_a_valid_one_is_noted(cast: Cast) -> None:
    services = cast.app.services
    made = (await cast["stranger"].post("/me/tokens", {"name": "script"})).body
    script = cast.app.client(token=made["token"])
    assert (await script.get("/me")).body["id"] == cast.ids["stranger"]
    listed = (await cast["stranger"].get("/me/tokens")).body["items"]
    assert [token["lastUsedAt"] is not None for token in listed if token["id"] == made["id"]] == [True]
    async with services.database.writing() as db:
        row = await db.get_one(ApiToken, made["id"])
        assert row.token_hash == secret_hash(made["token"])
        row.expires_at = services.now()
        await db.commit()
    assert (await script.get("/me")).code == "auth.invalid_token"
