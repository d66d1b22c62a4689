"""
The select that forms groups: a row for each combination of keys.

Keys come back as single values, aggregates as what they reduce to, and any other expression as the sequence of the group's values.
What the engine cannot compute over groups is computed below, under a helper name: ``select a[0] as a, sum(zn) as n from (select a, 1 as zn from D) group by a``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.legalize.cheapest import countable, length, of_dataset, unpromoted
from tql.compiler.legalize.shapes import apart
from tql.expressions.aggregates import FORMS, ONE, is_aggregate
from tql.plan.helpers import helper
from tql.plan.nodes import Aggregate, Project
from tql.plan.schema import bare, schema
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.explain import reasons
from tql_grammar.functions import OF_ONE_ROW
from tql_grammar.outputs import output_name
from tql_grammar.rewrite.elements import require_single
from tql_grammar.rewrite.json_present import as_number
from tql_grammar.rewrite.nullable import missing
from tql_grammar.rewrite.order import group_keys, is_of_unknown_type
from tql_grammar.rewrite.scope import Values
from tql_grammar.rewrite.typed import legalize_output
from tql_grammar.schema import FLOATS
from tql_grammar.typing.inference import infer, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql.plan.nodes import Plan
    from tql_grammar.ast import Expression
    from tql_grammar.rewrite.scope import Scope

EXTREMES = frozenset({"min", "max"})


def groups(node: Aggregate, rows: Plan) -> Plan:
    """Return the groups in the engine's form."""
    scope = schema(node.child)
    keys = [legalize_output(key, scope) for key in node.keys]
    for key in keys:
        if not isinstance(key, ast.Column):
            require_single(key, scope)
    found = AggregateBuilder(keys, scope, of_dataset(node.child))
    outputs = tuple(found.output(output, lambda part: legalize_output(part, scope)) for output in node.outputs)
    return found.over(rows, outputs)


class AggregateBuilder:
    """Collects what the select below has to compute while the outputs of a grouped select are written."""

    def __init__(self, keys: Iterable[Expression], scope: Scope, stored: Scope) -> None:
        """Take the keys, none makes one group of all rows, what is known of the columns, and of those that are stored in a dataset."""
        self.scope = scope
        self._stored = stored
        self.below: dict[Expression, str] = {}
        self.columns: dict[str, None] = {}
        self.keys = {key: self.reference(key) for key in keys}

    def reference(self, node: Expression) -> Expression:
        """Return a column that holds the value of *node* for each row of the group."""
        if isinstance(node, ast.Column) and node.table is None:
            self.columns[node.name] = None
            return node
        name = self.below.get(node) or helper(len(self.below) + 1)
        self.below[node] = name
        return ast.Column(name)

    def output(self, output: Expression, write: Callable[[Expression], Expression]) -> Expression:
        """Return one expression of the select list, named as before: a key, an aggregate, or the list of the group's values; *write* gives what is computed for each row."""
        name = output_name(output)
        if name is None:
            raise ArgumentError(
                "group_by",
                "takes columns by name, not `*`",
                "",
                'select the keys and aggregates of the rest: select("k", n=fn.count())',
                why="the engine returns a sequence for each column",
            )
        reduced = self._reduced(bare(output), write)
        return reduced if reduced == ast.Column(name) else ast.Aliased(reduced, name)

    def _reduced(self, node: Expression, write: Callable[[Expression], Expression]) -> Expression:
        """Return an expression over the group."""
        found = write(node)
        if found in self.keys:
            return FORMS["first"](self.keys[found])
        if isinstance(node, ast.Function) and is_aggregate(node):
            return self._aggregate(node, write) if node.arguments else self._count()
        return self.reference(found)

    def _aggregate(self, node: ast.Function, write: Callable[[Expression], Expression]) -> Expression:
        """Return an aggregate of the values of the group."""
        value = self._each(node, write)
        reduced = unpromoted(node.name, value, self._stored) or FORMS[node.name](value)
        return self.with_nan(reduced, value) if node.name in EXTREMES and self._is_float(node, write) else reduced

    def _is_float(self, node: ast.Function, write: Callable[[Expression], Expression]) -> bool:
        """Tell whether the values that an aggregate reduces are floats, as far as it is known."""
        known = infer(write(node.arguments[0]), Values(self.scope))
        return known is not None and known.dtype in FLOATS

    def with_nan(self, reduced: Expression, value: Expression) -> Expression:
        """
        Return the smallest or the largest of a column of floats, NaN if one of them is: AMIN and AMAX return NaN only where it is the first.

        The sum of zeros is NaN if one of them is. A dataset has no infinite numbers, so ``x * false`` is 0 for each of its numbers; a computed one may be infinite.
        Both read one column: the engine never ends on arithmetic with aggregates of two, where there are no groups.
        """
        false, true = ast.Boolean(value=False), ast.Boolean(value=True)
        zero: Expression = ast.Chain(("*",), (value, false))
        if self._stored.column(value) is None:
            beyond = ast.Chain(("+",), (ast.Function("abs", (value,)), true))
            zero = ast.Chain(("/",), (ast.Comparison("!=", value, value), beyond))
        return ast.Chain(("+",), (reduced, ast.Function("sum", (zero,))))

    def _count(self) -> Expression:
        """Return the number of rows of the group: the length of a column, or the sum of ones."""
        column = countable(self._stored, self.columns)
        return FORMS["count"](self._ones()) if column is None else length(self.reference(column))

    def _each(self, node: ast.Function, write: Callable[[Expression], Expression]) -> Expression:
        """Return the column of the values that an aggregate reduces; those of JSON are numbers, but for the value of one row."""
        value = write(node.arguments[0])
        return self.reference(value if node.name in OF_ONE_ROW else as_number(f"fn.{node.name}", value, self.scope))

    def _ones(self) -> Expression:
        """Return the column of ones that is summed to count."""
        self.below[ast.Number(1)] = helper(ONE)
        return ast.Column(helper(ONE))

    def over(self, rows: Plan, outputs: tuple[Expression, ...]) -> Plan:
        """Return the groups of *rows*, with a select list below them where something has to be computed for each row."""
        seen = below(self.scope, self.below)
        by = tuple(part for there in self.keys.values() for part in group_keys(there, seen)) or (_of_all(outputs),)
        note = reasons.ROUNDED if any(is_of_unknown_type(key, self.scope) for key in self.keys) else ""
        if not self.below and not may_have_sequences(self.scope, self.columns):
            return Aggregate(apart(rows, by), by, outputs, note)
        named = (ast.Aliased(node, name) for node, name in self.below.items())
        return Aggregate(Project(rows, (*map(ast.Column, self.columns), *named)), by, outputs, note)


def _of_all(outputs: tuple[Expression, ...]) -> Expression:
    """Return the constant key of the group of all rows; 0 where the first output is a list, since 1 could be its position."""
    return ast.Number(0 if isinstance(bare(outputs[0]), ast.Column) else 1)


def may_have_sequences(scope: Scope, read: Iterable[str]) -> bool:
    """Tell whether rows may have a sequence besides the columns that are read: the engine cannot group such rows."""
    if scope.columns is None:
        return True
    others = [scope.value(ast.Column(name)) for name in scope.columns if name not in read]
    return any(column is None or column.kind == "sequence" for column in others)


def below(scope: Scope, computed: Mapping[Expression, str]) -> Scope:
    """Return the scope of a grouped select: the columns of the source, and the computed columns below it."""
    if scope.columns is None:
        return scope
    known = Values(scope)
    nullables = {name for node, name in computed.items() if missing(node, scope)}
    return scope._replace(
        values={**scope.values, **{name: numbers(node, known) for node, name in computed.items()}},
        nullables=scope.nullables | nullables,
    )
