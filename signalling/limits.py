"""How much one connection may ask for: token buckets for everything together and for costly actions apart."""

from __future__ import annotations

from dataclasses import dataclass

from signalling import messages
from signalling.messages import Request


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` at once, then ``per_second`` on average."""

    per_second: float
    burst: int


ALL_REQUESTS = Rate(per_second=50, burst=300)  # a browser that joins a large room needs hundreds
RATES: dict[str, Rate] = {
    messages.ChatSend.name: Rate(per_second=5, burst=20),
    messages.ChatHistory.name: Rate(per_second=2, burst=10),
    messages.ReactionSend.name: Rate(per_second=5, burst=20),
    messages.HandRaise.name: Rate(per_second=1, burst=10),
    messages.RoomSync.name: Rate(per_second=0.5, burst=10),
    messages.MediaCreateTransport.name: Rate(per_second=1, burst=12),
    messages.MediaProduce.name: Rate(per_second=2, burst=20),
    messages.MediaStats.name: Rate(per_second=2, burst=10),
}
# A browser that ignores a refusal for this long is no longer a person in a hurry.
REFUSALS = Rate(per_second=5, burst=100)


class TokenBucket:
    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Whether one more fits. ``now`` in seconds; a clock that was set back gains nothing."""
        gained = max(0.0, now - self._filled_at) * self._rate.per_second
        self._tokens = min(self._rate.burst, self._tokens + gained)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Limits:
    """The buckets of one connection."""

    def __init__(self, now: float) -> None:
        self._all = TokenBucket(ALL_REQUESTS, now)
        self._by_name = {name: TokenBucket(rate, now) for name, rate in RATES.items()}
        self._refusals = TokenBucket(REFUSALS, now)

    def admit(self, request: type[Request] | None, now: float) -> bool:
        """Whether this request may be handled; None stands for one that does not exist."""
        if not self._all.take(now):
            return False
        bucket = self._by_name.get(request.name) if request else None
        return bucket is None or bucket.take(now)

    def flooding(self, now: float) -> bool:
        """To be called on each refusal by `admit`: whether there have been so many that the connection
        should end.
        """
        return not self._refusals.take(now)
