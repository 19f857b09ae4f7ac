"""Waiting for a seat: in order, by itself, once, and never one seat too many (S44, M11, M27)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.db.base import new_id
from server.mail.tables import Mail
from server.registrations.jobs import lapse, lapsed
from server.registrations.tables import Registration
from server.scheduler.run import Work
from tests.server.scene import Cast, Scene, add_person, set_scene
from tests.support.app import Client, Reply


async def people(cast: Cast, count: int) -> list[Client]:
    return [await add_person(cast, f"person {new_id()[:6]}") for _ in range(count)]


async def join(client: Client, scene: Scene, **more: Any) -> Reply:
    return await client.post(f"/timeslots/{scene.timeslot_id}/registrations", {"waitlist": True, **more})


async def mine(client: Client, scene: Scene) -> Any:
    return (await client.get(f"/sessions/{scene.session_id}")).body["you"]["registration"]


async def letters(cast: Cast, registration_id: str) -> list[str]:
    async with cast.app.services.database.reading() as db:
        rows = await db.scalars(select(Mail).order_by(Mail.id))
        return [row.kind for row in rows if row.context.get("registration_id") == registration_id]


async def change_seat(cast: Cast, scene: Scene, part: str = "guest", **change: Any) -> Reply:
    path = f"/sessions/{scene.session_id}"
    version = (await cast["organiser"].get(path)).headers["ETag"]
    return await cast["organiser"].patch(f"/seats/{scene.seats[part]}", change, headers={"If-Match": version})


async def full_scene(cast: Cast, seats: int = 1, waiting: int = 3) -> tuple[Scene, list[Client]]:
    """All seats taken, and so many who wait."""
    scene = await set_scene(cast, starts=timedelta(days=30), maximum=seats, people=False)
    crowd = await people(cast, seats + waiting)
    for number, person in enumerate(crowd):
        reply = await join(person, scene)
        assert reply.body["status"] == ("registered" if number < seats else "waitlisted")
        assert reply.body["position"] == (None if number < seats else number - seats + 1)
    return scene, crowd


async def let_lapse(cast: Cast, scene: Scene, days: float) -> None:
    """What the clock does so many days from now, in this timeslot only."""
    services = cast.app.services
    now = services.now() + timedelta(days=days)
    async with services.database.reading() as db:
        due = [one for one in await lapsed(db, now) if one.subject == scene.timeslot_id]
    for one in due:
        async with services.database.writing() as db:
            await lapse(Work(services, db, one.subject, one.moment, now))
            await db.commit()


async def test_a_freed_seat_is_offered_to_the_first_who_waits(cast: Cast) -> None:
    scene, (holder, first, second, _) = await full_scene(cast)
    shown = (await cast["stranger"].get(f"/sessions/{scene.session_id}")).body
    guests = next(seat for seat in shown["seats"] if seat["part"] == "guest")
    assert guests["waitlist"] == {"mode": "offer", "waiting": 3}
    assert (shown["label"], guests["free"]) == ("Full", 0)
    await holder.delete(f"/registrations/{(await mine(holder, scene))['id']}")
    offered = await mine(first, scene)
    assert offered["status"] == "offered"
    assert offered["offerExpiresAt"] is not None
    assert ((await mine(second, scene))["status"], (await mine(second, scene))["position"]) == (
        "waitlisted",
        1,
    )
    assert (await join(cast["stranger"], scene, waitlist=False)).code == "registration.full"
    accepted = await first.post(f"/registrations/{offered['id']}/offer", {"accept": True})
    assert (accepted.status, accepted.body["status"], accepted.body["offerExpiresAt"]) == (
        200,
        "registered",
        None,
    )
    assert await letters(cast, offered["id"]) == [
        "registration.waitlisted",
        "registration.offered",
        "registration.confirmed",
    ]


async def test_an_offer_that_is_declined_or_lapses_goes_to_the_next_once(cast: Cast) -> None:
    scene, (holder, first, second, third) = await full_scene(cast)
    await holder.delete(f"/registrations/{(await mine(holder, scene))['id']}")
    offer = f"/registrations/{(await mine(first, scene))['id']}/offer"
    assert (await first.post(offer, {"accept": False})).body["status"] == "declined"
    assert (await first.post(offer, {"accept": True})).code == "registration.no_offer"
    late = await mine(second, scene)
    assert late["status"] == "offered"
    await let_lapse(cast, scene, 1.01)
    assert await mine(second, scene) is None
    assert (await mine(third, scene))["status"] == "offered"
    refused = await second.post(f"/registrations/{late['id']}/offer", {"accept": True})
    assert (refused.status, refused.code) == (409, "registration.no_offer")
    assert (await letters(cast, late["id"]))[-2:] == ["registration.offered", "registration.offer_expired"]


async def test_nobody_answers_somebody_elses_offer(cast: Cast) -> None:
    scene, (holder, first, *_) = await full_scene(cast)
    await holder.delete(f"/registrations/{(await mine(holder, scene))['id']}")
    offer = f"/registrations/{(await mine(first, scene))['id']}/offer"
    assert (await holder.post(offer, {"accept": True})).status == 403
    assert (await cast["organiser"].post(offer, {"accept": True})).code == "registration.no_offer"


async def test_more_seats_move_as_many_up_and_fewer_than_taken_are_refused(cast: Cast) -> None:
    scene, (_, first, second, third) = await full_scene(cast)
    assert (await change_seat(cast, scene, max=3)).status == 200
    assert [(await mine(who, scene))["status"] for who in (first, second, third)] == [
        "offered",
        "offered",
        "waitlisted",
    ]
    refused = await change_seat(cast, scene, max=2)
    assert (refused.status, refused.code, refused.body["taken"]) == (409, "seats.taken", 3)


async def test_a_waitlist_can_give_seats_instead_of_offering_them(cast: Cast) -> None:
    scene, (holder, first, *_) = await full_scene(cast)
    await change_seat(cast, scene, waitlist="auto")
    await holder.delete(f"/registrations/{(await mine(holder, scene))['id']}")
    assert (await mine(first, scene))["status"] == "registered"


async def test_without_a_waitlist_a_full_seat_is_full(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=3), maximum=1, people=False)
    await change_seat(cast, scene, waitlist="off")
    one, two = await people(cast, 2)
    await join(one, scene)
    assert (await join(two, scene)).code == "registration.full"


async def test_staff_put_the_queue_in_order_unless_it_moved_on(cast: Cast) -> None:
    scene, (holder, first, second, third) = await full_scene(cast)
    ids = [(await mine(who, scene))["id"] for who in (first, second, third)]
    path = f"/seats/{scene.seats['guest']}/waitlist"
    done = await cast["organiser"].call("PUT", path, {"ids": [ids[2], ids[0], ids[1]]})
    assert [item["position"] for item in done.body["items"]] == [1, 2, 3]
    await holder.delete(f"/registrations/{(await mine(holder, scene))['id']}")
    assert (await mine(third, scene))["status"] == "offered"
    stale = await cast["organiser"].call("PUT", path, {"ids": ids})
    assert (stale.status, stale.code) == (409, "waitlist.changed")


async def test_leaving_the_queue_moves_the_others_forward(cast: Cast) -> None:
    scene, (_, first, second, _third) = await full_scene(cast)
    assert (await first.delete(f"/registrations/{(await mine(first, scene))['id']}")).status == 204
    assert (await mine(second, scene))["position"] == 1
    assert (await join(first, scene)).body["position"] == 3


async def test_moving_somebody_to_another_seat_frees_theirs(cast: Cast) -> None:
    scene, (holder, first, *_) = await full_scene(cast)
    registration = (await mine(holder, scene))["id"]
    moved = await cast["organiser"].patch(
        f"/registrations/{registration}", {"seatKindId": scene.seats["observer"]}
    )
    assert (moved.status, moved.body["part"]) == (200, "observer")
    assert (await mine(first, scene))["status"] == "offered"
    assert (await letters(cast, registration))[-1] == "role.changed"
    back = await cast["organiser"].patch(
        f"/registrations/{registration}", {"seatKindId": scene.seats["guest"]}
    )
    assert back.code == "registration.full"


@pytest.mark.parametrize("status", ["confirmed", "attended", "no_show"])
async def test_statuses_by_hand_send_no_mail(cast: Cast, status: str) -> None:
    scene, (holder, *_) = await full_scene(cast)
    registration = (await mine(holder, scene))["id"]
    reply = await cast["organiser"].patch(f"/registrations/{registration}", {"status": status})
    assert (reply.status, reply.body["status"]) == (200, status)
    assert await letters(cast, registration) == ["registration.confirmed"]


async def test_cancelling_by_hand_frees_the_seat_and_setting_it_back_needs_one(cast: Cast) -> None:
    scene, (holder, first, *_) = await full_scene(cast)
    path = f"/registrations/{(await mine(holder, scene))['id']}"
    assert (await cast["organiser"].patch(path, {"status": "cancelled"})).body["status"] == "cancelled"
    assert (await mine(first, scene))["status"] == "offered"
    assert (await cast["organiser"].patch(path, {"status": "registered"})).code == "registration.full"


async def test_requests_are_approved_and_declined_singly_and_in_bulk(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=3), maximum=2, people=False)
    await change_seat(cast, scene, approval=True, waitlist="off")
    crowd = await people(cast, 5)
    ids = []
    for person in crowd:
        reply = await join(person, scene, answers={"topics": "Why I come"})
        assert reply.body["status"] == "pending"
        ids.append(reply.body["id"])
    staff = cast["organiser"]
    one = await staff.post(f"/registrations/{ids[0]}/decision", {"approve": True, "message": "Welcome"})
    assert (one.body["status"], one.body["message"]) == ("registered", "Welcome")
    many = await staff.post(f"/timeslots/{scene.timeslot_id}/decisions", {"ids": ids, "approve": True})
    assert [(item["status"], item["code"]) for item in many.body["items"]] == [
        ("registered", "registration.not_pending"),
        ("registered", None),
        *[("pending", "registration.full")] * 3,
    ]
    no = await staff.post(f"/registrations/{ids[4]}/decision", {"approve": False, "message": "Sorry"})
    assert no.body["status"] == "declined"
    assert await letters(cast, ids[4]) == ["registration.requested", "registration.declined"]
    assert await letters(cast, ids[0]) == ["registration.requested", "registration.approved"]


async def test_a_facilitator_seats_nobody_as_facilitator(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(days=3))
    asked = (await join(cast["stranger"], scene, seatKindId=scene.seats["host"])).body
    refused = await cast["facilitator"].post(f"/registrations/{asked['id']}/decision", {"approve": True})
    assert refused.code == "registration.seat_too_high"
    by_hand = await cast["facilitator"].patch(f"/registrations/{asked['id']}", {"status": "confirmed"})
    assert by_hand.code == "registration.seat_too_high"
    moved = await cast["facilitator"].patch(
        f"/registrations/{scene.participant_registration_id}", {"seatKindId": scene.seats["host"]}
    )
    assert moved.code == "registration.seat_too_high"


async def test_the_book_is_written_in_the_transaction_that_frees_the_seat(cast: Cast) -> None:
    scene, (holder, first, *_) = await full_scene(cast)
    await holder.delete(f"/registrations/{(await mine(holder, scene))['id']}")
    async with cast.app.services.database.reading() as db:
        offered = await db.get_one(Registration, (await mine(first, scene))["id"])
        given_up = await db.get_one(Registration, (await letters_owner(cast, holder, scene)))
    assert offered.updated_at == given_up.updated_at


async def letters_owner(cast: Cast, client: Client, scene: Scene) -> str:
    me = (await client.get("/me")).body["id"]
    async with cast.app.services.database.reading() as db:
        found = await db.scalar(
            select(Registration.id).where(
                Registration.account_id == me, Registration.timeslot_id == scene.timeslot_id
            )
        )
    assert found is not None
    return found
