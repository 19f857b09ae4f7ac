"""RTCP of one transport: what the other end says, and what it is told regularly (RFC 3550, 4585)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.control.path import Path
from media.rtp import rtcp, twcc
from media.rtp.rtcp import Packet
from media.stats import Drop

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.outgoing import Outgoing
    from media.transport import Transport

FEEDBACK_INTERVAL = 0.09  # seconds between transport-wide feedback packets while media arrives
PUBLISHER_RTT = (
    0.1  # seconds between two requests for one packet; publishers do not tell their round trip time
)


STATUS_LIMIT = 20_000  # packets a second that transport-wide feedback may tell of
ASKED_LIMIT = 4_000  # numbers a second that may be asked for again: each costs a look-up
RATE_LIMIT = 400  # compounds a second that are read; a browser sends about fifty


class RtcpSession:
    __slots__ = ("_asked", "_next_feedback", "_read", "_statuses", "_transport", "_window")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._window = 0.0  # start of the second in which `_read` compounds have been read
        self._read = 0
        self._statuses = 0  # packets that feedback told of in this second …
        self._asked = 0  # … and those that were asked for again
        self._next_feedback = 0.0

    # --- in ---

    def receive(self, data: bytes, now: float) -> None:
        """A decrypted compound. What is well-formed before a malformed part counts."""
        transport = self._transport
        transport.counters.rtcp_in += 1
        if now - self._window >= 1.0:
            self._window = now
            self._read = 0
            self._statuses = 0
            self._asked = 0
        self._read += 1
        if self._read > RATE_LIMIT:
            transport.counters.drops[Drop.RTCP_RATE] += 1
            return
        try:
            for packet in rtcp.split(data):
                self._handle(data, packet, now)
        except ValueError:
            transport.counters.drops[Drop.RTCP_MALFORMED] += 1

    def _handle(self, data: bytes, packet: Packet, now: float) -> None:
        kind = packet.kind
        if kind == rtcp.SENDER_REPORT:
            self._sender_report(data, packet, now)
        if kind in (rtcp.SENDER_REPORT, rtcp.RECEIVER_REPORT):
            for block in rtcp.parse_reports(data, packet):
                consumer = self._transport.consumer_ssrcs.get(block.ssrc)
                if consumer is not None and consumer.ssrc == block.ssrc:
                    consumer.reported(block, now)
                    self._transport.adaptation.reported(block, consumer.rtt, now)
        elif kind == rtcp.TRANSPORT_FEEDBACK:
            self._transport_feedback(data, packet, now)
        elif kind == rtcp.PAYLOAD_FEEDBACK:
            self._payload_feedback(data, packet, now)
        elif kind == rtcp.GOODBYE:
            for ssrc in rtcp.parse_goodbye(data, packet):
                self._goodbye(ssrc)

    def _sender_report(self, data: bytes, packet: Packet, now: float) -> None:
        info = rtcp.parse_sender_info(data, packet)
        stream = self._transport.table.sources.get(info.ssrc)
        if stream is None:
            return
        stream.sender_info = info
        stream.sender_info_at = now
        if stream.reception is not None:
            stream.reception.sender_report(info.ntp, now)

    def _transport_feedback(self, data: bytes, packet: Packet, now: float) -> None:
        transport = self._transport
        media = rtcp.parse_media_ssrc(data, packet)
        if packet.count == rtcp.TRANSPORT_WIDE:
            transport.counters.twcc_received += 1
            if transport.path is not None:
                self._path_feedback(transport.path, data, packet, now)
        elif packet.count == rtcp.NACK:
            transport.counters.nacks_received += 1
            consumer = transport.consumer_ssrcs.get(media)
            if consumer is None or consumer.ssrc != media:
                transport.counters.drops[Drop.RTCP_UNKNOWN_STREAM] += 1
            else:
                self._resend(consumer, rtcp.parse_nack(data, packet), now)

    def _resend(self, consumer: Consumer, asked: list[int], now: float) -> None:
        self._asked += len(asked)
        if self._asked > ASKED_LIMIT:
            self._transport.counters.drops[Drop.RTCP_RATE] += 1
        else:
            consumer.resend(asked, now)

    def _path_feedback(self, path: Path, data: bytes, packet: Packet, now: float) -> None:
        reports = twcc.parse(data, packet.start + 8, packet.end)
        self._statuses += len(reports)
        if self._statuses > STATUS_LIMIT:
            self._transport.counters.drops[Drop.RTCP_RATE] += 1
            return
        before = path.estimate
        path.feedback(reports, now)
        if path.estimate != before:
            self._transport.adaptation.run(now)

    def _payload_feedback(self, data: bytes, packet: Packet, now: float) -> None:
        transport = self._transport
        media = rtcp.parse_media_ssrc(data, packet)
        if packet.count == rtcp.PICTURE_LOSS:
            self._key_frame_wanted(media, now)
        elif packet.count == rtcp.FULL_INTRA:
            for ssrc in rtcp.parse_full_intra(data, packet):
                self._key_frame_wanted(ssrc, now)
        elif packet.count == rtcp.APPLICATION_LAYER and rtcp.is_remb(data, packet):
            transport.counters.remb_received += 1
            transport.adaptation.estimated(rtcp.parse_remb(data, packet), now)

    def _key_frame_wanted(self, ssrc: int, now: float) -> None:
        consumer = self._transport.consumer_ssrcs.get(ssrc)
        if consumer is None:
            self._transport.counters.drops[Drop.RTCP_UNKNOWN_STREAM] += 1
        elif not consumer.paused:
            consumer.stream.request_key_frame(now)

    def _goodbye(self, ssrc: int) -> None:
        """The publisher ended an SSRC: should it return, it begins anew."""
        stream = self._transport.table.sources.get(ssrc)
        if stream is not None:
            stream.restart(ssrc)

    # --- out ---

    def give_feedback(self, now: float) -> bool:
        """To the publisher: what is missing, and what has arrived. Whether anything is missing."""
        transport = self._transport
        missing = False
        for producer in transport.producers.values():
            for stream in producer.streams:
                missing |= stream.ask(now, PUBLISHER_RTT)
        if transport.feedback.pending and now >= self._next_feedback:
            self._next_feedback = now + FEEDBACK_INTERVAL
            self._send_feedback()
        return missing

    def report(self, now: float) -> None:
        """Receiver reports to a publisher, sender reports to a subscriber. Called once a second."""
        transport = self._transport
        for consumer in transport.consumers.values():
            self.report_consumer(consumer, now)
        blocks = [
            stream.reception.report(stream.ssrc, now)
            for producer in transport.producers.values()
            for stream in producer.streams
            if stream.reception is not None and stream.ssrc is not None
        ]
        if blocks:
            transport.send_rtcp(rtcp.receiver_report(transport.rtcp_ssrc, blocks))

    def _send_feedback(self) -> None:
        transport = self._transport
        media = next(iter(transport.table.sources), 0)
        for feedback in transport.feedback.build():
            transport.counters.twcc_sent += 1
            transport.send_rtcp(rtcp.transport_wide(transport.rtcp_ssrc, media, feedback))

    def report_consumer(self, consumer: Outgoing, now: float) -> None:
        info = consumer.sender_report(now)
        if info is not None:
            cname = consumer.rtp_parameters.rtcp.cname
            self._transport.send_rtcp(rtcp.sender_report(info) + rtcp.source_description(info.ssrc, cname))
