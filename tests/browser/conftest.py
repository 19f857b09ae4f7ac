"""One demo server and one Chromium per module; every person gets a browser profile of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, StorageState

from tests.support.browser import People, chromium, script_errors
from tests.support.demo_server import DemoServer, demo_server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoServer]:
    data: Path = tmp_path_factory.mktemp("demo")
    async with demo_server(data) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def signed_in() -> dict[str, StorageState]:
    """Cookies of the accounts that have been used, by name."""
    return {}


@pytest_asyncio.fixture(loop_scope="module")
async def people(
    browser: Browser, server: DemoServer, signed_in: dict[str, StorageState]
) -> AsyncIterator[People]:
    """Whoever comes goes when the test ends; no page may have met an error."""
    everyone = People(browser, server.url, signed_in)
    yield everyone
    errors = [script_errors(page) for page in everyone.pages]
    await everyone.close()
    assert errors == [[]] * len(errors)
