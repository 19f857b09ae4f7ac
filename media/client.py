"""The main process's side of one media worker: requests with their answers, notifications, and its death."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from media.framing import MAX_LINE, ProtocolError, Reply, decode_from_worker, encode_request
from media.protocol import CloseRoom, MediaError, Notification, Request, WorkerLoad

__all__ = ["MediaError", "MediaWorker", "WorkerDied"]

log = logging.getLogger(__name__)
R = TypeVar("R")

REQUEST_TIMEOUT = 10.0  # seconds
# A worker writes its load every two seconds; one that has been silent for so long hangs.
SILENCE_LIMIT = 30.0  # seconds


class WorkerDied(Exception):
    """The worker went, and with it everything it held. Requests without an answer raise this."""


class MediaWorker:
    """One live worker. When it dies the object stays dead; the pool makes another for the replacement.

    ``port`` is its UDP (and ICE-TCP) port, ``load`` its latest report, ``rooms`` the rooms placed here and
    not closed yet. While it is ``draining`` no room is placed on it; ``vacated``: the last has gone.
    """

    def __init__(
        self,
        worker_id: str,
        pid: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_notification: Callable[[MediaWorker, Notification], None],
    ) -> None:
        self.id = worker_id
        self.pid = pid
        self.port = 0
        self.load = WorkerLoad(cpu=0.0, peers=0, consumers=0)
        self.rooms: set[str] = set()
        self.alive = True
        self.draining = False
        self.vacated = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._on_notification = on_notification
        self._pending: dict[int, asyncio.Future[Reply]] = {}
        self._last_id = 0

    def __repr__(self) -> str:
        return f"<MediaWorker {self.id} port={self.port}>"

    async def request(self, request: Request[R], within: float = REQUEST_TIMEOUT) -> R:
        """The response to one control message.

        Raises MediaError when the worker refuses it (or with `timeout` after ``within`` seconds) and
        WorkerDied.
        """
        if not self.alive:
            raise WorkerDied(f"media worker {self.id} is gone")
        self._last_id += 1
        request_id = self._last_id
        answer = asyncio.get_running_loop().create_future()
        line = encode_request(request_id, request)
        self._pending[request_id] = answer
        try:
            self._writer.write(line)
            async with asyncio.timeout(within):
                reply: Reply = await answer
        except TimeoutError:
            raise MediaError("timeout", f"no answer to {request.method} within {within:g} s") from None
        finally:
            self._pending.pop(request_id, None)
        response = reply.read(request)
        if isinstance(request, CloseRoom):
            self.left_by(request.room_id)
        return response

    def left_by(self, room_id: str) -> None:
        """A room that was placed here is not here any more."""
        self.rooms.discard(room_id)
        if not self.rooms:
            self.vacated.set()

    async def next_notification(self) -> Notification:
        """For the start of a worker, before `serve`: its first line. Raises WorkerDied."""
        message = await self._read()
        if not isinstance(message, Notification):
            raise WorkerDied(f"media worker {self.id} answered before it was asked")
        return message

    async def serve(self) -> None:
        """Delivers what the worker writes until it is gone: closed, silent too long, or writing nonsense."""
        try:
            while True:
                message = await self._read()
                if isinstance(message, Reply):
                    self._resolve(message)
                else:
                    self._notify(message)
        except WorkerDied as error:
            log.warning("%s", error)
        finally:
            await self.close()

    async def close(self) -> None:
        """Gives up the connection; a worker ends by itself when its connection is closed."""
        self.alive = False
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(WorkerDied(f"media worker {self.id} died"))
        self._pending.clear()
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError as error:
            log.debug("closing the connection of worker %s: %s", self.id, error)

    async def _read(self) -> Reply | Notification:
        try:
            async with asyncio.timeout(SILENCE_LIMIT):
                line = await self._reader.readuntil(b"\n")
            return decode_from_worker(line)
        except asyncio.IncompleteReadError:
            reason = "closed its connection"
        except ConnectionError as error:
            reason = f"lost its connection ({error})"
        except TimeoutError:
            reason = f"has been silent for {SILENCE_LIMIT:g} s"
        except asyncio.LimitOverrunError:
            reason = f"wrote a line of more than {MAX_LINE} bytes"
        except ProtocolError as error:
            reason = f"wrote nonsense: {error}"
        raise WorkerDied(f"media worker {self.id} {reason}")

    def _resolve(self, reply: Reply) -> None:
        answer: asyncio.Future[Any] | None = self._pending.get(reply.id)
        if answer is None or answer.done():
            log.info("worker %s answered request %d too late", self.id, reply.id)
        else:
            answer.set_result(reply)

    def _notify(self, notification: Notification) -> None:
        if isinstance(notification, WorkerLoad):
            self.load = notification
        try:
            self._on_notification(self, notification)
        except Exception:
            # One listener's mistake must not cost a worker with all its rooms.
            log.exception("%s of worker %s was not handled", notification.event, self.id)
