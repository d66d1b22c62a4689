"""Python source of expressions: the calls and operators of the builder that create a syntax tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.expressions.aggregates import AGGREGATES, OF_ROWS
from tql.expressions.logical import Membership, Range, Relevance, Similarity, TextMatch
from tql.expressions.qualified_name import QualifiedName
from tql.values.literal import sql_form
from tql_grammar import ast
from tql_grammar.floats import bracketed
from tql_grammar.rewrite.given import VerbatimExpression

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression

FEW = 8


def key(node: Expression, direction: str | None) -> str:
    """Return the source of a sort key: ``'id'``, ``desc('id')``."""
    shown = name_or(node)
    return f"{direction}({shown})" if direction else shown


def name_or(node: Expression) -> str:
    """Return an unqualified column as its quoted name, and any other tree as an expression, also a column whose name looks like SQL."""
    is_name = isinstance(node, ast.Column) and node.table is None and sql_form(node.name) is None
    return repr(node.name) if is_name else expression(node)  # type: ignore[attr-defined]  # a column


def text(node: ast.Node) -> str:
    """Return the TQL text of a tree as a Python string literal."""
    from tql_grammar.printing.printer import to_tql

    return repr(to_tql(node))


def expression(node: Expression) -> str:
    """Return the Python expression of a tree; ``raw(..)`` with its TQL text if the builder has no method for it."""
    write = _WRITERS.get(type(node))
    return _as_expr(node) if write is None else write(node)


def argument(node: Expression) -> str:
    """Return a literal as a Python value, long vectors elided, and any other tree as an expression."""
    if isinstance(node, (ast.Number, ast.String, ast.Boolean)):
        return repr(node.value)
    if isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number):
        return repr(-node.operand.value)
    if isinstance(node, ast.Vector):
        return bracketed(node.array).replace(",", ", ") if node.size <= FEW else f"<{node.size} float32>"
    if isinstance(node, ast.Array):
        return f"[{', '.join(map(argument, node.elements))}]"
    return expression(node)


def value(node: Expression) -> str:
    """Return an argument, with NULL as ``None``."""
    return "None" if isinstance(node, ast.Null) else argument(node)


def _as_expr(node: Expression) -> str:
    """Return ``raw(..)`` with the TQL of a node, since a Python value has no methods of `Expr`; a parameter's value is shown as it was bound."""
    return argument(node) if _is_value(node) and _is_bound(node) else f"raw({text(node)})"


def _is_bound(node: Expression) -> bool:
    """Return whether a node is the value of a parameter."""
    return isinstance(_bare(node).origin, ast.Parameter)


def _receiver(node: Expression) -> str:
    """Return an operand whose method is called, or that has a unary operator or a subscript: an `Expr`, never a Python value."""
    return f"({_as_expr(node)})" if _is_bound(node) else _as_expr(node) if _is_value(node) else _operand(node)


def _operand(node: Expression) -> str:
    """Return an operand, in parentheses if Python's precedence requires them."""
    shown = argument(node)
    return (
        f"({shown})"
        if isinstance(node, (ast.Chain, ast.Comparison, ast.And, ast.Or, ast.Not, ast.Negate)) and not _is_literal(node)
        else shown
    )


def _is_literal(node: Expression) -> bool:
    """Return whether a node is a negative number, which needs no parentheses."""
    return isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number)


def _column(node: ast.Column) -> str:
    """Return ``col("a")``."""
    return f"col({node.name!r})" if node.table is None else f"col({node.name!r}, of={node.table!r})"


def _comparison(node: ast.Comparison) -> str:
    """Return ``left == right``, with a literal on the left and an array as ``raw(..)``."""
    left = _as_expr(node.left) if _is_value(node.left) else _operand(node.left)
    right = _as_expr(node.right) if isinstance(node.right, (ast.Vector, ast.Array)) else _operand(node.right)
    return f"{left} {'==' if node.operator == '=' else node.operator} {right}"


def _chain(node: ast.Chain) -> str:
    """Return ``a + b - c``; ``raw(..)`` for operators that Python lacks, and for two numbers, which Python would compute."""
    numbers = all(isinstance(_bare(part), ast.Number) for part in node.operands[:2])
    if set(node.operators) - set("+-*/%") or (numbers and not any(map(_is_bound, node.operands[:2]))):
        return f"raw({text(node)})"
    first, *rest = map(_operand, node.operands)
    return first + "".join(f" {operator} {operand}" for operator, operand in zip(node.operators, rest, strict=True))


def _bare(node: Expression) -> Expression:
    """Return a number without its sign."""
    return node.operand if isinstance(node, ast.Negate) else node


def _call(node: ast.Function) -> str:
    """Return ``fn.name(..)``, or the equivalent method of an expression."""
    from tql_grammar.functions import CATALOGUE

    function = AGGREGATES.get(node.name) or OF_ROWS.get(node.name) or CATALOGUE.get(node.name)
    if function is None or node.distinct or any(isinstance(part, (ast.Star, ast.Aliased)) for part in node.arguments):
        return f"raw({text(node)})"
    if _is_method(node):
        operand = _receiver(node.arguments[0])
        return f"{operand}.shape" if node.name == "shape" else f"{operand}.contains({argument(node.arguments[1])})"
    kinds = [parameter.kind for parameter in function.parameters]
    return f"fn.{node.name}({', '.join(map(_passed, node.arguments, [*kinds, *[''] * len(node.arguments)]))})"


def _is_method(node: ast.Function) -> bool:
    """Return whether a call is equivalent to ``.shape``, or to ``.contains`` of an array."""
    first, *rest = node.arguments or (ast.Null(),)
    if _is_value(first) or isinstance(first, ast.Null):
        return False
    if node.name == "shape":
        return not rest
    if node.name != "contains" or len(rest) != 1:
        return False
    return _is_value(rest[0]) and (isinstance(first, ast.Subscript) or not isinstance(rest[0], ast.String))


def _passed(node: Expression, kind: str) -> str:
    """Return an argument of a function; a text is ``raw(..)`` where a str would be the name of a column."""
    return _as_expr(node) if isinstance(node, ast.String) and kind != "text" else value(node)


def _is_value(node: Expression) -> bool:
    """Return whether the source of a node is a Python value, not an `Expr`."""
    return _is_literal(node) or isinstance(node, (ast.Number, ast.String, ast.Boolean, ast.Vector, ast.Array))


def _in(node: ast.In) -> str:
    """Return ``.in_([..])``; ``raw(..)`` for an IN that the builder does not generate."""
    members = () if isinstance(node.members, ast.Query) else node.members
    kinds = {type(_bare(member)) for member in members}
    if not isinstance(node.operand, ast.Column) or kinds not in ({ast.Number}, {ast.String}):
        return f"raw({text(node)})"
    return _list(node.operand, members, negated=node.negated)


def _list(operand: Expression, members: tuple[Expression, ...], *, negated: bool) -> str:
    """Return ``.in_([..])``."""
    return f"{_receiver(operand)}.{'not_in' if negated else 'in_'}([{', '.join(map(argument, members))}])"


def _between(node: ast.Between) -> str:
    """Return ``.between(..)``; ``raw(..)`` for a BETWEEN that the builder does not generate."""
    own = isinstance(node.operand, ast.Column) and {type(node.low), type(node.high)} == {ast.String}
    return _range(node) if own else f"raw({text(node)})"


def _range(node: ast.Between | Range) -> str:
    """Return ``.between(..)``."""
    return f"{_receiver(node.operand)}.between({value(node.low)}, {value(node.high)})"


def similarity(node: Similarity, name: str = ", as_=None") -> str:
    """Return the arguments of ``similarity``, with ``as_=None`` or another *name*."""
    metric = "" if node.metric == "cosine" else f", metric={node.metric!r}"
    exact = ", exact=True" if node.exact else ""
    return f"{name_or(node.column)}, {argument(node.value)}{metric}{name}{exact}"


def relevance(node: Relevance, name: str = ", as_=None") -> str:
    """Return the arguments of ``bm25``, with ``as_=None`` or another *name*."""
    return f"{name_or(node.column)}, {argument(node.value)}{name}"


def _subscript(node: ast.Subscript) -> str:
    """Return ``e[..]``; ``raw(..)`` for indices that the builder does not generate."""
    if not all(
        isinstance(part, ast.String) or _is_index(part) or (isinstance(part, ast.Slice) and not part.stepped)
        for part in node.indices
    ):
        return f"raw({text(node)})"
    indices = [_slice(part) if isinstance(part, ast.Slice) else argument(part) for part in node.indices]
    return f"{_receiver(node.operand)}[{', '.join(indices)}]"


def _is_index(node: Expression) -> bool:
    """Return whether a node is an integer literal."""
    bare = _bare(node)
    return isinstance(bare, ast.Number) and isinstance(bare.value, int)


def _slice(node: ast.Slice) -> str:
    """Return ``0:2``."""
    bounds = ["" if bound is None else argument(bound) for bound in (node.start, node.stop, node.step)]
    return ":".join(bounds if node.step is not None else bounds[:2])


_WRITERS: dict[type, Callable[..., str]] = {
    VerbatimExpression: lambda node: f"raw({text(node.expression)})",
    ast.Column: _column,
    QualifiedName: lambda node: f"col({node.name!r}, of={node.place!r})",
    ast.Aliased: lambda node: f"{_receiver(node.expression)}.as_({node.alias!r})",
    ast.Not: lambda node: f"~{_receiver(node.operand)}",
    ast.Negate: lambda node: _as_expr(node) if _is_value(node.operand) else f"-{_operand(node.operand)}",
    ast.And: lambda node: " & ".join(f"({expression(part)})" for part in node.operands),
    ast.Or: lambda node: " | ".join(f"({expression(part)})" for part in node.operands),
    ast.Chain: _chain,
    ast.Comparison: _comparison,
    ast.In: _in,
    ast.Between: _between,
    Range: _range,
    Membership: lambda node: _list(node.operand, node.members, negated=node.negated),
    TextMatch: lambda node: f"{_receiver(node.operand)}.{node.kind}({node.text.value!r})",
    Similarity: lambda node: f"similarity({similarity(node)})",
    Relevance: lambda node: f"bm25({relevance(node)})",
    ast.IsNull: lambda node: f"{_receiver(node.operand)}.{'is_not_null' if node.negated else 'is_null'}()",
    ast.Function: _call,
    ast.Pair: lambda node: f"({expression(node.condition)}, {argument(node.weight)})",
    ast.Subscript: _subscript,
    ast.Parameter: lambda node: f"param({node.name!r})" if node.name else "raw('?')",
    ast.Boolean: lambda node: "all_of([])" if node.value else "any_of([])",
}
