"""One media worker process: ``python -m media --fd N --listen 0.0.0.0 --port 40000 --announced 203.0.113.7``.

Started by `media.pool`, which holds the other end of the socket pair whose descriptor is given. It ends when
that connection is closed, and so never outlives the main process. SIGTERM asks for it: the main process is
told, moves the rooms and lets the worker go; a second SIGTERM does not wait for that.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
import sys
import time
from dataclasses import dataclass, field

from media.context import MediaContext
from media.framing import MAX_LINE, encode_notification
from media.net.loop import new_loop
from media.protocol import Notification, WorkerDraining, WorkerFailed, WorkerReady
from media.worker import Worker, answer

log = logging.getLogger("media.main")

LOAD_INTERVAL = 2.0  # seconds
# Unread notifications that we keep for the main process. Beyond that it is stuck, and the worker ends as it
# does when the main process dies.
UNREAD_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """``fd`` is our end of the control socket pair; the rest is as in `media.pool.PoolSettings`."""

    fd: int
    id: str = "0"
    listen: str = "0.0.0.0"
    port: int = 0
    announced: list[str] = field(default_factory=list)
    log_level: str = "info"


async def run(options: WorkerOptions) -> int:
    """Serves until the main process closes the connection; the exit code of the process."""
    control = socket.socket(fileno=options.fd)
    reader, writer = await asyncio.open_unix_connection(sock=control, limit=MAX_LINE)
    outbox = _Outbox(writer)
    context = MediaContext(options.listen, options.port, options.announced, outbox.notify)
    try:
        await context.start()
    except OSError as error:
        outbox.notify(_start_failure(error))
        await outbox.close()
        return 1
    worker = Worker(context)
    requests = asyncio.create_task(serve(worker, reader, outbox))
    terminate = _Terminate(requests, outbox)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    outbox.notify(WorkerReady(context.port))
    loop = "compiled" if context.compiled is not None else "Python"
    log.info("listens on port %d, with the %s packet loop", context.port, loop)
    reports = asyncio.create_task(report(worker, context, outbox))
    await asyncio.wait([requests, reports], return_when=asyncio.FIRST_COMPLETED)
    # It is ending already; a late SIGTERM must not meet a loop that is being closed.
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    await _end(requests)
    await _end(reports)
    await context.close()
    await outbox.close()
    log.info("ended")
    return 0


class _Terminate:
    """What SIGTERM does: the first asks the main process to move the rooms, the next ends the worker."""

    def __init__(self, requests: asyncio.Task[None], outbox: _Outbox) -> None:
        self._requests = requests
        self._outbox = outbox
        self._asked = False

    def __call__(self) -> None:
        if self._asked:
            self._requests.cancel()
            return
        self._asked = True
        log.info("asked to end: the rooms are to be moved first")
        self._outbox.notify(WorkerDraining())


def _start_failure(error: OSError) -> WorkerFailed:
    if error.errno == errno.EADDRINUSE:
        return WorkerFailed("port_in_use", str(error))
    wrong = (errno.EADDRNOTAVAIL, errno.EACCES, errno.EAFNOSUPPORT)
    if error.errno in wrong or isinstance(error, socket.gaierror):
        return WorkerFailed("address", error.strerror or str(error))
    return WorkerFailed("internal", str(error))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return
    except Exception:
        log.exception("a defect ends this worker")


async def serve(worker: Worker, reader: asyncio.StreamReader, outbox: _Outbox) -> None:
    """Answers requests until the connection ends."""
    try:
        while True:
            line = await reader.readuntil(b"\n")
            outbox.write(answer(worker, line))
    except (asyncio.IncompleteReadError, ConnectionError):
        log.info("the main process is gone")
    except asyncio.LimitOverrunError:
        log.error("a request of more than %d bytes", MAX_LINE)


async def report(worker: Worker, context: MediaContext, outbox: _Outbox) -> None:
    """Tells the load every two seconds, and collects garbage in the same breath."""
    collector = _Collector(context)
    wall, used = time.monotonic(), time.process_time()
    while True:
        await asyncio.sleep(LOAD_INTERVAL)
        now, cpu = time.monotonic(), time.process_time()
        outbox.notify(worker.load((cpu - used) / (now - wall)))
        wall, used = now, cpu
        collector.tick()


class _Outbox:
    """Lines to the main process. Nobody waits; it is bounded by giving up when the other end never reads."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def notify(self, notification: Notification) -> None:
        self.write(encode_notification(notification))

    def write(self, line: bytes) -> None:
        if self._writer.transport.get_write_buffer_size() > UNREAD_LIMIT:
            log.error("the main process does not read: giving up")
            self._writer.transport.abort()
        elif line and not self._writer.is_closing():
            self._writer.write(line)

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


class _Collector:
    """Cyclic garbage collection at times of our choosing instead of in the middle of a batch of packets.

    The packet path makes no cycles, so counting allocations, as Python does, would only cause pauses. What is
    there after start-up lives as long as the process and is taken out of sight (`gc.freeze`). Closing peers
    leaves cycles (DTLS, tasks, callbacks): a full collection follows when transports have gone, at most every
    `FULL_INTERVAL`; in between only what was made since the last tick is looked at. Measured with 1,560
    consumers open: 5.5 ms for a full collection, 2 µs for a tick in which nothing was made.
    """

    FULL_INTERVAL = 10.0  # seconds

    def __init__(self, context: MediaContext) -> None:
        self._context = context
        self._transports = 0
        self._last_full = time.monotonic()
        self._due = False
        gc.collect()
        gc.freeze()
        gc.disable()

    def tick(self) -> None:
        transports = len(self._context.transports)
        self._due = self._due or transports < self._transports
        self._transports = transports
        now = time.monotonic()
        if self._due and now - self._last_full >= self.FULL_INTERVAL:
            gc.collect()
            self._last_full, self._due = now, False
        else:
            gc.collect(1)


class _OneLine(logging.Formatter):
    """A record is one line, its traceback included: lines of several workers share one stderr."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\n", " | ")


def parse(arguments: list[str]) -> WorkerOptions:
    parser = argparse.ArgumentParser(prog="python -m media", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="descriptor of the control socket")
    parser.add_argument("--id", default="0", help="name of this worker in log lines")
    parser.add_argument("--listen", default="0.0.0.0", help="address to bind")
    parser.add_argument("--port", type=int, default=0, help="port, UDP and TCP; 0 takes any free one")
    parser.add_argument(
        "--announced", action="append", default=[], help="address told to browsers; repeatable"
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="what is logged"
    )
    options = parser.parse_args(arguments)
    return WorkerOptions(
        options.fd, options.id, options.listen, options.port, options.announced, options.log_level
    )


def main() -> int:
    options = parse(sys.argv[1:])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine(f"%(asctime)s media-{options.id} %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=options.log_level.upper(), handlers=[handler])
    # Ctrl-C reaches the whole process group: the main process decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
