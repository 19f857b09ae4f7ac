"""A timeslot to add to a calendar, and the secret address of one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from icalendar import Calendar
from sqlalchemy import select

from server.calendars.tables import CalendarFeed
from server.sessions.tables import Publication, Session, Timeslot
from tests.server.scene import Cast, Scene, add_person, set_scene
from tests.support.app import Client


async def fetch(client: Client, url: str) -> tuple[int, Any]:
    """The parsed calendar behind an address, None where there is none."""
    async with client.http.get(url) as response:
        content = await response.read()
        if response.status != 200:
            return response.status, None
        assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
        return 200, Calendar.from_ical(content)


async def event_of(client: Client, scene: Scene) -> Any:
    status, parsed = await fetch(client, f"{client.url}/api/v1/timeslots/{scene.timeslot_id}/calendar.ics")
    assert status == 200
    [event] = parsed.events
    return event


async def test_a_stranger_gets_what_the_page_shows_and_no_names(cast: Cast) -> None:
    scene = await set_scene(cast)
    event = await event_of(cast.app.client(), scene)
    assert event["SUMMARY"] == "A session"
    assert "Participant" not in event["DESCRIPTION"]
    assert "Join:" not in event["DESCRIPTION"]
    assert "ATTENDEE" not in event


async def test_a_participant_gets_the_way_in_and_who_comes(cast: Cast) -> None:
    scene = await set_scene(cast)
    event = await event_of(cast["participant"], scene)
    assert f"/live/{scene.slug}" in event["DESCRIPTION"]
    assert "Participant" in event["DESCRIPTION"]
    assert event["ATTENDEE"] == f"mailto:{cast.emails['participant']}"


async def test_a_hidden_roster_stays_hidden(cast: Cast) -> None:
    scene = await set_scene(cast)
    async with cast.app.services.database.writing() as db:
        (await db.get_one(Session, scene.session_id)).policy = {"roster_hidden": True}
        await db.commit()
    assert "Observer" not in (await event_of(cast["participant"], scene))["DESCRIPTION"]
    assert "Observer" in (await event_of(cast["organiser"], scene))["DESCRIPTION"]


async def test_an_outside_meeting_is_for_those_who_belong(cast: Cast) -> None:
    scene = await set_scene(cast)
    async with cast.app.services.database.writing() as db:
        slot = await db.get_one(Timeslot, scene.timeslot_id)
        slot.external_url, slot.external_password = "https://zoom.example/1", "tea"
        await db.commit()
    assert "zoom" not in (await event_of(cast["stranger"], scene)).to_ical().decode()
    mine = (await event_of(cast["participant"], scene))["DESCRIPTION"]
    assert "https://zoom.example/1" in mine
    assert "Password: tea" in mine


async def test_registering_and_cancelling_revise_the_entry(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    client = await add_person(cast, "reviser")
    sequences = []
    for _ in range(2):
        made = await client.post(f"/timeslots/{scene.timeslot_id}/registrations", {})
        sequences.append((await event_of(client, scene))["SEQUENCE"])
        await client.delete(f"/registrations/{made.body['id']}")
        sequences.append((await event_of(client, scene))["SEQUENCE"])
    assert sequences == sorted(set(sequences))


async def test_the_feed_holds_what_one_takes_part_in_or_runs(cast: Cast) -> None:
    client = await add_person(cast, "subscriber", staff=True)
    assert (await client.get("/me/calendar")).body == {"active": False, "createdAt": None, "url": None}
    made = (await client.post("/me/calendar")).body
    stranger = cast.app.client()
    url = cast.app.url + made["url"].partition("localhost:0")[2]
    assert (await fetch(stranger, url))[1].events == []
    taken = await set_scene(cast, people=False)
    await set_scene(cast, people=False)
    await client.post(f"/timeslots/{taken.timeslot_id}/registrations", {})
    own = {"title": "Mine", "type": "training", "timeslot": {"startsAt": "2030-01-01T10:00:00Z"}}
    session = (await client.post("/sessions", own)).body
    assert {event["SUMMARY"] for event in (await fetch(stranger, url))[1].events} == {"A session"}
    await client.post(f"/sessions/{session['id']}/publish")
    assert {event["SUMMARY"] for event in (await fetch(stranger, url))[1].events} == {"A session", "Mine"}
    async with cast.app.services.database.writing() as db:
        (await db.get_one(Session, taken.session_id)).publication = Publication.CANCELLED
        slot = await db.get_one(Timeslot, session["timeslots"][0]["id"])
        slot.starts_at = cast.app.services.now() - timedelta(days=91)
        await db.commit()
    [event] = (await fetch(stranger, url))[1].events
    assert event["STATUS"] == "CANCELLED"


async def test_the_address_is_secret_and_can_be_changed(cast: Cast) -> None:
    client = await add_person(cast, "rotator")
    first, second = [(await client.post("/me/calendar")).body["url"] for _ in range(2)]
    assert first != second
    assert len(first.rpartition("/")[2].removesuffix(".ics")) >= 43  # 256 bits
    path = [cast.app.url + url.partition("localhost:0")[2] for url in (first, second)]
    assert [(await fetch(client, url))[0] for url in path] == [404, 200]
    shown = (await client.get("/me/calendar")).body
    assert shown["active"]
    assert shown["url"] is None
    async with cast.app.services.database.reading() as db:
        stored = await db.scalar(select(CalendarFeed).where(CalendarFeed.account_id == cast.ids["rotator"]))
        assert stored is not None
        assert stored.secret_hash not in second
    await client.delete("/me/calendar")
    assert (await fetch(client, path[1]))[0] == 404
