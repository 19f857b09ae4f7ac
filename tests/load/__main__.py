"""Benchmarks: ``python -m tests.load [--only sfu] [--runs 3] [--seconds 10]``, one JSON line per figure."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable

from tests.load import hub, join, network_change, register, sfu, sfu_peers
from tests.load.report import Effort, Figure, emit

PARTS: dict[str, Callable[[Effort], AsyncIterator[Figure]]] = {
    "sfu": sfu.measure,
    "sfu-peers": sfu_peers.measure,
    "hub": hub.measure,
    "join": join.measure,
    "network": network_change.measure,
    "register": register.measure,
}


async def run(parts: list[str], effort: Effort) -> None:
    for part in parts:
        async for result in PARTS[part](effort):
            emit(result)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a run")
    options = parser.parse_args()
    parts = [options.only] if options.only else list(PARTS)
    busy = os.getloadavg()[0]
    if busy > 0.5:
        print(f"  The machine is busy (load {busy:.1f}): times will be too long.", file=sys.stderr)
    asyncio.run(run(parts, Effort(options.runs, options.seconds)))


if __name__ == "__main__":
    main()
