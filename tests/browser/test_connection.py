"""What a person is told about the connection: in words on a tile when it is poor, in numbers on request."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.support.browser import People, audit, expect_moving, needs_chromium, overflow, script_errors, tile
from tests.support.demo_server import demo_server_behind
from tests.support.impairment import Impairment

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR, PARTICIPANT = "Daniel Weiss", "Sofía Álvarez"
POOR = "Poor connection"
DESK: ViewportSize = {"width": 1280, "height": 720}
PHONE: ViewportSize = {"width": 360, "height": 740}


async def test_a_poor_connection_is_said_on_the_tile_and_taken_back(browser: Browser, tmp_path: Path) -> None:
    """The way down alone is bad, and to one page there is one other: it is their tile that says so."""
    async with demo_server_behind(tmp_path) as (server, network):
        people = People(browser, server.url, {})
        page, other = await asyncio.gather(people.join("participant"), people.join("facilitator"))
        face = tile(page, FACILITATOR)
        await expect_moving(face)
        await expect(face.get_by_text(POOR)).to_have_count(0)
        await network.change(down=Impairment(loss=0.4))
        await expect(face.get_by_text(POOR)).to_be_visible(timeout=40_000)
        assert await audit(page) == []
        await network.change(down=Impairment())
        await expect(face.get_by_text(POOR)).to_have_count(0, timeout=60_000)
        assert [script_errors(each) for each in (page, other)] == [[], []]
        await people.close()


def entry(dialog: Locator, title: str) -> Locator:
    """One stream's numbers."""
    return dialog.locator(".statistics-entry").filter(has=dialog.page.get_by_role("heading", name=title))


async def open_statistics(page: Page) -> Locator:
    await page.keyboard.press("i")
    dialog = page.get_by_role("dialog", name="Connection statistics")
    await expect(dialog.get_by_role("heading", name="You receive")).to_be_visible(timeout=15_000)
    return dialog


async def test_statistics_are_a_key_away_and_can_be_copied(people: People) -> None:
    page, _ = await asyncio.gather(people.join("participant", viewport=DESK), people.join("facilitator"))
    await expect_moving(tile(page, FACILITATOR))
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(keys.get_by_text("Show what your connection carries")).to_be_visible()
    await page.keyboard.press("Escape")
    dialog = await open_statistics(page)
    camera = entry(dialog, f"{FACILITATOR}'s camera")
    for label in ("Codec", "Size", "Frames", "Rate", "Loss", "Jitter", "Layer", "Freezes"):
        await expect(camera.get_by_text(label, exact=True)).to_be_visible()
    await expect(entry(dialog, "From the server").get_by_text("UDP", exact=True)).to_be_visible()
    await expect(entry(dialog, "Your camera, small").get_by_text("VP8", exact=True)).to_be_visible()
    await expect(entry(dialog, "Your microphone").get_by_text("opus", exact=True)).to_be_visible()
    assert await audit(page) == []
    await dialog.get_by_role("button", name="Copy as text").click()
    await expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert f"- {FACILITATOR}'s camera: Codec VP8" in copied
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_statistics_fit_a_phone_and_are_found_without_a_keyboard(people: People) -> None:
    page = await people.join("participant", viewport=PHONE, has_touch=True, is_mobile=True)
    await expect(page.get_by_role("button", name="Connection statistics")).to_be_hidden()
    await page.get_by_role("button", name="Devices").click()
    await page.get_by_role("menuitem", name="Connection statistics").click()
    dialog = page.get_by_role("dialog", name="Connection statistics")
    await expect(dialog.get_by_role("heading", name="You send")).to_be_visible(timeout=15_000)
    assert await overflow(page) == 0
    assert await dialog.evaluate("(element) => element.scrollWidth <= element.clientWidth")
    assert await audit(page) == []
