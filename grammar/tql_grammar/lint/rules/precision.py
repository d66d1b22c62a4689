"""Rules about keys that the engine compares as float32: sort and group keys, and the columns of joins. All need a schema."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tql_grammar import ast
from tql_grammar.functions import SMALL
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.computation import Grouped
from tql_grammar.lint.rules.indexes import output_of
from tql_grammar.outputs import aliased, bare
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import WithInferred, expressions
from tql_grammar.walk import below, own_parts, subselect, unbounded, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.schema import Column
    from tql_grammar.typing.inference import ColumnScope
    from tql_grammar.typing.scopes import SelectScope

    Steps = tuple[int, int]

# A float32 stores every integer up to this exactly.
LARGEST = 2**24
WIDE = frozenset({"int32", "uint32", "int64", "uint64", "float64"})
# The largest value of each type of integers.
BOUNDS = {"bool": 1, **{f"{sign}int{bits}": 2**bits for bits in (8, 16, 32, 64) for sign in ("", "u")}}
CLAUSES = frozenset({"ORDER BY", "GROUP BY"})
# The most by which integers of a type differ that round to the same float32.
APART = {"int32": 2**7, "uint32": 2**8, "int64": 2**40}
NARROW_FLOATS = frozenset({"float16", "float32"})


def is_exact(key: ast.Node, scope: ColumnScope) -> bool:
    """
    Tell whether a float32 stores every value of a key exactly, or the type of the key is unknown.

    The parts of a number are exact keys: ``x % 4194304``, ``(x - x % 4194304) % 17592186044416`` and ``x - x % 17592186044416`` of an int64,
    and the residual ``x - l1_norm(x) * (1.0 - (x < 0) * 2.0)`` of a float64.
    """
    column = infer(key, scope)
    if column is None or not column.is_single or column.dtype not in WIDE or column.is_label:
        return True
    if not any(scope.column(part) for part in own_parts(key)):
        return True
    steps = _steps(key, scope)
    if steps is not None:
        return steps[0] <= LARGEST * steps[1]
    return column.dtype == "float64" and (_is_residual(key) or _is_narrow(key, scope))


def _is_residual(key: ast.Node) -> bool:
    """Tell whether a key is the remainder of a number after rounding to float32: it subtracts L1_NORM, the rounded number."""
    return any(isinstance(part, ast.Function) and part.name.lower() == "l1_norm" for part in own_parts(key))


def _is_narrow(key: ast.Node, scope: ColumnScope) -> bool:
    """Tell whether a float64 key is computed only from values that are not known to be wider than float32."""
    found = [infer(part, scope) for part in _leaves(key)]
    return all(column is None or column.dtype not in WIDE for column in found)


def _leaves(key: ast.Node) -> Iterator[ast.Node]:
    """Yield the columns and calls that a key is computed from, but not the arguments of the calls."""
    stack: list[object] = [key]
    while stack:
        part = stack.pop()
        if isinstance(part, (ast.Column, ast.Function)):
            yield part
        elif isinstance(part, tuple):
            stack += part
        elif isinstance(part, ast.Node) and not isinstance(part, ast.Query):
            stack += below(part)


@unbounded
def _steps(node: ast.Node, scope: ColumnScope) -> Steps | None:
    """Return the bound of an integer key, and a step of which all its values are multiples; None where they are unknown."""
    return _STEPS.get(type(node), _value_steps)(node, scope)


def _number_steps(node: ast.Number, _scope: ColumnScope) -> Steps | None:
    """Return bound and step of a literal: a whole number is a multiple of itself."""
    whole = abs(int(node.value)) if node.value == node.value // 1 else None
    return None if whole is None else (whole, whole)


def _value_steps(node: ast.Node, scope: ColumnScope) -> Steps | None:
    """Return the bound and step of a node that is not arithmetic, from its type."""
    while isinstance(node, ast.Subscript):
        node = node.operand
    if isinstance(node, ast.Function) and node.name.lower() in SMALL:
        return LARGEST, 1
    column = infer(node, scope)
    bound = None if column is None or not column.is_single else BOUNDS.get(column.dtype)
    return None if bound is None else (bound, 1)


def _chain_steps(node: ast.Chain, scope: ColumnScope) -> Steps | None:
    """Return bound and step of arithmetic: ``x % L``, ``x - x % L``, and sums and products."""
    found = _steps(node.operands[0], scope)
    if len(node.operands) == len(("x", "x % L")) and node.operators == ("-",) and found is not None:
        divisor = _divisor(node.operands[1], node.operands[0])
        if divisor:
            return found[0], max(divisor, found[1])
    for operator, operand in zip(node.operators, node.operands[1:], strict=True):
        other = _steps(operand, scope)
        combine = OPERATIONS.get(operator)
        if found is None or other is None or combine is None:
            return None
        found = combine(found, other)
    return found


def _divisor(node: ast.Node, dividend: ast.Node) -> int:
    """Return the L of ``dividend % L``, or 0."""
    if not isinstance(node, ast.Chain) or node.operators != ("%",) or node.operands[0] != dividend:
        return 0
    number = node.operands[1]
    return number.value if isinstance(number, ast.Number) and isinstance(number.value, int) else 0


def _sum(one: Steps, two: Steps) -> Steps:
    """Return bound and step of a sum or a difference."""
    return one[0] + two[0], math.gcd(one[1], two[1])


def _product(one: Steps, two: Steps) -> Steps:
    """Return bound and step of a product."""
    return one[0] * two[0], one[1] * two[1]


def _remainder(one: Steps, two: Steps) -> Steps:
    """Return bound and step of the remainder of a division."""
    return min(one[0], two[0]), math.gcd(one[1], two[0])


# The bound and step of the result of each operator.
OPERATIONS: dict[str, Callable[[Steps, Steps], Steps]] = {"+": _sum, "-": _sum, "*": _product, "%": _remainder}
# The bound and step of each class of nodes; `_value_steps` for any other.
_STEPS: dict[type, Callable[[Any, ColumnScope], Steps | None]] = {
    ast.Number: _number_steps,
    ast.Negate: lambda node, scope: _steps(node.operand, scope),
    ast.Chain: _chain_steps,
}


def _keys(subject: Subject) -> Iterator[Finding]:
    """Yield the sort and group keys that are not exact as float32."""
    for scope in subject.scopes:
        for clause, node in expressions(scope.select):
            key = bare(node)
            if clause not in CLAUSES or _is_parted(key, scope):
                continue
            computed, below = _computed(subject, key, scope)
            if is_exact(computed, below) or (clause == "GROUP BY" and _is_told_apart(subject, key, scope)):
                continue
            column = infer(computed, below)
            message = f"this key is {_type(column)}, and the engine compares keys as float32: different values that round to the same float32, such as integers beyond 16777216, {EFFECT[clause]}"
            yield subject.finding(key, message, _remedy(subject.written(key), column))


def _computed(subject: Subject, key: ast.Node, scope: SelectScope) -> tuple[ast.Node, ColumnScope]:
    """Return a key, or the expression by which a subquery computes it, with the columns that it reads: those of a group are arrays."""
    found = _of_group(subject, key, scope)
    if found is not None:
        return found[0], Grouped(WithInferred(found[1]))
    computed, inner = subject.computed(key, scope)
    return computed, WithInferred(inner)


def _of_group(subject: Subject, key: ast.Node, scope: SelectScope) -> tuple[ast.Expression, SelectScope] | None:
    """Return the output of a grouped subquery that a column names, however deep, with the scope of that subquery; None for any other key."""
    while isinstance(key, ast.Column) and scope.select.ungroup_by is None:
        inner = subselect(scope.select.source)
        below = next((part for part in subject.scopes if part.select is inner), None)
        found = None if below is None else output_of(below.select, key.name)
        if found is None or below is None:
            return None
        if below.select.group_by:
            return found, below
        key, scope = found, below
    return None


EFFECT = {"ORDER BY": "tie", "GROUP BY": "fall into one group"}


def _type(column: Column | None) -> str:
    """Return the type of a key in words."""
    return "a number" if column is None else column.dtype


def _remedy(written: str, column: Column | None) -> str:
    """Return the hint: exact keys for values that can be that large."""
    if column is not None and column.dtype == "float64":
        return "harmless for small or rounded numbers; otherwise use the builder, whose order_by and group_by are exact with a schema"
    parts = f"{written} % 4194304, ({written} - {written} % 4194304) % 17592186044416, {written} - {written} % 17592186044416"
    return f"harmless for numbers up to 16777216; otherwise use the keys {parts}, in ORDER BY the first one innermost; with a schema the builder generates them"


def _is_parted(key: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a float64 column is the coarse key of an order or group that has its remainder as another key."""
    if not isinstance(key, ast.Column):
        return False
    select = scope.select
    around: tuple[object, ...] = (
        *select.group_by,
        *([select.source] if isinstance(select.source, ast.Derived) else []),
    )
    calls = (part for root in around for part in walk(root) if isinstance(part, ast.Function))  # type: ignore[arg-type]  # nodes all
    return any(call.name.lower() == "l1_norm" and bool(call.arguments) for call in calls)


def _is_told_apart(subject: Subject, key: ast.Node, scope: SelectScope) -> bool:
    """
    Tell whether an integer is a key of the group, and its remainders are further keys by which no two integers are equal as float32.

    Integers that round to the same float32 differ by *apart* at most: they are equal if their remainders by a number of twice that are.
    """
    whole = key.operands[0] if isinstance(key, ast.Chain) and _divisor(key, key.operands[0]) else key
    keys = scope.select.group_by
    if whole not in keys:
        return False
    apart = _apart(infer(*_computed(subject, whole, scope)))
    for size in sorted({_divisor(other, whole) for other in keys}, reverse=True):
        if apart and size >= 2 * apart:
            apart = 0 if size <= LARGEST else size // LARGEST
    return apart == 0


def _apart(column: Column | None) -> int | None:
    """Return the largest difference of two integers of a column that round to the same float32, or None if it has no integers of 32 or 64 bits."""
    return None if column is None or not column.is_single else APART.get(column.dtype)


def _joins(subject: Subject) -> Iterator[Finding]:
    """Yield joins on columns of which the engine may match different values."""
    exact = _compared_again(subject)
    for scope in subject.scopes:
        join = scope.select.source
        if not isinstance(join, ast.Join) or join.kind == "cross" or id(scope.select) in exact:
            continue
        pair = _pair(join, scope)
        node = join.on or join.using
        if pair is not None and node is not None and _may_collide(*pair):
            message = f"the columns are {pair[0].dtype} and {pair[1].dtype}, and the engine compares them as float32: different values that round to the same float32, such as integers beyond 16777216, match each other"
            hint = "harmless for smaller integers; otherwise compare the columns again in a query around an inner join: select .. from (select a.x as k1, b.x as k2, .. join ..) where k1 = k2"
            yield subject.finding(node, message, hint)


def _pair(join: ast.Join, scope: SelectScope) -> tuple[Column, Column] | None:
    """Return the two columns that a join compares, if both are known numbers."""
    found = _compared(join, scope)
    known = [column for column in found if column is not None and column.is_number and not column.is_label]
    return (known[0], known[1]) if len(known) == len(found) == len(("left", "right")) else None


def _compared(join: ast.Join, scope: SelectScope) -> list[Column | None]:
    """Return the types of the columns that a join compares, None for each unknown one."""
    if isinstance(join.on, ast.Comparison):
        return [scope.typed_column(side) for side in (join.on.left, join.on.right)]
    if isinstance(join.using, ast.Column):
        name = join.using.name
        return [(columns or {}).get(name) for columns in scope.aliases.values()]
    return []


def _may_collide(one: Column, two: Column) -> bool:
    """Tell whether different values of two types can round to the same float32."""
    types = {one.dtype, two.dtype}
    return types <= WIDE or "float64" in types or (bool(types & WIDE) and bool(types & NARROW_FLOATS))


def _compared_again(subject: Subject) -> frozenset[int]:
    """Return the identities of the SELECTs with a join whose columns the outer query compares again."""
    found = set()
    for scope in subject.scopes:
        inner = subselect(scope.select.source)
        if inner is not None and isinstance(inner.source, ast.Join) and _compares(scope.select, inner):
            found.add(id(inner))
    return frozenset(found)


def _compares(outer: ast.Select, inner: ast.Select) -> bool:
    """Tell whether the WHERE of an outer query compares the joined columns of the inner one again."""
    join = inner.source
    on = join.on if isinstance(join, ast.Join) and join.kind == "inner" else None
    if not isinstance(on, ast.Comparison):
        return False
    outputs = aliased(inner.columns)
    required = (
        [outputs.get(side.name) if isinstance(side, ast.Column) else None for side in sides]
        for sides in _equalities(outer.where)
    )
    return any(sides in ([on.left, on.right], [on.right, on.left]) for sides in required)


def _equalities(condition: ast.Expression | None) -> Iterator[tuple[ast.Expression, ast.Expression]]:
    """Yield the sides of each equality that a condition requires."""
    for part in condition.operands if isinstance(condition, ast.And) else (condition,):
        if isinstance(part, ast.Comparison) and part.operator == "=":
            yield part.left, part.right


RULES = (
    Rule(
        code="TQL512",
        title="sort or group key that is compared as float32",
        severity="warning",
        explanation="ORDER BY and GROUP BY compare numbers as float32. Keys of int8, int16, float16, float32 and text are exact. Different values of int32, int64, uint32, uint64, float64 and computed keys, also those that a subquery computes of its groups, that round to the same float32 tie, or fall into one group: integers beyond 16777216, Unix timestamps, prices with many digits. Reported only with a schema.",
        example="select sum(id) as s from N group by big",
        find=_keys,
        meant="select sum(id) as s from N group by big % 4194304, (big - big % 4194304) % 17592186044416, big - big % 17592186044416",
        needs_schema=True,
    ),
    Rule(
        code="TQL515",
        title="join on columns that are compared as float32",
        severity="warning",
        explanation="JOIN compares numbers as float32: different values of int32, int64, uint32, uint64 and float64 that round to the same float32 match each other. An inner join is exact if an outer query compares the columns again. Reported only with a schema.",
        example="select a.id as x, b.id as y from N as a join N as b on a.big = b.big",
        find=_joins,
        meant="select x, y from (select a.id as x, b.id as y, a.big as k1, b.big as k2 from N as a join N as b on a.big = b.big) where k1 = k2",
        needs_schema=True,
    ),
)
