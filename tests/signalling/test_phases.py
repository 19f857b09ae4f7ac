"""The ways between phases, and which phase fits who is there."""

from __future__ import annotations

import itertools

import pytest

from signalling.phases import Phase, PhaseError, move, phase_now

ALLOWED = {
    "idle -> lobby",
    "idle -> live",
    "idle -> ended",
    "lobby -> idle",
    "lobby -> live",
    "lobby -> ended",
    "live -> ended",
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(Phase, Phase)), ids=str)
def test_way(old: Phase, new: Phase) -> None:
    if f"{old} -> {new}" in ALLOWED:
        assert move("room", old, new) is new
    else:
        with pytest.raises(PhaseError, match=f"{old} -> {new}"):
            move("room", old, new)


@pytest.mark.parametrize(
    ("run_open", "hosted", "present", "host_present", "expected"),
    [
        (False, True, 0, False, Phase.IDLE),
        (False, True, 3, False, Phase.LOBBY),
        (False, True, 1, True, Phase.LIVE),
        (False, False, 1, False, Phase.LIVE),  # a buddy meeting (S6)
        (False, False, 0, False, Phase.IDLE),
        (True, True, 0, False, Phase.LIVE),  # a run stays open when everyone is away
        (True, True, 2, False, Phase.LIVE),
    ],
)
def test_phase_that_fits(
    run_open: bool, hosted: bool, present: int, host_present: bool, expected: Phase
) -> None:
    fits = phase_now(run_open=run_open, hosted=hosted, present=present, host_present=host_present)
    assert fits is expected
