"""A track that we send to one browser: its numbers, its repair, its reports."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from media.control.layers import FULL, NOTHING, Target, TemporalFilter, Wish
from media.core import BATCH_OUT, SLOT, ffi
from media.net.srtp import protect
from media.protocol import MediaKind, RtpParameters
from media.rtp.cache import PacketCache
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
    from media.producer import Producer
    from media.stream import ReceiveStream
    from media.transport import Transport

RESEND_RATE = 125_000.0  # bytes/s of repair for one consumer: 1 Mbit/s …
RESEND_BURST = 64_000.0  # … and a lost burst at once
PADDING_PACKETS = 64  # of the newest, among which padding is chosen
TOP_TEMPORAL = 2  # of the three that browsers send at most
DEFAULT_RTT = 0.1  # seconds, until a report has told


class Consumer:
    """Created paused.

    Sends while it is resumed, its producer is not paused and its transport can be written.
    """

    __slots__ = (
        "_afterwards",
        "_before",
        "_clock",
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
        "padded",
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
        "switching_to",
        "target",
        "thinning",
        "transport",
        "unsent",
        "vp8",
        "wish",
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
        #: Another encoding, whose next key frame this consumer waits for while the present one goes on.
        self.switching_to: ReceiveStream | None = None
        self.wish = Wish()
        self.target = Target(0, FULL)
        self.thinning: TemporalFilter | None = None
        self._afterwards = FULL
        self._before: tuple[PacketCache, list[Run]] | None = None  # what was sent of the last encoding
        self._clock: SenderInfo | None = None  # of the last encoding, as the subscriber sees it
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
        self.numbers.divert(transport.connection is not None)
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
        #: What libsrtp refused of the packets that the stream counts as forwarded.
        self.unsent: Any = ffi.new("struct unsent *")
        #: The stream's counts of forwarded packets and octets when it joined the fan-out; None outside of it.
        self._joined: tuple[int, int] | None = None
        self.resent = 0
        self.padded = 0  # packets of no use but to try out the path
        self.lost = 0

    @property
    def packets(self) -> int:
        """Sent so far, without what was sent again."""
        alone: int = self._packets - self.unsent.packets
        return alone + (self.stream.forwarded - self._joined[0] if self._joined else 0)

    @property
    def octets(self) -> int:
        """Of their payloads."""
        alone: int = self._octets - self.unsent.octets
        return alone + (self.stream.forwarded_octets - self._joined[1] if self._joined else 0)

    @property
    def sent_in_all(self) -> int:
        """Packets, what was sent again and what only tried out the path included."""
        return self.packets + self.resent + self.padded

    def _count_along(self) -> None:
        """From now on the stream counts what it forwards for all in its fan-out."""
        self._joined = (self.stream.forwarded, self.stream.forwarded_octets)

    def _count_alone(self) -> None:
        """From now on only what this consumer sends itself counts."""
        self._packets, self._octets, self._joined = self.packets, self.octets, None
        self.unsent.packets = self.unsent.octets = 0

    def pause(self) -> None:
        if not self.paused and not self.closed:
            self.paused = True
            self._withdraw()

    def resume(self) -> None:
        if self.paused and not self.closed:
            self.paused = False
            self.transport.adaptation.run(self.transport.ctx.refresh())
            self.transport_changed()

    def transport_changed(self) -> None:
        """Takes part in the fan-out exactly while it is resumed and its transport can be written."""
        taking_part = self in self.stream.active or self in self.stream.waiting
        wanted = not self.paused and not self.closed and self.transport.writable and self.target != NOTHING
        if wanted and not taking_part:
            self.stream.add(self, self.transport.ctx.refresh())
        elif taking_part and not wanted:
            self._withdraw()

    def path_changed(self) -> None:
        """The transport sends to another address. What goes over TCP is no datagram, so it is not fanned
        out.
        """
        apart = self.transport.connection is not None or self.thinning is not None
        if apart != self.numbers.diverted:
            self._divert(apart)
        else:
            self.stream.rows_changed()

    def _withdraw(self) -> None:
        self.stream.remove(self)
        if self.switching_to is not None:
            self.switching_to.remove(self)
            self.switching_to = None

    # --- layers ---

    def wants(self, wish: Wish, now: float) -> None:
        """What the page shows of it has changed."""
        self.wish = wish
        self.transport.adaptation.run(now)
        self.producer.layers.demand(now)

    def aim(self, target: Target, now: float) -> None:
        """Sends this from now on: another encoding from its next key frame, another frame rate as soon as
        the pictures allow.
        """
        changed = (target == NOTHING) != (self.target == NOTHING)
        self.target = target
        if target != NOTHING:
            changed |= self._switch(self.producer.streams[target.spatial], now)
            layers = self.producer.layers.encodings[target.spatial].temporal
            temporal = FULL if target.temporal >= layers - 1 else target.temporal
            # Too much for the path as it is: the least of it until the key frame comes.
            falling = self.transport.path is not None and self.transport.path.estimate < math.inf
            falling = falling and target.spatial < self.producer.streams.index(self.stream)
            self._thin(0 if falling and self.switching_to is not None else temporal, temporal)
        if changed:
            self.transport_changed()

    def _switch(self, stream: ReceiveStream, now: float) -> bool:
        """Whether the source has changed at once, so that it takes part in no fan-out as yet."""
        if self.switching_to is not None and self.switching_to is not stream:
            self.switching_to.remove(self)
            self.switching_to = None
        if stream is self.stream or self.switching_to is stream:
            return False
        if self in self.stream.active:
            self.switching_to = stream
            stream.wait(self, now)
            return False
        self._withdraw()
        self._change_source(stream)
        return True

    def _change_source(self, stream: ReceiveStream) -> None:
        before = self.stream
        clock = before.sender_info
        offset = self.numbers.run.timestamp_offset
        self._clock = replace(clock, timestamp=clock.timestamp + offset) if clock is not None else None
        self._before = (before.cache, self.numbers.detach())
        self.stream = stream
        self.switching_to = None

    def _thin(self, temporal: int, afterwards: int) -> None:
        """Down to layer ``temporal``, and to ``afterwards`` with the next encoding."""
        self._afterwards = afterwards
        if self.thinning is not None:
            self.thinning.target = temporal
        elif temporal < FULL:
            self.thinning = TemporalFilter(temporal, FULL)
            self._divert(True)

    def _keeps(self, packet: bytes, payload: int, number: int, thinning: TemporalFilter) -> bool:
        """Whether the newest packet of the stream passes; closes the numbers over one that does not."""
        picture, temporal, syncs = vp8.temporal(packet, payload, len(packet))
        is_new = picture != thinning.picture
        if not thinning.passes(picture, temporal, syncs):
            self.numbers.skip(number, 1 if is_new and picture >= 0 else 0)
            return False
        if thinning.target == FULL and thinning.current >= TOP_TEMPORAL:
            self.thinning = None
            self._divert(self.transport.connection is not None)
        return True

    def _divert(self, diverted: bool) -> None:
        """Whether each packet is given to `send`, from now on, instead of taking its row in the fan-out."""
        self.numbers.divert(diverted)
        if diverted:
            self._count_alone()
        elif self in self.stream.active:
            self._count_along()
            run = self.numbers.run
            self.renumbers = bool(run.picture_offset or run.tl0_offset)
        self.stream.rows_changed()

    def close(self) -> None:
        """Stops sending and leaves its producer and transport. Closing twice does nothing."""
        if self.closed:
            return
        self.closed = True
        self._withdraw()
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
            "layer": self.producer.streams.index(self.stream),
            "target": list(self.target),
            "packets": self.packets,
            "bytes": self.octets,
            "resent": self.resent,
            "lost": self.lost,
            "rtt": self.rtt,
        }

    # --- runs of numbers (called by the stream) ---

    def begin(self, stream: ReceiveStream, number: int, packet: bytes, payload: int, now: float) -> None:
        """The next packet sent is source ``number`` of ``stream``; all goes on where `leave` left it."""
        if stream is not self.stream:
            self.stream.remove(self)
            self._change_source(stream)
            self._thin(self._afterwards, self._afterwards)
        timestamp = read_header(packet)[3]
        offset = self.numbers.run.timestamp_offset
        if self._last_timestamp >= 0:
            if self.numbers.source_is_new:
                offset = self._offset_by_reports()
            ahead = (timestamp + offset - self._last_timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            if ahead <= 0 or offset < 0:
                elapsed = int((now - self._last_sent_at) * self.stream.clock_rate)
                if offset >= 0 and ahead > -self.stream.clock_rate:
                    elapsed = 0  # of about the moment of the picture shown last: right behind it
                offset = (self._last_timestamp + max(elapsed, 1) - timestamp) & 0xFFFFFFFF
        self._clock = None
        if self.thinning is not None:
            self.thinning.picture = -1
            self.thinning.current = self.thinning.target  # nothing has been left out since its key frame
        picture = tl0 = 0
        if self.vp8 and self._last_numbering[0] >= 0:
            now_picture, now_tl0 = vp8.numbering(packet, payload, len(packet))
            if now_picture >= 0:
                picture = (self._last_numbering[0] + 1 - now_picture) % vp8.PICTURE_ID_MODULO
                tl0 = (self._last_numbering[1] + 1 - now_tl0) % vp8.TL0_MODULO
        self.renumbers = bool(picture or tl0)
        if not self.numbers.diverted:
            self._count_along()
        self.numbers.begin(number, offset, picture, tl0)

    def _offset_by_reports(self) -> int:
        """What keeps the time of capture in step between two encodings of one track, whose sender reports
        tell where each one's clock stood (RFC 3550, 6.4.1). -1 where one of them has not reported yet.
        """
        theirs, clock = self.stream.sender_info, self._clock
        if theirs is None or clock is None:
            return -1
        passed = (theirs.ntp - clock.ntp) * self.stream.clock_rate >> 32
        return (clock.timestamp + passed - theirs.timestamp) & 0xFFFFFFFF

    def leave(self) -> None:
        """The current run ends with the newest packet of the stream; notes where the next is to go on."""
        stream = self.stream
        self._count_alone()
        self.numbers.stop(stream.highest + 1)
        for number in range(stream.highest, stream.highest - 64, -1):
            kept = stream.cache.get(number)
            run = self.numbers.find(number)
            if kept is None or run is None:
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
        """Sends a packet that the fan-out loop does not: a late one, one in the two-byte form, or one that a
        filter is to look at.
        """
        run = self.numbers.find(number)
        if run is None:
            self.transport.counters.drops[Drop.BEFORE_START] += 1
            return
        thinning = self.thinning
        if (
            thinning is not None
            and number == self.stream.highest
            and not self._keeps(packet, payload, number, thinning)
        ):
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
            if kept is None and self._before is not None:
                kept, run = self._sent_before(sent_as)
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

    def pad(self, size: int) -> int:
        """Sends about ``size`` bytes that the subscriber has no need of: the newest packets again, over RTX.
        Returns the bytes sent, 0 where that is not possible.
        """
        if self._rtx_type < 0 or self not in self.stream.active:
            return 0
        sent = 0
        stream = self.stream
        for number in range(stream.highest, max(stream.highest - PADDING_PACKETS, 0), -1):
            kept = stream.cache.get(number)
            run = self.numbers.find(number)
            if kept is None or run is None:
                continue
            if sent >= size:
                break
            if self._write(kept[0], kept[1], self._rtx_sequence, run, number + run.sequence_offset & 0xFFFF):
                self._rtx_sequence = self._rtx_sequence + 1 & 0xFFFF
                self.transport.counters.packets_padding += 1
                self.padded += 1
                sent += len(kept[0])
        return sent

    def _sent_before(self, sent_as: int) -> tuple[tuple[bytes, int] | None, Run | None]:
        """A packet of the encoding before the present one, by the number it was sent under."""
        cache, runs = self._before if self._before is not None else (self.stream.cache, [])
        for run in reversed(runs):
            source = sent_as - run.sequence_offset
            if source >= run.start:
                return (cache.get(source), run) if source < run.end else (None, None)
        return None, None

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
        wide = transport.next_sequence()
        timestamp = (read_header(packet)[3] + run.timestamp_offset) & 0xFFFFFFFF
        profile, words = read_profile(packet, 12)
        patch = at + PATCH_OFFSET
        if profile == TWO_BYTE:
            fixed = self.slots.two_byte(wide)
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
                wide if self.sequence_head else 0,
            )
        socket.sizes[2 * slot + 1] = size if original < 0 else size + 2
        if protect(transport.send_handle, socket.outgoing_pointers[slot], socket.outgoing_lengths[slot]):
            transport.counters.drops[Drop.SRTP_PROTECT] += 1
            return False
        transport.queue(self.kind)
        if transport.path is not None:
            transport.path.sent.note(wide, transport.ctx.now, size)
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
