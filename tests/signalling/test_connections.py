"""Connections that misbehave: silent, deaf, uninvited, too many, or not speaking the protocol. Each costs
itself its connection, and nobody else anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from signalling import messages as m
from signalling.connections import ConnectionSettings
from signalling.permissions import Role
from tests.support.live import NAMESPACE, ORIGIN, SLOT, Live, Person, live_server, until
from tests.support.raw import Deaf, Raw, raw


@asynccontextmanager
async def serving(settings: ConnectionSettings) -> AsyncIterator[Live]:
    async with live_server(connections=settings) as live:
        yield live
        await live.verify()


async def host(live: Live) -> Person:
    return await live.join("fay", Role.FACILITATOR)


def reconnecting(event: dict[str, object]) -> bool:
    participant = event["participant"]
    return isinstance(participant, dict) and participant["state"] == "reconnecting"


def ticket(live: Live, identity: str = "eve") -> str:
    live.ledger.admit(SLOT, identity, Role.PARTICIPANT)
    return live.ticket(identity)


# --- who does not answer, who does not read ---


async def test_a_silent_connection_is_dropped_while_the_room_goes_on() -> None:
    """It is told of all that others do until its end is noticed; nobody may wait for it."""
    async with serving(ConnectionSettings(ping_every=0.1, ping_timeout=1.0)) as live, raw(live) as silent:
        fay = await host(live)
        await silent.open()
        await silent.enter(ticket(live))  # and never answers a ping
        noticed = asyncio.create_task(fay.told("participant.changed", where=reconnecting))
        while not noticed.done():
            await fay.ask("reaction.send", emoji="👍")
            await asyncio.wait([noticed], timeout=0.2)  # no faster than reactions may come
        await fay.ask("chat.send", text="undisturbed", clientId="1")
        await silent.gone()


async def test_a_browser_that_stops_reading_is_put_out() -> None:
    async with serving(ConnectionSettings(unread=100_000)) as live:
        fay = await host(live)
        with Deaf() as deaf:
            sid = await deaf.enter(live, ticket(live))
            for number in range(1000):  # the kernel takes some megabytes first
                await live.hub.send_direct(sid, m.Removed(message="x" * 60_000))
                await fay.ask("hand.lower", {}) if number % 50 == 0 else await asyncio.sleep(0)
                if "participant.changed" in fay.kinds():
                    break
            assert reconnecting(await fay.told("participant.changed"))
            await fay.ask("chat.send", text="undisturbed", clientId="1")


async def test_who_stops_polling_is_put_out() -> None:
    async with serving(ConnectionSettings(unread=100_000)) as live, raw(live) as lazy:
        fay = await host(live)
        sid = await lazy.begin_polling()
        await lazy.post(sid, ("40/live," + json.dumps({"ticket": ticket(live)})).encode())
        _, answer = await lazy.poll(f"&sid={sid}")
        socket_id = json.loads(answer.split("40/live,")[1].split("\x1e")[0])["sid"]
        for _ in range(3):
            await live.hub.send_direct(socket_id, m.Removed(message="x" * 60_000))
        assert reconnecting(await fay.told("participant.changed"))
        assert (await lazy.poll(f"&sid={sid}"))[0] == 400


async def test_messages_of_every_size_arrive_whole(live: Live) -> None:
    """The length of a frame is written in three ways (RFC 6455 section 5.2)."""
    async with raw(live) as browser:
        await browser.open()
        await browser.enter(ticket(live))
        around = len('42/live,["direct",{"type":"removed","message":"","code":""}]')
        for size in (125, 126, 65_535, 65_536, 200_000):
            await live.hub.send_direct(browser.sid, m.Removed(message="x" * (size - around), code=""))
            while len(heard := await browser.until('42/live,["direct"')) < size - 100 or "welcome" in heard:
                pass
            assert len(heard) == size
            assert json.loads(heard[8:])[1]["message"] == "x" * (size - around)


# --- who comes in without entering ---


async def test_who_enters_no_room_is_sent_away() -> None:
    async with serving(ConnectionSettings(enter_within=0.2)) as live, raw(live) as idle, raw(live) as left:
        fay = await host(live)
        await left.open()
        await left.enter(ticket(live))
        await left.send("41/live,")  # out of the namespace, but still connected
        sid = await idle.begin_polling()
        await idle.open()
        for _ in range(3):
            await idle.send('40/live,{"ticket":"nonsense"}')  # trying does not prolong it
            await idle.until("44/live,")
        await idle.gone()
        await left.gone()
        assert (await idle.poll(f"&sid={sid}"))[0] in (200, 400)  # its goodbye, or nothing any more
        assert (await idle.poll(f"&sid={sid}"))[0] == 400
        await fay.ask("hand.raise", {})


async def test_an_address_has_so_many_connections() -> None:
    async with serving(ConnectionSettings(per_address=2)) as live, raw(live) as first, raw(live) as second:
        await first.open()
        await second.begin_polling()
        async with raw(live) as third:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await third.open()
            assert refused.value.status == 429
            assert (await third.poll())[0] == 429
            await first.send("1")
            await first.gone()
            await until(lambda: live.hub.connections == 1)
            await third.open()


async def test_there_is_room_for_so_many_connections() -> None:
    async with serving(ConnectionSettings(total=1)) as live, raw(live) as first, raw(live) as second:
        await first.open()
        assert (await second.poll())[0] == 503


async def test_nothing_is_left_of_connections_that_failed(live: Live) -> None:
    async with raw(live) as browser:
        headers = {"Connection": "Upgrade", "Upgrade": "websocket"}  # and no key
        url = f"{live.url}/socket.io/?EIO=4&transport=websocket"
        async with browser.http.get(url, headers=headers) as response:
            assert response.status == 400
        await browser.open()
    await until(lambda: live.hub.connections == 0)


async def test_who_goes_while_being_let_in_is_not_kept(live: Live) -> None:
    fay = await host(live)
    async with raw(live) as browser:
        sid = await browser.begin_polling()
        hello = ("40/live," + json.dumps({"ticket": ticket(live)})).encode()
        live.ledger.answering.clear()
        entering = asyncio.create_task(browser.post(sid, hello))
        await until(lambda: live.ledger.waiting == 1)
        await browser.post(sid, b"1")
        live.ledger.answering.set()
        await entering
        assert reconnecting(await fay.told("participant.changed"))
        known = live.hub._sio.manager.get_participants(NAMESPACE, None)
        assert len(list(known)) == live.hub.connections == 1


# --- what is no packet ---

NOISE: list[str | bytes] = [
    "",
    "n",
    "7",
    "9{}",
    "-1",
    "²",
    "b4AAA",
    "2probe",
    "5",
    "4",
    "4x",
    '4"2"',
    "4" + "[" * 20_000,
    "4{}",
    "43/live,1[]",
    "44/live,{}",
    "49/live,",
    "42/live,",
    "42/live,7[]",
    "42/live,7{}",
    "42/live," + "1" * 101 + '["hand.raise",{}]',
    '451-/live,["chat.send",{"_placeholder":true,"num":0}]',
    '4599999999999-/live,["chat.send",{}]',
    "461-/live,1[]",
    b"",
    b"\x00\xff\x80",
    b'2/live,7["hand.raise",{}]',
]


@pytest.mark.parametrize("entered", [True, False], ids=["in the room", "outside"])
@pytest.mark.parametrize("noise", NOISE, ids=lambda noise: repr(noise[:20]))
async def test_what_is_no_packet_ends_the_connection(
    live: Live, noise: str | bytes, entered: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fay = await host(live)
    async with raw(live) as browser:
        await browser.open()
        if entered:
            await browser.enter(ticket(live))
        caplog.clear()
        await browser.send(noise)
        assert await browser.gone() == 1000
    await fay.ask("hand.raise", {})
    lines = [record for record in caplog.records if record.name.startswith("signalling")]
    assert [(line.levelname, line.exc_info) for line in lines] == [("INFO", None)]
    assert "malformed" in lines[0].getMessage()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("noise", [*NOISE, b"4" * 70_000, "\x1e".join(["3"] * 17), b"\xff"])
async def test_what_is_no_packet_ends_the_polling(
    live: Live, noise: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    if noise in ("", b""):
        return  # an empty body is no packet at all
    caplog.set_level(logging.INFO)
    fay = await host(live)
    async with raw(live) as browser:
        sid = await browser.begin_polling()
        caplog.clear()
        assert await browser.post(sid, noise.encode() if isinstance(noise, str) else noise) == 400
        assert (await browser.poll(f"&sid={sid}"))[0] == 400
    await fay.ask("hand.raise", {})
    lines = [record for record in caplog.records if record.name.startswith("signalling")]
    assert [(line.levelname, line.exc_info) for line in lines] == [("INFO", None)]


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        ("40/other,", "44/other,"),
        ("40", "44"),
        ("40/live,{}", "44/live,"),
        ("40/live,[[[", "44/live,"),
        ('42/live,7["chat.send",{"text":NaN,"clientId":"a"}]', "43/live,7"),
        ('42/live,7["chat.send",{"text":' + "1" * 5000 + "}]", "43/live,7"),
        ("42/live,7" + "[" * 20_000, "43/live,7"),
        ("42/live," + "9" * 99 + '["hand.lower",{}]', "43/live," + "9" * 99),
        ("42/live,7[[1],{}]", "43/live,7"),
    ],
)
async def test_what_is_a_packet_but_wrong_is_refused(live: Live, packet: str, answer: str) -> None:
    async with raw(live) as browser:
        await browser.open()
        if packet.startswith("42"):
            await browser.enter(ticket(live))
        await browser.send(packet)
        await browser.until(answer)


async def test_events_of_a_namespace_that_one_is_not_in_go_nowhere(live: Live) -> None:
    fay = await host(live)
    async with raw(live) as browser:
        await browser.open()
        for packet in ('42/live,1["hand.raise",{}]', '42/other,1["hand.raise",{}]', '421["hand.raise",{}]'):
            await browser.send(packet)
        await browser.enter(ticket(live))
        assert [line for line in browser.heard if line.startswith("43")] == []
    assert "hand.raised" not in fay.kinds()


async def test_a_flood_of_any_packets_ends_the_connection(live: Live) -> None:
    fay = await host(live)
    async with raw(live) as browser:
        await browser.open()
        with contextlib.suppress(aiohttp.ClientError):  # closed in the midst of it
            for _ in range(5000):
                await browser.send('42/other,["x"]')
        await browser.gone()
    await fay.ask("hand.raise", {})


# --- where it comes from, what is not spoken ---


@pytest.mark.parametrize(
    ("origin", "welcome"), [(ORIGIN, True), ("https://evil.test", False), ("null", False)]
)
async def test_a_foreign_page_opens_no_web_socket(live: Live, origin: str, welcome: bool) -> None:
    async with raw(live, Origin=origin) as browser:
        if welcome:
            await browser.open()
        else:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await browser.open()


async def test_answers_cannot_be_read_by_way_of_a_script(live: Live) -> None:
    async with raw(live) as page:
        assert (await page.poll("&j=0"))[0] == 400


async def test_nothing_is_compressed(live: Live) -> None:
    """No compression bombs, and no compressor for each browser."""
    async with raw(live) as browser:
        assert (await browser.open(compress=15)).compress == 0


async def test_polling_is_not_changed_into_a_web_socket(live: Live) -> None:
    async with raw(live) as browser:
        sid = await browser.begin_polling()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await browser.http.ws_connect(f"{live.url}/socket.io/?EIO=4&transport=websocket&sid={sid}")


async def test_where_only_polling_works_everything_else_does(live: Live) -> None:
    fay = await host(live)
    pat = Person("pat")
    live.people.append(pat)
    await pat.client.connect(
        live.url,
        auth={"ticket": ticket(live, "pat")},
        headers={"Origin": ORIGIN},
        namespaces=[NAMESPACE],
        transports=["polling"],
    )
    await fay.ask("chat.send", text="hello", clientId="1")
    await pat.told("chat.posted")
    await pat.ask("hand.raise", {})
    await fay.told("hand.raised")
    assert await pat.ask("room.leave", {}) == {}
    await pat.gone()


# --- the goodbye ---


async def frames(browser: Raw) -> list[str]:
    """What comes until the server closes: types of messages, acknowledgements, goodbyes."""
    before = len(browser.heard)
    code = await browser.gone()
    return [_kind(line) for line in browser.heard[before:]] + [f"close {code}"]


def _kind(line: str) -> str:
    if line.startswith("42/live,"):
        return str(json.loads(line[8:])[1]["type"])
    return line


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("room.leave", ["participant.left", '43/live,1[{"ok":true}]', "41/live,", "1", "close 1000"]),
        ("room.end", ["room.ended", '43/live,1[{"ok":true}]', "41/live,", "1", "close 1000"]),
    ],
)
async def test_the_acknowledgement_comes_before_the_goodbye(
    live: Live, name: str, expected: list[str]
) -> None:
    live.ledger.admit(SLOT, "fay", Role.FACILITATOR)
    async with raw(live) as fay:
        await fay.open()
        await fay.enter(live.ticket("fay"))
        await fay.send(f'42/live,1["{name}",{{}}]')
        assert await frames(fay) == expected


async def test_the_acknowledgement_comes_before_the_goodbye_by_polling_too(live: Live) -> None:
    live.ledger.admit(SLOT, "fay", Role.FACILITATOR)
    async with raw(live) as fay:
        sid = await fay.begin_polling()
        await fay.post(sid, ("40/live," + json.dumps({"ticket": live.ticket("fay")})).encode())
        await fay.poll(f"&sid={sid}")
        await fay.post(sid, b'42/live,1["room.end",{}]')  # and is not asking for answers just now
        await until(lambda: live.hub.phase(SLOT) is None)
        status, text = await fay.poll(f"&sid={sid}")
        assert status == 200
        packets = text.split("\x1e")
        assert packets.index('43/live,1[{"ok":true}]') < packets.index("41/live,")
