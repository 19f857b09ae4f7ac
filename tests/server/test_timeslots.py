"""Several timeslots: adding one or a series, changing and calling off one or those that follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from server.mail.tables import Mail
from server.registrations.jobs import check_minimum, short
from server.scheduler.run import Work
from tests.server.scene import Cast, Scene, set_scene
from tests.support.app import Reply


async def latest(cast: Cast, scene: Scene) -> Any:
    return (await cast["organiser"].get(f"/sessions/{scene.session_id}")).body


async def edit(cast: Cast, scene: Scene, method: str, path: str, body: Any = None) -> Reply:
    version = (await latest(cast, scene))["version"]
    return await cast["organiser"].call(method, path, body, headers={"If-Match": f'"{version}"'})


async def series(cast: Cast, scene: Scene, count: int = 4) -> list[dict[str, Any]]:
    """Weekly in Paris from a Sunday in March on, over the day on which clocks change."""
    reply = await edit(
        cast,
        scene,
        "POST",
        f"/sessions/{scene.session_id}/timeslots",
        {"startsLocal": "2030-03-17T10:00", "recurrence": f"FREQ=WEEKLY;COUNT={count}"},
    )
    assert reply.status == 201, reply.body
    return [slot for slot in reply.body["timeslots"] if slot["seriesId"]]


async def mails(cast: Cast, scene: Scene) -> list[str]:
    async with cast.app.services.database.reading() as db:
        rows = await db.scalars(select(Mail).where(Mail.session_id == scene.session_id).order_by(Mail.id))
        return [row.kind for row in rows if row.kind.startswith("session.")]


async def test_a_series_follows_the_clocks_of_its_zone(cast: Cast) -> None:
    scene = await set_scene(cast, people=False, maximum=7)
    slots = await series(cast, scene)
    assert [slot["startsAt"] for slot in slots] == [
        "2030-03-17T09:00:00Z",
        "2030-03-24T09:00:00Z",
        "2030-03-31T08:00:00Z",
        "2030-04-07T08:00:00Z",
    ]
    assert len({slot["seriesId"] for slot in slots}) == 1
    assert len({slot["slug"] for slot in slots}) == 4
    assert all([seat["max"] for seat in slot["seats"]] == [1, 7, None] for slot in slots)
    body = {
        "startsLocal": "2030-03-17T10:00",
        "timezone": "Europe/Paris",
        "recurrence": "FREQ=WEEKLY;COUNT=4",
    }
    preview = await cast["stranger"].post("/timeslots/preview", body)
    assert preview.body["items"] == [slot["startsAt"] for slot in slots]


async def test_times_that_are_none_and_rules_without_end_are_refused(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    path = f"/sessions/{scene.session_id}/timeslots"
    skipped = await edit(cast, scene, "POST", path, {"startsLocal": "2030-03-31T02:30"})
    assert (skipped.status, skipped.code, skipped.body["field"]) == (
        422,
        "timeslot.no_such_time",
        "startsLocal",
    )
    endless = {"startsLocal": "2030-03-30T02:30", "recurrence": "FREQ=DAILY"}
    refused = await edit(cast, scene, "POST", path, endless)
    assert (refused.status, refused.code, refused.body["field"]) == (422, "timeslot.recurrence", "recurrence")
    both = {"startsLocal": "2030-03-30T02:30", "startsAt": "2030-03-30T02:30:00Z"}
    assert (await edit(cast, scene, "POST", path, both)).code == "validation"
    twice = await edit(
        cast,
        scene,
        "POST",
        path,
        {"startsLocal": "2030-10-27T02:30", "timezone": "Europe/Paris", "later": True},
    )
    assert "2030-10-27T01:30:00Z" in [slot["startsAt"] for slot in twice.body["timeslots"]]


async def test_an_edit_reaches_one_or_those_that_follow(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    slots = await series(cast, scene)
    second = f"/timeslots/{slots[1]['id']}"
    await edit(cast, scene, "PATCH", second, {"durationMin": 20})
    moved = {
        "startsLocal": "2030-03-24T18:30",
        "registrationClosesAt": "2030-03-24T16:30:00Z",
        "location": {"kind": "physical", "address": "Room 1"},
    }
    reply = await edit(cast, scene, "PATCH", f"{second}?scope=following", moved)
    after = [slot for slot in reply.body["timeslots"] if slot["seriesId"]]
    assert [slot["startsAt"] for slot in after] == [
        "2030-03-17T09:00:00Z",
        "2030-03-24T17:30:00Z",
        "2030-03-31T16:30:00Z",
        "2030-04-07T16:30:00Z",
    ]
    assert [slot["registrationClosesAt"] for slot in after] == [
        None,
        "2030-03-24T16:30:00Z",
        "2030-03-31T15:30:00Z",
        "2030-04-07T15:30:00Z",
    ]
    assert [slot["durationMin"] for slot in after] == [45, 20, 45, 45]
    assert [slot["location"]["kind"] for slot in after] == ["virtual"] + ["physical"] * 3
    stale = await cast["organiser"].patch(second, {"durationMin": 5}, headers={"If-Match": '"1"'})
    assert (stale.status, stale.body["version"]) == (412, reply.body["version"])


async def test_calling_off_what_follows_says_how_many_mails_and_sends_them(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    slots = await series(cast, scene)
    for slot in slots[1:3]:
        await cast["stranger"].post(f"/timeslots/{slot['id']}/registrations", {})
    second = f"/timeslots/{slots[1]['id']}"
    assert (await cast["organiser"].get(f"{second}/cancel")).body == {"mails": 1, "timeslots": 1}
    assert (await cast["organiser"].get(f"{second}/cancel?scope=following")).body == {
        "mails": 2,
        "timeslots": 3,
    }
    body = {"scope": "following", "reason": "The room burnt down"}
    reply = await edit(cast, scene, "POST", f"{second}/cancel", body)
    labels = [slot["label"] for slot in reply.body["timeslots"] if slot["seriesId"]]
    assert labels == ["Open", "Cancelled", "Cancelled", "Cancelled"]
    assert await mails(cast, scene) == ["session.cancelled"] * 2
    back = await edit(cast, scene, "POST", f"{second}/reopen")
    assert [slot["label"] for slot in back.body["timeslots"] if slot["seriesId"]][1] == "Open"
    assert await mails(cast, scene) == ["session.cancelled"] * 2 + ["session.reinstated"]
    assert (await edit(cast, scene, "POST", f"{second}/reopen")).code == "timeslot.not_cancelled"


async def test_timeslots_are_removed_unless_somebody_registered_or_it_is_the_last(cast: Cast) -> None:
    scene = await set_scene(cast, people=False)
    assert (await edit(cast, scene, "DELETE", f"/timeslots/{scene.timeslot_id}")).code == "timeslot.last"
    slots = await series(cast, scene, 2)
    await cast["stranger"].post(f"/timeslots/{slots[0]['id']}/registrations", {})
    used = await edit(cast, scene, "DELETE", f"/timeslots/{slots[0]['id']}")
    assert (used.status, used.code) == (409, "timeslot.has_registrations")
    reply = await edit(cast, scene, "DELETE", f"/timeslots/{slots[1]['id']}")
    assert (reply.status, len(reply.body["timeslots"])) == (200, 2)


async def test_times_that_do_not_go_together_are_refused(cast: Cast) -> None:
    scene = await set_scene(cast, people=False, starts=timedelta(days=3))
    path = f"/timeslots/{scene.timeslot_id}"
    window = {
        "registrationOpensAt": "2030-01-02T00:00:00Z",
        "registrationClosesAt": "2030-01-01T00:00:00Z",
    }
    for change in (window, {"minimum": 3}, {"minimum": 3, "minimumBy": "2080-01-01T00:00:00Z"}):
        reply = await edit(cast, scene, "PATCH", path, change)
        assert (reply.status, reply.code) == (422, "timeslot.window")
    assert (await latest(cast, scene))["version"] == 1


async def test_too_few_people_at_the_cut_off_call_it_off_once(cast: Cast) -> None:
    services = cast.app.services
    scene = await set_scene(cast, people=False, starts=timedelta(days=3))
    cut_off = (services.now() + timedelta(days=1)).isoformat()
    path = f"/timeslots/{scene.timeslot_id}"
    assert (await edit(cast, scene, "PATCH", path, {"minimum": 2, "minimumBy": cut_off})).status == 200
    await cast["stranger"].post(f"{path}/registrations", {})

    async def look(days: float) -> int:
        now = services.now() + timedelta(days=days)
        async with services.database.reading() as db:
            due = [one for one in await short(db, now) if one.subject == scene.timeslot_id]
        for one in due:
            async with services.database.writing() as db:
                await check_minimum(Work(services, db, one.subject, one.moment, now))
                await db.commit()
        return len(due)

    assert await look(0.9) == 0
    assert await look(1.1) == 1
    assert (await latest(cast, scene))["label"] == "Cancelled"
    assert await mails(cast, scene) == ["session.cancelled"]
    assert await look(1.1) == 0
    assert (await edit(cast, scene, "POST", f"{path}/reopen")).body["label"] == "Open"
    assert await look(1.2) == 0  # who put it back has decided
