"""The command `convene`: serve, migrate, settings, create-organiser."""

from __future__ import annotations

import argparse
import asyncio
import errno
import getpass
import logging
import signal
import socket
import sys
from collections.abc import Sequence

from aiohttp import web
from pydantic import TypeAdapter, ValidationError
from pydantic_settings import SettingsError

from media.pool import PoolError
from server import demo
from server.accounts.handlers import SignUp
from server.accounts.organisers import make_organiser
from server.app import HUB, create_app
from server.db.engine import Database, DatabaseUnreachable
from server.db.migrate import migrate
from server.http import not_malformed
from server.settings import PREFIX, Settings, describe, is_loopback, unknown_variables

IDLE_SECONDS = 150
"""A connection on which no request arrives completely is closed. Longer than proxies keep theirs open."""


class CannotStart(Exception):
    """The text says what is wrong and which setting to change."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 1 after one sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings()
        for name in unknown_variables():
            print(f"convene: {name} is no setting (`convene settings` lists them)", file=sys.stderr)
        logging.basicConfig(
            level=settings.log_level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        )
        logging.getLogger("aiohttp.server").addFilter(not_malformed)
        asyncio.run(_COMMANDS[options.command](settings, options))
    except DatabaseUnreachable as error:
        print(f"convene: the database of {PREFIX}DATABASE_URL cannot be opened: {error}", file=sys.stderr)
        return 1
    except (CannotStart, PoolError) as error:
        print(f"convene: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="convene", description="A real-time live-session server.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the server (brings the database up to date first)")
    serve.add_argument("--demo", action="store_true", help="with demo content, on this machine only")
    commands.add_parser("migrate", help="bring the database up to date")
    commands.add_parser("settings", help="list all settings with value, source and default")
    organiser = commands.add_parser("create-organiser", help="create an account that may create sessions")
    organiser.add_argument("email")
    organiser.add_argument("--name", required=True)
    return parser


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for entry in error.errors():
            name = f"{PREFIX}{str(entry['loc'][0]).upper()}: " if entry["loc"] else ""
            lines.append(name + entry["msg"].removeprefix("Value error, "))
        raise CannotStart("\n  ".join(["some settings are not right:", *lines])) from error
    except (SettingsError, FileNotFoundError, ValueError) as error:
        raise CannotStart(str(error)) from error


# --- commands --------------------------------------------------------------------------------------


async def _serve(settings: Settings, options: argparse.Namespace) -> None:
    if options.demo and not is_loopback(settings.host):
        raise CannotStart(
            f"the demo's password is public, so it runs on this machine only: "
            f"{PREFIX}HOST is {settings.host}, set it to 127.0.0.1 or leave --demo away"
        )
    listener = _bind(settings)
    app = create_app(settings, with_demo=options.demo, progress=_say)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5, keepalive_timeout=IDLE_SECONDS)
    ending = _Ending()
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        _say(f"ready: {settings.url(listener.getsockname()[1])}")
        if options.demo:
            for line in demo.greeting():
                _say(line)
        await ending.asked()
        await _drain(app, settings)
    finally:
        await runner.cleanup()
        listener.close()
        _say("stopped")


class _Ending:
    """What signals do to a server. SIGTERM lets live rooms go on for a while; a second one, and SIGINT
    (Ctrl-C) at any time, does not wait. Before the server is ready there is nothing to wait for.
    """

    def __init__(self) -> None:
        this = asyncio.current_task()
        assert this is not None  # noqa: S101
        self._serving = this
        self._ready = False
        self._asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._terminate)
        loop.add_signal_handler(signal.SIGINT, this.cancel)

    async def asked(self) -> None:
        self._ready = True
        await self._asked.wait()

    def _terminate(self) -> None:
        if self._ready and not self._asked.is_set():
            self._asked.set()
        else:
            self._serving.cancel()


async def _drain(app: web.Application, settings: Settings) -> None:
    """Lets live rooms finish, within the limit. The rest is told to come back, and stopped in order."""
    hub = app[HUB]
    if live := hub.live_rooms:
        _say(
            f"draining: {live} live room{'s' if live > 1 else ''}, up to {settings.drain_limit} s "
            "(SIGTERM again or Ctrl-C: end now)"
        )
    if not await hub.drain(settings.drain_limit):
        _say(f"draining: {hub.live_rooms} still live, they reconnect after the restart")


async def _migrate(settings: Settings, options: argparse.Namespace) -> None:
    settings.make_data_folder()
    database = Database(settings.effective_database_url)
    try:
        before, after = await migrate(database)
    finally:
        await database.close()
    _say("the database was up to date" if before == after else f"the database is at revision {after}")


async def _show_settings(settings: Settings, options: argparse.Namespace) -> None:
    for variable, value, default, source, description in describe(settings):
        print(f"{variable} = {value or '(none)'}")
        print(f"    {description}")
        print(f"    from: {source}" + (f"; default: {default or '(none)'}" if source != "default" else ""))


async def _create_organiser(settings: Settings, options: argparse.Namespace) -> None:
    settings.make_data_folder()
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        person = TypeAdapter(SignUp).validate_python(
            {"email": options.email, "name": options.name, "password": password}
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise CannotStart(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}") from error
    _say(await make_organiser(settings, person))


_COMMANDS = {
    "serve": _serve,
    "migrate": _migrate,
    "settings": _show_settings,
    "create-organiser": _create_organiser,
}


def _bind(settings: Settings) -> socket.socket:
    """Before anything else is started: a taken port is the most likely thing to be wrong."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CannotStart(f"{PREFIX}HOST={settings.host} is no address of this machine: {error}") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {settings.port} on {settings.host} is in use by another program; "
                f"set {PREFIX}PORT to a free one"
            ) from error
        raise CannotStart(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
    return listener


def _say(line: str) -> None:
    print(f"── {line}" if not line.startswith(" ") else line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
