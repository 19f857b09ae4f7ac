"""The door of a room over REST, and that what REST changes reaches the people inside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import socketio

from tests.server.scene import Cast, Scene, set_scene
from tests.support.app import Client, Running, running


async def test_the_card_tells_everybody_why_they_may_enter_or_not(cast: Cast) -> None:
    scene = await set_scene(cast)
    path = f"/rooms/{scene.slug}"
    card = (await cast["participant"].get(path)).body
    assert card | {"startsAt": "", "endsAt": "", "opensAt": ""} == {
        "timeslotId": scene.timeslot_id,
        "sessionId": scene.session_id,
        "slug": scene.slug,
        "title": "A session",
        "type": "training",
        "phase": "idle",
        "startsAt": "",
        "endsAt": "",
        "opensAt": "",
        "label": "In progress",
        "facilitator": "Facilitator",
        "relay": False,
        "you": {
            "signedIn": True,
            "name": "Participant",
            "roles": ["participant"],
            "registered": True,
            "join": {"allowed": True, "code": None, "message": ""},
        },
    }
    stranger = (await cast["stranger"].get(path)).body["you"]
    assert (stranger["registered"], stranger["join"]["code"]) == (False, "registration.required")
    nobody = (await cast.app.client().get(path)).body["you"]
    assert (nobody["signedIn"], nobody["name"], nobody["join"]["code"]) == (False, None, "auth.required")


async def test_a_ticket_names_room_and_person_and_lives_two_minutes(cast: Cast) -> None:
    scene = await set_scene(cast)
    services = cast.app.services
    ticket = services.tickets.read(await cast["participant"].ticket(scene.slug), now=services.clock())
    assert (ticket.timeslot_id, ticket.identity) == (scene.timeslot_id, cast.ids["participant"])
    assert 115 < ticket.expires_at - services.clock() <= 120


async def test_there_is_no_ticket_before_the_doors_open_except_for_staff(cast: Cast) -> None:
    scene = await set_scene(cast, starts=timedelta(hours=1))
    path = f"/timeslots/{scene.timeslot_id}/ticket"
    assert (await cast["participant"].post(path)).code == "room.not_open"
    assert (await cast["co_facilitator"].post(path)).status == 200


class Socket:
    """A browser's socket in the room: what it was told, in order."""

    def __init__(self, app: Running) -> None:
        self.url = app.url
        self.client = socketio.AsyncSimpleClient(http_session=app.client().http, reconnection=False)
        self.told: list[tuple[str, dict[str, Any]]] = []

    async def connect(self, ticket: str) -> None:
        await self.client.connect(
            self.url,
            auth={"ticket": ticket},
            namespace="/live",
            transports=["websocket"],
            headers={"Origin": self.url},
        )

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this type; those before it are kept in ``told``."""
        while True:
            _, message = await self.client.receive(timeout=10)
            self.told.append((message["type"], message))
            if message["type"] == kind:
                found: dict[str, Any] = message
                return found


async def enter(app: Running, who: Client, scene: Scene) -> Socket:
    socket = Socket(app)
    await socket.connect(await who.ticket(scene.slug))
    return socket


async def test_ending_over_rest_ends_the_room(app: Running, cast: Cast) -> None:
    scene = await set_scene(cast)
    inside = await enter(app, cast["facilitator"], scene)
    welcome = await inside.hear("welcome")
    assert welcome["snapshot"]["room"]["slug"] == scene.slug
    assert app.hub.phase(scene.timeslot_id) == "live"
    assert (await cast["stranger"].get(f"/rooms/{scene.slug}")).body["phase"] == "live"
    ended = (await cast["organiser"].post(f"/timeslots/{scene.timeslot_id}/end")).body
    assert (ended["label"], ended["timeslot"]["phase"]) == ("Completed", "ended")
    assert (await inside.hear("room.ended"))["reason"] == "organiser"
    await inside.client.disconnect()
    assert (await cast["facilitator"].post(f"/timeslots/{scene.timeslot_id}/ticket")).code == "room.ended"


async def test_a_role_given_over_rest_reaches_the_person_inside(app: Running, cast: Cast) -> None:
    scene = await set_scene(cast)
    inside = await enter(app, cast["observer"], scene)
    welcome = await inside.hear("welcome")
    assert welcome["you"]["permissions"]["chat.send"]["allowed"] is False
    await cast["organiser"].post(
        f"/sessions/{scene.session_id}/roles", {"email": cast.emails["observer"], "role": "co_facilitator"}
    )
    changed = await inside.hear("permissions.changed")
    assert changed["you"]["permissions"]["chat.send"]["allowed"] is True
    await inside.client.disconnect()


async def test_cancelling_puts_everybody_out(app: Running, cast: Cast) -> None:
    scene = await set_scene(cast)
    inside = await enter(app, cast["facilitator"], scene)
    await inside.hear("welcome")
    await cast["organiser"].post(f"/sessions/{scene.session_id}/cancel", {})
    assert (await inside.hear("room.ended"))["reason"] == "organiser"
    await inside.client.disconnect()


async def test_the_application_stops_with_people_inside(tmp_path: Path) -> None:
    async with running(tmp_path, with_demo=True) as app:
        socket = Socket(app)
        await socket.connect(await (await app.demo_client("participant")).ticket())
        await socket.hear("welcome")
        client = socket.client
    await client.disconnect()


async def test_another_sites_page_cannot_open_the_socket(app: Running, cast: Cast) -> None:
    scene = await set_scene(cast)
    socket = Socket(app)
    ticket = await cast["participant"].ticket(scene.slug)
    refused = False
    try:
        await socket.client.connect(
            app.url,
            auth={"ticket": ticket},
            namespace="/live",
            transports=["websocket"],
            headers={"Origin": "https://evil.example"},
        )
    except socketio.exceptions.ConnectionError:
        refused = True
    assert refused
