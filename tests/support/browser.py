"""Real Chromium with fake devices, and what a test asks of a page in a live session."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.support.demo_server import DEMO_PASSWORD

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"
)

ARGUMENTS = [
    "--no-sandbox",  # the tests run as root in CI
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=user-gesture-required",  # as strict as people's browsers
    "--disable-dev-shm-usage",
]

# The product exposes nothing to page scripts. The tests look at the browser's own objects instead: every peer
# connection, and every web socket (to speak on a participant's connection behind the client's back).
WATCH = """
window.__connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...args) { super(...args); window.__connections.push(this); }
};
window.__sockets = [];
window.WebSocket = class extends window.WebSocket {
  constructor(...args) { super(...args); window.__sockets.push(this); }
};
"""

STATS = """async () => {
  const rows = [];
  for (const connection of window.__connections) {
    if (connection.connectionState === "closed") continue;
    (await connection.getStats()).forEach((row) => rows.push(row));
  }
  return rows;
}"""

# One Socket.IO request on the page's own connection; resolves with the ack.
REQUEST = """([name, payload]) => new Promise((resolve, reject) => {
  const open = window.__sockets.filter((each) => each.readyState === 1);
  const socket = open.filter((each) => each.url.includes("/socket.io/")).at(-1);
  if (!socket) { reject(new Error("no open socket")); return; }
  const id = 700000 + Math.floor(Math.random() * 100000);
  const prefix = `43/live,${id}`;
  const listen = (event) => {
    if (typeof event.data === "string" && event.data.startsWith(prefix)) {
      socket.removeEventListener("message", listen);
      resolve(JSON.parse(event.data.slice(prefix.length))[0]);
    }
  };
  socket.addEventListener("message", listen);
  socket.send(`42/live,${id}${JSON.stringify([name, payload])}`);
  setTimeout(() => reject(new Error(`no answer to ${name}`)), 10000);
})"""


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            await browser.close()


async def person(browser: Browser, url: str, **options: Any) -> Page:
    """A browser profile of its own, watched; fails on uncaught script errors when `no_errors` is called."""
    context: BrowserContext = await browser.new_context(
        base_url=url, permissions=["camera", "microphone"], locale="en-GB", **options
    )
    await context.add_init_script(WATCH)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None
    )
    setattr(page, "collected_errors", errors)  # noqa: B010 - not part of playwright's type
    return page


def script_errors(page: Page) -> list[str]:
    """Uncaught exceptions and refusals by the content security policy so far."""
    return list(getattr(page, "collected_errors", []))


async def sign_in(page: Page, email: str, *, to: str) -> None:
    await page.goto(f"/sign-in?next={to}")
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def join(page: Page, email: str, *, room: str = "/live/welcome") -> None:
    """Sign in, pass the device check, stand in the room."""
    await sign_in(page, email, to=room)
    await page.get_by_role("button", name="Join", exact=True).click()
    await expect(page.get_by_role("button", name="Leave", exact=True)).to_be_visible(timeout=15_000)


def tile(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


async def frames(video: Locator) -> int:
    """Decoded frames so far of the video element."""
    count: int = await video.evaluate("(video) => video.getVideoPlaybackQuality().totalVideoFrames")
    return count


async def expect_moving(tile_: Locator, *, at_least: int = 10, within_s: float = 20) -> None:
    """The picture in this tile gains decoded frames."""
    video = tile_.locator("video")
    await expect(video).to_be_visible(timeout=within_s * 1000)
    before = await frames(video)
    handle = await video.element_handle()
    assert handle is not None
    await tile_.page.wait_for_function(
        "([video, count]) => video.getVideoPlaybackQuality().totalVideoFrames >= count",
        arg=[handle, before + at_least],
        timeout=within_s * 1000,
    )


async def stats(page: Page, kind: str) -> list[dict[str, Any]]:
    """`RTCStats` rows of one type over all peer connections that are open."""
    rows: list[dict[str, Any]] = await page.evaluate(STATS)
    return [row for row in rows if row["type"] == kind]


async def request(page: Page, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A live request on the page's own socket, past its client; gives the ack."""
    answer: dict[str, Any] = await page.evaluate(REQUEST, [name, payload])
    return answer
