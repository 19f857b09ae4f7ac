"""The benchmarks in short form: they run, lose nothing, and print what they promise. No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.load import sfu
from tests.load.contention import SEATS, Contest, contend
from tests.load.report import Effort, emit, figure, last
from tests.load.servers import KINDS, database
from tests.support import postgres

pytestmark = pytest.mark.slow


async def test_the_sfu_part_gives_every_figure() -> None:
    figures = [each async for each in sfu.measure(Effort(runs=1, seconds=1.0))]
    assert [each.metric for each in figures] == [
        "sfu.delivery_us",
        "sfu.forward_p50_ms",
        "sfu.forward_p99_ms",
        "sfu.delivery_1to1_us",
        "sfu.delivery_1to40_us",
        "sfu.setup_ms",
    ]
    assert all(each.value > 0 and len(each.runs) == 1 and each.how for each in figures)


@pytest.mark.parametrize("kind", KINDS)
async def test_no_seat_is_oversold_lost_or_doubled_when_a_server_is_killed(tmp_path: Path, kind: str) -> None:
    if kind == "postgresql" and postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    with database(kind, tmp_path) as url:
        found = await contend(url, tmp_path, Contest(tries=600, slots=10, people=80))
    assert (found.oversold, found.lost, found.doubled, found.out_of_order) == (0, 0, 0, 0)
    assert found.repeated > 0, "the kill hit requests that were under way"
    assert 0 < found.seated <= 10 * SEATS


def test_a_figure_is_a_line_of_json_and_is_compared_with_the_one_kept_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "kept" / "history.jsonl"
    emit(figure("sfu.x_us", "us", [3.0, 1.0, 2.0], "so"), history)
    first = capsys.readouterr()
    assert json.loads(first.out) == {
        "metric": "sfu.x_us",
        "value": 2.0,
        "unit": "us",
        "runs": [3.0, 1.0, 2.0],
        "how": "so",
    }
    assert first.err == ""
    emit(figure("sfu.x_us", "us", [3.0], "so"), history)
    assert "2.0 → 3.0 us (+50 %)" in capsys.readouterr().err
    assert last("sfu.x_us", history) == 3.0
    assert last("sfu.other", history) is None
