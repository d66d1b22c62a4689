"""Actions that build queries, clauses and sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tql_grammar import ast
from tql_grammar.record import Record
from tql_grammar.syntax.lalr import Malformed
from tql_grammar.walk import has_last_clauses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tql_grammar.syntax.lexer import Token

    Grouping = tuple[list[ast.Expression], ast.Expression | None, Literal["time", "space"] | None]
    Names = tuple[str | None, tuple[str, ...]]
    Tokens = Iterable[Token]

Q = TypeVar("Q", bound=ast.Query)

FILE_TYPES = frozenset({"csv", "tbl", "bin", "binary"})
JOIN_KINDS = ("inner", "left", "right", "full", "cross")


class NotSelect(Record):
    """A statement that the engine parses and rejects, because it is not a SELECT."""


def _select(  # noqa: PLR0913, PLR0917 - one for each clause of the rule
    top: ast.Number | None,
    distinct: bool | list[ast.Expression],  # noqa: FBT001 - the value of a rule
    columns: list[ast.Expression],
    source: ast.Source | None,
    where: ast.Expression | None,
    expand: ast.Expand | None,
    group: Grouping | None,
    ungroup: ast.Expression | None,
) -> ast.Select:
    """Return a SELECT without its last clauses."""
    on = tuple(distinct) if isinstance(distinct, list) else ()
    keys, having, across = group or ([], None, None)
    return ast.Select(
        tuple(columns),
        source,
        where,
        distinct=distinct is True,
        distinct_on=on,
        top=top,
        expand_by=expand,
        group_by=tuple(keys),
        having=having,
        across=across,
        ungroup_by=ungroup,
    )


def _finished(
    query: Q,
    order: Sequence[ast.Order] = (),
    limit: ast.Limit | None = None,
    sample: ast.Sample | None = None,
    locks: Sequence[ast.Lock] = (),
) -> Q:
    """Return a query with its last clauses."""
    if not (order or limit or sample or locks):
        return query
    return query.replace(order_by=tuple(order), limit=limit, sample_by=sample, locks=tuple(locks))


def _chained(operator: str, first: ast.Query, rest: ast.Query) -> ast.SetOperation:
    """Return a set operation, flattened with one on its right unless that has clauses of its own."""
    if isinstance(rest, ast.SetOperation) and not (has_last_clauses(rest) or rest.with_):
        return ast.SetOperation((operator, *rest.operators), (first, *rest.operands))
    return ast.SetOperation((operator,), (first, rest))


def _set_operation(first: ast.Query, operator: str, rest: ast.Query, *clauses: Any) -> ast.SetOperation:  # noqa: ANN401 - the last clauses
    """Return a set operation with its last clauses."""
    return _finished(_chained(operator, first, rest), *clauses)


def _with_query(tables: Sequence[ast.CommonTable], query: Q) -> Q:
    """Return a query with its common tables."""
    return query.replace(with_=tuple(tables)) if tables else query


def _hinted(query: Q, hints: list[ast.Hint] | None) -> Q:
    """Return a query with its hints."""
    return query.replace(hints=tuple(hints)) if hints else query


def _expand(*parts: Any) -> ast.Expand:  # noqa: ANN401 - one or two numbers, overlap, alias
    """Return EXPAND BY."""
    *amounts, overlap, alias = parts
    overlaps = overlap.value if isinstance(overlap, ast.Boolean) else overlap
    return ast.Expand(tuple(amount.value for amount in amounts), overlaps, None if alias is None else alias.value)


def _sample(weights: ast.Expression, limit: tuple[ast.Expression, bool] | None, *, replace: bool = True) -> ast.Sample:
    """Return SAMPLE BY."""
    rows, percent = limit or (None, False)
    return ast.Sample(weights, replace, rows, percent)


def _names(tokens: Tokens) -> tuple[str, ...]:
    """Return the names of tokens."""
    return tuple(str(token.value) for token in tokens)


def _table(name: tuple[str, ...], alias: Names) -> ast.Table:
    """Return a table."""
    *schema, table = name
    return ast.Table(table, alias[0], schema[0] if schema else None, alias[1])


def _join(
    left: ast.Source,
    kind: Any,  # noqa: ANN401 - one of `JOIN_KINDS`
    right: ast.Source,
    *,
    on: ast.Expression | None = None,
    using: ast.Expression | None = None,
) -> ast.Join:
    """Return a join."""
    return ast.Join(left, right, kind, on, using)


def _file_type(token: Token) -> None:
    """Raise Malformed for a file type that the engine does not know."""
    if str(token.value).lower() not in FILE_TYPES:
        raise Malformed(token, "file type")


def _create_from_file(_exists: object, _table: object, kind: Token, _path: object) -> None:
    """Raise Malformed for a file type from which the engine cannot create a table."""
    if str(kind.value).lower() != "tbl":
        raise Malformed(kind, "file type")


ACTIONS: dict[str, Callable[..., object]] = {
    "file_type": _file_type,
    "create_from_file": _create_from_file,
    "not_select": lambda *_parts: NotSelect(),
    "hinted": _hinted,
    "hint": lambda name, arguments=None: ast.Hint(name.value, None if arguments is None else tuple(arguments)),
    "with_query": _with_query,
    "with_set_operation": lambda tables, *parts: _with_query(tables, _set_operation(*parts)),
    "common_table": lambda name, query: ast.CommonTable(name.value, query),
    "finished": _finished,
    "set_operation": _set_operation,
    "set_chain": _set_operation,
    "union": lambda every: "union all" if every else "union",
    "intersect": lambda every: "intersect all" if every else "intersect",
    "except_": lambda every: "except all" if every else "except",
    "select": _select,
    "distinct": lambda: True,
    "distinct_on": lambda expressions: expressions,
    "expand_by": _expand,
    "group_by": lambda keys, having, across: (keys, having, across),
    "across_time": lambda: "time",
    "across_space": lambda: "space",
    "split": ast.Split,
    "order": ast.Order,
    "asc": lambda: "asc",
    "desc": lambda: "desc",
    "limit": ast.Limit,
    "offset": lambda *parts: ast.Limit(None, next(reversed(parts))),
    "no_limit": lambda _all: ast.Limit(),
    "sample": _sample,
    "sample_without_replacement": lambda weights, limit: _sample(weights, limit, replace=False),
    "rows": lambda number: (number, False),
    "percent": lambda number: (number, True),
    "lock": lambda strength, policy: ast.Lock(strength, (), policy),
    "lock_of": lambda strength, tables, policy: ast.Lock(strength, _names(tables), policy),
    "for_update": lambda: "update",
    "for_no_key_update": lambda: "no key update",
    "for_share": lambda: "share",
    "for_key_share": lambda: "key share",
    "skip_locked": lambda: "skip locked",
    "nowait": lambda: "nowait",
    "zip": lambda before, last: ast.Zip((*before, last)),
    "table": _table,
    "table_name": lambda *tokens: _names(tokens),
    "derived": lambda query, alias: ast.Derived(query, *alias),
    "source_alias": lambda alias, columns=(): (alias.value, _names(columns)),
    "no_source_alias": lambda: (None, ()),
    "natural_join": lambda left, right: _join(left, "natural", right),
    "join_on": lambda left, kind, right, on: _join(left, kind, right, on=on),
    "join_using": lambda left, kind, right, column: _join(left, kind, right, using=column),
    **{kind: lambda kind=kind: kind for kind in JOIN_KINDS},
}
