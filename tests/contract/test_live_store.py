"""What every live store promises, whatever it keeps its rooms in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from signalling import messages as m
from signalling.live.interface import EVENTS_KEPT, LiveStore, NoSuchRoom
from signalling.live.memory import MemoryStore
from signalling.messages import Participant, RoomInfo, Snapshot
from signalling.permissions import Role
from signalling.phases import Phase
from signalling.state import apply

STORES: dict[str, Callable[[], LiveStore]] = {"memory": MemoryStore}
ROOM = "room"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> LiveStore:
    return STORES[request.param]()


def empty(room_id: str = ROOM) -> Snapshot:
    info = RoomInfo(
        timeslot_id=room_id,
        session_id="session",
        slug="slug",
        title="Title",
        session_type="training",
        phase=Phase.LIVE,
        starts_at=0.0,
        ends_at=60.0,
    )
    return Snapshot(seq=0, room=info, participants=[], producers=[], chat=[])


def joined(name: str = "ann") -> m.ParticipantJoined:
    person = Participant(
        id=name, name=name, role=Role.PARTICIPANT, roles=[Role.PARTICIPANT], state="present", joined_at=1.0
    )
    return m.ParticipantJoined(seq=0, at=1.0, participant=person)


async def test_a_room_begins_as_it_was_opened(store: LiveStore) -> None:
    assert await store.read(ROOM) is None
    assert await store.open(empty()) == empty()
    assert await store.read(ROOM) == empty()


async def test_opening_again_gives_the_room_as_it_is(store: LiveStore) -> None:
    await store.open(empty())
    await store.append(ROOM, joined())
    assert (await store.open(empty())).seq == 1


async def test_events_are_numbered_without_gaps_and_applied(store: LiveStore) -> None:
    state = await store.open(empty())
    for number, event in enumerate([joined("ann"), joined("bob")], start=1):
        numbered, after = await store.append(ROOM, event)
        assert numbered.seq == number
        state = apply(state, numbered)
        assert after == state == await store.read(ROOM)


async def test_rooms_are_numbered_apart(store: LiveStore) -> None:
    for room_id in ("one", "two"):
        await store.open(empty(room_id))
        assert (await store.append(room_id, joined())).event.seq == 1


async def test_events_since_a_number(store: LiveStore) -> None:
    await store.open(empty())
    appended = [(await store.append(ROOM, joined(f"p{i}"))).event for i in range(4)]
    assert await store.since(ROOM, 0) == appended
    assert await store.since(ROOM, 3) == appended[3:]
    assert await store.since(ROOM, 4) == []


async def test_a_number_ahead_of_the_room_is_not_known(store: LiveStore) -> None:
    await store.open(empty())
    assert await store.since(ROOM, 1) is None


async def test_only_the_latest_events_are_kept(store: LiveStore) -> None:
    await store.open(empty())
    for _ in range(EVENTS_KEPT + 1):
        await store.append(ROOM, joined())
    assert await store.since(ROOM, 0) is None
    kept = await store.since(ROOM, 1)
    assert kept is not None
    assert [event.seq for event in kept] == list(range(2, EVENTS_KEPT + 2))


async def test_a_dropped_room_is_gone(store: LiveStore) -> None:
    await store.open(empty())
    await store.drop(ROOM)
    await store.drop(ROOM)
    assert await store.read(ROOM) is None
    with pytest.raises(NoSuchRoom):
        await store.append(ROOM, joined())
    with pytest.raises(NoSuchRoom):
        await store.since(ROOM, 0)


async def test_a_key_is_claimed_once_until_its_time(store: LiveStore) -> None:
    assert await store.claim("key", until=120.0, now=0.0)
    assert not await store.claim("key", until=120.0, now=119.0)
    assert await store.claim("other", until=120.0, now=119.0)
    assert await store.claim("key", until=240.0, now=120.0)
