"""Real Chromium with fake devices, and what a test asks of a page in a live session."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    StorageState,
    async_playwright,
    expect,
)

from tests.support.demo_server import DEMO_PASSWORD

ROOM = "/live/welcome"
CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"
)

ARGUMENTS = [
    "--no-sandbox",  # the tests run as root in CI
    "--autoplay-policy=user-gesture-required",  # as strict as people's browsers
    "--disable-dev-shm-usage",
]
DEVICES = "--use-fake-device-for-media-stream=device-count=3"  # the second camera sends depth, no picture
ALLOW = "--use-fake-ui-for-media-stream"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

# What the browser itself writes about requests that are refused or broken off on purpose, and about http.
EXPECTED_LINES = (
    "Failed to load resource",
    "WebSocket connection to",
    "The Cross-Origin-Opener-Policy header has been ignored",
)

# The product exposes nothing to page scripts. The tests look at the browser's own objects instead: every peer
# connection, every captured track, and every web socket (to speak on a participant's connection behind the
# client's back).
WATCH = """
window.__tracks = [];
const devices = navigator.mediaDevices; // absent on insecure pages
if (devices) {
  const capture = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    const stream = await capture(wanted);
    window.__tracks.push(...stream.getTracks());
    return stream;
  };
}
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
async def chromium(*arguments: str, devices: bool = True, screens: bool = True) -> AsyncIterator[Browser]:
    """``devices``: cameras and microphones that are not real. ``screens``: a chooser that picks by itself,
    and with it permission for everything.
    """
    fakes = [DEVICES] * devices + [ALLOW] * screens
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, *fakes, *arguments]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def person(browser: Browser, url: str, **options: Any) -> Page:
    """A browser profile of its own, watched: see `script_errors`."""
    usual: dict[str, Any] = {"base_url": url, "permissions": ["camera", "microphone"], "locale": "en-GB"}
    context: BrowserContext = await browser.new_context(**(usual | options))
    await context.add_init_script(WATCH)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if _is_fault(line) else None)
    setattr(page, "collected_errors", errors)  # noqa: B010 - not part of playwright's type
    return page


def _is_fault(line: ConsoleMessage) -> bool:
    return line.type == "error" and not line.text.startswith(EXPECTED_LINES)


def script_errors(page: Page) -> list[str]:
    """Uncaught exceptions, errors on the console, and refusals by the content security policy so far."""
    return list(getattr(page, "collected_errors", []))


class People:
    """Opens pages for people who are signed in already; each account signs in once per module."""

    def __init__(self, browser: Browser, url: str, signed_in: dict[str, StorageState]) -> None:
        self.url = url
        self.pages: list[Page] = []
        self._browser = browser
        self._signed_in = signed_in

    async def open(self, who: str | None = None, *, on: Browser | None = None, **options: Any) -> Page:
        """``who``: the part of a demo account's address before the @; None is a stranger."""
        if who is not None:
            options["storage_state"] = await self._state(who)
        page = await person(on or self._browser, self.url, **options)
        self.pages.append(page)
        return page

    async def join(self, who: str, *, on: Browser | None = None, **options: Any) -> Page:
        """Through the device check into the demo session's room."""
        page = await self.open(who, on=on, **options)
        await self.enter(page)
        return page

    async def enter(self, page: Page) -> None:
        """Somebody's page, through the device check into the demo session's room."""
        await page.goto(ROOM)
        await enter(page)

    async def close(self) -> None:
        for page in self.pages:
            await page.context.close()

    async def _state(self, who: str) -> StorageState:
        if who not in self._signed_in:
            context = await self._browser.new_context(base_url=self.url)
            answer = await context.request.post(
                "/api/v1/sign-in",
                data={"email": f"{who}@demo.test", "password": DEMO_PASSWORD},
                headers={"Origin": self.url},
            )
            assert answer.ok, await answer.text()
            self._signed_in[who] = await context.storage_state()
            await context.close()
        return self._signed_in[who]


async def sign_in(page: Page, email: str, *, to: str) -> None:
    await page.goto(f"/sign-in?next={to}")
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def join(page: Page, email: str, *, room: str = ROOM) -> None:
    """Sign in, pass the device check, stand in the room."""
    await sign_in(page, email, to=room)
    await enter(page)


async def enter(page: Page) -> None:
    """From the device check into the room."""
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


async def audio_energy(page: Page) -> float:
    """Energy of all sound decoded so far, over every voice."""
    return sum(float(row.get("totalAudioEnergy", 0.0)) for row in await stats(page, "inbound-rtp"))


async def expect_hearing(page: Page, *, within_s: float = 20) -> None:
    """The energy of decoded sound grows: something is heard, not just received."""
    before = await audio_energy(page)
    async with asyncio.timeout(within_s):
        while await audio_energy(page) <= before + 1e-4:
            await asyncio.sleep(0.2)


async def stats(page: Page, kind: str) -> list[dict[str, Any]]:
    """`RTCStats` rows of one type over all peer connections that are open."""
    rows: list[dict[str, Any]] = await page.evaluate(STATS)
    return [row for row in rows if row["type"] == kind]


async def paths(page: Page) -> list[dict[str, Any]]:
    """The local candidate of each path in use."""
    pairs = [row for row in await stats(page, "transport") if row.get("selectedCandidatePairId")]
    chosen = [row["selectedCandidatePairId"] for row in pairs]
    used = [row["localCandidateId"] for row in await stats(page, "candidate-pair") if row["id"] in chosen]
    return [row for row in await stats(page, "local-candidate") if row["id"] in used]


async def request(page: Page, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A live request on the page's own socket, past its client; gives the ack."""
    answer: dict[str, Any] = await page.evaluate(REQUEST, [name, payload])
    return answer


AUDIT = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const places = (one) => one.nodes.map((node) => node.html.slice(0, 160)).join(" | ");
  return violations.map((one) => `${one.id}: ${places(one)}`);
}"""


async def audit(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands: rule and elements."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(AUDIT)
    return found


async def overflow(page: Page) -> int:
    """By how many CSS pixels the page is wider than the window."""
    excess: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, excess)
