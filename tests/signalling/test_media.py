"""Media through the hub on a real worker: set-up, offers, pausing, what is refused, and what happens when it
dies.

That packets flow is shown in tests/media and in the browser journeys; here it is who gets which transport
and consumer.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from media.protocol import ActiveSpeaker, AudioLevels, ConsumerStarved, ProducerLayersWanted
from signalling.permissions import Role
from tests.support.live import Live, Person, Refusal, live_server, until
from tests.support.requests import CHROMIUM, DTLS, OPUS, VP8

pytestmark = pytest.mark.asyncio(loop_scope="module")

_slots = count()
_streams = count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Live]:
    async with live_server(workers=1) as server:
        yield server


class Stage:
    """One live session of its own, with a facilitator in it."""

    def __init__(self, live: Live, slot: str, host: Person) -> None:
        self.live, self.slot, self.host = live, slot, host

    async def join(
        self, identity: str, role: Role = Role.PARTICIPANT, resume: Person | None = None
    ) -> Person:
        return await self.live.join(identity, role, slot=self.slot, resume=resume)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(server: Live) -> AsyncIterator[Stage]:
    slot = f"media-{next(_slots)}"
    server.ledger.plan(slot)
    host = await server.join("host", Role.FACILITATOR, slot=slot)
    yield Stage(server, slot, host)
    people = server.people.copy()
    try:
        await server.verify()
        await server.hub.end_room(slot)
        await host.gone()
    finally:
        for person in people:
            await person.quit()
        server.people.clear()


async def can_send(person: Person) -> str:
    answer = await person.ask("media.createTransport", direction="send")
    return str(answer["transportId"])


async def can_receive(person: Person) -> str:
    answer = await person.ask("media.createTransport", direction="recv", rtpCapabilities=CHROMIUM)
    return str(answer["transportId"])


async def send(person: Person, transport: str, source: str = "microphone", **more: Any) -> str:
    audio = source in ("microphone", "screen-audio")
    answer = await person.ask(
        "media.produce",
        transportId=transport,
        kind="audio" if audio else "video",
        source=source,
        rtpParameters=(OPUS if audio else VP8) | stream(),
        **more,
    )
    return str(answer["producerId"])


def stream() -> dict[str, Any]:
    """What tells one stream of a transport from the others."""
    number = next(_streams)
    return {
        "mid": str(number),
        "encodings": [{"ssrc": 1000 + 2 * number, "rtx": {"ssrc": 1001 + 2 * number}}],
    }


async def offer(person: Person, producer_id: str, since: int = 0) -> Any:
    def fits(told: Any) -> bool:
        return bool(told["consumer"]["producerId"] == producer_id)

    return (await person.told("media.consumerOffered", since, where=fits))["consumer"]


# --- set-up ---


async def test_the_room_says_what_it_can_receive(stage: Stage) -> None:
    answer = await stage.host.ask("media.capabilities", {})
    offered = {codec["mimeType"].lower() for codec in answer["rtpCapabilities"]["codecs"]}
    assert {"audio/opus", "video/vp8", "video/h264", "video/rtx"} <= offered


async def test_the_welcome_says_so_too_and_has_the_worker_ready(stage: Stage) -> None:
    """Nothing needs to be asked before transports are, and those who come together wait for nobody."""
    people = await asyncio.gather(*(stage.join(f"p{number}") for number in range(5)))
    welcomes = [await person.told("welcome") for person in people]
    answer = await stage.host.ask("media.capabilities", {})
    assert all(welcome["rtpCapabilities"] == answer["rtpCapabilities"] for welcome in welcomes)
    await asyncio.gather(*(ask(person) for person in people for ask in (can_send, can_receive)))
    for person in people:
        assert len((await person.ask("media.stats", {}))["transports"]) == 2


async def test_in_the_lobby_the_welcome_says_so_already(server: Live) -> None:
    slot = f"lobby-{next(_slots)}"
    server.ledger.plan(slot)
    pat = await server.join("pat", Role.PARTICIPANT, slot=slot)
    assert (await pat.told("welcome"))["rtpCapabilities"]["codecs"]
    with pytest.raises(Refusal, match=r"room\.not_started"):
        await can_send(pat)
    await pat.quit()
    server.people.remove(pat)
    await server.hub.end_room(slot)


async def test_a_transport_has_all_that_a_browser_needs(stage: Stage) -> None:
    answer = await stage.host.ask("media.createTransport", direction="send")
    assert answer["iceParameters"]["iceLite"]
    assert {candidate["protocol"] for candidate in answer["iceCandidates"]} >= {"udp"}
    assert "null" not in str(answer).lower().split()
    assert answer["dtlsParameters"]["fingerprints"]
    await stage.host.ask("media.connectTransport", transportId=answer["transportId"], dtlsParameters=DTLS)


async def test_receiving_needs_capabilities(stage: Stage) -> None:
    with pytest.raises(Refusal) as refusal:
        await stage.host.ask("media.createTransport", direction="recv")
    assert refusal.value.problem.field == "rtpCapabilities"


async def test_both_transports_at_once(stage: Stage) -> None:
    await asyncio.gather(can_send(stage.host), can_receive(stage.host))
    assert len((await stage.host.ask("media.stats", {}))["transports"]) == 2


async def test_a_newer_transport_replaces_the_older_with_what_it_carried(stage: Stage) -> None:
    producer = await send(stage.host, await can_send(stage.host))
    await can_send(stage.host)
    removed = await stage.host.told("producer.removed")
    assert removed["producerId"] == producer
    assert len((await stage.host.ask("media.stats", {}))["transports"]) == 1


async def test_restarting_ice_gives_new_credentials(stage: Stage) -> None:
    created = await stage.host.ask("media.createTransport", direction="send")
    restarted = await stage.host.ask("media.restartIce", transportId=created["transportId"])
    assert restarted["iceParameters"]["usernameFragment"] != created["iceParameters"]["usernameFragment"]


# --- offers ---


async def test_what_is_sent_is_offered_to_those_who_are_there(stage: Stage) -> None:
    ann, bob = await stage.join("ann"), await stage.join("bob", Role.OBSERVER)
    for person in (ann, bob):
        await can_receive(person)
    producer = await send(stage.host, await can_send(stage.host), "camera")
    for person in (ann, bob):
        consumer = await offer(person, producer)
        assert (consumer["participantId"], consumer["source"]) == (stage.host.id, "camera")
        assert consumer["rtpParameters"]["encodings"]
        kinds = person.kinds()
        assert kinds.index("producer.added") < kinds.index("media.consumerOffered")
        await person.ask("media.resume", consumerId=consumer["consumerId"])
    assert "media.consumerOffered" not in stage.host.kinds()


async def test_who_comes_later_is_offered_everything(stage: Stage) -> None:
    transport = await can_send(stage.host)
    producers = [await send(stage.host, transport, source) for source in ("microphone", "camera", "screen")]
    ann = await stage.join("ann")
    await can_receive(ann)
    for producer in producers:
        await offer(ann, producer)
    assert ann.kinds().count("media.consumerOffered") == 3
    assert ann.state is not None
    assert [one.id for one in ann.state.producers] == producers


async def test_offers_follow_the_acknowledgement(stage: Stage) -> None:
    """The browser has no transport to consume on before it has read the answer."""
    producer = await send(stage.host, await can_send(stage.host))
    ann = await stage.join("ann")
    await ann.client.emit(
        "media.createTransport",
        {"direction": "recv", "rtpCapabilities": CHROMIUM},
        namespace="/live",
        callback=lambda answer: ann.heard.append(("ack", {"type": "ack"})),
    )
    await offer(ann, producer)
    assert ann.kinds() == ["welcome", "ack", "media.consumerOffered"]


async def test_a_consumer_can_be_asked_for_and_is_the_same(stage: Stage) -> None:
    ann = await stage.join("ann")
    await can_receive(ann)
    producer = await send(stage.host, await can_send(stage.host))
    offered = await offer(ann, producer)
    assert (await ann.ask("media.consume", producerId=producer))["consumer"] == offered
    await ann.ask("media.close", consumerId=offered["consumerId"])
    again = (await ann.ask("media.consume", producerId=producer))["consumer"]
    assert again["consumerId"] != offered["consumerId"]


async def test_closing_what_one_sends_closes_it_everywhere(stage: Stage) -> None:
    ann = await stage.join("ann")
    await can_receive(ann)
    producer = await send(stage.host, await can_send(stage.host))
    consumer = await offer(ann, producer)
    await stage.host.ask("media.close", producerId=producer)
    assert (await ann.told("media.consumerClosed"))["consumerId"] == consumer["consumerId"]
    assert (await ann.told("producer.removed"))["producerId"] == producer
    with pytest.raises(Refusal, match=r"media\.unknown_producer"):
        await ann.ask("media.consume", producerId=producer)


async def test_leaving_takes_everything_along(stage: Stage) -> None:
    ann = await stage.join("ann")
    await can_receive(stage.host)
    producer = await send(ann, await can_send(ann))
    await offer(stage.host, producer)
    await ann.ask("room.leave", {})
    await stage.host.told("participant.left")
    kinds = stage.host.kinds()
    assert kinds.index("producer.removed") < kinds.index("participant.left")
    assert "media.consumerClosed" in kinds


# --- refusals ---


@pytest.mark.parametrize(
    ("name", "field", "code"),
    [
        ("media.connectTransport", "transportId", "media.unknown_transport"),
        ("media.restartIce", "transportId", "media.unknown_transport"),
        ("media.close", "transportId", "media.unknown_transport"),
        ("media.consume", "producerId", "media.unknown_producer"),
        ("media.pause", "producerId", "media.unknown_producer"),
        ("media.resume", "producerId", "media.unknown_producer"),
        ("media.close", "producerId", "media.unknown_producer"),
        ("media.pause", "consumerId", "media.unknown_consumer"),
        ("media.resume", "consumerId", "media.unknown_consumer"),
        ("media.close", "consumerId", "media.unknown_consumer"),
    ],
)
async def test_what_is_unknown_or_belongs_to_others_is_refused(
    stage: Stage, name: str, field: str, code: str
) -> None:
    """Things of the same room's others, of another room, and of nobody look alike."""
    eve, ann = await stage.join("eve"), await stage.join("ann")
    await can_receive(eve)
    transport, receiving = await can_send(ann), await can_receive(ann)
    theirs = await send(stage.host, await can_send(stage.host))
    consumer = (await offer(ann, theirs))["consumerId"]
    own = await send(ann, transport)
    elsewhere = await other_room_producer(stage.live)
    foreign = {"transportId": [transport, receiving], "producerId": [own, theirs], "consumerId": [consumer]}
    if name == "media.consume":
        foreign["producerId"] = []
    before = eve.state
    for value in ["nobody", elsewhere, *foreign[field]]:
        more = {"dtlsParameters": DTLS} if name == "media.connectTransport" else {}
        with pytest.raises(Refusal) as refusal:
            await eve.ask(name, {field: value, **more})
        assert refusal.value.code == code
        assert refusal.value.problem.field == field
    assert before is not None
    assert eve.state is not None
    assert all(not one.paused for one in eve.state.producers)
    assert len(eve.state.producers) == 2


async def other_room_producer(live: Live) -> str:
    slot = f"elsewhere-{next(_slots)}"
    live.ledger.plan(slot)
    oda = await live.join("oda", Role.ORGANISER, slot=slot)
    return await send(oda, await can_send(oda))


@pytest.mark.parametrize("name", ["media.pause", "media.resume", "media.close"])
@pytest.mark.parametrize("fields", [{}, {"producerId": "a", "consumerId": "b"}])
async def test_exactly_one_thing_is_named(stage: Stage, name: str, fields: dict[str, str]) -> None:
    with pytest.raises(Refusal, match="validation"):
        await stage.host.ask(name, fields)


async def test_nobody_consumes_themselves(stage: Stage) -> None:
    await can_receive(stage.host)
    producer = await send(stage.host, await can_send(stage.host))
    with pytest.raises(Refusal, match=r"media\.unknown_producer"):
        await stage.host.ask("media.consume", producerId=producer)


async def test_a_source_has_its_kind(stage: Stage) -> None:
    transport = await can_send(stage.host)
    with pytest.raises(Refusal) as refusal:
        await stage.host.ask(
            "media.produce", transportId=transport, kind="video", source="microphone", rtpParameters=VP8
        )
    assert refusal.value.problem.field == "kind"


async def test_sending_needs_a_sending_transport(stage: Stage) -> None:
    receiving = await can_receive(stage.host)
    with pytest.raises(Refusal, match=r"media\.unknown_transport"):
        await send(stage.host, receiving)


@pytest.mark.parametrize(("source", "at_once"), [("microphone", 1), ("camera", 1), ("screen", 4)])
async def test_how_many_of_a_source(stage: Stage, source: str, at_once: int) -> None:
    transport = await can_send(stage.host)
    for _ in range(at_once):
        await send(stage.host, transport, source)
    with pytest.raises(Refusal, match=r"media\.too_many"):
        await send(stage.host, transport, source)


async def test_parameters_that_make_no_sense_are_refused(stage: Stage) -> None:
    transport = await can_send(stage.host)
    with pytest.raises(Refusal, match=r"media\.\w+"):
        await stage.host.ask(
            "media.produce",
            transportId=transport,
            kind="audio",
            source="microphone",
            rtpParameters=OPUS | {"codecs": []},
        )
    assert stage.host.state is not None
    assert stage.host.state.producers == []
    await send(stage.host, transport)  # the failed attempt left nothing behind


# --- pausing and muting ---


async def test_pausing_is_seen_by_everyone(stage: Stage) -> None:
    ann = await stage.join("ann")
    producer = await send(stage.host, await can_send(stage.host))
    await stage.host.ask("media.pause", producerId=producer)
    await stage.host.ask("media.pause", producerId=producer)
    changed = (await ann.told("producer.changed"))["producer"]
    assert (changed["paused"], changed["pausedBy"]) == (True, "self")
    await stage.host.ask("media.resume", producerId=producer)
    changed = (await ann.told("producer.changed", where=lambda e: not e["producer"]["paused"]))["producer"]
    assert "pausedBy" not in changed
    assert ann.kinds().count("producer.changed") == 2


async def test_sending_may_begin_paused(stage: Stage) -> None:
    ann = await stage.join("ann")
    await can_receive(ann)
    producer = await send(stage.host, await can_send(stage.host), paused=True)
    assert (await offer(ann, producer))["producerPaused"]
    added = (await ann.told("producer.added"))["producer"]
    assert (added["paused"], added["pausedBy"]) == (True, "self")


async def test_staff_mute_and_only_the_person_can_unmute(stage: Stage) -> None:
    ann = await stage.join("ann")
    producer = await send(ann, await can_send(ann))
    await stage.host.ask("moderation.mute", participantId=ann.id, source="microphone")
    changed = (await ann.told("producer.changed"))["producer"]
    assert (changed["paused"], changed["pausedBy"]) == (True, "staff")
    with pytest.raises(Refusal, match=r"media\.unknown_producer"):
        await stage.host.ask("media.resume", producerId=producer)
    await ann.ask("media.resume", producerId=producer)
    await stage.host.told("producer.changed", where=lambda e: not e["producer"]["paused"])
    audit = stage.live.ledger.timeslots[stage.slot].audit
    await until(lambda: audit == [(stage.host.id, "moderation.mute", ann.id)])


async def test_muting_who_sends_nothing(stage: Stage) -> None:
    ann = await stage.join("ann")
    with pytest.raises(Refusal, match=r"media\.unknown_producer"):
        await stage.host.ask("moderation.mute", participantId=ann.id, source="camera")


async def test_a_revoked_permission_closes_what_is_sent(stage: Stage) -> None:
    ann = await stage.join("ann")
    await can_receive(stage.host)
    transport = await can_send(ann)
    microphone, camera = await send(ann, transport), await send(ann, transport, "camera")
    consumer = await offer(stage.host, microphone)
    stage.live.ledger.admit(stage.slot, "ann", Role.PARTICIPANT, denies=["media.publish_audio"])
    await stage.live.hub.facts_changed(stage.slot)
    assert (await stage.host.told("producer.removed"))["producerId"] == microphone
    assert (await stage.host.told("media.consumerClosed"))["consumerId"] == consumer["consumerId"]
    assert stage.host.state is not None
    assert [one.id for one in stage.host.state.producers] == [camera]
    assert len((await ann.ask("media.stats", {}))["producers"]) == 1
    with pytest.raises(Refusal, match=r"permission\.denied"):
        await send(ann, transport)


async def test_a_muted_person_without_permission_stays_muted(stage: Stage) -> None:
    """Locks and revokes hold for what is paused too: it is closed, and a resume finds nothing."""
    ann = await stage.join("ann")
    producer = await send(ann, await can_send(ann), paused=True)
    stage.live.ledger.admit(stage.slot, "ann", Role.OBSERVER)
    await stage.live.hub.facts_changed(stage.slot)
    with pytest.raises(Refusal, match=r"media\.unknown_producer"):
        await ann.ask("media.resume", producerId=producer)


# --- coming back ---


async def test_media_stays_while_the_socket_is_away(stage: Stage) -> None:
    ann = await stage.join("ann")
    await can_receive(ann)
    producer = await send(ann, await can_send(ann))
    await ann.lose_connection()
    await stage.host.told("participant.changed")
    sent_meanwhile = await send(stage.host, await can_send(stage.host))
    back = await stage.join("ann", resume=ann)
    assert back.kinds()[0] == "resumed"
    await offer(back, sent_meanwhile)  # nobody heard the first offer
    await back.ask("media.pause", producerId=producer)
    assert "producer.removed" not in stage.host.kinds()


async def test_what_may_not_be_sent_any_more_is_closed_on_return(stage: Stage) -> None:
    ann = await stage.join("ann")
    producer = await send(ann, await can_send(ann))
    await ann.lose_connection()
    await stage.host.told("participant.changed")
    await stage.join("ann", Role.OBSERVER, resume=ann)
    assert (await stage.host.told("producer.removed"))["producerId"] == producer


async def test_a_fresh_start_of_the_browser_releases_its_old_media(stage: Stage) -> None:
    ann = await stage.join("ann")
    producer = await send(ann, await can_send(ann))
    again = await stage.join("ann")
    assert (await stage.host.told("producer.removed"))["producerId"] == producer
    assert again.state is not None
    assert again.state.producers == []
    await send(again, await can_send(again))


# --- the worker ---


async def test_a_worker_that_dies_is_replaced_and_media_comes_back(stage: Stage) -> None:
    ann = await stage.join("ann")
    away = await stage.join("away")
    await can_receive(ann)
    await can_receive(away)
    first = await send(stage.host, await can_send(stage.host))
    await offer(ann, first)
    await away.lose_connection()
    await stage.host.told("participant.changed")
    os.kill(stage.live.pool.workers[0].pid, signal.SIGKILL)
    for person in (ann, stage.host):
        await person.told("media.reset")
        assert (await person.told("producer.removed"))["producerId"] == first
    await can_receive(ann)
    second = await send(stage.host, await can_send(stage.host))
    await offer(ann, second)
    back = await stage.join("away", resume=away)
    await back.told("media.reset")
    await can_receive(back)
    await offer(back, second)


async def test_the_end_of_the_room_frees_the_worker(stage: Stage) -> None:
    ann = await stage.join("ann")
    await can_receive(ann)
    await offer(ann, await send(stage.host, await can_send(stage.host)))
    rooms = stage.live.pool.workers[0].rooms
    before = len(rooms)
    await stage.host.ask("room.end", {})
    await ann.gone()
    await until(lambda: len(rooms) == before - 1)


# --- layers and speakers ---


async def test_layers_are_set_for_ones_own_consumers_only(stage: Stage) -> None:
    ann, bob = await stage.join("ann"), await stage.join("bob")
    await can_receive(ann)
    producer = await send(stage.host, await can_send(stage.host), "camera")
    consumer = (await offer(ann, producer))["consumerId"]
    await ann.ask("media.setLayers", consumerId=consumer, height=180, pinned=True)
    await ann.ask("media.setLayers", consumerId=consumer, visible=False)
    with pytest.raises(Refusal) as refusal:
        await bob.ask("media.setLayers", consumerId=consumer)
    assert refusal.value.code == "media.unknown_consumer"
    with pytest.raises(Refusal) as refusal:
        await ann.ask("media.setLayers", consumerId=consumer, height=-1)
    assert refusal.value.problem.field == "height"


async def test_the_publisher_hears_which_of_its_encodings_are_watched(stage: Stage) -> None:
    ann = await stage.join("ann")
    producer = await send(stage.host, await can_send(stage.host), "camera")
    worker, room = stage.live.pool.workers[0], stage.live.hub._rooms[stage.slot]
    reaction = room.media.hears(worker, ProducerLayersWanted(producer, 1))
    assert reaction is not None
    await reaction
    assert (await stage.host.told("media.layersWanted"))["spatial"] == 1
    assert "media.layersWanted" not in ann.kinds()


async def test_a_browser_hears_when_a_video_is_held_back_for_want_of_bandwidth(stage: Stage) -> None:
    ann, bob = await stage.join("ann"), await stage.join("bob")
    await can_receive(ann)
    producer = await send(stage.host, await can_send(stage.host), "camera")
    consumer = (await offer(ann, producer))["consumerId"]
    worker, room = stage.live.pool.workers[0], stage.live.hub._rooms[stage.slot]
    for starved in (True, False):
        since = len(ann.heard)
        reaction = room.media.hears(worker, ConsumerStarved(consumer, starved))
        assert reaction is not None
        await reaction
        told = await ann.told("media.consumerStarved", since)
        assert (told["consumerId"], told["starved"]) == (consumer, starved)
    assert "media.consumerStarved" not in bob.kinds()
    assert room.media.hears(worker, ConsumerStarved("gone", True)) is None


async def test_everyone_hears_who_speaks_and_who_comes_later_too(stage: Stage) -> None:
    ann = await stage.join("ann")
    producer = await send(stage.host, await can_send(stage.host))
    worker, room = stage.live.pool.workers[0], stage.live.hub._rooms[stage.slot]
    for note in (
        ActiveSpeaker(room.media._worker_room, producer),
        AudioLevels(room.media._worker_room, {producer: 20}),
    ):
        reaction = room.media.hears(worker, note)
        assert reaction is not None
        await reaction
    told = await ann.told("room.speaking", where=lambda told: bool(told["speaking"]))
    assert (told["active"], told["speaking"]) == (stage.host.id, [stage.host.id])
    assert room.media.hears(worker, AudioLevels(room.media._worker_room, {producer: 25})) is None
    assert room.media.hears(worker, ActiveSpeaker("another", None)) is None
    bob = await stage.join("bob")
    await can_receive(bob)
    assert (await bob.told("room.speaking"))["active"] == stage.host.id
