"""The columns of a left or right join, and its rows without a match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tql.plan.helpers import helper
from tql_grammar import ast
from tql_grammar.rewrite.logic import conjunction

if TYPE_CHECKING:
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

# The column of a left or right join with the row number of the joined source, 0 for unmatched rows.
MATCH = "match"


def may_be_empty(column: Column) -> bool:
    """Return whether the engine treats the empty text or JSON of a column that is not nullable as null."""
    return not column.nullable and (column.is_text or column.dtype == "json")


def is_known_to_be_empty(column: Column | None) -> bool:
    """Return whether a column is known, and the engine treats its empty text or JSON as null."""
    return column is not None and may_be_empty(column)


def is_unknown(column: Column | None, value: Column | None) -> bool:
    """Return whether neither the type of a column nor the one of its values is known."""
    return column is None and value is None


def in_join(column: Column | None, *, nullable: bool) -> Column | None:
    """Return a column of a join; texts and JSON stay without nulls, since the engine treats empty ones as null, and `MATCH` identifies unmatched rows."""
    if column is None:
        return None
    column = column.replace(indexes=())
    if not nullable or may_be_empty(column):
        return column
    return column.replace(nullable=True, **({"kind": "", "classes": ()} if column.is_label else {}))


def matched(scope: Scope, predicate: Expression) -> Scope:
    """Return the scope of the rows that meet a condition: where it requires a match, an array without a fixed length is not null, since no stored one is."""
    whole = conjunction([predicate])
    required = whole.operands if isinstance(whole, ast.And) else (whole,)
    if scope.columns is None or match("!=") not in required:
        return scope
    columns = {
        name: column.replace(nullable=False) if column is not None and None in column.shape else column
        for name, column in scope.columns.items()
    }
    return scope._replace(columns=columns)


def match(operator: Literal["=", "!="]) -> Expression:
    """Return the comparison of the number of the other source's row with 0."""
    return ast.Comparison(operator, ast.Column(helper(MATCH)), ast.Number(0))
