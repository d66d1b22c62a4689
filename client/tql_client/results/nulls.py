"""Nulls of JSON in a column: the engine returns ``{}`` for them, at any depth."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def with_nulls(values: list[Any]) -> list[Any]:
    """
    Return values with None for each ``{}`` that is a null: other values of the same key, or of the same list, are no objects.

    A ``{}`` among objects, and a key with no other value, remain. Without any null the list itself is returned.
    """
    try:
        return _cleaned(values)
    except RecursionError:
        return values


def _cleaned(values: list[Any]) -> list[Any]:
    """Return the values of one key, at any depth."""
    found = _replaced(values)
    kinds = set(map(type, found)) - {type(None)}
    return _INSIDE[kinds.pop()](found) if len(kinds) == 1 and kinds <= _INSIDE.keys() else found


def _replaced(values: list[Any]) -> list[Any]:
    """Return the values with None for each ``{}`` among values that are no objects."""
    if {} not in values:
        return values
    kinds = {type(value) for value in values if value not in ({}, None)}
    return [None if value == {} else value for value in values] if kinds and dict not in kinds else values


def _objects(rows: list[Any]) -> list[Any]:
    """Return objects, each with the values of its keys cleaned."""
    changed = {
        key: iter(cleaned) for key, column in _by_key(rows).items() if (cleaned := _cleaned(column)) is not column
    }
    return [row and _with_values(row, changed) for row in rows] if changed else rows


def _by_key(rows: list[Any]) -> dict[str, list[Any]]:
    """Return the values of objects by their keys."""
    columns: dict[str, list[Any]] = {}
    for key, value in chain.from_iterable(row.items() for row in rows if row):
        columns.setdefault(key, []).append(value)
    return columns


def _with_values(row: dict[str, Any], changed: Mapping[str, Iterator[Any]]) -> dict[str, Any]:
    """Return an object with the next value of each changed key."""
    return {key: next(changed[key]) if key in changed else value for key, value in row.items()}


def _lists(rows: list[Any]) -> list[Any]:
    """Return lists, whose elements together are the values of one key."""
    elements = list(chain.from_iterable(row for row in rows if row is not None))
    cleaned = _cleaned(elements)
    rest = iter(cleaned)
    return rows if cleaned is elements else [row if row is None else list(islice(rest, len(row))) for row in rows]


_INSIDE: dict[object, Callable[[list[Any]], list[Any]]] = {dict: _objects, list: _lists}
