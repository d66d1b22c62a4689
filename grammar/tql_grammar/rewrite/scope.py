"""Scope of an expression: the columns that it sees, and their known types."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.schema import Column


class Scope(NamedTuple):
    """
    The columns that the expressions of one SELECT see.

    Attributes:
        columns: the type of each column by name, None for an unknown type; None if not even the names are known.
        moved: whether the source is a subquery or a join, for whose rows the engine's indexes have wrong row numbers.
        ranked: the computed columns that the engine may sort by an index.
        json_values: the columns that are JSON values selected by a subquery.
        values: the types of computed columns of a subquery, which are used for sort and group keys only.
        nullables: the computed columns that are nullable numbers or bools.
        present: the values of JSON that no row lacks.
    """

    columns: Mapping[str, Column | None] | None = None
    moved: bool = False
    ranked: frozenset[str] = frozenset()
    json_values: frozenset[str] = frozenset()
    values: Mapping[str, Column | None] = {}
    nullables: frozenset[str] = frozenset()
    present: frozenset[Expression] = frozenset()

    def column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names, or None if it is unknown or *node* is no column."""
        if self.columns is None or not isinstance(node, ast.Column) or node.table is not None:
            return None
        return self.columns.get(node.name)

    def value(self, node: object) -> Column | None:
        """Return the type of the column that *node* names, computed or not, or None if it is unknown."""
        found = self.column(node)
        if found is not None or not isinstance(node, ast.Column) or node.table is not None:
            return found
        return self.values.get(node.name)


class Values(NamedTuple):
    """The columns that an expression sees, including computed ones, for type inference."""

    scope: Scope

    def column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names."""
        return self.scope.value(node)


UNKNOWN = Scope()
