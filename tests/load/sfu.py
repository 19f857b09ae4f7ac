"""The media worker's figures: ``python -m tests.load --only sfu``. The worker has one core for itself, the "
"load
generator the other; each row says how it was measured.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.load import bad_paths, coming, forwarding, hostile, worker_death
from tests.load.report import Effort, Figure

PARTS = (forwarding, coming, bad_paths, worker_death, hostile)


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    for part in PARTS:
        async for result in part.measure(effort):
            yield result
