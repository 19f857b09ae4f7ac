"""The media worker's figures: ``python -m tests.load --only sfu``. The worker has one core for itself, the
load generator the other; each row says how it was measured.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from tests.load import bad_paths, coming, forwarding, hostile, worker_death
from tests.load.report import Effort, Figure

log = logging.getLogger(__name__)

MODULES = (forwarding, coming, bad_paths, worker_death, hostile)


class PartsFailed(Exception):
    """Some figures are missing; the reasons are on stderr."""


async def measure(effort: Effort) -> AsyncIterator[Figure]:
    """A part that fails costs its own figures only. Raises PartsFailed behind the last one."""
    failed = []
    for part in (part for module in MODULES for part in module.PARTS):
        try:
            async for result in part(effort):
                yield result
        except Exception:
            log.exception("%s gives no figures", part.__name__)
            failed.append(part.__name__)
    if failed:
        raise PartsFailed(", ".join(failed))
