"""Values as messages show them."""

from __future__ import annotations


def shown(value: object, limit: int = 60) -> str:
    """Return a repr of *value* for a message, cut to *limit* characters, with its type where the repr does not tell."""
    text = repr(value)
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return text if type(value) in {str, int, float, bool, type(None)} else f"{text} ({type(value).__name__})"
