"""Representation of values in error messages."""

from __future__ import annotations


def shown(value: object, limit: int = 60) -> str:
    """Return the repr of *value*, truncated to *limit* characters, followed by its type unless it is a str, a number, a bool or None."""
    text = repr(value)
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return text if type(value) in {str, int, float, bool, type(None)} else f"{text} ({type(value).__name__})"


def column_hint(subject: str, value: object) -> str | None:
    """Return the hint for a value in place of a column, or None."""
    if isinstance(value, (list, tuple)) and value and all(isinstance(part, str) for part in value):
        return f"pass each name as an argument: {subject}({', '.join(map(repr, value[:3]))}{', ..' if len(value) > 3 else ''})"  # noqa: PLR2004 - enough for an example
    if isinstance(value, (list, tuple)) or hasattr(value, "__array__"):
        return 'the column comes before the vector: ("embedding", vector)'
    return None if value is None else 'a value is written as TQL: raw("1")' if isinstance(value, (int, float)) else None


def condition_hint(value: object) -> str | None:
    """Return the hint for a value in place of a condition, or None."""
    if isinstance(value, dict) and value:
        name, first = next(iter(value.items()))
        return f"compare each column: col({name!r}) == {first!r}"
    if isinstance(value, (list, tuple)):
        return "pass each condition as an argument, where(*conditions), or join them: all_of(conditions)"
    if callable(value) and hasattr(getattr(value, "__self__", None), "node"):
        return f"call it: .{getattr(value, '__name__', 'method')}()"
    return None
