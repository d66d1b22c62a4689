"""One refusal of the builder: the smallest query that raises it."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """
    A reason for an `ArgumentError`; the error itself says what is wrong, why, and what to do instead.

    Attributes:
        name: what is refused.
        example: the smallest Python expression that raises it, by itself or when it is compiled.
        columns: the columns that it reads, in addition to the int64 `id`, each with its description; see `tql_grammar.schema.Column`; without any nothing is known of the columns.
        needs_source: whether it is compiled for a client without a dataset.
        engine: the version of the engine for which it is compiled; the newest one by default.
    """

    name: str
    example: str
    columns: tuple[tuple[str, str], ...] = ()
    needs_source: bool = False
    engine: str | None = None


def columns(**named: str) -> tuple[tuple[str, str], ...]:
    """Return columns by their names."""
    return tuple(named.items())
