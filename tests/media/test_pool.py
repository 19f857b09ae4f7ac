"""The worker pool with real processes: starting, placing, a worker's death and its replacement, the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.client import MediaWorker, WorkerDied
from media.pool import LONGEST_PAUSE, MediaPool, PoolError, PoolSettings, pause_after
from media.protocol import CloseRoom, CreateRoom, GetStats, MediaError, Notification, WorkerLoad


@contextlib.asynccontextmanager
async def running(workers: int, port: int = 0) -> AsyncIterator[MediaPool]:
    pool = MediaPool(PoolSettings(workers=workers, listen="127.0.0.1", port=port))
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


def is_running(pid: int) -> bool:
    """Whether the process exists; a zombie counts as running, since it has not been waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def watch_deaths(pool: MediaPool) -> asyncio.Queue[MediaWorker]:
    deaths: asyncio.Queue[MediaWorker] = asyncio.Queue()
    pool.on_worker_died = deaths.put_nowait
    return deaths


async def test_workers_listen_and_stop_leaves_no_process() -> None:
    async with running(2) as pool:
        pids = [worker.pid for worker in pool.workers]
        ports = {worker.port for worker in pool.workers}
        assert len(ports) == 2
        assert all(ports)
        assert all(is_running(pid) for pid in pids)
    assert not any(is_running(pid) for pid in pids)
    assert pool.workers == []


async def test_worker_i_takes_the_ith_port() -> None:
    async with running(1) as probe:
        first = probe.workers[0].port
    async with running(1, port=first) as pool:
        assert pool.workers[0].port == first


async def test_a_taken_port_is_named_together_with_its_setting() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        pool = MediaPool(PoolSettings(workers=2, listen="127.0.0.1", port=port))
        with pytest.raises(PoolError, match=rf"Port {port} .*already in use.*CONVENE_MEDIA_PORT"):
            await pool.start()
    assert pool.workers == []


async def test_an_address_that_is_not_ours_is_named() -> None:
    pool = MediaPool(PoolSettings(listen="192.0.2.1", port=0))  # TEST-NET-1 (RFC 5737)
    with pytest.raises(PoolError, match=r"cannot listen on 192\.0\.2\.1"):
        await pool.start()


async def test_a_room_stays_on_its_worker_and_new_ones_go_to_the_emptier() -> None:
    async with running(2) as pool:
        a = await pool.place("a")
        b = await pool.place("b")
        assert a is not b
        assert await pool.place("a") is a
        await a.request(CreateRoom("a"))
        await a.request(CloseRoom("a"))
        assert await pool.place("c") is a
        assert await pool.place("b") is b


async def test_a_killed_worker_fails_its_requests_and_is_replaced_on_its_port() -> None:
    async with running(1) as pool:
        deaths = watch_deaths(pool)
        worker = await pool.place("room")
        os.kill(worker.pid, signal.SIGSTOP)  # so that the request is on its way, unanswered, when it dies
        pending = asyncio.create_task(worker.request(CreateRoom("room")))
        await asyncio.sleep(0)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerDied):
            await pending
        assert await deaths.get() is worker
        with pytest.raises(WorkerDied):
            await worker.request(GetStats())

        replacement = await pool.place("room")
        assert replacement is not worker
        assert replacement.id != worker.id
        assert replacement.port == worker.port
        assert not is_running(worker.pid)
        await replacement.request(CreateRoom("room"))
        assert deaths.empty()


async def test_the_death_of_one_worker_leaves_the_others_alone() -> None:
    async with running(2) as pool:
        deaths = watch_deaths(pool)
        a, b = await pool.place("a"), await pool.place("b")
        await b.request(CreateRoom("b"))
        os.kill(a.pid, signal.SIGKILL)
        assert await deaths.get() is a
        assert await pool.place("a") is b
        with pytest.raises(MediaError, match="duplicate"):
            await b.request(CreateRoom("b"))


async def test_a_listener_that_fails_costs_nobody_anything() -> None:
    async with running(1) as pool:
        heard = asyncio.Event()

        def fail(worker: MediaWorker, notification: Notification) -> None:
            heard.set()
            raise RuntimeError("a defect of the listener")

        pool.on_notification = fail
        worker = pool.workers[0]
        await heard.wait()
        await worker.request(CreateRoom("room"))


async def test_the_load_is_reported() -> None:
    async with running(1) as pool:
        loads: asyncio.Queue[Notification] = asyncio.Queue()
        pool.on_notification = lambda worker, notification: loads.put_nowait(notification)
        report = await loads.get()
        assert isinstance(report, WorkerLoad)
        assert (report.peers, report.consumers) == (0, 0)
        assert pool.workers[0].load == report


async def test_a_worker_that_does_not_answer_in_time_is_reported_as_such() -> None:
    async with running(1) as pool:
        worker = pool.workers[0]
        os.kill(worker.pid, signal.SIGSTOP)
        with pytest.raises(MediaError) as caught:
            await worker.request(GetStats(), within=0.01)
        assert caught.value.code == "timeout"
        os.kill(worker.pid, signal.SIGCONT)
        await worker.request(GetStats())  # the late answer to the first one is skipped


async def test_stop_kills_a_worker_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.pool.STOP_TIMEOUT", 0.1)
    async with running(1) as pool:
        pid = pool.workers[0].pid
        os.kill(pid, signal.SIGSTOP)
    assert not is_running(pid)


async def test_a_worker_that_falls_silent_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.pool.STOP_TIMEOUT", 0.1)
    async with running(1) as pool:
        deaths = watch_deaths(pool)
        worker = pool.workers[0]
        monkeypatch.setattr("media.client.SILENCE_LIMIT", 0.1)
        with contextlib.suppress(WorkerDied):  # should it be that slow already
            await worker.request(GetStats())  # the limit holds from the next line on
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGSTOP)
        assert await deaths.get() is worker
        monkeypatch.undo()
        assert (await pool.place("room")).port == worker.port


async def test_placing_ends_when_the_pool_stops() -> None:
    async with running(1) as pool:
        worker = pool.workers[0]
        deaths = watch_deaths(pool)
        os.kill(worker.pid, signal.SIGKILL)
        await deaths.get()
        placing = asyncio.create_task(pool.place("room"))
        await asyncio.sleep(0)
    with pytest.raises(WorkerDied):
        await placing


async def test_ctrl_c_is_left_to_the_main_process() -> None:
    async with running(1) as pool:
        worker = pool.workers[0]
        os.kill(worker.pid, signal.SIGINT)
        await worker.request(GetStats())


async def test_a_worker_never_outlives_the_main_process() -> None:
    script = (
        "import asyncio\n"
        "from media.pool import MediaPool, PoolSettings\n"
        "async def main():\n"
        "    pool = MediaPool(PoolSettings(listen='127.0.0.1', port=0))\n"
        "    await pool.start()\n"
        "    print(pool.workers[0].pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    main = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert main.stdout is not None
    pid = int(await main.stdout.readline())
    pidfd = os.pidfd_open(pid)
    try:
        main.kill()
        await main.wait()
        await _readable(pidfd)  # a pidfd is readable once its process has ended
    finally:
        os.close(pidfd)
    await main.stdout.read()


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


def test_pauses_grow_and_are_bounded() -> None:
    assert pause_after(0) == 0
    pauses = [pause_after(failures) for failures in range(1, 100)]
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < 1
    assert pauses[-1] == LONGEST_PAUSE


async def test_a_worker_asked_to_end_is_emptied_and_replaced_on_its_port() -> None:
    async with running(2) as pool:
        deaths = watch_deaths(pool)
        draining: asyncio.Queue[MediaWorker] = asyncio.Queue()
        pool.on_worker_draining = draining.put_nowait
        old = await pool.place("room")
        await old.request(CreateRoom("room"))
        os.kill(old.pid, signal.SIGTERM)
        assert await draining.get() is old
        assert await pool.place("room") is not old  # moved; the old one still serves what it has
        with pytest.raises(MediaError, match="duplicate"):
            await old.request(CreateRoom("room"))
        pidfd = os.pidfd_open(old.pid)
        try:
            await old.request(CloseRoom("room"))
            await _readable(pidfd)
        finally:
            os.close(pidfd)
        while len(pool.workers) < 2 or old in pool.workers:
            await asyncio.sleep(0.01)
        assert old.port in {worker.port for worker in pool.workers}
        assert deaths.empty()


async def test_the_only_worker_is_replaced_too_and_new_rooms_wait_for_that() -> None:
    async with running(1) as pool:
        old = pool.workers[0]
        pool.drain(old)
        pool.drain(old)  # twice is once
        new = await pool.place("room")
        assert new is not old
        assert new.port == old.port
        await new.request(CreateRoom("room"))


async def test_a_room_that_never_leaves_does_not_hold_a_worker_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("media.pool.DRAIN_TIMEOUT", 0.05)
    async with running(1) as pool:
        deaths = watch_deaths(pool)
        old = await pool.place("room")
        await old.request(CreateRoom("room"))
        pool.drain(old)
        assert await deaths.get() is old  # its rooms are rebuilt as after a crash
        assert await pool.place("room") is not old


async def test_a_second_sigterm_ends_a_worker_at_once() -> None:
    async with running(1) as pool:
        deaths = watch_deaths(pool)
        draining: asyncio.Queue[MediaWorker] = asyncio.Queue()
        pool.on_worker_draining = draining.put_nowait
        old = await pool.place("room")
        os.kill(old.pid, signal.SIGTERM)
        assert await draining.get() is old
        os.kill(old.pid, signal.SIGTERM)
        assert await deaths.get() is old


async def test_workers_log_at_the_level_that_is_set(capfd: pytest.CaptureFixture[str]) -> None:
    for level, lines in (("info", True), ("warning", False)):
        pool = MediaPool(PoolSettings(workers=1, listen="127.0.0.1", port=0, log_level=level))
        await pool.start()
        await pool.stop()
        assert ("listens on port" in capfd.readouterr().err) is lines
