"""
The select that forms groups: a row for each combination of keys.

Keys come back as single values, aggregates as what they reduce to, and any other expression as the sequence of the group's values.
What the engine cannot compute over groups is computed below, under a helper name: ``select a[0] as a, sum(zn) as n from (select a, 1 as zn from D) group by a``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.aggregates import AGGREGATES, FORMS, ONE, is_aggregate, only_aggregates
from tql.clauses import output_name
from tql.messages import shown
from tql.placed import Placed
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.inference import numbers
from tql_grammar.rewrite.given import AsIs
from tql_grammar.rewrite.nullable import absent, missing, remedy
from tql_grammar.rewrite.order import group_keys
from tql_grammar.rewrite.scope import Values
from tql_grammar.rewrite.typed import written
from tql_grammar.schema import INTEGERS
from tql_grammar.walk import rebuild, substitute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql.statement import Statement
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

N = TypeVar("N", bound="Record")
# Types in which arithmetic stays whole; that of uint64 is a float64.
WHOLE = frozenset(INTEGERS) - {"uint64"} | {"bool"}


def is_grouped(query: Statement) -> bool:
    """Tell whether a query's rows are groups: it has keys, or an output with a function that has a meaning for groups only."""
    return bool(query.groups) or any(map(only_aggregates, query.outputs))


def refuse_stray_aggregates(query: Statement) -> None:
    """
    Refuse aggregates where there is nothing to reduce.

    Raises:
        ArgumentError: an aggregate is inside of another, is a key of groups, or is in a query whose rows are no groups.
    """
    for part in walk(query.replace(source=None, joined=None)):
        if isinstance(part, ast.Function) and is_aggregate(part):
            inner = next(filter(None, map(_aggregate, part.arguments)), None)
            if inner is not None:
                raise _reduced_twice(part, inner)
    places: dict[str, Iterable[Record]] = {"group_by": query.groups}
    if not is_grouped(query):
        drawn = () if query.sampling is None else (query.sampling,)
        places = {"where": query.conditions, "order_by": query.keys, "sample_by": drawn}
    for place, nodes in places.items():
        for node in nodes:
            _refuse_aggregate(place, node)


def _aggregate(node: Record) -> ast.Function | None:
    """Return a function of a node that has a meaning for groups only, or None."""
    found = (part for part in walk(node) if isinstance(part, ast.Function) and is_aggregate(part))
    return next((part for part in found if part.name in AGGREGATES), None)


def _reduced_twice(outer: ast.Function, inner: ast.Function) -> ArgumentError:
    """Return the error for an aggregate inside of another."""
    subject = f"fn.{outer.name}"
    rule = "takes values of single rows, and an aggregate is one of a group of them: the engine cannot reduce twice"
    hint = 'run the inner one first, and reduce what it returns: max(client.query(select("k", n=fn.count()).group_by("k"))["n"])'
    return ArgumentError(subject, rule, f"fn.{inner.name}", hint)


def _refuse_aggregate(place: str, node: Record) -> None:
    """Refuse an aggregate in a clause that concerns single rows."""
    found = _aggregate(node)
    if found is not None:
        rule = "takes values of single rows, and an aggregate is one of a group of them"
        hint = 'run the aggregate first and use what it returns: client.query(select(m=fn.max("id")))["m"][0]; or group the query: group_by'
        raise ArgumentError(place, rule, f"fn.{found.name}", hint)


def refuse_sample(subject: str, query: Statement) -> None:
    """Refuse rows that are drawn beside what has to be done after it."""
    if query.sampling is not None:
        rule = "takes a query whose rows are not drawn at random in the same step"
        raise ArgumentError(subject, rule, "sample_by", "draw first: select(..).from_(select().sample_by(..))")


def bare(output: Expression) -> Expression:
    """Return an output without its name."""
    return output.expression if isinstance(output, ast.Aliased) else output


def is_compound(node: Expression, keys: Iterable[Expression]) -> bool:
    """Tell whether an output is computed from aggregates: the engine never ends with one over two columns where there are no groups."""
    return node not in keys and not is_aggregate(node) and any(map(is_aggregate, walk(node)))


def without_nulls(node: N, scope: Scope) -> N:
    """
    Return *node* with the aggregates of nullable numbers by those of numbers: a sum of one null is 0, and a mean is the sum over the count without nulls.

    Raises:
        ArgumentError: the smallest or the largest of them, which the engine has no form for.
    """

    def change(part: Record) -> Record:
        if not is_aggregate(part) or part.name in {"count", "first"}:  # type: ignore[attr-defined]  # an aggregate is a Function
            return part
        (argument,) = part.arguments  # type: ignore[attr-defined]  # the same
        absences = missing(argument, scope)
        if not absences:
            return part
        form = NULLABLE.get(part.name)  # type: ignore[attr-defined]  # the same
        if form is None:
            rule = "takes numbers that are never null: the engine has no form that leaves nulls out"
            subject = f"fn.{part.name}"  # type: ignore[attr-defined]  # the same
            names = ", ".join(repr(column.name) for column in absences)
            raise ArgumentError(subject, rule, f"{names}, which may be", remedy(absences))
        return form(_single_sum(written(argument, scope), scope), absent(absences))

    return rebuild(node, change)


def _single_sum(argument: Expression, scope: Scope) -> Expression:
    """
    Return the sum of each single number: that of a null is 0, and null times 1 is no more than null.

    The engine takes the type of all of them from the first, and that of a null is no float, so a literal beside computed ones says which it is.
    """
    found = ast.Function("sum", (argument,))
    if scope.column(argument) is not None:
        return AsIs(found)
    return AsIs(ast.Chain(("*",), (found, ast.Number(1 if _is_whole(argument, scope) else 1.0))))


def _is_whole(node: Expression, scope: Scope) -> bool:
    """Tell whether arithmetic is known to give integers."""
    parts = list(walk(node))
    columns = [scope.column(part) for part in parts if isinstance(part, ast.Column)]
    fractions = any(
        (isinstance(part, ast.Chain) and "/" in part.operators)
        or (isinstance(part, ast.Number) and isinstance(part.value, float))
        for part in parts
    )
    return not fractions and all(column is not None and column.dtype in WHOLE for column in columns)


def _sum_without_nulls(single: Expression, _absent: Expression) -> Expression:
    """Return the sum of what is not null."""
    return ast.Function("sum", (single,))


def _mean_without_nulls(single: Expression, absent: Expression) -> Expression:
    """Return the mean of what is not null."""
    there = ast.Chain(("-",), (ast.Function("count"), ast.Function("sum", (absent,))))
    return ast.Chain(("/",), (_sum_without_nulls(single, absent), there))


NULLABLE: dict[str, Callable[[Expression, Expression], Expression]] = {
    "sum": _sum_without_nulls,
    "mean": _mean_without_nulls,
}


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

    def output(self, output: Expression, write: Callable[[Expression], Expression]) -> Expression:
        """Return one expression of the select list, named as before: a key, an aggregate, or the list of the group's values; *write* gives what is computed for each row."""
        name = output_name(output)
        if name is None:
            raise ArgumentError(
                "group_by",
                "takes columns by name, not `*`",
                "*",
                'select the keys and what to make of the rest: select("k", n=fn.count())',
            )
        reduced = self._reduced(bare(output), write)
        return reduced if reduced == ast.Column(name) else ast.Aliased(reduced, name)

    def _reduced(self, node: Expression, write: Callable[[Expression], Expression]) -> Expression:
        """Return an expression over the group."""
        found = write(node)
        if found in self.keys:
            return FORMS["first"](self.keys[found])
        if isinstance(node, ast.Function) and is_aggregate(node):
            return FORMS[node.name](self.reference(write(node.arguments[0])) if node.arguments else self._ones())
        return self.reference(found)

    def _ones(self) -> Expression:
        """Return the column of ones that is summed to count."""
        self.below[ast.Number(1)] = ONE
        return ast.Column(ONE)

    def over(self, source: ast.Source | None, where: Expression | None, outputs: tuple[Expression, ...]) -> ast.Select:
        """Return the select: flat if nothing has to be computed below."""
        seen = below(self.scope, self.below)
        by = tuple(part for there in self.keys.values() for part in group_keys(there, seen)) or (ast.Number(1),)
        if not self.below:
            return ast.Select(outputs, source, where, group_by=by)
        computed = (ast.Aliased(node, name) for node, name in self.below.items())
        rows = ast.Select((*map(ast.Column, self.columns), *computed), source, where)
        return ast.Select(outputs, ast.Derived(rows), group_by=by)


def below(scope: Scope, computed: Mapping[Expression, str]) -> Scope:
    """Return what a grouped select sees: the columns of the source, and what is computed of them under a name."""
    known = Values(scope)
    nullables = {name for node, name in computed.items() if missing(node, scope)}
    return scope._replace(
        values={**scope.values, **{name: numbers(node, known) for node, name in computed.items()}},
        nullables=scope.nullables | nullables,
    )


def given_back(output: Expression) -> Expression:
    """Return an output as the outer level reads it from the inner one."""
    label = output_name(output)
    return output if label is None else ast.Column(label)


class Above:
    """Reads expressions over groups one level out of the grouped select: outputs by their names, all else by hidden ones."""

    def __init__(self, query: Statement, by: list[Expression]) -> None:
        """Split the outputs into those of the grouped select, and those that are computed from them."""
        self._by = by
        self._hidden: dict[Expression, str] = {}
        compound = {output: is_compound(bare(output), by) for output in query.outputs}
        self._simple = tuple(output for output in query.outputs if not compound[output])
        self._known = {bare(output): name for output in self._simple if (name := output_name(output)) is not None}
        self._computed: dict[str, Expression] = {}
        for output in query.outputs:
            if compound[output]:
                self._computed[output_name(output) or ""] = self.read(bare(output))

    @property
    def outputs(self) -> tuple[Expression, ...]:
        """The outputs of the grouped select, hidden ones last."""
        return (*self._simple, *(ast.Aliased(node, name) for node, name in self._hidden.items()))

    def column(self, output: Expression) -> Expression:
        """Return an output as the outer level gives it back."""
        label = output_name(output) or ""
        return ast.Aliased(self._computed[label], label) if label in self._computed else given_back(output)

    def read(self, node: N) -> N:
        """Return *node* reading the outputs of the grouped select."""
        return substitute(node, self._part)

    def _part(self, part: Record) -> Record | None:
        """Return what stands for a part, or None to look inside of it."""
        if not isinstance(part, ast.Expression):
            return None
        if isinstance(part, (ast.Column, Placed)):
            if part.name in self._computed:
                return self._computed[part.name]
            if part.name in self._known.values():
                return ast.Column(part.name)
        if part in self._by or is_aggregate(part):
            return ast.Column(self._known.get(part) or self._hidden.setdefault(part, f"zh{len(self._hidden) + 1}"))
        if isinstance(part, (ast.Column, Placed, ast.Star)):
            rule = "takes the outputs, keys and aggregates of a grouped query: any other column has many values for each group"
            hint = "reduce it, as with fn.first(..), or add it to group_by"
            raise ArgumentError("group_by", rule, shown(getattr(part, "name", "*")), hint)
        return None
