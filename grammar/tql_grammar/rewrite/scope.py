"""Know which columns an expression can see, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.schema import Column


class Scope(NamedTuple):
    """
    The columns that the expressions of one SELECT see.

    Attributes:
        columns: what is known of each column, None for one of unknown type; None where not even the names are known.
        moved: whether the rows are not those of a dataset any more, as over a sub-query: there the engine's indexes point to wrong rows.
        ranked: the computed columns whose order the engine may take from an index.
        nullables: the computed columns that hold numbers or bools of which some may be missing.
    """

    columns: Mapping[str, Column | None] | None = None
    moved: bool = False
    ranked: frozenset[str] = frozenset()
    nullables: frozenset[str] = frozenset()

    def column(self, node: object) -> Column | None:
        """Return what is known of the column that *node* is, or None."""
        if self.columns is None or not isinstance(node, ast.Column) or node.table is not None:
            return None
        return self.columns.get(node.name)


UNKNOWN = Scope()
