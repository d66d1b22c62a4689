"""Clauses over a left or right join, whose rows may match nothing: there no condition but IS NULL holds, and what the engine cannot compute is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tql.expressions.aggregates import is_aggregate
from tql.plan.joined import match, may_be_empty
from tql.plan.nodes import Aggregate, Extend
from tql.plan.schema import alias_of, missing_side, schema
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.functions import OF_ONE_ROW
from tql_grammar.outputs import output_name
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql.plan.nodes import Join
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.schema import Column

    Clauses = tuple["B", tuple[Expression, ...], tuple[ast.Order, ...]]

B = TypeVar("B", Extend, Aggregate)


class Missing(NamedTuple):
    """
    The columns of a left or right join that are null where nothing matches.

    Attributes:
        labels: all of them.
        empty: those that hold values which the engine takes for null, such as an empty text or an empty array.
        unknown: those of unknown type.
        single: those that are known to be one number or text.
    """

    labels: frozenset[str]
    empty: frozenset[str]
    unknown: frozenset[str]
    single: frozenset[str]


def _missing(join: Join, alias: str | None) -> Missing:
    """Return the columns of the source with this alias."""
    known = schema(join).columns or {}
    labels = {part.alias for part in join.columns if getattr(part.expression, "table", None) == alias}
    types = {label: column for label in labels if (column := known[label]) is not None}

    def of(test: Callable[[Column], bool]) -> frozenset[str]:
        return frozenset(label for label, column in types.items() if test(column))

    single = of(lambda column: column.is_number or column.is_text)
    empty = of(lambda column: may_be_empty(column) or None in column.shape)
    return Missing(frozenset(labels), empty, frozenset(labels - set(types)), single)


def told_apart(base: B, conditions: tuple[Expression, ...], keys: tuple[ast.Order, ...], join: Join) -> Clauses[B]:
    """
    Return clauses over a join in which no condition but IS NULL holds where nothing matches.

    A missing text or JSON is not an empty one there, which the engine takes for null.

    Raises:
        ArgumentError: the engine cannot compute something where nothing matches.
    """
    side = missing_side(join)
    if side is None:
        return base, conditions, keys
    missing = _missing(join, alias_of(side))
    _require_computable(base, (*conditions, *keys), missing)

    def tell(node: Record) -> Record:
        return _told(node, missing)

    outputs = tuple(rebuild(output, tell) for output in base.outputs)
    base = base.replace(outputs=outputs, **_told_keys(base, missing))
    told = tuple(key for item in keys for key in _absent_last(rebuild(item, tell), missing.empty))
    return base, tuple(rebuild(part, tell) for part in conditions), told


def _told(node: Record, missing: Missing) -> Record:
    """Return a condition that is false for rows without a match, NOT IN as the negation of IN, and IS NULL as a test for a match."""
    if isinstance(node, ast.IsNull) and _is_one_of(node.operand, missing.empty):
        return _there() if node.negated else _absent()
    if isinstance(node, ast.In) and node.negated and _reads(node, missing.labels):
        return ast.Not(ast.And((_there(), node.replace(negated=False))))
    if (isinstance(node, CONDITIONS) or _is_contains(node)) and _reads(node, missing.labels):
        return ast.And((_there(), node))  # type: ignore[arg-type]  # a condition
    return node


def _told_keys(base: Extend | Aggregate, missing: Missing) -> dict[str, tuple[Expression, ...]]:
    """Return the keys of groups, a missing text apart from an empty one."""
    if not isinstance(base, Aggregate):
        return {}
    keys = [rebuild(key, lambda node: _told(node, missing)) for key in base.keys]
    return {
        "keys": tuple(part for key in keys for part in ((key, _absent()) if _is_one_of(key, missing.empty) else (key,)))
    }


def _require_computable(base: Extend | Aggregate, clauses: Iterable[Record], missing: Missing) -> None:
    """Refuse what ends the engine, or gives other values, where a row of nulls is read."""
    searches = {score.name for score in base.scores} if isinstance(base, Extend) else set[str]()
    if any(output_name(output) in searches and _reads(output, missing.labels) for output in base.outputs):
        raise _uncomputable("a search")
    keys: tuple[Expression, ...] = base.keys if isinstance(base, Aggregate) else ()
    for node in (*base.outputs, *clauses, *keys):
        _refuse_uncomputable(node, missing, grouped=isinstance(base, Aggregate))


CONDITIONS = (ast.Comparison, ast.Between, ast.In, ast.Like)


def _refuse_uncomputable(node: Record, missing: Missing, *, grouped: bool) -> None:
    """Refuse what ends the engine, or gives other values, where a row of nulls is read; numbers of known types are nullable, and looked at as those are."""
    for part in walk(node):
        if isinstance(part, ast.Chain):
            refused = any(_reads(operand, missing.unknown) for operand in part.operands[1:])
        elif isinstance(part, ast.Function):
            refused = _refuses(part, missing, grouped=grouped)
        else:
            refused = isinstance(part, ast.Subscript) and _reads(part, missing.labels)
        if refused:
            raise _uncomputable(KINDS[type(part)])


def _uncomputable(found: str) -> ArgumentError:
    """Return the error for what the engine cannot compute of a missing value."""
    rule = "takes a column that may have no match by itself, or left of an operator"
    why = "the engine computes nothing else of a missing value"
    hint = 'compute it in the source: join(select("k", year=col("meta")["year"]).from_(..), ..)'
    return ArgumentError("join", rule, found, hint, why=why)


def _refuses(function: ast.Function, missing: Missing, *, grouped: bool) -> bool:
    """Tell whether the engine cannot compute a function of missing values; of their conditions, and their number or the one of a row, it can."""
    if _is_contains(function):
        return False
    if grouped and is_aggregate(function):
        numbers = (part for part in function.arguments if isinstance(part, (ast.Column, ast.Chain)))
        return function.name not in OF_ONE_ROW and any(_reads(part, missing.unknown) for part in numbers)
    return _reads(function, missing.labels - missing.single)


KINDS: dict[type[Record], str] = {
    ast.Chain: "one right of an operator",
    ast.Function: "one in a function",
    ast.Subscript: "an element of one",
}


def _is_contains(node: Record) -> bool:
    """Tell whether a node is a condition in the form of a function."""
    return isinstance(node, ast.Function) and node.name == "contains"


def _reads(node: Record, labels: frozenset[str]) -> bool:
    """Tell whether an expression reads a column of one of these names."""
    return any(_is_one_of(part, labels) for part in walk(node))


def _is_one_of(node: object, labels: frozenset[str]) -> bool:
    """Tell whether a node is a column of one of these names."""
    return isinstance(node, ast.Column) and node.name in labels


def _absent_last(key: ast.Order, told: frozenset[str]) -> tuple[ast.Order, ...]:
    """Return the keys that put missing texts after all others, or before them where the order descends."""
    return (key.replace(expression=_absent()), key) if _is_one_of(key.expression, told) else (key,)


def _there() -> Expression:
    """Return the condition that the other source has a row."""
    return match("!=")


def _absent() -> Expression:
    """Return the condition that nothing matches."""
    return match("=")
