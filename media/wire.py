"""Dataclasses to plain JSON values and back, strictly: what a class does not declare is refused, by its path.

The types are those that `media.protocol` uses: str, int, float, bool, Any, Literal, `T | None`, list[T],
dict[str, T] and nested dataclasses. None stands for an absent field and is left out on the wire.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any, str], Any]


class WireError(ValueError):
    """The value does not fit the class; the text begins with the path of the field."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'message'}: {problem}")
        self.path = path


def to_wire(value: Any) -> Any:
    """Plain dicts and lists of the same content, fields that are None left out."""
    if dataclasses.is_dataclass(value):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: to_wire(item) for name, item in fields if item is not None}
    if isinstance(value, list):
        return [to_wire(item) for item in value]
    if isinstance(value, dict):
        return {key: to_wire(item) for key, item in value.items()}
    return value


def from_wire(cls: type[T], data: Any, path: str = "") -> T:
    """An instance of the dataclass from plain values; raises WireError."""
    tp: Any = cls
    instance: T = _reader(tp)(data, path)
    return instance


@functools.cache
def _reader(tp: Any) -> Reader:
    if tp is Any:
        return lambda value, path: value
    if tp in _SCALARS:
        return _SCALARS[tp]
    if dataclasses.is_dataclass(tp):
        return _dataclass_reader(tp)
    origin, args = get_origin(tp), get_args(tp)
    if origin is Literal:
        return _literal_reader(args)
    if origin in (Union, types.UnionType):
        return _optional_reader(args)
    if origin is list:
        return _list_reader(_reader(args[0]))
    if origin is dict:
        return _dict_reader(_reader(args[1]))
    raise TypeError(f"{tp!r} cannot be read from the wire")


def _read_str(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise WireError(path, "expected a string")
    return value


def _read_int(value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WireError(path, "expected an integer")
    return value


def _read_float(value: Any, path: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise WireError(path, "expected a number")
    return float(value)


def _read_bool(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise WireError(path, "expected true or false")
    return value


_SCALARS: dict[Any, Reader] = {str: _read_str, int: _read_int, float: _read_float, bool: _read_bool}


def _literal_reader(allowed: tuple[Any, ...]) -> Reader:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise WireError(path, "expected " + " or ".join(repr(item) for item in allowed))
        return value

    return read


def _optional_reader(args: tuple[Any, ...]) -> Reader:
    inner = [arg for arg in args if arg is not types.NoneType]
    if len(inner) != 1 or len(args) != 2:
        raise TypeError(f"a union of {args!r} cannot be read from the wire")
    reader = _reader(inner[0])
    return lambda value, path: None if value is None else reader(value, path)


def _list_reader(item_reader: Reader) -> Reader:
    def read(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise WireError(path, "expected a list")
        return [item_reader(item, f"{path}[{index}]") for index, item in enumerate(value)]

    return read


def _dict_reader(item_reader: Reader) -> Reader:
    def read(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WireError(path, "expected an object")
        return {key: item_reader(item, _join(path, key)) for key, item in value.items()}

    return read


def _dataclass_reader(cls: Any) -> Reader:
    # Readers are made on first use: resolving the hints needs the whole module to be loaded.
    hints = get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    required = [name for name, field in fields.items() if _has_no_default(field)]
    readers = {name: _reader(hints[name]) for name in fields}

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise WireError(path, "expected an object")
        for name in value:
            if name not in readers:
                raise WireError(_join(path, name), f"unknown field of {cls.__name__}")
        for name in required:
            if name not in value:
                raise WireError(_join(path, name), "missing")
        return cls(**{name: readers[name](item, _join(path, name)) for name, item in value.items()})

    return read


def _has_no_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
