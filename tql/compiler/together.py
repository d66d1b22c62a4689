"""
Numbers that are computed from several nullable columns of one type.

The engine reads a null on the right of an operator as another number. So a subquery has one more column, which is null where one of them is;
`tql.compiler.legalize.cases` makes it, and the number is computed without nulls and is null where that column is: ``zv1 * 0 + (prod(a) + prod(b))``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.expressions.aggregates import is_aggregate
from tql.plan.helpers import helper
from tql.plan.names import read_names
from tql.plan.nodes import Filter, Join, Plan, Project, Sample
from tql.plan.schema import schema
from tql.plan.tree import operations, own_nodes
from tql_grammar import ast
from tql_grammar.functions import COUNTING, FLAT, OF_ONE_ROW
from tql_grammar.rewrite.nullable import FirstNull, NullWith, missing
from tql_grammar.walk import keeping, substitute, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Column

N = TypeVar("N", bound=ast.Node)
# Functions that depend on the order of the rows, or on an index.
IN_ORDER = COUNTING | FLAT | OF_ONE_ROW
# The kinds of expressions that compute numbers; conditions test for null themselves.
VALUES = (ast.Aliased, ast.Chain, ast.Function, ast.Negate, ast.Order)


class Together:
    """Collects the sets of nullable columns that numbers are computed from, each with the column of the subquery that is null where one of them is."""

    def __init__(self, scope: Scope) -> None:
        """Start without any."""
        self.scope = scope
        self.columns: dict[tuple[ast.Column, ...], str] = {}

    @keeping
    def read(self, node: N) -> N:
        """Return an expression that reads the columns of the subquery."""
        return substitute(node, self._part)

    def _part(self, part: Record) -> Record | None:
        """Return the replacement of a part, or None to look inside of it."""
        if not isinstance(part, VALUES):
            return part
        columns = missing(part, self.scope)
        if isinstance(part, (ast.Aliased, ast.Order)) or is_aggregate(part) or len(columns) < 2:  # noqa: PLR2004 - two together
            return None
        types = {None if (column := self.scope.column(name)) is None else column.dtype for name in columns}
        if len(types) > 1 or None in types:
            return part
        name = self.columns.setdefault(columns, helper(f"v{len(self.columns) + 1}"))
        return NullWith(ast.Column(name), part)

    def over(self, rows: Plan, columns: Iterable[str]) -> Plan:
        """Return the rows with the columns, and those of their own that are named."""
        own = map(ast.Column, columns)
        return Project(rows, (*own, *(ast.Aliased(FirstNull(columns), name) for columns, name in self.columns.items())))


def computed_apart(rows: Plan, nodes: Sequence[N], others: Iterable[ast.Node] = ()) -> tuple[Plan, tuple[N, ...]]:
    """
    Return rows with a column for each set of nullable columns that *nodes* compute a number from, and the nodes that read those columns.

    Args:
        rows: the rows of the source.
        nodes: expressions over them.
        others: more expressions that read columns of the source.
    """
    found = Together(schema(rows))
    own = found.scope.columns
    read = tuple(nodes) if own is None else tuple(map(found.read, nodes))
    if own is None or not found.columns or not all(map(_may_move, nodes)) or not _may_be_repeated(rows):
        return rows, tuple(nodes)
    columns = [label for label in own if label in _names((*read, *others), own)]
    if any(_is_label(own[label]) for label in columns):
        return rows, tuple(nodes)
    return found.over(rows, columns), read


def _is_label(column: Column | None) -> bool:
    """Return whether a column has class labels."""
    return column is not None and column.is_label


def _names(nodes: Iterable[ast.Node], own: Iterable[str]) -> set[str]:
    """Return the names that expressions read, all of them for ``*``."""
    nodes = tuple(nodes)
    if ast.Star() in nodes:
        return set(own)
    return {label for node in nodes for label, _ in read_names(node)}


def _may_move(node: Record) -> bool:
    """Return whether an expression is the same over rows in another order, in a subquery: it neither counts rows nor ranks them by an index."""
    functions = {part.name.lower() for part in walk(node) if isinstance(part, ast.Function)}
    return functions.isdisjoint(IN_ORDER)


def _may_be_repeated(rows: Plan) -> bool:
    """Return whether reading rows twice returns the same rows, from one source."""
    source = rows.child if isinstance(rows, Filter) else rows
    return not isinstance(source, Join) and not any(_is_random(part) for part in operations(rows))


def _is_random(part: Plan) -> bool:
    """Return whether an operation returns other rows each time."""
    return isinstance(part, Sample) or any(
        isinstance(node, ast.Function) and node.name.lower() == "random" for node in own_nodes(part)
    )
