"""Planning as a test does it: people with accounts of their own, and REST in their names."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext

from tests.support.demo_server import DEMO_PASSWORD, DemoServer


@dataclass(slots=True)
class Caller:
    """Somebody who is signed in, by REST. Every context of theirs goes with `close`."""

    context: BrowserContext
    url: str
    address: str

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer's body. Fails the test for a refusal."""
        answer = await self.context.request.fetch(
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body),
            headers={"Origin": self.url, "Content-Type": "application/json", **headers},
        )
        text = await answer.text()
        assert answer.ok, f"{method} {path}: {text}"
        return json.loads(text) if text else None

    async def register(self, session: dict[str, Any], part: str, **body: Any) -> dict[str, Any]:
        """Takes a seat of that part in the session's timeslot, or a place in its waitlist."""
        seat = next(seat["kind"] for seat in session["seats"] if seat["part"] == part)
        path = f"/timeslots/{session['timeslot']['id']}/registrations"
        made: dict[str, Any] = await self.call("POST", path, {"seatKindId": seat, "waitlist": True, **body})
        return made

    async def close(self) -> None:
        await self.context.close()


async def newcomer(context: BrowserContext, url: str, name: str) -> Caller:
    """A new account, signed in in that context."""
    address = f"{name.lower().replace(' ', '.')}@example.test"
    caller = Caller(context, url, address)
    await caller.call("POST", "/accounts", {"email": address, "password": DEMO_PASSWORD, "name": name})
    return caller


def mails(server: DemoServer) -> list[tuple[str, str]]:
    """Recipient and subject of every mail that was written to data/mail so far."""
    found = []
    for path in sorted((server.output.parent / "data" / "mail").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found.append((str(message["To"]), str(message["Subject"])))
    return found


async def mail_to(server: DemoServer, address: str, words: str, *, within_s: float = 20) -> None:
    """Waits until a mail with these words in its subject has gone to that address."""

    def arrived() -> bool:
        return any(address in to and words in subject for to, subject in mails(server))

    async with asyncio.timeout(within_s):
        while not await asyncio.to_thread(arrived):
            await asyncio.sleep(0.2)
