"""Getting a seat, giving it up, and never one seat too many."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from server.mail.tables import Kind, Mail
from server.registrations.tables import Registration, RegistrationChange, Status
from server.sessions.tables import AuditEvent, Publication, Timeslot
from tests.server.scene import Cast, Scene, add_person, set_scene
from tests.support.app import Client, Reply


async def register(client: Client, scene: Scene, part: str | None = None, key: str | None = None) -> Reply:
    body = {} if part is None else {"seatKindId": scene.seats[part]}
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(f"/timeslots/{scene.timeslot_id}/registrations", body, headers=headers)


async def test_whoever_registers_becomes_a_participant(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=1), people=False)
    before = (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body
    assert before["timeslot"]["register"] == {"allowed": True, "code": None, "message": ""}
    reply = await register(cast["stranger"], scene)
    assert reply.status == 201
    assert reply.body | {"id": "", "createdAt": "", "updatedAt": ""} == {
        "id": "",
        "timeslotId": scene.timeslot_id,
        "name": "Stranger",
        "email": None,
        "accountId": None,
        "seatKindId": scene.seats["guest"],
        "part": "guest",
        "role": "participant",
        "status": "registered",
        "position": None,
        "order": None,
        "offerExpiresAt": None,
        "message": None,
        "answers": {},
        "responses": {},
        "consents": [],
        "payment": None,
        "warnings": [],
        "createdAt": "",
        "updatedAt": "",
    }
    after = (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body
    assert after["you"] == {"roles": ["participant"], "registration": reply.body}
    assert after["timeslot"]["register"]["code"] == "registration.exists"
    assert [seat["taken"] for seat in after["seats"]] == [0, 1, 0]


async def test_a_seat_can_be_chosen_and_the_hosts_be_asked_for(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    assert (await register(cast["stranger"], scene, "observer")).body["role"] == "observer"
    host = await register(cast["participant"], scene, "host")
    assert (host.status, host.body["status"]) == (201, "pending")
    asking = (await cast["participant"].get(f"/sessions/{scene.session_id}")).body
    assert asking["you"]["roles"] == ["participant"]  # not yet a facilitator's
    assert asking["may"]["session.moderate"]["allowed"] is False
    other = await set_scene(cast, people=False)
    elsewhere = await cast["other"].post(
        f"/timeslots/{scene.timeslot_id}/registrations", {"seatKindId": other.seats["guest"]}
    )
    assert (elsewhere.status, elsewhere.code) == (422, "registration.seat_not_found")


async def test_twice_is_refused_but_repeating_a_request_is_not(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    first = await register(cast["stranger"], scene, key="k1")
    repeated = await register(cast["stranger"], scene, key="k1")
    assert (repeated.status, repeated.body) == (201, first.body)
    assert (await register(cast["stranger"], scene, key="k2")).code == "registration.exists"
    assert (await register(cast["stranger"], scene)).code == "registration.exists"


async def test_a_full_timeslot_reopens_when_someone_gives_up_a_seat(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=1), maximum=1, people=False)
    mine = await register(cast["participant"], scene)
    shown = (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body
    assert shown["label"] == "Full"
    refused = await register(cast["stranger"], scene)
    assert (refused.status, refused.code) == (409, "registration.full")
    assert (await cast["participant"].delete(f"/registrations/{mine.body['id']}")).status == 204
    assert (await cast["participant"].delete(f"/registrations/{mine.body['id']}")).status == 204
    assert (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body["label"] == "Open"
    assert (await register(cast["stranger"], scene)).status == 201
    assert (await register(cast["participant"], scene)).code == "registration.full"


async def test_whoever_comes_back_keeps_one_registration_with_its_history(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    first = await register(cast["stranger"], scene, key="k")
    await cast["stranger"].delete(f"/registrations/{first.body['id']}")
    assert (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body["you"] == {
        "roles": [],
        "registration": None,
    }
    again = await register(cast["stranger"], scene, "observer", key="k")
    assert (again.body["id"], again.body["part"]) == (first.body["id"], "observer")
    async with cast.app.services.database.reading() as db:
        history = await db.execute(
            select(RegistrationChange.before, RegistrationChange.after)
            .where(RegistrationChange.registration_id == first.body["id"])
            .order_by(RegistrationChange.at)
        )
        audit = await db.scalars(select(AuditEvent.action).where(AuditEvent.target == first.body["id"]))
        assert [tuple(row) for row in history] == [
            (None, Status.REGISTERED),
            (Status.REGISTERED, Status.CANCELLED),
            (Status.CANCELLED, Status.REGISTERED),
        ]
        assert len(list(audit)) == 3


async def test_closed_over_and_cancelled_timeslots_take_nobody(cast: Cast) -> None:
    over = await set_scene(cast, starts=timedelta(days=-1), people=False)
    assert (await register(cast["stranger"], over)).code == "registration.closed"
    closed = await set_scene(cast, starts=timedelta(days=1), people=False)
    async with cast.app.services.database.writing() as db:
        slot = await db.get_one(Timeslot, closed.timeslot_id)
        slot.registration_closes_at = cast.app.services.now()
        await db.commit()
    assert (await register(cast["stranger"], closed)).code == "registration.closed"
    running = await set_scene(cast, people=False)
    await cast["organiser"].post(f"/sessions/{running.session_id}/cancel", {})
    assert (await register(cast["stranger"], running)).code == "registration.closed"


async def test_staff_see_addresses_and_remove_those_below_them(cast: Cast) -> None:
    scene = await set_scene(cast)
    listed = (await cast["co_facilitator"].get(f"/timeslots/{scene.timeslot_id}/registrations")).body["items"]
    assert [(item["part"], item["email"]) for item in listed] == [
        ("guest", cast.emails["participant"]),
        ("observer", cast.emails["observer"]),
    ]
    organisers = await register(cast["organiser"], scene)
    refused = await cast["facilitator"].delete(f"/registrations/{organisers.body['id']}")
    assert (refused.status, refused.code) == (403, "registration.rank")
    assert (await cast["facilitator"].delete(f"/registrations/{listed[0]['id']}")).status == 204
    assert (
        await cast["participant"].post(f"/timeslots/{scene.timeslot_id}/ticket")
    ).code == "registration.required"


async def test_staff_give_somebody_a_seat(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    path = f"/timeslots/{scene.timeslot_id}/people"
    body = {"email": cast.emails["stranger"].upper(), "seatKindId": scene.seats["host"]}
    added = await cast["organiser"].post(path, body)
    assert (added.status, added.body["status"], added.body["part"]) == (201, "registered", "host")
    assert (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body["you"]["roles"] == [
        "facilitator"
    ]
    again = await cast["organiser"].post(path, body)
    assert (again.code, again.body["field"]) == ("registration.exists", "email")
    full = await cast["organiser"].post(path, body | {"email": cast.emails["participant"]})
    assert (full.code, full.body["field"]) == ("registration.full", "seatKindId")
    unknown = await cast["organiser"].post(path, body | {"email": "nobody@example.org"})
    assert (unknown.code, unknown.body["field"]) == ("account.not_found", "email")
    async with cast.app.services.database.writing() as db:
        kinds = list(await db.scalars(select(Mail.kind).where(Mail.session_id == scene.session_id)))
    assert kinds == [Kind.CONFIRMED]
    assert (await cast["organiser"].delete(f"/registrations/{added.body['id']}")).status == 204
    assert (await cast["organiser"].post(path, body)).body["id"] == added.body["id"]


async def test_a_seat_in_a_draft_is_given_without_a_letter(cast: Cast) -> None:
    scene = await set_scene(cast, people=False, publication=Publication.DRAFT)
    body = {"email": cast.emails["stranger"], "seatKindId": scene.seats["guest"]}
    path = f"/timeslots/{scene.timeslot_id}/people"
    assert (await cast["organiser"].post(path, body)).status == 201
    async with cast.app.services.database.writing() as db:
        assert (await db.scalars(select(Mail).where(Mail.session_id == scene.session_id))).all() == []
    await cast["organiser"].post(f"/sessions/{scene.session_id}/publish")
    await cast["organiser"].post(f"/sessions/{scene.session_id}/cancel", {})
    body["email"] = cast.emails["participant"]
    assert (await cast["organiser"].post(path, body)).code == "registration.closed"


async def test_answers_are_kept_and_unknown_ones_named(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    path = f"/timeslots/{scene.timeslot_id}/registrations"
    wrong = await cast["stranger"].post(path, {"answers": {"shoeSize": 43}})
    assert (wrong.status, wrong.body["field"]) == (422, "answers.shoeSize")
    made = await cast["stranger"].post(path, {"answers": {"topics": "Tools", "questions": "Why?\nHow?"}})
    async with cast.app.services.database.reading() as db:
        stored = await db.get_one(Registration, made.body["id"])
    assert stored.answers == {"topics": "Tools", "questions": "Why?\nHow?"}


async def test_many_at_once_get_exactly_the_seats_there_are(cast: Cast) -> None:
    scene = await set_scene(cast, maximum=5, people=False)
    people = [await add_person(cast, f"crowd {number}") for number in range(20)]
    replies = await asyncio.gather(*(register(person, scene) for person in people))
    assert sorted(reply.status for reply in replies) == [201] * 5 + [409] * 15
    async with cast.app.services.database.reading() as db:
        count = await db.scalar(
            select(func.count())
            .select_from(Registration)
            .where(Registration.timeslot_id == scene.timeslot_id)
        )
    assert count == 5


async def test_one_person_in_many_windows_gets_one_seat(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    replies = await asyncio.gather(*(register(cast["stranger"], scene) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 9


async def test_what_was_told_on_registering_is_changed_by_oneself_and_by_staff(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=3))
    path = f"/registrations/{scene.participant_registration_id}/answers"
    changed = await cast["participant"].call("PUT", path, {"talkTitle": "What I found", "topics": "Bees"})
    assert (changed.status, changed.body["answers"]) == (200, {"talkTitle": "What I found", "topics": "Bees"})
    shown = (await cast["participant"].get(f"/sessions/{scene.session_id}")).body
    assert shown["timeslot"]["ownRegistration"]["answers"]["talkTitle"] == "What I found"
    by_staff = await cast["organiser"].call("PUT", path, {"talkTitle": "What was found"})
    assert by_staff.body["answers"] == {"talkTitle": "What was found"}
    assert (await cast["observer"].call("PUT", path, {})).status == 403
    assert (await cast["participant"].call("PUT", path, {"title": "?"})).status == 422
    await cast["participant"].delete(f"/registrations/{scene.participant_registration_id}")
    assert (await cast["participant"].call("PUT", path, {})).code == "registration.not_found"


async def test_one_finds_an_entry_for_each_timeslot_of_ones_own(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=3), people=False)
    path = f"/sessions/{scene.session_id}"
    version = (await cast["organiser"].get(path)).headers["ETag"]
    starts = (cast.app.services.now() + timedelta(days=5)).isoformat()
    added = await cast["organiser"].post(
        f"{path}/timeslots", {"startsAt": starts}, headers={"If-Match": version}
    )
    assert added.status == 201, added.body
    person = await add_person(cast, "of both")
    slots = [slot["id"] for slot in added.body["timeslots"]]
    for slot in slots:
        assert (await person.post(f"/timeslots/{slot}/registrations")).status == 201
    mine = (await person.get("/sessions?scope=mine")).body["items"]
    assert [entry["timeslot"]["id"] for entry in mine] == slots
    assert {entry["you"]["registration"]["timeslotId"] for entry in mine} == set(slots)


async def test_the_catalogue_is_narrowed_by_free_seats_and_by_place(cast: Cast) -> None:
    full = await set_scene(cast, starts=timedelta(days=3), maximum=1, people=False)
    free = await set_scene(cast, starts=timedelta(days=3), people=False)
    person = await add_person(cast, "the only one")
    assert (await person.post(f"/timeslots/{full.timeslot_id}/registrations")).status == 201
    found = await ids(cast, "free=true")
    assert free.session_id in found
    assert full.session_id not in found
    assert full.session_id in await ids(cast, "format=virtual")
    assert free.session_id not in await ids(cast, "format=physical")
    assert (await cast["stranger"].get("/sessions?format=nowhere")).status == 422


async def ids(cast: Cast, query: str) -> set[str]:
    """Of all pages."""
    found: set[str] = set()
    cursor: int | None = 0
    while cursor is not None:
        page = (await cast["stranger"].get(f"/sessions?{query}&cursor={cursor}")).body
        found |= {entry["id"] for entry in page["items"]}
        cursor = page["next"]
    return found
