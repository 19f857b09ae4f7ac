"""Janus as Debian packages it, with the VideoRoom plugin, for comparison: its process, and as much of its API
and SDP as the load generator's peers need.

Configured as for speed: one event loop for all handles, ICE-lite, no STUN, WebSockets only, AES-GCM (the
peers offer nothing else).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from media.protocol import DtlsFingerprint, IceParameters
from tests.load.generating import Generator, Remote, streams_of_chromium
from tests.load.generator import OWN_PASSWORD
from tests.support.demo_server import free_port

JANUS = shutil.which("janus")
START_LIMIT = 15.0  # seconds
ANSWER_LIMIT = 15.0
ROOM = 1234
FRAGMENT = "peer"  # of the peers' end of ICE
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

_GENERAL = """
general: { configs_folder = "%(folder)s", debug_level = 3, session_timeout = 0, event_loops = 1,
           plugins_folder = "%(libraries)s/plugins", transports_folder = "%(libraries)s/transports",
           events_folder = "%(libraries)s/events", loggers_folder = "%(libraries)s/loggers" }
nat: { ice_lite = true, nice_debug = false, full_trickle = false, ice_enforce_list = "127.0.0.1" }
plugins: { disable = "%(other_plugins)s" }
transports: { disable = "%(other_transports)s" }
"""
_SOCKETS = """
general: { json = "compact", ws = true, ws_port = %d, ws_ip = "127.0.0.1", wss = false }
admin: { admin_ws = false, admin_wss = false }
"""


class JanusFailed(Exception):
    """Janus did not start, or refused something."""


@contextlib.asynccontextmanager
async def janus(core: int | None) -> AsyncIterator[tuple[int, Api]]:
    """A running Janus on ``core``: its process id and a connection to it. Raises JanusFailed."""
    assert JANUS is not None
    port = free_port()
    everywhere = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as folder:
        _configure(Path(folder), port)
        if core is not None:
            os.sched_setaffinity(0, {core})  # inherited, by all its threads
        try:
            process = await asyncio.create_subprocess_exec(
                JANUS,
                "-F",
                folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        finally:
            os.sched_setaffinity(0, everywhere)
        try:
            async with aiohttp.ClientSession() as http:
                api = Api(await _reach(http, port, process))
                reading = asyncio.create_task(api.read())
                try:
                    await api.begin()
                    yield process.pid, api
                finally:
                    reading.cancel()
                    await asyncio.gather(reading, return_exceptions=True)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _configure(folder: Path, port: int) -> None:
    libraries = next(Path("/usr/lib").glob("*/janus"))

    def others(kind: str, wanted: str) -> str:
        return ",".join(each.name for each in (libraries / kind).glob("*.so") if wanted not in each.name)

    values = {
        "folder": folder,
        "libraries": libraries,
        "other_plugins": others("plugins", "videoroom"),
        "other_transports": others("transports", "websockets"),
    }
    (folder / "janus.jcfg").write_text(_GENERAL % values)
    (folder / "janus.transport.websockets.jcfg").write_text(_SOCKETS % port)
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


async def _reach(
    http: aiohttp.ClientSession, port: int, process: asyncio.subprocess.Process
) -> aiohttp.ClientWebSocketResponse:
    async with asyncio.timeout(START_LIMIT):
        while process.returncode is None:
            with contextlib.suppress(aiohttp.ClientError):
                return await http.ws_connect(f"http://127.0.0.1:{port}/", protocols=["janus-protocol"])
            await asyncio.sleep(0.1)
    raise JanusFailed(f"it ended with {process.returncode} while starting")


class Api:
    """Requests over its WebSocket; each handle is one peer connection."""

    def __init__(self, web: aiohttp.ClientWebSocketResponse) -> None:
        self._web = web
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._session = 0
        self._control = 0

    async def read(self) -> None:
        async for message in self._web:
            answer = message.json()
            waiting = self._waiting.get(answer.get("transaction", ""))
            if waiting is not None and answer["janus"] != "ack" and not waiting.done():
                waiting.set_result(answer)

    async def begin(self) -> None:
        """A session and a room."""
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        self._control = await self.attach()
        await self.message(
            self._control,
            {
                "request": "create",
                "room": ROOM,
                "publishers": 100,
                "audiocodec": "opus",
                "videocodec": "vp8",
                "transport_wide_cc_ext": True,
                "bitrate": 0,
            },
        )

    async def attach(self) -> int:
        answer = await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(answer["data"]["id"])

    async def message(
        self, handle: int, body: dict[str, Any], sdp: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """The answer or event; ``sdp`` is a type and a description."""
        jsep = {"jsep": {"type": sdp[0], "sdp": sdp[1], "trickle": False}} if sdp else {}
        answer = await self._ask({"janus": "message", "handle_id": handle, "body": body} | jsep)
        data = answer.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise JanusFailed(f"{body['request']}: {data['error']}")
        return answer

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        transaction = str(next(self._numbers))
        session = {"session_id": self._session} if self._session else {}
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = waiting
        await self._web.send_json(request | session | {"transaction": transaction})
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                answer: dict[str, Any] = await waiting
        finally:
            del self._waiting[transaction]
        if answer["janus"] == "error":
            raise JanusFailed(f"{request['janus']}: {answer['error']['reason']}")
        return answer


class JanusCrowd:
    """The generator's peers in a VideoRoom, as `tests.load.generating.Crowd` has them on a worker of ours."""

    def __init__(self, api: Api, generator: Generator) -> None:
        self._api = api
        self.generator = generator
        self._feeds: dict[str, int] = {}
        self.profiles: set[str] = set()

    async def publish(self, names: list[str]) -> None:
        """Peers ``name-send``."""
        prints = await self.generator.create({f"{name}-send": True for name in names})
        remotes = []
        for name in names:
            handle = await self._api.attach()
            feed = self._feeds[name] = len(self._feeds) + 1
            join = {"request": "join", "ptype": "publisher", "room": ROOM, "id": feed}
            await self._api.message(handle, join)
            offer = _offer(prints[f"{name}-send"])
            answer = await self._api.message(handle, {"request": "publish"}, ("offer", offer))
            remotes.append(_remote(f"{name}-send", answer["jsep"]["sdp"]))
        await self._connect(remotes)

    async def watch(self, wanted: dict[str, list[str]]) -> None:
        """Peers ``name-recv``, each with one connection for all that it watches."""
        prints = await self.generator.create({f"{viewer}-recv": False for viewer in wanted})
        remotes = []
        for viewer, senders in wanted.items():
            name = f"{viewer}-recv"
            handle = await self._api.attach()
            streams = [{"feed": self._feeds[sender]} for sender in senders]
            join = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": streams}
            offer = (await self._api.message(handle, join))["jsep"]["sdp"]
            answer = _answer(offer, prints[name])
            await self._api.message(handle, {"request": "start"}, ("answer", answer))
            remotes.append(_remote(name, offer))
        await self._connect(remotes)

    async def _connect(self, remotes: list[Remote]) -> None:
        self.profiles |= set((await self.generator.connect(remotes)).values())


# --- as much SDP as that takes ---


def _remote(peer: str, sdp: str) -> Remote:
    """What Janus says of its end."""

    def first(name: str) -> str:
        return next(line for line in sdp.splitlines() if line.startswith(f"a={name}:")).partition(":")[2]

    candidate = first("candidate").split()
    algorithm, value = first("fingerprint").split()
    ice = IceParameters(first("ice-ufrag"), first("ice-pwd"))
    return Remote(peer, candidate[4], int(candidate[5]), ice, [DtlsFingerprint(algorithm, value)])


def _transport(fingerprints: list[DtlsFingerprint]) -> list[str]:
    """Lines of a media section about our end, which is always the DTLS client."""
    chosen = next(each for each in fingerprints if each.algorithm == "sha-256")
    return [
        "c=IN IP4 127.0.0.1",
        "a=rtcp-mux",
        f"a=ice-ufrag:{FRAGMENT}",
        f"a=ice-pwd:{OWN_PASSWORD}",
        f"a=fingerprint:{chosen.algorithm} {chosen.value}",
        "a=setup:active",
        # Janus does not begin without a candidate; where we are it learns from our checks.
        "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host",
        "a=end-of-candidates",
    ]


def _session(mids: list[str]) -> list[str]:
    return ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}"]


def _offer(fingerprints: list[DtlsFingerprint]) -> str:
    """A publisher's: sound and picture with the numbers of `streams_of_chromium`."""
    lines = _session(["0", "1"])
    for mid, stream in enumerate(streams_of_chromium()):
        kind, codec = ("video", "VP8/90000") if stream["video"] else ("audio", "opus/48000/2")
        number = stream["payload_type"]
        lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}", *_transport(fingerprints)]
        lines += [f"a=mid:{mid}", "a=sendonly", f"a=rtpmap:{number} {codec}", f"a=extmap:3 {TRANSPORT_CC}"]
        if stream["video"]:
            lines += [f"a=rtcp-fb:{number} {each}" for each in ("nack", "nack pli", "transport-cc")]
        lines.append(f"a=ssrc:{stream['ssrc']} cname:load")
    return "\r\n".join(lines) + "\r\n"


def _answer(offer: str, fingerprints: list[DtlsFingerprint]) -> str:
    """A subscriber's to Janus' offer: takes everything."""
    sections = offer.split("\r\nm=")[1:]
    mids, lines = [], []
    for section in sections:
        offered = section.splitlines()
        mid = next(line for line in offered if line.startswith("a=mid:"))
        mids.append(mid[6:])
        lines += [f"m={offered[0]}", *_transport(fingerprints), mid, "a=recvonly"]
        lines += [line for line in offered if line.startswith(("a=rtpmap:", "a=fmtp:"))]
    return "\r\n".join(_session(mids) + lines) + "\r\n"
