"""Know how a query reads as the Python expression that makes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tql.aggregates import AGGREGATES
from tql.clauses import AsWritten, Combined, Dataset
from tql.expr import Placed
from tql_grammar import ast

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.expr import Key
    from tql.query import Query
    from tql.search import Search
    from tql_grammar.ast import Expression

FEW = 8


def query(whole: Query) -> str:
    """Return the chain of calls that makes a query."""
    if isinstance(whole.source, AsWritten) and whole == type(whole)(source=whole.source):
        return f"parse({_text(whole.source.tree)})"
    calls = [*_begin(whole), *map(_search, whole.searches)]
    if whole.conditions:
        calls.append(f"where({', '.join(map(expression, whole.conditions))})")
    if whole.unique:
        calls.append("distinct()")
    if whole.groups:
        calls.append(f"group_by({', '.join(map(_name_or, whole.groups))})")
    if whole.keys:
        calls.append(f"order_by({', '.join(map(key, whole.keys))})")
    calls.extend(
        f"{name}({rows})"
        for name, rows in (("limit", whole.row_limit), ("offset", whole.row_offset))
        if rows is not None
    )
    return ".".join(calls)


def _begin(whole: Query) -> list[str]:
    """Return the calls that say what is selected from where."""
    source = whole.source
    selected = f"select({', '.join(map(_output, whole.outputs))})"
    if isinstance(source, Combined):
        first, *others = map(query, source.members)
        return [first, *(f"{source.operator}({other})" for other in others), *([selected] if whole.outputs else [])]
    return [selected] if source is None else [selected, _from(source)]


def _from(source: Any) -> str:  # noqa: ANN401 - `Unordered` is never shown: only the compiler makes one
    """Return the call of ``from_``."""
    if isinstance(source, AsWritten):
        return f"from_(parse({_text(source.tree)}))"
    what = repr(source.url) if isinstance(source, Dataset) else query(source.query)
    return f"from_({what}, {source.alias!r})" if source.alias else f"from_({what})"


def _search(search: Search) -> str:
    """Return the call of ``similarity``."""
    metric = "" if search.metric == "cosine" else f", metric={search.metric!r}"
    alias = "" if search.alias == "score" else f", as_={search.alias!r}"
    return f"similarity({_name_or(search.column)}, {_argument(search.value)}{metric}{alias})"


def key(item: Key) -> str:
    """Return one key of an order."""
    shown = _name_or(item.expression)
    return f"{item.direction}({shown})" if item.direction else shown


def _output(node: Expression) -> str:
    """Return one argument of ``select``."""
    return "'*'" if node == ast.Star() else _name_or(node)


def _name_or(node: Expression) -> str:
    """Return a plain column as its name, anything else as an expression."""
    return repr(node.name) if isinstance(node, ast.Column) and node.table is None else expression(node)


def _text(node: ast.Node) -> str:
    """Return the TQL text of a tree as a Python literal."""
    from tql_grammar.printer import to_tql

    return repr(to_tql(node))


def expression(node: Expression) -> str:
    """Return the Python expression that makes a tree; where the builder has no words for it, by its TQL text."""
    write = _WRITERS.get(type(node))
    return f"raw({_text(node)})" if write is None else write(node)


def _argument(node: Expression) -> str:
    """Return a literal as the Python value, anything else as an expression."""
    if isinstance(node, (ast.Number, ast.String, ast.Boolean)):
        return repr(node.value)
    if isinstance(node, ast.Negate) and isinstance(node.operand, ast.Number):
        return repr(-node.operand.value)
    if isinstance(node, ast.Vector):
        return repr(node.array.tolist()) if node.array.size <= FEW else f"<{node.array.size} float32>"
    if isinstance(node, ast.Array):
        return f"[{', '.join(map(_argument, node.elements))}]"
    return expression(node)


def _operand(node: Expression) -> str:
    """Return an operand, in parentheses where Python needs them."""
    shown = _argument(node)
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
    """Return a comparison; one of a column with a text by ``<`` is written as TQL, since the builder gives it another text."""
    plain = _is_literal(node.left) or isinstance(node.left, (ast.Number, ast.String, ast.Boolean))
    ordered_text = (
        isinstance(node.right, ast.String)
        and node.operator not in {"=", "!="}
        and not isinstance(node.left, ast.Subscript)
    )
    if plain or ordered_text or isinstance(node.right, (ast.Null, ast.Vector, ast.Array)):
        return f"raw({_text(node)})"
    operator = "==" if node.operator == "=" else node.operator
    return f"{_operand(node.left)} {operator} {_operand(node.right)}"


def _chain(node: ast.Chain) -> str:
    """Return arithmetic."""
    if set(node.operators) - set("+-*/%") or all(isinstance(_bare(part), ast.Number) for part in node.operands[:2]):
        return f"raw({_text(node)})"
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
        or any(isinstance(part, (ast.Pair, ast.Star, ast.Aliased)) for part in node.arguments)
    ):
        return f"raw({_text(node)})"
    return f"fn.{node.name}({', '.join(map(_argument, node.arguments))})"


def _members(node: ast.In) -> str:
    """Return ``.in_([..])``."""
    if isinstance(node.members, ast.Query):
        return f"raw({_text(node)})"
    return (
        f"{_operand(node.operand)}.{'not_in' if node.negated else 'in_'}([{', '.join(map(_argument, node.members))}])"
    )


def _like(node: ast.Like) -> str:
    """Return ``.matches(..)``, which leaves a pattern without wildcards alone."""
    pattern = node.pattern
    if (
        node.case_insensitive
        or node.negated
        or not isinstance(pattern, ast.String)
        or not _is_own_pattern(pattern.value)
    ):
        return f"raw({_text(node)})"
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
        isinstance(part, (ast.Number, ast.String)) or (isinstance(part, ast.Slice) and not part.stepped)
        for part in node.indices
    ):
        return f"raw({_text(node)})"
    indices = [_slice(part) if isinstance(part, ast.Slice) else _argument(part) for part in node.indices]
    return f"{_operand(node.operand)}[{', '.join(indices)}]"


def _slice(node: ast.Slice) -> str:
    """Return ``0:2``."""
    bounds = ["" if bound is None else _argument(bound) for bound in (node.start, node.stop, node.step)]
    return ":".join(bounds if node.step is not None else bounds[:2])


_WRITERS: dict[type, Callable[..., str]] = {
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
    ast.Between: lambda node: f"{_operand(node.operand)}.between({_argument(node.low)}, {_argument(node.high)})",
    ast.IsNull: lambda node: f"{_operand(node.operand)}.{'is_not_null' if node.negated else 'is_null'}()",
    ast.Function: _call,
    ast.Subscript: _subscript,
    ast.Like: _like,
    ast.Boolean: lambda node: "all_of([])" if node.value else "any_of([])",
}
