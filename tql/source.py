"""The Python expression that makes an expression of a query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql.aggregates import AGGREGATES
from tql.placed import Placed
from tql_grammar import ast
from tql_grammar.rewrite.given import AsIs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression

FEW = 8


def key(node: Expression, direction: str | None) -> str:
    """Return one key of an order."""
    shown = name_or(node)
    return f"{direction}({shown})" if direction else shown


def name_or(node: Expression) -> str:
    """Return a plain column as its name, anything else as an expression."""
    return repr(node.name) if isinstance(node, ast.Column) and node.table is None else expression(node)


def text(node: ast.Node) -> str:
    """Return the TQL text of a tree as a Python literal."""
    from tql_grammar.printer import to_tql

    return repr(to_tql(node))


def expression(node: Expression) -> str:
    """Return the Python expression that makes a tree; where the builder has no words for it, by its TQL text."""
    write = _WRITERS.get(type(node))
    return f"raw({text(node)})" if write is None else write(node)


def argument(node: Expression) -> str:
    """Return a literal as the Python value, anything else as an expression."""
    if isinstance(node, (ast.Number, ast.String, ast.Boolean)):
        return repr(node.value)
    if isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number):
        return repr(-node.operand.value)
    if isinstance(node, ast.Vector):
        return repr(node.array.tolist()) if node.size <= FEW else f"<{node.size} float32>"
    if isinstance(node, ast.Array):
        return f"[{', '.join(map(argument, node.elements))}]"
    return expression(node)


def _operand(node: Expression) -> str:
    """Return an operand, in parentheses where Python needs them."""
    shown = argument(node)
    return (
        f"({shown})"
        if isinstance(node, (ast.Chain, ast.Comparison, ast.And, ast.Or, ast.Not, ast.Negate)) and not _is_literal(node)
        else shown
    )


def _is_literal(node: Expression) -> bool:
    """Tell whether a node is shown as a Python number."""
    return isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number)


def _column(node: ast.Column) -> str:
    """Return ``col("a")``."""
    return f"col({node.name!r})" if node.table is None else f"col({node.name!r}, of={node.table!r})"


def _comparison(node: ast.Comparison) -> str:
    """Return a comparison."""
    plain = _is_literal(node.left) or isinstance(node.left, (ast.Number, ast.String, ast.Boolean))
    if plain or isinstance(node.right, (ast.Null, ast.Vector, ast.Array)):
        return f"raw({text(node)})"
    operator = "==" if node.operator == "=" else node.operator
    return f"{_operand(node.left)} {operator} {_operand(node.right)}"


def _chain(node: ast.Chain) -> str:
    """Return arithmetic."""
    if set(node.operators) - set("+-*/%") or all(isinstance(_bare(part), ast.Number) for part in node.operands[:2]):
        return f"raw({text(node)})"
    first, *rest = map(_operand, node.operands)
    return first + "".join(f" {operator} {operand}" for operator, operand in zip(node.operators, rest, strict=True))


def _bare(node: Expression) -> Expression:
    """Return a number without its sign."""
    return node.operand if isinstance(node, ast.Negate) else node


def _call(node: ast.Function) -> str:
    """Return ``fn.name(..)``."""
    from tql_grammar.functions import CATALOGUE

    if (
        node.name not in {*CATALOGUE, *AGGREGATES}
        or node.distinct
        or any(isinstance(part, (ast.Star, ast.Aliased)) for part in node.arguments)
    ):
        return f"raw({text(node)})"
    return f"fn.{node.name}({', '.join(map(argument, node.arguments))})"


def _members(node: ast.In) -> str:
    """Return ``.in_([..])``."""
    if isinstance(node.members, ast.Query):
        return f"raw({text(node)})"
    return f"{_operand(node.operand)}.{'not_in' if node.negated else 'in_'}([{', '.join(map(argument, node.members))}])"


def _like(node: ast.Like) -> str:
    """Return ``.matches(..)``, which leaves a pattern without wildcards alone."""
    pattern = node.pattern
    if (
        node.case_insensitive
        or node.negated
        or not isinstance(pattern, ast.String)
        or not _is_own_pattern(pattern.value)
    ):
        return f"raw({text(node)})"
    return f"{_operand(node.operand)}.matches({pattern.value!r})"


def _is_own_pattern(pattern: str) -> bool:
    """Tell whether ``.matches(pattern)`` gives LIKE with the very same pattern, and nothing beside it."""
    try:
        return not set("*?%") & set(pattern) and re.fullmatch(pattern, "") is None
    except re.error:
        return False


def _subscript(node: ast.Subscript) -> str:
    """Return ``e[..]``, if the builder gives those indices."""
    if not all(
        isinstance(part, ast.String) or _is_index(part) or (isinstance(part, ast.Slice) and not part.stepped)
        for part in node.indices
    ):
        return f"raw({text(node)})"
    indices = [_slice(part) if isinstance(part, ast.Slice) else argument(part) for part in node.indices]
    return f"{_operand(node.operand)}[{', '.join(indices)}]"


def _is_index(node: Expression) -> bool:
    """Tell whether a node is an integer."""
    bare = _bare(node)
    return isinstance(bare, ast.Number) and isinstance(bare.value, int)


def _slice(node: ast.Slice) -> str:
    """Return ``0:2``."""
    bounds = ["" if bound is None else argument(bound) for bound in (node.start, node.stop, node.step)]
    return ":".join(bounds if node.step is not None else bounds[:2])


_WRITERS: dict[type, Callable[..., str]] = {
    AsIs: lambda node: f"raw({text(node.expression)})",
    ast.Column: _column,
    Placed: lambda node: f"col({node.name!r}, of={node.place!r})",
    ast.Aliased: lambda node: f"{_operand(node.expression)}.as_({node.alias!r})",
    ast.Not: lambda node: f"~{_operand(node.operand)}",
    ast.Negate: lambda node: f"-{_operand(node.operand)}",
    ast.And: lambda node: " & ".join(f"({expression(part)})" for part in node.operands),
    ast.Or: lambda node: " | ".join(f"({expression(part)})" for part in node.operands),
    ast.Chain: _chain,
    ast.Comparison: _comparison,
    ast.In: _members,
    ast.Between: lambda node: f"{_operand(node.operand)}.between({argument(node.low)}, {argument(node.high)})",
    ast.IsNull: lambda node: f"{_operand(node.operand)}.{'is_not_null' if node.negated else 'is_null'}()",
    ast.Function: _call,
    ast.Pair: lambda node: f"({expression(node.condition)}, {argument(node.weight)})",
    ast.Subscript: _subscript,
    ast.Like: _like,
    ast.Parameter: lambda node: f"param({node.name!r})" if node.name else "raw('?')",
    ast.Boolean: lambda node: "all_of([])" if node.value else "any_of([])",
}
