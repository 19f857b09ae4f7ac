"""One incoming encoding of a producer: numbering, repair, cache, and the list of those it goes to.

The packet path runs through `ReceiveStream.receive`: it brings a packet into our layout once
(media/rtp/header.py), keeps it, and gives it to `media.fan_out`. Where there is a compiled loop, that does
the same to packets that need nothing else (media/core/receive.c), on the state that is shared with it, so
that any packet can take either way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from media.control.keyframes import KeyFrameArbiter
from media.control.loudest import SPEECH
from media.core import CODECS, VOICE_NONE, VOICE_UNKNOWN, ffi
from media.fan_out import Row, compiled_rows, fan_out, row
from media.protocol import RtpEncoding
from media.rtp import pictures
from media.rtp.cache import PacketCache
from media.rtp.codecs import av1, h264, red, vp8, vp9
from media.rtp.header import (
    FIXED_EXTENSION_WORDS,
    FIXED_SIZE,
    ONE_BYTE_PROFILE,
    TWO_BYTE_PROFILE,
    extend,
    first_extended,
    pack_fixed,
    payload_bounds,
)
from media.rtp.nack import NackGenerator
from media.rtp.reception import Reception
from media.rtp.rtcp import SenderInfo
from media.stats import Drop

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.producer import Producer

VIDEO_CACHE = 512  # packets
AUDIO_CACHE = 64
VIDEO_SPACE = 384 << 10  # bytes for them, a second at 3 Mbit/s …
LAYER_SPACE = 256 << 10  # … where they are one of several encodings …
AUDIO_SPACE = 32 << 10  # … or sound
#: A key frame so young, with so few packets since, is sent from the cache to those who come. An older one
#: would make them see the past: the frames since all come at once, but each is shown at its time.
GROUP_AGE = 0.5  # seconds
GROUP_PACKETS = 200

KEY_FRAME_DETECTORS: dict[str, Callable[[bytes, int, int], bool]] = {
    "video/vp8": vp8.starts_key_frame,
    "video/h264": h264.starts_key_frame,
    "video/vp9": vp9.starts_key_frame,
    "video/av1": av1.starts_key_frame,
}


class ReceiveStream:
    __slots__ = (
        "_apart",
        "_compiled_rows",
        "_ctx",
        "_detect",
        "_feedback",
        "_first",
        "_reception",
        "_rows",
        "active",
        "arbiter",
        "audio",
        "cache",
        "clock_rate",
        "group",
        "group_at",
        "height",
        "nack",
        "pictures",
        "producer",
        "red_type",
        "repaired",
        "rid",
        "rtx_ssrc",
        "sender_info",
        "sender_info_at",
        "ssrc",
        "state",
        "vp8",
        "waiting",
    )

    def __init__(self, producer: Producer, encoding: RtpEncoding, is_layer: bool) -> None:
        """``is_layer``: one of several encodings of the same track."""
        self.producer = producer
        self._ctx = producer.transport.ctx
        self._feedback = producer.transport.feedback
        self.rid = encoding.rid
        self.ssrc = encoding.ssrc
        self.rtx_ssrc = encoding.rtx.ssrc if encoding.rtx else None
        codec = producer.codec
        self.clock_rate = codec.clockRate
        self.vp8 = codec.mimeType.lower() == "video/vp8"
        #: Our payload type of redundant sound, -1 where none is published.
        self.red_type: int = producer.red_type
        self.pictures = pictures.reader(codec.mimeType, producer.descriptor_id)
        self.height = 0  # pixels of the newest key frame; 0 unknown
        #: Number of the newest key frame's first packet (-1: none to begin with), and when it came.
        self.group = -1
        self.group_at = 0.0
        self._detect = KEY_FRAME_DETECTORS.get(codec.mimeType.lower())
        if producer.kind == "video":
            self.cache = PacketCache(VIDEO_CACHE, LAYER_SPACE if is_layer else VIDEO_SPACE)
        else:
            self.cache = PacketCache(AUDIO_CACHE, AUDIO_SPACE)
        self.nack = NackGenerator() if producer.wants_nack else None
        self.arbiter = KeyFrameArbiter()
        self.audio = producer.transport.peer.room.audio if producer.kind == "audio" else None
        self._reception: Reception | None = None
        self.sender_info: SenderInfo | None = None  # the publisher's last, with the time it came
        self.sender_info_at = 0.0
        #: Consumers that every packet goes to, and those that wait for a key frame to begin with.
        self.active: list[Consumer] = []
        self.waiting: list[Consumer] = []
        #: What `fan_out` needs of each active consumer that takes every packet as it comes, None where it is
        #: to be made anew; the lowest number that all of these take; and those who look at each packet.
        self._rows: list[Row] | None = None
        self._first = 0
        self._apart: list[Consumer] = []
        self._compiled_rows: Any = None
        self.repaired = 0
        #: Shared with the compiled loop.
        self.state: Any = ffi.new("struct stream *")
        self._fill_state(producer, codec.mimeType.lower())

    def _fill_state(self, producer: Producer, mime_type: str) -> None:
        state = self.state
        state.codec = CODECS.get(mime_type, 0)
        state.paused = producer.paused
        state.voice = VOICE_NONE if self.audio is None else VOICE_UNKNOWN
        state.cache = self.cache.state
        # Redundant sound is rewritten, which is Python's affair.
        state.payload_types = [-1 if ours == self.red_type else ours for ours in producer.payload_types]
        state.actions = producer.extensions.one_byte_actions
        state.level_id = producer.level_id
        state.speech = SPEECH

    @property
    def reception(self) -> Reception | None:
        """None before the first packet."""
        return self._reception

    @reception.setter
    def reception(self, reception: Reception | None) -> None:
        self._reception = reception
        self.state.reception = reception.state if reception else ffi.NULL

    @property
    def highest(self) -> int:
        """Extended number of the newest packet; -1 before the first."""
        return self._reception.highest if self._reception else -1

    @property
    def packets(self) -> int:
        """That came and were new."""
        packets: int = self.state.packets
        return packets

    @property
    def octets(self) -> int:
        """Of these packets, as they came."""
        size: int = self.state.bytes
        return size

    @property
    def forwarded(self) -> int:
        """Packets that went to all rows: counted once, not for each of them."""
        forwarded: int = self.state.forwarded
        return forwarded

    @property
    def forwarded_octets(self) -> int:
        """Of their payload."""
        octets: int = self.state.forwarded_octets
        return octets

    def receive(
        self,
        data: memoryview,
        start: int,
        end: int,
        marker_and_type: int,
        sequence: int,
        timestamp: int,
        is_rtx: bool,
        now: float,
    ) -> None:
        """Takes the decrypted RTP packet ``data[start:end]``, whose header fields have been read."""
        producer = self.producer
        try:
            extension, payload, stop = payload_bounds(data, start, end)
        except ValueError:
            producer.counters.drops[Drop.RTP_MALFORMED] += 1
            return
        forwarded, two_byte = b"", False
        if extension:
            extensions = producer.extensions
            forwarded, two_byte = extensions.read(data, extension)
            if extensions.transport_sequence >= 0:
                self._feedback.arrived(extensions.transport_sequence, now)
        payload_type = marker_and_type & 0x7F
        if is_rtx:
            # RFC 4588, 4: the original's sequence number precedes its payload.
            if stop - payload < 2:
                reason = Drop.RTP_PADDING if stop == payload else Drop.RTX_MALFORMED
                producer.counters.drops[reason] += 1
                return
            sequence = data[payload] << 8 | data[payload + 1]
            payload += 2
            payload_type = producer.repaired_types[payload_type]
        ours = producer.payload_types[payload_type]
        if ours < 0:
            producer.counters.drops[Drop.RTP_PAYLOAD_TYPE] += 1
            return
        number = self._place(sequence, timestamp, is_rtx, now)
        if number < 0:
            return
        self.state.packets += 1
        self.state.bytes += end - start
        if (producer.paused or self.audio is not None) and self._withheld(forwarded, two_byte, number, now):
            return
        if stop == payload and self._leave_out(number):
            return
        tail = bytes(data[payload:stop])
        if ours == self.red_type and not (tail := self._translated(tail)):
            return
        if forwarded:
            tail = forwarded + tail
        fixed = pack_fixed(
            0x90,
            marker_and_type & 0x80 | ours,
            sequence,
            timestamp,
            0,
            TWO_BYTE_PROFILE if two_byte else ONE_BYTE_PROFILE,
            FIXED_EXTENSION_WORDS + (len(forwarded) >> 2),
        )
        self._forward(fixed + tail, tail, FIXED_SIZE + len(forwarded), number, timestamp, two_byte, now)

    def _translated(self, sound: bytes) -> bytes:
        """Redundant sound under our payload types; empty where it is broken, and then lost."""
        try:
            return red.translate(sound, self.producer.payload_types)
        except ValueError:
            self.producer.counters.drops[Drop.RTP_MALFORMED] += 1
            return b""

    def _leave_out(self, number: int) -> bool:
        """A packet of padding only: closes the row of numbers over it.

        False where it came late: its number has been given away, so it goes on, empty, to fill the gap.
        """
        self.producer.counters.drops[Drop.RTP_PADDING] += 1
        if number != self.highest:
            return False
        for consumer in self.active:
            consumer.numbers.skip(number)
        self.rows_changed()
        return True

    def _withheld(self, elements: bytes, two_byte: bool, number: int, now: float) -> bool:
        """Whether a packet goes no further: its producer is paused, or the room does not need this voice."""
        if self.producer.paused:
            self.producer.counters.drops[Drop.PRODUCER_PAUSED] += 1
            return True
        receiving = self.active
        if self.audio is None or self.audio.heard(self, elements, two_byte, now):
            return False
        self.producer.counters.drops[Drop.AUDIO_NOT_LOUDEST] += 1
        if number == self.highest:  # not sent: if that was decided just now, the row ends before it
            for consumer in receiving:
                consumer.numbers.stop(number)
        return True

    def _place(self, sequence: int, timestamp: int, is_rtx: bool, now: float) -> int:
        """The packet's extended number after noting gaps; -1 where it is not wanted."""
        reception = self.reception
        if reception is None:
            reception = self.reception = Reception(first_extended(sequence), self.clock_rate)
        highest = reception.highest
        number = highest + 1
        if number & 0xFFFF != sequence:
            number = extend(sequence, highest)
        if number > highest:
            if number != highest + 1 and self.nack is not None and not self.producer.paused:
                self.nack.gap(highest + 1, number, now)
                self._ctx.noticed_gap()
            reception.state.highest = number
            if not is_rtx:
                reception.newer(timestamp, now)
        elif number in self.cache:
            self.producer.counters.drops[Drop.RTP_DUPLICATE] += 1
            return -1
        elif highest - number >= self.cache.capacity:
            self.producer.counters.drops[Drop.RTP_TOO_OLD] += 1
            return -1
        elif self.nack is not None and self.nack.received(number) and is_rtx:
            self.repaired += 1
        if not is_rtx:
            reception.state.received += 1
        return number

    def _forward(
        self,
        packet: bytes,
        tail: bytes,
        payload: int,
        number: int,
        timestamp: int,
        two_byte: bool,
        now: float,
    ) -> None:
        """Keeps and sends one packet in our layout; ``tail`` is what follows its fixed part."""
        self.cache.put(number, packet, payload)
        started: list[Consumer] = []
        if self._detect is None:
            begins = True
        elif begins := self._detect(packet, payload, len(packet)):
            self._key_frame(packet, payload, number, now)
        if begins and self.waiting:
            started = self._start_waiting(number, packet, payload, now)
        rows = self._rows
        if rows is None:
            rows = self._arrange()
        if two_byte or number < self._first:
            for consumer in self.active:
                consumer.send(packet, payload, number)
        else:
            if rows:
                self.state.forwarded += 1
                self.state.forwarded_octets += len(packet) - payload
                if self._ctx.compiled is not None:
                    self._ctx.compiled.core_fan_out(
                        self._ctx.state,
                        self.state,
                        packet,
                        len(packet),
                        payload,
                        number & 0xFFFF,
                        timestamp,
                    )
                else:
                    fan_out(self._ctx, rows, packet, tail, payload, number, timestamp)
            for consumer in self._apart:
                consumer.send(packet, payload, number)
        if started and number != self.highest:
            for consumer in started:  # the key frame's first packet came late: what followed it goes after it
                consumer.follow(range(number + 1, self.highest + 1))

    def send_apart(self) -> None:
        """The newest packet has been kept and gone to all rows; those who look at each packet follow."""
        number = self.highest
        kept = self.cache.get(number)
        if kept is not None:
            for consumer in self._apart:
                consumer.send(kept[0], kept[1], number)

    def _start_waiting(self, number: int, packet: bytes, payload: int, now: float) -> list[Consumer]:
        started, self.waiting = self.waiting, []
        for consumer in started:
            consumer.begin(self, number, packet, payload, now)
        self.active += started
        self.rows_changed()
        return started

    def rows_changed(self) -> None:
        """The rows do not hold any more; the next packet is Python's, and makes them anew."""
        self._rows = None
        self.state.ready = False

    def _arrange(self) -> list[Row]:
        together = [consumer for consumer in self.active if not consumer.numbers.diverted]
        self._apart = [consumer for consumer in self.active if consumer.numbers.diverted]
        rows = self._rows = [row(consumer) for consumer in together]
        self._first = max((consumer.numbers.first for consumer in together), default=0)
        if self._ctx.compiled is not None:
            state = self.state
            self._compiled_rows = state.rows = compiled_rows(rows)
            state.count, state.apart, state.first = len(rows), bool(self._apart), self._first
            state.ready = True
        return rows

    def _key_frame(self, packet: bytes, payload: int, number: int, now: float) -> None:
        self.arbiter.received()
        if number > self.group:
            self.group = number
            self.group_at = now
        self.pictures.learn(packet, payload)
        self.height = max(self.pictures.heights, default=0)

    def _catch_up(self, started: list[Consumer], number: int) -> None:
        """A key frame's first packet came late: what followed it is sent to those who begin with it."""
        for later in range(number + 1, self.highest + 1):
            kept = self.cache.get(later)
            if kept is not None:
                for consumer in started:
                    consumer.send(kept[0], kept[1], later)

    def request_key_frame(self, now: float) -> None:
        """A consumer needs one: asks the publisher now, or as soon as the arbiter allows."""
        producer = self.producer
        if producer.kind == "video" and not producer.paused and self.arbiter.request(now):
            self.producer.send_key_frame_request(self)

    def ask(self, now: float, rtt: float) -> bool:
        """Asks for what is missing or wanted and not yet, or no longer, asked for.

        Whether anything is missing. Called every few tens of milliseconds.
        """
        nack = self.nack
        missing = nack is not None and len(nack) > 0
        if nack is not None and missing:
            numbers = nack.due(now, rtt)
            if numbers:
                self.producer.send_nack(self, numbers)
        if nack is not None and nack.key_frame_needed:
            nack.key_frame_needed = False
            self.request_key_frame(now)
        if self.arbiter.wanted and not self.producer.paused and self.arbiter.due(now):
            self.producer.send_key_frame_request(self)
        return missing

    def restart(self, ssrc: int) -> None:
        """Another SSRC carries this encoding from now on:

        its numbers have nothing to do with the old ones.
        """
        for consumer in self.active:
            consumer.leave()
        for consumer in self.active + self.waiting:
            if consumer.stream is self:  # not where it is still sent another encoding
                consumer.numbers.forget_source()
        self.waiting += self.active
        self.active = []
        self.rows_changed()
        self.ssrc = ssrc
        self.reception = None
        self.sender_info = None
        self.group = -1
        self.cache.clear()
        if self.nack is not None:
            self.nack.clear()
        if self.waiting:
            self.request_key_frame(self._ctx.refresh())

    def add(self, consumer: Consumer, now: float) -> None:
        """``consumer`` can be written: it begins with the key frame that has just been, or with the next one;
        audio with the next packet.
        """
        if (
            not consumer.packets  # who has seen some of it would see it again
            and self.group >= 0
            and now - self.group_at <= GROUP_AGE
            and 0 <= self.highest - self.group < GROUP_PACKETS
        ):
            first = self.cache.get(self.group)
            if first is not None:
                consumer.begin(self, self.group, first[0], first[1], now)
                self.active.append(consumer)
                self.rows_changed()
                consumer.follow(range(self.group, self.highest + 1))
                self._ctx.socket.flush()  # rather than at the end of the next turn
                return
        self.wait(consumer, now)

    def wait(self, consumer: Consumer, now: float) -> None:
        """``consumer`` begins with the next key frame."""
        self.waiting.append(consumer)
        self.rows_changed()  # sound begins with the next packet
        self.request_key_frame(now)

    def remove(self, consumer: Consumer) -> None:
        if consumer in self.active:
            consumer.leave()
            self.active.remove(consumer)
            self.rows_changed()
        elif consumer in self.waiting:
            self.waiting.remove(consumer)

    def pause(self) -> None:
        """Every consumer's row of numbers ends here and goes on, unbroken, when packets flow again."""
        for consumer in self.active:
            consumer.leave()
        self.waiting += self.active
        self.active = []
        self.rows_changed()
        self.group = -1
        if self.nack is not None:
            self.nack.clear()

    def resume(self, now: float) -> None:
        if self.waiting:
            self.request_key_frame(now)
