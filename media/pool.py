"""The media workers of this host: starts them, watches them, replaces one that dies, places rooms on them,
empties one that is to end.

Worker ``i`` listens on port ``settings.port + i``, UDP and TCP, and its replacements keep that port, so that
a firewall needs one rule and browsers that come back find the same address.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from media.capabilities import offered
from media.client import MediaWorker, WorkerDied
from media.framing import MAX_LINE
from media.protocol import Notification, RtpCapabilities, WorkerDraining, WorkerFailed, WorkerReady

log = logging.getLogger(__name__)

START_TIMEOUT = 20.0  # seconds until a new worker must listen
DRAIN_TIMEOUT = 30.0  # seconds that the rooms of a worker have to move away before it ends all the same
STOP_TIMEOUT = 3.0  # seconds between the end of the connection and SIGKILL
SHORT_LIFE = 10.0  # seconds; a worker that lived less long is replaced after a pause
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0  # seconds, doubled from one failure to the next
# Workers must find this very package, also when the project is not installed.
_ROOT = str(Path(__file__).resolve().parent.parent)


class PoolError(Exception):
    """The workers cannot be started; the text says what to change."""


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """``port`` is the first worker's, worker i takes port + i; 0 lets each take any free one.

    ``announced`` are the addresses that browsers are told, the best first; empty means ``listen``, or
    loopback where that is all interfaces.
    """

    workers: int = 1
    listen: str = "0.0.0.0"
    port: int = 40000
    announced: list[str] = field(default_factory=list)
    log_level: str = "info"


@dataclass(slots=True)
class _Slot:
    """One place for a worker; outlives the processes that fill it."""

    index: int
    port: int
    worker: MediaWorker
    process: Process
    started: float
    generation: int = 0
    failures: int = 0  # failed starts and short lives in a row


def pause_after(failures: int) -> float:
    """Seconds to wait before the next start, after so many failures in a row."""
    return min(FIRST_PAUSE * 2.0 ** (failures - 1), LONGEST_PAUSE) if failures else 0.0


class MediaPool:
    """Set ``on_notification``, ``on_worker_died`` and ``on_worker_draining`` before `start`; all are called
    in the event loop.

    ``on_worker_died`` is called once for each worker that went unasked, or with rooms; ``on_worker_draining``
    when one is to end, so that its rooms leave it (CloseRoom). A replacement starts by itself.
    """

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self.on_notification: Callable[[MediaWorker, Notification], None] = lambda worker, notification: None
        self.on_worker_died: Callable[[MediaWorker], None] = lambda worker: None
        self.on_worker_draining: Callable[[MediaWorker], None] = lambda worker: None
        self._drains: set[asyncio.Task[None]] = set()
        self._slots: list[_Slot] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._available = asyncio.Event()
        self._stopped = False

    @property
    def rtp_capabilities(self) -> RtpCapabilities:
        """What every room of every worker can receive; known before there is a room."""
        return offered()

    @property
    def workers(self) -> list[MediaWorker]:
        """Those alive now."""
        return [slot.worker for slot in self._slots if slot.worker.alive]

    @property
    def places(self) -> dict[str, MediaWorker]:
        """The worker of each place, "0", "1" …; one that has died is there until it is replaced."""
        return {str(slot.index): slot.worker for slot in sorted(self._slots, key=lambda slot: slot.index)}

    async def start(self) -> None:
        """Returns when all workers listen. Raises PoolError, and then none is left running."""
        starts = [self._open_slot(index) for index in range(self.settings.workers)]
        results = await asyncio.gather(*starts, return_exceptions=True)
        failures = [result for result in results if result is not None]
        if failures:
            await self.stop()
            raise failures[0]
        self._keepers = [asyncio.create_task(self._keep(slot)) for slot in self._slots]
        self._available.set()

    async def stop(self) -> None:
        """Ends all workers, by force those that take seconds. No callback is called any more."""
        self._stopped = True
        self._available.set()
        tasks = [*self._keepers, *self._drains]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._keepers.clear()
        await asyncio.gather(*(self._end(slot.worker, slot.process) for slot in self._slots))
        self._slots.clear()

    async def place(self, room_id: str) -> MediaWorker:
        """The worker of this room: the same as before while it lives, else the least loaded one.

        Waits for a replacement when none is alive. Raises WorkerDied once the pool is stopped.
        """
        while not self._stopped:
            workers = [worker for worker in self.workers if not worker.draining]
            for worker in workers:
                if room_id in worker.rooms:
                    return worker
            if workers:
                chosen = min(workers, key=_load)
                chosen.rooms.add(room_id)
                return chosen
            self._available.clear()
            await self._available.wait()
        raise WorkerDied("the media workers are stopped")

    def drain(self, worker: MediaWorker) -> None:
        """Has the worker replaced by a new one: no room is placed on it any more, those on it are moved by
        whoever listens, and it ends when the last has gone, or after `DRAIN_TIMEOUT` seconds. SIGTERM to its
        process does the same.
        """
        if worker.draining or not worker.alive:
            return
        worker.draining = True
        log.warning("media worker %s is emptied: %d rooms are moved", worker.id, len(worker.rooms))
        task = asyncio.create_task(self._drain(worker))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    async def _drain(self, worker: MediaWorker) -> None:
        try:
            self.on_worker_draining(worker)
        except Exception:
            log.exception("the draining of worker %s was not handled", worker.id)
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT):
                if worker.rooms:
                    await worker.vacated.wait()
        except TimeoutError:
            log.warning(
                "media worker %s still has %d rooms: ended all the same", worker.id, len(worker.rooms)
            )
        await worker.close()

    # --- starting and ending one process ---

    async def _open_slot(self, index: int) -> None:
        port = self.settings.port + index if self.settings.port else 0
        worker, process = await self._start_worker(f"{index}.0", port)
        started = asyncio.get_running_loop().time()
        self._slots.append(_Slot(index, worker.port, worker, process, started))

    async def _start_worker(self, worker_id: str, port: int) -> tuple[MediaWorker, Process]:
        """A new process that listens. Raises PoolError."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=MAX_LINE)
            try:
                process = await self._spawn(worker_id, port, theirs.fileno())
            except BaseException:
                writer.close()
                raise
        worker = MediaWorker(worker_id, process.pid, reader, writer, self._deliver)
        try:
            worker.port = await self._wait_ready(worker, port)
        except BaseException:
            await self._end(worker, process)
            raise
        log.info("media worker %s (process %d) listens on port %d", worker_id, process.pid, worker.port)
        return worker, process

    async def _spawn(self, worker_id: str, port: int, fd: int) -> Process:
        arguments = [
            "--fd",
            str(fd),
            "--id",
            worker_id,
            "--listen",
            self.settings.listen,
            "--port",
            str(port),
            "--log-level",
            self.settings.log_level,
        ]
        for address in self.settings.announced or [_own_address(self.settings.listen)]:
            arguments += ["--announced", address]
        path = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH")]))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "media",
            *arguments,
            stdin=DEVNULL,
            pass_fds=[fd],
            env={**os.environ, "PYTHONPATH": path},
        )

    async def _wait_ready(self, worker: MediaWorker, port: int) -> int:
        try:
            async with asyncio.timeout(START_TIMEOUT):
                first = await worker.next_notification()
        except TimeoutError:
            raise PoolError(f"media worker {worker.id} did not start within {START_TIMEOUT:g} s") from None
        except WorkerDied as error:
            raise PoolError(f"media worker {worker.id} ended while it started: {error}") from None
        if isinstance(first, WorkerFailed):
            raise PoolError(self._start_problem(first, port))
        if not isinstance(first, WorkerReady):
            raise PoolError(f"media worker {worker.id} began with {first.event}")
        return first.port

    def _start_problem(self, failed: WorkerFailed, port: int) -> str:
        if failed.reason == "port_in_use":
            first, last = self.settings.port, self.settings.port + self.settings.workers - 1
            return (
                f"Port {port} (UDP or TCP) on {self.settings.listen} is already in use by another program. "
                f"Free it, or set CONVENE_MEDIA_PORT to another first port (now {first}, used up to {last})."
            )
        if failed.reason == "address":
            return f"Media cannot listen on {self.settings.listen}:{port}: {failed.message}."
        return f"A media worker could not start: {failed.message}."

    async def _end(self, worker: MediaWorker, process: Process) -> None:
        """Closes the connection, which tells the worker to end; kills it when it does not."""
        await worker.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await process.wait()
        except TimeoutError:
            log.warning("media worker %s does not end: killed", worker.id)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    # --- watching and replacing ---

    async def _keep(self, slot: _Slot) -> None:
        """Serves the slot's worker; each time it dies, says so and puts another in its place."""
        clock = asyncio.get_running_loop().time
        while True:
            await slot.worker.serve()
            dead = slot.worker
            await self._end(dead, slot.process)
            lived = clock() - slot.started
            if dead.draining and slot.process.returncode == 0:
                log.warning("media worker %s ended as it was asked to", dead.id)
            else:
                log.error(
                    "media worker %s died after %.1f s (exit %s)", dead.id, lived, slot.process.returncode
                )
                slot.failures = slot.failures + 1 if lived < SHORT_LIFE else 0
            if dead.rooms or not dead.draining:
                self._report_death(dead)
            await self._replace(slot)
            slot.started = clock()
            self._available.set()

    async def _replace(self, slot: _Slot) -> None:
        while True:
            await asyncio.sleep(pause_after(slot.failures))
            slot.generation += 1
            try:
                slot.worker, slot.process = await self._start_worker(
                    f"{slot.index}.{slot.generation}", slot.port
                )
            except PoolError as error:
                slot.failures += 1
                log.error("%s Next attempt in %.2f s.", error, pause_after(slot.failures))
            else:
                return

    def _report_death(self, worker: MediaWorker) -> None:
        try:
            self.on_worker_died(worker)
        except Exception:
            log.exception("the death of worker %s was not handled", worker.id)

    def _deliver(self, worker: MediaWorker, notification: Notification) -> None:
        if isinstance(notification, WorkerDraining):
            self.drain(worker)
            return
        self.on_notification(worker, notification)


def _own_address(listen: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen)


def _load(worker: MediaWorker) -> tuple[float, int, int]:
    """Tenths of a core first, so that noise does not decide; then what is open, then what was just placed."""
    return (round(worker.load.cpu, 1), worker.load.consumers, len(worker.rooms))
