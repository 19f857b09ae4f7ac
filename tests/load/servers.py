"""Servers in processes of their own, on free ports and one database, that can be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import postgres
from tests.support.demo_server import free_port

KINDS = ("sqlite", "postgresql")
_LIMIT = 60  # seconds that starting or stopping may take


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty one. A PostgreSQL writes to the disk what it commits, as one in earnest does."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'bench.db'}"
    else:
        with postgres.cluster(fsync=True) as url:
            yield url


@dataclass(slots=True)
class Server:
    """`start` before and after `kill`; the address stays the same."""

    folder: Path
    database_url: str
    port: int
    cores: Sequence[int] | None = None
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns when it is ready. Raises RuntimeError when it does not start."""
        environment = {
            **os.environ,
            "CONVENE_DATA": str(self.folder),
            "CONVENE_DATABASE_URL": self.database_url,
            "CONVENE_PORT": str(self.port),
            "CONVENE_MEDIA_PORT": "0",
            "CONVENE_MEDIA_WORKERS": "1",
            "CONVENE_REQUESTS_PER_MINUTE": "1000000",
        }
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "serve", env=environment, stdout=asyncio.subprocess.PIPE
        )
        if self.cores:
            os.sched_setaffinity(self.process.pid, self.cores)
        assert self.process.stdout is not None
        async with asyncio.timeout(_LIMIT):
            async for line in self.process.stdout:
                if b"ready: " in line:
                    return
        raise RuntimeError("a server did not start")

    async def kill(self) -> None:
        """Without a chance to finish anything."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        async with asyncio.timeout(_LIMIT):
            await self.process.wait()


@asynccontextmanager
async def servers(
    count: int, database_url: str, folder: Path, cores: Sequence[int] | None = None
) -> AsyncIterator[list[Server]]:
    """So many, one started after the other: the first brings the database up to date."""
    all_of_them = [Server(folder / f"server-{n}", database_url, free_port(), cores) for n in range(count)]
    try:
        for server in all_of_them:
            await server.start()
        yield all_of_them
    finally:
        for server in all_of_them:
            await server.stop()
