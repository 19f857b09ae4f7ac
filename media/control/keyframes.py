"""When to ask a publisher for a key frame: many subscribers' requests become few (RFC 4585, RFC 5104)."""

from __future__ import annotations

INTERVAL = 0.5  # seconds between two requests for one stream
PATIENT_INTERVAL = (
    2.0  # the same once nothing has come for a while: the camera may be covered or the tab asleep
)
IMPATIENT_TRIES = 10


class KeyFrameArbiter:
    """Of one incoming stream. A wish stays until a key frame has come; asking is limited, wishing is not."""

    __slots__ = ("_asked", "_tries", "wanted")

    def __init__(self) -> None:
        self.wanted = False
        self._asked = float("-inf")
        self._tries = 0

    def request(self, now: float) -> bool:
        """Somebody needs a key frame. Returns whether to ask the publisher at once; else `due` says when."""
        self.wanted = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Whether to ask (again) now; to be called regularly while `wanted`."""
        interval = INTERVAL if self._tries < IMPATIENT_TRIES else PATIENT_INTERVAL
        if not self.wanted or now - self._asked < interval:
            return False
        self._asked = now
        self._tries += 1
        return True

    def received(self) -> None:
        """A key frame has begun."""
        self.wanted = False
        self._tries = 0
