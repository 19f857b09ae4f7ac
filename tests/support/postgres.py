"""A PostgreSQL of our own for tests: a new cluster in a temporary folder, on a socket and a free port, gone
afterwards.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLACES = [*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), "/usr/local/bin"]


def binaries() -> Path | None:
    """Where initdb and pg_ctl are, also where Debian hides them; None where PostgreSQL is not installed."""
    found = shutil.which("initdb", path=os.pathsep.join([*_PLACES, os.environ.get("PATH", "")]))
    return Path(found).parent if found else None


@contextmanager
def cluster(*, fsync: bool = False) -> Iterator[str]:
    """The SQLAlchemy URL of a running server's empty database. ``fsync``: what is committed survives a
    loss of power, which tests need not wait for.
    """
    where = binaries()
    if where is None:
        raise RuntimeError("PostgreSQL is not installed")
    # Not pytest's folder: PostgreSQL refuses to run as root, and no other user may enter there.
    folder = Path(tempfile.mkdtemp(prefix="convene-postgres-"))
    port = _free_port()
    user = _owner(folder)
    data = folder / "data"

    def run(*command: str) -> None:
        with (folder / "log").open("a") as output:
            done = subprocess.run(
                [str(where / command[0]), *command[1:]],
                user=user,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {(folder / 'log').read_text()}")

    try:
        run("initdb", "-D", str(data), "-U", "convene", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        options += " -c fsync=on" if fsync else " -c fsync=off"
        run("pg_ctl", "-D", str(data), "-o", options, "-w", "-l", str(folder / "server.log"), "start")
        try:
            yield f"postgresql+asyncpg://convene@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(folder: Path) -> int | None:
    """The user to run as, who then owns the folder; None where we are not root and need no other."""
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user.pw_uid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
