"""libFuzzer over each parser in short form: always the same inputs, some tens of thousands of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

RUNS = 20_000


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_guided_by_coverage(target: str, tmp_path: Path) -> None:
    """The corpus grows, so the fuzzer does see the parser's branches."""
    command = [sys.executable, "-m", "tests.fuzz", target, f"--runs={RUNS}", f"--corpus={tmp_path}"]
    ran = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=100
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(list((tmp_path / target).iterdir())) > len(TARGETS[target].seeds)


@pytest.mark.parametrize("target", TARGETS)
def test_what_it_begins_with_is_well_formed(target: str) -> None:
    for seed in TARGETS[target].seeds:
        TARGETS[target].run(seed)
