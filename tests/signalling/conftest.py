from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.live import Live, live_server


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    """A hub without media workers. At the end everyone's own copy of the room must equal a fresh snapshot."""
    async with live_server() as server:
        yield server
        await server.verify()
