"""Expansion of clauses into several queries: DISTINCT, set operations, ungrouping, and the searches that the engine runs in one form only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.compiler.best import best_of_each
from tql.compiler.grouped import is_grouped, refuse_sample
from tql.compiler.joins import names_its_source, over_both, over_one
from tql.compiler.sets import as_columns, required_names
from tql.compiler.steps import all_outputs
from tql.expressions.expr import Key
from tql.expressions.logical import Relevance, Similarity
from tql.expressions.qualified_name import QualifiedName
from tql.plan.helpers import helper
from tql.plan.names import column_names, computed_columns, reject_renamed, selected_names
from tql.plan.nodes import Plan, Score, Subquery, Union
from tql.statement import LAST_CLAUSES, Fusion, Statement, TextSearch, last_clauses
from tql_grammar import ast
from tql_grammar.ast.traced import as_number
from tql_grammar.errors import ArgumentError
from tql_grammar.outputs import output_name
from tql_grammar.schema import did_you_mean
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql.compiler.steps import Lower
    from tql.statement import Leg, Search
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

WEIGHT = "w"
ONE_FORM = "the engine ranks words by the score alone, the best first, in a SELECT with LIMIT"


def names(query: Statement, child: Plan) -> tuple[str, ...] | None:
    """Return the names of a statement's columns in order, or None where they are those of a dataset that is not known."""
    return selected_names(query.outputs or (ast.Star(),), [search.alias for search in query.searches], child)


def distinct(query: Statement, child: Plan, lower: Lower) -> Plan:
    """Return groups by every column of the same query with its duplicates; order and limit concern what is left."""
    columns = as_columns(required_names("distinct", names(query, child)))
    reject_renamed("order_by", query.keys, all_outputs(query))
    rows = lower(query.replace(unique=False, **LAST_CLAUSES), child)
    whole = Statement(outputs=columns, groups=columns, **last_clauses(query))
    return lower(whole, Subquery(rows, reason="DISTINCT groups the rows by every column: the engine has no other way"))


# --- searches that the engine takes in one form -----------------------------------------------------------------------


def _is_word_ranking(node: Expression) -> bool:
    """Tell whether an expression is a BM25 score."""
    return isinstance(node, Relevance) or (isinstance(node, ast.Function) and node.name.lower() == "bm25_similarity")


def _has_words(query: Statement) -> bool:
    """Tell whether a query searches for words, and is not yet in the engine's one form."""
    if any(isinstance(search, TextSearch) for search in query.searches):
        return True
    is_flat = len(query.keys) == 1 and query.row_limit is not None and query.row_offset is None
    return any(_is_word_ranking(key.expression) and not (is_flat and key.direction == "desc") for key in query.keys)


def words_ranked(query: Statement, child: Plan, lower: Lower) -> Plan:
    """Return a search for words in the engine's one form: a flat SELECT with its score as the one key, DESC, and LIMIT; offset and another name outside."""
    score, label = _word_score(query)
    _require_words(score, child)
    if query.row_limit is None:
        why = "the engine ranks the first rows only"
        raise ArgumentError("bm25", "takes a limit", "none", "add .limit(10)", why=why)
    skipped = query.row_offset
    outputs = query.outputs or (ast.Star(),)
    scored = outputs if label is None else (*outputs, ast.Aliased(score, "score"))
    core = query.replace(
        outputs=scored,
        searches=(),
        keys=(Key(score, "desc"),),
        row_limit=as_number(query.row_limit).value + as_number(skipped).value if skipped else query.row_limit,
        row_offset=None,
    )
    plan = lower(core, child, () if label is None else (Score("score", "desc"),))
    if label in {None, "score"} and not skipped:
        return plan
    rest: tuple[Expression, ...] = ()
    if label not in {None, "score"}:
        names_ = required_names("bm25", names(query, child))
        rest = (*as_columns(names_[:-1]), ast.Aliased(ast.Column("score"), names_[-1]))
    cut = (query.row_limit, query.row_offset) if skipped else (None, None)
    reason = (
        "the engine ranks words in one form: the score, named score, is the only key, and the first rows are asked for"
    )
    return lower(Statement(outputs=rest, row_limit=cut[0], row_offset=cut[1]), Subquery(plan, reason=reason))


def _require_words(score: Expression, child: Plan) -> None:
    """Refuse a search for words in a column that the source does not have, with the words as the column where they are swapped."""
    known = column_names(child)
    column, words = score.arguments[:2] if isinstance(score, ast.Function) else (None, None)
    if known is None or not isinstance(column, ast.Column) or column.name in known:
        return
    is_swapped = isinstance(words, ast.String) and words.value in known
    hint = f"the column comes before the words: bm25({words.value!r}, {column.name!r})" if is_swapped else ""  # type: ignore[union-attr]  # a string
    rule, why = "takes the name of a column of texts", "the source has no column of this name"
    raise ArgumentError("bm25", rule, repr(column.name), hint or did_you_mean(column.name, known), why=why)


def _word_score(query: Statement) -> tuple[Expression, str | None]:
    """Return the score of a search for words and its name, or refuse what the engine cannot do with it."""
    subject = "bm25"
    refuse_sample(subject, query)
    searches = query.searches
    if len(query.keys) != 1 or len(searches) > 1:
        rule = "takes one search, and its score as the only key of order_by"
        found = f"{len(query.keys)} keys, {len(searches)} scores"
        raise ArgumentError(subject, rule, found, 'write .bm25(..).order_by("score").limit(10)', why=ONE_FORM)
    (key,) = query.keys
    if not searches:
        if key.direction != "desc":
            rule = "ranks the best first only"
            hint = "write .bm25(.., as_=None), or desc(fn.bm25_similarity(..))"
            raise ArgumentError(subject, rule, str(key), hint, why=ONE_FORM)
        return key.expression, None
    (search,) = searches
    _require_ranked_first(query, key, search)  # type: ignore[arg-type]  # no fusion: `_has_words`
    return search.score, search.alias  # type: ignore[union-attr]  # no fusion: `_has_words`


def _require_ranked_first(query: Statement, key: Key, search: TextSearch | Search) -> None:
    """Refuse clauses that the engine's one form of a search for words has no place for."""
    subject = "bm25"
    if not _is_name(key.expression, search.alias) or key.direction == "asc":
        rule = "takes its score as the only key of order_by, the best first"
        raise ArgumentError(subject, rule, str(key), f"write .order_by({search.alias!r})", why=ONE_FORM)
    made = {search.alias, *computed_columns(query.outputs)}
    if any(_labels(condition) & made for condition in query.conditions):
        rule = "takes conditions on columns of the source only"
        hint = "filter in an outer query: select().from_(q).where(..)"
        raise ArgumentError(subject, rule, ", ".join(sorted(made)), hint, why=ONE_FORM)
    if search.alias != "score" and any(output_name(output) == "score" for output in query.outputs):
        hint = "give the column another name: select(other=col('score'))"
        why = "the engine gives the score this name"
        raise ArgumentError(subject, "takes no other column with the name of the score", "'score'", hint, why=why)


def _fused(query: Statement, child: Plan, lower: Lower) -> Plan:
    """Return rankings fused: each ranks its rows in a select of its own, and the sum of the reciprocal ranks is taken by the key."""
    (fusion,) = query.searches
    assert isinstance(fusion, Fusion)  # noqa: S101 - by the table below
    refuse_sample("hybrid", query)
    if is_grouped(query):
        rule, why = "scores the rows of a query without aggregates", "a score is one value for each row"
        raise ArgumentError("hybrid", rule, "", "aggregate its rows: select(k=fn.count()).from_(query)", why=why)
    labels = required_names("hybrid", names(query.replace(searches=()), child))
    reject_renamed("order_by", query.keys, query.outputs)
    _require_key(child, fusion)
    key = ast.Column(fusion.key)
    outside = tuple(part for part in query.conditions if fusion.alias in _labels(part))
    ranked = query.replace(
        outputs=(*query.outputs, *(() if fusion.key in labels else (key,))),
        searches=(),
        conditions=tuple(part for part in query.conditions if part not in outside),
        **LAST_CLAUSES,
    )
    keys = _with_ties([_best_first(item, fusion.alias) for item in query.keys], key)
    outputs = as_columns((*labels, fusion.alias))
    whole = Statement(outputs=outputs, conditions=outside, **{**last_clauses(query), "keys": keys})
    rows = Subquery(_added_up(ranked, child, fusion, labels, lower), reason=ADDED_UP)
    return lower(whole, rows, (Score(fusion.alias, "desc"),))


ADDED_UP = "hybrid adds up the reciprocal ranks of each row"


def _added_up(ranked: Statement, child: Plan, fusion: Fusion, labels: tuple[str, ...], lower: Lower) -> Plan:
    """Return the rows of all rankings, each once, with the sum of its reciprocal ranks."""
    key = ast.Column(fusion.key)
    legs = Union(tuple(_reciprocal(ranked, child, leg, fusion, lower) for leg in fusion.legs))
    firsts = (
        ast.Aliased(ast.Function("first", (ast.Column(label),)), label) for label in labels if label != fusion.key
    )
    total = ast.Aliased(ast.Function("sum", (ast.Column(helper(WEIGHT)),)), fusion.alias)
    return lower(Statement(outputs=(key, *firsts, total), groups=(key,)), legs)


def _require_key(child: Plan, fusion: Fusion) -> None:
    """Refuse a key that is no column of the source, where its columns are known."""
    known = column_names(child)
    if known is not None and fusion.key not in known:
        rule, why = "takes a column of unique values as its key", "the source has no column of this name"
        hint = f"pass key=..; {did_you_mean(fusion.key, known)}"
        raise ArgumentError("hybrid", rule, repr(fusion.key), hint, why=why)


def _labels(node: Record) -> set[str]:
    """Return the names that an expression reads."""
    return {part.name for part in walk(node) if isinstance(part, (ast.Column, QualifiedName))}


def _reciprocal(ranked: Statement, child: Plan, leg: Leg, fusion: Fusion, lower: Lower) -> Plan:
    """Return the first rows of a ranking, each with its weight over its rank."""
    score = leg.score.replace(exact=True) if fusion.exact and isinstance(leg.score, Similarity) else leg.score
    first = lower(ranked.replace(keys=(Key(score, leg.best),), row_limit=fusion.candidates), child)
    rank = ast.Chain(("+",), (ast.Number(fusion.k + 1), ast.Function("row_number")))
    weight = ast.Aliased(ast.Chain(("/",), (as_number(leg.weight), rank)), helper(WEIGHT))
    outputs = (*as_columns(names(ranked, child) or ()), weight)
    return lower(Statement(outputs=outputs), Subquery(first, reason="each ranking is cut before its ranks are counted"))


def _best_first(key: Key, score: str) -> Key:
    """Return a key with its direction: a score sorts the best first."""
    is_score = _is_name(key.expression, score)
    return key.replace(direction="desc") if is_score and key.direction is None else key


def _is_name(node: Expression, label: str) -> bool:
    """Tell whether an expression is a name."""
    return isinstance(node, (ast.Column, QualifiedName)) and node.name == label


def _with_ties(keys: list[Key], key: Expression) -> tuple[Key, ...]:
    """Return the keys of an order, rows that tie in the order of *key*."""
    return (*keys, Key(key, "asc")) if keys and all(item.expression != key for item in keys) else tuple(keys)


# --- groups that are taken apart --------------------------------------------------------------------------------------


def _apart(query: Statement, child: Plan, lower: Lower) -> Plan:
    """Return a query over the members of groups: every other clause concerns the members."""
    labels = required_names("ungroup_by", column_names(child))
    members = lower(Statement(outputs=as_columns(labels), parts_per_group=query.parts_per_group), child)
    rest = query.replace(parts_per_group=None, source=None)
    reason = "the members of the groups are rows before any other clause"
    return members if rest == Statement() else lower(rest, Subquery(members, reason=reason))


def _taken_apart(query: Statement) -> bool:
    """Tell whether groups are taken apart in a statement with other clauses."""
    return query.parts_per_group is not None and query.replace(source=None) != Statement(
        outputs=query.outputs, parts_per_group=query.parts_per_group
    )


EXPANSIONS: tuple[tuple[Callable[[Statement], bool], Callable[[Statement, Plan, Lower], Plan]], ...] = (
    (lambda query: bool(query.limit_per), best_of_each),
    (lambda query: query.unique, distinct),
    (lambda query: query.joined is not None, over_both),
    (names_its_source, over_one),
    (lambda query: any(isinstance(search, Fusion) for search in query.searches), _fused),
    (_has_words, words_ranked),
    (_taken_apart, _apart),
)
