"""A session of talks from its plan to the last seat: full by itself, presenters in order, agenda, stages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.mail.tables import Mail
from tests.server.scene import Cast, add_person, editing_is_over
from tests.support.app import Client, Reply

TALKS: dict[str, Any] = {
    "title": "Small tools",
    "type": "custom",
    "customType": "Talks",
    "timeslot": {"startsLocal": "2030-05-01T18:00", "timezone": "America/New_York"},
    "talks": {"hasInterviewer": True},
}


async def published(cast: Cast, **more: Any) -> dict[str, Any]:
    made = await cast["organiser"].post("/sessions", {**TALKS, **more})
    assert made.status == 201, made.body
    body: dict[str, Any] = (await cast["organiser"].post(f"/sessions/{made.body['id']}/publish")).body
    return body


async def seated(
    cast: Cast, session: dict[str, Any], part: str, talk: str | None = None
) -> tuple[Client, Reply]:
    person = await add_person(cast, f"{part} {talk or ''}".strip())
    seat = next(seat["kind"] for seat in session["seats"] if seat["part"] == part)
    body: dict[str, Any] = {"seatKindId": seat}
    if talk:
        body["answers"] = {"talkTitle": talk}
    return person, await person.post(f"/timeslots/{session['timeslot']['id']}/registrations", body)


async def label(cast: Cast, session: dict[str, Any]) -> str:
    shown: str = (await cast["stranger"].get(f"/sessions/{session['id']}")).body["label"]
    return shown


async def test_it_is_full_when_every_required_seat_is_taken_and_opens_by_itself(cast: Cast) -> None:
    session = await published(cast)
    assert session["timeslot"]["startsAt"] == "2030-05-01T22:00:00Z"
    assert session["timeslot"]["durationMin"] == 45
    assert (session["talkMin"], session["qaMin"]) == (10, 5)
    assert [(seat["part"], seat["max"], seat["required"]) for seat in session["seats"]] == [
        ("host", 1, True),
        ("presenter", 3, True),
        ("interviewer", 1, True),
        ("guest", 5, True),
    ]
    people = [await seated(cast, session, "guest") for _ in range(5)]
    people += [await seated(cast, session, "presenter", f"Talk {number}") for number in (1, 2, 3)]
    people.append(await seated(cast, session, "interviewer"))
    assert await label(cast, session) == "Open"
    host, _ = await seated(cast, session, "host")
    assert await label(cast, session) == "Full"
    assert (await host.get(f"/sessions/{session['id']}")).body["you"]["roles"] == ["facilitator"]
    leaving, place = people[0]
    assert (await leaving.delete(f"/registrations/{place.body['id']}")).status == 204
    assert await label(cast, session) == "Open"


async def test_presenters_speak_in_order_and_the_agenda_follows(cast: Cast) -> None:
    session = await published(cast)
    slot = f"/timeslots/{session['timeslot']['id']}"
    people = [await seated(cast, session, "presenter", name) for name in ("One", "Two", "Three")]
    ids = [reply.body["id"] for _, reply in people]
    assert [reply.body["order"] for _, reply in people] == [1, 2, 3]
    agenda = (await cast["stranger"].get(f"{slot}/agenda")).body
    assert [(item["kind"], item["title"], item["plannedMin"]) for item in agenda["items"][:3]] == [
        ("talk", "One", 10),
        ("qa", "Questions to Presenter One", 5),
        ("talk", "Two", 10),
    ]
    assert (agenda["generated"], agenda["totalMin"], agenda["overMin"]) == (True, 45, 0)
    assert agenda["items"][2]["startsAt"] == "2030-05-01T22:15:00Z"
    wanted = [ids[2], ids[0], ids[1]]
    ordered = await cast["organiser"].call("PUT", f"{slot}/presenters", {"ids": wanted})
    assert [item["id"] for item in ordered.body["items"]] == wanted
    stale = await cast["organiser"].call("PUT", f"{slot}/presenters", {"ids": wanted[:2]})
    assert stale.code == "waitlist.changed"
    agenda = (await cast["stranger"].get(f"{slot}/agenda")).body
    assert [item["title"] for item in agenda["items"] if item["kind"] == "talk"] == ["Three", "One", "Two"]
    leaving, place = people[2]
    await leaving.delete(f"/registrations/{place.body['id']}")
    agenda = (await cast["stranger"].get(f"{slot}/agenda")).body
    assert [item["title"] for item in agenda["items"] if item["kind"] == "talk"] == ["One", "Two"]
    roster = (await cast["organiser"].get(f"{slot}/registrations?part=presenter&status=registered")).body
    assert [item["answers"]["talkTitle"] for item in roster["items"]] == ["One", "Two"]


async def test_an_edited_agenda_stays_until_it_is_reset(cast: Cast) -> None:
    session = await published(cast)
    slot = f"/timeslots/{session['timeslot']['id']}"
    _, presenter = await seated(cast, session, "presenter", "One")
    version = {"If-Match": f'"{session["version"]}"'}
    items = [
        {"kind": "break", "title": "Welcome", "plannedMin": 40},
        {"kind": "talk", "title": "One", "plannedMin": 12, "presenter": presenter.body["id"]},
    ]
    wrong = [{**items[1], "presenter": "nobody"}]
    put = cast["organiser"].call
    refused = await put("PUT", f"{slot}/agenda", {"items": wrong}, headers=version)
    assert (refused.code, refused.body["field"]) == ("agenda.presenter", "items.0.presenter")
    written = await put("PUT", f"{slot}/agenda", {"items": items}, headers=version)
    assert (written.body["generated"], written.body["overMin"]) == (False, 7)
    assert written.body["items"][1]["presenter"]["name"] == "Presenter One"
    assert (await put("PUT", f"{slot}/agenda", {"items": items}, headers=version)).status == 412
    again = {"If-Match": written.headers["ETag"]}
    reset = await cast["organiser"].delete(f"{slot}/agenda", headers=again)
    assert [item["kind"] for item in reset.body["items"]] == ["talk", "qa"]


async def test_premium_flags_restrict_hosting_and_presenting(cast: Cast) -> None:
    session = await published(cast)
    flags = {"premiumHost": True, "premiumPresent": True, "premiumLabel": "Gold"}
    assert (await cast["organiser"].patch("/site", flags)).body["premiumLabel"] == "Gold"
    try:
        _, refused = await seated(cast, session, "presenter", "One")
        assert (refused.status, refused.code) == (403, "registration.premium")
        assert "Gold" in refused.body["detail"]
        assert (await seated(cast, session, "host"))[1].code == "registration.premium"
        assert (await seated(cast, session, "guest"))[1].status == 201
        seat = next(seat["kind"] for seat in session["seats"] if seat["part"] == "host")
        admin = await cast["other"].post(
            f"/timeslots/{session['timeslot']['id']}/registrations", {"seatKindId": seat}
        )
        assert admin.status == 201
    finally:
        gone = dict.fromkeys(flags)
        assert (await cast["organiser"].patch("/site", gone)).body["premiumHost"] is False


async def test_members_create_sessions_when_the_site_says_so(cast: Cast) -> None:
    assert (await cast["stranger"].post("/sessions", TALKS)).code == "session.creating_denied"
    await cast["organiser"].patch("/site", {"membersCreateSessions": True})
    try:
        assert (await cast["stranger"].post("/sessions", TALKS)).status == 201
    finally:
        await cast["organiser"].patch("/site", {"membersCreateSessions": None})


async def letters(cast: Cast, session: dict[str, Any]) -> list[str]:
    async with cast.app.services.database.reading() as db:
        rows = await db.scalars(select(Mail).where(Mail.session_id == session["id"]).order_by(Mail.id))
        return [row.kind for row in rows]


async def test_cancelling_warns_writes_to_everybody_and_can_be_undone(cast: Cast) -> None:
    session = await published(cast)
    path = f"/sessions/{session['id']}"
    for _ in range(2):
        await seated(cast, session, "guest")
    me = cast["organiser"]
    assert (await me.get(f"{path}/cancel")).body == {"mails": 2, "timeslots": 1}
    assert (await me.post(f"{path}/archive")).code == "session.not_over"
    assert (await me.post(f"{path}/cancel", {"reason": "Rain"})).body["label"] == "Cancelled"
    assert (await letters(cast, session))[2:] == ["session.cancelled"] * 2
    assert (await me.get(f"{path}/cancel")).body["mails"] == 0
    assert (await me.post(f"{path}/reopen")).body["label"] == "Open"
    assert (await letters(cast, session))[4:] == ["session.reinstated"] * 2
    assert (await me.post(f"{path}/close")).body["label"] == "Scheduled closed"
    assert (await seated(cast, session, "guest"))[1].code == "registration.closed"
    assert (await me.post(f"{path}/reopen")).body["label"] == "Open"
    await me.post(f"{path}/cancel", {})
    assert (await me.post(f"{path}/archive")).body["publication"] == "archived"
    assert (await cast["stranger"].get(path)).status == 404
    assert (await me.delete(path, json={})).code == "session.not_confirmed"
    assert (await me.delete(path, json={"confirm": "Small tools"})).status == 204


async def test_an_edit_that_people_must_know_of_is_mailed(cast: Cast) -> None:
    session = await published(cast)
    await seated(cast, session, "guest")
    path = f"/sessions/{session['id']}"
    edit = await cast["organiser"].patch(
        path, {"title": "New"}, headers={"If-Match": f'"{session["version"]}"'}
    )
    assert await letters(cast, session) == ["registration.confirmed"]
    later = {"timeslot": {"startsLocal": "2030-05-01T19:00"}}
    moved = await cast["organiser"].patch(path, later, headers={"If-Match": edit.headers["ETag"]})
    assert moved.body["timeslot"]["startsAt"] == "2030-05-01T23:00:00Z"
    assert await letters(cast, session) == ["registration.confirmed"]  # more edits may follow
    await editing_is_over(cast)
    assert await letters(cast, session) == ["registration.confirmed", "session.changed"]
