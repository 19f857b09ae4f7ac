"""The benchmarks in short form: they run, lose nothing, and print what they promise. No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.load import sfu, sfu_peers
from tests.load.contention import SEATS, Contest, contend
from tests.load.janus import JANUS
from tests.load.report import Effort, emit, figure, last
from tests.load.servers import KINDS, database
from tests.support import postgres

pytestmark = pytest.mark.slow


@pytest.mark.timeout(400)
async def test_the_sfu_part_gives_every_figure() -> None:
    figures = [each async for each in sfu.measure(Effort(runs=1, seconds=1.0, short=True))]
    values = {each.metric: each.value for each in figures}
    assert list(values) == [
        "sfu.delivery_us",
        "sfu.delay_p50_ms",
        "sfu.delay_p99_ms",
        "sfu.rss_mb_per_peer_1to20",
        "sfu.delivery_us_cm",
        "sfu.delivery_us_1to1",
        "sfu.delivery_us_1to40",
        "sfu.delivery_us_python",
        "sfu.mesh16_delay_p99_ms",
        "sfu.mesh16_delivery_us",
        "sfu.rss_mb_per_peer",
        "sfu.mesh_limit",
        "sfu.generator_pps",
        "sfu.setup_ms",
        "sfu.join_storm_gap_ms",
        "sfu.join_storm_failed",
        "sfu.keyframe_requests",
        "sfu.ice_restart_ms",
        "sfu.dead_peer_s",
        "sfu.churn_mb_per_1000",
        "sfu.churn_left",
        "sfu.loss5_delivered_pct",
        "sfu.loss5_delay_p99_ms",
        "sfu.rate_drop_s",
        "sfu.rate_recover_s",
        "sfu.rate_audio_gap_ms",
        "sfu.worker_kill_ms",
        "sfu.hostile_cpu_pct",
        "sfu.hostile_lost_pct",
        "sfu.hostile_sessions_affected",
        "sfu.hostile_bytes_answered_pct",
        "sfu.hostile_peer_p99_ms",
        "sfu.hostile_peer_lost_pct",
        "sfu.hostile_peer_mb",
        "sfu.hostile_peer_repair",
    ]
    assert all(each.how for each in figures)
    assert values["sfu.loss5_delivered_pct"] > 90  # repaired at all: unrepaired it would be 90
    assert 1 <= values["sfu.keyframe_requests"] <= 2  # of ten viewers, ten times a second each
    assert values["sfu.churn_left"] == values["sfu.join_storm_failed"] == 0
    assert values["sfu.hostile_sessions_affected"] == 0
    assert values["sfu.hostile_bytes_answered_pct"] < 100


@pytest.mark.skipif(JANUS is None, reason="Janus is not installed (apt-get install janus)")
async def test_janus_runs_beside_it_with_the_same_generator() -> None:
    figures = [each async for each in sfu_peers.measure(Effort(runs=1, seconds=1.0, short=True))]
    values = {each.metric: each.value for each in figures}
    assert {"sfu_peers.janus_us", "sfu_peers.ours_us", "sfu_peers.ratio"} <= values.keys()
    assert all(value > 0 for metric, value in values.items() if metric.endswith(("_us", "ratio")))
    assert "AES-128-GCM" in figures[0].how


@pytest.mark.timeout(400)
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
