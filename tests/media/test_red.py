"""Redundant audio taken apart and brought under our payload types (RFC 2198)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.codecs import red

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
