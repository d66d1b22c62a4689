"""Know how a query reads as the Python expression that makes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tql.aggregates import AGGREGATES
from tql.expr import Placed
from tql.search import Fusion, TextSearch
from tql.statement import AsWritten, Combined, Dataset, Statement
from tql_grammar import ast
from tql_grammar.rewrite.given import AsIs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.expr import Key
    from tql.search import Search
    from tql.statement import Joined, Sampling
    from tql_grammar.ast import Expression

FEW = 8


def query(whole: Statement) -> str:
    """Return the chain of calls that makes a query."""
    return ".".join(calls(whole))


def calls(whole: Statement) -> list[str]:
    """Return the calls that make a query, in the order in which they are usually written."""
    if isinstance(whole.source, AsWritten) and whole == Statement(source=whole.source):
        return [f"parse({_text(whole.source.tree)})"]
    found: dict[str | int, tuple[str, list[str]]] = {}
    for number, item in enumerate(items(whole)):
        call = item.method if item.method in LISTS else number
        found.setdefault(call, (item.method, []))[1].append(item.text)
    begin = _begin(whole)
    return [*begin, *(f"{method}({', '.join(texts)})" for method, texts in found.values() if method not in BEGUN)]


class Item(NamedTuple):
    """
    One thing that a query says.

    Attributes:
        method: the method that says it.
        value: what it is, to be compared.
        text: the arguments of the method, as they are written.
    """

    method: str
    value: object
    text: str


# The methods that stand at the begin, all of them in the order of the calls, and those whose calls are put together into one.
BEGUN = ("select", "from_", "union", "union_all", "intersect", "except_")
METHODS = (
    *BEGUN, "similarity", "bm25", "hybrid", "join", "where", "distinct", "group_by", "ungroup_by", "sample_by", "order_by",
    "limit", "offset", "bind",
)  # fmt: skip
LISTS = ("where", "group_by", "order_by", "bind")


def items(whole: Statement) -> list[Item]:
    """Return all that a query says, in the order in which it is usually written."""
    found = [Item("select", output, _output(output)) for output in whole.outputs]
    found += _sources(whole.source)
    found += [Item(*_search(search)) for search in whole.searches]
    found += [] if whole.joined is None else [Item("join", whole.joined, _join(whole.joined))]
    found += [Item("where", part, expression(part)) for part in whole.conditions]
    found += [Item("distinct", whole.unique, "")] if whole.unique else []
    found += [Item("group_by", part, _name_or(part)) for part in whole.groups]
    found += [] if whole.pieces is None else [Item("ungroup_by", whole.pieces, str(whole.pieces or ""))]
    found += [] if whole.sampling is None else [Item("sample_by", whole.sampling, _sample(whole.sampling))]
    found += [Item("order_by", part, key(part)) for part in whole.keys]
    for method, rows in (("limit", whole.row_limit), ("offset", whole.row_offset)):
        found += [] if rows is None else [Item(method, rows, str(rows))]
    return [*found, *(Item("bind", (name, value), f"{name}={_argument(value)}") for name, value in whole.bindings)]


def _sources(source: Any) -> list[Item]:  # noqa: ANN401 - the sources that only the compiler makes are never shown
    """Return what a query says of where its rows are from."""
    if isinstance(source, Combined):
        return [Item(source.operator, member, query(member)) for member in source.members]
    return [] if source is None else [Item("from_", source, _source(source))]


def _begin(whole: Statement) -> list[str]:
    """Return the calls that say what is selected from where."""
    source = whole.source
    selected = f"select({', '.join(map(_output, whole.outputs))})"
    if isinstance(source, Combined):
        first, *others = map(query, source.members)
        return [first, *(f"{source.operator}({other})" for other in others), *([selected] if whole.outputs else [])]
    return [selected] if source is None else [selected, f"from_({_source(source)})"]


def _source(source: Any) -> str:  # noqa: ANN401 - the sources that only the compiler makes are never shown
    """Return the arguments of ``from_``."""
    if isinstance(source, AsWritten):
        return f"parse({_text(source.tree)})"
    what = repr(source.url) if isinstance(source, Dataset) else query(source.query)
    schema = getattr(source, "schema", None)
    columns = "" if schema is None else f", schema={schema!r}"
    return f"{what}, {source.alias!r}{columns}" if source.alias else f"{what}{columns}"


def _join(join: Joined) -> str:
    """Return the arguments of ``join``."""
    what = repr(join.source.url) if isinstance(join.source, Dataset) else query(join.source.query)
    how = "" if join.how == "inner" else f", how={join.how!r}"
    return f"{what}, {expression(join.on)}{how}, alias={join.source.alias!r}"


def _sample(sampling: Sampling) -> str:
    """Return the arguments of ``sample_by``."""
    replace = "" if sampling.replace_rows else ", replace=False"
    amount = f", {'percent' if sampling.percent else 'limit'}={sampling.amount}" if sampling.amount is not None else ""
    return f"{_name_or(sampling.weights)}{replace}{amount}"


def _search(search: Search | TextSearch | Fusion) -> tuple[str, object, str]:
    """Return the method of a search, and its arguments."""
    alias = "" if search.alias == "score" else f", as_={search.alias!r}"
    if isinstance(search, Fusion):
        return "hybrid", search, _fusion(search, alias)
    if isinstance(search, TextSearch):
        return "bm25", search, f"{_name_or(search.column)}, {_argument(search.value)}{alias}"
    metric = "" if search.metric == "cosine" else f", metric={search.metric!r}"
    exact = ", exact=True" if search.exact else ""
    return "similarity", search, f"{_name_or(search.column)}, {_argument(search.value)}{metric}{alias}{exact}"


def _fusion(search: Fusion, alias: str) -> str:
    """Return the arguments of ``hybrid``."""
    pairs: dict[str, list[str]] = {"vector": [], "text": []}
    for leg in search.legs:
        column, value = leg.score.arguments  # type: ignore[attr-defined]  # a function, by how a leg is made
        kind = "text" if leg.score.name == "bm25_similarity" else "vector"  # type: ignore[attr-defined]  # the same
        pairs[kind].append(f"({_name_or(column)}, {_argument(value)})")
    legs = (
        f"{kind}=[{', '.join(found)}]" if len(found) != 1 else f"{kind}={found[0]}" for kind, found in pairs.items()
    )
    weights = [leg.weight for leg in search.legs]
    settings = {"weights": (weights, [1.0] * len(weights)), "key": (search.key, "id"), "k": (search.k, 60)}
    settings["candidates"] = (search.candidates, 100)
    changed = "".join(f", {name}={value!r}" for name, (value, usual) in settings.items() if value != usual)
    return f"{', '.join(legs)}{changed}{alias}{', exact=True' if search.exact else ''}"


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
        return repr(node.array.tolist()) if node.size <= FEW else f"<{node.size} float32>"
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
    """Return a comparison."""
    plain = _is_literal(node.left) or isinstance(node.left, (ast.Number, ast.String, ast.Boolean))
    if plain or isinstance(node.right, (ast.Null, ast.Vector, ast.Array)):
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
        or any(isinstance(part, (ast.Star, ast.Aliased)) for part in node.arguments)
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
        isinstance(part, ast.String) or _is_index(part) or (isinstance(part, ast.Slice) and not part.stepped)
        for part in node.indices
    ):
        return f"raw({_text(node)})"
    indices = [_slice(part) if isinstance(part, ast.Slice) else _argument(part) for part in node.indices]
    return f"{_operand(node.operand)}[{', '.join(indices)}]"


def _is_index(node: Expression) -> bool:
    """Tell whether a node is an integer."""
    bare = _bare(node)
    return isinstance(bare, ast.Number) and isinstance(bare.value, int)


def _slice(node: ast.Slice) -> str:
    """Return ``0:2``."""
    bounds = ["" if bound is None else _argument(bound) for bound in (node.start, node.stop, node.step)]
    return ":".join(bounds if node.step is not None else bounds[:2])


_WRITERS: dict[type, Callable[..., str]] = {
    AsIs: lambda node: f"raw({_text(node.expression)})",
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
    ast.Pair: lambda node: f"({expression(node.condition)}, {_argument(node.weight)})",
    ast.Subscript: _subscript,
    ast.Like: _like,
    ast.Parameter: lambda node: f"param({node.name!r})" if node.name else "raw('?')",
    ast.Boolean: lambda node: "all_of([])" if node.value else "any_of([])",
}
