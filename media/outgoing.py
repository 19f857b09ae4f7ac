"""What one browser is sent of a track: its numbers, its repair, its reports. What is chosen for it is
media/consumer.py's matter.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from media.control.filters import LayerFilter
from media.core import BATCH_OUT, SLOT, ffi
from media.net.srtp import protect
from media.protocol import MediaKind, RtpParameters
from media.repair import Repair
from media.rtp.cache import PacketCache
from media.rtp.codecs import red
from media.rtp.extensions import FixedSlots, abs_send_time
from media.rtp.header import (
    PATCH_OFFSET,
    TWO_BYTE_PROFILE,
    patch_one_byte,
    patch_two_byte,
    read_header,
    read_profile,
)
from media.rtp.rewrite import Rewriter, Run
from media.rtp.rtcp import ReportBlock, SenderInfo
from media.stats import Drop

if TYPE_CHECKING:
    from media.stream import ReceiveStream
    from media.transport import Transport

BACKLOG = 512  # packets that may wait to leave: as many as the cache keeps
DEFAULT_RTT = 0.1  # seconds, until a report has told


class Outgoing:
    """One SSRC to one browser, and the one of its repair."""

    __slots__ = (
        "_clock",
        "_joined",
        "_judged",
        "_last_numbering",
        "_last_sent_at",
        "_left_out",
        "_newest",
        "_octets",
        "_packets",
        "_reports",
        "abs_send_time",
        "backlog",
        "before",
        "filter",
        "kind",
        "last_timestamp",
        "lost",
        "mid",
        "numbers",
        "plain_type",
        "renumbers",
        "repair",
        "rtp_parameters",
        "rtt",
        "sequence_head",
        "slots",
        "ssrc",
        "stream",
        "transport",
        "unsent",
    )

    def __init__(self, transport: Transport, stream: ReceiveStream, parameters: RtpParameters) -> None:
        """Raises ValueError where ``parameters`` have no encoding with an SSRC, or unusable extensions."""
        if not parameters.encodings or parameters.encodings[0].ssrc is None or not parameters.codecs:
            raise ValueError("a consumer needs a codec and an SSRC")
        encoding = parameters.encodings[0]
        codec = parameters.codecs[0]
        self.transport = transport
        self.stream = stream
        self.kind: MediaKind = stream.producer.kind
        self.rtp_parameters = parameters
        self.ssrc: int = parameters.encodings[0].ssrc
        self.repair = Repair(self, encoding.rtx.ssrc if encoding.rtx else 0)
        #: Payload type of plain sound where this browser does not know the redundant one that is published.
        self.plain_type = -1
        if stream.red_type >= 0 and all(one.payloadType != stream.red_type for one in parameters.codecs):
            self.plain_type = codec.payloadType
        self.slots = FixedSlots(parameters.headerExtensions, parameters.mid)
        self.mid = self.slots.mid
        self.abs_send_time = self.slots.abs_send_time
        self.sequence_head = self.slots.sequence
        #: Which packets pass; None for all of them.
        self.filter: LayerFilter | None = None
        #: Numbers of packets that wait to leave (media/adaptation.py), in the order of leaving.
        self.backlog: deque[int] = deque()
        self._judged = -1  # number of the newest packet that the filter was asked about
        self._newest = -1  # number of the newest packet sent one by one in this run or later ones
        self._left_out = -1  # picture that was left out last
        self.before: tuple[PacketCache, list[Run]] | None = None  # what was sent of the last encoding
        self._clock: SenderInfo | None = None  # of the last encoding, as the subscriber sees it
        # Below 32,768, so that a first packet lost near a wrap does not make two ends count rollovers
        # differently.
        self.numbers = Rewriter(0x10000 + 1 + secrets.randbelow(0x7000))
        self.numbers.divert(self.plain_type >= 0 or transport.connection is not None)
        self.renumbers = False  # whether picture ids have an offset in the current run
        self._last_numbering = (-1, -1)
        self.last_timestamp = -1
        self._last_sent_at = 0.0
        self._reports: dict[int, float] = {}  # middle bits of the sender reports sent → time
        self.rtt = DEFAULT_RTT
        self._packets = 0
        self._octets = 0
        #: What libsrtp refused of the packets that the stream counts as forwarded.
        self.unsent: Any = ffi.new("struct unsent *")
        #: The stream's counts of forwarded packets and octets when it joined the fan-out; None outside of it.
        self._joined: tuple[int, int] | None = None
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

    @property
    def is_sending(self) -> bool:
        """Whether it takes part in the fan-out."""
        return self in self.stream.active

    # --- runs of numbers ---

    def begin(self, stream: ReceiveStream, number: int, packet: bytes, payload: int, now: float) -> None:
        """The next packet sent is source ``number`` of ``stream``; all goes on where `leave` left it."""
        timestamp = read_header(packet)[3]
        offset = self.numbers.run.timestamp_offset
        if self.last_timestamp >= 0:
            if self.numbers.source_is_new:
                offset = self._offset_by_reports()
                self.transport.adaptation.report_soon(self)
            ahead = (timestamp + offset - self.last_timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            if ahead <= 0 or offset < 0:
                elapsed = int((now - self._last_sent_at) * self.stream.clock_rate)
                if offset >= 0 and ahead > -self.stream.clock_rate:
                    elapsed = 0  # of about the moment of the picture shown last: right behind it
                offset = (self.last_timestamp + max(elapsed, 1) - timestamp) & 0xFFFFFFFF
        self._clock = None
        if self.filter is not None:
            self.filter.restart()  # nothing has been left out since its key frame
            self._judged = number - 1
        picture, tl0 = self._picture_offsets(packet, payload)
        self.renumbers = bool(picture or tl0)
        self.numbers.begin(number, offset, picture, tl0)
        self._newest = number - 1
        self.regroup()
        if not self.numbers.diverted:
            self._count_along()

    def _picture_offsets(self, packet: bytes, payload: int) -> tuple[int, int]:
        """What makes the picture numbers go on where they were left. VP8's go on by one; of the others a
        small step forward is no matter, and spares the renumbering.
        """
        pictures = self.stream.pictures
        last_picture, last_tl0 = self._last_numbering
        if last_picture < 0 or not pictures.modulo:
            return 0, 0
        picture, tl0 = pictures.numbering(packet, payload)
        if picture < 0:
            return 0, 0
        if not self.stream.vp8 and 0 < (picture - last_picture) % pictures.modulo < pictures.modulo // 4:
            return 0, 0
        offset = (last_picture + 1 - picture) % pictures.modulo
        return offset, (last_tl0 + 1 - tl0) % 0x100 if tl0 >= 0 else 0

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
        """The current run ends with the newest packet of the stream, or before those that still wait; notes
        where the next is to go on.
        """
        stream = self.stream
        self._count_alone()
        self.numbers.stop(stream.highest + 1)
        unsent = [number for number in self.backlog if number > self._newest]
        if unsent:  # of a late one that waits the number has been passed already: it stays a gap
            self.numbers.stop(min(unsent))
        self.backlog.clear()
        for number in range(stream.highest, stream.highest - BACKLOG, -1):
            run = self.numbers.find(number)
            kept = stream.cache.get(number) if run is not None else None
            if kept is None or run is None:
                continue
            packet, payload = kept
            self.last_timestamp = (read_header(packet)[3] + run.timestamp_offset) & 0xFFFFFFFF
            self._last_sent_at = self.transport.ctx.refresh()
            picture, tl0 = stream.pictures.numbering(packet, payload)
            if picture >= 0:
                self._last_numbering = (
                    (picture + run.picture_offset) % stream.pictures.modulo,
                    (tl0 + run.tl0_offset) % 0x100 if tl0 >= 0 else -1,
                )
            return

    def change_source(self, stream: ReceiveStream) -> None:
        """What is sent next comes from ``stream``, whose numbers and clock have nothing to do with the last
        one's.
        """
        before, self.stream = self.stream, stream
        if self.numbers.source_is_new:  # nothing has been sent of the last one: what was before it counts
            return
        clock = before.sender_info
        offset = self.numbers.run.timestamp_offset
        self._clock = replace(clock, timestamp=clock.timestamp + offset) if clock is not None else None
        self.before = (before.cache, self.numbers.detach())

    # --- sending one packet ---

    def regroup(self) -> None:
        """Takes a row in the fan-out, unless something is to be done about its packets one by one."""
        odd = self.renumbers and not self.stream.vp8  # the fan-out shifts VP8's picture ids alone
        stream_of_bytes = self.transport.connection is not None  # no datagrams to fan out
        looked_at = self.filter is not None or bool(self.backlog) or self.plain_type >= 0
        apart = looked_at or odd or stream_of_bytes
        if apart == self.numbers.diverted:
            return
        self.numbers.divert(apart)
        if apart:
            self._count_alone()
        elif self.is_sending:
            self._count_along()
            run = self.numbers.run
            self.renumbers = bool(run.picture_offset or run.tl0_offset)
        self.stream.rows_changed()

    def install(self, chosen: LayerFilter) -> None:
        """From the next packet on, ``chosen`` decides what passes."""
        self.filter = chosen
        self._judged = self.stream.highest
        self.regroup()

    def send(self, packet: bytes, payload: int, number: int) -> None:
        """Sends a packet that the fan-out loop does not: a late one, one in the two-byte form, or one that a
        filter is to look at.
        """
        run = self.numbers.find(number)
        if run is None:
            self.transport.counters.drops[Drop.BEFORE_START] += 1
            return
        if self.filter is not None:
            if number <= self._judged:
                packet = self._late(packet, payload, self.filter)
            elif not self._keeps(packet, payload, number, run, self.filter):
                return
        if self.backlog:
            self._wait(number)
        else:
            self._send_now(packet, payload, number, run)

    def _keeps(self, packet: bytes, payload: int, number: int, run: Run, chosen: LayerFilter) -> bool:
        """Whether a packet, newer than all before, passes; closes the numbers over one that does not."""
        self._judged = number
        picture = self.stream.pictures.read(packet, payload)
        if not chosen.passes(picture):
            is_new = picture.number != self._left_out
            self._left_out = picture.number
            self.numbers.skip(number, 1 if self.stream.vp8 and is_new and picture.number >= 0 else 0)
            return False
        if chosen.marks(picture):
            run.marked = number
        if chosen.settled:
            self.filter = None
            self.regroup()
        return True

    def _late(self, packet: bytes, payload: int, chosen: LayerFilter) -> bytes:
        """A packet that was missing when it was its turn has been given a number: of a spatial layer that is
        left out it goes without its payload, to fill the gap.
        """
        above = self.stream.pictures.read(packet, payload).spatial > chosen.current[0] >= 0
        return packet[:payload] if above else packet

    def _send_now(self, packet: bytes, payload: int, number: int, run: Run) -> int:
        """Bytes that left."""
        if self.plain_type >= 0:
            packet = self._plain(packet, payload)
            if not packet:
                return 0
        if not self.write(packet, payload, number + run.sequence_offset & 0xFFFF, run, -1, number):
            return 0
        self._newest = max(self._newest, number)
        self._packets += 1
        self._octets += len(packet) - payload
        return len(packet)

    def _plain(self, packet: bytes, payload: int) -> bytes:
        """A packet of redundant sound without what is redundant; empty where that cannot be read."""
        if packet[1] & 0x7F != self.stream.red_type:
            return packet
        try:
            kind, sound = red.primary(packet[payload:])
        except ValueError:
            self.transport.counters.drops[Drop.RTP_MALFORMED] += 1
            return b""
        return packet[:1] + bytes((packet[1] & 0x80 | kind,)) + packet[2:payload] + sound

    # --- waiting ---

    def follow(self, numbers: Iterable[int]) -> None:
        """Sends those of these packets that are in the stream's cache: as fast as the path allows, and what
        comes meanwhile behind them.
        """
        for number in numbers:
            kept = self.stream.cache.get(number)
            run = self.numbers.find(number)
            if kept is None or run is None:
                continue
            if self.filter is None or self._keeps(kept[0], kept[1], number, run, self.filter):
                self._wait(number)
        if self.backlog:
            self.regroup()
            self.transport.adaptation.wait(self)

    def _wait(self, number: int) -> None:
        if len(self.backlog) >= BACKLOG:
            self.transport.counters.drops[Drop.BACKLOG_FULL] += 1
        else:
            self.backlog.append(number)

    def send_waiting(self) -> int:
        """Sends the first packet that waits; its bytes, 0 where it is gone from the cache."""
        number = self.backlog.popleft()
        kept = self.stream.cache.get(number)
        run = self.numbers.find(number)
        sent = self._send_now(kept[0], kept[1], number, run) if kept is not None and run is not None else 0
        if not self.backlog:
            self.regroup()
        return sent

    # --- repair ---

    @property
    def rtx_ssrc(self) -> int:
        """0 where this browser takes no repair."""
        return self.repair.ssrc

    @property
    def resent(self) -> int:
        return self.repair.resent

    @property
    def padded(self) -> int:
        """Packets of no use but to try out the path."""
        return self.repair.padded

    def resend(self, sequences: Sequence[int], now: float) -> None:
        """Answers a NACK for the 16-bit ``sequences``, as far as the limits of repair allow."""
        self.repair.answer(sequences, now)

    # --- the wire ---

    def write(
        self,
        packet: bytes,
        payload: int,
        sequence: int,
        run: Run,
        original: int,
        source: int,
        ssrc: int = 0,
    ) -> bool:
        """Queues one copy of ``packet``, the stream's ``source``; as RTX where ``original``, the number it
        was first sent under, is not -1.
        """
        transport = self.transport
        socket = transport.ctx.socket
        if socket.count == BATCH_OUT:
            socket.flush()
        slot = socket.count
        at = SLOT * slot
        out = socket.outgoing
        size = len(packet)
        if original < 0:
            out[at : at + size] = packet
            ssrc = ssrc or self.ssrc
        else:
            out[at : at + payload] = packet[:payload]
            out[at + 1] = packet[1] & 0x80 | self.repair.payload_type
            out[at + payload] = original >> 8
            out[at + payload + 1] = original & 0xFF
            out[at + payload + 2 : at + size + 2] = packet[payload:]
            ssrc = self.repair.ssrc
            payload, size = payload + 2, size + 2
        if run.picture_offset or run.tl0_offset:
            self.stream.pictures.shift(out, at, at + payload, at + size, run.picture_offset, run.tl0_offset)
        if run.marked == source >= 0:
            out[at + 1] |= 0x80
        wide = transport.next_sequence()
        timestamp = (read_header(packet)[3] + run.timestamp_offset) & 0xFFFFFFFF
        profile, words = read_profile(packet, 12)
        patch = at + PATCH_OFFSET
        if profile == TWO_BYTE_PROFILE:
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
        socket.sizes[2 * slot + 1] = size
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
