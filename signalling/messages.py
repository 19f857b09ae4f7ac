"""Every message of the live protocol, one class each; the source of the TypeScript types and of
docs/protocol.md.

Socket.IO, namespace ``/live``. The browser connects with ``auth`` = `Connect`. It then sends *requests*
(Socket.IO event name = `Request.name`, one object as payload) that are acknowledged ``{"ok": true,
...response}`` or ``{"ok": false, "error": Problem}``. The server sends two Socket.IO events: ``event``
carries an `Event` to everyone in the room, numbered without gaps; ``direct`` carries a `Direct` to this
connection alone.

Field names on the wire are camelCase. Unknown fields are refused, except inside the RTP, ICE and DTLS
dictionaries, which grow with the browsers: what is unknown there is dropped. What has no value is absent on
the way to the browser, never null. Times are seconds since the epoch (float, UTC). A message of more than 64
KB ends the connection.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, with_config
from pydantic.alias_generators import to_camel

from media import protocol
from media.protocol import (
    DtlsParameters,
    IceCandidate,
    IceParameters,
    IceState,
    MediaKind,
    RtpCapabilities,
    RtpParameters,
)
from signalling.permissions import Permission, Role, Rule
from signalling.phases import Phase

Source = Literal["microphone", "camera", "screen", "screen-audio"]
PausedBy = Literal["self", "staff"]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
ChatText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Emoji = Annotated[str, StringConstraints(min_length=1, max_length=16)]


class Message(BaseModel):
    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True, frozen=True
    )


def plain(message: Message) -> dict[str, Any]:
    """The message as it travels."""
    return message.model_dump(mode="json", exclude_none=True)


for _dictionary in (
    protocol.RtcpFeedback,
    protocol.RtpCodec,
    protocol.RtpHeaderExtension,
    protocol.RtxEncoding,
    protocol.RtpEncoding,
    protocol.RtcpParameters,
    protocol.RtpParameters,
    protocol.RtpCodecCapability,
    protocol.RtpHeaderExtensionCapability,
    protocol.RtpCapabilities,
    protocol.DtlsFingerprint,
    protocol.DtlsParameters,
):
    with_config(ConfigDict(extra="ignore"))(_dictionary)


# --- what the room consists of ---------------------------------------------------------------------


class Problem(Message):
    """Why a request was refused: a stable code, a sentence to show, and the field at fault if any."""

    code: str
    message: str
    field: str | None = None


class Permit(Message):
    """One permission as it stands for you. When refused: the rule that decides, a sentence, and who can lift
    it.
    """

    allowed: bool
    rule: Rule
    message: str = ""
    lifted_by: list[Role] = []


class Participant(Message):
    """A person in the room. ``role`` is the highest of ``roles``; "reconnecting" means the socket dropped a
    moment ago.
    """

    id: Id
    name: str
    role: Role
    roles: list[Role]
    state: Literal["present", "reconnecting"]
    joined_at: float
    hand_raised_at: float | None = None


class Producer(Message):
    """Something a participant sends. ``paused_by`` says whether they muted it themselves or staff did."""

    id: Id
    participant_id: Id
    source: Source
    kind: MediaKind
    paused: bool
    paused_by: PausedBy | None = None


class ChatMessage(Message):
    """``seq`` orders messages within the room; ``author_name`` stays readable after the author has left."""

    id: Id
    seq: int
    participant_id: Id
    author_name: str
    text: str
    at: float


class RoomInfo(Message):
    timeslot_id: Id
    session_id: Id
    slug: str
    title: str
    session_type: str
    phase: Phase
    starts_at: float
    ends_at: float
    started_at: float | None = None


class You(Message):
    participant_id: Id
    permissions: dict[Permission, Permit]


class Snapshot(Message):
    """All that a participant may see of the room, as of event number ``seq``; ``chat`` holds the latest 100
    messages.
    """

    seq: int
    room: RoomInfo
    participants: list[Participant]
    producers: list[Producer]
    chat: list[ChatMessage]


# --- connecting ------------------------------------------------------------------------------------


class Resume(Message):
    participant_id: Id
    seq: int = Field(ge=0)


class Connect(Message):
    """The Socket.IO ``auth`` object. A ticket is used once: every connection attempt fetches a fresh one
    over REST.

    With ``resume``, what was missed since ``seq`` is sent as ``event``s after `Resumed`; when that is no
    longer possible, `Welcome` with a fresh snapshot comes instead. Refusals arrive as a Socket.IO connect
    error whose ``data`` is a `Problem`: `ticket.invalid`, `ticket.expired`, `ticket.used`, `room.ended`,
    `room.removed`, `permission.denied`, `session.not_found`, `validation`. A foreign Origin is refused
    before that, with HTTP 400.
    """

    ticket: str = Field(max_length=2048)
    resume: Resume | None = None


# --- requests: browser → server --------------------------------------------------------------------


class Empty(Message):
    pass


class Request(Message):
    """``permission`` is what the hub requires before the handler runs; None means being in the room is
    enough.
    """

    name: ClassVar[str]
    permission: ClassVar[Permission | None]
    response: ClassVar[type[Message]] = Empty


class RoomSync(Request):
    """Asks for a fresh snapshot, for a client that saw a gap in the numbers."""

    name: ClassVar[str] = "room.sync"
    permission: ClassVar[Permission | None] = Permission.SESSION_JOIN
    response: ClassVar[type[Message]] = Snapshot


class RoomLeave(Request):
    """Leaves for good: no grace period, media is released at once. The server closes the socket after the
    ack.
    """

    name: ClassVar[str] = "room.leave"
    permission: ClassVar[Permission | None] = None


class RoomEnd(Request):
    """Ends the session for everyone."""

    name: ClassVar[str] = "room.end"
    permission: ClassVar[Permission | None] = Permission.SESSION_END


class ChatSend(Request):
    """``client_id`` is chosen by the sender; sending the same one again gives the first message back, not a
    second.
    """

    class Response(Message):
        message: ChatMessage

    name: ClassVar[str] = "chat.send"
    permission: ClassVar[Permission | None] = Permission.CHAT_SEND
    response: ClassVar[type[Message]] = Response
    text: ChatText
    client_id: Id


class ChatHistory(Request):
    """Up to ``limit`` messages older than ``before`` (a message's ``seq``), oldest first."""

    class Response(Message):
        messages: list[ChatMessage]
        more: bool

    name: ClassVar[str] = "chat.history"
    permission: ClassVar[Permission | None] = Permission.CHAT_READ
    response: ClassVar[type[Message]] = Response
    before: int = Field(ge=1)
    limit: int = Field(default=50, ge=1, le=100)


class ReactionSend(Request):
    """One of the reactions that `REACTIONS` lists."""

    name: ClassVar[str] = "reaction.send"
    permission: ClassVar[Permission | None] = Permission.REACTION_SEND
    emoji: Emoji


class HandRaise(Request):
    name: ClassVar[str] = "hand.raise"
    permission: ClassVar[Permission | None] = Permission.HAND_RAISE


class HandLower(Request):
    """One's own hand, or with `hand.manage` somebody else's."""

    name: ClassVar[str] = "hand.lower"
    permission: ClassVar[Permission | None] = None
    participant_id: Id | None = None


class ModerationMute(Request):
    """Pauses somebody's microphone (`media.mute_others`) or camera or screen (`media.stop_video`); only they
    can resume.
    """

    name: ClassVar[str] = "moderation.mute"
    permission: ClassVar[Permission | None] = Permission.SESSION_MODERATE
    participant_id: Id
    source: Source


class MediaCapabilities(Request):
    class Response(Message):
        rtp_capabilities: RtpCapabilities

    name: ClassVar[str] = "media.capabilities"
    permission: ClassVar[Permission | None] = Permission.SESSION_JOIN
    response: ClassVar[type[Message]] = Response


class IceServer(Message):
    """A TURN server that relays media, with credentials good for some minutes. An `RTCIceServer` as browsers
    know it.
    """

    urls: list[str]
    username: str
    credential: str


class MediaCreateTransport(Request):
    """ "recv" carries the browser's ``rtp_capabilities``; from then on the server offers consumers by itself.

    One transport per direction: a newer one replaces the older, with its producers or consumers.
    ``ice_servers`` is empty where the server has no relay.
    """

    class Response(Message):
        transport_id: Id
        ice_parameters: IceParameters
        ice_candidates: list[IceCandidate]
        dtls_parameters: DtlsParameters
        ice_servers: list[IceServer]

    name: ClassVar[str] = "media.createTransport"
    permission: ClassVar[Permission | None] = Permission.SESSION_JOIN
    response: ClassVar[type[Message]] = Response
    direction: Literal["send", "recv"]
    rtp_capabilities: RtpCapabilities | None = None


class MediaConnectTransport(Request):
    name: ClassVar[str] = "media.connectTransport"
    permission: ClassVar[Permission | None] = Permission.SESSION_JOIN
    transport_id: Id
    dtls_parameters: DtlsParameters


class MediaProduce(Request):
    """Needs `media.publish_audio`, `media.publish_video` or `media.share_screen`, by source. One producer
    per source, but any number of screens.
    """

    class Response(Message):
        producer_id: Id

    name: ClassVar[str] = "media.produce"
    permission: ClassVar[Permission | None] = Permission.SESSION_JOIN
    response: ClassVar[type[Message]] = Response
    transport_id: Id
    kind: MediaKind
    source: Source
    rtp_parameters: RtpParameters
    paused: bool = False


class MediaConsume(Request):
    """Asks for a consumer of one producer, when its offer was lost or its consumer was closed by this
    browser.
    """

    class Response(Message):
        consumer: ConsumerOffer

    name: ClassVar[str] = "media.consume"
    permission: ClassVar[Permission | None] = Permission.SESSION_JOIN
    response: ClassVar[type[Message]] = Response
    producer_id: Id


class MediaPause(Request):
    """Pauses one's own producer or consumer; exactly one id is given (likewise in resume and close)."""

    name: ClassVar[str] = "media.pause"
    permission: ClassVar[Permission | None] = None
    producer_id: Id | None = None
    consumer_id: Id | None = None


class MediaResume(Request):
    """A consumer's first resume says that the browser is ready; only then packets flow."""

    name: ClassVar[str] = "media.resume"
    permission: ClassVar[Permission | None] = None
    producer_id: Id | None = None
    consumer_id: Id | None = None


class MediaSetLayers(Request):
    """What the page shows of a video: ``height`` in device pixels, 0 for as large as there is. What is not
    visible is not sent.
    """

    name: ClassVar[str] = "media.setLayers"
    permission: ClassVar[Permission | None] = None
    consumer_id: Id
    height: Annotated[int, Field(ge=0, le=16384)] = 0
    visible: bool = True
    pinned: bool = False


class MediaClose(Request):
    """``transport_id`` releases a transport that the browser gave up (it rebuilds with a new one)."""

    name: ClassVar[str] = "media.close"
    permission: ClassVar[Permission | None] = None
    producer_id: Id | None = None
    consumer_id: Id | None = None
    transport_id: Id | None = None


class MediaRestartIce(Request):
    """New ICE credentials for a transport, and for the relay, whose former ones may have expired."""

    class Response(Message):
        ice_parameters: IceParameters
        ice_servers: list[IceServer]

    name: ClassVar[str] = "media.restartIce"
    permission: ClassVar[Permission | None] = Permission.SESSION_JOIN
    response: ClassVar[type[Message]] = Response
    transport_id: Id


class MediaStats(Request):
    """Counters of one's own transports, producers and consumers."""

    class Response(Message):
        transports: list[dict[str, Any]]
        producers: list[dict[str, Any]]
        consumers: list[dict[str, Any]]

    name: ClassVar[str] = "media.stats"
    permission: ClassVar[Permission | None] = None
    response: ClassVar[type[Message]] = Response


# --- events: server → everyone in the room, numbered -----------------------------------------------


class Event(Message):
    """``seq`` counts from 1 per room without gaps; ``at`` is the server's time."""

    type: str
    seq: int
    at: float


class ParticipantJoined(Event):
    type: Literal["participant.joined"] = "participant.joined"
    participant: Participant


class ParticipantChanged(Event):
    """Anything about a participant but their hand: connection state, name, roles."""

    type: Literal["participant.changed"] = "participant.changed"
    participant: Participant


class ParticipantLeft(Event):
    """ "lost" means that they did not come back in time after their connection dropped."""

    type: Literal["participant.left"] = "participant.left"
    participant_id: Id
    reason: Literal["left", "lost", "removed", "ended"]


class ChatPosted(Event):
    type: Literal["chat.posted"] = "chat.posted"
    message: ChatMessage


class ReactionSent(Event):
    type: Literal["reaction.sent"] = "reaction.sent"
    participant_id: Id
    emoji: str


class HandRaised(Event):
    type: Literal["hand.raised"] = "hand.raised"
    participant_id: Id


class HandLowered(Event):
    type: Literal["hand.lowered"] = "hand.lowered"
    participant_id: Id


class ProducerAdded(Event):
    type: Literal["producer.added"] = "producer.added"
    producer: Producer


class ProducerChanged(Event):
    """Paused or resumed."""

    type: Literal["producer.changed"] = "producer.changed"
    producer: Producer


class ProducerRemoved(Event):
    type: Literal["producer.removed"] = "producer.removed"
    producer_id: Id
    participant_id: Id


class PhaseChanged(Event):
    type: Literal["room.phaseChanged"] = "room.phaseChanged"
    phase: Phase
    started_at: float | None = None


class RoomChanged(Event):
    """The plan was edited while people are here: title or times."""

    type: Literal["room.changed"] = "room.changed"
    title: str
    starts_at: float
    ends_at: float


class Withheld(Event):
    """Something happened that this person may not see; it keeps the numbers without gaps."""

    type: Literal["room.withheld"] = "room.withheld"


class RoomEnded(Event):
    """The last event of a room; sockets are closed after it."""

    type: Literal["room.ended"] = "room.ended"
    by: Id | None = None
    reason: Literal["host", "empty", "overrun", "organiser"]


RoomEvent = Annotated[
    ParticipantJoined
    | ParticipantChanged
    | ParticipantLeft
    | ChatPosted
    | ReactionSent
    | HandRaised
    | HandLowered
    | ProducerAdded
    | ProducerChanged
    | ProducerRemoved
    | PhaseChanged
    | RoomChanged
    | Withheld
    | RoomEnded,
    Field(discriminator="type"),
]


# --- direct messages: server → one connection, not numbered ----------------------------------------


class Direct(Message):
    type: str


class Welcome(Direct):
    """The first message after a fresh connection, or after a resume that came too late.

    ``rtp_capabilities`` are the answer to `media.capabilities`, in the lobby too: the browser can prepare its
    media, and ask for transports at once when the room is live.
    """

    type: Literal["welcome"] = "welcome"
    you: You
    snapshot: Snapshot
    rtp_capabilities: RtpCapabilities


class Resumed(Direct):
    """The first message after a resume that worked; the missed events follow. Media is as it was."""

    type: Literal["resumed"] = "resumed"
    you: You
    seq: int


class PermissionsChanged(Direct):
    """Where `participants.view` or `chat.read` changed, what is to be seen did too: ask for `room.sync`."""

    type: Literal["permissions.changed"] = "permissions.changed"
    you: You


class ConsumerOffer(Message):
    """What mediasoup-client's ``transport.consume()`` takes, and whose it is."""

    consumer_id: Id
    producer_id: Id
    participant_id: Id
    source: Source
    kind: MediaKind
    rtp_parameters: RtpParameters
    producer_paused: bool


class ConsumerOffered(Direct):
    """Offers that were not yet taken up (`media.resume`) come again after `Resumed`; a known consumer id is
    ignored.
    """

    type: Literal["media.consumerOffered"] = "media.consumerOffered"
    consumer: ConsumerOffer


class ConsumerClosed(Direct):
    type: Literal["media.consumerClosed"] = "media.consumerClosed"
    consumer_id: Id


class ConsumerStarved(Direct):
    """A video that this browser shows is held back: its path does not carry it beside the sound and what goes
    first (``starved``), or carries it again. The page should say so in words rather than show a frozen
    picture; nothing has to be asked for.
    """

    type: Literal["media.consumerStarved"] = "media.consumerStarved"
    consumer_id: Id
    starved: bool


class LayersWanted(Direct):
    """Nobody watches the encodings of this producer above ``spatial``, 0 being the smallest: this is for
    mediasoup-client's ``setMaxSpatialLayer``.
    """

    type: Literal["media.layersWanted"] = "media.layersWanted"
    producer_id: Id
    spatial: int


class TransportStateChanged(Direct):
    """As seen from the server, so that a browser that still believes in a dead path restarts ICE."""

    type: Literal["media.transportState"] = "media.transportState"
    transport_id: Id
    ice: IceState


class RoomSpeaking(Direct):
    """Who is speaking, sent on change. ``active`` is the one to look at: it stays through silence."""

    type: Literal["room.speaking"] = "room.speaking"
    active: Id | None
    speaking: list[Id]


class MediaReset(Direct):
    """The room's media worker was replaced: transports, producers, consumers are gone. Build them anew."""

    type: Literal["media.reset"] = "media.reset"


class ServerRestarting(Direct):
    """The server restarts when the sessions that run now are over, at ``latest`` (seconds since the epoch).
    Nothing is to be done: whoever is still here then is brought back by reconnecting.
    """

    type: Literal["server.restarting"] = "server.restarting"
    message: str
    latest: float


class Replaced(Direct):
    """This person joined from somewhere else; this connection is closed and must not reconnect by itself."""

    type: Literal["replaced"] = "replaced"


class Removed(Direct):
    """This connection is closed by the server: `room.removed`, `permission.denied` (the place was lost) or
    `flood`.
    """

    type: Literal["removed"] = "removed"
    message: str = ""
    code: str = "room.removed"


DirectMessage = Annotated[
    Welcome
    | Resumed
    | PermissionsChanged
    | ConsumerOffered
    | ConsumerClosed
    | ConsumerStarved
    | LayersWanted
    | TransportStateChanged
    | RoomSpeaking
    | MediaReset
    | ServerRestarting
    | Replaced
    | Removed,
    Field(discriminator="type"),
]

REACTIONS: tuple[str, ...] = ("👍", "👏", "❤️", "😂", "😮", "🎉", "🤔", "👋")

REQUESTS: tuple[type[Request], ...] = (
    RoomSync,
    RoomLeave,
    RoomEnd,
    ChatSend,
    ChatHistory,
    ReactionSend,
    HandRaise,
    HandLower,
    ModerationMute,
    MediaCapabilities,
    MediaCreateTransport,
    MediaConnectTransport,
    MediaProduce,
    MediaConsume,
    MediaPause,
    MediaResume,
    MediaSetLayers,
    MediaClose,
    MediaRestartIce,
    MediaStats,
)

MediaConsume.Response.model_rebuild()
