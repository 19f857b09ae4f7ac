"""An organiser who plans over REST, for journeys that are about the participants' pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page

from tests.support.browser import People


class Organiser:
    """Speaks as the demo's organiser; every call must succeed."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._url = url

    @classmethod
    async def come(cls, people: People) -> Organiser:
        return cls(await people.open("organiser"), people.url)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = await self._page.request.fetch(
            f"/api/v1{path}", method=method, data=body, headers={"Origin": self._url, **headers}
        )
        assert answer.ok, await answer.text()
        return None if answer.status == 204 else await answer.json()

    async def plan(self, title: str, *, starts: timedelta = timedelta(days=3), **more: Any) -> Any:
        """A published session, in Kolkata unless told otherwise; its detail."""
        body = {
            "title": title,
            "type": "workshop",
            "description": "What we do together.",
            "timeslot": {"startsAt": moment(starts), "timezone": "Asia/Kolkata"},
            **more,
        }
        made = await self.call("POST", "/sessions", body)
        return await self.call("POST", f"/sessions/{made['id']}/publish")

    async def edit(self, session: Any, method: str, path: str, body: Any = None) -> Any:
        """A change under the version that the session has now; its detail."""
        now = await self.call("GET", f"/sessions/{session['id']}")
        return await self.call(method, path, body, **{"If-Match": f'"{now["version"]}"'})

    async def roster(self, timeslot_id: str) -> list[Any]:
        found = await self.call("GET", f"/timeslots/{timeslot_id}/registrations")
        items: list[Any] = found["items"]
        return items


def moment(ahead: timedelta) -> str:
    """So long from now, at a full minute."""
    return (datetime.now(UTC) + ahead).replace(second=0, microsecond=0).isoformat()
