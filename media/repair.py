"""Answers to a subscriber's NACKs over RTX (RFC 4588), within limits; and padding, which goes that way."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from media.rtp.header import FIXED_EXTENSION_WORDS, ONE_BYTE_PROFILE, extend, pack_fixed
from media.rtp.nack import ResendGuard
from media.rtp.rewrite import Run
from media.stats import Drop

if TYPE_CHECKING:
    from media.outgoing import Outgoing

RESEND_RATE = 25_000.0  # bytes/s of repair for one consumer, however little it is sent …
RESEND_SHARE = 0.5  # … or this share of what it is sent: never more than 1.5 times the medium in all …
RESEND_BURST = 64_000.0  # … and a lost burst at once
PADDING_PACKETS = 64  # of the newest, among which padding is chosen
PADDING = 224  # bytes of a packet of padding only, at most 255 (RFC 3550, 5.1)


class Repair:
    """Of one consumer: its second SSRC, with numbers of its own."""

    __slots__ = (
        "_consumer",
        "_guard",
        "_measured",
        "_sequence",
        "padded",
        "payload_type",
        "resent",
        "ssrc",
    )

    def __init__(self, consumer: Outgoing, ssrc: int) -> None:
        """``ssrc`` is 0 where the browser takes no repair."""
        codecs = consumer.rtp_parameters.codecs
        repairing = (one.payloadType for one in codecs if one.parameters.get("apt") == codecs[0].payloadType)
        self._consumer = consumer
        self.payload_type = next(repairing, -1)
        self.ssrc = ssrc
        self._sequence = secrets.randbelow(0x7000)
        self._guard = ResendGuard(RESEND_RATE, RESEND_BURST)
        self._measured = (0.0, 0)  # when the sending rate was last looked at, and octets by then
        self.resent = 0
        self.padded = 0  # packets of no use but to try out the path

    @property
    def rate(self) -> float:
        """Bytes a second that may be resent."""
        return self._guard.rate

    def answer(self, sequences: Sequence[int], now: float) -> None:
        """Answers a NACK for the 16-bit ``sequences`` over RTX (RFC 4588), as far as the limits of repair
        allow.
        """
        drops = self._consumer.transport.counters.drops
        if self.payload_type < 0 or not self.ssrc:
            drops[Drop.RESEND_WITHOUT_RTX] += len(sequences)
            return
        self._measure(now)
        newest = self._consumer.stream.highest + self._consumer.numbers.run.sequence_offset
        for sequence in sequences:
            sent_as = extend(sequence, newest)
            found = self._sent(sent_as)
            if found is None:
                drops[Drop.RESEND_UNAVAILABLE] += 1
            elif self._guard.recent(sent_as, now, self._consumer.rtt):
                drops[Drop.RESEND_RECENT] += 1
            elif not self._guard.spend(sent_as, len(found[0]), now):
                drops[Drop.RESEND_BUDGET] += 1
            else:
                self._consumer.transport.adaptation.resend(self, sent_as)

    def _measure(self, now: float) -> None:
        """Brings the limit of repair in line with what is sent, once a second."""
        since, octets = self._measured
        if now - since >= 1.0:
            self._measured = (now, self._consumer.octets)
            if since:
                self._guard.rate = max(
                    RESEND_RATE, RESEND_SHARE * (self._consumer.octets - octets) / (now - since)
                )

    def send_again(self, sent_as: int) -> int:
        """Sends packet ``sent_as`` (an extended number, as the subscriber sees it) over RTX; its bytes."""
        found = self._sent(sent_as)
        if found is None:
            return 0
        packet, payload, source, run = found
        if not self._consumer.write(packet, payload, self._sequence, run, sent_as & 0xFFFF, source):
            return 0
        self._sequence = self._sequence + 1 & 0xFFFF
        self.resent += 1
        self._consumer.transport.counters.packets_resent += 1
        return len(packet)

    def _sent(self, sent_as: int) -> tuple[bytes, int, int, Run] | None:
        """Packet, offset of its payload, source number and run of what was sent under a number, of this
        encoding or the one before; None where it is not kept any more.
        """
        consumer = self._consumer
        source = consumer.numbers.source_of(sent_as)
        run = consumer.numbers.find(source) if source >= 0 else None
        kept = consumer.stream.cache.get(source) if run is not None else None
        if kept is not None and run is not None:
            return kept[0], kept[1], source, run
        if consumer.before is None:
            return None
        cache, runs = consumer.before
        for run in reversed(runs):
            source = sent_as - run.sequence_offset
            if source >= run.start:
                kept = cache.get(source) if source < run.end else None
                return (kept[0], kept[1], source, run) if kept is not None else None
        return None

    def pad(self, size: int) -> int:
        """Sends about ``size`` bytes that the subscriber has no need of: the newest packets again, over RTX,
        or where nothing is being sent, padding alone. Returns the bytes sent, 0 where there is no RTX.
        """
        if self.payload_type < 0 or not self.ssrc:
            return 0
        known = self._pad_with_known(size) if self._consumer.is_sending else 0
        return known or self._pad_with_nothing(size)

    def _pad_with_known(self, size: int) -> int:
        sent = 0
        stream = self._consumer.stream
        for number in range(stream.highest, max(stream.highest - PADDING_PACKETS, 0), -1):
            kept = stream.cache.get(number)
            run = self._consumer.numbers.find(number)
            if kept is None or run is None:
                continue
            if sent >= size:
                break
            original = number + run.sequence_offset & 0xFFFF
            sent += self._written_as_padding(kept[0], kept[1], run, original, number)
        return sent

    def _pad_with_nothing(self, size: int) -> int:
        fixed = pack_fixed(
            0xB0,  # with padding and extensions
            self.payload_type,
            0,
            max(self._consumer.last_timestamp, 0),
            0,
            ONE_BYTE_PROFILE,
            FIXED_EXTENSION_WORDS,
        )
        packet = fixed + bytes(PADDING - 1) + bytes((PADDING,))
        run = Run(0, 0, 0, 0, 0)
        sent = 0
        while sent < size and (written := self._written_as_padding(packet, len(packet), run, -1, -1)):
            sent += written
        return sent

    def _written_as_padding(self, packet: bytes, payload: int, run: Run, original: int, source: int) -> int:
        if not self._consumer.write(packet, payload, self._sequence, run, original, source, ssrc=self.ssrc):
            return 0
        self._sequence = self._sequence + 1 & 0xFFFF
        self._consumer.transport.counters.packets_padding += 1
        self.padded += 1
        return len(packet)
