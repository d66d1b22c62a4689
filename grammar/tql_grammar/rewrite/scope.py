"""The columns that an expression can see, and what is known of them."""

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
        json_values: the columns that a subquery takes out of JSON by a key.
        values: the type that the engine computes for a column of a sub-query; it tells how the column is sorted and grouped by, and nothing else.
        nullables: the computed columns that hold numbers or bools of which some may be missing.
    """

    columns: Mapping[str, Column | None] | None = None
    moved: bool = False
    ranked: frozenset[str] = frozenset()
    json_values: frozenset[str] = frozenset()
    values: Mapping[str, Column | None] = {}
    nullables: frozenset[str] = frozenset()

    def column(self, node: object) -> Column | None:
        """Return what is known of the column that *node* is, or None."""
        if self.columns is None or not isinstance(node, ast.Column) or node.table is not None:
            return None
        return self.columns.get(node.name)

    def value(self, node: object) -> Column | None:
        """Return the type of the value of the column that *node* is, computed or not, or None."""
        found = self.column(node)
        if found is not None or not isinstance(node, ast.Column) or node.table is not None:
            return found
        return self.values.get(node.name)


class Values(NamedTuple):
    """The columns that an expression sees, those that are computed too: what the type of its value is inferred from."""

    scope: Scope

    def column(self, node: object) -> Column | None:
        """Return what is known of the column that *node* is."""
        return self.scope.value(node)


UNKNOWN = Scope()
