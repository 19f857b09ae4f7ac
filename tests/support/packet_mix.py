"""What publishers send on a bad day, made from a seed: the same for whoever is to be compared."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from tests.support import sfu as numbers
from tests.support.rtc_peer import rtp_packet
from tests.support.sfu import vp8_payload

Kind = Literal["rtp", "raw", "replay", "tampered", "stranger", "pause", "resume"]


@dataclass(slots=True)
class Step:
    """``rtp`` is protected at once and leaves after ``delay`` further steps. ``target`` names who pauses:
    "camera", "microphone", or the number of a consumer.
    """

    kind: Kind
    data: bytes = b""
    delay: int = 0
    target: str = ""


@dataclass(slots=True)
class _Row:
    """One stream's numbers."""

    ssrc: int
    payload_type: int
    mid: bytes
    sequence: int
    picture: int = 0
    missing: list[tuple[int, bytes]] = field(default_factory=list)


class PacketMix:
    """A camera (SSRC 1000, RTX 1001), a microphone (2000), and some bytes nobody should send."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._wide = self._random.choice([0, 65500])
        self._camera = _Row(1000, numbers.VIDEO_TYPE, b"0", self._random.choice([5, 65450]))
        self._microphone = _Row(2000, numbers.AUDIO_TYPE, b"1", self._random.choice([5, 65480]))
        self._rtx = 100

    def steps(self, count: int) -> list[Step]:
        """Begins with a key frame and a word, so that everybody has begun."""
        begin = [self._packet(self._camera, vp8_payload(True, 0)), self._packet(self._microphone, b"hello")]
        return begin + [self._step() for _ in range(count)]

    def _step(self) -> Step:
        dice = self._random.random()
        if dice < 0.55:
            return self._video()
        if dice < 0.80:
            return self._packet(self._microphone, self._random.randbytes(self._random.randint(1, 80)))
        if dice < 0.86:
            return self._repair()
        if dice < 0.90:
            return self._malformed()
        if dice < 0.93:
            return Step("replay", delay=self._random.randint(1, 5))
        if dice < 0.95:
            return Step("tampered", self._packet(self._camera, b"\x80\x80\x80\x01lost").data)
        if dice < 0.97:
            kinds: list[Kind] = ["raw", "stranger"]
            noise = self._random.randbytes(self._random.choice([0, 1, 5, 40, 1600, 2100]))
            return Step(self._random.choice(kinds), bytes((self._random.choice([0x80, 0x90, 200]),)) + noise)
        action: Kind = "pause" if self._random.random() < 0.3 else "resume"
        return Step(action, target=self._random.choice(["camera", "microphone", "0", "1", "2"]))

    def _video(self) -> Step:
        row = self._camera
        row.picture += 1
        payload = vp8_payload(
            self._random.random() < 0.1, row.picture, row.picture, self._random.choice([1, 99])
        )
        if self._random.random() < 0.1:
            payload = self._random.randbytes(self._random.randint(1, 6))
        if self._random.random() < 0.03:
            payload = b""
        return self._packet(row, payload)

    def _packet(self, row: _Row, payload: bytes) -> Step:
        """The next of ``row``, lost or late now and then."""
        chance = self._random.random
        if chance() < 0.03:
            row.missing.append((row.sequence, payload))
            row.sequence += 1
            self._wide += 1
        data = rtp_packet(
            row.ssrc,
            row.sequence,
            row.sequence * 90,
            payload,
            row.payload_type if chance() > 0.01 else 55,
            marker=chance() < 0.3,
            extensions=self._extensions(row),
            padding=self._random.randint(1, 40) if chance() < 0.08 or not payload else 0,
            two_byte=chance() < 0.04,
        )
        row.sequence += 1
        return Step("rtp", data, self._random.randint(1, 8) if chance() < 0.03 else 0)

    def _extensions(self, row: _Row) -> dict[int, bytes]:
        chance = self._random.random
        out = {numbers.MID_ID: row.mid}
        if chance() < 0.95:
            out[numbers.SEQUENCE_ID] = (self._wide & 0xFFFF).to_bytes(2, "big")
            self._wide += 1
        if row is self._microphone:
            out[numbers.LEVEL_ID] = bytes((self._random.randrange(256),))
        if chance() < 0.2:
            out[numbers.ORIENTATION_ID] = self._random.randbytes(self._random.randint(1, 3))
        if chance() < 0.1:
            out[9] = b"unknown"
        return out if chance() < 0.97 else {}

    def _repair(self) -> Step:
        """An old packet of the camera over RTX, whether it is missing or not."""
        row = self._camera
        number, payload = row.missing.pop() if row.missing else (row.sequence - 3, b"\x80\x80\x80\x01again")
        self._rtx += 1
        data = rtp_packet(
            1001,
            self._rtx,
            number * 90,
            (number & 0xFFFF).to_bytes(2, "big") + payload,
            numbers.RTX_TYPE,
            extensions={numbers.MID_ID: row.mid},
        )
        return Step("rtp", data)

    def _malformed(self) -> Step:
        """The camera's next packet with one of its first bytes changed, or cut."""
        data = bytearray(self._packet(self._camera, b"\x90\x80\x80\x01\x11" + bytes(30)).data)
        at = self._random.choice([0, 1, 12, 13, 14, 15, 16, 17, 18])
        data[at] = self._random.randrange(256)
        if self._random.random() < 0.3:
            del data[self._random.randint(12, len(data)) :]
        return Step("rtp", bytes(data))
