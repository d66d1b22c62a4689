"""
Know the select that forms groups: a row for each combination of keys.

Keys come back as single values, aggregates as what they reduce to, and any other expression as the sequence of the group's values.
What the engine cannot compute over groups is computed below, under a helper name: ``select a[0] as a, sum(zn) as n from (select a, 1 as zn from D) group by a``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.aggregates import FORMS, ONE, is_aggregate, only_aggregates
from tql.clauses import output_name
from tql.coerce import shown
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.rewrite.order import group_keys
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql.query import Query
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

LITERALS = (ast.Number, ast.String, ast.Boolean, ast.Vector, ast.Array)


def is_grouped(query: Query) -> bool:
    """Tell whether a query's rows are groups: it has keys, or a function that has a meaning for groups only."""
    return bool(query.groups) or any(map(only_aggregates, (*query.outputs, *query.conditions, *query.keys)))


def refuse_sample(subject: str, query: Query) -> None:
    """Refuse rows that are drawn beside what has to be done after it."""
    if query.sampling is not None:
        rule = "takes a query whose rows are not drawn at random in the same step"
        raise ArgumentError(subject, rule, "sample_by", "draw first: select(..).from_(select().sample_by(..))")


class Groups:
    """Collects what the select below has to compute while the outputs of a grouped select are written."""

    def __init__(self, keys: Iterable[Expression], scope: Scope) -> None:
        """Take the keys, none makes one group of all rows, and what is known of the columns."""
        self.scope = scope
        self.below: dict[Expression, str] = {}
        self.columns: dict[str, None] = {}
        self.keys = {key: self.reference(key) for key in keys}

    def reference(self, node: Expression) -> Expression:
        """Return a column that holds the value of *node* for each row of the group."""
        if isinstance(node, ast.Column) and node.table is None:
            self.columns[node.name] = None
            return node
        name = self.below.get(node) or f"z{len(self.below) + 1}"
        self.below[node] = name
        return ast.Column(name)

    def output(self, node: Expression) -> Expression:
        """Return one expression of the select list, named as before."""
        name = output_name(node)
        if name is None:
            raise ArgumentError(
                "group_by",
                "takes columns by name, not `*`",
                "*",
                'select the keys and what to make of the rest: select("k", n=fn.count())',
            )
        bare = node.expression if isinstance(node, ast.Aliased) else node
        reduced = (
            self.value(bare)
            if bare in self.keys or any(is_aggregate(part) for part in walk(bare))
            else self.reference(bare)
        )
        return reduced if reduced == ast.Column(name) else ast.Aliased(reduced, name)

    def value(self, node: Expression) -> Expression:
        """Return an expression with one value for the group."""
        if node in self.keys:
            return FORMS["first"](self.keys[node])
        if isinstance(node, ast.Function) and is_aggregate(node):
            return FORMS[node.name](self.reference(node.arguments[0]) if node.arguments else self._ones())
        if isinstance(node, LITERALS):
            return node
        if isinstance(node, (ast.Column, ast.Star)):
            rule = "takes keys and aggregates together, and a column that is neither has many values for each group"
            raise ArgumentError(
                "group_by",
                rule,
                shown(getattr(node, "name", "*")),
                "reduce it, as with fn.first(..), or add it to group_by",
            )
        return self._inside(node)

    def _inside(self, node: Expression) -> Expression:
        """Return an expression whose parts have one value for the group."""
        changed: dict[str, object] = {}
        for field in node._fields:
            part = getattr(node, field)
            if isinstance(part, ast.Expression):
                changed[field] = self.value(part)
            elif isinstance(part, tuple):
                changed[field] = tuple(self.value(item) if isinstance(item, ast.Expression) else item for item in part)
        return node.replace(**changed)

    def _ones(self) -> Expression:
        """Return the column of ones that is summed to count."""
        self.below[ast.Number(1)] = ONE
        return ast.Column(ONE)

    def over(self, source: ast.Source | None, where: Expression | None, outputs: tuple[Expression, ...]) -> ast.Select:
        """Return the select: flat if nothing has to be computed below."""
        by = tuple(part for key, there in self.keys.items() for part in group_keys(there, self.scope.column(key))) or (
            ast.Number(1),
        )
        if not self.below:
            return ast.Select(outputs, source, where, group_by=by)
        computed = (ast.Aliased(node, name) for node, name in self.below.items())
        rows = ast.Select((*map(ast.Column, self.columns), *computed), source, where)
        return ast.Select(outputs, ast.Derived(rows), group_by=by)
