"""Levels of a query: each SELECT with its clauses, and the reason why it is around the level below."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar import ast
from tql_grammar.explain import reasons
from tql_grammar.functions import COUNTING, INDEXED
from tql_grammar.outputs import aliased
from tql_grammar.printing.parts import Mark
from tql_grammar.printing.printer import chunks, to_tql
from tql_grammar.record import Record
from tql_grammar.rewrite.order import is_part
from tql_grammar.walk import rebuild, sources, subselect, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FEW = 8
BY_INDEX = "if the embeddings have an index, the engine uses it, and the rows are approximately the closest; exact=True compares every row"


class QueryLevel(Record):
    """
    One SELECT, set operation or source.

    Attributes:
        clauses: the keyword and the text of each clause, in the order of the text; long vectors are elided.
        why: the reason why it is around the level below, and what to know of its keys and indexes; empty if there is neither.
        below: the levels that it reads from.
    """

    clauses: tuple[tuple[str, str], ...]
    why: str = ""
    below: tuple[QueryLevel, ...] = ()

    def __str__(self) -> str:
        """Return the levels as a tree, with the level that the engine runs last on top."""
        return "\n".join(_lines(self))


class Known(NamedTuple):
    """
    What the compiler knows of a query that it generated.

    Attributes:
        reasons: the reason of each SELECT by its identity; None to derive the reasons from the query.
        call: returns the call of the builder for the origin of a node; None to show every node as TQL.
    """

    reasons: Mapping[int, str] | None = None
    call: Callable[[ast.Node], str] | None = None


def explained(
    query: ast.Query, reasons: Mapping[int, str] | None = None, call: Callable[[ast.Node], str] | None = None
) -> QueryLevel:
    """
    Return the levels of a query.

    Args:
        query: the tree of a text.
        reasons: the reason of each SELECT by its identity, from the compiler; None to derive the reasons from the query.
        call: returns the call of the builder for the origin of a node; None to show every node as TQL.
    """
    return _level(query, Known(reasons, call))


def _level(query: ast.Query, known: Known) -> QueryLevel:
    """Return the levels of a query."""
    if isinstance(query, ast.Select):
        return _select(query, known)
    if isinstance(query, ast.SetOperation):
        words = ", ".join(dict.fromkeys(query.operators))
        clauses = ((words, f"of {len(query.operands)} queries"), *_clauses(query, known))
        return QueryLevel(clauses, "", tuple(_level(operand, known) for operand in query.operands))
    return QueryLevel((("", elided(query, known.call)),))


def elided(node: ast.Node, call: Callable[[ast.Node], str] | None = None) -> str:
    """
    Return the text of a tree with long vectors as their length: ``ARRAY[<1536 float32>]``.

    Args:
        node: a query, or a part of one.
        call: returns the text of a node's origin, which replaces that of the node; None to show every node as TQL.
    """
    short = rebuild(node, _short if call is None else lambda part: _with_calls(part, call))
    return "".join(chunk.name or chunk if isinstance(chunk, Mark) else chunk for chunk in chunks(short))


def _short(node: Record) -> Record:
    """Return a long vector as a parameter that shows its length."""
    if isinstance(node, ast.Vector) and node.size > FEW:
        return ast.Parameter(f"ARRAY[<{node.size} float32>]")
    return node


def _with_calls(node: Record, call: Callable[[ast.Node], str]) -> Record:
    """Return a node with an origin as a parameter that shows it; the operands of AND and OR that have one origin are one operand."""
    if isinstance(node, ast.Node) and node.origin is not None:
        return ast.Parameter(call(node.origin))
    if not isinstance(node, (ast.And, ast.Or)):
        return _short(node)
    parts = {id(part if part.origin is None else part.origin): part for part in node.operands}
    return next(iter(parts.values())) if len(parts) == 1 else node.replace(operands=tuple(parts.values()))


def _select(select: ast.Select, known: Known) -> QueryLevel:
    """Return the level of a SELECT."""
    below = tuple(_source(source, known) for source in sources(select.source))
    why = _why(select) if known.reasons is None else known.reasons.get(id(select), "")
    index = BY_INDEX if _may_use_index(select) else ""
    return QueryLevel(_clauses(select, known), "; ".join(filter(None, (why, index))), below)


def _source(source: ast.Source, known: Known) -> QueryLevel:
    """Return the level of a source."""
    if isinstance(source, ast.Derived):
        level = _level(source.query, known)
        return level.replace(clauses=(*level.clauses, ("as", source.alias))) if source.alias else level
    return QueryLevel((("from", to_tql(source)),))


Write = Callable[[ast.Node], str]


def _many(nodes: Iterable[ast.Node], write: Write) -> str:
    """Return the text of a list."""
    return ", ".join(map(write, nodes))


def _one(node: ast.Node | None, write: Write) -> str:
    """Return the text of one node, or nothing."""
    return "" if node is None else write(node).strip()


def _join(query: ast.Select, write: Write) -> str:
    """Return the condition of a join."""
    return f"{query.source.kind} on {_one(query.source.on, write)}" if isinstance(query.source, ast.Join) else ""


CLAUSES: tuple[tuple[str, Callable[[Any, Write], str]], ...] = (
    ("select", lambda query, write: _many(query.columns, write)),
    ("join", _join),
    ("where", lambda query, write: _one(query.where, write)),
    ("group by", lambda query, write: _many(query.group_by, write)),
    ("ungroup by", lambda query, write: _one(query.ungroup_by, write)),
)
LAST_CLAUSES: tuple[tuple[str, Callable[[Any, Write], str]], ...] = (
    ("order by", lambda query, write: _many(query.order_by, write)),
    ("limit", lambda query, write: _one(query.limit, write).removeprefix("limit ")),
    ("sample by", lambda query, write: _one(query.sample_by, write).removeprefix("sample by ")),
)


def _clauses(query: ast.Query, known: Known) -> tuple[tuple[str, str], ...]:
    """Return the clauses of a query."""

    def write(node: ast.Node) -> str:
        return elided(node, known.call)

    table = (*CLAUSES, *LAST_CLAUSES) if isinstance(query, ast.Select) else LAST_CLAUSES
    return tuple((word, text) for word, show in table if (text := show(query, write)))


# --- the reason for a level -------------------------------------------------------------------------------------------


def _why(outer: ast.Select) -> str:
    """Return the reason why a SELECT is around its subquery, derived from the query, or ""."""
    if not isinstance(outer.source, ast.Derived):
        return ""
    inner = outer.source.query
    if isinstance(inner, ast.SetOperation):
        return reasons.SET_OPERATION
    if not isinstance(inner, ast.Select):
        return ""
    return next((reason for applies, reason in _REASONS if applies(outer, inner)), "").format(
        names=", ".join(sorted(aliased(inner.columns).keys() & _read(outer))), call=next(iter(_positional(inner)), "")
    )


def _may_use_index(select: ast.Select) -> bool:
    """Tell whether the engine may use an index of embeddings: the only key is a similarity, closest first, with LIMIT in the same SELECT."""
    if len(select.order_by) != 1 or select.limit is None or select.limit.count is None:
        return False
    outputs = _outputs_below(select)
    if outputs and select.where is not None:
        return False
    (key,) = select.order_by
    node = outputs.get(key.expression.name) if isinstance(key.expression, ast.Column) else key.expression
    name = node.name.lower() if isinstance(node, ast.Function) else ""
    return INDEXED.get(name) == (key.direction or "asc")


def _outputs_below(select: ast.Select) -> Mapping[str, ast.Expression]:
    """Return the aliased outputs of the subquery of a SELECT, if that has no limit."""
    inner = subselect(select.source)
    return aliased(inner.columns) if inner is not None and not _has_limit(inner) else {}


def _read(outer: ast.Select) -> set[str]:
    """Return the names that the clauses of a SELECT read."""
    clauses = (outer.where, *outer.order_by, *outer.group_by, outer.sample_by)
    parts = (part for clause in clauses if clause is not None for part in walk(clause))
    return {part.name for part in parts if isinstance(part, ast.Column)}


def _positional(inner: ast.Select) -> Iterator[str]:
    """Yield the calls of functions that count rows."""
    for output in inner.columns:
        for part in walk(output):
            if isinstance(part, ast.Function) and part.name.lower() in COUNTING:
                yield f"{part.name.lower()}()"


def _sorts_a_part(outer: ast.Select, inner: ast.Select) -> bool:
    """Tell whether a subquery sorts by a part of the number that the outer query sorts by."""
    if not (inner.order_by and outer.order_by) or not is_part(inner.order_by[0].expression):
        return False
    read = [{part for part in walk(select.order_by[0]) if isinstance(part, ast.Column)} for select in (outer, inner)]
    return read[0] == read[1]


def _has_limit(select: ast.Select) -> bool:
    """Tell whether a SELECT has LIMIT, OFFSET or TOP."""
    return select.limit is not None or select.top is not None


_REASONS: tuple[tuple[Callable[[ast.Select, ast.Select], bool], str], ...] = (
    (
        lambda outer, inner: bool(inner.group_by) and bool(outer.where or outer.order_by or outer.limit),
        reasons.GROUPS,
    ),
    (
        lambda outer, inner: not _has_limit(inner) and _sorts_a_part(outer, inner),
        reasons.DIGITS,
    ),
    (
        lambda outer, inner: bool(inner.order_by) and not _has_limit(inner) and bool(outer.order_by),
        reasons.ONE_KEY,
    ),
    (
        lambda outer, inner: not _has_limit(inner) and bool(aliased(inner.columns).keys() & _read(outer)),
        reasons.ALIAS,
    ),
    (
        lambda outer, inner: any(_positional(inner)) and bool(outer.where or outer.order_by or outer.limit),
        reasons.ROW_NUMBERS,
    ),
    (
        lambda outer, inner: bool(inner.order_by) and not _has_limit(inner) and outer.limit is not None,
        reasons.EXACT_ORDER,
    ),
    (
        lambda outer, inner: inner.sample_by is not None and bool(outer.order_by or outer.limit),
        reasons.SAMPLE,
    ),
    (
        lambda outer, inner: bool(outer.group_by) and bool(inner.columns),
        reasons.EACH_ROW,
    ),
)


# --- as text ----------------------------------------------------------------------------------------------------------


def _lines(level: QueryLevel) -> Iterator[str]:
    """Yield the lines of a level and of all below."""
    yield from (f"{word} {text}".strip() for word, text in level.clauses)
    if level.why:
        yield f"{'│' if level.below else ' '} why: {level.why}"
    for number, below in enumerate(level.below, 1):
        last = number == len(level.below)
        first, *rest = _lines(below)
        yield f"{'└' if last else '├'}─ {first}"
        yield from (f"{' ' if last else '│'}  {line}" for line in rest)
