"""Sizes of a camera, in Chromium: what is encoded, what each receiver gets, and what nobody watches."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.support.browser import (
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


async def height(page: Page) -> int:
    """Of the picture that the page receives."""
    heights = [
        row.get("frameHeight", 0) for row in await stats(page, "inbound-rtp") if row["kind"] == "video"
    ]
    return max(heights, default=0)


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
            await eventually(receiver, lambda: shows_size(sender, receiver, rid))
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


async def shows_size(sender: Page, receiver: Page, rid: str) -> bool:
    """Whether the receiver gets this encoding. Its size is the sender's to choose: a busy one makes them
    smaller.
    """
    sizes = {row.get("rid"): row.get("frameHeight") for row in await stats(sender, "outbound-rtp")}
    return await height(receiver) == sizes[rid]


async def sends_only(page: Page, rids: set[str]) -> bool:
    return {rid for rid, rate in (await sizes_sent(page)).items() if rate} == rids
