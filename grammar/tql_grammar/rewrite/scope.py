"""Scope of an expression: the columns that it sees, and their known types."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.schema import NOT_NUMERIC, UNKNOWN_TYPE
from tql_grammar.typing.inference import SCORE, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.ast import Expression
    from tql_grammar.schema import Column, Schema


class Scope(NamedTuple):
    """
    The columns that the expressions of one SELECT see.

    Attributes:
        columns: the type of each column by name, None for an unknown type; None if not even the names are known.
        is_derived: whether the source is a subquery or a join, for whose rows the engine's indexes have wrong row numbers.
        index_ordered: the computed columns that the engine may sort by an index.
        json_values: the columns that are JSON values selected by a subquery.
        values: the types of inferred columns and of computed columns of a subquery, which are used for sort and group keys only.
        nullables: the computed columns that are nullable numbers or bools.
        present: the values of JSON that no row lacks.
        lengths: the lengths that conditions require of vectors, by the names of their columns.
        is_whole: whether the rows of the subquery are all those of a dataset, in its order, so that indexes have their numbers.
        unmatched: the texts and JSON of an outer join that are missing where nothing matches.
        lacking: such columns of a subquery: the engine reads a missing one as an empty one.
        absent: the columns of unknown types of a join that are missing where it has no match.
        lost: such columns of a subquery.
        unindexed: the names of computed and renamed outputs, for which the engine uses no index.
    """

    columns: Mapping[str, Column | None] | None = None
    is_derived: bool = False
    index_ordered: frozenset[str] = frozenset()
    json_values: frozenset[str] = frozenset()
    values: Mapping[str, Column | None] = {}
    nullables: frozenset[str] = frozenset()
    present: frozenset[Expression] = frozenset()
    lengths: Mapping[str, int] = {}
    is_whole: bool = False
    unmatched: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    unindexed: frozenset[str] = frozenset()

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

    def typed_column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names, known or inferred, or None if it is unknown or computed."""
        found = self.value(node)
        return found if found is not None and (found.inferred or self.column(node) is not None) else None

    def is_score(self, node: ast.Node) -> bool:
        """Tell whether a node is a score of vectors or words that is a float32, or a column of a subquery that is one."""
        return numbers(node, Values(self)) == SCORE

    @property
    def possibly_null(self) -> frozenset[str]:
        """The nullable computed columns, and the numbers and bools of which it is unknown whether they are nullable."""
        inferred = (name for name, column in self.values.items() if column is not None and _is_possibly_null(column))
        return self.nullables.union(inferred)


def _is_possibly_null(column: Column) -> bool:
    """Tell whether a column may be a nullable number or bool."""
    return column.inferred and column.is_single and column.dtype not in NOT_NUMERIC


class Values(NamedTuple):
    """The columns that an expression sees, including computed and inferred ones, for type inference."""

    scope: Scope

    def column(self, node: object) -> Column | None:
        """Return the type of the column that *node* names; None for an inferred one whose values do not determine it."""
        found = self.scope.value(node)
        return None if found is None or found.dtype == UNKNOWN_TYPE else found


def of_schema(schema: Schema) -> Scope:
    """
    Return the columns of a dataset.

    Whether an inferred column is nullable or indexed is unknown, so its expressions are those of a column of unknown type. Its type is used for keys and checks only:
    a number may be null there, and a text may be sorted by an index.
    """
    inferred = {name: column for name, column in schema.columns if column.inferred}
    if not inferred:
        return Scope(schema.as_dict())
    columns = {name: None if name in inferred else column for name, column in schema.columns}
    index_ordered = frozenset(name for name, column in inferred.items() if column.is_text)
    return Scope(columns, index_ordered=index_ordered, values=inferred)


UNKNOWN = Scope()
