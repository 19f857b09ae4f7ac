"""The steady state of the packet path, and the compiled loop that works on it.

`layout.h` describes the structures; the classes of the packet path allocate theirs with `ffi` and use them
whether or not there is a compiled loop. `library` is that loop (the C files beside this one, built at
installation where there is a compiler), None where it could not be built or is not wanted.

``CONVENE_MEDIA_CORE`` chooses: ``auto`` (the compiled loop where it is there), ``python``, or ``compiled``
(which fails without it). ``CONVENE_MEDIA_CORE_LIBRARY`` names another build of it, for sanitizers.
"""

from __future__ import annotations

import os
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import cffi

_HERE = Path(__file__).parent
_STRUCTURES = (  # in the order of `core_layout`
    "counters",
    "batches",
    "arrivals",
    "sent_packets",
    "transport",
    "reception",
    "cache",
    "row",
    "stream",
    "binding",
    "core",
)

ffi: Any = cffi.FFI()
ffi.cdef((_HERE / "layout.h").read_text())

#: The constants of `layout.h`: ``lib.CORE_SLOT``.
_constants: Any = ffi.dlopen(None)
SLOT: int = _constants.CORE_SLOT
BATCH_IN: int = _constants.CORE_BATCH_IN
BATCH_OUT: int = _constants.CORE_BATCH_OUT
NAME: int = _constants.CORE_NAME
ARRIVALS: int = _constants.CORE_ARRIVALS
SENT: int = _constants.CORE_SENT
LEVELS: int = _constants.CORE_LEVELS
RTP_LIMIT: int = _constants.CORE_RTP_LIMIT
BATCHES: int = _constants.CORE_BATCHES
RAW: int = _constants.CORE_RAW
DECRYPTED: int = _constants.CORE_DECRYPTED
CODECS: dict[str, int] = {
    "video/vp8": _constants.CORE_VP8,
    "video/h264": _constants.CORE_H264,
    "video/vp9": _constants.CORE_VP9,
    "video/av1": _constants.CORE_AV1,
}
VOICE_UNKNOWN: int = _constants.CORE_VOICE_UNKNOWN
VOICE_NONE: int = _constants.CORE_VOICE_NONE
VOICE_HEARD: int = _constants.CORE_VOICE_HEARD
VOICE_SILENT: int = _constants.CORE_VOICE_SILENT
SOCKET: int = _constants.CORE_SOCKET
OTHERS: int = _constants.CORE_OTHERS
EARLY: float = _constants.CORE_EARLY / 1000  # seconds


class CoreUnavailableError(ImportError):
    """The compiled loop is asked for and not there."""


def _load() -> Any:
    wish = os.environ.get("CONVENE_MEDIA_CORE", "auto")
    if wish == "python":
        return None
    named = os.environ.get("CONVENE_MEDIA_CORE_LIBRARY")
    candidates = [Path(named)] if named else [_HERE / f"_core{suffix}" for suffix in EXTENSION_SUFFIXES]
    path = next((path for path in candidates if path.exists()), None)
    if path is not None:
        found = ffi.dlopen(str(path))
        # A library built from an older layout would work on the wrong bytes.
        if [found.core_layout(index) for index in range(len(_STRUCTURES))] == [
            ffi.sizeof(f"struct {name}") for name in _STRUCTURES
        ]:
            return found
    if wish == "compiled":
        raise CoreUnavailableError("the compiled loop of media/core is not built, or of another version")
    return None


library: Any = _load()


def drop_reasons() -> dict[int, str]:
    """The reasons counted by the compiled loop: their number there, and their name in `media.stats.Drop`."""
    names: dict[int, str] = ffi.typeof("enum core_drop").elements
    return {number: name.removeprefix("CORE_DROP_") for number, name in names.items() if name != "CORE_DROPS"}
