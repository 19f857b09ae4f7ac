"""The pages as such: registering; axe-core on every page and state, small and large; the theme."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Route, ViewportSize, expect

from tests.support.browser import People, audit, enter, expect_moving, needs_chromium, overflow, tile

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
STILL: dict[str, Any] = {"reduced_motion": "reduce"}


async def examine(page: Page, state: str, *, themes: tuple[str, ...] = ("light", "dark")) -> None:
    """Nothing for axe-core to find, and nothing wider than the window, small and large, light and dark."""
    found: list[str] = []
    for size in (PHONE, DESK):
        await page.set_viewport_size(size)
        if excess := await overflow(page):
            found.append(f"{size['width']}: {excess} px too wide")
        for theme in themes:
            await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            found += [f"{size['width']} {theme}: {one}" for one in await audit(page)]
    assert found == [], state


async def open_session(page: Page, title: str) -> None:
    await page.goto("/")
    await page.get_by_role("link", name=title).first.click()
    await expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


async def test_signing_up_registering_and_giving_the_seat_back(people: People) -> None:
    page = await people.open()
    await open_session(page, "Quiet hour")
    await expect(page.get_by_text("24 of 25 seats left")).to_be_visible()
    await page.get_by_role("button", name="Register").click()
    await page.get_by_role("link", name="Create one").click()
    await page.get_by_label("Name").fill("Zoë \N{ARABIC LETTER ALEF} O'Brien-Łukasiewicz")
    await page.get_by_label("Email").fill("zoe@example.test")
    await page.get_by_label("Password", exact=True).fill("a few words in a row")
    await page.get_by_role("button", name="Create account").click()
    # back where one came from
    await expect(page.get_by_role("heading", name="Quiet hour", level=1)).to_be_visible()
    await page.get_by_role("button", name="Register", exact=True).click()
    await expect(page.get_by_text("You have a seat.")).to_be_visible()
    await expect(page.get_by_text("23 of 25 seats left")).to_be_visible()
    await page.goto("/my-sessions")
    await expect(page.get_by_role("link", name="Quiet hour")).to_be_visible()
    await page.get_by_role("link", name="Quiet hour").click()
    await page.get_by_role("button", name="Cancel registration").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Cancel registration").click()
    await expect(page.get_by_role("button", name="Register", exact=True)).to_be_visible()
    await expect(page.get_by_text("24 of 25 seats left")).to_be_visible()


async def test_the_examination_finds_what_is_wrong(people: People) -> None:
    page = await people.open()
    await page.goto("/sign-in")
    await page.evaluate("""() => {
        document.querySelector("main").innerHTML = "<input><p>pale</p>";
        Object.assign(document.querySelector("main p").style, { color: "#bbb", width: "2000px" });
    }""")
    rules = {one.split(":")[0] for one in await audit(page)}
    assert {"label", "color-contrast"} <= rules
    assert await overflow(page) > 0


async def test_pages_for_strangers(people: People) -> None:
    page = await people.open(**STILL)
    for path, heading in (
        ("/", "Sessions"),
        ("/sign-in", "Sign in"),
        ("/sign-up", "Create an account"),
        ("/live/welcome", "Sign in to join"),
        ("/live/nowhere", "There is no room at this address"),
        ("/sessions/nothing", "This session is not here"),
        ("/nowhere", "There is no page at this address"),
    ):
        await page.goto(path)
        await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        await examine(page, path)
    await page.goto("/sign-in")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_label("Email")).to_be_focused()
    await examine(page, "sign-in with errors beside the fields")


async def test_pages_for_members(people: People) -> None:
    page = await people.open("participant", **STILL)
    await page.goto("/")
    await expect(page.get_by_role("link", name="Join")).to_be_visible()
    await examine(page, "sessions")
    await page.get_by_role("button", name="Account").click()
    await examine(page, "account menu")
    await page.goto("/?scope=past&q=zzz")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await examine(page, "nothing found")
    await open_session(page, "Feedback that lands")
    await examine(page, "session with a seat")
    await page.get_by_role("button", name="Cancel registration").click()
    await examine(page, "asking whether to cancel")
    await open_session(page, "Quiet hour")
    await examine(page, "session to register for")
    await page.goto("/account")
    await expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
    await examine(page, "account")


async def test_states_before_and_after_the_room(people: People) -> None:
    page = await people.open("participant", **STILL)
    await page.goto("/live/welcome")
    await expect(page.get_by_role("button", name="Join", exact=True)).to_be_visible()
    await examine(page, "device check")
    await enter(page)
    await page.get_by_role("button", name="Leave", exact=True).click()
    await expect(page.get_by_role("heading", name="You left")).to_be_visible()
    await examine(page, "left")
    observer = await people.open("observer", **STILL)
    await observer.goto("/live/welcome")
    await expect(observer.get_by_role("button", name="Join", exact=True)).to_be_visible()
    await examine(observer, "device check of an observer")


async def test_states_of_the_room(people: People) -> None:
    """The room is dark whatever the theme, so one theme is enough, the one that it must not follow."""
    page = await people.join("participant", **STILL)
    await expect(page.get_by_role("heading", name="The session starts when")).to_be_visible()
    await examine(page, "lobby", themes=("light",))
    facilitator = await people.join("facilitator", **STILL)
    await people.join("observer")
    await expect_moving(tile(page, "Daniel Weiss"))
    await page.get_by_role("button", name="Raise hand").click()
    await page.get_by_role("button", name="Mute microphone").click()
    await page.get_by_role("button", name="Stop camera").click()
    await expect(page.get_by_text("1 observer")).to_be_visible()
    await examine(page, "faces", themes=("light",))
    await page.get_by_role("button", name="Chat").click()
    await page.get_by_label("Message").fill("See https://example.org/" + "x" * 300)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("log", name="Chat").get_by_text("See")).to_be_visible()
    await examine(page, "chat", themes=("light",))
    await facilitator.get_by_role("button", name="People").click()
    await examine(facilitator, "people, with what staff may do", themes=("light",))
    for opener, state in (("React", "reactions"), ("End for all", "asking whether to end")):
        await facilitator.get_by_role("button", name=opener).click()
        await examine(facilitator, state, themes=("light",))
        await facilitator.keyboard.press("Escape")
    await facilitator.keyboard.press("?")
    await examine(facilitator, "keyboard shortcuts", themes=("light",))
    await facilitator.keyboard.press("Escape")
    await facilitator.get_by_role("button", name="Share screen").click()
    await expect_moving(tile(page, "Daniel Weiss's screen"), at_least=1)
    await examine(facilitator, "sharing", themes=("light",))
    await page.get_by_role("button", name="Close panel").click()
    await examine(page, "watching a screen", themes=("light",))


async def test_a_chosen_theme_is_there_before_the_client_is(people: People) -> None:
    page = await people.open(color_scheme="light")
    await page.goto("/")
    await page.get_by_role("button", name="Appearance").click()
    await (
        page.get_by_role("menuitem", name="Dark").or_(page.get_by_role("menuitemradio", name="Dark")).click()
    )

    async def never(route: Route) -> None:
        await route.abort()

    await page.route("**/assets/*.js", never)
    await page.goto("/")
    assert await page.locator("html").get_attribute("data-theme") == "dark"
    assert await page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
