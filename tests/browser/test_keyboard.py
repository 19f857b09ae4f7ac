"""The main journey without a mouse: sign in, look into the devices, join, write, leave."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browser import People, needs_chromium
from tests.support.demo_server import DEMO_PASSWORD

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

# Where the focus is: inside the window, and with an outline, on the element itself or on what it stands for.
STOP = """() => {
  const one = document.activeElement;
  const { width, height, x, y } = one.getBoundingClientRect();
  const outlined = (element, part) => getComputedStyle(element, part).outlineStyle !== "none";
  return {
    html: one.outerHTML.slice(0, 200),
    inside: width > 0 && height > 0 && x >= -1 && y >= -1 && x < innerWidth && y < innerHeight,
    drawn: outlined(one) || outlined(one, "::after") || outlined(one.closest("li, article, label") ?? one),
  };
}"""


async def tab_to(page: Page, what: Locator, *, within: int = 40) -> None:
    """Presses Tab until it has the focus. On the way, every stop is on screen and can be seen to have it."""
    stop = None
    for _ in range(within):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.tabIndex < 0"):
            continue  # the browser's own bars, or a page that took the focus as it opened: no stop of Tab
        stop = await page.evaluate(STOP)
        assert stop["inside"], stop
        assert stop["drawn"], stop
        if await what.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{within} times Tab do not lead to {what}; the last stop was {stop}")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


async def test_from_sign_in_to_a_message_and_out_again(people: People) -> None:
    page = await people.open()
    await page.goto("/")
    await expect(page.get_by_role("link", name="Welcome to Convene").first).to_be_visible()
    await tab_to(page, page.get_by_role("banner").get_by_role("link", name="Sign in"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await tab_to(page, page.get_by_label("Email"))
    await page.keyboard.type("participant@demo.test")
    await tab_to(page, page.get_by_label("Password", exact=True))
    await page.keyboard.type(DEMO_PASSWORD)
    await page.keyboard.press("Enter")
    join = page.get_by_role("link", name="Join").first
    await expect(join).to_be_visible()
    await tab_to(page, join)
    await page.keyboard.press("Enter")

    await expect(button(page, "Join")).to_be_visible()
    await tab_to(page, button(page, "Mute microphone"))
    await page.keyboard.press("Space")
    await expect(button(page, "Unmute microphone")).to_be_focused()
    await tab_to(page, button(page, "Join"))
    await page.keyboard.press("Enter")

    await expect(button(page, "Leave")).to_be_visible()
    await expect(button(page, "Unmute microphone")).to_be_visible()  # as it was chosen before
    await tab_to(page, button(page, "Chat"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Message")).to_be_focused()
    await page.keyboard.type("no mouse here")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("log", name="Chat").get_by_text("no mouse here")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(button(page, "Chat")).to_be_focused()
    await tab_to(page, button(page, "Leave"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="You left")).to_be_visible()
    await tab_to(page, button(page, "Rejoin"))


async def test_dialogs_and_menus_take_the_focus_and_give_it_back(people: People) -> None:
    page = await people.join("facilitator")
    end = button(page, "End for all")
    await end.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("button", name="Keep going")).to_be_focused()
    for _ in range(6):
        await page.keyboard.press("Tab")
        inside = await dialog.evaluate("(element) => element.contains(document.activeElement)")
        assert inside or await page.evaluate("document.activeElement === document.body")
    await page.keyboard.press("Escape")
    await expect(end).to_be_focused()

    menu = button(page, "Microphone and speaker")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitemradio").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitemradio").nth(1)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_focused()

    react = button(page, "React")
    await react.focus()
    await page.keyboard.press("Enter")
    await expect(button(page, "Thumbs up")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(react).to_be_focused()

    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("m")
    await expect(button(page, "Unmute microphone")).to_be_visible()
