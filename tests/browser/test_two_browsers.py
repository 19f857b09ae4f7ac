"""Chromium and Firefox in one room: they see and hear each other, over a good network and over a bad one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.support.browser import People, needs_chromium, script_errors, stats
from tests.support.demo_server import demo_server, demo_server_behind, own_address
from tests.support.firefox import FirefoxPage, firefox, needs_firefox
from tests.support.impairment import Impairment
from tests.support.senses import Evaluate, expect_picture_moves, sends_tone, tone

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    needs_firefox,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

IN_CHROMIUM, IN_FIREFOX = "Daniel Weiss", "Sofía Álvarez"
TONES = {IN_CHROMIUM: 440, IN_FIREFOX: 660}  # Hz

# 5 % loss, 80 ms and 1 Mbit/s, each way.
BAD = Impairment(loss=0.05, delay=0.08, rate=125_000)


@dataclass(frozen=True, slots=True)
class Pair:
    chromium: Page
    firefox: FirefoxPage

    @property
    def evaluate(self) -> dict[str, Evaluate]:
        """By the name of who sits there."""

        async def in_firefox(script: str, argument: Any) -> Any:
            return await self.firefox.evaluate(script, argument)

        return {IN_CHROMIUM: self.chromium.evaluate, IN_FIREFOX: in_firefox}


@asynccontextmanager
async def pair(browser: Browser, url: str, profile: Path) -> AsyncIterator[Pair]:
    people = People(browser, url, {})
    page = await people.open("facilitator")
    await page.context.add_init_script(sends_tone(TONES[IN_CHROMIUM]))
    async with firefox(profile, url, tone=TONES[IN_FIREFOX]) as fox:
        await asyncio.gather(people.enter(page), fox.join("participant"))
        yield Pair(page, fox)
        errors = [*script_errors(page), *fox.errors()]
    await people.close()
    assert errors == []


async def expect_both_hear(two: Pair, *, clear: float) -> None:
    """The tone that one sends is the one that the other hears, in at least this share of the time."""
    for speaker, listener in ((IN_CHROMIUM, IN_FIREFOX), (IN_FIREFOX, IN_CHROMIUM)):
        sent, received = await asyncio.gather(
            tone(two.evaluate[speaker], "sent"), tone(two.evaluate[listener], "received")
        )
        assert sent.frequency == pytest.approx(TONES[speaker], abs=12), f"{speaker} sends {sent}"
        assert received.frequency == pytest.approx(sent.frequency, abs=12), f"{listener} hears {received}"
        assert received.clear >= clear, f"{listener} hears {received}"


async def expect_both_see(two: Pair, *, within_s: float) -> None:
    await asyncio.gather(
        expect_picture_moves(two.evaluate[IN_CHROMIUM], IN_FIREFOX, within_s=within_s),
        expect_picture_moves(two.evaluate[IN_FIREFOX], IN_CHROMIUM, within_s=within_s),
    )


def encoded(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Frames of each size that is sent."""
    return {row["rid"]: row.get("framesEncoded", 0) for row in rows if row.get("rid")}


async def test_they_see_and_hear_each_other_in_several_sizes(browser: Browser, tmp_path: Path) -> None:
    settings = {"CONVENE_MEDIA_ADDRESS": own_address()}
    async with (
        demo_server(tmp_path, settings=settings) as server,
        pair(browser, server.url, tmp_path / "firefox") as two,
    ):
        await expect_both_see(two, within_s=30)
        await expect_both_hear(two, clear=0.9)
        for rows in (await stats(two.chromium, "outbound-rtp"), await two.firefox.stats("outbound-rtp")):
            sizes = encoded(rows)
            assert set(sizes) == {"r0", "r1", "r2"}
            assert sum(frames > 0 for frames in sizes.values()) >= 2, sizes


async def test_they_see_and_understand_each_other_over_a_bad_network(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        demo_server_behind(tmp_path, up=BAD, down=BAD, seed=7, listen=own_address()) as (server, network),
        pair(browser, server.url, tmp_path / "firefox") as two,
    ):
        await expect_both_see(two, within_s=60)
        await expect_both_hear(two, clear=0.8)
        await expect_both_see(two, within_s=60)
        counts = await network.counts()
        assert counts["up"]["lost"] > 0
        assert counts["down"]["lost"] > 0
