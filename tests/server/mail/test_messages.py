"""Mail over REST: what happens at home is told by mail, organisers see it, and write to participants."""

from __future__ import annotations

import asyncio
import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from icalendar import Calendar

from tests.server.scene import Cast, Scene, add_person, editing_is_over, set_scene
from tests.support.app import Client

TEXT = {"subject": "Room 5", "text": "We meet upstairs."}


async def journal(client: Client, scene: Scene, query: str = "") -> list[dict[str, Any]]:
    reply = await client.get(f"/sessions/{scene.session_id}/mail{query}")
    assert reply.status == 200, reply.body
    items: list[dict[str, Any]] = reply.body["items"]
    return items


async def until_sent(client: Client, scene: Scene, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            items = await journal(client, scene)
            if [item["state"] for item in items] == ["sent"] * count:
                return items
            await asyncio.sleep(0.1)


async def test_registering_ends_in_a_mail_that_organisers_see(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    client = await add_person(cast, "mailed")
    made = await client.post(f"/timeslots/{scene.timeslot_id}/registrations", {})
    assert made.status == 201
    [item] = await until_sent(cast["organiser"], scene, 1)
    assert item["kind"] == "registration.confirmed"
    assert (item["name"], item["email"]) == ("Mailed", cast.emails["mailed"])
    assert item["subject"] == "You are registered: A session"
    found = [letter for letter in letters(cast) if cast.emails["mailed"] in letter["To"]]
    assert len(found) == 1


def letters(cast: Cast) -> list[EmailMessage]:
    """What lies in the folder, also that of other tests."""
    return [
        email.message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=email.policy.default)
        for file in (cast.app.settings.data / "mail").glob("*.eml")
    ]


def calendar_of(content: str) -> Any:
    """As the icalendar package reads it: values of many kinds."""
    return Calendar.from_ical(content)


async def test_giving_a_place_up_is_confirmed(cast: Cast) -> None:
    scene = await set_scene(cast)
    await cast["participant"].delete(f"/registrations/{scene.participant_registration_id}")
    [item] = await until_sent(cast["organiser"], scene, 1)
    assert item["kind"] == "registration.cancelled"


async def test_cancelling_tells_everybody(cast: Cast) -> None:
    scene = await set_scene(cast)
    await cast["organiser"].post(f"/sessions/{scene.session_id}/cancel", {"reason": "Snow"})
    kinds = {item["kind"] for item in await journal(cast["organiser"], scene)}
    assert kinds == {"session.cancelled"}


async def test_the_calendar_follows_from_mail_to_mail(cast: Cast) -> None:
    """Register, move, cancel, reinstate, leave: one entry, each revision above the one before."""
    scene = await set_scene(cast, people=False, starts=timedelta(days=2))
    client = await add_person(cast, "follower")
    organiser, session = cast["organiser"], f"/sessions/{scene.session_id}"
    made = await client.post(f"/timeslots/{scene.timeslot_id}/registrations", {})
    await until_sent(organiser, scene, 1)
    version = (await organiser.get(session)).headers["ETag"]
    later = (cast.app.services.now() + timedelta(days=3)).isoformat()
    changed = {"timeslot": {"startsAt": later}}
    assert (await organiser.patch(session, changed, headers={"If-Match": version})).status == 200
    await editing_is_over(cast)
    await until_sent(organiser, scene, 2)
    assert (await organiser.post(f"{session}/cancel", {"reason": "Snow"})).status == 200
    await until_sent(organiser, scene, 3)
    assert (await organiser.post(f"{session}/publish")).status == 200
    await until_sent(organiser, scene, 4)
    await client.delete(f"/registrations/{made.body['id']}")
    await until_sent(organiser, scene, 5)
    entries = [
        (int(event["SEQUENCE"]), str(parsed["METHOD"]), str(event["UID"]))
        for letter in letters(cast)
        if cast.emails["follower"] in letter["To"]
        for part in letter.walk()
        if part.get_content_type() == "text/calendar"
        for parsed in [calendar_of(part.get_content())]
        for event in parsed.walk("VEVENT")
    ]
    entries.sort()
    assert [method for _, method, _ in entries] == ["REQUEST", "REQUEST", "CANCEL", "REQUEST", "CANCEL"]
    assert len({sequence for sequence, _, _ in entries}) == 5
    assert {uid for _, _, uid in entries} == {f"{scene.timeslot_id}@localhost"}


async def test_a_new_role_is_told(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    body = {"email": cast.emails["stranger"], "role": "facilitator"}
    assert (await cast["organiser"].post(f"/sessions/{scene.session_id}/roles", body)).status == 201
    [item] = await until_sent(cast["organiser"], scene, 1)
    assert item["kind"] == "role.changed"


async def test_a_message_reaches_each_person_once(cast: Cast) -> None:
    scene = await set_scene(cast)
    messages = f"/sessions/{scene.session_id}/messages"
    everybody = (await cast["organiser"].post(f"{messages}/preview", {})).body["count"]
    assert everybody == 4  # participant, observer (who also has the role), and the two who help
    for chosen, count in [
        ({"roles": ["participant"]}, 1),
        ({"roles": ["participant", "facilitator"]}, 2),
        ({"statuses": ["registered"]}, 2),
        ({"statuses": ["waitlisted"]}, 0),
        ({"timeslotId": scene.timeslot_id}, 4),
    ]:
        assert (await cast["organiser"].post(f"{messages}/preview", chosen)).body["count"] == count, chosen
    headers = {"Idempotency-Key": "once"}
    for _ in range(2):
        reply = await cast["organiser"].post(messages, TEXT, headers=headers)
        assert (reply.status, reply.body) == (201, {"count": 4})
    items = await until_sent(cast["organiser"], scene, 4)
    assert {item["subject"] for item in items} == {"Room 5 – A session"}
    assert len({item["email"] for item in items}) == 4


async def test_messages_that_reach_nobody_or_say_nothing_are_refused(cast: Cast) -> None:
    scene, other = await set_scene(cast), await set_scene(cast)
    messages = f"/sessions/{scene.session_id}/messages"
    for body, code in [
        (TEXT | {"statuses": ["declined"]}, "message.nobody"),
        (TEXT | {"timeslotId": other.timeslot_id}, "timeslot.not_found"),
        (TEXT | {"text": " "}, "validation"),
        (TEXT | {"subject": "a\nBcc: b"}, "validation"),
        (TEXT | {"roles": ["king"]}, "validation"),
    ]:
        assert (await cast["organiser"].post(messages, body)).code == code, body


async def test_messages_are_limited(cast: Cast) -> None:
    await add_person(cast, "writer", staff=True)
    made = await cast["writer"].post(
        "/sessions",
        {"title": "Mine", "type": "training", "timeslot": {"startsAt": "2030-01-01T10:00:00Z"}},
    )
    messages = f"/sessions/{made.body['id']}/messages"
    codes = [(await cast["writer"].post(messages, TEXT)).code for _ in range(11)]
    assert codes == ["message.nobody"] * 10 + ["rate.limited"]


async def test_the_list_is_paged_and_filtered(cast: Cast) -> None:
    scene = await set_scene(cast)
    await cast["organiser"].post(f"/sessions/{scene.session_id}/messages", TEXT)
    path = f"/sessions/{scene.session_id}/mail"
    first = (await cast["organiser"].get(f"{path}?limit=3")).body
    second = (await cast["organiser"].get(f"{path}?limit=3&before={first['before']}")).body
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert len(ids) == 4
    assert ids == sorted(ids, reverse=True)
    assert second["before"] is None
    assert await journal(cast["organiser"], scene, "?state=failed") == []
    assert (await cast["organiser"].get(f"{path}?state=lost")).code == "validation"
