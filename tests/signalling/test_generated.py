"""What is generated from messages.py is checked in, and not stale."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from signalling import generate, messages, typescript


@pytest.mark.parametrize("path", generate.outputs(), ids=lambda path: path.name)
def test_generated_file_is_up_to_date(path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    assert written == generate.outputs()[path], "stale: run `python -m signalling.generate`"


def test_absent_fields_are_optional_where_the_browser_sends_and_where_it_receives() -> None:
    text = typescript.render()
    assert "  handRaisedAt?: number;" in text  # never null on the way out
    assert "  limit?: number;" in text  # has a default on the way in
    assert "  message: string;\n  liftedBy: Role[];" in text  # has a default, but is always sent


def test_every_message_is_there() -> None:
    text = typescript.render()
    for cls in typescript.message_classes():
        name = typescript.name_of(cls)
        assert f"export interface {name} {{" in text or f"export type {name} = " in text
    for request in messages.REQUESTS:
        assert f"  '{request.name}': {{ request: " in text


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (list[str], "string[]"),
        (list[str | int], "(string | number)[]"),
        (dict[str, list[float]], "Record<string, number[]>"),
        (Literal["a", "b"], "'a' | 'b'"),
        (str | None, "string | null"),
    ],
)
def test_types(hint: object, expected: str) -> None:
    assert typescript.to_typescript(hint) == expected


def test_a_type_without_counterpart_is_an_error() -> None:
    with pytest.raises(TypeError, match="bytes"):
        typescript.to_typescript(bytes)
