"""Display of a query after each compiler pass, for documentation, tests and debugging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tql.compiler.compile import PASSES
from tql.compiler.context import NOWHERE
from tql.compiler.pack import Packed
from tql.expressions import source
from tql.plan import nodes
from tql.plan.tree import folded
from tql.views import query_source
from tql_grammar import ast
from tql_grammar.explain.levels import elided
from tql_grammar.rewrite.typed import unwrap_verbatim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tql.compiler.context import Context
    from tql.statement import Statement
    from tql_grammar.ast import Expression


class Stage(NamedTuple):
    """
    A query after a compiler pass.

    Attributes:
        name: the pass.
        text: the query as builder calls, as the operations of a plan, outermost first, or as TQL.
    """

    name: str
    text: str


def stages(query: Statement, context: Context = NOWHERE) -> list[Stage]:
    """
    Return a query after each compiler pass.

    Raises:
        ArgumentError: the query cannot be compiled.
    """
    found: Any = query
    written: list[Stage] = []
    for step in PASSES:
        found = step(found, context)
        name = step.__name__
        written.append(Stage(name, _shown(found, in_calls=name == "lower")))
    return written


def _shown(found: Statement | nodes.Plan | Packed, *, in_calls: bool) -> str:
    """Return a query as text, with the expressions of a plan as builder calls or as TQL."""
    if isinstance(found, Packed):
        return elided(found.tree)
    if isinstance(found, nodes.Plan):
        return drawing(found, source.expression if in_calls else _in_tql)
    return query_source.query(found)


def _in_tql(node: Expression) -> str:
    """Return an expression as TQL, long vectors elided."""
    return elided(unwrap_verbatim(node))


def drawing(plan: nodes.Plan, write: Callable[[Expression], str] = _in_tql) -> str:
    """
    Return a plan as a tree of operations, one per line, each above its inputs.

    Args:
        plan: any plan.
        write: returns the text of an expression.
    """

    def lines(node: nodes.Plan, inputs: tuple[list[str], ...]) -> list[str]:
        own = f"{type(node).__name__.lower()} {' '.join(_ARGUMENTS[type(node)](node, write))}".strip()
        return [own, *(line for number, below in enumerate(inputs, 1) for line in _below(below, number == len(inputs)))]

    found: list[str] = folded(plan, lines)
    return "\n".join(found)


def _below(lines: list[str], last: bool) -> list[str]:  # noqa: FBT001 - whether it is the last input
    """Return the lines of an input, indented below its operation."""
    first, *rest = lines
    return [f"{'└' if last else '├'}─ {first}", *(f"{' ' if last else '│'}  {line}" for line in rest)]


def _many(nodes: Iterable[Expression], write: Callable[[Expression], str]) -> str:
    """Return expressions separated by commas."""
    return ", ".join("*" if isinstance(node, ast.Star) else write(node) for node in nodes)


def _keys(node: nodes.Sort, write: Callable[[Expression], str]) -> str:
    """Return sort keys separated by commas."""
    return ", ".join(f"{write(key.expression)} {key.direction or ''}".strip() for key in node.keys)


def _dataset(node: nodes.Scan) -> list[str]:
    """Return the url and the alias of a dataset."""
    return [repr(node.url) if node.url else "", f"as {node.alias}" if node.alias else ""]


def _groups(node: nodes.Aggregate, write: Callable[[Expression], str]) -> list[str]:
    """Return the outputs and the keys of an aggregation."""
    return [_many(node.outputs, write), f"by {_many(node.keys, write)}" if node.keys else ""]


def _rows(node: nodes.Limit) -> list[str]:
    """Return the limit and the offset."""
    return [
        "" if node.count is None else str(node.count.value),
        f"offset {node.offset.value}" if node.offset is not None else "",
    ]


def _parts(node: nodes.Explode) -> str:
    """Return the number of parts of each group."""
    return f"in {node.parts_per_group} parts" if node.parts_per_group else "in single rows"


# The arguments of each operation, which follow its name.
_ARGUMENTS: dict[type[nodes.Plan], Callable[[Any, Callable[[Expression], str]], Iterable[str]]] = {
    nodes.Scan: lambda node, _write: filter(None, _dataset(node)),
    nodes.Verbatim: lambda node, _write: [elided(node.tree)],
    nodes.Subquery: lambda node, _write: [f"as {node.alias}" if node.alias else ""],
    nodes.Filter: lambda node, write: [write(node.predicate)],
    nodes.Extend: lambda node, write: [_many(node.outputs, write)],
    nodes.Project: lambda node, write: [_many(node.columns, write)],
    nodes.Aggregate: _groups,
    nodes.Explode: lambda node, write: [_many(node.columns, write), _parts(node)],
    nodes.Sort: lambda node, write: [_keys(node, write)],
    nodes.Limit: lambda node, _write: filter(None, _rows(node)),
    nodes.Sample: lambda node, write: ["by", write(node.weights), "" if node.amount is None else str(node.amount)],
    nodes.Union: lambda _node, _write: [],
    nodes.Join: lambda node, write: [
        node.how,
        "on",
        write(node.on),
        *([_many(node.columns, write)] if node.columns else []),
    ],
    nodes.Barrier: lambda _node, _write: [],
}
