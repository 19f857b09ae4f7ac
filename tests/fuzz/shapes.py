"""What the fuzzers are fed with: JSON of any shape, and well-formed things with a few faults."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["", "\0", "\ud800", "a" * 5000, "../..", -1, 0, 2**31, 2**32, 2**64, 10**40, 1e308])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside ``value``, itself included."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


@st.composite
def nearly(draw: st.DrawFn, value: Any) -> Any:
    """``value`` with up to three of its parts replaced, taken away or added."""
    changed = copy.deepcopy(value)
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(places(changed))))
        if not path:
            continue
        inside = changed
        for key in path[:-1]:
            inside = inside[key]
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "replace":
            inside[path[-1]] = draw(JSON)
        elif what == "remove":
            del inside[path[-1]]
        elif isinstance(inside, dict):
            inside[draw(st.text(max_size=8))] = draw(JSON)
        else:
            inside.append(draw(JSON))
    return changed


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of ``originals`` with bytes changed, cut off, put in or repeated."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        what = draw(st.sampled_from(["set", "cut", "insert", "repeat"]))
        if what == "set" and data:
            data[at] = draw(st.integers(0, 255))
        elif what == "cut":
            del data[at:]
        elif what == "insert":
            data[at:at] = draw(st.binary(max_size=8))
        else:
            data += data[at : at + 40]
    return bytes(data)
