"""`explain` shows the user's calls, and never a form that the compiler generated from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.tql.drawn import drawn
from tests.tql.expressions.test_logical import PATTERNS, pasted, texts
from tql import ArgumentError, Schema, select
from tql.compiler.compile import compiled
from tql.views.levels import levels
from tql_grammar import ast
from tql_grammar.explain.levels import explained
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql import Query
    from tql_grammar.explain.levels import QueryLevel

SCHEMA = Schema(
    id="int64", u="uint8", n="nullable int64", f="float32", t="text", nt="nullable text", x="text exact",
    e="embedding[2]", body="text bm25", kind="class label int32",
)  # fmt: skip
# Each condition, with how `explain` shows it over the columns of `SCHEMA`.
CONDITIONS = [
    ("col('t').startswith('ab')", None),
    ("col('t').endswith('')", None),
    ("col('nt').contains('a*')", None),
    ("col('nt').ilike('A_')", None),
    ("col('t').like('a%')", None),
    ("col('nt').matches('a*')", None),
    ("(col('t').startswith('')) | (col('u') == 1)", "(col('t').startswith('') or u = 1)"),
    ("~col('t').startswith('')", "not col('t').startswith('')"),
    ("col('u').between(-1, 5)", None),
    ("(col('n').between(1, 3)) & (col('u') == 1)", "col('n').between(1, 3) and u = 1"),
    ("col('id').between(1, 3)", None),
    ("(col('t')).between('a', 'c')", "col('t').between('a', 'c')"),
    ("(col('u') + 1).between(2, 3)", None),
    ("col('u').in_([1, 300])", None),
    ("col('f').in_([0.5, 0.1])", None),
    ("col('x').not_in(['a', ''])", None),
    ("(col('u') + 1).in_([1, 2])", None),
    ("(col('u') + 1).not_in([1])", None),
]
# Each search, with the lines of `explain` that show it.
SEARCHES = [
    ("similarity('e', [1.0, 0.0])", ["select id, similarity('e', [1.0, 0.0]) as score"]),
    ("similarity('e', [1.0, 0.0], metric='l1')", ["select id, similarity('e', [1.0, 0.0], metric='l1') as score"]),
    ("similarity('e', [1.0, 0.0], exact=True)", ["select id, similarity('e', [1.0, 0.0], exact=True) as score"]),
    ("similarity('e', [1.0, 0.0], metric='linf', as_=None)", ["order by similarity('e', [1.0, 0.0], metric='linf') asc"]),
    (
        "similarity('e', [1.0, 0.0], metric='hamming', as_=None, exact=True)",
        ["order by similarity('e', [1.0, 0.0], metric='hamming', exact=True) asc"],
    ),
    ("bm25('body', 'two words', as_=None).limit(3)", ["order by bm25('body', 'two words') desc"]),
    (
        "bm25('body', 'words').order_by('score').limit(3)",
        ["select id, bm25('body', 'words') as score", "order by bm25('body', 'words') desc"],
    ),
    (
        "hybrid(vector=('e', [1.0, 0.0]), text=('body', 'words')).order_by('score').limit(3)",
        ["order by similarity('e', [1.0, 0.0]) desc", "order by bm25('body', 'words') desc"],
    ),
]  # fmt: skip
# Sums with zero, and scores of vectors: forms of searches.
SCORES = re.compile(r"\+ 0(?![.\d])|(_norm|_similarity|hamming_distance|maxsim)\([^()]*(ARRAY|\?)")
WRITTEN = re.compile(r"raw\('shape\(lists\)\[0\] > 2'\)")


@pytest.mark.parametrize(("condition", "shown"), CONDITIONS)
@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_a_condition_is_shown_as_it_was_called(condition: str, shown: str | None, schema: Schema | None) -> None:
    """WHERE and outputs show the call, also where the compiler merges it with another condition or guards it against nulls."""
    made = pasted(condition)
    query = select("id").from_("D", schema=schema).where(made, pasted("col('id') > 5"))
    (*_, where) = query.explain().clauses
    (_, output), *_ = select("id", c=made).from_("D", schema=schema).explain().clauses
    shown = shown or condition

    assert where == ("where", f"{shown} and id > 5")
    assert output in {f"id, {text} as c" for text in (shown, shown[1:-1])}


@pytest.mark.parametrize(("call", "shown"), SEARCHES)
@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_a_search_is_shown_as_it_was_called(call: str, shown: list[str], schema: Schema | None) -> None:
    """Outputs and sort keys show the search with its metric."""
    query: Query = pasted(f"start.{call}", start=select("id").from_("D", schema=schema))
    found = list(lines(query.explain()))

    assert [line for line in shown if line not in found] == []


def test_groups_show_calls_on_aggregates() -> None:
    """A condition on groups shows the aggregate, and a grouped output the call that is computed for each row."""
    query = pasted("select('k', c=col('t').startswith('a'), n=fn.count()).group_by('k').where(fn.count().in_([1, 2]))")

    assert list(lines(query.explain())) == [
        "select *",
        "where fn.count().in_([1, 2])",
        "select k[0] as k, z1 as c, sum(zn) as n",
        "group by k",
        "select k, col('t').startswith('a') as z1, 1 as zn",
    ]


def test_no_level_shows_a_generated_form() -> None:
    """Over random queries no clause has a pattern of RE2, a score of the engine, or ``raw(..)``, that the user did not write."""
    forms = ("raw(", *PATTERNS)
    queries = [query for query in drawn(3_000) if not any(form in text for text in texts(query) for form in forms)]
    explained_ = [(query, shown) for query in queries if (shown := _explained(query)) is not None]
    wrong = [line for query, level in explained_ for line in lines(level) if _is_generated(line, query)]

    assert len(explained_) > 1_500
    assert wrong == []


def test_each_level_has_the_reason_of_its_select() -> None:
    """The levels with calls have the reasons of those without."""
    for query in drawn(300):
        if (shown := _explained(query)) is not None:
            plain = explained(*compiled(query.statement))

            assert [level.why for level in _levels(shown)] == [level.why for level in _levels(plain)]


def _explained(query: Query) -> QueryLevel | None:
    """Return the levels of a query, or None for a query that cannot be compiled."""
    try:
        return levels(compiled(query.statement))
    except ArgumentError:
        return None


def _is_generated(line: str, query: Query) -> bool:
    """Return whether a line shows a generated form; a sum with zero may be the user's."""
    line = WRITTEN.sub("", line)
    if any(form in line for form in PATTERNS) or "raw(" in line:
        return True
    return SCORES.search(line) is not None and not _adds_zero(query)


def _adds_zero(query: Query) -> bool:
    """Return whether the user adds zero to something."""
    zero = ast.Number(0)
    return any(isinstance(part, ast.Chain) and zero in part.operands for part in walk(query.statement))


def _levels(level: QueryLevel) -> Iterator[QueryLevel]:
    """Yield a level and all below."""
    yield level
    for below in level.below:
        yield from _levels(below)


def lines(level: QueryLevel) -> Iterator[str]:
    """Yield the clauses of a level and of all below."""
    return (f"{word} {text}" for part in _levels(level) for word, text in part.clauses)
