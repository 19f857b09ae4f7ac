"""Hashing passwords is dear on purpose; a flood of sign-ins must not become everybody's problem."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from server.accounts import passwords
from server.accounts.passwords import WAITING_LIMIT, Passwords, TooManyWaiting
from tests.support.app import running


async def test_the_queue_is_bounded() -> None:
    hashing = Passwords(memory_kib=8, passes=1)
    known = await hashing.hash("a long password")
    flood = (hashing.verify(known, "a long password") for _ in range(WAITING_LIMIT + 5))
    results = await asyncio.gather(*flood, return_exceptions=True)
    assert results[:WAITING_LIMIT] == [True] * WAITING_LIMIT
    assert [type(result) for result in results[WAITING_LIMIT:]] == [TooManyWaiting] * 5
    assert await hashing.verify(known, "a long password")  # it has emptied


async def test_everything_else_is_answered_while_200_sign_in(tmp_path: Path) -> None:
    """With hashing at a fraction of its real cost, reading is done long before all of them are in."""
    costs: dict[str, Any] = {"password_memory_kib": 4096, "password_passes": 1}
    async with running(tmp_path, with_demo=True, sign_in_failures=1000, **costs) as app:
        clients = [app.client() for _ in range(200)]
        waiting = [
            asyncio.ensure_future(client.sign_in("organiser@demo.test", "wrong password"))
            for client in clients
        ]
        reader = app.client()
        for _ in range(5):
            assert (await reader.get("/rooms/welcome")).status == 200
        assert sum(task.done() for task in waiting) < 150
        replies = await asyncio.gather(*waiting)
        assert {reply.status for reply in replies} == {401}


async def test_who_comes_when_the_queue_is_full_is_told_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "WAITING_LIMIT", 2)
    async with running(tmp_path, sign_in_failures=1000, password_memory_kib=16_384) as app:
        flood = (app.client().sign_in("nobody@example.org", "wrong password") for _ in range(20))
        replies = await asyncio.gather(*flood)
        busy = [reply for reply in replies if reply.status == 503]
        assert busy
        assert {reply.headers["Retry-After"] for reply in busy} == {"1"}
        assert {reply.status for reply in replies} == {401, 503}
