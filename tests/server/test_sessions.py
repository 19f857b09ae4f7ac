"""Sessions from draft to the end: creating, finding, editing, publishing, cancelling, ending, deleting."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.db.base import new_id
from server.registrations.tables import Registration
from server.rooms.tables import LiveRun, RunState
from server.sessions.jobs import expiring
from server.sessions.tables import AuditEvent, Publication, RoleAssignment, Session, Visibility
from signalling.permissions import Permission, SessionType
from tests.server.scene import Cast, Scene, add_person, set_scene

NEW: dict[str, Any] = {
    "title": "  How to listen ",
    "type": "coaching",
    "description": "First line\r\nsecond line",
    "objectives": ["Hear", "Understand"],
    "timeslot": {
        "startsAt": "2030-03-31T09:30:00+02:00",
        "durationMin": 90,
        "timezone": "Europe/Rome",
        "location": {"kind": "hybrid", "address": "Room 4"},
        "externalMeeting": {"url": "https://meet.example/abc", "password": "1234"},
    },
    "maxParticipants": 3,
}


async def audit_of(cast: Cast, session_id: str) -> list[str]:
    async with cast.app.services.database.reading() as db:
        rows = await db.scalars(
            select(AuditEvent.action).where(AuditEvent.session_id == session_id).order_by(AuditEvent.at)
        )
        return list(rows)


async def test_a_new_session_is_a_draft_of_its_maker(cast: Cast) -> None:
    reply = await cast["organiser"].post("/sessions", NEW)
    assert reply.status == 201
    made = reply.body
    assert made["title"] == "How to listen"
    assert made["description"] == "First line\nsecond line"
    assert (made["label"], made["publication"], made["version"]) == ("Draft", "draft", 1)
    assert reply.headers["ETag"] == '"1"'
    slot = made["timeslot"]
    assert (slot["startsAt"], slot["endsAt"]) == ("2030-03-31T07:30:00Z", "2030-03-31T09:00:00Z")
    assert slot["location"] == {"kind": "hybrid", "address": "Room 4"}
    assert slot["externalMeeting"] == {"url": "https://meet.example/abc", "password": "1234"}
    assert made["timeslots"] == [slot]
    assert [(seat["part"], seat["role"], seat["max"]) for seat in made["seats"]] == [
        ("host", "facilitator", 1),
        ("guest", "participant", 3),
        ("observer", "observer", None),
    ]
    assert made["you"] == {"roles": ["organiser"], "registration": None}
    assert made["people"] == [{"name": "Organiser", "role": "organiser"}]
    assert made["owner"] == {"name": "Organiser"}
    assert made["may"].keys() == {permission.value for permission in Permission}
    assert made["may"]["session.edit"]["allowed"] is True
    assert await audit_of(cast, made["id"]) == ["session.create"]


async def test_what_is_left_out_has_a_default(cast: Cast) -> None:
    body = {"title": "T", "type": "buddy_meeting", "timeslot": {"startsAt": "2030-01-01T10:00:00Z"}}
    await cast["organiser"].patch("/me", {"timezone": None})  # whoever has one gets that
    made = (await cast["organiser"].post("/sessions", body)).body
    assert made["timeslot"]["durationMin"] == 45
    assert made["timeslot"]["timezone"] == "America/New_York"
    assert [(seat["part"], seat["max"]) for seat in made["seats"]] == [("guest", 2)]
    assert made["may"]["media.share_screen"]["allowed"] is True


async def test_names_and_titles_are_data_whatever_is_in_them(cast: Cast) -> None:
    evil = "<script>alert(1)</script> ' OR 1=1 -- %_"
    made = (await cast["organiser"].post("/sessions", {**NEW, "title": evil})).body
    await cast["organiser"].post(f"/sessions/{made['id']}/publish")
    reply = await cast["stranger"].get(f"/sessions/{made['id']}")
    assert reply.body["title"] == evil
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_outside_meeting_is_for_those_with_a_place(cast: Cast) -> None:
    made = (await cast["organiser"].post("/sessions", NEW)).body
    await cast["organiser"].post(f"/sessions/{made['id']}/publish")
    guest = await add_person(cast, "late guest")
    path = f"/sessions/{made['id']}"
    assert (await guest.get(path)).body["timeslot"]["externalMeeting"] is None
    assert (await cast.app.client().get(path)).body["timeslot"]["externalMeeting"] is None
    await guest.post(f"/timeslots/{made['timeslot']['id']}/registrations", {})
    assert (await guest.get(path)).body["timeslot"]["externalMeeting"]["password"] == "1234"


# --- editing ---------------------------------------------------------------------------------------


async def test_an_edit_counts_the_version_up_and_an_old_one_conflicts(cast: Cast) -> None:
    scene = await set_scene(cast)
    path, me = f"/sessions/{scene.session_id}", cast["organiser"]
    first = await me.patch(path, {"title": "Second title"}, headers={"If-Match": '"1"'})
    assert (first.body["version"], first.headers["ETag"]) == (2, '"2"')
    late = await me.patch(path, {"description": "lost?"}, headers={"If-Match": '"1"'})
    assert (late.status, late.code, late.body["version"]) == (412, "version.conflict", 2)
    now = (await me.get(path)).body
    assert (now["title"], now["description"]) == ("Second title", "What it is about")


@pytest.mark.parametrize("version", [None, "", "abc", "*", '"-1"', '"99999999999"'])
async def test_an_edit_says_which_version_it_is_of(cast: Cast, version: str | None) -> None:
    scene = await set_scene(cast)
    headers = {} if version is None else {"If-Match": version}
    reply = await cast["organiser"].patch(f"/sessions/{scene.session_id}", {"title": "X"}, headers=headers)
    assert (reply.status, reply.code) == (428, "version.required")


async def test_an_edit_that_changes_nothing_is_no_new_version(cast: Cast) -> None:
    scene = await set_scene(cast)
    reply = await cast["organiser"].patch(
        f"/sessions/{scene.session_id}", {"title": "A session"}, headers={"If-Match": "1"}
    )
    assert (reply.status, reply.body["version"]) == (200, 1)
    assert await audit_of(cast, scene.session_id) == []


@pytest.mark.parametrize(
    ("change", "organiser", "facilitator"),
    [
        ({"title": "New", "description": "", "objectives": ["x"]}, 200, 200),
        ({"timeslot": {"startsAt": "2031-01-01T10:00:00Z"}}, 200, 403),
        ({"timeslot": {"durationMin": 10, "timezone": "Asia/Tokyo"}}, 200, 403),
        ({"timeslot": {"location": {"kind": "physical", "address": "Here"}}}, 200, 403),
        ({"timeslot": {"registrationOpen": False}}, 200, 403),
        ({"title": "New", "maxParticipants": 9}, 200, 403),
        ({"customType": None}, 200, 403),
    ],
)
async def test_facilitators_edit_the_programme_organisers_everything(
    cast: Cast, change: dict[str, Any], organiser: int, facilitator: int
) -> None:
    for name, expected in (("facilitator", facilitator), ("organiser", organiser)):
        scene = await set_scene(cast)
        reply = await cast[name].patch(f"/sessions/{scene.session_id}", change, headers={"If-Match": '"1"'})
        assert (name, reply.status) == (name, expected)
        if expected == 200:
            nothing_to_do = change == {"customType": None}
            assert await audit_of(cast, scene.session_id) == ([] if nothing_to_do else ["session.edit"])


async def test_edits_of_the_timeslot_show(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=1))
    change = {
        "maxParticipants": 1,
        "timeslot": {
            "durationMin": 30,
            "registrationOpen": False,
            "externalMeeting": {"url": "https://a.example"},
        },
    }
    path = f"/sessions/{scene.session_id}"
    edited = (await cast["organiser"].patch(path, change, headers={"If-Match": '"1"'})).body
    assert edited["label"] == "Scheduled closed"
    assert edited["timeslot"]["durationMin"] == 30
    assert edited["timeslot"]["externalMeeting"]["url"] == "https://a.example"
    assert edited["timeslot"]["register"]["code"] == "registration.closed"
    taken = await cast["organiser"].patch(path, {"maxParticipants": 0}, headers={"If-Match": '"2"'})
    assert taken.status == 422
    removed = {"timeslot": {"externalMeeting": None, "registrationOpen": True}}
    edited = (await cast["organiser"].patch(path, removed, headers={"If-Match": '"2"'})).body
    assert edited["timeslot"]["externalMeeting"] is None
    assert edited["label"] == "Full"


async def test_seats_that_are_taken_cannot_be_edited_away(cast: Cast) -> None:
    scene = await set_scene(cast)
    guest = await add_person(cast, "second guest")
    assert (await guest.post(f"/timeslots/{scene.timeslot_id}/registrations", {})).status == 201
    reply = await cast["organiser"].patch(
        f"/sessions/{scene.session_id}", {"maxParticipants": 1}, headers={"If-Match": '"1"'}
    )
    assert (reply.status, reply.code, reply.body["taken"]) == (409, "seats.taken", 2)


# --- publishing, cancelling, ending, deleting -------------------------------------------------------


async def test_published_cancelled_and_reopened(cast: Cast) -> None:
    scene = await set_scene(cast, publication=Publication.DRAFT, starts=timedelta(days=1))
    path, me = f"/sessions/{scene.session_id}", cast["organiser"]
    assert (await me.post(f"{path}/cancel", {})).code == "session.not_published"
    assert (await me.post(f"{path}/publish")).body["label"] == "Open"
    assert (await me.post(f"{path}/publish")).body["version"] == 2  # again: nothing to do
    cancelled = (await me.post(f"{path}/cancel", {"reason": "The speaker is ill"})).body
    assert (cancelled["label"], cancelled["cancelledReason"]) == ("Cancelled", "The speaker is ill")
    assert (await cast["stranger"].get(path)).body["label"] == "Cancelled"
    reopened = (await me.post(f"{path}/publish")).body
    assert (reopened["label"], reopened["cancelledReason"]) == ("Open", None)
    actions = await audit_of(cast, scene.session_id)
    assert actions == ["session.publish", "session.cancel", "session.publish"]


async def runs_of(cast: Cast, scene: Scene) -> list[tuple[RunState, str | None]]:
    async with cast.app.services.database.reading() as db:
        rows = await db.scalars(select(LiveRun).where(LiveRun.timeslot_id == scene.timeslot_id))
        return [(run.state, run.end_reason) for run in rows]


async def test_ending_completes_also_without_anybody_in_the_room(cast: Cast) -> None:
    scene = await set_scene(cast)
    reply = await cast["facilitator"].post(f"/timeslots/{scene.timeslot_id}/end")
    assert (reply.status, reply.body["label"], reply.body["timeslot"]["phase"]) == (200, "Completed", "ended")
    assert await runs_of(cast, scene) == [(RunState.ENDED, "organiser")]
    assert (await cast["participant"].post(f"/timeslots/{scene.timeslot_id}/ticket")).code == "room.ended"
    assert (await cast["organiser"].post(f"/timeslots/{scene.timeslot_id}/end")).status == 200
    assert len(await runs_of(cast, scene)) == 1


async def test_what_has_not_begun_is_not_ended(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(hours=1))
    reply = await cast["organiser"].post(f"/timeslots/{scene.timeslot_id}/end")
    assert (reply.status, reply.code) == (409, "timeslot.not_started")
    assert await runs_of(cast, scene) == []


async def test_drafts_are_deleted_and_what_has_registrations_is_not(cast: Cast) -> None:
    draft = await set_scene(cast, publication=Publication.DRAFT)
    unsure = await cast["organiser"].delete(f"/sessions/{draft.session_id}", json={"confirm": "A sesion"})
    assert (unsure.status, unsure.code, unsure.body["field"]) == (422, "session.not_confirmed", "confirm")
    sure = await cast["organiser"].delete(f"/sessions/{draft.session_id}", json={"confirm": "A session"})
    assert sure.status == 204
    assert (await cast["organiser"].get(f"/sessions/{draft.session_id}")).status == 404
    async with cast.app.services.database.reading() as db:
        left = await db.scalars(select(Registration).where(Registration.timeslot_id == draft.timeslot_id))
        assert list(left) == []
    assert await audit_of(cast, draft.session_id) == ["session.delete"]
    empty = await set_scene(cast, people=False)
    assert (await cast["organiser"].delete(f"/sessions/{empty.session_id}")).status == 204
    registered = await set_scene(cast)
    reply = await cast["organiser"].delete(f"/sessions/{registered.session_id}")
    assert (reply.status, reply.code) == (409, "session.has_registrations")


# --- finding ---------------------------------------------------------------------------------------


async def titled(cast: Cast, word: str, name: str, **scene: Any) -> Scene:
    made = await set_scene(cast, **scene)
    async with cast.app.services.database.writing() as db:
        (await db.get_one(Session, made.session_id)).title = f"{word} {name}"
        await db.commit()
    return made


async def found(cast: Cast, who: str, scope: str, word: str) -> list[str]:
    client = cast[who] if who != "anonymous" else cast.app.client()
    items = (await client.get(f"/sessions?scope={scope}&q={word}")).body["items"]
    return [item["title"].removeprefix(f"{word} ") for item in items]


async def test_lists_show_what_is_to_come_what_is_past_and_what_is_mine(cast: Cast) -> None:
    word = new_id()
    await titled(cast, word, "later", starts=timedelta(days=3), people=False)
    await titled(cast, word, "running", starts=timedelta(minutes=-5), people=False)
    await titled(cast, word, "soon", starts=timedelta(hours=1))
    await titled(cast, word, "called off", starts=timedelta(hours=2), publication=Publication.CANCELLED)
    await titled(cast, word, "draft", publication=Publication.DRAFT)
    await titled(cast, word, "long ago", starts=timedelta(days=-30), people=False)
    await titled(cast, word, "yesterday", starts=timedelta(days=-1))
    assert await found(cast, "anonymous", "upcoming", word) == ["running", "soon", "called off", "later"]
    assert await found(cast, "anonymous", "past", word) == ["yesterday", "long ago"]
    assert await found(cast, "anonymous", "mine", word) == []
    assert await found(cast, "participant", "mine", word) == ["yesterday", "soon", "called off"]
    assert await found(cast, "facilitator", "mine", word) == ["yesterday", "draft", "soon", "called off"]
    assert len(await found(cast, "organiser", "mine", word)) == 7
    assert await found(cast, "other", "mine", word) == []


async def test_lists_come_in_pages_and_can_be_narrowed(cast: Cast) -> None:
    word = new_id()
    for day in range(5):
        await titled(cast, word, f"day {day}", starts=timedelta(days=day + 1), people=False)
    await titled(
        cast, word, "focus", starts=timedelta(days=9), session_type=SessionType.FOCUS_WORK, people=False
    )
    seen: list[str] = []
    cursor = 0
    for _ in range(4):
        page = (await cast["stranger"].get(f"/sessions?q={word}&limit=2&cursor={cursor}")).body
        seen += [item["title"].removeprefix(f"{word} ") for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [*(f"day {day}" for day in range(5)), "focus"]
    focus = (await cast["stranger"].get(f"/sessions?q={word}&type=focus_work")).body["items"]
    assert [item["title"] for item in focus] == [f"{word} focus"]
    now = cast.app.services.now()
    window = {"since": now + timedelta(days=1.5), "until": now + timedelta(days=3.5)}
    query = "&".join(f"{name}={value:%Y-%m-%dT%H:%M:%SZ}" for name, value in window.items())
    shown = (await cast["stranger"].get(f"/sessions?q={word}&{query}")).body["items"]
    assert [item["title"].removeprefix(f"{word} ") for item in shown] == ["day 1", "day 2"]
    assert (await cast["stranger"].get("/sessions?limit=0")).code == "validation"


async def test_private_sessions_are_listed_for_those_who_belong(cast: Cast) -> None:
    word = new_id()
    scene = await titled(cast, word, "private", starts=timedelta(days=1))
    async with cast.app.services.database.writing() as db:
        (await db.get_one(Session, scene.session_id)).visibility = Visibility.PRIVATE
        await db.commit()
    assert await found(cast, "stranger", "upcoming", word) == []
    assert await found(cast, "anonymous", "upcoming", word) == []
    assert await found(cast, "participant", "upcoming", word) == ["private"]
    assert await found(cast, "organiser", "upcoming", word) == ["private"]


async def test_searching_takes_signs_as_they_are(cast: Cast) -> None:
    word = new_id()
    await titled(cast, word, "100%_sure")
    assert await found(cast, "stranger", "upcoming", word) == ["100%_sure"]
    assert (await cast["stranger"].get(f"/sessions?q={word} 100%25_S")).body["items"] != []
    assert (await cast["stranger"].get(f"/sessions?q={word} 100__s")).body["items"] == []


async def test_a_card_is_short_and_the_page_is_whole(cast: Cast) -> None:
    scene = await titled(cast, new_id(), "x")
    text = "word " * 200
    async with cast.app.services.database.writing() as db:
        session = await db.get_one(Session, scene.session_id)
        session.description, title = text.strip(), session.title
        await db.commit()
    [card] = (await cast["stranger"].get(f"/sessions?q={title}")).body["items"]
    assert len(card["description"]) < 300
    assert card["description"].endswith("word…")
    assert (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body["description"] == text.strip()


# --- roles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("giver", "role", "status"),
    [
        ("organiser", "organiser", 201),
        ("organiser", "facilitator", 201),
        ("facilitator", "facilitator", 403),
        ("facilitator", "organiser", 403),
        ("facilitator", "co_facilitator", 201),
        ("facilitator", "observer", 201),
    ],
)
async def test_nobody_gives_a_role_above_their_reach(cast: Cast, giver: str, role: str, status: int) -> None:
    scene = await set_scene(cast)
    path = f"/sessions/{scene.session_id}/roles"
    reply = await cast[giver].post(path, {"email": cast.emails["stranger"].upper(), "role": role})
    assert reply.status == status
    if status == 403:
        assert reply.code == "role.ceiling"
    else:
        assert (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body["you"]["roles"] == [role]
        again = await cast[giver].post(path, {"email": cast.emails["stranger"], "role": role})
        assert again.code == "role.exists"


async def test_roles_add_up_and_taking_one_leaves_the_others(cast: Cast) -> None:
    scene = await set_scene(cast)
    path = f"/sessions/{scene.session_id}/roles"
    person = {"email": cast.emails["participant"], "role": "co_facilitator"}
    given = (await cast["organiser"].post(path, person)).body
    mine = (await cast["participant"].get(f"/sessions/{scene.session_id}")).body
    assert mine["you"]["roles"] == ["co_facilitator", "participant"]
    assert mine["may"]["session.moderate"]["allowed"] is True
    assert (await cast["facilitator"].delete(f"{path}/{given['id']}")).status == 204
    mine = (await cast["participant"].get(f"/sessions/{scene.session_id}")).body
    assert mine["you"]["roles"] == ["participant"]


async def test_a_facilitator_does_not_take_a_facilitators_role(cast: Cast) -> None:
    scene = await set_scene(cast)
    listed = (await cast["facilitator"].get(f"/sessions/{scene.session_id}/roles")).body["items"]
    own = next(item for item in listed if item["role"] == "facilitator")
    path = f"/sessions/{scene.session_id}/roles/{own['id']}"
    assert (await cast["facilitator"].delete(path)).code == "role.ceiling"
    assert (await cast["organiser"].delete(path)).status == 204


async def test_of_two_organisers_neither_takes_the_others_role_but_the_owner_does(cast: Cast) -> None:
    scene = await set_scene(cast)
    path = f"/sessions/{scene.session_id}/roles"
    given = [
        (await cast["organiser"].post(path, {"email": cast.emails[name], "role": "organiser"})).body["id"]
        for name in ("stranger", "other", "observer")
    ]
    assert (await cast["stranger"].delete(f"{path}/{given[1]}")).code == "role.ceiling"
    assert (await cast["stranger"].delete(f"{path}/{given[0]}")).status == 204  # stepping back
    assert (await cast["organiser"].delete(f"{path}/{given[1]}")).status == 204
    assert (await cast["stranger"].delete(f"{path}/{given[2]}")).code == "permission.denied"


async def test_a_facilitator_does_not_rise_and_the_owner_does_not_fall(cast: Cast) -> None:
    scene = await set_scene(cast)
    path = f"/sessions/{scene.session_id}/roles"
    me = {"email": cast.emails["facilitator"]}
    assert (await cast["facilitator"].post(path, {**me, "role": "organiser"})).code == "role.ceiling"
    seat = {"seatKindId": scene.seats["host"]}
    asked = await cast["facilitator"].post(f"/timeslots/{scene.timeslot_id}/registrations", seat)
    assert asked.body["status"] == "pending"  # and gives nothing before it is approved
    for role in ("observer", "co_facilitator"):  # lower roles on top do not pull the owner down
        given = await cast["facilitator"].post(path, {"email": cast.emails["organiser"], "role": role})
        assert given.status == 201
    mine = (await cast["organiser"].get(f"/sessions/{scene.session_id}")).body
    assert mine["you"]["roles"][0] == "organiser"
    assert mine["may"]["session.end"]["allowed"] is True


async def test_one_role_asked_for_ten_times_at_once_is_given_once(cast: Cast) -> None:
    scene = await set_scene(cast)
    body = {"email": cast.emails["stranger"], "role": "co_facilitator"}
    path = f"/sessions/{scene.session_id}/roles"
    replies = await asyncio.gather(*(cast["organiser"].post(path, body) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 9


async def test_a_role_of_another_session_is_not_found_here(cast: Cast) -> None:
    here, there = await set_scene(cast), await set_scene(cast)
    path = f"/sessions/{here.session_id}/roles/{there.observer_assignment_id}"
    assert (await cast["organiser"].delete(path)).code == "role.not_found"


async def test_roles_are_given_to_accounts_that_exist(cast: Cast) -> None:
    scene = await set_scene(cast)
    body = {"email": "nobody@example.org", "role": "observer"}
    reply = await cast["organiser"].post(f"/sessions/{scene.session_id}/roles", body)
    assert (reply.status, reply.code, reply.body["field"]) == (404, "account.not_found", "email")


@pytest.mark.parametrize("session_type", list(SessionType))
async def test_every_type_can_be_seen_and_registered_for(cast: Cast, session_type: SessionType) -> None:
    scene = await set_scene(cast, session_type=session_type, people=False)
    reply = await cast["stranger"].post(f"/timeslots/{scene.timeslot_id}/registrations")
    assert (reply.status, reply.body["role"]) == (201, "participant")


async def test_a_role_may_hold_in_one_timeslot_and_for_a_while(cast: Cast) -> None:
    scene = await set_scene(cast)
    path, organiser = f"/sessions/{scene.session_id}/roles", cast["organiser"]
    person = {"email": cast.emails["stranger"], "role": "co_facilitator"}
    until = (cast.app.services.now() + timedelta(hours=1)).isoformat()
    given = await organiser.post(path, {**person, "timeslotId": scene.timeslot_id, "expiresAt": until})
    assert given.status == 201
    assert given.body["timeslotId"] == scene.timeslot_id
    assert given.body["expiresAt"] is not None
    assert (await cast["stranger"].get(f"/rooms/{scene.slug}")).body["you"]["roles"] == ["co_facilitator"]
    added = {"startsAt": "2031-01-01T10:00:00Z"}
    etag = (await organiser.get(f"/sessions/{scene.session_id}")).headers["ETag"]
    both = await organiser.post(f"/sessions/{scene.session_id}/timeslots", added, headers={"If-Match": etag})
    other = next(slot for slot in both.body["timeslots"] if slot["id"] != scene.timeslot_id)
    assert (await cast["stranger"].get(f"/rooms/{other['slug']}")).body["you"]["roles"] == []
    again = await organiser.post(path, {**person, "timeslotId": scene.timeslot_id})
    assert again.code == "role.exists"
    assert (await organiser.post(path, person)).status == 201  # everywhere is another matter


async def test_a_role_that_ran_out_counts_no_more_and_can_be_given_anew(cast: Cast) -> None:
    scene = await set_scene(cast)
    path, organiser = f"/sessions/{scene.session_id}/roles", cast["organiser"]
    services = cast.app.services
    person = {"email": cast.emails["stranger"], "role": "observer", "timeslotId": scene.timeslot_id}
    given = await organiser.post(path, person)
    async with services.database.writing() as db:
        row = await db.get_one(RoleAssignment, given.body["id"])
        row.expires_at = services.now() - timedelta(seconds=1)
        await db.commit()
        found = await expiring(db, services.now())
    assert given.body["id"] in {due.subject for due in found}
    assert (await cast["stranger"].get(f"/rooms/{scene.slug}")).body["you"]["roles"] == []
    assert given.body["id"] not in {item["id"] for item in (await organiser.get(path)).body["items"]}
    assert (await organiser.post(path, person)).status == 201


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"timeslotId": "elsewhere"}, "timeslot.not_found"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "role.expired"),
    ],
)
async def test_a_role_nowhere_or_never_is_refused(cast: Cast, more: dict[str, str], code: str) -> None:
    scene = await set_scene(cast)
    body = {"email": cast.emails["stranger"], "role": "observer", **more}
    assert (await cast["organiser"].post(f"/sessions/{scene.session_id}/roles", body)).code == code


async def test_premium_is_set_until_some_time(cast: Cast) -> None:
    admin, email = cast["organiser"], cast.emails["stranger"]
    later = (cast.app.services.now() + timedelta(days=1)).isoformat()
    given = await admin.call("PUT", "/site/premium", {"email": email.upper(), "until": later})
    assert (given.status, given.body["premium"]) == (200, True)
    taken = await admin.call("PUT", "/site/premium", {"email": email, "until": None})
    assert (taken.body["until"], taken.body["premium"]) == (None, False)
    assert (
        await admin.call("PUT", "/site/premium", {"email": "no@example.org", "until": None})
    ).status == 404
