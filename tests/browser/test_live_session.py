"""The main job, as people do it: three roles in three browsers meet in the demo session."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import (
    expect_moving,
    frames,
    join,
    needs_chromium,
    person,
    request,
    script_errors,
    sign_in,
    stats,
    tile,
)
from tests.support.demo_server import DemoServer

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR = "Daniel Weiss"
PARTICIPANT = "Sofía Álvarez"
OBSERVER = "Noor Haddad"


@dataclass(frozen=True, slots=True)
class Room:
    facilitator: Page
    participant: Page
    observer: Page

    @property
    def pages(self) -> tuple[Page, Page, Page]:
        return self.facilitator, self.participant, self.observer


@asynccontextmanager
async def three_people(browser: Browser, server: DemoServer) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        pages = [await person(browser, server.url) for _ in range(3)]
        for page in pages:
            stack.push_async_callback(page.context.close)
        emails = ("facilitator@demo.test", "participant@demo.test", "observer@demo.test")
        await asyncio.gather(*(join(page, email) for page, email in zip(pages, emails, strict=True)))
        yield Room(*pages)
        assert [script_errors(page) for page in pages] == [[], [], []]


async def audio_energy(page: Page) -> float:
    return sum(float(row.get("totalAudioEnergy", 0.0)) for row in await stats(page, "inbound-rtp"))


async def expect_hearing(page: Page) -> None:
    """The energy of decoded sound grows: something is heard, not just received."""
    before = await audio_energy(page)
    async with asyncio.timeout(20):
        while await audio_energy(page) <= before + 1e-4:
            await asyncio.sleep(0.2)


async def test_three_roles_see_and_hear_each_other(browser: Browser, server: DemoServer) -> None:
    async with three_people(browser, server) as room:
        await expect_moving(tile(room.facilitator, PARTICIPANT))
        await expect_moving(tile(room.participant, FACILITATOR))
        await expect_moving(tile(room.observer, FACILITATOR))
        await expect_moving(tile(room.observer, PARTICIPANT))
        for page in room.pages:
            await expect_hearing(page)


async def test_an_observer_publishes_nothing_even_when_their_client_is_made_to_try(
    browser: Browser, server: DemoServer
) -> None:
    async with three_people(browser, server) as room:
        await expect(room.observer.get_by_role("button", name="Mute microphone")).to_have_count(0)
        await expect(room.observer.get_by_role("button", name="Start camera")).to_have_count(0)

        # what the facilitator really sends, offered once more on the observer's connection
        transport = await request(room.observer, "media.createTransport", {"direction": "send"})
        stolen: dict[str, Any] = {
            "codecs": [{"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000}],
            "encodings": [{"ssrc": 12345678}],
            "headerExtensions": [],
            "rtcp": {"cname": "x"},
        }
        answers = [
            await request(
                room.observer,
                "media.produce",
                {
                    "transportId": transport.get("transportId", "none"),
                    "kind": "video",
                    "source": source,
                    "rtpParameters": stolen,
                },
            )
            for source in ("camera", "screen")
        ]
        assert [answer["error"]["code"] for answer in answers] == ["permission.denied"] * 2
        chat = await request(room.observer, "chat.send", {"text": "let me in", "clientId": "one"})
        assert chat["error"]["code"] == "permission.denied"
        assert await stats(room.observer, "outbound-rtp") == []
        await expect(tile(room.facilitator, OBSERVER)).to_be_visible()
        assert await frames(tile(room.facilitator, OBSERVER).locator("video")) == 0


async def test_chat_goes_both_ways_and_shows_html_as_text(browser: Browser, server: DemoServer) -> None:
    async with three_people(browser, server) as room:
        for page in room.pages:
            if not await page.get_by_role("log", name="Chat").is_visible():
                await page.get_by_role("button", name="Chat").click()
        for page, text in (
            (room.facilitator, "Welcome <img src=x onerror=alert(1)>"),
            (room.participant, "Thank you <b>all</b>"),
        ):
            await page.get_by_label("Message").fill(text)
            await page.get_by_role("button", name="Send", exact=True).click()
            for reader in room.pages:
                await expect(
                    reader.get_by_role("log", name="Chat").get_by_text(text, exact=True)
                ).to_be_visible()


async def test_a_shared_screen_is_seen_by_everyone(browser: Browser, server: DemoServer) -> None:
    async with three_people(browser, server) as room:
        await room.facilitator.get_by_role("button", name="Share screen").click()
        screen = f"{FACILITATOR}'s screen"
        await expect_moving(tile(room.participant, screen), at_least=3)
        await expect_moving(tile(room.observer, screen), at_least=3)
        await room.facilitator.get_by_role("button", name="Stop sharing").click()
        await expect(tile(room.participant, screen)).to_have_count(0)


async def test_media_returns_after_the_worker_is_killed(browser: Browser, server: DemoServer) -> None:
    async with three_people(browser, server) as room:
        await expect_moving(tile(room.participant, FACILITATOR))
        workers = server.media_workers()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        # a new connection of each page carries the picture: nobody reloaded, nobody clicked
        await expect_moving(tile(room.participant, FACILITATOR), at_least=30, within_s=30)
        await expect_moving(tile(room.facilitator, PARTICIPANT), at_least=30, within_s=30)
        await expect_moving(tile(room.observer, PARTICIPANT), at_least=30, within_s=30)
        await expect_hearing(room.observer)
        assert server.media_workers() != []
        assert set(server.media_workers()).isdisjoint(workers)


async def test_a_dropped_socket_resumes_with_what_was_missed(browser: Browser, server: DemoServer) -> None:
    async with three_people(browser, server) as room:
        for page in (room.facilitator, room.participant):
            await page.get_by_role("button", name="Chat").click()
        await room.participant.evaluate("window.__sockets.at(-1).close()")
        await room.facilitator.get_by_label("Message").fill("said while you were away")
        await room.facilitator.get_by_role("button", name="Send", exact=True).click()
        log = room.participant.get_by_role("log", name="Chat")
        await expect(log.get_by_text("said while you were away")).to_be_visible(timeout=15_000)
        await expect_moving(tile(room.participant, FACILITATOR))


async def test_ending_for_all_says_so_to_everyone_and_to_who_comes_back(
    browser: Browser, server: DemoServer
) -> None:
    async with three_people(browser, server) as room:
        await room.facilitator.get_by_role("button", name="End for all").click()
        await room.facilitator.get_by_role("alertdialog").get_by_role("button", name="End session").click()
        for page in room.pages:
            await expect(page.get_by_role("heading", name="ended")).to_be_visible()
            assert await page.evaluate(
                "window.__connections.every((each) => each.connectionState === 'closed')"
            )
        await room.participant.goto("/live/welcome")
        await expect(room.participant.get_by_role("heading", name="ended")).to_be_visible()
        late = await person(browser, server.url)
        await sign_in(late, "participant2@demo.test", to="/live/welcome")
        await expect(late.get_by_role("heading", name="ended")).to_be_visible()
        await late.context.close()
