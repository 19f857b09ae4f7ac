"""Redundant audio taken apart and brought under our payload types (RFC 2198)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.codecs import red
from tests.support import sfu as numbers
from tests.support.rtc_peer import rtp_packet
from tests.support.sfu import Sfu

OPUS = 111
TYPES = [100 if number == OPUS else -1 for number in range(128)]


def redundant(newest: bytes, *earlier: bytes, kind: int = OPUS) -> bytes:
    """``earlier`` sounds, the oldest first, in front of the newest."""
    head = b""
    for back, sound in zip(range(len(earlier), 0, -1), earlier, strict=True):
        head += bytes((0x80 | kind,)) + (960 * back << 10 | len(sound)).to_bytes(3, "big")
    return head + bytes((kind,)) + b"".join(earlier) + newest


@pytest.mark.parametrize("earlier", [(), (b"one",), (b"one" * 300, b"")])
def test_the_newest_sound_is_the_primary(earlier: tuple[bytes, ...]) -> None:
    payload = redundant(b"newest", *earlier)
    assert red.primary(payload) == (OPUS, b"newest")
    translated = red.translate(payload, TYPES)
    assert translated == redundant(b"newest", *earlier, kind=100)
    assert red.primary(translated) == (100, b"newest")


def test_silence_of_dtx_stays_empty() -> None:
    assert red.primary(redundant(b"", b"x")) == (OPUS, b"")


@pytest.mark.parametrize(
    "payload", [b"", b"\xef", b"\xef\x00\x00\xff\x6f", b"\xef" * 400, redundant(b"x", kind=9)]
)
def test_broken_ones_are_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"redundant audio|payload type"):
        red.translate(payload, TYPES)


@given(st.binary(max_size=60))
def test_nothing_but_a_value_error(payload: bytes) -> None:
    try:
        kind, sound = red.primary(payload)
    except ValueError:
        return
    assert kind < 128
    assert payload.endswith(sound)


# --- from a publisher to subscribers ---


async def test_redundant_sound_goes_to_those_who_know_it_and_plain_sound_to_the_others() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        producer = sfu.produce_redundant(sender)
        listeners = [await sfu.join("recv") for _ in range(3)]
        consumers = [
            sfu.consume(receiver, producer, red=knows)
            for (receiver, _), knows in zip(listeners, (True, False, True), strict=True)
        ]
        sounds = [b"first", b"second", b"", b"after silence"]  # DTX sends next to nothing, and late
        times = [0, 960, 1920, 1920 + 20 * 960]
        for index, (sound, timestamp) in enumerate(zip(sounds, times, strict=True)):
            payload = redundant(sound, *sounds[max(0, index - 2) : index])
            kind = numbers.RED_TYPE
            if index == 2:  # a browser may send a packet without redundancy as it is
                payload, kind = sound + b"\xf8", numbers.AUDIO_TYPE
            packet = rtp_packet(2000, 10 + index, timestamp, payload, kind, marker=index in (0, 3))
            await publisher.send_rtp(packet)
        for _, listener in listeners:
            await listener.until(lambda listener=listener: len(listener.rtp) == 4)  # type: ignore[misc]
        (_, knowing), (_, plain), _ = listeners
        assert [packet.payload_type for packet in knowing.rtp] == [113, 113, 100, 113]
        assert [red.primary(packet.payload) for packet in knowing.rtp[::3]] == [
            (100, b"first"),
            (100, b"after silence"),
        ]
        assert knowing.rtp[3].payload == redundant(b"after silence", b"second", b"", kind=100)
        assert {packet.payload_type for packet in plain.rtp} == {100}
        assert [packet.payload for packet in plain.rtp] == [b"first", b"second", b"\xf8", b"after silence"]
        for listener in (knowing, plain):
            steps = [packet.sequence - listener.rtp[0].sequence & 0xFFFF for packet in listener.rtp]
            assert steps == [0, 1, 2, 3]
            assert [packet.timestamp - times[0] for packet in listener.rtp] == times
            assert [packet.marker for packet in listener.rtp] == [True, False, False, True]
        assert [consumer.octets for consumer in consumers] == [
            sum(len(packet.payload) for packet in listener.rtp) for _, listener in listeners
        ]


async def test_broken_redundancy_is_dropped_and_counted() -> None:
    async with Sfu() as sfu:
        sender, publisher = await sfu.join("send")
        receiver, listener = await sfu.join("recv")
        sfu.consume(receiver, sfu.produce_redundant(sender))
        broken = (b"\xef\x00\x00\xff\x6f", redundant(b"x", kind=9), b"")
        for number, payload in enumerate((*broken, redundant(b"whole", b"x"))):
            await publisher.send_rtp(rtp_packet(2000, number, number * 960, payload, numbers.RED_TYPE))
        await listener.until(lambda: len(listener.rtp) == 1)
        assert listener.rtp[0].payload == b"whole"
        assert sfu.ctx.drops() == {"rtp_malformed": 2, "rtp_padding": 1}
