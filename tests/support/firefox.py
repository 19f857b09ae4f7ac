"""Real Firefox with fake devices, driven over WebDriver BiDi: what the journeys of two browsers need.

https://w3c.github.io/webdriver-bidi/. One JSON object per message of a web socket; a command is answered by
an object with its ``id``, everything else is an event. Firefox pairs none of its own addresses with a
loopback one, so the server has to announce another (`tests.support.demo_server.own_address`).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.browser import EXPECTED_LINES, STATS, WATCH
from tests.support.demo_server import DEMO_PASSWORD

FIREFOX = shutil.which("firefox-esr")
needs_firefox = pytest.mark.skipif(
    FIREFOX is None, reason="Firefox is not installed (apt-get install firefox-esr)"
)

START_LIMIT_S = 60
COMMAND_LIMIT_S = 30
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
MESSAGE_LIMIT = 16 << 20

# Devices that are not real, loopback as a path like any other, and no requests of the browser's own.
PREFERENCES: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "intl.accept_languages": "en-GB",
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.security.https_first": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}

# A button by its accessible name; hidden ones do not count.
BUTTON = """(name) => [...document.querySelectorAll("button")].find((button) =>
  (button.getAttribute("aria-label") ?? button.textContent).trim() === name && button.checkVisibility())"""


class BidiError(Exception):
    """The browser's answer to a command that it could not carry out."""


class _Connection:
    """Commands out, answers and events in."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._count = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self._reading = asyncio.create_task(self._read())

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        answer = self._waiting[self._count] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._count, "method": method, "params": parameters})
        async with asyncio.timeout(COMMAND_LIMIT_S):
            result: dict[str, Any] = await answer
        return result

    async def close(self) -> None:
        await self._socket.close()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            waiting = self._waiting.pop(said["id"], None) if said.get("id") is not None else None
            if said["type"] == "event":
                self.events.append(said)
            elif waiting is None or waiting.done():
                continue  # nobody waits for this answer any more
            elif said["type"] == "success":
                waiting.set_result(said["result"])
            else:
                waiting.set_exception(BidiError(f"{said['error']}: {said['message']}"))


class FirefoxPage:
    """One tab, watched as `tests.support.browser.person` watches its pages."""

    def __init__(self, connection: _Connection, context: str, url: str) -> None:
        self._connection = connection
        self._context = context
        self._url = url

    async def goto(self, path: str) -> None:
        await self._connection.command(
            "browsingContext.navigate", context=self._context, url=self._url + path, wait="complete"
        )

    async def evaluate(self, function: str, *arguments: Any) -> Any:
        """What a function answers, as JSON carries it; a promise is awaited. As if a person had clicked just
        before.
        """
        given = json.dumps(arguments)
        result = await self._connection.command(
            "script.callFunction",
            functionDeclaration=f"async () => JSON.stringify((await ({function})(...{given})) ?? null)",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if result["type"] == "exception":
            raise BidiError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def until(self, function: str, *arguments: Any, within_s: float = 30) -> Any:
        """Asks until the answer is true, and gives it."""
        async with asyncio.timeout(within_s):
            while not (answer := await self.evaluate(function, *arguments)):
                await asyncio.sleep(0.2)
        return answer

    async def click(self, name: str) -> None:
        """A button, by its accessible name, as soon as it is there."""
        await self.until(f"(name) => Boolean(({BUTTON})(name))", name)
        await self.evaluate(f"(name) => {{ ({BUTTON})(name).click(); }}", name)

    async def join(self, who: str, *, room: str = "/live/welcome") -> None:
        """Signs in as the demo account ``who`` and goes through the device check into the room."""
        await self.goto("/")
        status = await self.evaluate(
            """(email, password) => fetch("/api/v1/sign-in", {
              method: "POST",
              headers: { "Content-Type": "application/json" },
              body: JSON.stringify({ email, password }),
            }).then((answer) => answer.status)""",
            f"{who}@demo.test",
            DEMO_PASSWORD,
        )
        assert status < 300, status
        await self.goto(room)
        await self.click("Join")
        await self.until(f"() => Boolean(({BUTTON})('Leave'))")

    async def stats(self, kind: str) -> list[dict[str, Any]]:
        """`RTCStats` rows of one type over all peer connections that are open."""
        rows: list[dict[str, Any]] = await self.evaluate(STATS)
        return [row for row in rows if row["type"] == kind]

    def errors(self) -> list[str]:
        """Uncaught exceptions and errors on the console so far."""
        entries = [event["params"] for event in self._connection.events]
        texts = [entry["text"] or "" for entry in entries if entry["level"] == "error"]
        return [text for text in texts if not text.startswith(EXPECTED_LINES)]

    async def screenshot(self) -> bytes:
        """Of the window, as PNG."""
        taken = await self._connection.command("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(taken["data"])


@asynccontextmanager
async def firefox(profile: Path, url: str, *, tone: int = 1000) -> AsyncIterator[FirefoxPage]:
    """One window of a Firefox of its own, whose microphone gives a tone of so many Hz."""
    assert FIREFOX is not None
    _write_preferences(profile, PREFERENCES | {"media.navigator.audio.fake_frequency": tone})
    arguments = ("--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0")
    process = await asyncio.create_subprocess_exec(
        FIREFOX,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
        start_new_session=True,  # so that its children can be ended with it
    )
    draining: asyncio.Task[None] | None = None
    try:
        address = await _address(process)
        draining = asyncio.create_task(_drain(process))
        async with aiohttp.ClientSession() as session:
            socket = await session.ws_connect(f"{address}/session", max_msg_size=MESSAGE_LIMIT)
            connection = _Connection(socket)
            try:
                yield await _page(connection, url)
            finally:
                with contextlib.suppress(BidiError, TimeoutError, ConnectionError):
                    await connection.command("browser.close")
                await connection.close()
    finally:
        await _end(process)
        if draining is not None:
            await draining


def _write_preferences(profile: Path, preferences: dict[str, bool | int | str]) -> None:
    profile.mkdir(parents=True, exist_ok=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")


async def _page(connection: _Connection, url: str) -> FirefoxPage:
    await connection.command("session.new", capabilities={})
    await connection.command("session.subscribe", events=["log.entryAdded"])
    await connection.command("script.addPreloadScript", functionDeclaration=f"() => {{ {WATCH} }}")
    tree = await connection.command("browsingContext.getTree")
    return FirefoxPage(connection, tree["contexts"][0]["context"], url)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = []
    async with asyncio.timeout(START_LIMIT_S):
        while line := (await process.stderr.readline()).decode(errors="replace"):
            said.append(line)
            found = LISTENING.search(line)
            if found:
                return found[1]
    raise RuntimeError(f"Firefox stopped while starting:\n{''.join(said)}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.readline():
        pass


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its whole group: a browser that was asked to close may leave children behind."""
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
