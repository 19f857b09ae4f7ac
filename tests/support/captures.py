"""What real browsers said to the router's own capabilities, through mediasoup-client 3.24 (tests/captures).

Each file holds the browser's receiving capabilities and, by codec, the parameters of a track that it
produced.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from media.protocol import RtpCapabilities, RtpParameters

Browser = Literal["chromium_156", "firefox_153"]
BROWSERS: tuple[Browser, ...] = ("chromium_156", "firefox_153")

# As the hub reads a browser's message: unknown fields (msid, priority, …) are ignored.
_CAPABILITIES = TypeAdapter(RtpCapabilities)
_PARAMETERS = TypeAdapter(RtpParameters)


def _load(browser: Browser) -> dict[str, Any]:
    path = Path(__file__).parent.parent / "captures" / f"{browser}.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def capabilities(browser: Browser) -> RtpCapabilities:
    return _CAPABILITIES.validate_python(_load(browser)["rtpCapabilities"])


def produced(browser: Browser, name: str) -> RtpParameters:
    """``name`` as in the file: opus, vp8, vp9, h26442e01f, av1, vp8-simulcast …"""
    return _PARAMETERS.validate_python(_load(browser)["producers"][name]["rtpParameters"])


def names(browser: Browser) -> list[str]:
    return list(_load(browser)["producers"])
