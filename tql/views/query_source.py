"""Python source of queries: the chain of builder calls that creates a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tql.expressions.expr import Key
from tql.expressions.logical import Relevance, Similarity
from tql.expressions.source import argument, expression, key, name_or, relevance, similarity, text
from tql.expressions.source import value as value_of
from tql.statement import Dataset, Fusion, SetOperation, Statement, TextSearch, VerbatimQuery
from tql_grammar import ast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql.statement import JoinClause, Sampling, Search
    from tql_grammar.ast import Expression


def query(whole: Statement) -> str:
    """Return the chain of calls that creates a query, which is written once: a query shares its sources with others."""
    found: str | None = whole.__dict__.get("_source_text")
    if found is None:
        found = whole.__dict__["_source_text"] = ".".join(calls(whole))
    return found


def calls(whole: Statement) -> list[str]:
    """Return the calls of the chain that creates a query, in their usual order."""
    if isinstance(whole.source, VerbatimQuery) and whole == Statement(source=whole.source):
        return [f"parse({text(whole.source.tree)})"]
    found: list[tuple[str, list[str]]] = []
    for item in items(whole):
        if found and item.method in LISTS and found[-1][0] == item.method:
            found[-1][1].append(item.text)
        else:
            found.append((item.method, [item.text]))
    begin = _begin(whole)
    return [*begin, *(f"{method}({', '.join(texts)})" for method, texts in found if method not in BEGUN)]


class Item(NamedTuple):
    """
    One argument of a method, or a call with all of its arguments.

    Attributes:
        method: the method.
        value: the argument, for comparison.
        text: the source of the arguments.
    """

    method: str
    value: object
    text: str

    @property
    def clause(self) -> str:
        """The method that a diff compares it under: "order_by" also for a search that is a sort key."""
        return "order_by" if isinstance(self.value, Key) else self.method


# The methods that begin a chain, and those whose consecutive calls are merged into one.
BEGUN = ("select", "from_", "union", "union_all", "intersect", "except_")
LISTS = ("where", "group_by", "order_by", "bind")


def items(whole: Statement) -> list[Item]:
    """Return the items of all clauses of a query, in the usual order of the methods."""
    return [item for clause in CLAUSES.values() for item in clause(whole)]


def _sources(source: Any) -> list[Item]:  # noqa: ANN401 - a source of any kind that the builder creates
    """Return the items of a source: one, or one for each member of a set operation."""
    if isinstance(source, SetOperation):
        return [Item(source.operator, member, query(member)) for member in source.members]
    return [] if source is None else [Item("from_", source, _source(source))]


def _begin(whole: Statement) -> list[str]:
    """Return the calls of ``select`` and ``from_``, or of a set operation, which begin the chain."""
    source = whole.source
    selected = f"select({', '.join(map(_output, whole.outputs))})"
    if isinstance(source, SetOperation):
        first, *others = map(query, source.members)
        return [first, *(f"{source.operator}({other})" for other in others), *([selected] if whole.outputs else [])]
    return [selected] if source is None else [selected, f"from_({_source(source)})"]


def _source(source: Any) -> str:  # noqa: ANN401 - a source of any kind that the builder creates
    """Return the arguments of ``from_``."""
    if isinstance(source, VerbatimQuery):
        return f"parse({text(source.tree)})"
    first = repr(source.url) if isinstance(source, Dataset) else query(source.query)
    columns = _schema(source)
    return f"{first}, {source.alias!r}{columns}" if source.alias else f"{first}{columns}"


def _schema(source: Any) -> str:  # noqa: ANN401 - a source of any kind that the builder creates
    """Return the argument of a schema, where the source has one."""
    schema = getattr(source, "schema", None)
    return "" if schema is None else f", schema={schema!r}"


def _join(join: JoinClause) -> str:
    """Return the arguments of ``join``."""
    source = repr(join.source.url) if isinstance(join.source, Dataset) else query(join.source.query)
    how = "" if join.how == "inner" else f", how={join.how!r}"
    return f"{source}, {expression(join.on)}{how}, alias={join.source.alias!r}{_schema(join.source)}"


def _sample(sampling: Sampling) -> str:
    """Return the arguments of ``sample_by``."""
    replace = "" if sampling.replace_rows else ", replace=False"
    amount = f", {'percent' if sampling.percent else 'limit'}={sampling.amount}" if sampling.amount is not None else ""
    return f"{name_or(sampling.weights)}{replace}{amount}"


def _search(search: Search | TextSearch | Fusion) -> tuple[str, object, str]:
    """Return the method, the value and the arguments of a search with a named score."""
    alias = "" if search.alias == "score" else f", as_={search.alias!r}"
    if isinstance(search, Fusion):
        return "hybrid", search, _fusion(search, alias)
    if isinstance(search, TextSearch):
        return "bm25", search, f"{name_or(search.column)}, {argument(search.value)}{alias}"
    metric = "" if search.metric == "cosine" else f", metric={search.metric!r}"
    exact = ", exact=True" if search.exact else ""
    return "similarity", search, f"{name_or(search.column)}, {argument(search.value)}{metric}{alias}{exact}"


def _ranked(keys: tuple[Key, ...]) -> int:
    """Return the number of sort keys up to the last search with ``as_=None``, which has to precede ``group_by`` and named searches in the chain."""
    return max(
        (number for number, key in enumerate(keys, 1) if isinstance(key.expression, (Similarity, Relevance))), default=0
    )


def _key(item: Key) -> tuple[str, object, str]:
    """Return the method, the value and the arguments of a sort key; a search with ``as_=None`` is one."""
    if isinstance(item.expression, Similarity):
        return "similarity", item, similarity(item.expression)
    if isinstance(item.expression, Relevance):
        return "bm25", item, relevance(item.expression)
    return "order_by", item, key(item.expression, item.direction)


def _fusion(search: Fusion, alias: str) -> str:
    """Return the arguments of ``hybrid``."""
    pairs: dict[str, list[str]] = {"vector": [], "text": []}
    for leg in search.legs:
        kind = "text" if isinstance(leg.score, Relevance) else "vector"
        column, value = leg.score.column, leg.score.value  # type: ignore[attr-defined]  # a leg has a Similarity or a Relevance
        pairs[kind].append(f"({name_or(column)}, {argument(value)})")
    legs = (
        f"{kind}=[{', '.join(found)}]" if len(found) != 1 else f"{kind}={found[0]}" for kind, found in pairs.items()
    )
    weights = [leg.weight for leg in search.legs]
    settings = {"weights": (weights, [1.0] * len(weights)), "key": (search.key, "id"), "k": (search.k, 60)}
    settings["candidates"] = (search.candidates, 100)
    changed = "".join(f", {name}={value!r}" for name, (value, usual) in settings.items() if value != usual)
    return f"{', '.join(legs)}{changed}{alias}{', exact=True' if search.exact else ''}"


def _output(node: Expression) -> str:
    """Return one argument of ``select``."""
    return "'*'" if node == ast.Star() else name_or(node)


def _limits(whole: Statement) -> Iterator[Item]:
    """Yield the items of ``limit`` and ``offset``."""
    for method, rows in (("limit", whole.row_limit), ("offset", whole.row_offset)):
        per = ", ".join(map(name_or, whole.limit_per)) if method == "limit" else ""
        per = f", per=[{per}]" if len(whole.limit_per) > 1 else f", per={per}" if per else ""
        if rows is not None:
            yield Item(method, (rows, *whole.limit_per) if per else rows, f"{rows}{per}")


def _ungroup_by(whole: Statement) -> Iterator[Item]:
    """Yield the item of ``ungroup_by``."""
    if whole.parts_per_group is not None:
        yield Item("ungroup_by", whole.parts_per_group, str(whole.parts_per_group or ""))


# The methods of each clause and its items, in the usual order of the methods; a search may be a sort key that precedes the other searches.
CLAUSES: dict[tuple[str, ...], Callable[[Statement], Iterable[Item]]] = {
    ("select",): lambda whole: (Item("select", output, _output(output)) for output in whole.outputs),
    BEGUN[1:]: lambda whole: _sources(whole.source),
    ("similarity", "bm25"): lambda whole: (Item(*_key(part)) for part in whole.keys[: _ranked(whole.keys)]),
    ("hybrid",): lambda whole: (Item(*_search(search)) for search in whole.searches),
    ("join",): lambda whole: () if whole.joined is None else (Item("join", whole.joined, _join(whole.joined)),),
    ("where",): lambda whole: (Item("where", part, expression(part)) for part in whole.conditions),
    ("distinct",): lambda whole: (Item("distinct", whole.unique, ""),) if whole.unique else (),
    ("group_by",): lambda whole: (Item("group_by", part, name_or(part)) for part in whole.groups),
    ("ungroup_by",): _ungroup_by,
    ("sample_by",): lambda whole: (
        () if whole.sampling is None else (Item("sample_by", whole.sampling, _sample(whole.sampling)),)
    ),
    ("order_by",): lambda whole: (Item(*_key(part)) for part in whole.keys[_ranked(whole.keys) :]),
    ("limit", "offset"): _limits,
    ("bind",): lambda whole: (
        Item("bind", (name, bound), f"{name}={value_of(bound)}") for name, bound in whole.bindings
    ),
}
METHODS = tuple(method for methods in CLAUSES for method in methods)
