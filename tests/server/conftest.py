"""One running application for all tests of the server, and people in it.

Tests share it, so each makes its own sessions and accounts and looks at nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from server.db.engine import Database
from server.db.metadata import metadata
from server.db.migrate import migrate
from tests.server.scene import Cast, gather_cast
from tests.support import postgres
from tests.support.app import Clock, Running, running

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The application lives in the session's event loop, so the tests that talk to it run there too."""
    for item in items:
        if (
            HERE in item.path.parents
            and isinstance(item, pytest.Function)
            and item.get_closest_marker("asyncio")
        ):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    limits: dict[str, Any] = {"sign_ups_per_hour": 10_000, "requests_per_minute": 100_000}
    async with running(tmp_path_factory.mktemp("data"), **limits) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cast(app: Running) -> Cast:
    return await gather_cast(app)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres.cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that we run on; PostgreSQL only where it is installed."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest_asyncio.fixture(loop_scope="session")
async def empty_tables(database_url: str) -> AsyncIterator[Database]:
    """With all tables and no rows; quicker than `database` where tests have been before."""
    opened = Database(database_url)
    await migrate(opened)
    async with opened.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """With nothing in it, not even tables."""
    opened = Database(database_url)
    if not opened.is_sqlite:
        async with opened.engine.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
    yield opened
    await opened.close()
