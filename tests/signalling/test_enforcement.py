"""Every request × every role: what the matrix refuses is refused, whatever a client sends (S61, S64)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from signalling.messages import REQUESTS, Request, Source
from signalling.peers import KIND, PERMISSION_TO_SEND
from signalling.permissions import Permission, Policy, Role, Subject, allowed
from tests.support.live import Live, Person, Refusal, live_server
from tests.support.requests import NOBODY, OPUS, PAYLOADS, VP8

pytestmark = pytest.mark.asyncio(loop_scope="module")

_slots = count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Live]:
    async with live_server(workers=1) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def slot(server: Live) -> AsyncIterator[str]:
    """A session of its own for each test, with a host in it."""
    slot = f"enforce-{next(_slots)}"
    server.ledger.plan(slot)
    host = await server.join("host", Role.FACILITATOR, slot=slot)
    yield slot
    if host.connected:
        await host.ask("room.end", {})


async def code_of(person: Person, name: str, payload: dict[str, Any]) -> str:
    """ "ok", or why not."""
    try:
        await person.ask(name, payload)
    except Refusal as refusal:
        return refusal.code
    return "ok"


def holds(role: Role, permission: Permission) -> bool:
    return allowed(Subject(roles=frozenset({role})), permission, Policy())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda cls: cls.name)
async def test_request_by_role(server: Live, slot: str, request_class: type[Request], role: Role) -> None:
    person = await server.join("person", role, slot=slot)
    permission = request_class.permission
    code = await code_of(person, request_class.name, PAYLOADS[request_class])
    if permission is not None and not holds(role, permission):
        assert code == "permission.denied"
    elif request_class.name in {"hand.lower", "moderation.mute", "media.produce"}:
        pass  # these ask for more than the table: see below
    else:
        assert code != "permission.denied"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("source", PERMISSION_TO_SEND)
async def test_produce_by_role(server: Live, slot: str, source: Source, role: Role) -> None:
    """What a role may not send never reaches the worker; an observer sends nothing (note b)."""
    person = await server.join("person", role, slot=slot)
    transport = await person.ask("media.createTransport", direction="send")
    kind = KIND[source]
    payload = {
        "transportId": transport["transportId"],
        "kind": kind,
        "source": source,
        "rtpParameters": OPUS if kind == "audio" else VP8,
    }
    expected = holds(role, PERMISSION_TO_SEND[source])
    code = await code_of(person, "media.produce", payload)
    assert code == ("ok" if expected else "permission.denied")
    stats = await person.ask("media.stats", {})
    assert len(stats["producers"]) == expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("source", "permission"),
    [
        ("microphone", Permission.MEDIA_MUTE_OTHERS),
        ("screen-audio", Permission.MEDIA_MUTE_OTHERS),
        ("camera", Permission.MEDIA_STOP_VIDEO),
        ("screen", Permission.MEDIA_STOP_VIDEO),
    ],
)
async def test_mute_by_role(
    server: Live, slot: str, source: Source, permission: Permission, role: Role
) -> None:
    person = await server.join("person", role, slot=slot)
    code = await code_of(person, "moderation.mute", {"participantId": NOBODY, "source": source})
    may = holds(role, permission) and holds(role, Permission.SESSION_MODERATE)
    assert code == ("participant.unknown" if may else "permission.denied")


@pytest.mark.parametrize(
    ("source", "denied"), [("microphone", "media.mute_others"), ("camera", "media.stop_video")]
)
async def test_moderating_alone_is_not_enough(server: Live, slot: str, source: str, denied: str) -> None:
    server.ledger.admit(slot, "person", Role.FACILITATOR, denies=[denied])
    person = await server.join("person", slot=slot)
    code = await code_of(person, "moderation.mute", {"participantId": NOBODY, "source": source})
    assert code == "permission.denied"


@pytest.mark.parametrize("role", Role)
async def test_lowering_the_hands_of_others_by_role(server: Live, slot: str, role: Role) -> None:
    person = await server.join("person", role, slot=slot)
    code = await code_of(person, "hand.lower", {"participantId": NOBODY})
    expected = "participant.unknown" if holds(role, Permission.HAND_MANAGE) else "permission.denied"
    assert code == expected


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda cls: cls.name)
async def test_nothing_can_be_asked_after_losing_the_place(
    server: Live, slot: str, request_class: type[Request]
) -> None:
    """The request is on its way when the place is lost."""
    person = await server.join("person", Role.ORGANISER, slot=slot)
    del server.ledger.timeslots[slot].admissions["person"]
    await server.hub.facts_changed(slot)
    sid = person.client.namespaces.get("/live", "gone")
    answer = await server.hub.request(sid, request_class.name, (PAYLOADS[request_class],))
    assert answer["error"]["code"] == "room.left"
    await person.gone()


async def test_the_table_has_a_payload_for_every_request() -> None:
    assert set(PAYLOADS) == set(REQUESTS)
