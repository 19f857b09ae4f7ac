"""What `/metrics` tells beside the times of requests: figures gathered for one scrape, as metric families.

Pure but for the names of the library. server/docs/metrics.md has the table of all of them; a test holds the
two together. Every label has a bounded set of values: reasons, kinds, phases, workers, names of messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from media.protocol import Summary, WorkerMetrics
from server.mail.tables import MailState
from signalling.phases import Phase


@dataclass(frozen=True, slots=True)
class Figures:
    """``workers`` by their place ("0", "1" …), None for one that did not answer; ``asked`` and ``told`` by
    message, and for requests their outcome. Lags in seconds; a job is None until it was looked at.
    """

    workers: Mapping[str, WorkerMetrics | None]
    cpu: Mapping[str, float]
    rooms: Mapping[Phase, int]
    participants: int
    connections: int
    asked: Counter[tuple[str, str]]
    told: Counter[str]
    mails: Mapping[MailState, int]
    outbox_lag: float
    job_lag: Mapping[str, float]
    scheduler_age: float
    draining: bool
    problems: Counter[str] = field(default_factory=Counter)


class Gathered:
    """One scrape's figures, as prometheus_client wants to be asked for them."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        yield from _media(self._figures)
        yield from _hub(self._figures)
        yield from _background(self._figures)


_COUNTERS = {
    "packets_in": "Datagrams received.",
    "packets_out": "Datagrams sent.",
    "bytes_in": "Bytes received, in datagrams.",
    "payload_bytes_out": "Bytes of RTP payload sent to subscribers, without repair and padding.",
    "packets_resent": "Packets sent again because a subscriber missed them.",
    "packets_padding": "Packets of padding, sent to try out a path.",
    "rtcp_in": "RTCP compounds read.",
    "stun_requests": "STUN requests read.",
    "nacks_received": "NACKs from subscribers.",
    "nacks_sent": "NACKs to publishers.",
    "twcc_received": "Transport-wide feedback from subscribers.",
    "twcc_sent": "Transport-wide feedback to publishers.",
    "remb_received": "Estimates by REMB from subscribers.",
    "key_frame_requests": "Key frames asked for from publishers.",
}
_QUANTILES = ("p50", "0.5"), ("p90", "0.9"), ("p99", "0.99")


def _media(figures: Figures) -> Iterator[Metric]:
    up = GaugeMetricFamily("convene_media_worker_up", "1 for a worker that answered.", labels=["worker"])
    cpu = GaugeMetricFamily(
        "convene_media_worker_cpu", "Share of one core that a worker uses.", labels=["worker"]
    )
    opened = GaugeMetricFamily(
        "convene_media_open", "What is open in a worker, by kind.", labels=["worker", "kind"]
    )
    drops = CounterMetricFamily(
        "convene_media_drops", "Packets dropped, by reason.", labels=["worker", "reason"]
    )
    counters = {
        name: CounterMetricFamily(f"convene_media_{name}", text, labels=["worker"])
        for name, text in _COUNTERS.items()
    }
    rtt = _Quantiles("convene_media_rtt_seconds", "Round trip times to subscribers.", [])
    loss = _Quantiles("convene_media_loss_ratio", "Shares of packets lost lately.", ["direction"])
    estimate = _Quantiles("convene_media_estimate_bits", "Estimates of paths that met a limit.", [])
    for worker, metrics in figures.workers.items():
        up.add_metric([worker], metrics is not None)
        if metrics is None:
            continue
        cpu.add_metric([worker], figures.cpu.get(worker, 0.0))
        for kind, count in metrics.open.items():
            opened.add_metric([worker, kind], count)
        for reason, count in metrics.drops.items():
            drops.add_metric([worker, reason], count)
        for name, family in counters.items():
            family.add_metric([worker], metrics.counters.get(name, 0.0))
        rtt.add([worker], metrics.rtt)
        loss.add([worker, "down"], metrics.loss_down)
        loss.add([worker, "up"], metrics.loss_up)
        estimate.add([worker], metrics.estimates)
    yield from (up, cpu, opened, drops, *counters.values())
    for quantiles in (rtt, loss, estimate):
        yield from quantiles.families


class _Quantiles:
    """A family of quantiles, and one of how many values they are of."""

    def __init__(self, name: str, text: str, labels: list[str]) -> None:
        labels = ["worker", *labels]
        self._values = GaugeMetricFamily(name, text, labels=[*labels, "quantile"])
        self._counts = GaugeMetricFamily(f"{name}_of", f"How many there are: {text}", labels=labels)
        self.families = (self._values, self._counts)

    def add(self, labels: list[str], summary: Summary) -> None:
        self._counts.add_metric(labels, summary.count)
        if summary.count:
            for name, quantile in _QUANTILES:
                self._values.add_metric([*labels, quantile], getattr(summary, name))


def _hub(figures: Figures) -> Iterator[Metric]:
    rooms = GaugeMetricFamily("convene_rooms", "Rooms with people in them, by phase.", labels=["phase"])
    for phase in Phase:
        rooms.add_metric([phase], figures.rooms.get(phase, 0))
    yield rooms
    yield GaugeMetricFamily(
        "convene_room_participants", "People in rooms, those who reconnect included.", figures.participants
    )
    yield GaugeMetricFamily("convene_hub_connections", "Sockets that are open.", figures.connections)
    yield GaugeMetricFamily("convene_draining", "1 while the server drains.", float(figures.draining))
    asked = CounterMetricFamily(
        "convene_hub_requests", "Requests of browsers, by name and outcome.", labels=["name", "outcome"]
    )
    for (name, outcome), count in sorted(figures.asked.items()):
        asked.add_metric([name, outcome], count)
    told = CounterMetricFamily("convene_hub_messages", "Messages to browsers, by type.", labels=["type"])
    for name, count in sorted(figures.told.items()):
        told.add_metric([name], count)
    yield from (asked, told)


def _background(figures: Figures) -> Iterator[Metric]:
    mails = GaugeMetricFamily("convene_mails", "Mails of the outbox, by state.", labels=["state"])
    for state in MailState:
        mails.add_metric([state], figures.mails.get(state, 0))
    yield mails
    yield GaugeMetricFamily(
        "convene_outbox_lag_seconds", "How long the oldest mail that is due has waited.", figures.outbox_lag
    )
    lag = GaugeMetricFamily(
        "convene_job_lag_seconds",
        "How late the oldest thing was for which a job was due when last looked.",
        labels=["job"],
    )
    for job, seconds in figures.job_lag.items():
        lag.add_metric([job], seconds)
    yield lag
    yield GaugeMetricFamily(
        "convene_scheduler_age_seconds", "Seconds since the scheduler last looked.", figures.scheduler_age
    )
    problems = CounterMetricFamily(
        "convene_metrics_problems", "Parts of a scrape that failed.", labels=["part"]
    )
    for part, count in sorted(figures.problems.items()):
        problems.add_metric([part], count)
    yield problems
