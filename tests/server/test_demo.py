"""The demo over REST: the accounts, the running session, and a home page worth looking at."""

from __future__ import annotations

from pathlib import Path

from server import demo
from tests.support.app import running


async def test_the_demo_is_as_announced(tmp_path: Path) -> None:
    async with running(tmp_path, with_demo=True) as app:
        cards = (await app.client().get("/sessions")).body["items"]
        assert cards[0]["title"] == "Welcome to Convene"
        labels = [card["label"] for card in cards]
        assert labels[0] == "In progress"
        assert {"Open", "Full"} <= set(labels)
        past = (await app.client().get("/sessions?scope=past")).body["items"]
        assert [card["label"] for card in past] == ["Completed"]
        expected = {
            "organiser": "organiser",
            "facilitator": "facilitator",
            "cofacilitator": "co_facilitator",
            "participant": "participant",
            "participant2": "participant",
            "participant3": "participant",
            "observer": "observer",
        }
        assert expected.keys() == demo.PEOPLE.keys()
        for name, role in expected.items():
            client = await app.demo_client(name)
            room = (await client.get("/rooms/welcome")).body
            assert room["you"]["roles"] == [role]
            assert room["you"]["join"]["allowed"] is True
            me = (await client.get("/me")).body
            assert me["mayCreateSessions"] is (name == "organiser")
            assert me["timezone"] is None  # pages show the time of the device
        assert (await app.client().get("//healthz")).body["demo"] is True
        drafts = (await (await app.demo_client("organiser")).get("/sessions?scope=mine")).body["items"]
        assert "Draft" in {card["label"] for card in drafts}


async def test_health_says_what_is_missing(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        ready = await app.client().get("//healthz")
        assert (ready.status, ready.body["status"], ready.body["demo"]) == (200, "ready", False)
        [worker] = app.media.workers
        worker.alive = False
        broken = await app.client().get("//healthz")
        assert (broken.status, broken.body["checks"]["media workers"]) == (503, "missing")
        worker.alive = True
