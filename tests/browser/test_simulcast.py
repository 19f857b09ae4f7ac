"""Sizes of a camera, in Chromium: what is encoded, what each receiver gets, and what nobody watches."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser import (
    People,
    expect_hearing,
    expect_moving,
    frames,
    join,
    needs_chromium,
    person,
    request,
    script_errors,
    stats,
    tile,
)
from tests.support.demo_server import DemoServer

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR = "Daniel Weiss"


async def sizes_sent(page: Page) -> dict[str, float]:
    """Frames a second of each encoding that the page sends."""
    rows = await stats(page, "outbound-rtp")
    return {row["rid"]: row.get("framesPerSecond", 0) for row in rows if row.get("rid")}


def is_screen(row: dict[str, Any]) -> bool:
    return bool(row.get("contentType") == "screenshare")


async def height(face: Locator) -> int:
    """Of the picture that the tile receives."""
    pixels: int = await face.locator("video").evaluate("(video) => video.videoHeight")
    return pixels


async def consumer_of_video(page: Page) -> dict[str, Any]:
    answer = await request(page, "media.stats", {})
    (consumer,) = [item for item in answer["consumers"] if item["kind"] == "video"]
    return dict(consumer)


async def eventually(page: Page, looked_for: Any, within: float = 40.0) -> None:
    async with asyncio.timeout(within):
        while not await looked_for():
            await page.wait_for_timeout(100)


async def test_each_receiver_gets_the_size_it_shows(server: DemoServer, browser: Browser) -> None:
    async with AsyncExitStack() as stack:
        pages = [await person(browser, server.url) for _ in range(2)]
        for page in pages:
            stack.push_async_callback(page.context.close)
        sender, receiver = pages
        emails = ("facilitator@demo.test", "observer@demo.test")
        await asyncio.gather(*(join(page, email) for page, email in zip(pages, emails, strict=True)))
        await expect_moving(tile(receiver, FACILITATOR))
        assert set(await sizes_sent(sender)) == {"r0", "r1", "r2"}
        consumer = (await consumer_of_video(receiver))["id"]

        async def shows(rid: str) -> None:
            await eventually(receiver, lambda: shows_size(sender, tile(receiver, FACILITATOR), rid))
            await expect_moving(tile(receiver, FACILITATOR))

        await shows("r2")
        for asked, rid in ((1, "r0"), (0, "r2"), (1, "r0")):
            await request(receiver, "media.setLayers", {"consumerId": consumer, "height": asked})
            await shows(rid)
        video = tile(receiver, FACILITATOR).locator("video")
        await request(receiver, "media.setLayers", {"consumerId": consumer, "visible": False})
        await receiver.wait_for_timeout(500)
        before = await frames(video)
        await receiver.wait_for_timeout(500)
        assert await frames(video) <= before + 1
        await request(receiver, "media.setLayers", {"consumerId": consumer, "height": 1})
        await shows("r0")
        await eventually(sender, lambda: sends_only(sender, {"r0"}))
        await request(receiver, "media.setLayers", {"consumerId": consumer})
        await shows("r2")
        lost = [row["packetsLost"] for row in await stats(receiver, "inbound-rtp") if row["kind"] == "video"]
        assert lost == [0]
        assert [script_errors(page) for page in pages] == [[], []]


async def shows_size(sender: Page, face: Locator, rid: str, *, screen: bool = False) -> bool:
    """Whether the tile gets this encoding. Its size is the sender's to choose: busy ones shrink it."""
    rows = [row for row in await stats(sender, "outbound-rtp") if is_screen(row) == screen]
    sizes = {row.get("rid"): row.get("frameHeight") for row in rows}
    return await height(face) == sizes[rid]


async def sends_only(page: Page, rids: set[str]) -> bool:
    return {rid for rid, rate in (await sizes_sent(page)).items() if rate} == rids


HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_each_tile_gets_the_size_it_has_on_the_page(people: People) -> None:
    """Beside another tile, pinned, in a small window, behind another tab: nobody asks but the page itself."""
    sender, receiver = await asyncio.gather(people.join("facilitator"), people.join("participant"))
    face = tile(receiver, FACILITATOR)
    await expect_moving(face)

    async def shows(rid: str) -> None:
        await eventually(receiver, lambda: shows_size(sender, face, rid))
        await expect_moving(face)

    await shows("r1")
    await eventually(sender, lambda: sends_only(sender, {"r0", "r1"}))  # nobody watches the largest
    await choose(face, "Pin")
    await expect(face.get_by_text("Pinned")).to_be_attached()
    await shows("r2")
    await receiver.set_viewport_size({"width": 420, "height": 420})
    await choose(face, "Unpin")
    await shows("r0")
    await receiver.set_viewport_size({"width": 1280, "height": 720})
    await shows("r1")

    await receiver.evaluate(HIDE, True)
    await eventually(receiver, lambda: stands_still(receiver, face))
    await expect_hearing(receiver)
    await receiver.evaluate(HIDE, False)
    await expect_moving(face)


async def test_a_screen_comes_whole_where_it_is_large_and_small_as_a_thumbnail(people: People) -> None:
    sender, receiver = await asyncio.gather(people.join("facilitator"), people.join("participant"))
    await expect_moving(tile(receiver, FACILITATOR))
    await sender.get_by_role("button", name="Share screen").click()
    screen = tile(receiver, f"{FACILITATOR}'s screen")
    await expect_moving(screen, at_least=3)

    async def shows(rid: str) -> None:
        await eventually(receiver, lambda: shows_size(sender, screen, rid, screen=True))
        await expect_moving(screen, at_least=3)

    await shows("r1")
    await choose(tile(receiver, FACILITATOR), "Pin")
    await shows("r0")
    await receiver.get_by_role("button", name="Show Daniel").click()
    await expect(tile(receiver, FACILITATOR).get_by_text("Pinned")).not_to_be_attached()
    await shows("r1")


async def test_a_panel_over_the_picture_stops_the_picture_alone(people: People) -> None:
    narrow = {"width": 390, "height": 844}
    receiver, _ = await asyncio.gather(
        people.join("participant", viewport=narrow), people.join("facilitator")
    )
    face = tile(receiver, FACILITATOR)
    await expect_moving(face)
    await receiver.get_by_role("button", name="People").click()
    await eventually(receiver, lambda: stands_still(receiver, face))
    await expect_hearing(receiver)
    await receiver.get_by_role("button", name="Close panel").click()
    await expect_moving(face)


async def choose(face: Locator, entry: str) -> None:
    """From the menu of a tile, which stands there while the mouse is over it."""
    await face.hover()
    await face.get_by_role("button", name="Actions for").click()
    await face.page.get_by_role("menuitem", name=entry, exact=False).click()


async def stands_still(page: Page, face: Locator) -> bool:
    video = face.locator("video")
    before = await frames(video)
    await page.wait_for_timeout(500)
    return await frames(video) <= before + 1


#: A browser that knows no other video codec than this one.
ONLY = """(codec) => {
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (track, init) {
    const transceiver = add.call(this, track, init);
    const kind = typeof track === "string" ? track : track.kind;
    if (kind === "video") {
      const known = RTCRtpReceiver.getCapabilities("video").codecs;
      transceiver.setCodecPreferences(known.filter((one) => [codec, "video/rtx"].includes(one.mimeType)));
    }
    return transceiver;
  };
}"""


@pytest.mark.parametrize("codec", ["video/VP9", "video/AV1"])
async def test_layers_inside_a_stream_are_chosen_for_each_receiver(
    server: DemoServer, browser: Browser, codec: str
) -> None:
    """One stream of three sizes (L3T3_KEY): the receiver gets the one that its page has room for."""
    async with AsyncExitStack() as stack:
        pages = [await person(browser, server.url) for _ in range(2)]
        for page in pages:
            stack.push_async_callback(page.context.close)
            await page.add_init_script(f"({ONLY})({codec!r})")
        sender, receiver = pages
        emails = ("facilitator@demo.test", "observer@demo.test")
        await asyncio.gather(*(join(page, email) for page, email in zip(pages, emails, strict=True)))
        face = tile(receiver, FACILITATOR)
        await expect_moving(face)
        rows = [row for row in await stats(sender, "outbound-rtp") if row["kind"] == "video"]
        assert [row.get("scalabilityMode") for row in rows] == ["L3T3_KEY"]
        consumer = (await consumer_of_video(receiver))["id"]

        async def layer() -> int:
            return int((await consumer_of_video(receiver))["target"][0])

        async def small() -> bool:
            return await height(face) <= rows[0]["frameHeight"] / 2 and await layer() == 0

        async def large() -> bool:
            return await height(face) > rows[0]["frameHeight"] / 2 and await layer() > 0

        for asked, reached in ((1, small), (0, large), (1, small)):
            await request(receiver, "media.setLayers", {"consumerId": consumer, "height": asked})
            await eventually(receiver, reached, 60)
            await expect_moving(face)
        lost = [row["packetsLost"] for row in await stats(receiver, "inbound-rtp") if row["kind"] == "video"]
        assert lost == [0]
        assert [script_errors(page) for page in pages] == [[], []]
