"""Why packets were dropped and what passed: plain integers, read by the control side."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Any

from media.core import ffi


class Drop(IntEnum):
    """Every reason for which a packet is not handled or not sent; the index into `Counters.drops`."""

    EMPTY = 0  # a datagram without bytes
    TOO_LONG = auto()  # more than any path we serve carries
    UNBOUND = auto()  # not STUN, from an address that no authenticated request has bound
    UNKNOWN_KIND = auto()  # first byte outside RFC 7983's ranges
    STUN_MALFORMED = auto()
    STUN_NOT_REQUEST = auto()
    STUN_UNKNOWN_USER = auto()
    STUN_UNAUTHENTICATED = auto()
    STUN_ROLE_CONFLICT = auto()
    ADDRESS_IN_USE = auto()  # the address belongs to another transport that is alive
    DTLS_QUEUE_FULL = auto()
    DTLS_FINISHED = auto()  # after the association has ended
    BEFORE_DTLS = auto()  # SRTP while no keys exist
    SRTP_AUTHENTICATION = auto()
    SRTP_REPLAY = auto()
    SRTP_OTHER = auto()
    SRTP_PROTECT = auto()  # libsrtp refused to protect; an outgoing packet is lost
    RTP_MALFORMED = auto()
    RTP_UNROUTED = auto()  # neither SSRC, mid, rid nor payload type name a producer
    RTP_PAYLOAD_TYPE = auto()
    RTP_DUPLICATE = auto()
    RTP_TOO_OLD = auto()
    RTP_PADDING = auto()  # padding only: counted, and closed over in the numbering
    RTX_MALFORMED = auto()
    PRODUCER_PAUSED = auto()
    AUDIO_NOT_LOUDEST = auto()  # a silent microphone of a large room
    BEFORE_START = auto()  # older than the packet with which a consumer started
    RTCP_MALFORMED = auto()
    RTCP_RATE = auto()  # more than any browser sends
    RTCP_UNKNOWN_STREAM = auto()
    RESEND_UNAVAILABLE = auto()  # asked for, but no longer (or never) in the cache
    RESEND_RECENT = auto()  # asked for again within a round trip
    RESEND_BUDGET = auto()  # over the repair rate
    RESEND_WAITING = auto()  # more answers wait for their turn than may
    RESEND_WITHOUT_RTX = auto()  # resending under the same SSRC would reuse an SRTP nonce
    BACKLOG_FULL = auto()  # a newcomer's path is too slow for what it has to catch up with
    SEND_BUFFER_FULL = auto()
    SEND_ERROR = auto()
    STREAM_REFUSED = auto()  # a TCP connection beyond the limits
    STREAM_STRANGER = auto()  # one that brought no request signed by somebody expected, or none in time
    STREAM_MALFORMED = auto()  # one with a packet longer than any
    STREAM_QUEUE_FULL = auto()  # a packet for one that does not take what it is sent


_SHARED = ("packets_in", "bytes_in", "packets_out")


class Counters:
    """Counters of one worker. Written on the packet path, so they are bare attributes and one array; those
    that the compiled loop writes too are in ``state``.
    """

    __slots__ = (
        "_drops",
        "bytes_of_closed",
        "drops",
        "key_frame_requests",
        "nacks_received",
        "nacks_sent",
        "packets_padding",
        "packets_resent",
        "remb_received",
        "rtcp_in",
        "state",
        "stun_requests",
        "twcc_received",
        "twcc_sent",
    )

    def __init__(self) -> None:
        self._drops = ffi.new("int64_t[]", len(Drop))
        self.state: Any = ffi.new("struct counters *")  # the `_SHARED` ones
        self.state.drops = self._drops
        #: By reason.
        self.drops = memoryview(ffi.buffer(self._drops)).cast("B").cast("q")
        self.bytes_of_closed = 0  # of payload, sent by consumers that have gone
        self.packets_resent = 0
        self.packets_padding = 0
        self.rtcp_in = 0
        self.stun_requests = 0
        self.nacks_received = 0
        self.nacks_sent = 0
        self.twcc_received = 0
        self.twcc_sent = 0
        self.remb_received = 0
        self.key_frame_requests = 0

    def drop_reasons(self) -> dict[str, int]:
        """Dropped packets by reason, those that have happened, e.g. ``{"unbound": 3}``."""
        return {reason.name.lower(): self.drops[reason] for reason in Drop if self.drops[reason]}

    def every_drop(self) -> dict[str, int]:
        """Dropped packets by reason, all of them, so that a reason is known before it first happens."""
        return {reason.name.lower(): self.drops[reason] for reason in Drop}

    def snapshot(self) -> dict[str, float]:
        hidden = ("_drops", "drops", "state", "bytes_of_closed")
        own = {name: float(getattr(self, name)) for name in self.__slots__ if name not in hidden}
        return own | {name: float(getattr(self.state, name)) for name in _SHARED}
