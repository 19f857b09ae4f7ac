"""What a receiver report says of one incoming stream (RFC 3550, 6.4.1, A.3 and A.8)."""

from __future__ import annotations

from typing import Any

from media.core import ffi
from media.rtp.rtcp import ReportBlock


class Reception:
    """Loss and jitter of one SSRC. Extended numbers and ``now`` in seconds come from the caller."""

    __slots__ = (
        "_expected_before",
        "_first",
        "_received_before",
        "_sender_report",
        "_sender_report_at",
        "loss",
        "state",
    )

    def __init__(self, first: int, clock_rate: int) -> None:
        self._first = first
        #: Shared with the compiled loop.
        self.state: Any = ffi.new("struct reception *", (first - 1, 0, -1, 0.0, clock_rate))
        self._expected_before = 0
        self._received_before = 0
        self._sender_report = 0
        self._sender_report_at = 0.0
        #: Share of what was expected between the last two reports that did not come, 0 to 1.
        self.loss = 0.0

    @property
    def highest(self) -> int:
        """Number of the newest packet."""
        highest: int = self.state.highest
        return highest

    @property
    def received(self) -> int:
        received: int = self.state.received
        return received

    @property
    def jitter(self) -> float:
        """Interarrival jitter in units of the RTP clock."""
        jitter: float = self.state.jitter
        return jitter

    @property
    def lost(self) -> int:
        """Packets expected and not received so far; negative with duplicates (RFC 3550, 6.4.1)."""
        return self.highest - self._first + 1 - self.received

    def newer(self, timestamp: int, now: float) -> None:
        """Jitter step for a packet that came in order."""
        state = self.state
        transit = (int(now * state.clock_rate) - timestamp) & 0xFFFFFFFF
        before = state.transit
        if before >= 0:
            difference = (transit - before) & 0xFFFFFFFF
            if difference >= 0x80000000:
                difference = 0x100000000 - difference
            state.jitter += (difference - state.jitter) / 16
        state.transit = transit

    def sender_report(self, ntp: int, now: float) -> None:
        """A sender report with the 64-bit ``ntp`` time came."""
        self._sender_report = ntp >> 16 & 0xFFFFFFFF
        self._sender_report_at = now

    def report(self, ssrc: int, now: float) -> ReportBlock:
        expected = self.highest - self._first + 1
        expected_now = expected - self._expected_before
        lost_now = expected_now - (self.received - self._received_before)
        self._expected_before = expected
        self._received_before = self.received
        fraction = min(255, lost_now * 256 // expected_now) if lost_now > 0 and expected_now > 0 else 0
        self.loss = fraction / 256
        delay = int((now - self._sender_report_at) * 65536) if self._sender_report else 0
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=fraction,
            lost=max(-0x800000, min(0x7FFFFF, expected - self.received)),
            highest=self.highest & 0xFFFFFFFF,
            jitter=int(self.jitter) & 0xFFFFFFFF,
            last_report=self._sender_report,
            delay=min(delay, 0xFFFFFFFF),
        )
