"""A track that we send to one browser: its numbers, its repair, its reports."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from media.net.srtp import protect
from media.net.udp import BATCH_OUT, SLOT
from media.protocol import MediaKind, RtpParameters
from media.rtp.codecs import vp8
from media.rtp.extensions import FixedSlots, abs_send_time
from media.rtp.header import (
    PATCH_OFFSET,
    extend,
    patch_one_byte,
    patch_two_byte,
    read_header,
    read_profile,
)
from media.rtp.header import TWO_BYTE_PROFILE as TWO_BYTE
from media.rtp.nack import ResendGuard
from media.rtp.rewrite import Rewriter, Run
from media.rtp.rtcp import ReportBlock, SenderInfo
from media.stats import Drop

if TYPE_CHECKING:
    from media.fan_out import Row
    from media.producer import Producer
    from media.stream import ReceiveStream
    from media.transport import Transport

RESEND_RATE = 125_000.0  # bytes/s of repair for one consumer: 1 Mbit/s …
RESEND_BURST = 64_000.0  # … and a lost burst at once
DEFAULT_RTT = 0.1  # seconds, until a report has told


class Consumer:
    """Created paused.

    Sends while it is resumed, its producer is not paused and its transport can be written.
    """

    __slots__ = (
        "_guard",
        "_joined",
        "_last_numbering",
        "_last_sent_at",
        "_last_timestamp",
        "_octets",
        "_packets",
        "_reports",
        "_rtx_sequence",
        "_rtx_type",
        "abs_send_time",
        "closed",
        "id",
        "kind",
        "lost",
        "mid",
        "numbers",
        "paused",
        "producer",
        "renumbers",
        "resent",
        "rtp_parameters",
        "rtt",
        "rtx_ssrc",
        "sequence_head",
        "slots",
        "ssrc",
        "stream",
        "transport",
        "vp8",
    )

    def __init__(
        self, consumer_id: str, transport: Transport, producer: Producer, parameters: RtpParameters
    ) -> None:
        """Raises ValueError where ``parameters`` have no encoding with an SSRC, or unusable extensions."""
        if not parameters.encodings or parameters.encodings[0].ssrc is None or not parameters.codecs:
            raise ValueError("a consumer needs a codec and an SSRC")
        encoding = parameters.encodings[0]
        codec = parameters.codecs[0]
        self.id = consumer_id
        self.transport = transport
        self.producer = producer
        self.stream: ReceiveStream = producer.streams[0]
        self.kind: MediaKind = producer.kind
        self.rtp_parameters = parameters
        self.paused = True
        self.closed = False
        self.ssrc: int = parameters.encodings[0].ssrc
        self.rtx_ssrc = encoding.rtx.ssrc if encoding.rtx else 0
        self._rtx_type = next(
            (
                rtx.payloadType
                for rtx in parameters.codecs
                if rtx.mimeType.lower().endswith("/rtx") and rtx.parameters.get("apt") == codec.payloadType
            ),
            -1,
        )
        self.slots = FixedSlots(parameters.headerExtensions, parameters.mid)
        self.mid = self.slots.mid
        self.abs_send_time = self.slots.abs_send_time
        self.sequence_head = self.slots.sequence
        # Below 32,768, so that a first packet lost near a wrap does not make two ends count rollovers
        # differently.
        self.numbers = Rewriter(0x10000 + 1 + secrets.randbelow(0x7000))
        self._rtx_sequence = secrets.randbelow(0x7000)
        self._guard = ResendGuard(RESEND_RATE, RESEND_BURST)
        self.vp8 = codec.mimeType.lower() == "video/vp8"
        self.renumbers = False  # whether picture ids have an offset in the current run
        self._last_numbering = (-1, -1)
        self._last_timestamp = -1
        self._last_sent_at = 0.0
        self._reports: dict[int, float] = {}  # middle bits of the sender reports sent → time
        self.rtt = DEFAULT_RTT
        self._packets = 0
        self._octets = 0
        #: The stream's counts of forwarded packets and octets when it joined the fan-out; None outside of it.
        self._joined: tuple[int, int] | None = None
        self.resent = 0
        self.lost = 0

    @property
    def packets(self) -> int:
        """Sent so far, without what was sent again."""
        return self._packets + (self.stream.forwarded - self._joined[0] if self._joined else 0)

    @property
    def octets(self) -> int:
        """Of their payloads."""
        return self._octets + (self.stream.forwarded_octets - self._joined[1] if self._joined else 0)

    def not_sent(self, octets: int) -> None:
        """libsrtp refused a packet that the stream counts as forwarded."""
        self.transport.counters.drops[Drop.SRTP_PROTECT] += 1
        self._packets -= 1
        self._octets -= octets

    def row(self) -> Row:
        """As it is now; the stream is told when any of it changes (`ReceiveStream.rows_changed`)."""
        numbers = self.numbers
        return (
            self.transport,
            self.transport.send_handle,
            self.transport.pointer,
            self.ssrc,
            numbers.sequence_offset,
            numbers.timestamp_offset,
            self.mid,
            self.abs_send_time,
            self.sequence_head,
            numbers.run if self.renumbers else None,
        )

    def pause(self) -> None:
        if not self.paused and not self.closed:
            self.paused = True
            self.stream.remove(self)

    def resume(self) -> None:
        if self.paused and not self.closed:
            self.paused = False
            self.transport_changed()

    def transport_changed(self) -> None:
        """Takes part in the fan-out exactly while it is resumed and its transport can be written."""
        taking_part = self in self.stream.active or self in self.stream.waiting
        wanted = not self.paused and not self.closed and self.transport.writable
        if wanted and not taking_part:
            self.stream.add(self, self.transport.ctx.refresh())
        elif taking_part and not wanted:
            self.stream.remove(self)

    def close(self) -> None:
        """Stops sending and leaves its producer and transport. Closing twice does nothing."""
        if self.closed:
            return
        self.closed = True
        self.stream.remove(self)
        self.producer.consumers.pop(self.id, None)
        self.transport.consumer_closed(self)

    def stats(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "producerId": self.producer.id,
            "kind": self.kind,
            "ssrc": self.ssrc,
            "paused": self.paused,
            "sending": self in self.stream.active,
            "packets": self.packets,
            "bytes": self.octets,
            "resent": self.resent,
            "lost": self.lost,
            "rtt": self.rtt,
        }

    # --- runs of numbers (called by the stream) ---

    def begin(self, number: int, packet: bytes, payload: int, now: float) -> None:
        """The next packet sent is source ``number``; everything goes on where `leave` left it."""
        timestamp = read_header(packet)[3]
        offset = self.numbers.run.timestamp_offset
        if self._last_timestamp >= 0:
            ahead = (timestamp + offset - self._last_timestamp) & 0xFFFFFFFF
            if ahead >= 0x80000000 or self.numbers.source_is_new:
                elapsed = int((now - self._last_sent_at) * self.stream.clock_rate)
                offset = (self._last_timestamp + max(elapsed, 1) - timestamp) & 0xFFFFFFFF
        picture = tl0 = 0
        if self.vp8 and self._last_numbering[0] >= 0:
            now_picture, now_tl0 = vp8.numbering(packet, payload, len(packet))
            if now_picture >= 0:
                picture = (self._last_numbering[0] + 1 - now_picture) % vp8.PICTURE_ID_MODULO
                tl0 = (self._last_numbering[1] + 1 - now_tl0) % vp8.TL0_MODULO
        self.renumbers = bool(picture or tl0)
        self._joined = (self.stream.forwarded, self.stream.forwarded_octets)
        self.numbers.begin(number, offset, picture, tl0)

    def leave(self) -> None:
        """The current run ends with the newest packet of the stream; notes where the next is to go on."""
        stream = self.stream
        self._packets, self._octets, self._joined = self.packets, self.octets, None
        self.numbers.stop(stream.highest + 1)
        run = self.numbers.run
        for number in range(stream.highest, max(stream.highest - 16, run.start - 1), -1):
            kept = stream.cache.get(number)
            if kept is None:
                continue
            packet, payload = kept
            self._last_timestamp = (read_header(packet)[3] + run.timestamp_offset) & 0xFFFFFFFF
            self._last_sent_at = self.transport.ctx.refresh()
            if self.vp8:
                picture, tl0 = vp8.numbering(packet, payload, len(packet))
                if picture >= 0:
                    self._last_numbering = (
                        (picture + run.picture_offset) % vp8.PICTURE_ID_MODULO,
                        (tl0 + run.tl0_offset) % vp8.TL0_MODULO,
                    )
            return

    # --- sending one packet ---

    def send(self, packet: bytes, payload: int, number: int) -> None:
        """Sends a packet that the fan-out loop does not: a late one, or one in the two-byte form."""
        run = self.numbers.find(number)
        if run is None:
            self.transport.counters.drops[Drop.BEFORE_START] += 1
            return
        if self._write(packet, payload, number + run.sequence_offset & 0xFFFF, run, -1):
            self._packets += 1
            self._octets += len(packet) - payload

    def resend(self, sequences: Sequence[int], now: float) -> None:
        """Answers a NACK for the 16-bit ``sequences`` over RTX (RFC 4588)."""
        if self.paused or self.producer.paused:
            return
        drops = self.transport.counters.drops
        if self._rtx_type < 0 or not self.rtx_ssrc:
            drops[Drop.RESEND_WITHOUT_RTX] += len(sequences)
            return
        newest = self.stream.highest + self.numbers.run.sequence_offset
        for sequence in sequences:
            sent_as = extend(sequence, newest)
            source = self.numbers.source_of(sent_as)
            kept = self.stream.cache.get(source) if source >= 0 else None
            run = self.numbers.find(source)
            if kept is None or run is None:
                drops[Drop.RESEND_UNAVAILABLE] += 1
            elif self._guard.recent(sent_as, now, self.rtt):
                drops[Drop.RESEND_RECENT] += 1
            elif not self._guard.spend(sent_as, len(kept[0]), now):
                drops[Drop.RESEND_BUDGET] += 1
            elif self._write(kept[0], kept[1], self._rtx_sequence, run, sequence):
                self._rtx_sequence = self._rtx_sequence + 1 & 0xFFFF
                self.resent += 1
                self.transport.counters.packets_resent += 1

    def _write(self, packet: bytes, payload: int, sequence: int, run: Run, original: int) -> bool:
        """Queues one copy of ``packet``; as RTX where ``original``, the number it was first sent under, is
        not -1.
        """
        transport = self.transport
        socket = transport.ctx.socket
        if socket.count == BATCH_OUT:
            socket.flush()
        slot = socket.count
        at = SLOT * slot
        out = socket.outgoing
        size = len(packet)
        ssrc = self.ssrc
        if original < 0:
            out[at : at + size] = packet
        else:
            out[at : at + payload] = packet[:payload]
            out[at + 1] = packet[1] & 0x80 | self._rtx_type
            out[at + payload] = original >> 8
            out[at + payload + 1] = original & 0xFF
            out[at + payload + 2 : at + size + 2] = packet[payload:]
            ssrc = self.rtx_ssrc
        if self.vp8 and (run.picture_offset or run.tl0_offset):
            begin = at + payload + (0 if original < 0 else 2)
            end = at + size + (0 if original < 0 else 2)
            vp8.shift_numbering(out, begin, end, run.picture_offset, run.tl0_offset)
        transport.sequence = transport.sequence + 1 & 0xFFFF
        timestamp = (read_header(packet)[3] + run.timestamp_offset) & 0xFFFFFFFF
        profile, words = read_profile(packet, 12)
        patch = at + PATCH_OFFSET
        if profile == TWO_BYTE:
            fixed = self.slots.two_byte(transport.sequence)
            patch_two_byte(out, patch, sequence, timestamp, ssrc, profile, words, fixed)
        else:
            patch_one_byte(
                out,
                patch,
                sequence,
                timestamp,
                ssrc,
                profile,
                words,
                self.mid,
                self.abs_send_time and self.abs_send_time | abs_send_time(transport.ctx.now),
                self.sequence_head,
                transport.sequence if self.sequence_head else 0,
            )
        socket.sizes[2 * slot + 1] = size if original < 0 else size + 2
        if protect(transport.send_handle, socket.outgoing_pointers[slot], socket.outgoing_lengths[slot]):
            transport.counters.drops[Drop.SRTP_PROTECT] += 1
            return False
        socket.names[8 * slot] = transport.pointer
        socket.count = slot + 1
        return True

    # --- reports ---

    def sender_report(self, now: float) -> SenderInfo | None:
        """The publisher's last report carried forward to ``now`` on the clock that this subscriber sees.

        The relation of wall clock and RTP clock stays the publisher's own, so sound and picture stay together
        whatever the network did to either. None before there is anything to say.
        """
        theirs = self.stream.sender_info
        if theirs is None or not self.packets or self not in self.stream.active:
            return None
        elapsed = now - self.stream.sender_info_at
        ntp = theirs.ntp + int(elapsed * 4294967296) & 0xFFFFFFFFFFFFFFFF
        timestamp = (
            theirs.timestamp + int(elapsed * self.stream.clock_rate) + self.numbers.run.timestamp_offset
        )
        self._reports[ntp >> 16 & 0xFFFFFFFF] = now
        if len(self._reports) > 8:
            del self._reports[next(iter(self._reports))]
        return SenderInfo(self.ssrc, ntp, timestamp & 0xFFFFFFFF, self.packets, self.octets)

    def reported(self, block: ReportBlock, now: float) -> None:
        """The subscriber's receiver report about this consumer."""
        self.lost = block.lost
        sent = self._reports.get(block.last_report)
        if sent is not None:
            self.rtt = max(0.001, now - sent - block.delay / 65536)
