"""The event loop of a worker: asyncio's, with one socket served ahead of its bookkeeping.

Waking up for one packet is dear: what the processor had at hand is gone, and asyncio's way from the selector
to a callback (events to handles, handles to a queue, the timers) runs cold each time. Measured with 220
packets/s on a small virtual machine: 78 µs a packet through `add_reader`, 40 µs here, 13 µs in C.

So the wait itself looks after the one socket that carries media, and comes back to asyncio only when there is
something else to do: another descriptor, a timer, or work that serving the socket has left behind. Where the
loop is another one (no epoll; tests), `serve` does the same by `add_reader` and a timer.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import sys
import time
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple

_Ts = TypeVarTuple("_Ts")

#: Takes the monotonic time and serves what waits on the socket. Returns the time of its next turn, should
#: nothing come before.
Turn = Callable[[float], float]

#: Waits in the place of `select.epoll.poll`: takes the descriptor of an epoll, in which the served socket is
#: too, and the seconds to wait at most. Returns whether a turn is to be taken, and whether another descriptor
#: is ready. It may serve the socket itself and not come back for that.
Wait = Callable[[int, float], tuple[bool, bool]]

_NEVER = float("inf")
LONGEST = 60.0  # seconds of one wait
AFTER_FAILURE = 0.1  # seconds until the next turn after one that raised


if sys.platform == "linux":

    class _ServingSelector(selectors.EpollSelector):
        """asyncio's selector as one descriptor in a second epoll, with the served socket beside it."""

        def __init__(self, failed: Callable[[Exception], None]) -> None:
            super().__init__()
            self._failed = failed
            self._both = select.epoll()
            self._both.register(self.fileno(), select.EPOLLIN)
            self._fd = -1
            self._turn: Turn
            self._wait: Wait = self._poll
            self._next = 0.0
            #: Whether asyncio has been given something to do since it began to wait.
            self.needed = False

        def serve(self, fd: int, turn: Turn, wait: Wait | None) -> None:
            self._fd, self._turn, self._next = fd, turn, 0.0
            self._wait = wait or self._poll
            self._both.register(fd, select.EPOLLIN)

        def _poll(self, _: int, seconds: float) -> tuple[bool, bool]:
            served = others = False
            for descriptor, _ in self._both.poll(seconds, 2):
                if descriptor == self._fd:
                    served = True
                else:
                    others = True
            return served, others

        def rest(self) -> None:
            self._both.unregister(self._fd)
            self._fd = -1

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            fd = self._fd
            if fd < 0:
                return super().select(timeout)
            self.needed = False
            now = time.monotonic()
            end = _NEVER if timeout is None else now + timeout
            while True:
                # Both sides are looked at each time, so neither can starve the other.
                until = end if end < self._next else self._next
                rest = min(until - now, LONGEST) if until > now else 0.0
                served, others = self._wait(self._both.fileno(), rest)
                now = time.monotonic()
                if served or now >= self._next:
                    try:
                        self._next = self._turn(now)
                    except Exception as error:  # noqa: BLE001 - as for any callback of the loop
                        self._next = now + AFTER_FAILURE
                        self._failed(error)
                if others:
                    return super().select(0)
                if self.needed or now >= end:
                    return []

        def close(self) -> None:
            self._both.close()
            super().close()

    class MediaLoop(asyncio.SelectorEventLoop):
        """asyncio's loop on such a selector."""

        def __init__(self) -> None:
            self._waiting = _ServingSelector(self._turn_failed)
            super().__init__(self._waiting)

        def serve(self, fd: int, turn: Turn, wait: Wait | None) -> Callable[[], None]:
            self._waiting.serve(fd, turn, wait)
            return self._waiting.rest

        def _turn_failed(self, error: Exception) -> None:
            self.call_exception_handler({"message": "serving the media socket failed", "exception": error})

        # What a turn leaves to asyncio ends the wait.

        def call_soon(
            self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
        ) -> asyncio.Handle:
            self._waiting.needed = True
            return super().call_soon(callback, *args, context=context)

        def call_at(
            self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
        ) -> asyncio.TimerHandle:
            self._waiting.needed = True
            return super().call_at(when, callback, *args, context=context)


class _Polling:
    """The same on any loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int, turn: Turn) -> None:
        self._loop, self._fd, self._turn = loop, fd, turn
        self._next = turn(loop.time())
        self._timer = loop.call_at(self._next, self._late)
        loop.add_reader(fd, self._readable)

    def _readable(self) -> None:
        self._next = self._turn(self._loop.time())

    def _late(self) -> None:
        if self._loop.time() >= self._next:
            self._readable()
        self._timer = self._loop.call_at(self._next, self._late)

    def rest(self) -> None:
        self._timer.cancel()
        self._loop.remove_reader(self._fd)


def new_loop() -> asyncio.AbstractEventLoop:
    """The loop of a worker, for `asyncio.Runner`."""
    return MediaLoop() if sys.platform == "linux" else asyncio.new_event_loop()


def serve(fd: int, turn: Turn, wait: Wait | None = None) -> Callable[[], None]:
    """Calls ``turn`` whenever ``fd`` is readable and at the time that it asked for, until the returned
    function is called. In a running loop, which waits by means of ``wait`` if it can.
    """
    loop = asyncio.get_running_loop()
    if sys.platform == "linux" and isinstance(loop, MediaLoop):
        return loop.serve(fd, turn, wait)
    return _Polling(loop, fd, turn).rest
