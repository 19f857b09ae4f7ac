"""Chromium reaches the media worker over IPv6 alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.browser import People, expect_hearing, expect_moving, needs_chromium, stats, tile
from tests.support.demo_server import DemoServer, demo_server

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR = "Daniel Weiss"
PARTICIPANT = "Sofía Álvarez"


def own_address() -> str | None:
    """Of this machine, as others would see it; connecting a UDP socket sends nothing."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect(("2001:db8::1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoServer]:
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address of IPv6 but ::1, from which browsers do not send")
    settings = {"CONVENE_MEDIA_ADDRESS": address}
    async with demo_server(tmp_path_factory.mktemp("demo"), settings=settings) as running:
        yield running


async def test_two_people_meet_over_ipv6(people: People) -> None:
    pages = await asyncio.gather(people.join("facilitator"), people.join("participant"))
    for page, other in zip(pages, (PARTICIPANT, FACILITATOR), strict=True):
        await expect_moving(tile(page, other))
        await expect_hearing(page)
        remote = {row["ip"] for row in await stats(page, "remote-candidate") if "ip" in row}
        assert remote == {own_address()}
