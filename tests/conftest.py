"""What holds for every test: how long hypothesis looks for counter-examples.

``quick`` always tries the same ones, so that a run says the same as the last; `make fuzz` takes ``long``,
which tries new ones each time. No deadlines: the time that something takes is for `make bench`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("quick", max_examples=100, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "long", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("quick")
