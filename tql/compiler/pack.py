"""
The fifth pass: a plan as SELECTs, as few as the engine's order of evaluation allows.

The engine evaluates a SELECT in one order: FROM, WHERE, then ORDER BY by one key or SAMPLE BY, the select list, LIMIT.
An operation that comes earlier than one that a SELECT has already needs a SELECT of its own around it; why is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from tql.plan.nodes import (
    Aggregate,
    Barrier,
    Explode,
    Filter,
    Join,
    Limit,
    Plan,
    Project,
    Sample,
    Scan,
    Sort,
    Subquery,
    Union,
    Verbatim,
)
from tql.plan.tree import folded, own_nodes
from tql.values.literal import literal
from tql_grammar import ast
from tql_grammar.explain import reasons

if TYPE_CHECKING:
    from tql.compiler.context import Context


class Packed(NamedTuple):
    """
    The tree of a text.

    Attributes:
        tree: the outermost SELECT.
        reasons: why a SELECT is around the one below it, and what is to be known of its keys, by the identity of the outer one.
    """

    tree: ast.Query
    reasons: dict[int, str]


class Clause(IntEnum):
    """The clauses of a SELECT, in the order in which the engine evaluates them."""

    FROM = 0
    WHERE = 1
    ORDER = 2
    SELECT = 3
    LIMIT = 4
    END = 5


class Block(NamedTuple):
    """
    A SELECT that may take more clauses.

    Attributes:
        select: what it has so far.
        last: the last of its clauses that the engine evaluates.
        operation: the operation that came last.
        why: why it is around the SELECT below it.
    """

    select: ast.Query
    last: Clause
    operation: Plan
    why: str = ""


class Packer:
    """Packs a plan, and collects why SELECTs are around others."""

    def __init__(self) -> None:
        """Begin without any."""
        self.reasons: dict[int, str] = {}

    def block(self, node: Plan, inputs: tuple[Block, ...]) -> Block:
        """Return an operation over the SELECTs of its inputs."""
        begin = BEGINS.get(type(node))
        if begin is not None:
            return Block(ast.Select(ALL, begin(node, inputs, self.closed)), Clause.FROM, node, _asked(node))
        if isinstance(node, Verbatim):
            return Block(node.tree, Clause.END, node)
        (block,) = inputs
        if isinstance(node, Barrier):
            return block._replace(last=Clause.END, operation=node)
        clause, write = CLAUSES[type(node)]
        if needs_new_select(block, node):
            around = ast.Select(ALL, ast.Derived(self.closed(block)))
            block = Block(around, Clause.FROM, node, reason(block.operation, node))
        caution = node.__dict__.get("caution", "")
        why = "; ".join(filter(None, (block.why, caution)))
        return Block(write(block.select, node), clause, node, why)

    def closed(self, block: Block) -> ast.Query:
        """Return the query of a SELECT that takes no more clauses."""
        if block.why:
            self.reasons[id(block.select)] = block.why
        return block.select


def pack(plan: Plan, _context: Context) -> Packed:
    """Return the tree of the text of a plan."""
    packer = Packer()
    return Packed(packer.closed(folded(plan, packer.block)), packer.reasons)


def needs_new_select(block: Block, node: Plan) -> bool:
    """Tell whether an operation needs a SELECT around a block: the engine would evaluate it before one that has to come first."""
    if isinstance(node, (Aggregate, Explode)):
        return block.last > Clause.WHERE
    is_drawn = isinstance(block.select, ast.Select) and block.select.sample_by is not None
    return block.last >= CLAUSES[type(node)][0] or (is_drawn and isinstance(node, Limit))


ALL = (ast.Star(),)
Close = Callable[[Block], ast.Query]


def _asked(node: Plan) -> str:
    """Return the reason for a subquery that the compiler adds, or nothing for one that the user wrote."""
    if isinstance(node, Union):
        return reasons.SET_OPERATION
    return node.reason if isinstance(node, Subquery) else ""


def _dataset(node: Scan, _inputs: tuple[Block, ...], _close: Close) -> ast.Source | None:
    """Return a dataset as the source."""
    return None if node.url is None else ast.Table(node.url, node.alias)


def _subquery(node: Subquery, inputs: tuple[Block, ...], close: Close) -> ast.Source:
    """Return a query as the source."""
    return ast.Derived(close(inputs[0]), node.alias)


def _union(_node: Union, inputs: tuple[Block, ...], close: Close) -> ast.Source:
    """Return the rows of several queries as the source."""
    return ast.Derived(ast.SetOperation(("union all",) * (len(inputs) - 1), tuple(map(close, inputs))))


def _join(node: Join, inputs: tuple[Block, ...], _close: Close) -> ast.Source:
    """Return the pairs of two sources as the source."""
    left, right = (block.select.source for block in inputs)  # type: ignore[attr-defined]  # a source is a SELECT with FROM
    return ast.Join(left, right, node.how, node.on)  # type: ignore[arg-type]  # one of the kinds


BEGINS: dict[type[Plan], Callable[[Any, tuple[Block, ...], Close], ast.Source | None]] = {
    Scan: _dataset,
    Subquery: _subquery,
    Union: _union,
    Join: _join,
}


def _sample(select: ast.Query, node: Sample) -> ast.Query:
    """Return a SELECT whose rows are drawn."""
    amount = None if node.amount is None else literal("sample_by", node.amount)
    return select.replace(sample_by=ast.Sample(node.weights, node.replace_rows, amount, node.percent))


def _cut(select: ast.Query, node: Limit) -> ast.Query:
    """Return a SELECT with LIMIT and OFFSET."""
    return select.replace(limit=ast.Limit(node.count, node.offset))


def _apart(select: ast.Query, node: Explode) -> ast.Query:
    """Return a SELECT that takes groups apart."""
    by = ast.Number(node.parts_per_group) if node.parts_per_group else ast.Split()
    return select.replace(columns=node.columns, ungroup_by=by)


# Which clause an operation is, and how it is written.
CLAUSES: dict[type[Plan], tuple[Clause, Callable[[ast.Query, Any], ast.Query]]] = {
    Filter: (Clause.WHERE, lambda select, node: select.replace(where=node.predicate)),
    Sample: (Clause.ORDER, _sample),
    Sort: (Clause.ORDER, lambda select, node: select.replace(order_by=node.keys)),
    Project: (Clause.SELECT, lambda select, node: select.replace(columns=node.columns)),
    Limit: (Clause.LIMIT, _cut),
    Aggregate: (Clause.END, lambda select, node: select.replace(columns=node.outputs, group_by=node.keys)),
    Explode: (Clause.END, _apart),
}


# --- why ---------------------------------------------------------------------------------------------------------------


def reason(below: Plan, node: Plan) -> str:
    """Return why an operation is in a SELECT around the one that ends with another operation."""
    if isinstance(below, Barrier):
        return below.reason
    if isinstance(node, Aggregate):
        return reasons.EACH_ROW
    if isinstance(node, Sort) and isinstance(below, Sort):
        return node.reason
    return _of_names(below, node) if isinstance(below, Project) else REASONS[type(below)]


def _of_names(below: Project, node: Plan) -> str:
    """Return why an operation is outside of a select list."""
    made = {column.alias for column in below.columns if isinstance(column, ast.Aliased)}
    names = made.intersection(part.name for part in own_nodes(node) if isinstance(part, ast.Column))
    if names:
        return reasons.ALIAS.format(names=", ".join(sorted(names)))
    return reasons.WITH_ALIAS


REASONS: dict[type[Plan], str] = {
    Aggregate: reasons.GROUPS,
    Explode: "the members of the groups are rows before any other clause",
    Sort: "a condition is met before the rows are sorted",
    Sample: reasons.SAMPLE,
    Limit: reasons.OFFSET,
    Filter: "the rows that a condition leaves are filtered once more",
}
