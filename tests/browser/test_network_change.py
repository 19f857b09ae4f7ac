"""The network changes under a call: media goes on over new addresses, under the same keys, by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.support.browser import People, expect_hearing, expect_moving, needs_chromium, paths, tile
from tests.support.demo_server import DemoServer, demo_server_behind
from tests.support.proxy import BadNetwork

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.asyncio(loop_scope="module")]

FACILITATOR = "Daniel Weiss"
PARTICIPANT = "Sofía Álvarez"
CHANGES = 3

# The states that the browser itself has told of the page's connections since.
STATES = """() => {
  window.__states = [];
  for (const each of window.__connections) {
    each.addEventListener("connectionstatechange", () => window.__states.push(each.connectionState));
  }
  return window.__connections.length;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def behind(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[DemoServer, BadNetwork]]:
    async with demo_server_behind(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def server(behind: tuple[DemoServer, BadNetwork]) -> DemoServer:
    return behind[0]


@pytest.fixture(scope="module")
def network(behind: tuple[DemoServer, BadNetwork]) -> BadNetwork:
    return behind[1]


async def ports(page: Page) -> set[int]:
    return {path["port"] for path in await paths(page)}


async def go_on(pages: list[Page]) -> None:
    for page, other in zip(pages, (PARTICIPANT, FACILITATOR), strict=True):
        await expect_moving(tile(page, other))
        await expect_hearing(page)


async def test_on_another_network_media_goes_on_before_the_browser_notices(
    people: People, network: BadNetwork
) -> None:
    pages = [await people.join(who) for who in ("facilitator", "participant")]
    await go_on(pages)
    connections = [await page.evaluate(STATES) for page in pages]
    for _ in range(CHANGES):
        before = [await ports(page) for page in pages]
        await network.cut()
        for page in pages:
            await page.context.set_offline(True)
            await page.context.set_offline(False)
        await go_on(pages)
        for page, old in zip(pages, before, strict=True):
            assert (await ports(page)).isdisjoint(old)
    for page, count in zip(pages, connections, strict=True):
        assert await page.evaluate("window.__connections.length") == count  # no new DTLS
        assert not {"disconnected", "failed"} & set(await page.evaluate("window.__states"))


async def test_a_path_that_ends_without_a_word_is_mended_before_the_browser_notices(
    people: People, network: BadNetwork
) -> None:
    pages = [await people.join(who) for who in ("facilitator", "participant")]
    await go_on(pages)
    connections = [await page.evaluate(STATES) for page in pages]
    await network.cut()
    await go_on(pages)
    for page, count in zip(pages, connections, strict=True):
        assert await page.evaluate("window.__connections.length") == count
        assert not {"disconnected", "failed"} & set(await page.evaluate("window.__states"))


async def test_behind_a_router_that_forgets_its_addresses_media_goes_on(
    people: People, network: BadNetwork
) -> None:
    pages = [await people.join(who) for who in ("facilitator", "participant")]
    await go_on(pages)
    connections = [await page.evaluate("window.__connections.length") for page in pages]
    for _ in range(CHANGES):
        await network.rebind()
        await go_on(pages)
    for page, count in zip(pages, connections, strict=True):
        assert await page.evaluate("window.__connections.length") == count
