"""A media worker's core in this process, with real peers on loopback around it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self

from aiortc.rtcdtlstransport import SRTPProtectionProfile

from media import core
from media.capabilities import DEPENDENCY_DESCRIPTOR, ProducerMapping
from media.consumer import Consumer
from media.context import MediaContext
from media.producer import Producer
from media.protocol import (
    Direction,
    Notification,
    RtcpFeedback,
    RtcpParameters,
    RtpCodec,
    RtpEncoding,
    RtpHeaderExtension,
    RtpParameters,
    RtxEncoding,
)
from media.room import MediaRoom
from media.rtp.extensions import ABS_SEND_TIME, MID, TRANSPORT_SEQUENCE
from media.transport import Transport
from tests.support.rtc_peer import RtcPeer

#: The compiled loop that contexts are given, None for Python's own.
LOOP: Any = core.library

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"

#: Numbers of the publisher …
VIDEO_TYPE, RTX_TYPE, AUDIO_TYPE, RED_TYPE = 96, 97, 111, 63
MID_ID, SEQUENCE_ID, LEVEL_ID, ORIENTATION_ID, DESCRIPTOR_ID = 4, 3, 1, 13, 12
#: … and ours.
OUR_VIDEO, OUR_RTX, OUR_AUDIO, OUR_RED = 101, 102, 100, 113
OUR_DESCRIPTOR = 8
OUR_MID, OUR_SEND_TIME, OUR_SEQUENCE, OUR_LEVEL, OUR_ORIENTATION = 1, 4, 5, 10, 11

PUBLISHER_EXTENSIONS = [
    RtpHeaderExtension(MID, MID_ID),
    RtpHeaderExtension(TRANSPORT_SEQUENCE, SEQUENCE_ID),
    RtpHeaderExtension(AUDIO_LEVEL, LEVEL_ID),
    RtpHeaderExtension(VIDEO_ORIENTATION, ORIENTATION_ID),
]
OUR_EXTENSIONS = [
    RtpHeaderExtension(MID, OUR_MID),
    RtpHeaderExtension(ABS_SEND_TIME, OUR_SEND_TIME),
    RtpHeaderExtension(TRANSPORT_SEQUENCE, OUR_SEQUENCE),
]
MAPPING = ProducerMapping(
    {VIDEO_TYPE: OUR_VIDEO, RTX_TYPE: OUR_RTX, AUDIO_TYPE: OUR_AUDIO},
    {
        MID_ID: OUR_MID,
        SEQUENCE_ID: OUR_SEQUENCE,
        LEVEL_ID: OUR_LEVEL,
        ORIENTATION_ID: OUR_ORIENTATION,
    },
)
VIDEO_FEEDBACK = [RtcpFeedback("nack"), RtcpFeedback("nack", "pli"), RtcpFeedback("transport-cc")]


def vp8_payload(key: bool, picture: int, tl0: int = 0, size: int = 100) -> bytes:
    """The first packet of a VP8 frame with a 15-bit picture id and TL0PICIDX."""
    descriptor = bytes((0x90, 0xC0, 0x80 | picture >> 8 & 0x7F, picture & 0xFF, tl0 & 0xFF))
    return descriptor + (b"\x10" if key else b"\x11") + b"\x00\x00\x9d\x01\x2a".ljust(size, b"v")


def vp8_layered(key: bool, picture: int, tl0: int, temporal: int, syncs: bool, mark: bytes = b"") -> bytes:
    """The same with temporal layers; ``mark`` is told by what is left of the payload."""
    descriptor = bytes((0x90, 0xE0, 0x80 | picture >> 8 & 0x7F, picture & 0xFF, tl0 & 0xFF))
    descriptor += bytes((temporal << 6 | syncs << 5,))
    return descriptor + (b"\x10" if key else b"\x11") + b"\x00\x00\x9d\x01\x2a" + mark.ljust(60, b"v")


class Sfu:
    """``async with Sfu() as sfu`` gives a running context with one room."""

    def __init__(self, host: str = "127.0.0.1", listen: str | None = None) -> None:
        """Browsers reach it at ``host``; it listens there, or on ``listen``."""
        self.notes: list[Notification] = []
        self.host = host
        self.ctx = MediaContext(listen or host, 0, [host], self.notes.append, LOOP)
        self.peers: list[RtcPeer] = []
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        await self.ctx.start()
        self.room = MediaRoom(self.ctx, "room")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for peer in self.peers:
            await peer.close()
        await self.ctx.close()

    def transport(self, direction: Direction) -> Transport:
        """A transport of a new peer, not connected."""
        name = f"{direction}-{next(self._numbers)}"
        return self.room.create_peer(name).create_transport(name, direction)

    async def join(
        self,
        direction: Direction,
        profiles: list[SRTPProtectionProfile] | None = None,
        over: Literal["udp", "tcp"] = "udp",
    ) -> tuple[Transport, RtcPeer]:
        """A connected transport and the browser at its other end."""
        transport = self.transport(direction)
        peer = await self.peer(transport, profiles)
        if over == "tcp":
            await peer.open_stream()
        await peer.check()
        transport.connect(peer.dtls_parameters)
        await peer.handshake(transport.dtls_parameters)
        return transport, peer

    async def peer(
        self, transport: Transport, profiles: list[SRTPProtectionProfile] | None = None
    ) -> RtcPeer:
        """The other end of ``transport``, with a socket but not yet connected."""
        peer = RtcPeer(self.ctx.port, transport.ice_parameters, profiles, self.host)
        self.peers.append(peer)
        await peer.open()
        return peer

    def produce_video(
        self, transport: Transport, ssrc: int | None = 1000, rtx: bool = True, mid: str = "0"
    ) -> Producer:
        codecs = [RtpCodec("video/VP8", VIDEO_TYPE, 90000, rtcpFeedback=VIDEO_FEEDBACK)]
        codecs.append(RtpCodec("video/rtx", RTX_TYPE, 90000, parameters={"apt": VIDEO_TYPE}))
        encoding = RtpEncoding(ssrc=ssrc, rtx=RtxEncoding(ssrc + 1) if ssrc and rtx else None)
        parameters = RtpParameters(codecs, [encoding], mid, PUBLISHER_EXTENSIONS)
        return transport.produce(f"producer-{next(self._numbers)}", "video", parameters, MAPPING)

    def produce_simulcast(self, transport: Transport, layers: int = 3, mid: str = "0") -> Producer:
        """Encodings of SSRC 1000, 1010, …, the smallest first, each with RTX."""
        codecs = [RtpCodec("video/VP8", VIDEO_TYPE, 90000, rtcpFeedback=VIDEO_FEEDBACK)]
        codecs.append(RtpCodec("video/rtx", RTX_TYPE, 90000, parameters={"apt": VIDEO_TYPE}))
        encodings = [
            RtpEncoding(ssrc=1000 + 10 * layer, rid=f"r{layer}", rtx=RtxEncoding(1001 + 10 * layer))
            for layer in range(layers)
        ]
        parameters = RtpParameters(codecs, encodings, mid, PUBLISHER_EXTENSIONS)
        return transport.produce(f"producer-{next(self._numbers)}", "video", parameters, MAPPING)

    def produce_layered(
        self, transport: Transport, codec: str, mode: str = "L3T3", encodings: int = 1
    ) -> Producer:
        """Video of one of the codecs with layers inside each encoding: SSRC 1000, 1010 …"""
        codecs = [RtpCodec(f"video/{codec}", VIDEO_TYPE, 90000, rtcpFeedback=VIDEO_FEEDBACK)]
        codecs.append(RtpCodec("video/rtx", RTX_TYPE, 90000, parameters={"apt": VIDEO_TYPE}))
        layers = [
            RtpEncoding(
                ssrc=1000 + 10 * layer,
                rid=f"r{layer}" if encodings > 1 else None,
                rtx=RtxEncoding(1001 + 10 * layer),
                scalabilityMode=mode,
            )
            for layer in range(encodings)
        ]
        extensions = [*PUBLISHER_EXTENSIONS, RtpHeaderExtension(DEPENDENCY_DESCRIPTOR, DESCRIPTOR_ID)]
        mapping = replace(MAPPING, extension_ids={**MAPPING.extension_ids, DESCRIPTOR_ID: OUR_DESCRIPTOR})
        parameters = RtpParameters(codecs, layers, "0", extensions)
        return transport.produce(f"producer-{next(self._numbers)}", "video", parameters, mapping)

    def produce_redundant(self, transport: Transport, ssrc: int = 2000) -> Producer:
        """Sound as RED of Opus, and at times as Opus alone."""
        codecs = [
            RtpCodec("audio/red", RED_TYPE, 48000, 2),
            RtpCodec("audio/opus", AUDIO_TYPE, 48000, 2),
        ]
        parameters = RtpParameters(codecs, [RtpEncoding(ssrc=ssrc)], "1", PUBLISHER_EXTENSIONS)
        mapping = replace(MAPPING, payload_types={**MAPPING.payload_types, RED_TYPE: OUR_RED})
        return transport.produce(f"producer-{next(self._numbers)}", "audio", parameters, mapping)

    def produce_audio(self, transport: Transport, ssrc: int | None = 2000, mid: str = "1") -> Producer:
        codec = RtpCodec("audio/opus", AUDIO_TYPE, 48000, 2)
        parameters = RtpParameters([codec], [RtpEncoding(ssrc=ssrc)], mid, PUBLISHER_EXTENSIONS)
        return transport.produce(f"producer-{next(self._numbers)}", "audio", parameters, MAPPING)

    def consume(
        self, transport: Transport, producer: Producer, resume: bool = True, red: bool = False
    ) -> Consumer:
        number = next(self._numbers)
        if producer.kind == "video":
            codecs = [
                RtpCodec(producer.codec.mimeType, OUR_VIDEO, 90000, rtcpFeedback=VIDEO_FEEDBACK),
                RtpCodec("video/rtx", OUR_RTX, 90000, parameters={"apt": OUR_VIDEO}),
            ]
            encoding = RtpEncoding(ssrc=10_000 + 2 * number, rtx=RtxEncoding(10_001 + 2 * number))
        else:
            codecs = [RtpCodec("audio/red", OUR_RED, 48000, 2)] if red else []
            codecs.append(RtpCodec("audio/opus", OUR_AUDIO, 48000, 2))
            encoding = RtpEncoding(ssrc=10_000 + 2 * number)
        parameters = RtpParameters(
            codecs, [encoding], str(number), OUR_EXTENSIONS, RtcpParameters(cname="publisher")
        )
        consumer = transport.consume(f"consumer-{number}", producer, parameters)
        if resume:
            consumer.resume()
        return consumer
