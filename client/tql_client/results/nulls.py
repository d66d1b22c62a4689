"""Nulls of JSON in a column: the engine returns ``{}`` for them, at any depth."""

from __future__ import annotations

from itertools import chain, islice
from typing import Any


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
    kinds = set(map(type, values))
    if dict in kinds and {} in values:
        others = {type(value) for value in values if value not in ({}, None)}
        if others and dict not in others:
            return _cleaned([None if value == {} else value for value in values])
    kinds.discard(type(None))
    inside = _INSIDE.get(kinds.pop()) if len(kinds) == 1 else None
    return values if inside is None else inside(values)


def _objects(rows: list[Any]) -> list[Any]:
    """Return objects, each with the values of its keys cleaned."""
    columns: dict[str, list[Any]] = {}
    for key, value in chain.from_iterable(row.items() for row in rows if row):
        columns.setdefault(key, []).append(value)
    changed = {}
    for key, column in columns.items():
        cleaned = _cleaned(column)
        if cleaned is not column:
            changed[key] = iter(cleaned)
    if not changed:
        return rows
    return [
        row and {key: next(changed[key]) if key in changed else value for key, value in row.items()} for row in rows
    ]


def _lists(rows: list[Any]) -> list[Any]:
    """Return lists, whose elements together are the values of one key."""
    elements = list(chain.from_iterable(row for row in rows if row is not None))
    cleaned = _cleaned(elements)
    rest = iter(cleaned)
    return rows if cleaned is elements else [row if row is None else list(islice(rest, len(row))) for row in rows]


_INSIDE = {dict: _objects, list: _lists}
