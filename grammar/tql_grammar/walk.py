"""Traversal and rewriting of trees."""

from __future__ import annotations

import contextlib
import functools
import operator
import threading
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

from tql_grammar import ast
from tql_grammar.errors import QueryError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


R = TypeVar("R", bound=Record)
T = TypeVar("T")
P = ParamSpec("P")
# The results of `unbounded` functions for parts of a deep node, by the function and the identities of its arguments, each with the arguments, which so live as long.
Results: TypeAlias = dict[tuple[object, ...], tuple[Any, tuple[object, ...]]]
_results: dict[int, Results] = {}
# `rebuild` keeps them from this depth on, and no more than these, since they take memory.
DEEP, MOST_RESULTS = 50, 100_000
PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


def walk(root: Record) -> Iterator[Record]:
    """Yield *root* and every record below it, in the order of the text."""
    stack: list[object] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, Record):
            yield item
            stack += below(item)
        elif type(item) is tuple:
            stack += item[::-1]


def below(record: Record) -> list[object]:
    """Return the fields of a record that are records or tuples, in reverse order."""
    state = record.__dict__
    return [part for field in record._fields[::-1] if type(part := state[field]) not in PLAIN]


def rebuild(root: R, change: Callable[[Record], Record], opaque: type[Record] | tuple[type[Record], ...] = ()) -> R:
    """
    Return *root* with *change* applied to every record, from the leaves up.

    *change* gets a record whose children are already changed; unchanged records are shared with *root*, not copied.
    A node that replaces another one has its origin.
    Records of the classes *opaque* are left unchanged, with everything below them.
    In a deep node, the `unbounded` functions that *change* calls compute nothing twice, so the work grows with the number of nodes, not with its square.
    """
    done: list[Any] = []
    stack: list[tuple[Any, list[Any] | None]] = [(root, None)]
    has_begun = False
    try:
        while stack:
            item, parts = stack.pop()
            if parts:
                first = len(done) - len(parts)
                done[first:] = [_with_parts(item, parts[::-1], done[first:], change)]
                continue
            parts = _parts(item, opaque)
            if parts:
                stack.append((item, parts))
                stack += [(part, None) for part in parts]
                has_begun = has_begun or (len(stack) > DEEP and _keep_results())
            else:
                done.append(item if parts is None or type(item) is tuple else _changed(item, change))
    finally:
        if has_begun:
            _forget_results()
    found: R = done[0]  # *change* keeps a query a query and an expression an expression
    return found


def _changed(item: Any, change: Callable[[Record], Record]) -> object:  # noqa: ANN401 - a record of any kind
    """Return a changed record, with the origin of the one that it replaces."""
    found = change(item)
    if found is item or "_origin" not in item.__dict__ or not isinstance(found, ast.Node):
        return found
    return found.with_origin(item.origin)


def operands(node: ast.And | ast.Or) -> tuple[ast.Expression, ...]:
    """Return the operands of an AND or OR that is dissolved into another one; each has its origin."""
    if node.origin is None:
        return node.operands
    return tuple(operand.with_origin(node.origin) for operand in node.operands)


def _parts(item: Any, opaque: type[Record] | tuple[type[Record], ...]) -> list[Any] | None:  # noqa: ANN401 - any value of a field
    """Return the records and tuples that a record or tuple holds, the last first; None for what is not looked into."""
    if type(item) is tuple:
        return [part for part in item[::-1] if type(part) not in PLAIN]
    return below(item) if isinstance(item, Record) and not isinstance(item, opaque) else None


def unbounded(function: Callable[P, T]) -> Callable[P, T]:
    """
    Return a recursive function of a node and of constants, such as a scope, for nodes of any depth.

    Where a node is deeper than Python's stack, the results of its parts are computed first, from the leaves up.
    The function has no side effects. Its arguments are passed by position.
    """

    @functools.wraps(function)
    def computed(*arguments: P.args, **_named: P.kwargs) -> T:
        results = _results.get(threading.get_ident()) if _results else None
        if results is not None:
            return _kept(results, function, arguments)
        try:
            return function(*arguments)  # type: ignore[call-arg]  # by position
        except RecursionError:
            return _from_leaves(function, *arguments)  # type: ignore[arg-type]  # the first is a node

    return computed


def keeping(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function during which the results of `unbounded` functions are kept: it asks them about each node of a deep one."""

    @functools.wraps(function)
    def kept(*arguments: P.args, **named: P.kwargs) -> T:
        has_begun = _keep_results()
        try:
            return function(*arguments, **named)
        finally:
            if has_begun:
                _forget_results()

    return kept


def _kept(results: Results, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """Return the result of a function that is kept, or compute and keep it."""
    key = (function, *map(id, arguments))
    known = results.get(key)
    if known is not None:
        found: T = known[0]
        return found
    try:
        found = function(*arguments)
    except RecursionError:
        found = _from_leaves(function, *arguments)
    if len(results) < MOST_RESULTS:
        results[key] = (found, arguments)
    return found


def _keep_results() -> bool:
    """Keep the results of `unbounded` functions in this thread; return False if they are kept already."""
    thread = threading.get_ident()
    if thread in _results:
        return False
    _results[thread] = {}
    return True


def _forget_results() -> None:
    """Remove the results that are kept in this thread."""
    del _results[threading.get_ident()]


def _from_leaves(function: Callable[..., T], node: Record, *constants: object) -> T:
    """Return the result of a function for a node, after those for its parts."""
    has_begun = _keep_results()
    results = _results[threading.get_ident()]
    try:
        for part in [*walk(node)][:0:-1]:
            with contextlib.suppress(QueryError):
                arguments = (part, *constants)
                results[function, *map(id, arguments)] = (function(*arguments), arguments)
        return function(node, *constants)
    finally:
        if has_begun:
            _forget_results()


def own_parts(node: Record) -> Iterator[ast.Node]:
    """Yield *node* and the nodes below it, without those of subqueries."""
    stack: list[object] = [node]
    while stack:
        part = stack.pop()
        if type(part) is tuple:
            stack += part[::-1]
        elif isinstance(part, ast.Node) and not isinstance(part, ast.Query):
            yield part
            stack += below(part)


def substitute(root: R, change: Callable[[Record], Record | None]) -> R:
    """Return *root* with the topmost records for which *change* returns a record replaced by it; unchanged records are shared."""
    found = change(root)
    if found is not None:
        return found  # type: ignore[return-value]  # *change* keeps an expression an expression
    parts = {field: _substituted(root.__dict__[field], change) for field in root._fields}
    same = all(root.__dict__[field] is part for field, part in parts.items())
    return root if same else root.replace(**parts)


def _substituted(part: object, change: Callable[[Record], Record | None]) -> object:
    """Return the value of a field with records replaced."""
    if isinstance(part, Record):
        return substitute(part, change)
    if type(part) is not tuple:
        return part
    parts = tuple(_substituted(item, change) for item in part)
    return part if all(map(operator.is_, part, parts)) else parts


def _with_parts(
    item: Any,  # noqa: ANN401 - a record or a tuple
    old: list[Any],
    new: list[Any],
    change: Callable[[Record], Record],
) -> object:
    """Return a record or tuple with others in the places of its records and tuples, in their order; a record is changed then."""
    same = all(map(operator.is_, old, new))
    parts = iter(new)
    if type(item) is tuple:
        return item if same else tuple(part if type(part) in PLAIN else next(parts) for part in item)
    if same:
        return _changed(item, change)
    state = item.__dict__
    fields = {field: next(parts) for field in item._fields if type(state[field]) not in PLAIN}
    return _changed(item.replace(**fields), change)


def joined(source: ast.Source | None) -> Iterator[ast.Source]:
    """Yield the source in FROM and the sources below it: the sides of joins, and the sources separated by commas."""
    stack = [source]
    while stack:
        part = stack.pop()
        if part is not None:
            yield part
        if isinstance(part, ast.Join):
            stack += (part.right, part.left)
        elif isinstance(part, ast.Zip):
            stack += reversed(part.sources)


def sources(source: ast.Source | None) -> Iterator[ast.Source]:
    """Yield the tables and subqueries in FROM."""
    return (part for part in joined(source) if not isinstance(part, (ast.Join, ast.Zip)))


def subselect(source: ast.Source | None) -> ast.Select | None:
    """Return the SELECT of a subquery in FROM, or None where FROM is no subquery with a single SELECT."""
    return source.query if isinstance(source, ast.Derived) and isinstance(source.query, ast.Select) else None


def has_last_clauses(query: ast.Query) -> bool:
    """Tell whether a query has ORDER BY, LIMIT, SAMPLE BY, FOR or WITH HINT."""
    return any(query.__dict__[name] for name in ("order_by", "limit", "sample_by", "locks", "hints"))
