"""A process that sends until stdin ends: ``python -m tests.server.mail.one_sender URL PORT NOW``."""

from __future__ import annotations

import asyncio
import sys

from server.db.engine import Database
from server.mail.sender import Sender
from server.mail.transport import SmtpTransport
from server.settings import Settings, SmtpSecurity


async def main(url: str, port: int, now: float) -> None:
    settings = Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_security=SmtpSecurity.NONE)
    database = Database(url)
    stop = asyncio.Event()
    task = asyncio.create_task(Sender(database, settings, SmtpTransport(settings), lambda: now).run(stop))
    await asyncio.to_thread(sys.stdin.read)
    stop.set()
    await task
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
