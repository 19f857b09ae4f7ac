"""One subscriber's path: what was sent on it, what came of that, and what it is taken to carry."""

from __future__ import annotations

from collections.abc import Sequence

from media.control.bandwidth import BandwidthEstimator
from media.control.losses import Packet
from media.control.probing import Prober
from media.control.sent import SentPackets
from media.rtp.twcc import TICKS_PER_REFERENCE, TICKS_PER_SECOND

LAP = TICKS_PER_REFERENCE << 24
OLDEST = 5.0  # seconds; what is older in the memory is of another round of the numbers


class Path:
    """``sent`` is written by whoever sends a packet."""

    __slots__ = ("_estimator", "_prober", "_tick", "sent")

    def __init__(self) -> None:
        self._tick = 0  # of the arrival last told of, laps counted
        self.sent = SentPackets()
        self._estimator = BandwidthEstimator()
        self._prober = Prober()

    @property
    def estimate(self) -> float:
        """Bits/s; infinite where no limit has been met."""
        return self._estimator.estimate

    @property
    def loss(self) -> float:
        """Share of packets that were lost in the last second."""
        return self._estimator.loss

    def feedback(self, reports: Sequence[tuple[int, int | None]], now: float) -> None:
        """``(number, arrival in ticks or None)`` as `media.rtp.twcc.parse` gives them."""
        packets: list[Packet] = []
        for number, tick in reports:
            stamp = self.sent[number]
            if stamp is None or now - stamp[0] > OLDEST:
                continue
            if tick is None:
                packets.append(Packet(stamp[0], None, stamp[1]))
                continue
            self.sent.forget(number)
            # The reference time has 24 bits, of any epoch: it may wrap at any moment.
            self._tick += (tick - self._tick + LAP // 2) % LAP - LAP // 2
            arrived = self._tick / TICKS_PER_SECOND
            packets.append(Packet(stamp[0], arrived, stamp[1]))
            self._prober.told(stamp[0], arrived, stamp[1])
        if not packets:
            return
        before = self._estimator.estimate
        self._estimator.feedback(packets, now)
        if self._estimator.estimate < before:
            self._prober.postpone(now)
        elif found := self._prober.result(now):
            self._estimator.probed(found)

    def told(self, rate: float) -> None:
        """The subscriber's own estimate in bits/s (REMB)."""
        self._estimator.told(rate)

    def padding(self, wanted: float, now: float) -> int:
        """Bytes of padding to send now, where ``wanted`` bits/s could be used if the path carried them."""
        return self._prober.due(self._estimator.estimate, wanted, self.sent.rate, now)

    def is_probed(self, now: float) -> bool:
        """Whether `padding` is to be asked for again in 20 ms."""
        return self._prober.is_under_way(now)

    def padded(self, size: int) -> None:
        self._prober.sent(size)
