"""Expressions over groups, above the select that forms the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.compiler.grouped import refuse_aggregate
from tql.expressions.aggregates import is_aggregate
from tql.expressions.qualified_name import QualifiedName
from tql.messages import shown
from tql.plan.helpers import helper
from tql.plan.names import computed_columns, keys_of_source, reject_ambiguous
from tql.plan.nodes import Aggregate
from tql.plan.schema import bare, schema
from tql.plan.tree import operations
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import COUNTING
from tql_grammar.outputs import output_name
from tql_grammar.walk import substitute, walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql.plan.nodes import Plan
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

N = TypeVar("N", bound="Record")


def is_compound(node: Expression, keys: Iterable[Expression]) -> bool:
    """Tell whether an output is computed from aggregates: the engine never ends with one over two columns where there are no groups."""
    return node not in keys and not is_aggregate(node) and any(map(is_aggregate, walk(node)))


def single_valued(output: Expression, keys: Iterable[Expression]) -> Expression:
    """Return an output with one value for each group, not a list of equal ones, if it reads only keys and constants."""
    node = bare(output)
    keys = tuple(keys)
    label = output_name(output)
    if label is None or node in keys or not _reads_only(node, keys):
        return output
    return ast.Aliased(ast.Function("first", (node,)), label)


def _reads_only(node: Expression, keys: tuple[Expression, ...]) -> bool:
    """Tell whether an expression has the same value in all rows of a group."""
    rest = substitute(node, lambda part: ast.Number(0) if part in keys else None)
    functions = {part.name.lower() for part in walk(node) if isinstance(part, ast.Function)}
    varying = any(isinstance(part, (ast.Column, QualifiedName, ast.Star)) or is_aggregate(part) for part in walk(rest))
    return not varying and functions.isdisjoint(COUNTING | {"random"})


def over_source(base: Aggregate) -> Aggregate:
    """Return groups whose keys read columns of the source."""
    made = computed_columns(base.outputs)
    reject_ambiguous((("group_by", key) for key in base.keys), made, schema(base.child).columns or ())
    keys = keys_of_source(base.keys, base.outputs)
    for key in keys:
        refuse_aggregate("group_by", key)
    return base.replace(keys=keys)


def refuse_groups_of_groups(nodes: tuple[Expression, ...], rows: Plan) -> None:
    """Reject groups of rows that are groups themselves, unless no column of them is read: the engine can count them, and nothing else."""
    is_grouped = any(isinstance(part, Aggregate) for part in operations(rows))
    if is_grouped and any(isinstance(part, ast.Column) for node in nodes for part in walk(node)):
        rule = "takes rows that are not groups"
        why = "the engine cannot group the rows of group_by, distinct or a set operation once more"
        hint = "run the inner query first, and group its rows in Python: client.query(inner).rows"
        raise ArgumentError("group_by", rule, "a grouped source", hint, why=why)


def output_reference(output: Expression) -> Expression:
    """Return an output as the outer level reads it from the inner one."""
    label = output_name(output)
    return output if label is None else ast.Column(label)


class PostAggregation:
    """Reads expressions over groups one level out of the grouped select: outputs by their names, all else by hidden ones."""

    def __init__(self, outputs: tuple[Expression, ...], by: list[Expression]) -> None:
        """Split the outputs into those of the grouped select, and those that are computed from them."""
        self._by = by
        self._hidden: dict[Expression, str] = {}
        compound = {output: is_compound(bare(output), by) for output in outputs}
        self._simple = tuple(output for output in outputs if not compound[output])
        self._known = {bare(output): name for output in self._simple if (name := output_name(output)) is not None}
        self._names = frozenset(map(output_name, self._simple))
        self._computed: dict[str, Expression] = {}
        for output in outputs:
            if compound[output]:
                self._computed[output_name(output) or ""] = self.read(bare(output))

    @property
    def outputs(self) -> tuple[Expression, ...]:
        """The outputs of the grouped select, hidden ones last, unless ``group by 1`` would then be the position of a column."""
        hidden = tuple(ast.Aliased(node, name) for node, name in self._hidden.items())
        is_position = not self._by and not any(map(is_aggregate, walk(self._simple[0]))) if self._simple else False
        return (*hidden, *self._simple) if is_position else (*self._simple, *hidden)

    def column(self, output: Expression) -> Expression:
        """Return an output as the outer level gives it back."""
        label = output_name(output) or ""
        return ast.Aliased(self._computed[label], label) if label in self._computed else output_reference(output)

    def read(self, node: N) -> N:
        """Return *node* reading the outputs of the grouped select."""
        return substitute(node, self._part)

    def _output(self, part: Record) -> Expression | None:
        """Return the output that a name refers to, or None."""
        if not isinstance(part, (ast.Column, QualifiedName)) or getattr(part, "place", None) == "source":
            return None
        if part.name in self._computed:
            return self._computed[part.name]
        return ast.Column(part.name) if part.name in self._names else None

    def _part(self, part: Record) -> Record | None:
        """Return the replacement of a part, or None to look inside of it."""
        if not isinstance(part, ast.Expression):
            return None
        output = self._output(part)
        if output is not None:
            return output
        if isinstance(part, QualifiedName) and part.place == "source":
            part = ast.Column(part.name)
        if part in self._by or part in self._known or is_aggregate(part):
            return ast.Column(
                self._known.get(part) or self._hidden.setdefault(part, helper(f"h{len(self._hidden) + 1}"))
            )
        if isinstance(part, (ast.Column, QualifiedName, ast.Star)):
            rule = "takes the outputs, keys and aggregates of a grouped query"
            why, hint = (
                "any other column has many values for each group",
                "reduce it, as with fn.first(..), or add it to group_by",
            )
            raise ArgumentError("group_by", rule, shown(getattr(part, "name", "*")), hint, why=why)
        return None
