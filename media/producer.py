"""A track that a browser sends to us: its negotiated numbers and its streams, one for each encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from media.capabilities import AUDIO_LEVEL, DEPENDENCY_DESCRIPTOR, ProducerMapping
from media.producer_layers import ProducerLayers
from media.protocol import ConsumerClosed, MediaKind, RtpCodec, RtpParameters, Source
from media.rtp import rtcp
from media.rtp.extensions import ExtensionReader
from media.stream import ReceiveStream

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.transport import Transport

ENCODINGS_LIMIT = 4


def is_repair(codec: RtpCodec) -> bool:
    return codec.mimeType.lower().endswith("/rtx")


def is_redundant(codec: RtpCodec) -> bool:
    return codec.mimeType.lower() == "audio/red"


class Producer:
    __slots__ = (
        "_intra_requests",
        "closed",
        "codec",
        "consumers",
        "counters",
        "descriptor_id",
        "extensions",
        "id",
        "kind",
        "layers",
        "level_id",
        "mapping",
        "mid",
        "paused",
        "payload_types",
        "red_type",
        "repaired_types",
        "rtp_parameters",
        "source",
        "streams",
        "transport",
    )

    def __init__(
        self,
        producer_id: str,
        transport: Transport,
        kind: MediaKind,
        parameters: RtpParameters,
        mapping: ProducerMapping,
        paused: bool,
    ) -> None:
        """Raises ValueError where ``parameters`` have no mapped codec, or no or too many encodings."""
        media = [
            codec
            for codec in parameters.codecs
            if codec.payloadType in mapping.payload_types and not is_repair(codec)
        ]
        if not media:
            raise ValueError("none of the codecs is mapped")
        if not 1 <= len(parameters.encodings) <= ENCODINGS_LIMIT:
            raise ValueError(f"between one and {ENCODINGS_LIMIT} encodings are needed")
        self.id = producer_id
        self.transport = transport
        self.counters = transport.counters
        self.kind: MediaKind = kind
        self.rtp_parameters = parameters
        self.mapping = mapping
        self.mid = parameters.mid
        self.codec = media[0]
        self.paused = paused
        self.closed = False
        self.source: Source = "microphone" if kind == "audio" else "camera"
        #: Our ids of the audio level and of the dependency descriptor, 0 where it has none.
        self.level_id = self._our_id(AUDIO_LEVEL)
        self.descriptor_id = self._our_id(DEPENDENCY_DESCRIPTOR)
        #: Publisher's payload type → ours, -1 where it is not taken; and of its RTX → the one it repairs.
        self.payload_types = [-1] * 128
        self.repaired_types = [-1] * 128
        for codec in media:
            self.payload_types[codec.payloadType & 0x7F] = mapping.payload_types[codec.payloadType]
        #: Ours of redundant sound, -1 where none is published.
        self.red_type = next(
            (mapping.payload_types[one.payloadType] for one in media if is_redundant(one)), -1
        )
        for codec in parameters.codecs:
            apt = codec.parameters.get("apt")
            if is_repair(codec) and isinstance(apt, int) and 0 <= apt < 128:
                self.repaired_types[codec.payloadType & 0x7F] = apt
        self.extensions = ExtensionReader(parameters.headerExtensions, mapping.extension_ids)
        is_layer = len(parameters.encodings) > 1
        self.streams = [ReceiveStream(self, encoding, is_layer) for encoding in parameters.encodings]
        self.layers = ProducerLayers(self)
        self.consumers: dict[str, Consumer] = {}
        self._intra_requests = 0

    def _our_id(self, uri: str) -> int:
        negotiated = self.rtp_parameters.headerExtensions
        ids = (self.mapping.extension_ids.get(one.id, 0) for one in negotiated if one.uri == uri)
        return next(ids, 0)

    @property
    def wants_nack(self) -> bool:
        return any(feedback.type == "nack" and not feedback.parameter for feedback in self.codec.rtcpFeedback)

    def pause(self) -> None:
        """Nothing is forwarded any more; what arrives is still counted, and reported to the publisher."""
        if not self.paused and not self.closed:
            self.paused = True
            for stream in self.streams:
                stream.state.paused = True
                stream.pause()

    def resume(self) -> None:
        if self.paused and not self.closed:
            self.paused = False
            for stream in self.streams:
                stream.state.paused = False
                stream.resume(self.transport.ctx.refresh())

    def close(self) -> None:
        """Closes its consumers too, and tells of each. Closing twice does nothing."""
        if self.closed:
            return
        self.closed = True
        for consumer in list(self.consumers.values()):
            consumer.close()
            self.transport.ctx.notify(ConsumerClosed(consumer.id))
        self.transport.peer.room.audio.remove(self.id)
        self.transport.producer_closed(self)

    def stats(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "paused": self.paused,
            "mimeType": self.codec.mimeType,
            "consumers": len(self.consumers),
            "layers": [
                {"alive": one.alive, "bitrate": one.bitrate, "height": one.height, "temporal": one.temporal}
                for one in self.layers.encodings
            ],
            "streams": [
                {
                    "ssrc": stream.ssrc,
                    "rid": stream.rid,
                    "packets": stream.packets,
                    "bytes": stream.octets,
                    "repaired": stream.repaired,
                    "lost": stream.reception.lost if stream.reception else 0,
                    "jitter": stream.reception.jitter / stream.clock_rate if stream.reception else 0.0,
                }
                for stream in self.streams
            ],
        }

    # --- feedback to the publisher (called by the streams) ---

    def send_nack(self, stream: ReceiveStream, numbers: list[int]) -> None:
        if stream.ssrc is not None:
            self.counters.nacks_sent += 1
            self.transport.send_rtcp(rtcp.nack(self.transport.rtcp_ssrc, stream.ssrc, numbers))

    def send_key_frame_request(self, stream: ReceiveStream) -> None:
        """PLI, or FIR where that is all that was negotiated."""
        if stream.ssrc is None:
            return
        self.counters.key_frame_requests += 1
        sender = self.transport.rtcp_ssrc
        feedback = {(entry.type, entry.parameter) for entry in self.codec.rtcpFeedback}
        if ("ccm", "fir") in feedback and ("nack", "pli") not in feedback:
            self._intra_requests += 1
            self.transport.send_rtcp(rtcp.full_intra(sender, stream.ssrc, self._intra_requests))
        else:
            self.transport.send_rtcp(rtcp.picture_loss(sender, stream.ssrc))
