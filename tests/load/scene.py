"""What the media benchmarks stand on: a fresh worker on a core of its own, and what the system says of it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from media import core
from media.client import MediaWorker
from media.pool import MediaPool, PoolSettings
from media.protocol import CreateRoom, Notification

ROOM = "room"
PYTHON = "loop in Python"


def cores() -> tuple[int, int] | None:
    """The server's and the generator's; None where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else None


def pinning(loop: str | None = None) -> str:
    """What a figure's ``how`` is to end with; ``loop`` where it is not the one that this machine uses."""
    usual = PYTHON if core.library is None else "compiled loop"
    return f"; {loop or usual}" + ("" if cores() else "; server and generator share one core")


@contextlib.asynccontextmanager
async def one_room(
    on_notification: Callable[[MediaWorker, Notification], None] | None = None,
) -> AsyncIterator[MediaWorker]:
    """A fresh worker on the first core, this process on the second, and a room."""
    pool = MediaPool(PoolSettings(listen="127.0.0.1", port=0, announced=["127.0.0.1"]))
    if on_notification is not None:
        pool.on_notification = on_notification
    everywhere = os.sched_getaffinity(0)
    apart = cores()
    await pool.start()
    try:
        worker = pool.workers[0]
        if apart:
            os.sched_setaffinity(worker.pid, {apart[0]})
            os.sched_setaffinity(0, {apart[1]})
        await worker.request(CreateRoom(ROOM))
        yield worker
    finally:
        os.sched_setaffinity(0, everywhere)
        await pool.stop()


def cpu_time(pid: int) -> float:
    """User and system time of a process with all its threads, in seconds; Linux gives each a clock
    (clock_getcpuclockid(3)).
    """
    return time.clock_gettime((~pid << 3) | 2)


def resident(pid: int) -> float:
    """Resident memory in MB (10^6 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
