"""The contract between the main process and a media worker: every control message, one class each.

Three kinds travel as JSON lines over a socket pair (`media.framing`): a *request* (main → worker) is answered
by exactly one *response*; a *notification* (worker → main) is not answered. A worker knows rooms, peers,
transports, producers and consumers by opaque ids that the main process chooses; it knows no users, roles or
names.

Dictionaries on the wire use the field names of these classes, which are mediasoup's (and so those of
mediasoup-client): a browser's ``rtpParameters`` pass through unchanged in spelling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar

MediaKind = Literal["audio", "video"]
Direction = Literal["send", "recv"]  # seen from the browser: "send" carries its producers to us
IceState = Literal["new", "connected", "disconnected", "closed"]
Source = Literal["microphone", "camera", "screen", "screen-audio"]
DtlsState = Literal["new", "connecting", "connected", "failed", "closed"]

# --- RTP vocabulary (mediasoup's RtpParameters; the W3C ORTC dictionaries of the same names) -------


@dataclass(slots=True)
class RtcpFeedback:
    type: str
    parameter: str = ""


@dataclass(slots=True)
class RtpCodec:
    """A negotiated codec with its payload type; ``parameters`` are the fmtp values."""

    mimeType: str
    payloadType: int
    clockRate: int
    channels: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    rtcpFeedback: list[RtcpFeedback] = field(default_factory=list)


@dataclass(slots=True)
class RtpHeaderExtension:
    uri: str
    id: int
    encrypt: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class RtxEncoding:
    ssrc: int


@dataclass(slots=True)
class RtpEncoding:
    """One stream of a producer or consumer. ``ssrc`` is absent where the stream is known by ``rid`` only."""

    ssrc: int | None = None
    rid: str | None = None
    rtx: RtxEncoding | None = None
    codecPayloadType: int | None = None
    dtx: bool | None = None
    scalabilityMode: str | None = None
    maxBitrate: int | None = None


@dataclass(slots=True)
class RtcpParameters:
    cname: str = ""
    reducedSize: bool = True
    mux: bool = True


@dataclass(slots=True)
class RtpParameters:
    codecs: list[RtpCodec]
    encodings: list[RtpEncoding]
    mid: str | None = None
    headerExtensions: list[RtpHeaderExtension] = field(default_factory=list)
    rtcp: RtcpParameters = field(default_factory=RtcpParameters)


@dataclass(slots=True)
class RtpCodecCapability:
    kind: MediaKind
    mimeType: str
    clockRate: int
    preferredPayloadType: int | None = None
    channels: int | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    rtcpFeedback: list[RtcpFeedback] = field(default_factory=list)


@dataclass(slots=True)
class RtpHeaderExtensionCapability:
    kind: MediaKind
    uri: str
    preferredId: int
    preferredEncrypt: bool = False
    direction: Literal["sendrecv", "sendonly", "recvonly", "inactive"] = "sendrecv"


@dataclass(slots=True)
class RtpCapabilities:
    codecs: list[RtpCodecCapability] = field(default_factory=list)
    headerExtensions: list[RtpHeaderExtensionCapability] = field(default_factory=list)


# --- Transport vocabulary --------------------------------------------------------------------------


@dataclass(slots=True)
class IceParameters:
    usernameFragment: str
    password: str
    iceLite: bool = True


@dataclass(slots=True)
class IceCandidate:
    foundation: str
    priority: int
    address: str
    ip: str  # mediasoup-client up to 3.7 reads `ip`, later ones `address`
    protocol: Literal["udp", "tcp"]
    port: int
    type: Literal["host"] = "host"
    tcpType: Literal["passive"] | None = None


@dataclass(slots=True)
class DtlsFingerprint:
    algorithm: str
    value: str


@dataclass(slots=True)
class DtlsParameters:
    """``role`` is that of the side that sends them; "auto" leaves it to the receiver (RFC 8842)."""

    fingerprints: list[DtlsFingerprint]
    role: Literal["auto", "client", "server"] = "auto"


# --- Requests and their responses ------------------------------------------------------------------

R = TypeVar("R")


@dataclass(slots=True)
class Done:
    """The empty answer."""


class Request(Generic[R]):
    """A request names its method on the wire and the class of its response."""

    __slots__ = ()
    method: ClassVar[str]
    response: ClassVar[type[Any]]


@dataclass(slots=True)
class RoomCreated:
    rtpCapabilities: RtpCapabilities


@dataclass(slots=True)
class CreateRoom(Request[RoomCreated]):
    """With more microphones than ``loudest`` (0: however many), only those are forwarded that are spoken
    into.
    """

    method: ClassVar[str] = "room.create"
    response: ClassVar[type[Any]] = RoomCreated
    room_id: str
    loudest: int = 0


@dataclass(slots=True)
class CloseRoom(Request[Done]):
    """Closes every peer of the room, and so all that is theirs."""

    method: ClassVar[str] = "room.close"
    response: ClassVar[type[Any]] = Done
    room_id: str


@dataclass(slots=True)
class CreatePeer(Request[Done]):
    method: ClassVar[str] = "peer.create"
    response: ClassVar[type[Any]] = Done
    room_id: str
    peer_id: str


@dataclass(slots=True)
class ClosePeer(Request[Done]):
    method: ClassVar[str] = "peer.close"
    response: ClassVar[type[Any]] = Done
    peer_id: str


@dataclass(slots=True)
class TransportCreated:
    iceParameters: IceParameters
    iceCandidates: list[IceCandidate]
    dtlsParameters: DtlsParameters


@dataclass(slots=True)
class CreateTransport(Request[TransportCreated]):
    method: ClassVar[str] = "transport.create"
    response: ClassVar[type[Any]] = TransportCreated
    peer_id: str
    transport_id: str
    direction: Direction


@dataclass(slots=True)
class ConnectTransport(Request[Done]):
    """The other end's DTLS role and fingerprints; the handshake starts once its address is bound."""

    method: ClassVar[str] = "transport.connect"
    response: ClassVar[type[Any]] = Done
    transport_id: str
    dtlsParameters: DtlsParameters


@dataclass(slots=True)
class IceRestarted:
    iceParameters: IceParameters


@dataclass(slots=True)
class RestartIce(Request[IceRestarted]):
    """New credentials; the old pair carries media until the new ones have been used (RFC 8445, section 9)."""

    method: ClassVar[str] = "transport.restartIce"
    response: ClassVar[type[Any]] = IceRestarted
    transport_id: str


@dataclass(slots=True)
class CloseTransport(Request[Done]):
    method: ClassVar[str] = "transport.close"
    response: ClassVar[type[Any]] = Done
    transport_id: str


@dataclass(slots=True)
class CreateProducer(Request[Done]):
    """``rtpParameters`` are the publisher's own; `unsupported` when they match no offered codec.

    ``source`` says what is behind it; None is a microphone or a camera. Only microphones are voices, and
    screens are served first.
    """

    method: ClassVar[str] = "producer.create"
    response: ClassVar[type[Any]] = Done
    transport_id: str
    producer_id: str
    kind: MediaKind
    rtpParameters: RtpParameters
    paused: bool = False
    source: Source | None = None


@dataclass(slots=True)
class PauseProducer(Request[Done]):
    method: ClassVar[str] = "producer.pause"
    response: ClassVar[type[Any]] = Done
    producer_id: str


@dataclass(slots=True)
class ResumeProducer(Request[Done]):
    method: ClassVar[str] = "producer.resume"
    response: ClassVar[type[Any]] = Done
    producer_id: str


@dataclass(slots=True)
class CloseProducer(Request[Done]):
    """Also closes its consumers, each with a `ConsumerClosed` notification."""

    method: ClassVar[str] = "producer.close"
    response: ClassVar[type[Any]] = Done
    producer_id: str


@dataclass(slots=True)
class ConsumerCreated:
    kind: MediaKind
    rtpParameters: RtpParameters


@dataclass(slots=True)
class CreateConsumer(Request[ConsumerCreated]):
    """`unsupported` when the subscriber's ``rtpCapabilities`` hold none of the producer's codecs.

    Created paused: nothing is sent before `ResumeConsumer`, so that no key frame is lost while the browser
    prepares.
    """

    method: ClassVar[str] = "consumer.create"
    response: ClassVar[type[Any]] = ConsumerCreated
    transport_id: str
    consumer_id: str
    producer_id: str
    rtpCapabilities: RtpCapabilities


@dataclass(slots=True)
class PauseConsumer(Request[Done]):
    method: ClassVar[str] = "consumer.pause"
    response: ClassVar[type[Any]] = Done
    consumer_id: str


@dataclass(slots=True)
class ResumeConsumer(Request[Done]):
    method: ClassVar[str] = "consumer.resume"
    response: ClassVar[type[Any]] = Done
    consumer_id: str


@dataclass(slots=True)
class SetConsumerLayers(Request[Done]):
    """What the page shows of it: ``height`` in device pixels, 0 for as large as there is. What is not visible
    is not sent; what is pinned goes before the rest when the path is narrow.
    """

    method: ClassVar[str] = "consumer.setLayers"
    response: ClassVar[type[Any]] = Done
    consumer_id: str
    height: int = 0
    visible: bool = True
    pinned: bool = False


@dataclass(slots=True)
class CloseConsumer(Request[Done]):
    method: ClassVar[str] = "consumer.close"
    response: ClassVar[type[Any]] = Done
    consumer_id: str


@dataclass(slots=True)
class StatsReport:
    """``drops`` counts dropped packets by their named reason; the rest is for staff and metrics."""

    drops: dict[str, int]
    counters: dict[str, float]
    transports: list[dict[str, Any]]
    producers: list[dict[str, Any]]
    consumers: list[dict[str, Any]]


@dataclass(slots=True)
class GetStats(Request[StatsReport]):
    """Of one peer, or of a room, or of the whole worker where neither is named."""

    method: ClassVar[str] = "stats.get"
    response: ClassVar[type[Any]] = StatsReport
    peer_id: str | None = None
    room_id: str | None = None


@dataclass(slots=True)
class Summary:
    """How many values there are, and some quantiles of them (0 where there are none)."""

    count: int = 0
    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0


@dataclass(slots=True)
class WorkerMetrics:
    """One worker in numbers. ``drops`` has every reason, ``counters`` only grow while the worker lives,
    ``open`` is what there is now by its kind.

    ``rtt`` in seconds, of consumers that know theirs; ``loss_down`` and ``loss_up`` are shares (0 to 1) lost
    lately on the way to subscribers and from publishers; ``estimates`` in bits/s, of paths that met a limit.
    """

    drops: dict[str, int]
    counters: dict[str, float]
    open: dict[str, int]
    rtt: Summary
    loss_down: Summary
    loss_up: Summary
    estimates: Summary


@dataclass(slots=True)
class GetMetrics(Request[WorkerMetrics]):
    method: ClassVar[str] = "metrics.get"
    response: ClassVar[type[Any]] = WorkerMetrics


# --- Notifications ---------------------------------------------------------------------------------


class Notification:
    __slots__ = ()
    event: ClassVar[str]


@dataclass(slots=True)
class WorkerReady(Notification):
    """The first line a worker writes: it is listening on this port, UDP and TCP."""

    event: ClassVar[str] = "worker.ready"
    port: int


@dataclass(slots=True)
class TransportState(Notification):
    """Sent on each change. A transport that failed, or that the other end closed, stays until we close it."""

    event: ClassVar[str] = "transport.state"
    transport_id: str
    ice: IceState
    dtls: DtlsState


@dataclass(slots=True)
class ConsumerClosed(Notification):
    """A consumer went because its producer did. Closing a transport or peer is not told piece by piece."""

    event: ClassVar[str] = "consumer.closed"
    consumer_id: str


@dataclass(slots=True)
class ConsumerStarved(Notification):
    """A video that the page shows is not sent, for want of bandwidth; or is again."""

    event: ClassVar[str] = "consumer.starved"
    consumer_id: str
    starved: bool


@dataclass(slots=True)
class ActiveSpeaker(Notification):
    """Another producer of the room is the one to look at; None when the last one closed."""

    event: ClassVar[str] = "room.activeSpeaker"
    room_id: str
    producer_id: str | None = None


@dataclass(slots=True)
class AudioLevels(Notification):
    """Levels in -dBov (0 is the loudest) of the producers that are audible, by id.

    About three times a second while there are any, and once with none.
    """

    event: ClassVar[str] = "room.audioLevels"
    room_id: str
    levels: dict[str, int]


@dataclass(slots=True)
class ProducerLayersWanted(Notification):
    """Encodings above ``spatial`` (0 is the smallest) are watched by nobody, and need not be sent."""

    event: ClassVar[str] = "producer.layersWanted"
    producer_id: str
    spatial: int


@dataclass(slots=True)
class WorkerLoad(Notification):
    """Every two seconds: share of one core used, and what is open."""

    event: ClassVar[str] = "worker.load"
    cpu: float
    peers: int
    consumers: int


@dataclass(slots=True)
class WorkerDraining(Notification):
    """The worker was asked to end (SIGTERM): it goes on until its rooms are elsewhere and it is let go."""

    event: ClassVar[str] = "worker.draining"


@dataclass(slots=True)
class WorkerFailed(Notification):
    """Written in place of `WorkerReady` by a worker that cannot listen; it ends after that."""

    event: ClassVar[str] = "worker.failed"
    reason: Literal["port_in_use", "address", "internal"]
    message: str


# --- Errors ----------------------------------------------------------------------------------------

ErrorCode = Literal[
    "unknown_room",
    "unknown_peer",
    "unknown_transport",
    "unknown_producer",
    "unknown_consumer",
    "unsupported",  # understood, but not offered by us or not by the other side
    "invalid",  # contradicts itself, the protocol or the state of the object
    "duplicate",  # an id, SSRC or payload type that is taken
    "limit",
    "timeout",  # raised on the main side only: the worker lives but did not answer in time
    "internal",  # a defect; the worker's log has the details
]


class LimitReached(ValueError):
    """An object has as many of something as it may have; a refused request says `limit`."""


class MediaError(Exception):
    """A refused request. ``field`` is the path in the request where the fault lies, if it has one."""

    def __init__(self, code: ErrorCode, message: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field
