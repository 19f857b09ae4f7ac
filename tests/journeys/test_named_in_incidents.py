"""media/docs/incidents.md is true: every test, file and figure that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "media" / "docs" / "incidents.md").read_text()
NAMED = sorted(set(re.findall(r"`((?:media|tests|deploy)/[\w./-]+\.\w+)(?::(\w+))?`", TEXT)))
FIGURES = sorted(set(re.findall(r"`(sfu\.\w+)`", TEXT)))


@pytest.mark.parametrize(("file", "test"), NAMED, ids=str)
def test_what_holds_an_incident_exists(file: str, test: str) -> None:
    source = (ROOT / file).read_text()
    if test:
        assert re.search(rf"^(?:async )?def {test}\(", source, re.MULTILINE), f"{test} is not in {file}"


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_measured(figure: str) -> None:
    assert f'"{figure}"' in (ROOT / "tests" / "load" / "test_short.py").read_text()


def test_something_is_named() -> None:
    assert len(NAMED) > 50
    assert len(FIGURES) > 5
