"""A well-formed payload for every request of the live protocol, for the walks over all of them."""

from __future__ import annotations

from typing import Any

from media.wire import to_wire
from signalling import messages as m
from signalling.messages import Request
from tests.support.captures import capabilities, produced

CHROMIUM = to_wire(capabilities("chromium_156"))
OPUS = to_wire(produced("chromium_156", "opus"))
VP8 = to_wire(produced("chromium_156", "vp8"))
DTLS = {"role": "client", "fingerprints": [{"algorithm": "sha-256", "value": ":".join(["AB"] * 32)}]}
NOBODY = "nobody"

PAYLOADS: dict[type[Request], dict[str, Any]] = {
    m.RoomSync: {},
    m.RoomLeave: {},
    m.RoomEnd: {},
    m.ChatSend: {"text": "hello", "clientId": "c1"},
    m.ChatHistory: {"before": 10, "limit": 5},
    m.ReactionSend: {"emoji": "👍"},
    m.HandRaise: {},
    m.HandLower: {"participantId": NOBODY},
    m.ModerationMute: {"participantId": NOBODY, "source": "microphone"},
    m.MediaCapabilities: {},
    m.MediaCreateTransport: {"direction": "recv", "rtpCapabilities": CHROMIUM},
    m.MediaConnectTransport: {"transportId": NOBODY, "dtlsParameters": DTLS},
    m.MediaProduce: {
        "transportId": NOBODY,
        "kind": "audio",
        "source": "microphone",
        "rtpParameters": OPUS,
        "paused": False,
    },
    m.MediaConsume: {"producerId": NOBODY},
    m.MediaPause: {"producerId": NOBODY},
    m.MediaResume: {"consumerId": NOBODY},
    m.MediaSetLayers: {"consumerId": NOBODY, "height": 360, "visible": True, "pinned": False},
    m.MediaClose: {"transportId": NOBODY},
    m.MediaRestartIce: {"transportId": NOBODY},
    m.MediaStats: {},
}
