"""Figures of a benchmark: how they are printed, kept, and compared with the last kept run."""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "history.jsonl"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure: so many ``runs`` (the median counts) of so many ``seconds``.

    ``short`` is for the tests of the benchmarks: everything is done, with small numbers, and means little.
    """

    runs: int
    seconds: float
    short: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``how`` says what was done, so that the figure can be judged alone."""

    metric: str
    value: float
    unit: str
    runs: list[float]
    how: str


def figure(metric: str, unit: str, runs: list[float], how: str) -> Figure:
    """The median of the runs is the value."""
    rounded = [_round(run) for run in runs]
    return Figure(metric, _round(statistics.median(runs)), unit, rounded, how)


def emit(result: Figure, history: Path = RESULTS) -> None:
    """Prints the figure as JSON (stdout) and the change since the last kept run (stderr); keeps it."""
    print(json.dumps(asdict(result), ensure_ascii=False), flush=True)
    before = last(result.metric, history)
    if before:
        change = 100 * (result.value / before - 1)
        print(
            f"  {result.metric}: {before} → {result.value} {result.unit} ({change:+.0f} %)", file=sys.stderr
        )
    history.parent.mkdir(exist_ok=True)
    with history.open("a") as file:
        file.write(json.dumps({"at": time.time(), **asdict(result)}) + "\n")


def last(metric: str, history: Path = RESULTS) -> float | None:
    """The value kept last for this metric."""
    if not history.exists():
        return None
    rows = (json.loads(line) for line in history.read_text().splitlines())
    values = [float(row["value"]) for row in rows if row["metric"] == metric]
    return values[-1] if values else None


def _round(value: float) -> float:
    """Three significant digits are more than a shared machine repeats."""
    return float(f"{value:.3g}")
