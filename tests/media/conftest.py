"""The packet path is there twice, compiled and in Python: what is tested of it holds for both."""

from __future__ import annotations

import pytest

from media import core
from tests.support import sfu


@pytest.fixture(params=["compiled", "python"])
def packet_path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For `pytest.mark.usefixtures`: each test once with the compiled loop and once without."""
    if request.param == "compiled" and core.library is None:
        pytest.skip("the compiled loop of media/core is not built")
    monkeypatch.setattr(sfu, "LOOP", core.library if request.param == "compiled" else None)
