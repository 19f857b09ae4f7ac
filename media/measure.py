"""A worker in numbers, for metrics: what was dropped and why, what passed, what is open, how its paths fare.

Looks at everything once; asked about every fifteen seconds, it costs about a microsecond per consumer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from media.consumer import Consumer
from media.control.layers import NOTHING
from media.outgoing import DEFAULT_RTT
from media.protocol import Summary, WorkerMetrics

if TYPE_CHECKING:
    from media.context import MediaContext


def measure(context: MediaContext) -> WorkerMetrics:
    transports = list(context.transports.values())
    consumers = [consumer for transport in transports for consumer in transport.consumers.values()]
    producers = [producer for transport in transports for producer in transport.producers.values()]
    paths = [transport.path for transport in transports if transport.path is not None]
    counters = context.stats.snapshot()
    counters["payload_bytes_out"] = float(
        context.stats.bytes_of_closed + sum(consumer.octets for consumer in consumers)
    )
    return WorkerMetrics(
        drops=context.stats.every_drop(),
        counters=counters,
        open={
            "rooms": len(context.rooms),
            "peers": sum(len(room.peers) for room in context.rooms.values()),
            "transports": len(transports),
            "producers": len(producers),
            "consumers": len(consumers),
        },
        rtt=summary(consumer.rtt for consumer in consumers if consumer.rtt != DEFAULT_RTT),
        loss_down=summary(path.loss for path in paths),
        loss_up=summary(
            stream.reception.loss
            for producer in producers
            for stream in producer.streams
            if stream.reception is not None
        ),
        estimates=summary(path.estimate for path in paths if path.estimate < math.inf),
    )


def idle_reason(consumer: Consumer) -> str | None:
    """Why nothing is sent to this subscriber, the first that applies; None where something is."""
    reasons = (
        ("path", not consumer.transport.writable),  # not connected, or no consent
        ("subscriber", consumer.paused),  # not taken up yet, or paused by who receives it
        ("publisher", consumer.producer.paused),
        ("hidden", not consumer.wish.visible),  # the page does not show it
        ("bandwidth", consumer.target == NOTHING),
        ("starting", consumer not in consumer.stream.active),  # waits for a key frame
    )
    return next((reason for reason, applies in reasons if applies), None)


def summary(values: Iterable[float]) -> Summary:
    """Quantiles by nearest rank: each is a value that occurs."""
    ordered = sorted(values)
    if not ordered:
        return Summary()
    p50, p90, p99 = (ordered[max(0, math.ceil(part * len(ordered)) - 1)] for part in (0.5, 0.9, 0.99))
    return Summary(len(ordered), p50, p90, p99)
