"""The command `convene`, run as its users run it."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.__main__ import main

BASE = {
    "CONVENE_PORT": "0",
    "CONVENE_MEDIA_PORT": "0",
    "CONVENE_MEDIA_WORKERS": "1",
    "CONVENE_PASSWORD_MEMORY_KIB": "8",
    "CONVENE_PASSWORD_PASSES": "1",
}


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Convene:
    """Runs commands in this process; only what serves gets one of its own."""

    def __init__(
        self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.data, self._monkeypatch, self._capsys = data, monkeypatch, capsys
        for name in [name for name in os.environ if name.startswith("CONVENE_")]:
            monkeypatch.delenv(name)
        for name, value in (BASE | {"CONVENE_DATA": str(data)}).items():
            monkeypatch.setenv(name, value)

    def __call__(self, *arguments: str, stdin: str = "", **settings: str) -> Done:
        with self._monkeypatch.context() as changed:
            for name, value in settings.items():
                changed.setenv(f"CONVENE_{name}", value)
            changed.setattr("sys.stdin", io.StringIO(stdin))
            code = main(arguments)
        said = self._capsys.readouterr()
        return Done(code, said.out, said.err)


@pytest.fixture
def convene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Convene:
    return Convene(tmp_path, monkeypatch, capsys)


@pytest.fixture
def taken() -> Iterator[str]:
    """A port that somebody else has, TCP and UDP."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(listener.getsockname())
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_starts_says_where_it_is_and_stops(convene: Convene, stop: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "server", "serve", "--demo"],
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "observer@demo.test" in line:
                break
        url = next(line.split("ready: ")[1].strip() for line in said if "ready: " in line)
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as response:  # noqa: S310
            assert response.status == 200
        process.send_signal(stop)
        rest, problems = process.communicate(timeout=30)
    assert process.returncode == 0
    assert rest.endswith("── stopped\n")
    assert "Traceback" not in problems
    assert any("convene-demo" in line for line in said)
    assert len([line for line in said if "@demo.test" in line]) == 7


def test_the_demo_stays_on_this_machine(convene: Convene) -> None:
    done = convene("serve", "--demo", HOST="0.0.0.0", MEDIA_ADDRESS="192.0.2.1")
    assert done.code == 1
    assert "CONVENE_HOST" in done.err
    assert not (convene.data / "convene.db").exists()


def test_a_taken_port_is_a_sentence(convene: Convene, taken: str) -> None:
    done = convene("serve", PORT=taken)
    assert done.code == 1
    assert done.err == (
        f"convene: port {taken} on 127.0.0.1 is in use by another program; set CONVENE_PORT to a free one\n"
    )


def test_a_taken_media_port_is_a_sentence(convene: Convene, taken: str) -> None:
    done = convene("serve", MEDIA_PORT=taken)
    assert done.code == 1
    assert "CONVENE_MEDIA_PORT" in done.err
    assert "Traceback" not in done.err


def test_wrong_settings_are_named(convene: Convene) -> None:
    done = convene("serve", PORT="http", MEDIA_WORKERS="0")
    assert done.code == 1
    assert "CONVENE_PORT" in done.err
    assert "CONVENE_MEDIA_WORKERS" in done.err
    assert "Traceback" not in done.err
    missing = convene("settings", CONFIG=str(convene.data / "none.toml"))
    assert (missing.code, "none.toml" in missing.err) == (1, True)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:////no/such/folder/convene.db",
        "postgresql+asyncpg://convene@127.0.0.1:1/convene",
        "postgresql+nodriver://convene@127.0.0.1:1/convene",
        "oracles://convene",
        "convene.db",
    ],
)
def test_a_database_that_cannot_be_opened_is_a_sentence(convene: Convene, url: str) -> None:
    done = convene("migrate", DATABASE_URL=url)
    assert done.code == 1
    assert "CONVENE_DATABASE_URL" in done.err
    assert "Traceback" not in done.err


def test_the_data_folder_is_for_its_owner_alone(convene: Convene) -> None:
    folder = convene.data / "new"
    assert convene("migrate", DATA=str(folder)).code == 0
    assert folder.stat().st_mode & 0o077 == 0


def test_a_setting_that_does_not_exist_is_pointed_out(convene: Convene) -> None:
    done = convene("settings", PORTT="8081")
    assert (done.code, done.err) == (
        0,
        "convene: CONVENE_PORTT is no setting (`convene settings` lists them)\n",
    )


def test_settings_lists_them_all(convene: Convene) -> None:
    done = convene("settings")
    assert done.code == 0
    assert f"CONVENE_DATA = {convene.data}" in done.out
    assert "from: environment; default: data" in done.out
    assert "CONVENE_HOST = 127.0.0.1" in done.out


def test_migrating_is_said_and_repeated_without_harm(convene: Convene) -> None:
    assert "is at revision 0" in convene("migrate").out
    assert "up to date" in convene("migrate").out


def test_an_organiser_is_made_or_made_of_somebody(convene: Convene) -> None:
    command = ("create-organiser", "ada@example.org", "--name", "Ada")
    done = convene(*command, stdin="a long password\n")
    assert (done.code, done.out) == (0, "── created ada@example.org\n")
    again = convene(*command, stdin="another password\n")
    assert "may create sessions now" in again.out
    short = convene(*command, stdin="short\n")
    assert short.code == 1
    assert "password" in short.err
