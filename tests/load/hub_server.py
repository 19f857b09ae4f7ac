"""The hub in a process of its own, for `hub.py`.

``python -m tests.load.hub_server PEOPLE`` prints its URL, then one ticket a line, and serves until its
standard input closes.
"""

from __future__ import annotations

import asyncio
import sys

from signalling.connections import ConnectionSettings
from signalling.permissions import Role
from tests.support.live import SLOT, live_server


async def serve(people: int) -> None:
    async with live_server(connections=ConnectionSettings(per_address=people)) as live:
        names = [f"person-{number}" for number in range(people)]
        for number, name in enumerate(names):
            live.ledger.admit(SLOT, name, Role.PARTICIPANT if number else Role.FACILITATOR)
        print(live.url, *(live.ticket(name) for name in names), sep="\n", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
