"""How long pictures stand still when the network changes under a call: Chromium and a whole server."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Page

from tests.load.report import Effort, Figure, figure
from tests.support.browser import chromium, expect_moving, join, person, tile
from tests.support.demo_server import demo_server_behind
from tests.support.proxy import BadNetwork

CHANGES = 10  # in one run, of each kind
SETTLED = 4_000  # milliseconds after a change that pictures must have come again for it to be over
STUCK = 30.0  # seconds
PEOPLE = {"facilitator": "Sofía Álvarez", "participant": "Daniel Weiss"}  # and whom they see
_HOW = (
    "two Chromium pages with fake cameras on loopback, all media through a proxy that drops both pages' "
    f"present addresses for good{{hint}}; longest pause between two pictures shown, of {2 * CHANGES} a run"
)

# Notes the longest pause between two pictures that the tile of ``name`` shows.
WATCH = """(name) => {
  const group = [...document.querySelectorAll('[role="group"]')]
    .find((each) => each.getAttribute("aria-label") === name && each.querySelector("video"));
  const video = group.querySelector("video");
  const begin = performance.now();
  const watched = { begin, latest: begin, longest: 0 };
  window.__pause = watched;
  const shown = (now) => {
    watched.longest = Math.max(watched.longest, now - watched.latest);
    watched.latest = now;
    if (window.__pause === watched) video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
}"""
OVER = f"() => window.__pause.latest - window.__pause.begin > {SETTLED}"


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    kinds = {"network.change": ", and a browser that comes online again", "network.silence": ""}
    runs: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for _ in range(effort.runs):
        taken = await _run(1 if effort.short else CHANGES)
        for kind in kinds:
            runs[kind].append(taken[kind])
    for kind, hint in kinds.items():
        how = _HOW.format(hint=hint)
        yield figure(f"{kind}_p50_ms", "ms", [statistics.median(times) for times in runs[kind]], how)
        p95s = [statistics.quantiles(times, n=20, method="inclusive")[18] for times in runs[kind]]
        yield figure(f"{kind}_p95_ms", "ms", p95s, how)


async def _run(changes: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as data:
        async with demo_server_behind(Path(data)) as (server, network), chromium() as browser:
            pages = [await person(browser, server.url) for _ in PEOPLE]
            for page, who in zip(pages, PEOPLE, strict=True):
                await join(page, f"{who}@demo.test")
            for page, other in zip(pages, PEOPLE.values(), strict=True):
                await expect_moving(tile(page, other))
            taken: dict[str, list[float]] = {"network.change": [], "network.silence": []}
            for _ in range(changes):
                for kind, times in taken.items():
                    times += await _change(pages, network, noticed=kind == "network.change")
            for page in pages:
                await page.context.close()
            return taken


async def _change(pages: list[Page], network: BadNetwork, *, noticed: bool) -> list[float]:
    """The longest pause of each page. Raises TimeoutError where one is stuck."""
    for page, other in zip(pages, PEOPLE.values(), strict=True):
        await page.evaluate(WATCH, other)
    await network.cut()
    if noticed:
        for page in pages:
            await page.context.set_offline(True)
            await page.context.set_offline(False)
    async with asyncio.timeout(STUCK):
        for page in pages:
            await page.wait_for_function(OVER, timeout=1000 * STUCK)
    return [float(await page.evaluate("window.__pause.longest")) for page in pages]
