"""People whom only the relay connects: through a real coturn, over UDP and over TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import (
    People,
    enter,
    expect_hearing,
    expect_moving,
    needs_chromium,
    paths,
    tile,
)
from tests.support.coturn import SECRET, coturn, needs_coturn
from tests.support.demo_server import DemoServer, demo_server

pytestmark = [
    pytest.mark.browser,
    needs_chromium,
    needs_coturn,
    pytest.mark.asyncio(loop_scope="module"),
]

FACILITATOR = "Daniel Weiss"
PARTICIPANT = "Sofía Álvarez"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["udp", "tcp"])
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DemoServer]:
    async with coturn(tmp_path_factory.mktemp("coturn")) as relay:
        settings = {"CONVENE_TURN_URLS": relay.address(request.param), "CONVENE_TURN_SECRET": SECRET}
        async with demo_server(tmp_path_factory.mktemp("demo"), settings=settings) as running:
            yield running


@pytest.fixture(scope="module")
def signed_in(server: DemoServer) -> dict[str, Any]:
    """Each server has accounts of its own."""
    return {}


async def join_through_the_relay(people: People, who: str) -> Page:
    page = await people.open(who)
    await page.goto("/live/welcome")
    await page.get_by_label("Connection").select_option("Always through the relay")
    await enter(page)
    return page


async def test_whoever_chose_the_relay_sees_and_hears_through_it(
    people: People, request: pytest.FixtureRequest
) -> None:
    relayed, direct = await asyncio.gather(
        join_through_the_relay(people, "facilitator"), people.join("participant")
    )
    await expect_moving(tile(relayed, PARTICIPANT))
    await expect_moving(tile(direct, FACILITATOR))
    await expect_hearing(relayed)
    await expect_hearing(direct)
    over = request.node.callspec.params["server"]
    assert [(path["candidateType"], path["relayProtocol"]) for path in await paths(relayed)] == [
        ("relay", over)
    ] * 2
    assert "relay" not in [path["candidateType"] for path in await paths(direct)]
    # remembered for the next time
    await relayed.goto("/live/welcome")
    await expect(relayed.get_by_label("Connection")).to_have_value("relay")
