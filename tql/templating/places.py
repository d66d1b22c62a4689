"""Places of holes: a value that its place does not take raises ArgumentError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql.builder.arguments import rows
from tql.expressions.expr import Expr
from tql.messages import shown
from tql.templating.values import literal_of
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tql.templating.holes import Hole


def check_places(tree: ast.Query, known: Mapping[str, Hole]) -> None:
    """Raise ArgumentError for a value that its place does not take."""
    for node in walk(tree):
        check = CHECKS.get(type(node))
        if check is not None:
            check(node, known)


def _held(node: object, known: Mapping[str, Hole]) -> Hole | None:
    """Return the hole that is a whole expression, or None."""
    return known.get(node.name) if isinstance(node, ast.Column) and node.table is None else None


def _whole_number(part: object, known: Mapping[str, Hole]) -> None:
    """Require a number of rows."""
    hole = _held(part, known)
    if hole is not None and rows(hole.subject, hole.value) is None:
        raise ArgumentError(hole.subject, "takes a number of rows >= 0", "None", "leave the clause out")


def _limit(node: Any, known: Mapping[str, Hole]) -> None:  # noqa: ANN401 - a node
    """Check LIMIT and OFFSET."""
    _whole_number(node.count, known)
    _whole_number(node.offset, known)


def _key(node: Any, known: Mapping[str, Hole]) -> None:  # noqa: ANN401 - a node
    """Check a sort key, which is no constant."""
    _require_expression(node.expression, known, "order by")


def _require_expression(part: object, known: Mapping[str, Hole], clause: str) -> None:
    """Require an expression: a literal is the same in each row."""
    hole = _held(part, known)
    if hole is not None and not isinstance(hole.value, Expr):
        several = isinstance(hole.value, (list, tuple)) and clause == "select"
        listed = "select several columns by the builder: select(*names)"
        hint = listed if several else "for a column pass col(..): a str is a text here"
        raise ArgumentError(hole.subject, f"takes an expression in {clause}", shown(hole.value), hint)


def _select(node: Any, known: Mapping[str, Hole]) -> None:  # noqa: ANN401 - a node
    """Check the outputs without a name, the group keys, and the weights of a sample."""
    for part in node.columns:
        _require_expression(part, known, "select")
    for part in node.group_by:
        _require_expression(part, known, "group by")
    if node.sample_by is not None:
        _require_expression(node.sample_by.weights, known, "sample by")
        if not node.sample_by.percent:
            _whole_number(node.sample_by.limit, known)


def _one_value(node: Any, known: Mapping[str, Hole]) -> None:  # noqa: ANN401 - a node
    """Check the operands of a comparison: one value, and not None."""
    held = (_held(getattr(node, field, None), known) for field in ("left", "right", "operand", "low", "high"))
    for hole in held:
        if (
            hole is not None
            and not isinstance(hole.value, Expr)
            and isinstance(literal_of(hole), (ast.Vector, ast.Array))
        ):
            rule, why = "takes one value in a comparison", "the engine compares only the first element of an array"
            raise ArgumentError(hole.subject, rule, shown(hole.value), "write `in ({..})`", why=why)


def _function(node: Any, known: Mapping[str, Hole]) -> None:  # noqa: ANN401 - a node
    """Refuse a hole as the name of a function."""
    if node.name in known:
        raise ArgumentError(
            known[node.name].subject,
            "is no name of a function",
            shown(known[node.name].value),
            "write the name into the text",
        )


CHECKS: dict[type, Callable[[Any, Mapping[str, Hole]], None]] = {
    ast.Limit: _limit,
    ast.Order: _key,
    ast.Select: _select,
    ast.Comparison: _one_value,
    ast.Between: _one_value,
    ast.Like: _one_value,
    ast.Function: _function,
}
