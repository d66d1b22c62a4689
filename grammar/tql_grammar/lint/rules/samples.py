"""Rule about weights of SAMPLE BY from which no row can be drawn."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import ELEMENTWISE, REDUCTIONS
from tql_grammar.lint.reads import WEIGHT
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.walk import unbounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

COMPUTING: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
# The functions of one argument that are 0 for 0.
ZERO_FOR_ZERO = ELEMENTWISE | REDUCTIONS


def _endless_sample(subject: Subject) -> Iterator[Finding]:
    """Yield samples from which no row can be drawn."""
    for scope in subject.scopes:
        sample = scope.select.sample_by
        if sample is None:
            continue
        if isinstance(sample.limit, ast.Negate):
            yield subject.finding(
                sample.limit, "the number of rows is negative: the engine tries to allocate too much memory"
            )
        if _is_never_drawn(sample.weights):
            yield subject.finding(
                sample.weights,
                "no row has a weight above 0, so the engine never finishes drawing rows",
                "give at least one row a weight above 0",
            )


@unbounded
def _is_never_drawn(weights: ast.Node) -> bool:
    """Tell whether no row has a weight above 0, whatever the rows are."""
    if isinstance(weights, ast.Function) and weights.name.lower() in {"max_weight", "sum_weight"}:
        pairs = [pair for pair in weights.arguments if isinstance(pair, ast.Pair)]
        return bool(pairs) and all(
            _is_never_drawn(pair.weight) or pair.condition == ast.Boolean(value=False) for pair in pairs
        )
    value = _constant(weights)
    return value is not None and value <= 0


@unbounded
def _constant(node: ast.Node) -> float | None:
    """Return the value of a weight that is the same for every row, or None."""
    if isinstance(node, (ast.Number, ast.Boolean)):
        return node.value
    if isinstance(node, ast.Negate):
        value = _constant(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Function):
        is_zero = node.name.lower() in ZERO_FOR_ZERO and [*map(_constant, node.arguments)] == [0]
        return 0 if is_zero else None
    if isinstance(node, ast.And):
        return 0 if 0 in map(_constant, node.operands) else None
    return _computed(node.operators, [*map(_constant, node.operands)]) if isinstance(node, ast.Chain) else None


def _computed(operators: Sequence[str], values: list[float | None]) -> float | None:
    """Return the value of arithmetic on constants, evaluated from the left, or None where it is unknown; a product with 0 is 0."""
    if set(operators) == {"*"} and 0 in values:
        return 0
    first, *others = values
    for sign, value in zip(operators, others, strict=True):
        compute = COMPUTING.get(sign)
        if compute is None or first is None or value is None or (sign == "/" and not value):
            return None
        first = compute(first, value)
    return first


RULES = (
    Rule(
        code="TQL408",
        title="SAMPLE BY without a positive weight",
        severity="error",
        explanation="If no row has a weight above 0 and rows are drawn with replacement, which is the default, the query hangs, and so does every later query in the same process.",
        example="select id from D sample by 0 limit 3",
        find=_endless_sample,
        meant="select id from D sample by 1 limit 3",
        reads=(WEIGHT,),
    ),
)
