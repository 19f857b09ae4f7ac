"""Any bytes on the control connection are a message or a ProtocolError; nothing else is raised."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from media.framing import NOTIFICATIONS, REQUESTS, ProtocolError, decode_from_worker, decode_request

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_FIELDS = st.sampled_from(
    [
        "room_id",
        "peer_id",
        "transport_id",
        "kind",
        "direction",
        "rtpParameters",
        "codecs",
        "encodings",
        "paused",
    ]
)
_PARAMS = st.dictionaries(_FIELDS, _JSON | st.dictionaries(_FIELDS, _JSON, max_size=4), max_size=6)
_REQUEST = st.fixed_dictionaries(
    {"id": _JSON, "method": st.sampled_from(sorted(REQUESTS)), "params": _PARAMS}
)
_NOTIFICATION = st.fixed_dictionaries({"event": st.sampled_from(sorted(NOTIFICATIONS)), "params": _PARAMS})
_REPLY = st.dictionaries(st.sampled_from(["id", "result", "error", "event"]), _JSON)


@given(st.binary(max_size=200) | (_JSON | _REQUEST).map(lambda value: json.dumps(value).encode()))
def test_a_worker_reads_anything(line: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode_request(line)


@given(
    st.binary(max_size=200) | (_JSON | _NOTIFICATION | _REPLY).map(lambda value: json.dumps(value).encode())
)
def test_the_main_process_reads_anything(line: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode_from_worker(line)
