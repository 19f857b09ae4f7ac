"""Requests of the wrong shape, unknown ones, too many, too large: refused by name, and nothing changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from signalling.messages import REQUESTS, Request
from signalling.permissions import Role
from tests.support.live import Live, Person, Refusal
from tests.support.requests import PAYLOADS

WRONG: tuple[Any, ...] = ({"codecs": 5}, [], 2.5, "\ud800")  # fits no field of any request


async def organiser(live: Live) -> Person:
    """Somebody whom no permission holds back."""
    return await live.join("oda", Role.ORGANISER)


def wrong_shapes(request: type[Request]) -> Iterator[tuple[dict[str, Any], str]]:
    """A well-formed payload with one fault, and the field where it lies."""
    good = PAYLOADS[request]
    yield good | {"surprise": 1}, "surprise"
    for name, field in request.model_fields.items():
        alias = to_camel(name)
        if field.is_required():
            yield {key: value for key, value in good.items() if key != alias}, alias
        for wrong in WRONG:
            yield good | {alias: wrong}, alias


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda cls: cls.name)
async def test_every_request_of_a_wrong_shape_names_the_field(
    live: Live, request_class: type[Request]
) -> None:
    oda = await organiser(live)
    before = oda.state
    for payload, field in wrong_shapes(request_class):
        with pytest.raises(Refusal) as refusal:
            await oda.ask(request_class.name, payload)
        if refusal.value.code == "rate.limited":
            break  # costly requests are limited, wrong ones too
        assert refusal.value.code == "validation", payload
        assert (refusal.value.problem.field or "").split(".")[0] == field
        assert refusal.value.problem.message.startswith(field)
    assert oda.state == before
    assert oda.kinds() == ["welcome"]


@pytest.mark.parametrize("payload", [[], "text", 5, None, [{}], True])
async def test_a_request_carries_one_object(live: Live, payload: object) -> None:
    oda = await organiser(live)
    answer = await oda.client.call("hand.raise", payload, namespace="/live")
    assert answer["error"]["code"] == "validation"


async def test_a_request_carries_no_more_than_one_object(live: Live) -> None:
    oda = await organiser(live)
    answer = await oda.client.call("hand.raise", ({}, {}), namespace="/live")
    assert answer["error"]["code"] == "validation"


@pytest.mark.parametrize("name", ["chat.delete", "", "event", "direct", "__class__", "x" * 500])
async def test_an_unknown_request_is_refused(live: Live, name: str) -> None:
    oda = await organiser(live)
    with pytest.raises(Refusal, match=r"request\.unknown"):
        await oda.ask(name, {})


@pytest.mark.parametrize(
    "packet",
    [
        '42/live,7["chat.send",{"text":NaN,"clientId":"a"}]',  # no JSON
        '42/live,7["chat.send",',
        "42/live,7" + "[" * 5000,
        "42/live,7[]",
        "42/live,7[[1],{}]",
        '42/live,7[{"a":1}]',
        "42/live,7{}",
        "49/live,",
        "4",
        "4x",
        '451-/live,["chat.send",{"_placeholder":true,"num":0}]',
    ],
)
async def test_noise_disturbs_nobody(live: Live, packet: str) -> None:
    oda = await organiser(live)
    await oda.client.eio.ws.send_str(packet)
    ann = await live.join("ann", Role.PARTICIPANT)
    await ann.ask("hand.raise", {})
    await ann.told("hand.raised")
    await oda.quit()


async def test_a_megabyte_of_chat_never_arrives(live: Live) -> None:
    oda = await organiser(live)
    ann = await live.join("ann", Role.PARTICIPANT)
    with pytest.raises(Refusal) as refusal:
        await ann.ask("chat.send", text="x" * 5000, clientId="1")
    assert refusal.value.problem.field == "text"
    body = json.dumps(["chat.send", {"text": "x" * 1_000_000, "clientId": "2"}])
    await ann.client.eio.ws.send_str(f"42/live,1{body}")
    await ann.gone()
    changed = await oda.told("participant.changed")
    assert changed["participant"]["state"] == "reconnecting"
    assert "chat.posted" not in oda.kinds()
    back = await live.join("ann", resume=ann)
    await back.told("resumed")


async def test_haste_is_slowed_down(live: Live) -> None:
    oda = await organiser(live)
    codes = [await answer(oda, n) for n in range(30)]
    assert codes[:20] == ["ok"] * 20
    assert "rate.limited" in codes[20:]
    assert oda.connected


async def test_a_flood_ends_the_connection(live: Live) -> None:
    oda = await organiser(live)
    ann = await live.join("ann", Role.PARTICIPANT)
    for number in range(900):
        await ann.client.emit("reaction.send", {"emoji": "👍", "x": number}, namespace="/live")
    removed = await ann.told("removed")
    assert removed["code"] == "flood"
    await ann.gone()
    assert "reaction.sent" not in oda.kinds()
    await oda.ask("hand.raise", {})


async def answer(person: Person, number: int) -> str:
    try:
        await person.ask("chat.send", text="hello", clientId=str(number))
    except Refusal as refusal:
        return refusal.code
    return "ok"
