"""Simulcast as browsers send it: no SSRC is told, first packets name their encoding (RFC 8852)."""

from __future__ import annotations

import pytest

from media.protocol import RtpCodec, RtpEncoding, RtpHeaderExtension, RtpParameters
from media.rtp.extensions import MID, REPAIRED_RID, RID
from tests.media.test_forwarding import settle
from tests.support import sfu as numbers
from tests.support.rtc_peer import rtp_packet
from tests.support.sfu import MAPPING, RTX_TYPE, VIDEO_FEEDBACK, VIDEO_TYPE, Sfu, vp8_payload

pytestmark = pytest.mark.usefixtures("packet_path")

RID_ID, REPAIRED_ID = 10, 11
RIDS = ("r0", "r1", "r2")
PARAMETERS = RtpParameters(
    [
        RtpCodec("video/VP8", VIDEO_TYPE, 90000, rtcpFeedback=VIDEO_FEEDBACK),
        RtpCodec("video/rtx", RTX_TYPE, 90000, parameters={"apt": VIDEO_TYPE}),
    ],
    [RtpEncoding(rid=rid) for rid in RIDS],
    "0",
    [
        RtpHeaderExtension(MID, numbers.MID_ID),
        RtpHeaderExtension(RID, RID_ID),
        RtpHeaderExtension(REPAIRED_RID, REPAIRED_ID),
    ],
)


def packet(ssrc: int, number: int, rid: str = "", mid: str = "0", repaired: str = "") -> bytes:
    named = {numbers.MID_ID: mid.encode()} if mid else {}
    if rid:
        named[RID_ID] = rid.encode()
    if repaired:
        named[REPAIRED_ID] = repaired.encode()
    payload = number.to_bytes(2, "big") * bool(repaired) + vp8_payload(True, number)
    return rtp_packet(ssrc, number, 0, payload, RTX_TYPE if repaired else VIDEO_TYPE, True, named)


async def test_each_encoding_and_its_repair_are_found_by_name() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        producer = sender.produce("camera", "video", PARAMETERS, MAPPING)
        for index, rid in enumerate(RIDS):
            await publisher.send_rtp(packet(500 + index, 1, rid))
            await publisher.send_rtp(packet(500 + index, 3))  # later ones need not say it again
            await publisher.send_rtp(packet(600 + index, 2, repaired=rid))
        await settle(sfu, 9)
        assert [stream.ssrc for stream in producer.streams] == [500, 501, 502]
        assert [stream.rtx_ssrc for stream in producer.streams] == [600, 601, 602]
        assert [stream["repaired"] for stream in producer.stats()["streams"]] == [1, 1, 1]
        assert sfu.ctx.drops() == {}


@pytest.mark.parametrize(("rid", "mid"), [("", "0"), ("r9", "0"), ("r0", "7")])
async def test_what_names_nothing_is_not_guessed(rid: str, mid: str) -> None:
    """One codec, three encodings: the payload type alone says nothing (aiortc's router stops here)."""
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        producer = sender.produce("camera", "video", PARAMETERS, MAPPING)
        await publisher.send_rtp(packet(500, 1, rid, mid))
        await settle(sfu, 1)
        assert [stream.ssrc for stream in producer.streams] == [None, None, None]
        assert sfu.ctx.drops() == {"rtp_unrouted": 1}
