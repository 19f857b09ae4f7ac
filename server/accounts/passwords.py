"""argon2id, off the event loop, a bounded number at a time: a flood of sign-ins queues instead of eating the
machine, and the queue is bounded too.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import unicodedata
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

WAITING_LIMIT = 200  # about 15 seconds of work for one core; whoever comes then had better try again

T = TypeVar("T")


class TooManyWaiting(Exception):
    """More passwords are waiting than can be looked at in a reasonable time."""


class Passwords:
    def __init__(self, *, memory_kib: int, passes: int) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._slots = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))
        self._waiting = 0

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    async def hash(self, password: str) -> str:
        """Raises TooManyWaiting."""
        return await self._in_turn(lambda: self._hasher.hash(_canonical(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Takes as long for an account that does not exist (None) as for one that does. Raises
        TooManyWaiting.
        """
        matches = await self._in_turn(lambda: self._matches(password_hash or self._nobodys, password))
        return matches and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than are set now."""
        return self._hasher.check_needs_rehash(password_hash)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_LIMIT:
            raise TooManyWaiting(f"{self._waiting} passwords are waiting to be looked at")
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _canonical(password))
        except (VerificationError, InvalidHashError):
            return False


def _canonical(password: str) -> str:
    """Keyboards differ in how they compose "é": both are the same password (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password)
