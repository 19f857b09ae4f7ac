"""What the compiled loop reads of payloads is what Python reads of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import core
from media.core import CODECS, ffi
from media.rtp.codecs import vp8
from media.stream import KEY_FRAME_DETECTORS

pytestmark = pytest.mark.skipif(core.library is None, reason="the compiled loop of media/core is not built")

#: The first bytes decide; all of them are tried together with a few that follow.
PAYLOADS = st.builds(
    lambda head, rest: head + rest,
    st.binary(min_size=1, max_size=4)
    | st.sampled_from([b"\x90\x80\x80", b"\x10", b"\x78\x00\x02\x67", b"\x7c\x87"]),
    st.binary(max_size=12),
)


@pytest.mark.parametrize("codec", sorted(CODECS))
@given(payload=PAYLOADS)
def test_no_key_frame_is_missed(codec: str, payload: bytes) -> None:
    detected = KEY_FRAME_DETECTORS[codec](payload, 0, len(payload))
    # An exact buffer, so that a sanitizer sees a byte too far.
    found = core.library.core_begins_key_frame(
        CODECS[codec], ffi.new("uint8_t[]", list(payload)), len(payload)
    )
    if codec == "video/vp8":
        assert bool(found) == detected
    else:
        assert found or not detected  # Python decides about the rest


@given(PAYLOADS, st.integers(0, 0x7FFF), st.integers(0, 0xFF))
def test_picture_numbers_are_shifted_alike(payload: bytes, picture: int, tl0: int) -> None:
    expected = bytearray(payload)
    vp8.shift_numbering(expected, 0, len(expected), picture, tl0)
    ours = ffi.new("uint8_t[]", list(payload))
    core.library.core_shift_vp8(ours, len(payload), picture, tl0)
    assert bytes(ours) == expected
