"""
Queries in terms of other queries: set operations, DISTINCT, and the searches that the engine takes in one form only.

Each function returns a query of plain clauses with the same meaning; `tql.compile` writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.clauses import output_name
from tql.expr import Key
from tql.grouping import is_grouped, refuse_sample
from tql.joined import names_its_source, over_both, over_one
from tql.metrics import exactly
from tql.placed import Placed
from tql.search import Fusion, TextSearch
from tql.statement import Combined, Dataset, DerivedQuery, Statement, Unordered
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.schema import did_you_mean
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.joined import See
    from tql.search import Leg
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

LEG, LOWEST, HIGHEST, WEIGHT = "zleg", "zlow", "zhigh", "zw"


def names(query: Statement) -> tuple[str, ...] | None:
    """Return the names of a query's columns in order, or None where they are those of a dataset that is not known."""
    scores = tuple(search.alias for search in query.searches)
    selected = query.outputs or (ast.Star(),)
    if not any(isinstance(output, ast.Star) for output in selected):
        return (*(output_name(output) or "" for output in selected), *scores)
    if len(selected) > 1:
        return None
    below = _below(query)
    if below is None and isinstance(query.source, DerivedQuery):
        below = names(query.source.query)
    return None if below is None else (*below, *scores)


def _below(query: Statement) -> tuple[str, ...] | None:
    """Return the names of a set operation that is the source, or of a dataset whose columns are known."""
    if isinstance(query.source, Dataset) and query.source.schema is not None:
        return tuple(query.source.schema)
    return names(query.source.members[0]) if isinstance(query.source, (Combined, Unordered)) else None


def known_names(subject: str, query: Statement) -> tuple[str, ...]:
    """Return the names of a query's columns, or refuse one whose columns are not known."""
    found = names(query)
    if found is None:
        raise ArgumentError(
            subject,
            "takes a query with its columns by name: the engine does not do it for `*`",
            "select *",
            'name them: select("a", "b")',
        )
    return found


def plain(query: Statement, see: See) -> Statement:
    """
    Return a query of plain clauses that means the same.

    Args:
        query: any query.
        see: returns the columns of a query's source, `tql.scope.scope_of`, which itself asks for plain queries.
    """
    for applies, rewrite in _REWRITES:
        if applies(query):
            return plain(rewrite(query, see), see)
    return query


def _columns(labels: tuple[str, ...]) -> tuple[Expression, ...]:
    """Return names as columns."""
    return tuple(map(ast.Column, labels))


def _distinct(query: Statement) -> Statement:
    """Return a query that groups by every column of the same query with its duplicates; order and limit concern what is left."""
    columns = _columns(known_names("distinct", query))
    rows = query.replace(unique=False, keys=(), row_limit=None, row_offset=None)
    return Statement(
        outputs=columns,
        source=DerivedQuery(rows),
        groups=columns,
        keys=query.keys,
        row_limit=query.row_limit,
        row_offset=query.row_offset,
    )


def _combined(query: Statement) -> Statement:
    """Return a query over the rows of a set operation."""
    source = query.source
    assert isinstance(source, Combined)  # noqa: S101 - by the table below

    labels = known_names(source.operator, source.members[0])
    columns = _columns(labels)
    legs = Unordered(tuple(_leg(member, labels, number) for number, member in enumerate(source.members, 1)))
    if source.operator == "union_all":
        rows = Statement(outputs=columns, source=legs)
    elif source.operator == "union":
        rows = Statement(outputs=columns, source=legs, groups=columns)
    else:
        rows = _kept(columns, legs, source.operator)
    if query.replace(source=None) == Statement():
        return rows
    return query.replace(source=DerivedQuery(rows))


def _kept(columns: tuple[Expression, ...], legs: Unordered, operator: str) -> Statement:
    """Return the rows that are in both legs, or in the first only."""
    leg = ast.Column(LEG)
    marks = (ast.Aliased(ast.Function("min", (leg,)), LOWEST), ast.Aliased(ast.Function("max", (leg,)), HIGHEST))
    grouped = Statement(outputs=(*columns, *marks), source=legs, groups=columns)
    test = (
        ast.Comparison("!=", ast.Column(LOWEST), ast.Column(HIGHEST))
        if operator == "intersect"
        else ast.Comparison("=", ast.Column(HIGHEST), ast.Number(1))
    )
    return Statement(outputs=columns, source=DerivedQuery(grouped), conditions=(test,))


def _leg(member: Statement, labels: tuple[str, ...], number: int) -> Statement:
    """Return a member with a column that says which one it is: without it the engine takes two legs of all columns as sets of row numbers."""
    own = known_names("union", member)
    if sorted(own) != sorted(labels):
        raise ArgumentError(
            "union / intersect / except_",
            f"takes queries with the same columns, {', '.join(labels)}",
            ", ".join(own),
            "name them alike: select(a=col(..))",
        )
    return Statement(outputs=(*_columns(labels), ast.Aliased(ast.Number(number), LEG)), source=DerivedQuery(member))


# --- searches that the engine takes in one form -----------------------------------------------------------------------


def _is_word_ranking(node: Expression) -> bool:
    """Tell whether an expression is a BM25 score."""
    return isinstance(node, ast.Function) and node.name.lower() == "bm25_similarity"


def _has_words(query: Statement) -> bool:
    """Tell whether a query searches for words, and is not yet in the engine's one form."""
    if any(isinstance(search, TextSearch) for search in query.searches):
        return True
    return any(_is_word_ranking(key.expression) for key in query.keys) and query.row_offset is not None


def _words_ranked(query: Statement) -> Statement:
    """Return a search for words in the engine's one form: a flat SELECT with its score as the one key, DESC, and LIMIT; offset and another name outside."""
    score, label = _word_score(query)
    if query.row_limit is None:
        raise ArgumentError("bm25", "takes a limit: the engine ranks the first rows only", "none", ".limit(10)")
    skipped = query.row_offset or 0
    outputs = query.outputs or (ast.Star(),)
    scored = outputs if label is None else (*outputs, ast.Aliased(score, "score"))
    core = query.replace(
        outputs=scored,
        searches=(),
        keys=(Key(score, "desc"),),
        row_limit=query.row_limit + skipped,
        row_offset=None,
    )
    if label in {None, "score"} and not skipped:
        return core
    rest: tuple[Expression, ...] = ()
    if label not in {None, "score"}:
        names_ = known_names("bm25", query)
        rest = (*_columns(names_[:-1]), ast.Aliased(ast.Column("score"), names_[-1]))
    cut = (query.row_limit, query.row_offset) if skipped else (None, None)
    return Statement(outputs=rest, source=DerivedQuery(core), row_limit=cut[0], row_offset=cut[1])


def _word_score(query: Statement) -> tuple[Expression, str | None]:
    """Return the score of a search for words and its name, or refuse what the engine cannot do with it."""
    subject = "bm25"
    refuse_sample(subject, query)
    searches = query.searches
    if len(query.keys) != 1 or len(searches) > 1:
        rule = "takes one search, and its score as the only key of order_by"
        raise ArgumentError(
            subject, rule, f"{len(query.keys)} keys, {len(searches)} scores", '.bm25(..).order_by("score").limit(10)'
        )
    (key,) = query.keys
    if not searches:
        return key.expression, None
    (search,) = searches
    reads = isinstance(key.expression, (ast.Column, Placed)) and key.expression.name == search.alias
    if not reads or key.direction == "asc":
        rule = "takes its score as the only key of order_by, the best first"
        raise ArgumentError(subject, rule, str(key), f".order_by({search.alias!r})")
    made = {search.alias, *(output.alias for output in query.outputs if isinstance(output, ast.Aliased))}
    for condition in query.conditions:
        if any(getattr(part, "name", None) in made for part in walk(condition)):
            rule = "takes conditions on columns of the source only"
            raise ArgumentError(subject, rule, ", ".join(sorted(made)), "nest: select().from_(q).where(..)")
    if search.alias != "score" and any(output_name(output) == "score" for output in query.outputs):
        rule = "takes no other column with the name that the engine gives the score"
        raise ArgumentError(subject, rule, "score", "give the column another name: select(other=col('score'))")
    return search.score, search.alias  # type: ignore[union-attr]  # no fusion: `_has_words`


def _fused(query: Statement, see: See) -> Statement:
    """Return rankings fused: each ranks its rows in a select of its own, and the sum of the reciprocal ranks is taken by the key."""
    (fusion,) = query.searches
    assert isinstance(fusion, Fusion)  # noqa: S101 - by the table below
    refuse_sample("hybrid", query)
    carried = query.replace(searches=())
    labels = known_names("hybrid", carried)
    _require_key(query, fusion, see)
    key = ast.Column(fusion.key)
    outputs = (*query.outputs, *(() if fusion.key in labels else (key,)))
    inside = [part for part in query.conditions if fusion.alias not in _labels(part)]
    outside = tuple(part for part in query.conditions if fusion.alias in _labels(part))
    ranked = query.replace(
        outputs=outputs, searches=(), conditions=tuple(inside), keys=(), row_limit=None, row_offset=None
    )
    legs = Unordered(tuple(_reciprocal(ranked, leg, fusion) for leg in fusion.legs))
    firsts = [
        ast.Aliased(ast.Function("first", (ast.Column(label),)), label) for label in labels if label != fusion.key
    ]
    by_key = [key]
    total = ast.Aliased(ast.Function("sum", (ast.Column(WEIGHT),)), fusion.alias)
    grouped = Statement(outputs=(*by_key, *firsts, total), source=legs, groups=(key,))
    return Statement(
        outputs=_columns((*labels, fusion.alias)),
        source=DerivedQuery(grouped),
        conditions=outside,
        keys=_with_ties([_best_first(item, fusion.alias) for item in query.keys], key),
        row_limit=query.row_limit,
        row_offset=query.row_offset,
    )


def _require_key(query: Statement, fusion: Fusion, see: See) -> None:
    """Refuse a key that is no column of the source, where its columns are known."""
    known = see(query).columns
    if known is not None and fusion.key not in known:
        rule = "takes a column that is different in every row as its key, and the source has none of this name"
        raise ArgumentError("hybrid", rule, repr(fusion.key), f"name one by key=..; {did_you_mean(fusion.key, known)}")


def _labels(node: Record) -> set[str]:
    """Return the names that an expression reads."""
    return {part.name for part in walk(node) if isinstance(part, (ast.Column, Placed))}


def _reciprocal(ranked: Statement, leg: Leg, fusion: Fusion) -> Statement:
    """Return the first rows of a ranking, each with its weight over its rank."""
    score = exactly(leg.score) if fusion.exact and not _is_word_ranking(leg.score) else leg.score
    first = ranked.replace(keys=(Key(score, leg.best),), row_limit=fusion.candidates)
    rank = ast.Chain(("+",), (ast.Number(fusion.k + 1), ast.Function("row_number")))
    weight = ast.Aliased(ast.Chain(("/",), (ast.Number(leg.weight), rank)), WEIGHT)
    return Statement(outputs=(*_columns(names(ranked) or ()), weight), source=DerivedQuery(first))


def _best_first(key: Key, score: str) -> Key:
    """Return a key with its direction: a score sorts the best first."""
    reads = isinstance(key.expression, (ast.Column, Placed)) and key.expression.name == score
    return key.replace(direction="desc") if reads and key.direction is None else key


def _with_ties(keys: list[Key], key: Expression) -> tuple[Key, ...]:
    """Return the keys of an order, rows that tie in the order of *key*."""
    return (*keys, Key(key, "asc")) if keys and all(item.expression != key for item in keys) else tuple(keys)


# --- groups that are taken apart ----------------------------------------------------------------------------


def _apart(query: Statement) -> Statement:
    """Return a query over the members of groups: every other clause concerns the members."""
    source = query.source
    if not isinstance(source, DerivedQuery) or not is_grouped(source.query):
        rule = "takes a grouped query as the source: the engine answers no rows for any other"
        raise ArgumentError("ungroup_by", rule, "none", 'select("k", "id").from_(grouped).ungroup_by()')
    members = Statement(outputs=_columns(known_names("ungroup_by", source.query)), source=source, pieces=query.pieces)
    rest = query.replace(pieces=None, source=DerivedQuery(members))
    return members if rest == Statement(source=rest.source) else rest


def _taken_apart(query: Statement) -> bool:
    """Tell whether groups are taken apart, beside other clauses."""
    return query.pieces is not None and query != Statement(
        outputs=query.outputs, source=query.source, pieces=query.pieces
    )


_REWRITES: tuple[tuple[Callable[[Statement], bool], Callable[[Statement, See], Statement]], ...] = (
    (lambda query: query.unique, lambda query, _see: _distinct(query)),
    (lambda query: query.joined is not None, over_both),
    (names_its_source, lambda query, _see: over_one(query)),
    (lambda query: isinstance(query.source, Combined), lambda query, _see: _combined(query)),
    (lambda query: any(isinstance(search, Fusion) for search in query.searches), _fused),
    (_has_words, lambda query, _see: _words_ranked(query)),
    (_taken_apart, lambda query, _see: _apart(query)),
)
