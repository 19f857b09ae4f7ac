"""Codecs and header extensions matched with what real browsers said; what contradicts itself is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from media.capabilities import (
    ABS_CAPTURE_TIME,
    DEPENDENCY_DESCRIPTOR,
    PLAYOUT_DELAY,
    VIDEO_ORIENTATION,
    ProducerMapping,
    check_producer,
    consumer_parameters,
    offered,
)
from media.h264 import Profile, profile, same_profile
from media.protocol import (
    MediaError,
    RtcpFeedback,
    RtpCapabilities,
    RtpCodec,
    RtpCodecCapability,
    RtpEncoding,
    RtpHeaderExtension,
    RtpHeaderExtensionCapability,
    RtpParameters,
    RtxEncoding,
)
from media.rtp.extensions import ABS_SEND_TIME, HOP_BY_HOP, MID, TRANSPORT_SEQUENCE
from tests.support.captures import BROWSERS, Browser, capabilities, names, produced

OPUS = produced("chromium_156", "opus")
VP8 = produced("chromium_156", "vp8")
DESCRIBED = ("video/H264", "video/AV1")  # codecs that tell of their layers in the dependency descriptor
PRODUCED = [(browser, name) for browser in BROWSERS for name in names(browser)]


def consume(producer: RtpParameters, subscriber: RtpCapabilities, kind: str = "video") -> RtpParameters:
    media_kind: Any = kind
    mapping = check_producer(media_kind, producer)
    return consumer_parameters(
        media_kind, producer, mapping, subscriber, ssrc=1000, rtx_ssrc=1001, mid="7", cname="peer"
    )


def feedback(codec: RtpCodec) -> set[str]:
    return {f"{item.type} {item.parameter}".strip() for item in codec.rtcpFeedback}


# --- the offer ---


def test_the_offer_holds_what_the_design_names() -> None:
    offer = offered()
    media = [codec for codec in offer.codecs if not codec.mimeType.endswith("rtx")]
    assert [codec.mimeType for codec in media] == [
        "audio/opus",
        "audio/red",
        "video/VP8",
        "video/VP9",
        "video/H264",
        "video/H264",
        "video/AV1",
        "video/VP9",
    ]
    for codec in media[2:]:
        assert {(item.type, item.parameter) for item in codec.rtcpFeedback} == {
            ("nack", ""),
            ("nack", "pli"),
            ("ccm", "fir"),
            ("goog-remb", ""),
            ("transport-cc", ""),
        }
        repairing = [rtx for rtx in offer.codecs if rtx.parameters.get("apt") == codec.preferredPayloadType]
        assert len(repairing) == 1
    assert [codec.parameters["profile-level-id"] for codec in media[4:6]] == ["42e01f", "4d0032"]
    assert all(codec.parameters["packetization-mode"] == 1 for codec in media[4:6])
    assert [codec.parameters["profile-id"] for codec in (media[3], media[7])] == [0, 2]


def test_payload_types_and_extension_ids_are_unambiguous() -> None:
    offer = offered()
    payload_types = [codec.preferredPayloadType for codec in offer.codecs]
    assert len(set(payload_types)) == len(payload_types)
    assert all(number is not None and 96 <= number < 127 for number in payload_types)
    by_uri = {(extension.uri, extension.preferredId) for extension in offer.headerExtensions}
    assert len({uri for uri, _ in by_uri}) == len({number for _, number in by_uri}) == len(by_uri)
    assert all(1 <= number <= 14 for _, number in by_uri)


def test_the_offer_is_a_copy_that_a_caller_may_change() -> None:
    offered().codecs[0].parameters["usedtx"] = 0
    assert offered().codecs[0].parameters["usedtx"] == 1


# --- real browsers ---


@pytest.mark.parametrize(("browser", "name"), PRODUCED)
def test_what_a_browser_publishes_is_mapped_to_our_numbers(browser: Browser, name: str) -> None:
    parameters = produced(browser, name)
    mapping = check_producer("audio" if name == "opus" else "video", parameters)
    ours = {codec.preferredPayloadType: codec for codec in offered().codecs}
    for codec in parameters.codecs:
        assert ours[mapping.payload_types[codec.payloadType]].mimeType.lower() == codec.mimeType.lower()
    if name != "opus":
        codec, rtx = parameters.codecs
        assert mapping.payload_types[rtx.payloadType] == mapping.payload_types[codec.payloadType] + 1
    our_ids = {extension.uri: extension.preferredId for extension in offered().headerExtensions}
    expected = {
        extension.id: our_ids[extension.uri]
        for extension in parameters.headerExtensions
        if extension.uri not in HOP_BY_HOP
        and (extension.uri != DEPENDENCY_DESCRIPTOR or parameters.codecs[0].mimeType in DESCRIBED)
    }
    assert mapping.extension_ids == expected


@pytest.mark.parametrize("subscriber", BROWSERS)
@pytest.mark.parametrize(("browser", "name"), PRODUCED)
def test_what_one_browser_publishes_another_can_receive(
    browser: Browser, name: str, subscriber: Browser
) -> None:
    kind = "audio" if name == "opus" else "video"
    known = capabilities(subscriber)
    if name.startswith("h264") and subscriber == "firefox_153":  # recorded without its OpenH264 plug-in
        with pytest.raises(MediaError, match=r"unsupported.*H264"):
            consume(produced(browser, name), known)
        return
    parameters = consume(produced(browser, name), known, kind)
    # What mediasoup-client's canReceive() and its SDP need.
    theirs = {codec.preferredPayloadType: codec.mimeType for codec in known.codecs}
    assert all(theirs[codec.payloadType] == codec.mimeType for codec in parameters.codecs)
    ids = {(extension.uri, extension.preferredId) for extension in known.headerExtensions}
    assert all((extension.uri, extension.id) in ids for extension in parameters.headerExtensions)
    assert MID in {extension.uri for extension in parameters.headerExtensions}
    (encoding,) = parameters.encodings
    assert (encoding.ssrc, parameters.mid, parameters.rtcp.cname) == (1000, "7", "peer")
    assert encoding.rtx == (RtxEncoding(1001) if kind == "video" else None)


def test_a_consumer_has_one_congestion_feedback() -> None:
    chromium = capabilities("chromium_156")
    assert feedback(consume(VP8, chromium).codecs[0]) == {"nack", "nack pli", "ccm fir", "transport-cc"}
    others = [item for item in chromium.headerExtensions if item.uri != TRANSPORT_SEQUENCE]
    without = replace(chromium, headerExtensions=others)
    assert feedback(consume(VP8, without).codecs[0]) == {"nack", "nack pli", "ccm fir", "goog-remb"}
    neither = replace(without, headerExtensions=[])
    assert feedback(consume(VP8, neither).codecs[0]) == {"nack", "nack pli", "ccm fir"}
    assert consume(VP8, neither).headerExtensions == []


def test_audio_is_not_asked_for_again() -> None:
    """It has no RTX: repeating a packet under its own number would use an SRTP nonce twice."""
    assert feedback(consume(OPUS, capabilities("chromium_156"), "audio").codecs[0]) == {"transport-cc"}


def test_without_rtx_on_the_other_side_there_is_no_nack() -> None:
    chromium = capabilities("chromium_156")
    plain = [codec for codec in chromium.codecs if not codec.mimeType.endswith("rtx")]
    parameters = consume(VP8, replace(chromium, codecs=plain))
    assert [codec.mimeType for codec in parameters.codecs] == ["video/VP8"]
    assert parameters.encodings[0].rtx is None
    assert feedback(parameters.codecs[0]) == {"nack pli", "ccm fir", "transport-cc"}


def test_feedback_that_the_subscriber_does_not_know_is_left_out() -> None:
    chromium = capabilities("chromium_156")
    modest = [
        replace(codec, rtcpFeedback=[item for item in codec.rtcpFeedback if item.type != "ccm"])
        for codec in chromium.codecs
    ]
    assert "ccm fir" not in feedback(consume(VP8, replace(chromium, codecs=modest)).codecs[0])


def test_rid_extensions_are_taken_from_publishers_and_not_passed_on() -> None:
    simulcast = produced("chromium_156", "vp8-simulcast")
    uris = {item.uri for item in consume(simulcast, capabilities("chromium_156")).headerExtensions}
    assert not any("stream-id" in uri for uri in uris)
    assert {MID, ABS_SEND_TIME, TRANSPORT_SEQUENCE} <= uris


def test_codec_parameters_reach_the_subscriber() -> None:
    stereo = replace(OPUS, codecs=[replace(OPUS.codecs[0], parameters={"sprop-stereo": 1, "usedtx": 1})])
    parameters = consume(stereo, capabilities("chromium_156"), "audio")
    assert parameters.codecs[0].parameters == {"sprop-stereo": 1, "usedtx": 1}


def test_nothing_a_publisher_wrote_reaches_the_subscribers_sdp() -> None:
    line = "1\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host"
    codec = replace(OPUS.codecs[0], parameters={"usedtx": line, "x\r\na=x": 1, "useinbandfec": 1})
    hostile = replace(OPUS, codecs=[codec], rtcp=replace(OPUS.rtcp, cname=line))
    parameters = consume(hostile, capabilities("chromium_156"), "audio")
    assert parameters.codecs[0].parameters == {"useinbandfec": 1}
    assert parameters.rtcp.cname == "peer"


# --- layers, and what goes with a picture ---


@pytest.mark.parametrize(("codec", "told"), [("video/AV1", True), ("video/H264", False)])
def test_frames_are_described_to_subscribers_only_where_they_decode_by_it(codec: str, told: bool) -> None:
    parameters = {"packetization-mode": 1, "profile-level-id": "42e01f"} if codec == "video/H264" else {}
    described = RtpHeaderExtension(DEPENDENCY_DESCRIPTOR, 12)
    producer = replace(
        VP8,
        codecs=[replace(VP8.codecs[0], mimeType=codec, parameters=parameters)],
        headerExtensions=[described],
    )
    assert check_producer("video", producer).extension_ids == {12: 8}
    uris = [item.uri for item in consume(producer, capabilities("chromium_156")).headerExtensions]
    assert (DEPENDENCY_DESCRIPTOR in uris) is told


def test_what_belongs_to_the_picture_is_passed_on() -> None:
    """Losing orientation shows phones rotated, losing capture times breaks lip-sync."""
    chromium = capabilities("chromium_156")
    uris = [VIDEO_ORIENTATION, PLAYOUT_DELAY, ABS_CAPTURE_TIME]
    chromium.headerExtensions.append(RtpHeaderExtensionCapability("video", ABS_CAPTURE_TIME, 13))
    sent = [RtpHeaderExtension(uri, number) for number, uri in enumerate(uris, 3)]
    producer = replace(VP8, headerExtensions=sent)
    assert check_producer("video", producer).extension_ids == {3: 11, 4: 14, 5: 13}
    passed = {item.uri: item.id for item in consume(producer, chromium).headerExtensions}
    assert passed.items() >= {VIDEO_ORIENTATION: 11, PLAYOUT_DELAY: 14, ABS_CAPTURE_TIME: 13}.items()


# --- redundant audio ---

RED = replace(OPUS.codecs[0], mimeType="audio/red", payloadType=63, parameters={"111/111": ""})


def test_redundant_audio_is_for_those_who_know_it() -> None:
    producer = replace(OPUS, codecs=[RED, OPUS.codecs[0]])
    assert check_producer("audio", producer).payload_types == {63: 113, 111: 100}
    chromium = capabilities("chromium_156")
    plain = consume(producer, chromium, "audio")
    assert [codec.payloadType for codec in plain.codecs] == [100]
    chromium.codecs.append(RtpCodecCapability("audio", "audio/red", 48000, 113, 2))
    assert [codec.payloadType for codec in consume(producer, chromium, "audio").codecs] == [113, 100]
    with pytest.raises(MediaError, match="without the codec that it repeats"):
        check_producer("audio", replace(OPUS, codecs=[RED]))


# --- unknown header extensions ---


def test_an_unknown_extension_passes_where_the_ids_agree() -> None:
    extension = RtpHeaderExtension("urn:example:gaze", 7)
    producer = replace(VP8, headerExtensions=[extension])
    assert check_producer("video", producer).extension_ids == {7: 7}
    chromium = capabilities("chromium_156")
    assert extension not in consume(producer, chromium).headerExtensions
    chromium.headerExtensions.append(RtpHeaderExtensionCapability("video", "urn:example:gaze", 7))
    assert extension in consume(producer, chromium).headerExtensions


@pytest.mark.parametrize("number", [11, 20], ids=["an id of ours", "beyond the one-byte form"])
def test_an_unknown_extension_under_an_unfit_id_is_not_passed(number: int) -> None:
    producer = replace(VP8, headerExtensions=[RtpHeaderExtension("urn:example:gaze", number)])
    assert check_producer("video", producer).extension_ids == {}


# --- refusals ---


def _codec(**changes: Any) -> RtpParameters:
    return replace(VP8, codecs=[replace(VP8.codecs[0], **changes), *VP8.codecs[1:]])


def _rtx(**changes: Any) -> RtpParameters:
    return replace(VP8, codecs=[VP8.codecs[0], replace(VP8.codecs[1], **changes)])


def _encodings(*encodings: RtpEncoding, mid: str | None = "0") -> RtpParameters:
    return replace(VP8, encodings=list(encodings), mid=mid)


def _extensions(*pairs: tuple[str, int]) -> RtpParameters:
    return replace(VP8, headerExtensions=[RtpHeaderExtension(uri, number) for uri, number in pairs])


def _h264(name: str, value: Any) -> RtpParameters:
    codec = produced("chromium_156", "h26442e01f").codecs[0]
    return replace(VP8, codecs=[replace(codec, parameters={**codec.parameters, name: value})])


_APT = "codecs[1].parameters.apt"

REFUSED = {
    "no codec": (replace(VP8, codecs=[]), "invalid", "codecs"),
    "only rtx": (replace(VP8, codecs=VP8.codecs[1:]), "invalid", "codecs[0].parameters.apt"),
    "many codecs": (replace(VP8, codecs=VP8.codecs * 5), "limit", "codecs"),
    "another kind": (_codec(mimeType="audio/opus"), "invalid", "codecs[0].mimeType"),
    "an unknown codec": (_codec(mimeType="video/H265"), "unsupported", "codecs[0]"),
    "another clock": (_codec(clockRate=48000), "unsupported", "codecs[0]"),
    "VP9 profile 1": (
        _codec(mimeType="video/VP9", parameters={"profile-id": 1}),
        "unsupported",
        "codecs[0]",
    ),
    "AV1 profile 1": (_codec(mimeType="video/AV1", parameters={"profile": "1"}), "unsupported", "codecs[0]"),
    "H264 mode 0": (_h264("packetization-mode", 0), "unsupported", "codecs[0]"),
    "H264 high": (_h264("profile-level-id", "640c1f"), "unsupported", "codecs[0]"),
    "a payload type of RTCP": (_codec(payloadType=72), "invalid", "codecs[0].payloadType"),
    "a negative payload type": (_codec(payloadType=-1), "invalid", "codecs[0].payloadType"),
    "a payload type over 127": (_codec(payloadType=128), "invalid", "codecs[0].payloadType"),
    "one payload type twice": (_rtx(payloadType=VP8.codecs[0].payloadType), "duplicate", "codecs"),
    "many parameters": (_codec(parameters={str(n): n for n in range(17)}), "limit", "codecs[0].parameters"),
    "rtx of nothing": (_rtx(parameters={"apt": 5}), "invalid", _APT),
    "rtx without apt": (_rtx(parameters={}), "invalid", _APT),
    "rtx of itself": (_rtx(parameters={"apt": VP8.codecs[1].payloadType}), "invalid", _APT),
    "no encoding": (_encodings(), "invalid", "encodings"),
    "many encodings": (_encodings(*(RtpEncoding(ssrc=n + 1) for n in range(5))), "limit", "encodings"),
    "SSRC 0": (_encodings(RtpEncoding(ssrc=0)), "invalid", "encodings[0].ssrc"),
    "a large SSRC": (_encodings(RtpEncoding(ssrc=1 << 32)), "invalid", "encodings[0].ssrc"),
    "a negative RTX SSRC": (
        _encodings(RtpEncoding(ssrc=1, rtx=RtxEncoding(-1))),
        "invalid",
        "encodings[0].rtx.ssrc",
    ),
    "one SSRC for two": (_encodings(RtpEncoding(ssrc=1, rtx=RtxEncoding(1))), "duplicate", "encodings"),
    "one rid twice": (_encodings(RtpEncoding(rid="a"), RtpEncoding(rid="a")), "duplicate", "encodings"),
    "a strange rid": (_encodings(RtpEncoding(rid="a b")), "invalid", "encodings[0].rid"),
    "a long rid": (_encodings(RtpEncoding(rid="a" * 17)), "invalid", "encodings[0].rid"),
    "a nameless layer": (_encodings(RtpEncoding(ssrc=1), RtpEncoding()), "invalid", "encodings[1]"),
    "a nameless stream": (_encodings(RtpEncoding(), mid=None), "invalid", "encodings[0]"),
    "an encoding of no codec": (
        _encodings(RtpEncoding(ssrc=1, codecPayloadType=5)),
        "invalid",
        "encodings[0].codecPayloadType",
    ),
    "a long mid": (replace(VP8, mid="m" * 17), "invalid", "mid"),
    "an empty mid": (replace(VP8, mid=""), "invalid", "mid"),
    "extension id 0": (_extensions((MID, 0)), "invalid", "headerExtensions[0].id"),
    "extension id 256": (_extensions((MID, 256)), "invalid", "headerExtensions[0].id"),
    "one extension id twice": (_extensions((MID, 1), (ABS_SEND_TIME, 1)), "duplicate", "headerExtensions"),
    "one extension twice": (_extensions((MID, 1), (MID, 2)), "duplicate", "headerExtensions"),
    "many extensions": (_extensions(*((f"urn:{n}", n + 1) for n in range(17))), "limit", "headerExtensions"),
    "an encrypted extension": (
        replace(VP8, headerExtensions=[RtpHeaderExtension(MID, 1, encrypt=True)]),
        "unsupported",
        "headerExtensions[0].encrypt",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_parameters_that_contradict_themselves_are_refused(case: str) -> None:
    parameters, code, field = REFUSED[case]
    with pytest.raises(MediaError) as caught:
        check_producer("video", parameters)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_opus_needs_its_channels() -> None:
    mono = replace(OPUS, codecs=[replace(OPUS.codecs[0], channels=1)])
    with pytest.raises(MediaError, match="unsupported"):
        check_producer("audio", mono)


def test_a_stream_known_by_its_mid_alone_is_accepted() -> None:
    assert isinstance(check_producer("video", _encodings(RtpEncoding())), ProducerMapping)


def test_a_subscriber_may_know_nothing_at_all() -> None:
    with pytest.raises(MediaError) as caught:
        consume(VP8, RtpCapabilities())
    assert caught.value.field == "rtpCapabilities.codecs"


def test_a_codec_without_feedback_is_no_trouble() -> None:
    bare = replace(VP8.codecs[0], rtcpFeedback=[RtcpFeedback("x")])
    assert feedback(consume(replace(VP8, codecs=[bare]), capabilities("chromium_156")).codecs[0])


# --- H.264 profiles ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42e01f", Profile.CONSTRAINED_BASELINE),
        ("42C02A", Profile.CONSTRAINED_BASELINE),
        ("4d8028", Profile.CONSTRAINED_BASELINE),
        ("42001f", Profile.BASELINE),
        ("58801f", Profile.BASELINE),
        ("4d0032", Profile.MAIN),
        ("4d401f", Profile.MAIN),
        ("640c1f", Profile.CONSTRAINED_HIGH),
        ("64001f", Profile.HIGH),
        ("f4001f", Profile.HIGH_444),
        (None, Profile.CONSTRAINED_BASELINE),
        ("", None),
        ("42e01", None),
        ("42e01fff", None),
        ("zze01f", None),
        ("00001f", None),
        (42, None),
    ],
)
def test_h264_profiles(text: Any, expected: Profile | None) -> None:
    assert profile(text) is expected


def test_levels_do_not_matter_and_unknown_profiles_match_nothing() -> None:
    assert same_profile("42e01f", "42e034")
    assert not same_profile("42e01f", "42001f")
    assert not same_profile("00001f", "00001f")
