"""H.264 profiles as ``profile-level-id`` spells them (RFC 6184, section 8.1): which are the same."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any


class Profile(Enum):
    CONSTRAINED_BASELINE = auto()
    BASELINE = auto()
    MAIN = auto()
    CONSTRAINED_HIGH = auto()
    HIGH = auto()
    HIGH_444 = auto()


# profile_idc, mask of the constraint bits that matter, their value (RFC 6184, table 5).
_PATTERNS: tuple[tuple[int, int, int, Profile], ...] = (
    (0x42, 0b01001111, 0b01000000, Profile.CONSTRAINED_BASELINE),
    (0x4D, 0b10001111, 0b10000000, Profile.CONSTRAINED_BASELINE),
    (0x58, 0b11001111, 0b11000000, Profile.CONSTRAINED_BASELINE),
    (0x42, 0b01001111, 0b00000000, Profile.BASELINE),
    (0x58, 0b11001111, 0b10000000, Profile.BASELINE),
    (0x4D, 0b10101111, 0b00000000, Profile.MAIN),
    (0x64, 0b11111111, 0b00000000, Profile.HIGH),
    (0x64, 0b11111111, 0b00001100, Profile.CONSTRAINED_HIGH),
    (0xF4, 0b11111111, 0b00000000, Profile.HIGH_444),
)

# What WebRTC takes for granted where the parameter is absent.
_DEFAULT = "42e01f"


def profile(profile_level_id: Any) -> Profile | None:
    """None when it is malformed or a profile that no browser has. The level is not looked at."""
    text = _DEFAULT if profile_level_id is None else str(profile_level_id)
    if not re.fullmatch(r"[0-9a-fA-F]{6}", text):
        return None
    idc, constraints = int(text[:2], 16), int(text[2:4], 16)
    for wanted, mask, value, name in _PATTERNS:
        if idc == wanted and constraints & mask == value:
            return name
    return None


def same_profile(a: Any, b: Any) -> bool:
    """Whether both name one profile. Levels may differ: ``level-asymmetry-allowed`` is 1 in all we offer."""
    found = profile(a)
    return found is not None and found is profile(b)
