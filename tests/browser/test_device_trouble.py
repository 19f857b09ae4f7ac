"""What a page says when camera, microphone or network are missing: always what to do, never a dead end."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import People, chromium, enter, expect_moving, needs_chromium, sign_in, tile
from tests.support.demo_server import DemoServer, demo_server

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR = "Daniel Weiss"
PARTICIPANT = "Sofía Álvarez"


async def expect_advice(page: Page, title: str, steps: str) -> None:
    await expect(page.get_by_text(title)).to_be_visible()
    await expect(page.get_by_text(steps)).to_be_visible()


async def test_without_camera_and_microphone_one_still_sees_the_others(people: People) -> None:
    await people.join("facilitator")
    async with chromium(devices=False) as bare:
        page = await people.open("participant", on=bare)
        await page.goto("/live/welcome")
        await expect_advice(page, "No camera or microphone found.", "Plug one in, then try again.")
        await enter(page)
        await expect_moving(tile(page, FACILITATOR))
        await page.get_by_role("button", name="Unmute microphone").click()
        await expect(page.get_by_text("No microphone found. Plug one in, then try again.")).to_be_visible()
        await page.get_by_role("button", name="Start camera").click()
        await expect(page.get_by_text("No camera found. Plug one in, then try again.")).to_be_visible()


async def test_a_refused_permission_is_explained_and_can_be_given_later(people: People) -> None:
    facilitator = await people.join("facilitator")
    async with chromium(screens=False) as careful:
        page = await people.open("participant", on=careful, permissions=[])
        await page.goto("/live/welcome")
        await expect_advice(
            page,
            "Your browser does not let this page use your camera and microphone.",
            "Click the symbol to the left of the address",
        )
        await expect(page.get_by_label("Camera", exact=True)).to_contain_text("Not allowed")
        await enter(page)
        await expect_moving(tile(page, FACILITATOR))
        await page.get_by_role("button", name="Start camera").click()
        await expect(page.get_by_text("Your browser does not let this page use your camera.")).to_be_visible()
        await page.context.grant_permissions(["camera", "microphone"])
        await page.get_by_role("button", name="Start camera").click()
        await expect_moving(tile(facilitator, PARTICIPANT))


async def test_where_nothing_gets_through_the_page_says_so_and_chat_works(
    browser: Browser, tmp_path: Path
) -> None:
    async with demo_server(tmp_path, settings={"CONVENE_MEDIA_ADDRESS": "198.51.100.1"}) as server:
        people = People(browser, server.url, {})
        facilitator, page = [await people.join(who) for who in ("facilitator", "participant")]
        advice = page.get_by_text("Your network may block video calls")
        await expect(advice).to_be_visible(timeout=20_000)
        for one in (page, facilitator):
            await one.get_by_role("button", name="Chat").click()
        await page.get_by_label("Message").fill("I hear nothing")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(
            facilitator.get_by_role("log", name="Chat").get_by_text("I hear nothing")
        ).to_be_visible()
        await people.close()


async def test_an_insecure_address_is_explained_and_one_can_watch(people: People, server: DemoServer) -> None:
    await people.join("facilitator")
    async with chromium("--host-resolver-rules=MAP convene.test 127.0.0.1") as plain:
        url = server.url.replace("127.0.0.1", "convene.test")
        # Without navigator.userAgentData, which is for secure pages, browsers are told apart by this line; no
        # person's browser calls itself headless.
        agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{plain.version} Safari/537.36"
        page = await people.open(on=plain, base_url=url, permissions=[], user_agent=agent)
        await sign_in(page, "participant@demo.test", to="/live/welcome")
        assert not await page.evaluate("isSecureContext")
        await expect_advice(page, "This page is not on a secure address.", "Open the same address with https")
        await enter(page)
        await expect_moving(tile(page, FACILITATOR))
