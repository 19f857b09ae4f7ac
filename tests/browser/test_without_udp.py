"""Somebody whose network lets no UDP out meets somebody whose does: media goes over TCP, without a word."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.support.browser import (
    People,
    chromium,
    expect_hearing,
    expect_moving,
    needs_chromium,
    paths,
    tile,
)

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR = "Daniel Weiss"
PARTICIPANT = "Sofía Álvarez"


async def test_without_udp_one_sees_and_hears_and_is_seen_and_heard(people: People) -> None:
    async with chromium("--webrtc-ip-handling-policy=disable_non_proxied_udp") as walled:
        facilitator, participant = await asyncio.gather(
            people.join("facilitator"), people.join("participant", on=walled)
        )
        await expect_moving(tile(participant, FACILITATOR), at_least=50)
        await expect_moving(tile(facilitator, PARTICIPANT), at_least=50)
        await expect_hearing(participant)
        await expect_hearing(facilitator)
        assert [path["protocol"] for path in await paths(participant)] == ["tcp", "tcp"]
        assert [path["protocol"] for path in await paths(facilitator)] == ["udp", "udp"]
        await expect(participant.get_by_text("Sound and picture")).to_have_count(0)
