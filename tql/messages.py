"""Representation of values in error messages."""

from __future__ import annotations


def shown(value: object, limit: int = 60) -> str:
    """Return the repr of *value*, truncated to *limit* characters, followed by its type unless it is a str, a number, a bool or None."""
    text = repr(value)
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return text if type(value) in {str, int, float, bool, type(None)} else f"{text} ({type(value).__name__})"
