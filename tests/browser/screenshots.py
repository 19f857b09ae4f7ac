"""Takes the pictures of README.md anew: ``python -m tests.browser.screenshots``; the cameras are drawn. With
``editor`` that of the editor alone.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, ViewportSize

from tests.support.browser import chromium, expect_moving, join, person, sign_in, tile
from tests.support.demo_server import demo_server

OUT = Path(__file__).parents[2] / "web" / "docs"
WIDTH, HEIGHT, FRAMES = 640, 360, 30
DESK: ViewportSize = {"width": 1440, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}

# A slide in the place of a captured screen: a headless browser has none worth showing.
SLIDE = """
navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const context = canvas.getContext("2d");
  setInterval(() => {
    context.fillStyle = "#f7f5f0"; context.fillRect(0, 0, 1280, 720);
    context.fillStyle = "#3b3a9e"; context.fillRect(80, 96, 10, 92);
    context.fillStyle = "#1d1b2e"; context.font = "600 60px Inter, sans-serif";
    context.fillText("Giving feedback that lands", 120, 164);
    context.font = "34px Inter, sans-serif"; context.fillStyle = "#45425c";
    ["Describe what you saw", "Say what it did to you", "Ask how they see it", "Agree on one next step"]
      .forEach((line, row) => context.fillText(`${row + 1}   ${line}`, 130, 300 + 84 * row));
  }, 100);
  return canvas.captureStream(10);
};
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Luma and chroma (BT.601) of wall, clothes, and skin."""

    wall: tuple[int, int, int]
    clothes: tuple[int, int, int]
    skin: tuple[int, int, int]


CAST = {
    "facilitator@demo.test": ("Daniel Weiss", Look((96, 140, 118), (60, 138, 122), (170, 112, 150))),
    "cofacilitator@demo.test": ("Mei Tanaka", Look((150, 122, 134), (110, 108, 168), (188, 112, 146))),
    "participant@demo.test": ("Sofía Álvarez", Look((120, 118, 112), (196, 122, 132), (150, 112, 152))),
    "participant2@demo.test": ("Jonas Lindqvist", Look((70, 150, 116), (140, 150, 110), (196, 114, 146))),
}


def draw_camera(path: Path, look: Look) -> None:
    """Somebody before a wall, breathing, as a Y4M file that Chromium plays in the place of a camera."""

    def spans(row: float, frame: int) -> list[tuple[int, int, tuple[int, int, int]]]:
        sway = 6 * math.sin(2 * math.pi * frame / FRAMES)
        middle, found = WIDTH / 2 + sway, []
        shoulders = 1 - ((row - HEIGHT) / 130) ** 2
        if shoulders > 0:
            half = 190 * math.sqrt(shoulders)
            found.append((int(middle - half), int(middle + half), look.clothes))
        if 225 < row < 262:
            found.append((int(middle - 34), int(middle + 34), look.skin))
        face = 1 - ((row - 160 - sway / 3) / 84) ** 2
        if face > 0:
            half = 66 * math.sqrt(face)
            found.append((int(middle - half), int(middle + half), look.skin))
        return found

    def plane(index: int, step: int, frame: int) -> bytes:
        rows = bytearray()
        for row in range(0, HEIGHT, step):
            shade = row * 30 // HEIGHT if index == 0 else 0
            line = bytearray([look.wall[index] - shade]) * (WIDTH // step)
            for start, end, colour in spans(row, frame):
                line[start // step : end // step] = bytes([colour[index]]) * (end // step - start // step)
            rows += line
        return bytes(rows)

    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420\n".encode())
        for frame in range(FRAMES):
            file.write(b"FRAME\n" + plane(0, 1, frame) + plane(1, 2, frame) + plane(2, 2, frame))


async def main(*, editor_alone: bool) -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(demo_server(folder))
            planner = await stack.enter_async_context(chromium())
            await take_editor(await person(planner, server.url, viewport=DESK))
            if editor_alone:
                return
            pages: dict[str, Page] = {}
            for email, (who, look) in CAST.items():
                camera = folder / f"{email}.y4m"
                draw_camera(camera, look)
                browser = await stack.enter_async_context(
                    chromium(f"--use-file-for-fake-video-capture={camera}")
                )
                page = await person(browser, server.url, viewport=DESK)
                await page.add_init_script(SLIDE)
                await join(page, email)
                pages[who] = page
            quiet = await stack.enter_async_context(chromium())
            await join(await person(quiet, server.url), "observer@demo.test")
            await take(pages)


async def take_editor(page: Page) -> None:
    await sign_in(page, "organiser@demo.test", to="/")
    await page.get_by_role("link", name="Feedback that lands").first.click()
    await page.get_by_role("link", name="Edit", exact=True).click()
    title = page.get_by_label("Title", exact=True)
    await title.fill("Feedback that lands, and how to ask for it")
    await page.get_by_text("Auto-saved").wait_for()
    await page.screenshot(path=OUT / "editor.png")
    await title.fill("Feedback that lands")
    await page.get_by_text("Not saved yet").wait_for()
    await page.get_by_text("Auto-saved").wait_for()


async def take(pages: dict[str, Page]) -> None:
    watcher = pages["Sofía Álvarez"]
    for who in pages:
        if who != "Sofía Álvarez":
            await expect_moving(tile(watcher, who))
    await tile(watcher, "Noor Haddad").wait_for()
    await watcher.wait_for_timeout(5000)  # greetings fade
    await watcher.set_viewport_size(PHONE)
    await watcher.wait_for_timeout(500)
    await watcher.screenshot(path=OUT / "phone.png")
    await watcher.set_viewport_size(DESK)
    await pages["Daniel Weiss"].get_by_role("button", name="Share screen").click()
    await watcher.get_by_role("button", name="Chat").click()
    for who, text in (
        ("Mei Tanaka", "Slides and the worksheet are on the session page."),
        ("Jonas Lindqvist", "Does this work in a chat, too?"),
        ("Daniel Weiss", "It does. Let us try it in pairs in five minutes."),
    ):
        page = pages[who]
        if not await page.get_by_role("log", name="Chat").is_visible():
            await page.get_by_role("button", name="Chat").click()
        await page.get_by_label("Message").fill(text)
        await page.get_by_role("button", name="Send", exact=True).click()
        await watcher.get_by_role("log", name="Chat").get_by_text(text).wait_for()
    await pages["Jonas Lindqvist"].get_by_role("button", name="Raise hand").click()
    await expect_moving(tile(watcher, "Daniel Weiss's screen"))
    await watcher.wait_for_timeout(5000)
    await watcher.evaluate("document.activeElement.blur()")
    await watcher.screenshot(path=OUT / "room.png")
    home = await watcher.context.new_page()
    await home.goto("/")
    await home.get_by_role("link", name="Welcome to Convene").first.wait_for()
    await home.screenshot(path=OUT / "sessions.png")


if __name__ == "__main__":
    asyncio.run(main(editor_alone=sys.argv[1:] == ["editor"]))
