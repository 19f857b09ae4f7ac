"""What is asked of those who register, and the invitations that open a session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.db.base import new_id
from server.registrations.tables import Status
from tests.server.scene import Cast, Scene, add_person, set_scene
from tests.support.app import Client, Reply


async def ask(cast: Cast, scene: Scene, **change: Any) -> Reply:
    path = f"/sessions/{scene.session_id}"
    version = (await cast["organiser"].get(path)).headers["ETag"]
    return await cast["organiser"].patch(path, change, headers={"If-Match": version})


async def register(client: Client, scene: Scene, **body: Any) -> Reply:
    return await client.post(f"/timeslots/{scene.timeslot_id}/registrations", body)


async def planned(cast: Cast, **more: Any) -> Scene:
    return await set_scene(cast, starts=timedelta(days=10), people=False, **more)


QUESTIONS = [
    {"id": "why", "label": "Why?", "required": True},
    {"id": "size", "label": "Size", "kind": "choice", "options": ["S", "L"]},
    {"id": "diet", "label": "Diet", "kind": "choices", "options": ["none", "vegan"]},
    {"id": "age", "label": "Age", "kind": "number"},
    {"id": "first", "label": "First time?", "kind": "yes_no"},
]


async def test_questions_have_types_and_consents_are_given(cast: Cast) -> None:
    scene = await planned(cast)
    conditions = {"questions": QUESTIONS, "consents": [{"id": "film", "text": "We record"}]}
    shown = await ask(cast, scene, conditions=conditions)
    assert [question["id"] for question in shown.body["conditions"]["questions"]] == [
        "why",
        "size",
        "diet",
        "age",
        "first",
    ]
    missing = await register(cast["stranger"], scene)
    assert (missing.status, missing.code) == (422, "validation")
    assert [error["field"] for error in missing.body["errors"]] == ["responses.why", "consents.film"]
    for wrong in ({"size": "XL"}, {"diet": "vegan"}, {"age": "old"}, {"age": True}, {"first": 1}, {"x": 1}):
        reply = await register(cast["stranger"], scene, responses={"why": "So", **wrong}, consents=["film"])
        assert [error["field"] for error in reply.body["errors"]] == [f"responses.{next(iter(wrong))}"]
    good = {"why": "So", "size": "S", "diet": ["vegan"], "age": 44, "first": False}
    reply = await register(cast["stranger"], scene, responses=good, consents=["film"])
    assert (reply.status, reply.body["responses"], reply.body["consents"]) == (201, good, ["film"])


@pytest.mark.parametrize(
    "conditions",
    [
        {"questions": [{"id": "a", "label": "A", "kind": "choice"}]},
        {"questions": [{"id": "a", "label": "A", "options": ["x"]}]},
        {"questions": [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}]},
        {"prerequisites": [{"id": "p", "kind": "completed_session", "text": "T"}]},
        {"price": {"provider": "free", "amount": -1}},
        {"shoes": []},
    ],
)
async def test_conditions_without_sense_are_refused(cast: Cast, conditions: dict[str, Any]) -> None:
    scene = await planned(cast)
    reply = await ask(cast, scene, conditions=conditions)
    assert (reply.status, reply.code) == (422, "validation")


async def test_prerequisites_block_or_warn(cast: Cast) -> None:
    before, scene = await planned(cast), await planned(cast)
    needed = [
        {"id": "s", "kind": "completed_session", "text": "The basics", "sessionId": before.session_id},
        {"id": "d", "kind": "declaration", "text": "I can swim", "mode": "warn"},
    ]
    await ask(cast, scene, conditions={"prerequisites": needed})
    blocked = await register(cast["stranger"], scene)
    assert (blocked.status, blocked.code) == (403, "registration.prerequisite")
    assert "The basics" in blocked.body["detail"]
    place = (await register(cast["stranger"], before)).body["id"]
    assert (await register(cast["stranger"], scene)).status == 403
    await cast["organiser"].patch(f"/registrations/{place}", {"status": Status.ATTENDED})
    warned = await register(cast["stranger"], scene)
    assert (warned.status, warned.body["warnings"]) == (201, ["I can swim"])
    silent = await register(cast["organiser"], before)
    await cast["organiser"].patch(f"/registrations/{silent.body['id']}", {"status": "attended"})
    assert (await register(cast["organiser"], scene, declarations=["d"])).body["warnings"] == []


async def test_what_is_paid_on_site_is_owed_until_it_is_cancelled_in_time(cast: Cast) -> None:
    scene = await planned(cast)
    price = {"provider": "on_site", "amount": 1200, "currency": "EUR", "refundUntilHours": 48}
    shown = await ask(cast, scene, conditions={"price": price})
    assert shown.body["conditions"]["price"] == price
    unknown = await ask(cast, scene, conditions={"price": {**price, "provider": "magic"}})
    assert (unknown.code, unknown.body["field"]) == ("payment.no_provider", "conditions.price.provider")
    reply = await register(cast["stranger"], scene)
    assert (reply.body["payment"]["state"], reply.body["payment"]["amount"]) == ("due", 1200)
    await cast["stranger"].delete(f"/registrations/{reply.body['id']}")
    gone = await cast["organiser"].get(f"/registrations/{reply.body['id']}")
    assert (gone.body["status"], gone.body["payment"]["state"]) == ("cancelled", "none")


async def test_after_the_deadline_a_seat_is_kept_but_staff_can_still_take_it(cast: Cast) -> None:
    scene = await planned(cast)
    past = (cast.app.services.now() - timedelta(hours=1)).isoformat()
    place = (await register(cast["stranger"], scene)).body["id"]
    assert (await ask(cast, scene, timeslot={"cancelBy": past})).status == 200
    late = await cast["stranger"].delete(f"/registrations/{place}")
    assert (late.status, late.code) == (409, "registration.too_late")
    assert (await cast["organiser"].delete(f"/registrations/{place}")).status == 204


async def test_asking_is_for_every_seat_of_a_session_that_says_so(cast: Cast) -> None:
    scene = await planned(cast)
    await ask(cast, scene, joinCondition="ask")
    assert (await register(cast["stranger"], scene)).body["status"] == "pending"
    shown = (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body
    assert shown["you"]["registration"]["status"] == "pending"


async def test_what_everybody_can_see_is_not_invite_only(cast: Cast) -> None:
    scene = await planned(cast)
    refused = await ask(cast, scene, joinCondition="invite")
    assert (refused.status, refused.code, refused.body["field"]) == (
        422,
        "session.public_invite",
        "joinCondition",
    )
    both = await ask(cast, scene, joinCondition="invite", visibility="private")
    assert (both.status, both.body["visibility"]) == (200, "private")
    back = await ask(cast, scene, visibility="public")
    assert (back.code, back.body["field"]) == ("session.public_invite", "visibility")
    body = {
        "title": "T",
        "type": "training",
        "timeslot": {"startsAt": "2030-01-01T10:00:00Z"},
        "joinCondition": "invite",
    }
    assert (await cast["organiser"].post("/sessions", body)).code == "validation"


# --- invitations -----------------------------------------------------------------------------------


async def invite_only(cast: Cast) -> Scene:
    scene = await planned(cast)
    await ask(cast, scene, joinCondition="invite", visibility="private")
    return scene


async def invite(cast: Cast, scene: Scene, who: str = "organiser", **body: Any) -> Reply:
    return await cast[who].post(f"/sessions/{scene.session_id}/invitations", body)


async def test_a_private_session_is_seen_by_those_who_belong_to_it(cast: Cast) -> None:
    scene = await invite_only(cast)
    path = f"/sessions/{scene.session_id}"
    assert (await cast["stranger"].get(path)).code == "session.not_found"
    assert (await cast.app.client().get(path)).status == 404
    assert (await register(cast["stranger"], scene)).status == 404


async def test_an_invitation_opens_the_session_as_often_as_it_says(cast: Cast) -> None:
    scene = await invite_only(cast)
    made = (await invite(cast, scene, maxUses=1)).body
    assert len(made["token"]) >= 22  # 128 bits
    opened = await cast.app.client().post("/invitations/open", {"token": made["token"]})
    assert (opened.status, opened.body["title"]) == (200, "A session")
    first, second = await add_person(cast, "first"), await add_person(cast, "second")
    reply = await register(first, scene, invitation=made["token"])
    assert (reply.status, reply.body["status"]) == (201, "registered")
    assert (await first.get(f"/sessions/{scene.session_id}")).status == 200
    used = await register(second, scene, invitation=made["token"])
    assert (used.status, used.code) == (410, "invitation.used")
    await first.delete(f"/registrations/{reply.body['id']}")
    again = await register(first, scene, invitation=made["token"])
    assert (again.status, again.body["id"]) == (201, reply.body["id"])
    listed = (await cast["organiser"].get(f"/sessions/{scene.session_id}/invitations")).body["items"]
    assert [(item["uses"], "token" in item) for item in listed] == [(1, False)]


async def test_whoever_was_removed_does_not_come_back_with_the_same_token(cast: Cast) -> None:
    scene = await invite_only(cast)
    token = (await invite(cast, scene)).body["token"]
    person = await add_person(cast, "guest of honour")
    place = (await register(person, scene, invitation=token)).body["id"]
    await cast["organiser"].delete(f"/registrations/{place}")
    assert (await register(person, scene, invitation=token)).code == "invitation.removed"


async def test_personal_expired_revoked_and_foreign_tokens(cast: Cast) -> None:
    scene, other = await invite_only(cast), await invite_only(cast)
    personal = (await invite(cast, scene, email=cast.emails["stranger"].upper())).body["token"]
    assert (await register(cast["participant"], scene, invitation=personal)).code == "invitation.not_yours"
    assert (await register(cast["stranger"], other, invitation=personal)).code == "invitation.not_found"
    assert (await register(cast["stranger"], scene, invitation=personal)).status == 201
    past = (cast.app.services.now() - timedelta(minutes=1)).isoformat()
    expired = (await invite(cast, scene, expiresAt=past)).body["token"]
    reply = await register(cast["participant"], scene, invitation=expired)
    assert (reply.status, reply.code) == (410, "invitation.expired")
    made = (await invite(cast, scene)).body
    path = f"/sessions/{scene.session_id}/invitations/{made['id']}"
    assert (await cast["organiser"].delete(path)).status == 204
    assert (
        await register(cast["participant"], scene, invitation=made["token"])
    ).code == "invitation.not_found"
    assert (await register(cast["participant"], scene, invitation=new_id())).code == "invitation.not_found"


async def test_an_invitation_carries_a_seat_or_a_role_within_the_ceiling(cast: Cast) -> None:
    scene = await planned(cast)
    host = (await invite(cast, scene, part="host")).body["token"]
    reply = await register(cast["participant"], scene, invitation=host)
    assert (reply.body["part"], reply.body["status"]) == ("host", "registered")  # needs no approval
    role = (await invite(cast, scene, role="co_facilitator")).body["token"]
    assert (await register(cast["stranger"], scene, invitation=role)).code == "invitation.not_found"
    assert (await cast["stranger"].post("/invitations/accept", {"token": role})).status == 204
    shown = (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body
    assert shown["you"]["roles"] == ["co_facilitator"]
    assert (await cast["stranger"].post("/invitations/accept", {"token": role})).code == "role.exists"
    staffed = await set_scene(cast)
    assert (await invite(cast, staffed, "facilitator", part="host")).code == "role.ceiling"
    assert (await invite(cast, staffed, "facilitator", role="organiser")).code == "role.ceiling"
    assert (await invite(cast, staffed, "facilitator", part="guest")).status == 201
    assert (await invite(cast, scene, part="captioner")).code == "invitation.part_not_found"
    assert (await invite(cast, scene, part="guest", role="observer")).code == "validation"
