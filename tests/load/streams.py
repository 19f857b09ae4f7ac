"""What a publisher of the benchmarks sends, and what can be read from it where it arrives.

170 video packets a second of 1,100 bytes payload (VP8-like, key frames marked) and 50 audio packets of 80
bytes, evenly spaced. Each payload ends with the stream's count of packets (4 bytes) and the time of sending
(nanoseconds since the epoch, 8 bytes).
"""

from __future__ import annotations

import struct
import time

from tests.support.rtc_peer import rtp_packet

VIDEO_RATE, AUDIO_RATE = 170, 50  # packets a second
VIDEO_PAYLOAD, AUDIO_PAYLOAD = 1100, 80  # bytes
PACKETS_PER_FRAME = 5
FRAMES_PER_KEY = 170  # a key frame every five seconds
_TRAILER = struct.Struct("!IQ")


class Stream:
    """One RTP stream at a steady rate."""

    def __init__(
        self, video: bool, ssrc: int, payload_type: int, sequence_extension: int = 3, first: int = 0
    ) -> None:
        """``sequence_extension`` is the id of the transport-wide number (3 is Chromium's), 0 leaves it out;
        ``first`` the first sequence number.
        """
        self._ssrc = ssrc
        self._payload_type = payload_type
        self._sequence_extension = sequence_extension
        self._first = first
        self._clock_rate = 90000 if video else 48000
        self._filling = b"\xaa" * ((VIDEO_PAYLOAD if video else AUDIO_PAYLOAD) - _TRAILER.size)
        self.video = video
        self.interval = 1 / (VIDEO_RATE if video else AUDIO_RATE)
        self.count = 0
        self.key_frame_asked = False

    def packet(self, transport_sequence: int) -> bytes:
        number = self.count
        self.count += 1
        frame, part = divmod(number, PACKETS_PER_FRAME) if self.video else (number, 0)
        timestamp = int(frame * (PACKETS_PER_FRAME if self.video else 1) * self.interval * self._clock_rate)
        payload = self._vp8(frame, part) if self.video else self._filling
        number_of_transport = struct.pack("!H", transport_sequence & 0xFFFF)
        return rtp_packet(
            self._ssrc,
            number + self._first,
            timestamp,
            payload + _TRAILER.pack(number, time.time_ns()),
            self._payload_type,
            marker=self.video and part == PACKETS_PER_FRAME - 1,
            extensions={self._sequence_extension: number_of_transport} if self._sequence_extension else None,
        )

    def _vp8(self, frame: int, part: int) -> bytes:
        """Descriptor with a 15-bit picture id, then a frame header that is a key frame's now and then (RFC
        7741).
        """
        descriptor = struct.pack("!BBH", 0x90 if part == 0 else 0x80, 0x80, 0x8000 | frame & 0x7FFF)
        key = part == 0 and (self.key_frame_asked or frame % FRAMES_PER_KEY == 0)
        self.key_frame_asked = self.key_frame_asked and not key
        header = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" if key else b"\x11" * 10
        return descriptor + header + self._filling[14:]


def read(plain: bytes) -> tuple[int, int]:
    """Count and time of sending of a packet that arrived, decrypted and without padding."""
    number, sent = _TRAILER.unpack_from(plain, len(plain) - _TRAILER.size)
    return number, sent


def is_key_frame_request(rtcp: bytes) -> bool:
    """Whether a compound packet holds a PLI or FIR (RFC 4585, 6.3.1; RFC 5104, 4.3.1)."""
    at = 0
    while at + 4 <= len(rtcp):
        if rtcp[at + 1] == 206 and rtcp[at] & 31 in (1, 4):
            return True
        at += 4 + 4 * int.from_bytes(rtcp[at + 2 : at + 4], "big")
    return False
