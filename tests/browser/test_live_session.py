"""The main job, as people do it: three roles in three browsers meet in the demo session."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import (
    People,
    expect_hearing,
    expect_moving,
    frames,
    join,
    needs_chromium,
    request,
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


async def three_people(people: People) -> Room:
    return Room(
        *await asyncio.gather(*(people.join(who) for who in ("facilitator", "participant", "observer")))
    )


async def open_chat(page: Page) -> None:
    if not await page.get_by_role("log", name="Chat").is_visible():
        await page.get_by_role("button", name="Chat").click()


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def expect_said(page: Page, text: str) -> None:
    said = page.get_by_role("log", name="Chat").get_by_text(text, exact=True)
    await expect(said).to_be_visible(timeout=15_000)


async def test_three_roles_see_and_hear_each_other(people: People) -> None:
    """From the sign-in page on, as people do it."""
    pages = [await people.open() for _ in range(3)]
    emails = ("facilitator@demo.test", "participant@demo.test", "observer@demo.test")
    await asyncio.gather(*(join(page, email) for page, email in zip(pages, emails, strict=True)))
    facilitator, participant, observer = pages
    await expect_moving(tile(facilitator, PARTICIPANT))
    await expect_moving(tile(participant, FACILITATOR))
    await expect_moving(tile(observer, FACILITATOR))
    await expect_moving(tile(observer, PARTICIPANT))
    for page in pages:
        await expect_hearing(page)


async def test_an_observer_publishes_nothing_even_when_their_client_is_made_to_try(people: People) -> None:
    room = await three_people(people)
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


async def test_chat_goes_both_ways_and_shows_html_as_text(people: People) -> None:
    room = await three_people(people)
    for page in room.pages:
        await open_chat(page)
    for page, text in (
        (room.facilitator, "Welcome <img src=x onerror=alert(1)>"),
        (room.participant, "Thank you <b>all</b>"),
    ):
        await say(page, text)
        for reader in room.pages:
            await expect_said(reader, text)


async def test_a_shared_screen_is_seen_by_everyone(people: People) -> None:
    room = await three_people(people)
    before = await tile(room.facilitator, PARTICIPANT).bounding_box()
    await room.facilitator.get_by_role("button", name="Share screen").click()
    await expect(room.facilitator.get_by_text("You are sharing your screen")).to_be_visible()
    assert await tile(room.facilitator, PARTICIPANT).bounding_box() == before  # nothing makes way for the bar
    screen = f"{FACILITATOR}'s screen"
    await expect_moving(tile(room.participant, screen), at_least=3)
    await expect_moving(tile(room.observer, screen), at_least=3)
    await room.facilitator.get_by_role("button", name="Stop sharing").click()
    await expect(tile(room.participant, screen)).to_have_count(0)


async def test_media_returns_after_the_worker_is_killed(people: People, server: DemoServer) -> None:
    room = await three_people(people)
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


async def test_a_silent_media_path_is_told_in_words_and_mended(people: People, server: DemoServer) -> None:
    room = await three_people(people)
    await expect_moving(tile(room.participant, FACILITATOR))
    stopped = server.media_workers()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    words = [page.get_by_text("Sound and picture broke off. Reconnecting…") for page in room.pages]
    for each in words:
        await expect(each).to_be_visible(timeout=20_000)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    for each in words:
        await expect(each).to_be_hidden(timeout=30_000)
    await expect_moving(tile(room.participant, FACILITATOR))
    await expect_hearing(room.facilitator)


async def test_a_dropped_socket_resumes_with_what_was_missed(people: People) -> None:
    room = await three_people(people)
    for page in (room.facilitator, room.participant):
        await open_chat(page)
    await expect_moving(tile(room.participant, FACILITATOR))
    paths = await room.participant.evaluate("window.__connections.length")
    await room.participant.context.set_offline(True)
    await room.participant.evaluate("window.__sockets.at(-1).close()")
    away = room.participant.get_by_text("The connection was lost. Reconnecting…")
    await expect(away).to_be_visible()
    await say(room.facilitator, "said while you were away")
    await expect_said(room.facilitator, "said while you were away")
    # what one writes meanwhile goes out afterwards
    await say(room.participant, "written while I was away")
    await room.participant.context.set_offline(False)
    await expect_said(room.participant, "said while you were away")
    await expect_said(room.facilitator, "written while I was away")
    await expect(away).to_be_hidden()
    await expect_moving(tile(room.participant, FACILITATOR))
    assert await room.participant.evaluate("window.__connections.length") == paths  # media never broke off


async def test_ending_for_all_says_so_to_everyone_and_to_who_comes_back(people: People) -> None:
    room = await three_people(people)
    await room.facilitator.get_by_role("button", name="End for all").click()
    await room.facilitator.get_by_role("alertdialog").get_by_role("button", name="End session").click()
    for page in room.pages:
        await expect(page.get_by_role("heading", name="ended")).to_be_visible()
        assert await page.evaluate("window.__connections.every((each) => each.connectionState === 'closed')")
        assert await page.evaluate("window.__tracks.every((each) => each.readyState === 'ended')")
    await room.participant.goto("/live/welcome")
    await expect(room.participant.get_by_role("heading", name="ended")).to_be_visible()
    late = await people.open("participant2")
    await late.goto("/live/welcome")
    await expect(late.get_by_role("heading", name="ended")).to_be_visible()
