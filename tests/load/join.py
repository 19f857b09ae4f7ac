"""From clicking "Join" to the first decoded frame of somebody else: real Chromium, the whole server."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.load.report import Effort, Figure, figure
from tests.support.browser import chromium, expect_moving, join, person, sign_in, tile
from tests.support.demo_server import demo_server

JOINS = 20  # in one run
FACILITATOR = "Daniel Weiss"
_HOW = (
    "Chromium with fake devices on loopback, facilitator already in the room with camera and microphone; "
    "from the click on Join (camera and microphone on) to the first frame of theirs that the <video> shows; "
    f"{JOINS} joins a run, each in a fresh browser profile; server and both browsers on the same two cores"
)

# Marks the click, then the first frame presented in the tile of the person named.
FIRST_FRAME = """(name) => new Promise((resolve, reject) => {
  const button = [...document.querySelectorAll("button")].find((each) => each.textContent.trim() === "Join");
  if (!button) { reject(new Error("no Join button")); return; }
  const begin = performance.now();
  const watched = new WeakSet();
  const look = () => {
    for (const group of document.querySelectorAll('[role="group"]')) {
      const video = group.getAttribute("aria-label") === name && group.querySelector("video");
      if (video && !watched.has(video)) {
        watched.add(video);
        video.requestVideoFrameCallback(() => { watcher.disconnect(); resolve(performance.now() - begin); });
      }
    }
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { childList: true, subtree: true, attributes: true });
  setTimeout(() => { watcher.disconnect(); reject(new Error("no frame")); }, 20000);
  button.click();
})"""


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    p50s, p95s = [], []
    for _ in range(effort.runs):
        times = await _run()
        p50s.append(statistics.median(times))
        p95s.append(statistics.quantiles(times, n=20, method="inclusive")[18])
    yield figure("join.first_frame_p50_ms", "ms", p50s, _HOW)
    yield figure("join.first_frame_p95_ms", "ms", p95s, _HOW)


async def _run() -> list[float]:
    with tempfile.TemporaryDirectory() as data:
        async with demo_server(Path(data)) as server, chromium() as browser:
            host = await person(browser, server.url)
            await join(host, "facilitator@demo.test")
            times = [await _join_once(browser, server.url, host) for _ in range(JOINS)]
            await host.context.close()
            return times


async def _join_once(browser: Browser, url: str, host: Page) -> float:
    page = await person(browser, url)
    try:
        await sign_in(page, "participant@demo.test", to="/live/welcome")
        await page.get_by_role("button", name="Join", exact=True).wait_for()
        await page.wait_for_timeout(500)  # a person looks at their picture first; the camera is open by then
        taken: float = await page.evaluate(FIRST_FRAME, FACILITATOR)
        await expect_moving(tile(page, FACILITATOR))
        await page.get_by_role("button", name="Leave", exact=True).click()
        await tile(host, "Sofía Álvarez").wait_for(state="detached")
        return taken
    finally:
        await page.context.close()
