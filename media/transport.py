"""One ICE/DTLS/SRTP association with a browser: its path, its keys, and what travels on it."""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING, Any

from media.adaptation import Adaptation
from media.capabilities import ProducerMapping
from media.consumer import Consumer
from media.control.path import Path
from media.core import BATCH_OUT, RTP_LIMIT, SLOT, ffi
from media.net.dtls import DIGESTS, DtlsAssociation
from media.net.ice import LIVELY_LIMIT, SILENCE_LIMIT, IceAgent, host_candidates
from media.net.srtp import SrtpKeys, SrtpSession, drop_reason, protect_rtcp, unprotect, unprotect_rtcp
from media.net.stun import Credentials, Request, role_conflict, success
from media.net.tcp import Connection, Kind
from media.net.udp import Endpoint
from media.producer import Producer
from media.protocol import (
    Direction,
    DtlsParameters,
    DtlsState,
    IceCandidate,
    IceParameters,
    IceState,
    LimitReached,
    MediaKind,
    RtpParameters,
    TransportState,
)
from media.reports import RtcpSession
from media.routing import SourceTable
from media.rtp.header import HEADER_SIZE, read_header
from media.rtp.twcc import FeedbackRecorder
from media.stats import Drop

if TYPE_CHECKING:
    from media.context import MediaContext
    from media.outgoing import Outgoing
    from media.peer import Peer

PRODUCERS_LIMIT = 16
CONSUMERS_LIMIT = 512
LIVELY_PACKETS = 5  # a second; fewer may be lost in a row
LIVELY_TICKS = 2
HANDSHAKE_LIMIT = 30.0  # seconds from the first bound address to keys


class Transport:
    __slots__ = (
        "_came_before",
        "_dtls",
        "_endpoints",
        "_handshake_since",
        "_ice",
        "_lively",
        "_receive_handle",
        "_receiving",
        "_reports",
        "_sending",
        "_sent_before",
        "_sent_by_closed",
        "_sources",
        "_theirs",
        "_told",
        "_used_ssrcs",
        "adaptation",
        "closed",
        "connection",
        "consumer_ssrcs",
        "consumers",
        "counters",
        "ctx",
        "direction",
        "feedback",
        "id",
        "path",
        "peer",
        "pointer",
        "producers",
        "rtcp_ssrc",
        "send_handle",
        "state",
        "table",
        "writable",
    )

    def __init__(self, ctx: MediaContext, peer: Peer, transport_id: str, direction: Direction) -> None:
        self.ctx = ctx
        self.peer = peer
        self.id = transport_id
        self.direction: Direction = direction
        self.counters = ctx.stats
        self.closed = False
        self._ice = IceAgent()
        self._dtls = DtlsAssociation(ctx.certificate, self._send_record, self._dtls_changed)
        self._theirs: DtlsParameters | None = None
        self._endpoints: dict[bytes, Endpoint] = {}
        self._handshake_since = float("inf")
        self._told: tuple[str, str] = ("new", "new")
        self._receiving: SrtpSession | None = None
        self._sending: SrtpSession | None = None
        self._receive_handle: Any = None
        #: libsrtp's session and the selected address, for the packet path. Valid while `writable`.
        self.send_handle: Any = None
        self.pointer = 0
        #: The TCP connection that the selected address stands for; None where it is that of datagrams.
        self.connection: Connection | None = None
        self.writable = False
        #: What the packet path works on, shared with the compiled loop.
        self.state: Any = ffi.new("struct transport *")
        self.state.heard = -math.inf
        self.state.sequence = secrets.randbelow(0x10000)
        self.rtcp_ssrc = secrets.randbits(31) | 1
        self.producers: dict[str, Producer] = {}
        self.consumers: dict[str, Consumer] = {}
        self.consumer_ssrcs: dict[int, Consumer] = {}
        self._used_ssrcs: set[int] = set()
        self.table = SourceTable()
        self._sources = self.table.sources  # at hand for the packet path
        self.feedback = FeedbackRecorder(self.state)
        self.adaptation = Adaptation(self)
        #: What it carries; None while nothing that is sent on it could be adapted.
        self.path: Path | None = None
        self._reports = RtcpSession(self)
        self._came_before = 0
        self._sent_before = 0
        self._lively = 0  # seconds lately in which many packets came
        self._sent_by_closed = 0  # packets of consumers that have gone
        ctx.add_transport(self)

    # --- parameters and control ---

    @property
    def fragments(self) -> list[str]:
        return self._ice.fragments

    @property
    def ice_parameters(self) -> IceParameters:
        return IceParameters(self._ice.credentials.fragment, self._ice.credentials.password)

    @property
    def ice_candidates(self) -> list[IceCandidate]:
        return host_candidates(self.ctx.announced, self.ctx.port)

    @property
    def dtls_parameters(self) -> DtlsParameters:
        return DtlsParameters(fingerprints=[self.ctx.certificate.fingerprint])

    def connect(self, parameters: DtlsParameters) -> None:
        """Starts DTLS: as client where the other end leaves the choice to us (mediasoup does the same).

        Raises ValueError where there is no fingerprint of a known digest, or it has been connected before.
        """
        if self.closed or self._theirs is not None:
            raise ValueError("the transport has been connected already")
        fingerprints = [known for known in parameters.fingerprints if known.algorithm.lower() in DIGESTS]
        if not fingerprints:
            raise ValueError(f"a fingerprint by one of {', '.join(DIGESTS)} is needed")
        self._theirs = DtlsParameters(fingerprints, parameters.role)
        self._start_dtls()

    def _start_dtls(self) -> None:
        """As client only once there is an address: a first flight into the void would cost a second."""
        theirs = self._theirs
        if theirs is None or self._dtls.started or (theirs.role != "client" and self._ice.selected is None):
            return
        self._dtls.start(theirs.role == "client", theirs.fingerprints)

    def restart_ice(self) -> IceParameters:
        """New credentials; the bound addresses carry on until the browser has used them."""
        if self.closed:
            raise ValueError("the transport is closed")
        before = self.fragments
        self._ice.restart()
        self.ctx.update_fragments(self, before)
        return self.ice_parameters

    def produce(
        self,
        producer_id: str,
        kind: MediaKind,
        rtp_parameters: RtpParameters,
        mapping: ProducerMapping,
        paused: bool = False,
    ) -> Producer:
        """Raises ValueError where the parameters make no stream or clash, LimitReached beyond
        `PRODUCERS_LIMIT` or the number of SSRCs.
        """
        if self.closed or self.direction != "send":
            raise ValueError("this transport takes no producers")
        if producer_id in self.producers:
            raise ValueError("the producer exists already")
        if len(self.producers) >= PRODUCERS_LIMIT:
            raise LimitReached(f"a transport has {PRODUCERS_LIMIT} producers at most")
        producer = Producer(producer_id, self, kind, rtp_parameters, mapping, paused)
        self.table.add(producer)
        self._list_streams()
        self.producers[producer_id] = producer
        return producer

    def consume(self, consumer_id: str, producer: Producer, rtp_parameters: RtpParameters) -> Consumer:
        """Created paused. Raises ValueError as `produce` does. A mid has at most four characters."""
        if self.closed or self.direction != "recv":
            raise ValueError("this transport takes no consumers")
        if producer.closed:
            raise ValueError("the producer is closed")
        if consumer_id in self.consumers or consumer_id in producer.consumers:
            raise ValueError("the consumer exists already")
        if len(self.consumers) >= CONSUMERS_LIMIT:
            raise LimitReached(f"a transport has {CONSUMERS_LIMIT} consumers at most")
        consumer = Consumer(consumer_id, self, producer, rtp_parameters)
        ssrcs = [consumer.ssrc, *([consumer.rtx_ssrc] if consumer.rtx_ssrc else [])]
        if len(set(ssrcs)) < len(ssrcs) or not self._used_ssrcs.isdisjoint(ssrcs):
            # Not even after its consumer has gone: under the same key it would use AES-GCM nonces again.
            raise ValueError("an SSRC is used twice on this transport")
        self._used_ssrcs.update(ssrcs)
        self.consumer_ssrcs.update(dict.fromkeys(ssrcs, consumer))
        self.consumers[consumer_id] = consumer
        producer.consumers[consumer_id] = consumer
        return consumer

    def close(self) -> None:
        """Closes its producers and consumers, tells the other end, forgets the addresses.

        Twice does nothing.
        """
        if self.closed:
            return
        for producer in list(self.producers.values()):
            producer.close()
        for consumer in list(self.consumers.values()):
            consumer.close()
        self.ctx.ending(self._dtls.close())
        self.ctx.socket.flush()
        self.closed = True
        self.writable = False
        self._ice.state = "closed"
        self.ctx.remove_transport(self, list(self._ice.addresses))
        self._endpoints.clear()
        self.peer.transports.pop(self.id, None)

    def producer_closed(self, producer: Producer) -> None:
        self.producers.pop(producer.id, None)
        for ssrc in self.table.remove(producer):
            self._remember(ssrc)
        self._list_streams()

    def _list_streams(self) -> None:
        """Which SSRC is whose has changed: links the streams anew, for the compiled loop."""
        following = ffi.NULL
        for ssrc, stream in self._sources.items():
            stream.state.ssrc, stream.state.next = ssrc, following
            following = stream.state
        self.state.streams = following

    def consumer_closed(self, consumer: Consumer) -> None:
        self.consumers.pop(consumer.id, None)
        self._sent_by_closed += consumer.sent_in_all
        self.counters.bytes_of_closed += consumer.octets
        for ssrc in (consumer.ssrc, consumer.rtx_ssrc):
            if self.consumer_ssrcs.pop(ssrc, None) is not None and self._sending is not None:
                self._sending.forget(ssrc)

    @property
    def _packets_out(self) -> int:
        return self._sent_by_closed + sum(consumer.sent_in_all for consumer in self.consumers.values())

    def stats(self) -> dict[str, Any]:
        keys = self._dtls.keys
        selected = self._endpoints.get(self._ice.selected or b"")
        return {
            "id": self.id,
            "direction": self.direction,
            "ice": self._ice.state,
            "dtls": self._dtls.state,
            "address": f"{selected.host}:{selected.port}" if selected else None,
            "protocol": ("tcp" if selected.connection else "udp") if selected else None,
            "srtpProfile": keys.name if keys else None,
            "packetsIn": self.state.packets_in,
            "bytesIn": self.state.bytes_in,
            "packetsOut": self._packets_out,
            "producers": len(self.producers),
            "consumers": len(self.consumers),
            "estimate": self.path.estimate if self.path and self.path.estimate < math.inf else None,
            "loss": self.path.loss if self.path else None,
        }

    # --- the path ---

    def checked(self, request: Request, source: bytes, now: float) -> bytes | None:
        """A STUN request that names one of our fragments came from ``source``; the response, None where
        refused.
        """
        drops = self.counters.drops
        credentials = self._ice.authenticate(request)
        if credentials is None:
            drops[Drop.STUN_UNAUTHENTICATED] += 1
            return None
        if request.controlled:
            drops[Drop.STUN_ROLE_CONFLICT] += 1
            return role_conflict(request, credentials.password)
        if not self.ctx.bind(source, self, now):
            drops[Drop.ADDRESS_IN_USE] += 1
            return None
        self._bound(source, request.nominates, credentials, now)
        endpoint = self._endpoints[source]
        return success(request, credentials.password, endpoint.host, endpoint.port)

    def _bound(self, source: bytes, nominates: bool, credentials: Credentials, now: float) -> None:
        before = self.fragments
        if source not in self._endpoints:
            self._endpoints[source] = self.ctx.endpoint(source)
        for dropped in self._ice.checked_from(source, nominates, credentials, now):
            self._unbind(dropped)
        if len(before) != len(self.fragments):
            self.ctx.update_fragments(self, before)
        self._send_to(self._endpoints[self._ice.selected or source])
        self._handshake_since = min(self._handshake_since, now)
        self._start_dtls()
        self._update(now)

    def _send_to(self, endpoint: Endpoint) -> None:
        if endpoint.pointer != self.pointer or endpoint.connection is not self.connection:
            self.pointer, self.connection = endpoint.pointer, endpoint.connection
            self.state.address = ffi.cast("void *", endpoint.pointer)
            for consumer in self.consumers.values():
                consumer.path_changed()

    def _unbind(self, address: bytes) -> None:
        self.ctx.socket.flush()  # as above
        self._endpoints.pop(address, None)
        self.ctx.unbind(address, self)

    def lost(self, address: bytes) -> None:
        """Another transport has been given one of our addresses, which we do not rely on."""
        self.ctx.socket.flush()  # what is queued points at the address
        self._ice.forget(address)
        self._endpoints.pop(address, None)
        if self._ice.selected is not None:
            self._send_to(self._endpoints[self._ice.selected])
        self._update(self.ctx.refresh())

    def relies_on(self, address: bytes, now: float) -> bool:
        """Whether ``address`` is the one that it sends to, and it is alive."""
        return self._ice.selected == address and self._ice_state(now) == "connected"

    def _ice_state(self, now: float) -> IceState:
        self._ice.heard = max(self._ice.heard, self.state.heard)
        return self._ice.current_state(now)

    def _send_record(self, data: bytes) -> None:
        """Sends a DTLS datagram at once. One lost for want of an address is repeated by DTLS."""
        endpoint = self._endpoints.get(self._ice.selected or b"")
        if endpoint is not None and data:
            self.ctx.send(data, endpoint)

    def _dtls_changed(self, state: DtlsState) -> None:
        if state == "connected" and self._dtls.keys is not None:
            self._use(self._dtls.keys)
        self._update(self.ctx.refresh())

    def _use(self, keys: SrtpKeys) -> None:
        self._sending = SrtpSession(keys.profile, keys.send, outbound=True)
        self._receiving = SrtpSession(keys.profile, keys.receive, outbound=False)
        self.send_handle = self._sending.handle
        self._receive_handle = self._receiving.handle
        self.state.sending = ffi.cast("void *", self._sending.address)
        self.state.receiving = ffi.cast("void *", self._receiving.address)

    def _update(self, now: float) -> None:
        """Brings state and consumers in line with ICE and DTLS, and tells of changes."""
        self._ice.state = self._ice_state(now)
        state = (self._ice.state, self._dtls.state)
        if state != self._told and not self.closed:
            self._told = state
            self.ctx.notify(TransportState(self.id, self._ice.state, self._dtls.state))
        writable = (
            self.send_handle is not None and self._dtls.state == "connected" and self._ice.has_consent(now)
        )
        if writable != self.writable:
            self.writable = writable
            for consumer in self.consumers.values():
                consumer.transport_changed()

    # --- packets in (called by the context, for bound addresses only) ---

    def receive_dtls(self, data: bytes) -> None:
        if self._dtls.state in ("failed", "closed"):
            self.counters.drops[Drop.DTLS_FINISHED] += 1
        elif not self._dtls.feed(data):
            self.counters.drops[Drop.DTLS_QUEUE_FULL] += 1

    def receive_srtp(self, slot: int, size: int, now: float) -> None:
        """SRTP or SRTCP in slot ``slot`` of the socket, decrypted in place (RFC 5761, 4 tells them apart)."""
        handle = self._receive_handle
        if handle is None:
            self.counters.drops[Drop.BEFORE_DTLS] += 1
            return
        if size < HEADER_SIZE or size > RTP_LIMIT:
            self.counters.drops[Drop.TOO_LONG if size > RTP_LIMIT else Drop.RTP_MALFORMED] += 1
            return
        socket = self.ctx.socket
        data = socket.incoming
        at = SLOT * slot
        marker_and_type = data[at + 1]
        is_rtcp = 192 <= marker_and_type <= 223
        length = self.ctx.length
        length[0] = size
        status = (unprotect_rtcp if is_rtcp else unprotect)(handle, socket.incoming_pointers[slot], length)
        if status:
            self.counters.drops[drop_reason(status)] += 1
            return
        self.state.heard = now
        self.state.packets_in += 1
        self.state.bytes_in += size
        if is_rtcp:
            self._remember(int.from_bytes(data[at + 4 : at + 8], "big"))
            self._reports.receive(bytes(data[at : at + length[0]]), now)
            return
        self.receive_rtp(slot, length[0], now)

    def receive_rtp(self, slot: int, size: int, now: float) -> None:
        """A decrypted RTP packet of ``size`` bytes in slot ``slot``."""
        data = self.ctx.socket.incoming
        at = SLOT * slot
        _, marker_and_type, sequence, timestamp, ssrc = read_header(data, at)
        end = at + size
        stream = self._sources.get(ssrc)
        is_rtx = False
        if stream is None:
            if ssrc not in self.table.repairs and not self._route(data, at, end, marker_and_type, ssrc):
                return
            stream = self._sources.get(ssrc)
            if stream is None:
                stream = self.table.repairs[ssrc]
                is_rtx = True
        stream.receive(data, at, end, marker_and_type, sequence, timestamp, is_rtx, now)

    def _route(self, data: memoryview, start: int, end: int, marker_and_type: int, ssrc: int) -> bool:
        """Finds a place for a new SSRC.

        One without a place is remembered, so that libsrtp keeps its state of it.
        """
        replaced = self.table.route(data, start, end, marker_and_type & 0x7F, ssrc)
        if replaced is None:
            self.counters.drops[Drop.RTP_UNROUTED] += 1
            self._remember(ssrc)
            return False
        if replaced >= 0:
            self._remember(replaced)
        self._list_streams()
        return True

    def receive_apart(self, slot: int) -> None:
        """The compiled loop has sent the packet in ``slot`` to all rows; the other consumers take it here."""
        ssrc = read_header(self.ctx.socket.incoming, SLOT * slot)[4]
        self._sources[ssrc].send_apart()

    def _remember(self, ssrc: int) -> None:
        """Keeps libsrtp's replay window of an SSRC without a stream, for the last few of them."""
        forgotten = self.table.stranger(ssrc)
        if forgotten >= 0 and self._receiving is not None:
            self._receiving.forget(forgotten)

    # --- packets out ---

    def watch_path(self) -> Path:
        """Begins an estimate of what the path carries, with the next packet. The rows of the fan-out are told
        by the caller.
        """
        self.path = Path()
        self.state.sent = self.path.sent.state
        return self.path

    def forget_path(self) -> None:
        self.state.sent = ffi.NULL
        self.path = None

    def next_sequence(self) -> int:
        """The transport-wide number of the packet that is sent now."""
        state = self.state
        sequence: int = state.sequence + 1 & 0xFFFF
        state.sequence = sequence
        return sequence

    def send_rtcp(self, data: bytes) -> None:
        """Protects and queues one RTCP datagram; nothing where the transport cannot be written."""
        if not self.writable:
            return
        socket = self.ctx.socket
        if socket.count == BATCH_OUT:
            socket.flush()
        slot = socket.count
        socket.outgoing[SLOT * slot : SLOT * slot + len(data)] = data
        socket.sizes[2 * slot + 1] = len(data)
        if protect_rtcp(self.send_handle, socket.outgoing_pointers[slot], socket.outgoing_lengths[slot]):
            self.counters.drops[Drop.SRTP_PROTECT] += 1
            return
        self.queue("control")

    def queue(self, kind: Kind) -> None:
        """What has been protected in the next free slot goes to the selected address."""
        socket = self.ctx.socket
        slot = socket.count
        if self.connection is None:
            socket.names[8 * slot] = self.pointer
            socket.count = slot + 1
        else:
            at = SLOT * slot
            self.connection.send(bytes(socket.outgoing[at : at + socket.sizes[2 * slot + 1]]), kind)

    def report(self, consumer: Outgoing, now: float) -> None:
        """Tells the subscriber at once where the clock of ``consumer`` stands."""
        self._reports.report_consumer(consumer, now)

    def give_feedback(self, now: float) -> bool:
        """Tells the publisher what has arrived and what is missing; whether anything is missing."""
        return self.writable and self._reports.give_feedback(now)

    def _judge_silence(self) -> None:
        """Silence tells sooner where many packets were coming and more are due: media from a publisher,
        feedback from somebody whom media is sent to.
        """
        came, sent = self.state.packets_in, self._packets_out
        if came - self._came_before >= LIVELY_PACKETS:
            self._lively = min(self._lively + 1, LIVELY_TICKS + 1)  # the last second may be half a one
        elif came != self._came_before:
            self._lively = max(self._lively - 1, 0)
        if self.direction == "send":
            is_due = any(not producer.paused for producer in self.producers.values())
        else:
            is_due = sent != self._sent_before
        self._came_before, self._sent_before = came, sent
        self._ice.patience = LIVELY_LIMIT if is_due and self._lively >= LIVELY_TICKS else SILENCE_LIMIT

    def tick(self, now: float) -> None:
        """What is due about once a second: consent, reports, addresses out of use."""
        self._judge_silence()
        if self._ice_state(now) != self._ice.state or (self.writable and not self._ice.has_consent(now)):
            self._update(now)
        if now - self._handshake_since > HANDSHAKE_LIMIT and self._dtls.state in ("new", "connecting"):
            self._dtls.fail()
        if self.writable:
            self._reports.report(now)
        for address in self._ice.expire(now):
            self._unbind(address)
