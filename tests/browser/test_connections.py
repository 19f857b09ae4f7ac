"""The page on which staff sees how everybody's connections fare, and the notice of a restart, in Chromium."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_pages import STILL, examine
from tests.support.browser import People, expect_moving, needs_chromium, tile
from tests.support.demo_server import demo_server

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

PAGE = "/live/welcome/connections"
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+:\d+")
FACILITATOR, ANN = "Daniel Weiss", "Sofía Álvarez"


async def test_staff_sees_everybodys_paths_and_streams(people: People) -> None:
    host = await people.join("facilitator")
    ann = await people.join("participant")
    await expect_moving(tile(ann, FACILITATOR))
    page = await people.open("facilitator", **STILL)
    await page.goto("/")
    await page.get_by_role("link", name="Welcome to Convene").first.click()
    await page.get_by_role("link", name="Connections of everybody in the room").click()
    await expect(page.get_by_role("heading", name="Connections", level=1)).to_be_visible()
    sender = page.get_by_role("region", name=FACILITATOR, exact=True)
    await expect(sender.get_by_text("Connected").first).to_be_visible()
    sends = sender.get_by_role("region", name=f"What {FACILITATOR} sends")
    await expect(sends.get_by_role("row", name=re.compile("Camera VP8 r0")).first).to_be_visible()
    # Rates come with the second report.
    await expect(sends.get_by_text(re.compile(r"\d+(\.\d)? [kM]bit/s")).first).to_be_visible()
    receiver = page.get_by_role("region", name=ANN, exact=True)
    await receiver.get_by_text("Receives").first.click()
    rows = receiver.get_by_role("region", name=f"What {ANN} receives")
    await expect(rows.get_by_role("rowheader", name=FACILITATOR).first).to_be_visible()
    assert not ADDRESS.search(await page.locator("main").inner_text())
    await examine(page, "connections")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("button", name="Go on refreshing")).to_be_visible()
    await host.close()


async def test_addresses_are_shown_to_who_runs_the_installation(people: People) -> None:
    await people.join("facilitator")
    page = await people.open("organiser")
    await page.goto(PAGE)
    await expect(page.get_by_text(ADDRESS).first).to_be_visible()


async def test_others_are_told_that_it_is_for_staff(people: People) -> None:
    page = await people.open("participant", **STILL)
    await page.goto(PAGE)
    await expect(page.get_by_role("heading", name="This page is for staff")).to_be_visible()
    await examine(page, "connections, refused")
    await page.goto("/live/nowhere/connections")
    await expect(page.get_by_role("heading", name="This room is not here")).to_be_visible()


async def test_a_restart_is_said_in_the_room_and_the_room_goes_on(tmp_path: Path, browser: Browser) -> None:
    async with demo_server(tmp_path, drain=600) as server:
        people = People(browser, server.url, {})
        try:
            host = await people.join("facilitator")
            ann = await people.join("participant")
            server.process.send_signal(signal.SIGTERM)
            for page in (host, ann):
                await expect(
                    page.get_by_text("The server restarts in 10 minutes at the latest")
                ).to_be_visible()
            await expect_moving(tile(ann, FACILITATOR))
        finally:
            await people.close()
        server.process.send_signal(signal.SIGTERM)
        assert await server.process.wait() == 0
