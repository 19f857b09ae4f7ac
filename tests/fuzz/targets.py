"""What libFuzzer is let loose on: every parser that bytes from the network reach, one target each.

A target takes any bytes; it may refuse them in the way its callers expect, and what it accepts must stay
within the packet. Anything else that is raised is a finding. Seeds are real packets and real lines: what the
captured browsers said (tests/captures), and what peers of the tests send.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from media import protocol
from media.framing import (
    ProtocolError,
    decode_from_worker,
    decode_request,
    encode_notification,
    encode_request,
)
from media.rtp import dependency
from media.rtp.audio_level import audio_level
from media.rtp.codecs import av1, h264, red, vp8, vp9
from tests.fuzz import test_packets as packets
from tests.support.captures import BROWSERS, capabilities, names, produced
from tests.support.layered import Scalable, descriptor
from tests.support.rtc_peer import rtp_packet
from tests.support.sfu import vp8_layered, vp8_payload

EDGE = b"\xa5" * 8  # around a payload: what lies outside must not be read as if it were inside


@dataclass(frozen=True, slots=True)
class Target:
    run: Callable[[bytes], None]
    seeds: list[bytes]


def _inner(test: Callable[..., None]) -> Callable[..., None]:
    """The body of a hypothesis test, which asserts what holds for any bytes."""
    inner: Callable[..., None] = test.hypothesis.inner_test  # type: ignore[attr-defined]
    return inner


def stun(data: bytes) -> None:
    body = _inner(packets.test_stun)
    body(data)
    body(packets.with_right_frame(data))  # what gets past length and fingerprint


def rtp(data: bytes) -> None:
    """Header and extensions, at the beginning of a buffer and inside one."""
    body = _inner(packets.test_rtp)
    body(data, 0)
    body(data, 7)


def vp8_payloads(data: bytes) -> None:
    _inner(packets.test_vp8_numbering)(data, 3)
    buffer = EDGE + data + EDGE
    picture, layer, _ = vp8.temporal(buffer, 8, 8 + len(data))
    assert -1 <= picture < vp8.PICTURE_ID_MODULO
    assert 0 <= layer <= 3
    assert 0 <= vp8.height(buffer, 8, 8 + len(data)) < 1 << 14


def vp9_payloads(data: bytes) -> None:
    buffer = EDGE + data + EDGE
    found = vp9.describe(buffer, 8, 8 + len(data))
    if found is not None:
        assert -1 <= found.picture < 1 << 15
        assert 0 <= found.temporal < 8
        assert 0 <= found.spatial < 8
    vp9.starts_key_frame(buffer, 8, 8 + len(data))
    assert vp9.heights(data, 0, len(data)) == vp9.heights(buffer, 8, 8 + len(data))
    out = bytearray(buffer)
    vp9.shift_numbering(out, 8, 8 + len(data), 5, 5)
    assert (bytes(out[:8]), bytes(out[-8:])) == (EDGE, EDGE)
    assert vp9.describe(data, 0, len(data)) == vp9.describe(buffer, 8, 8 + len(data))  # nothing from outside


def h264_payloads(data: bytes) -> None:
    inside = h264.starts_key_frame(EDGE + data + EDGE, 8, 8 + len(data))
    assert inside == h264.starts_key_frame(data, 0, len(data))


def av1_payloads(data: bytes) -> None:
    inside = av1.starts_key_frame(EDGE + data + EDGE, 8, 8 + len(data))
    assert inside == av1.starts_key_frame(data, 0, len(data))


def descriptors(data: bytes) -> None:
    """Bare, and with a structure known from before."""
    for structure in (None, Scalable().structure):
        with contextlib.suppress(ValueError):
            frame = dependency.parse(data, structure)
            assert len(frame.dtis) == len(frame.structure.targets)
            assert frame.structure.target(0, 0) < len(frame.structure.targets)
            assert all(back > 0 for back in frame.fdiffs)


def redundant_sound(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        kind, sound = red.primary(data)
        assert kind < 128
        assert data.endswith(sound)
        assert len(red.translate(data, [100] * 128)) == len(data)


def levels(data: bytes) -> None:
    for two_byte in (False, True):
        for wanted in (1, 10, 14):
            assert -1 <= audio_level(data, two_byte, wanted) <= 127


def request_lines(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode_request(data)


def reply_lines(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        decode_from_worker(data)


def _request_seeds() -> list[bytes]:
    """As the main process writes them, with what each captured browser produced and can receive."""
    requests: list[protocol.Request[Any]] = [protocol.CreateTransport("peer", "transport", "send")]
    for browser in BROWSERS:
        requests.append(protocol.CreateConsumer("transport", "consumer", "producer", capabilities(browser)))
        for name in names(browser):
            kind: protocol.MediaKind = "audio" if name == "opus" else "video"
            requests.append(protocol.CreateProducer("transport", name, kind, produced(browser, name)))
    fingerprint = protocol.DtlsFingerprint("sha-256", ":".join(["AB"] * 32))
    requests.append(protocol.ConnectTransport("transport", protocol.DtlsParameters([fingerprint], "client")))
    return [encode_request(number, each) for number, each in enumerate(requests)]


def _browser_packets() -> list[bytes]:
    """One packet of each captured track, with every extension it negotiated."""
    found = []
    for browser in BROWSERS:
        for name in names(browser):
            parameters = produced(browser, name)
            extensions = {each.id: b"\1\2\3" for each in parameters.headerExtensions if each.id < 15}
            ssrc = parameters.encodings[0].ssrc or 1
            number = parameters.codecs[0].payloadType
            found.append(rtp_packet(ssrc, 1, 1, b"payload", number, True, extensions))
    return found


_REPLIES = [
    encode_notification(protocol.TransportState("transport", "connected", "connected")),
    encode_notification(protocol.WorkerReady(40000)),
    json.dumps({"id": 1, "result": {}}).encode(),
    json.dumps({"id": 1, "error": {"code": "invalid", "message": "no", "field": "kind"}}).encode(),
]
_VP8 = [vp8_payload(True, 7), vp8_payload(False, 0x7FFF, 255), vp8_layered(True, 9, 1, 2, True)]
_VP9 = [bytes.fromhex(each) for each in ("8ea1234002101180", "acff12341001020304", "0a8123")]
_H264 = [bytes.fromhex(each) for each in ("6742e01f", "78000467421234000268ce", "7c8567420000", "419a22")]
_AV1 = [bytes.fromhex(each) for each in ("180a0b000000", "1000", "2802120010")]

TARGETS = {
    "stun": Target(stun, [packets.binding_request(), packets.binding_request()[20:-8]]),
    "rtp": Target(rtp, [*packets.RTP, *_browser_packets()]),
    "rtcp": Target(_inner(packets.test_rtcp), packets.RTCP),
    "twcc": Target(lambda data: _inner(packets.test_transport_wide_feedback)(data, 3), [packets.feedback()]),
    "vp8": Target(vp8_payloads, _VP8),
    "vp9": Target(vp9_payloads, _VP9),
    "h264": Target(h264_payloads, _H264),
    "av1": Target(av1_payloads, _AV1),
    "descriptors": Target(
        descriptors,
        [
            descriptor(1, 5, structure=Scalable().structure),
            descriptor(2, 6, False, active=7, targets=9, fdiffs=(1, 300)),
        ],
    ),
    "red": Target(redundant_sound, [bytes.fromhex("ef03c0026fabcdef"), b"\x6fopus"]),
    "levels": Target(levels, [b"\x10\x7f\x00\x00", b"\xa0\x85", b"\x0a\x01\x30\x00"]),
    "requests": Target(request_lines, _request_seeds()),
    "replies": Target(reply_lines, _REPLIES),
}
