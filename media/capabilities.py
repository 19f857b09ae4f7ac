"""What the router offers, and how a publisher's and a subscriber's parameters are matched with it (ORTC).

Our payload types and header extension ids are fixed. A publisher uses its own; `check_producer` maps them to
ours. A subscriber has agreed to ours when it computed its receiving capabilities from `offered`, so a stream
needs no mapping per subscriber, only the choice of what this one understands (`consumer_parameters`).

Nothing that a publisher wrote reaches a subscriber as text: codec names and header extension URIs are ours,
codec parameters are known ones with numbers or short tokens as values. A browser pastes them into SDP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from media.h264 import same_profile
from media.protocol import (
    MediaError,
    MediaKind,
    RtcpFeedback,
    RtcpParameters,
    RtpCapabilities,
    RtpCodec,
    RtpCodecCapability,
    RtpEncoding,
    RtpHeaderExtension,
    RtpHeaderExtensionCapability,
    RtpParameters,
    RtxEncoding,
)
from media.rtp.extensions import ABS_SEND_TIME, HOP_BY_HOP, MID, REPAIRED_RID, RID, TRANSPORT_SEQUENCE

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"
TRANSMISSION_OFFSET = "urn:ietf:params:rtp-hdrext:toffset"
ABS_CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
DEPENDENCY_DESCRIPTOR = (
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)

MAX_CODECS = 8  # RTX included; a browser sends two
MAX_ENCODINGS = 4  # three simulcast layers, and one to spare
MAX_EXTENSIONS = 16
MAX_MID = 16
MAX_PARAMETERS = 16

Direction = Literal["sendrecv", "recvonly"]
Codec = RtpCodec | RtpCodecCapability

# --- The offer -------------------------------------------------------------------------------------

_AUDIO_FEEDBACK = (("nack", ""), ("transport-cc", ""))
_VIDEO_FEEDBACK = (
    ("nack", ""),
    ("nack", "pli"),
    ("ccm", "fir"),
    ("goog-remb", ""),
    ("transport-cc", ""),
)
_H264 = {"packetization-mode": 1, "level-asymmetry-allowed": 1}

# Payload type, name, parameters, in the order in which a publisher prefers them. Each RTX has the number
# behind its codec's. From 100 up, clear of the RTCP packet types (RFC 5761, section 4); 127 is
# mediasoup-client's probator.
_VIDEO: tuple[tuple[int, str, dict[str, Any]], ...] = (
    (101, "VP8", {}),
    (103, "VP9", {"profile-id": 0}),
    (105, "H264", {**_H264, "profile-level-id": "42e01f"}),
    (107, "H264", {**_H264, "profile-level-id": "4d0032"}),
    (109, "AV1", {}),
    (111, "VP9", {"profile-id": 2}),  # ten bits a sample; last, for not every browser decodes it
)
_OPUS = 100
_RED = 113  # of Opus (RFC 2198); behind it, for a browser sends what it finds first

# Seen from the router: "recvonly" is sent by publishers and not passed on. Ids up to 14 fit the one-byte form
# (RFC 8285, section 4.2).
_EXTENSIONS: tuple[tuple[str, int, tuple[MediaKind, ...], Direction], ...] = (
    (MID, 1, ("audio", "video"), "sendrecv"),
    (RID, 2, ("video",), "recvonly"),
    (REPAIRED_RID, 3, ("video",), "recvonly"),
    (ABS_SEND_TIME, 4, ("audio", "video"), "sendrecv"),
    (TRANSPORT_SEQUENCE, 5, ("audio", "video"), "sendrecv"),
    (DEPENDENCY_DESCRIPTOR, 8, ("video",), "sendrecv"),
    (AUDIO_LEVEL, 10, ("audio",), "sendrecv"),
    (VIDEO_ORIENTATION, 11, ("video",), "sendrecv"),
    (TRANSMISSION_OFFSET, 12, ("video",), "sendrecv"),
    (ABS_CAPTURE_TIME, 13, ("audio", "video"), "sendrecv"),
    (PLAYOUT_DELAY, 14, ("video",), "sendrecv"),
)


def _feedback(pairs: Iterable[tuple[str, str]]) -> list[RtcpFeedback]:
    return [RtcpFeedback(kind, parameter) for kind, parameter in pairs]


def offered() -> RtpCapabilities:
    """The router's capabilities: a fresh copy of the same table each time."""
    opus = {"minptime": 10, "useinbandfec": 1, "usedtx": 1}
    codecs = [
        RtpCodecCapability("audio", "audio/opus", 48000, _OPUS, 2, opus, _feedback(_AUDIO_FEEDBACK)),
        RtpCodecCapability("audio", "audio/red", 48000, _RED, 2, {}, _feedback(_AUDIO_FEEDBACK)),
    ]
    for payload_type, name, parameters in _VIDEO:
        codecs += [
            RtpCodecCapability(
                "video",
                f"video/{name}",
                90000,
                payload_type,
                None,
                dict(parameters),
                _feedback(_VIDEO_FEEDBACK),
            ),
            RtpCodecCapability("video", "video/rtx", 90000, payload_type + 1, None, {"apt": payload_type}),
        ]
    extensions = [
        RtpHeaderExtensionCapability(kind, uri, number, direction=direction)
        for uri, number, kinds, direction in _EXTENSIONS
        for kind in kinds
    ]
    return RtpCapabilities(codecs, extensions)


_OFFER = offered()
_KNOWN_URIS = frozenset(extension.uri for extension in _OFFER.headerExtensions)
_OUR_IDS = frozenset(extension.preferredId for extension in _OFFER.headerExtensions)


# --- Publishers ------------------------------------------------------------------------------------


@dataclass(slots=True)
class ProducerMapping:
    """How a publisher's numbers become ours: payload types (media and RTX alike) and header extension ids.

    An extension whose id is missing here is not forwarded; so an extension that we do not know is passed
    untouched by mapping its id to itself.
    """

    payload_types: dict[int, int] = field(default_factory=dict)
    extension_ids: dict[int, int] = field(default_factory=dict)


def check_producer(kind: MediaKind, parameters: RtpParameters) -> ProducerMapping:
    """How this publisher's payload types and extension ids become ours.

    Raises MediaError: `unsupported` for a codec that is not offered, `invalid`, `duplicate` or `limit` for
    parameters that contradict themselves, with the path of the field.
    """
    _check_sizes(parameters)
    payload_types = _map_codecs(kind, parameters.codecs)
    _check_encodings(parameters, payload_types)
    extensions = _map_extensions(kind, parameters.headerExtensions)
    if not _reads_descriptor(parameters):
        ids = [one.id for one in parameters.headerExtensions if one.uri == DEPENDENCY_DESCRIPTOR]
        extensions = {number: ours for number, ours in extensions.items() if number not in ids}
    return ProducerMapping(payload_types, extensions)


def _reads_descriptor(parameters: RtpParameters) -> bool:
    """Whether the dependency descriptor is of use: H.264 and AV1 tell of their layers nowhere else. The
    others have payload descriptors, and a browser that gets both would go by frame numbers that a switch
    between encodings breaks.
    """
    return any(codec.mimeType.lower() in ("video/h264", "video/av1") for codec in parameters.codecs)


def _check_sizes(parameters: RtpParameters) -> None:
    for name, items, least, most in (
        ("codecs", parameters.codecs, 1, MAX_CODECS),
        ("encodings", parameters.encodings, 1, MAX_ENCODINGS),
        ("headerExtensions", parameters.headerExtensions, 0, MAX_EXTENSIONS),
    ):
        if len(items) < least:
            raise MediaError("invalid", "at least one is needed", name)
        if len(items) > most:
            raise MediaError("limit", f"at most {most} are accepted", name)
    if parameters.mid is not None and not re.fullmatch(rf"[!-~]{{1,{MAX_MID}}}", parameters.mid):
        raise MediaError("invalid", f"a mid is a token of up to {MAX_MID} characters", "mid")


def _map_codecs(kind: MediaKind, codecs: list[RtpCodec]) -> dict[int, int]:
    for index, codec in enumerate(codecs):
        _check_codec(kind, codec, f"codecs[{index}]")
    _refuse_duplicates([codec.payloadType for codec in codecs], "codecs", "payload type")
    mapping: dict[int, int] = {}
    for index, codec in enumerate(codecs):
        if not _is_rtx(codec):
            ours = next((offer for offer in _OFFER.codecs if _matches(codec, offer)), None)
            if ours is None:
                raise MediaError("unsupported", f"{codec.mimeType} is not offered so", f"codecs[{index}]")
            mapping[codec.payloadType] = _number(ours)
    for index, codec in enumerate(codecs):
        if _is_rtx(codec):
            repaired = mapping.get(_apt(codec))
            if repaired is None:
                raise MediaError(
                    "invalid",
                    "it repairs a payload type that is not there",
                    f"codecs[{index}].parameters.apt",
                )
            mapping[codec.payloadType] = repaired + 1
    if all(_is_rtx(codec) for codec in codecs):
        raise MediaError("invalid", "no media codec", "codecs")
    if set(mapping.values()) == {_RED}:
        raise MediaError("invalid", "redundant audio without the codec that it repeats", "codecs")
    return mapping


def _check_codec(kind: MediaKind, codec: RtpCodec, path: str) -> None:
    if not codec.mimeType.lower().startswith(f"{kind}/"):
        raise MediaError("invalid", f"{codec.mimeType} is no {kind} codec", f"{path}.mimeType")
    # 64 to 95 would be taken for RTCP (RFC 5761, section 4).
    if not 0 <= codec.payloadType <= 127 or 64 <= codec.payloadType <= 95:
        raise MediaError("invalid", f"{codec.payloadType} is no payload type", f"{path}.payloadType")
    if len(codec.parameters) > MAX_PARAMETERS:
        raise MediaError("limit", f"at most {MAX_PARAMETERS} are accepted", f"{path}.parameters")


def _check_encodings(parameters: RtpParameters, payload_types: dict[int, int]) -> None:
    encodings = parameters.encodings
    ssrcs: list[int] = []
    for index, encoding in enumerate(encodings):
        path = f"encodings[{index}]"
        ssrcs += _ssrcs(encoding, path)
        if encoding.ssrc is None and encoding.rid is None and (len(encodings) > 1 or parameters.mid is None):
            raise MediaError("invalid", "a stream needs an SSRC, a rid, or to be the only one of a mid", path)
        # RFC 8851, section 10, as RFC 8852 narrows it.
        if encoding.rid is not None and not re.fullmatch(r"[A-Za-z0-9]{1,16}", encoding.rid):
            raise MediaError("invalid", "a rid has 1 to 16 letters and digits", f"{path}.rid")
        if encoding.codecPayloadType is not None and encoding.codecPayloadType not in payload_types:
            raise MediaError("invalid", "no codec has this payload type", f"{path}.codecPayloadType")
    _refuse_duplicates(ssrcs, "encodings", "SSRC")
    _refuse_duplicates([encoding.rid for encoding in encodings if encoding.rid], "encodings", "rid")


def _ssrcs(encoding: RtpEncoding, path: str) -> list[int]:
    named = [(encoding.ssrc, f"{path}.ssrc")]
    if encoding.rtx is not None:
        named.append((encoding.rtx.ssrc, f"{path}.rtx.ssrc"))
    for ssrc, where in named:
        if ssrc is not None and not 0 < ssrc < 1 << 32:
            raise MediaError("invalid", f"{ssrc} is no SSRC", where)
    return [ssrc for ssrc, _ in named if ssrc is not None]


def _map_extensions(kind: MediaKind, extensions: list[RtpHeaderExtension]) -> dict[int, int]:
    for index, extension in enumerate(extensions):
        # 15 is reserved in the one-byte form only (RFC 8285, section 4.2): Chromium uses it when it has more
        # than fourteen.
        if not 1 <= extension.id <= 255:
            raise MediaError("invalid", f"{extension.id} is no id", f"headerExtensions[{index}].id")
        if extension.encrypt:
            raise MediaError("unsupported", "encrypted extensions", f"headerExtensions[{index}].encrypt")
    _refuse_duplicates([extension.id for extension in extensions], "headerExtensions", "id")
    _refuse_duplicates([extension.uri for extension in extensions], "headerExtensions", "URI")
    ours = {offer.uri: offer.preferredId for offer in _OFFER.headerExtensions if offer.kind == kind}
    mapping: dict[int, int] = {}
    for extension in extensions:
        if extension.uri in HOP_BY_HOP:
            continue
        if extension.uri in ours:
            mapping[extension.id] = ours[extension.uri]
        # What we do not know passes untouched, unless its id means something else to a subscriber.
        elif extension.uri not in _KNOWN_URIS and extension.id <= 14 and extension.id not in _OUR_IDS:
            mapping[extension.id] = extension.id
    return mapping


# --- Subscribers -----------------------------------------------------------------------------------


def consumer_parameters(
    kind: MediaKind,
    producer: RtpParameters,
    mapping: ProducerMapping,
    capabilities: RtpCapabilities,
    *,
    ssrc: int,
    rtx_ssrc: int,
    mid: str,
    cname: str,
) -> RtpParameters:
    """What this subscriber gets, in our payload types: one encoding, however many the producer has.

    ``rtx_ssrc`` is used if the subscriber knows RTX. Raises MediaError `unsupported` when it decodes none of
    the producer's codecs.
    """
    extensions = _shared_extensions(kind, producer, mapping, capabilities)
    keep = _congestion_feedback(extension.uri for extension in extensions)
    codecs: list[RtpCodec] = []
    repaired = False
    for codec in producer.codecs:
        theirs = None if _is_rtx(codec) else _subscriber_codec(codec, capabilities)
        if theirs is None:
            continue
        number = mapping.payload_types[codec.payloadType]
        rtx = _knows_rtx(number, capabilities)
        repaired = repaired or rtx
        codecs.append(_consumer_codec(codec, number, theirs, keep, rtx))
        if rtx:
            codecs.append(RtpCodec(f"{kind}/rtx", number + 1, codec.clockRate, None, {"apt": number}))
    if not codecs:
        names = ", ".join(codec.mimeType for codec in producer.codecs if not _is_rtx(codec))
        raise MediaError("unsupported", f"the subscriber does not decode {names}", "rtpCapabilities.codecs")
    encoding = RtpEncoding(ssrc=ssrc, rtx=RtxEncoding(rtx_ssrc) if repaired else None)
    return RtpParameters(codecs, [encoding], mid, extensions, RtcpParameters(cname))


def _consumer_codec(
    codec: RtpCodec, number: int, theirs: RtpCodecCapability, keep: frozenset[str], rtx: bool
) -> RtpCodec:
    offer = next(offer for offer in _OFFER.codecs if offer.preferredPayloadType == number)
    known = {(feedback.type, feedback.parameter) for feedback in theirs.rtcpFeedback}
    feedback = [
        item
        for item in _feedback((offered.type, offered.parameter) for offered in offer.rtcpFeedback)
        if (item.type, item.parameter) in known
        and (item.type not in _CONGESTION or item.type in keep)
        # Without RTX a repeated packet would reuse its SRTP nonce, so there is nothing to ask for.
        and (rtx or (item.type, item.parameter) != ("nack", ""))
    ]
    return RtpCodec(
        offer.mimeType, number, offer.clockRate, offer.channels, _clean_parameters(codec.parameters), feedback
    )


def _subscriber_codec(codec: RtpCodec, capabilities: RtpCapabilities) -> RtpCodecCapability | None:
    return next((theirs for theirs in capabilities.codecs if _matches(codec, theirs)), None)


def _knows_rtx(number: int, capabilities: RtpCapabilities) -> bool:
    """Whether the subscriber has our RTX payload type of this codec."""
    return any(
        _is_rtx(theirs) and _apt(theirs) == number and theirs.preferredPayloadType == number + 1
        for theirs in capabilities.codecs
    )


def _shared_extensions(
    kind: MediaKind, producer: RtpParameters, mapping: ProducerMapping, capabilities: RtpCapabilities
) -> list[RtpHeaderExtension]:
    theirs = {(extension.preferredId, extension.uri) for extension in capabilities.headerExtensions}
    ours = [
        (offer.preferredId, offer.uri)
        for offer in _OFFER.headerExtensions
        if offer.kind == kind
        and offer.direction == "sendrecv"
        and (offer.uri != DEPENDENCY_DESCRIPTOR or _needs_descriptor(producer))
    ]
    ours += [
        (extension.id, extension.uri)
        for extension in producer.headerExtensions
        if mapping.extension_ids.get(extension.id) == extension.id and extension.uri not in _KNOWN_URIS
    ]
    return [RtpHeaderExtension(uri, number) for number, uri in ours if (number, uri) in theirs]


def _needs_descriptor(producer: RtpParameters) -> bool:
    """Whether a subscriber decodes by it: only AV1 has nothing else."""
    return any(codec.mimeType.lower() == "video/av1" for codec in producer.codecs)


_CONGESTION = frozenset({"transport-cc", "goog-remb"})


def _congestion_feedback(uris: Iterable[str]) -> frozenset[str]:
    """Either transport-wide feedback or REMB, never both: two estimates of one path contradict each other."""
    present = set(uris)
    if TRANSPORT_SEQUENCE in present:
        return frozenset({"transport-cc"})
    if ABS_SEND_TIME in present:
        return frozenset({"goog-remb"})
    return frozenset()


# --- Codecs ----------------------------------------------------------------------------------------


def _matches(codec: Codec, other: Codec) -> bool:
    """A decoder for one decodes the other (RFC 6184, 8.1; RFC 9628, 6.1; AV1 RTP, 7.2.1)."""
    name = codec.mimeType.lower()
    if name != other.mimeType.lower() or codec.clockRate != other.clockRate or _is_rtx(codec):
        return False
    if name.startswith("audio/"):
        return (codec.channels or 1) == (other.channels or 1)
    a, b = codec.parameters, other.parameters
    if name == "video/h264":
        mode = "packetization-mode"
        return _integer(a, mode) == _integer(b, mode) and same_profile(
            a.get("profile-level-id"), b.get("profile-level-id")
        )
    if name == "video/vp9":
        return _integer(a, "profile-id") == _integer(b, "profile-id")
    if name == "video/av1":
        return _integer(a, "profile") == _integer(b, "profile")
    return True


# Those a subscriber's decoder or jitter buffer may want to know; everything else concerns the publisher
# alone.
_PASSED_PARAMETERS = frozenset(
    {
        "minptime",
        "useinbandfec",
        "usedtx",
        "stereo",
        "sprop-stereo",
        "maxplaybackrate",
        "packetization-mode",
        "level-asymmetry-allowed",
        "profile-level-id",
        "profile-id",
        "profile",
        "level-idx",
        "tier",
    }
)


def _clean_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    """The known ones whose value is a number or a short token, and so cannot break out of a line of SDP."""
    return {
        name: value
        for name, value in parameters.items()
        if name in _PASSED_PARAMETERS and re.fullmatch(r"[0-9A-Za-z]{1,16}", str(value))
    }


def _integer(parameters: dict[str, Any], name: str) -> int:
    """0, the default of all read so, when absent or no number. Browsers give numbers or strings."""
    value = parameters.get(name, 0)
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0


def _is_rtx(codec: Codec) -> bool:
    return codec.mimeType.lower().endswith("/rtx")


def _apt(codec: Codec) -> int:
    """The payload type that this RTX repairs (RFC 4588, section 8.6); -1 when it does not say."""
    return _integer(codec.parameters, "apt") if "apt" in codec.parameters else -1


def _number(capability: RtpCodecCapability) -> int:
    if capability.preferredPayloadType is None:
        raise AssertionError("every offered codec has a payload type")
    return capability.preferredPayloadType


def _refuse_duplicates(values: list[Any], path: str, what: str) -> None:
    if len(set(values)) < len(values):
        raise MediaError("duplicate", f"the same {what} twice", path)
