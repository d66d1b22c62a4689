"""Nodes of queries: SELECT and its clauses, set operations, and the sources in FROM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tql_grammar.ast.node import Node, Query, Source

if TYPE_CHECKING:
    from tql_grammar.ast.node import Expression


class Table(Source):
    """A dataset by its url, or a bare name: ``"hub://org/dataset" AS d``."""

    name: str
    alias: str | None = None
    schema: str | None = None
    alias_columns: tuple[str, ...] = ()


class Derived(Source):
    """A subquery as a source: ``(SELECT ..) AS d``."""

    query: Query
    alias: str | None = None
    alias_columns: tuple[str, ...] = ()


class Zip(Source):
    """Several sources whose rows are paired by row number: ``FROM a, b``."""

    sources: tuple[Source, ...]


class Join(Source):
    """
    Two sources joined: ``a LEFT JOIN b ON a.id = b.id``.

    `kind` is "inner", "left", "right", "full", "cross" or "natural"; at most one of `on` and `using` is given.
    """

    left: Source
    right: Source
    kind: Literal["inner", "left", "right", "full", "cross", "natural"] = "inner"
    on: Expression | None = None
    using: Expression | None = None


class Order(Node):
    """One key of ORDER BY; a `direction` of None means that the text has none, and that the key is ascending."""

    expression: Expression
    direction: Literal["asc", "desc"] | None = None


class Limit(Node):
    """``LIMIT count OFFSET offset``, or one of the two; LIMIT ALL has no count."""

    count: Expression | None = None
    offset: Expression | None = None


class Sample(Node):
    """``SAMPLE BY weights REPLACE FALSE LIMIT limit PERCENT``."""

    weights: Expression
    replace_rows: bool = True
    limit: Expression | None = None
    percent: bool = False


class Expand(Node):
    """``EXPAND BY 1 2 OVERLAP TRUE AS alias``: deprecated, the engine ignores it."""

    amounts: tuple[int, ...]
    overlap: bool | None = None
    alias: str | None = None


class Lock(Node):
    """``FOR UPDATE OF t NOWAIT``: the engine ignores it."""

    strength: Literal["update", "no key update", "share", "key share"]
    tables: tuple[str, ...] = ()
    policy: Literal["skip locked", "nowait"] | None = None


class CommonTable(Node):
    """``name AS (SELECT ..)`` in WITH: the engine ignores it."""

    name: str
    query: Query


class Hint(Node):
    """One hint of ``WITH HINT (name(1, 'a'))``: the engine ignores it."""

    name: str
    arguments: tuple[Expression, ...] | None = None


class Select(Query):
    """
    One SELECT.

    `distinct_on` holds the expressions of DISTINCT ON; `top` the number of TOP; `having` and `across` belong to `group_by`.
    """

    columns: tuple[Expression, ...]
    source: Source | None = None
    where: Expression | None = None
    order_by: tuple[Order, ...] = ()
    limit: Limit | None = None
    distinct: bool = False
    distinct_on: tuple[Expression, ...] = ()
    top: Expression | None = None
    expand_by: Expand | None = None
    group_by: tuple[Expression, ...] = ()
    having: Expression | None = None
    across: Literal["time", "space"] | None = None
    ungroup_by: Expression | None = None
    sample_by: Sample | None = None
    locks: tuple[Lock, ...] = ()
    with_: tuple[CommonTable, ...] = ()
    hints: tuple[Hint, ...] = ()


class SetOperation(Query):
    """
    Combined queries: ``(a) UNION (b) EXCEPT (c)`` has the operators ``("union", "except")`` and three operands.

    The operators are right-associative, ``a UNION (b EXCEPT c)``; `order_by` and the fields after it belong to the first operator.
    An operator is "union", "intersect" or "except", each also with " all".
    """

    operators: tuple[str, ...]
    operands: tuple[Query, ...]
    order_by: tuple[Order, ...] = ()
    limit: Limit | None = None
    sample_by: Sample | None = None
    locks: tuple[Lock, ...] = ()
    with_: tuple[CommonTable, ...] = ()
    hints: tuple[Hint, ...] = ()
