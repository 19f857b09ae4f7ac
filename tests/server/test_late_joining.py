"""S47: after the cut-off nobody comes in who was not there before, but staff."""

from __future__ import annotations

from datetime import timedelta

from server.rooms.tables import LiveRun, Presence, RoomParticipant, RunState
from server.sessions.tables import Timeslot
from tests.server.scene import Cast, Scene, set_scene
from tests.support.app import Reply

MINUTE = timedelta(minutes=1)


async def begun(cast: Cast, *, planned: int, begun: int | None, late_entry: int | None) -> Scene:
    """A session that was to start, and did start, so many minutes ago."""
    scene = await set_scene(cast, starts=-planned * MINUTE)
    services = cast.app.services
    async with services.database.writing() as db:
        slot = await db.get_one(Timeslot, scene.timeslot_id)
        slot.late_entry_min = late_entry
        if begun is not None:
            at = services.now() - begun * MINUTE
            db.add(LiveRun(timeslot_id=slot.id, state=RunState.LIVE, started_at=at))
        await db.commit()
    return scene


async def enter(cast: Cast, name: str, scene: Scene) -> Reply:
    return await cast[name].post(f"/timeslots/{scene.timeslot_id}/ticket")


async def test_after_the_cut_off_the_door_is_shut_but_for_staff(cast: Cast) -> None:
    scene = await begun(cast, planned=20, begun=20, late_entry=10)
    refused = await enter(cast, "participant", scene)
    assert (refused.status, refused.code) == (403, "room.too_late")
    card = (await cast["participant"].get(f"/rooms/{scene.slug}")).body
    assert (card["you"]["join"]["allowed"], card["you"]["join"]["code"]) == (False, "room.too_late")
    assert (await enter(cast, "co_facilitator", scene)).status == 200


async def test_before_it_or_without_one_people_come_in(cast: Cast) -> None:
    for late_entry in (30, None):
        scene = await begun(cast, planned=20, begun=20, late_entry=late_entry)
        assert (await enter(cast, "participant", scene)).status == 200


async def test_it_counts_from_when_the_host_began(cast: Cast) -> None:
    assert (
        await enter(cast, "participant", await begun(cast, planned=40, begun=5, late_entry=10))
    ).status == 200
    assert (
        await enter(cast, "participant", await begun(cast, planned=40, begun=None, late_entry=10))
    ).status == 200


async def test_who_was_there_comes_back(cast: Cast) -> None:
    scene = await begun(cast, planned=20, begun=20, late_entry=0)
    services = cast.app.services
    async with services.database.writing() as db:
        person = RoomParticipant(timeslot_id=scene.timeslot_id, account_id=cast.ids["participant"])
        db.add(person)
        await db.flush()
        now = services.now()
        db.add(
            Presence(
                timeslot_id=scene.timeslot_id,
                participant_id=person.id,
                connection_id="c",
                joined_at=now - 15 * MINUTE,
                left_at=now,
            )
        )
        await db.commit()
    assert (await enter(cast, "participant", scene)).status == 200
    assert (await enter(cast, "observer", scene)).code == "room.too_late"


async def test_the_organiser_sets_it_and_takes_it_away(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=1))
    path = f"/sessions/{scene.session_id}"
    for minutes in (15, None):
        etag = (await cast["organiser"].get(path)).headers["ETag"]
        changed = await cast["organiser"].patch(
            path, {"timeslot": {"lateEntryMin": minutes}}, headers={"If-Match": etag}
        )
        assert changed.body["timeslot"]["lateEntryMin"] == minutes
