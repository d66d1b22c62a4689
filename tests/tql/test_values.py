"""Queries as values: comparison, hashing, pickling, copies, repr, diff, explain and HTML."""

from __future__ import annotations

import copy
import inspect
import pickle
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tql
from tests.tql.compiler.test_meaning import several
from tests.tql.queries import conditions, queries
from tql import ArgumentError, Query, all_of, any_of, asc, col, desc, fn, not_, param, parse, raw, select
from tql.compiler.compile import compile_query

NAMES = {
    name: getattr(tql, name) for name in ("select", "col", "fn", "raw", "param", "asc", "desc", "all_of", "any_of")
}
NAMES |= {"not_": not_, "parse": parse, "Query": Query, "Schema": tql.Schema}
V = np.arange(1536, dtype="f4") / 7


def text_of(query: Query) -> str | None:
    """Return the text of a query, or None if it cannot be compiled."""
    try:
        return str(query)
    except ArgumentError:
        return None


@several
@given(query=queries)
def test_a_query_pickles_and_copies(query: Query) -> None:
    """An unpickled query is another object, and has an equal value, hash, repr and text."""
    for twin in (pickle.loads(pickle.dumps(query)), copy.copy(query), copy.deepcopy(query)):  # noqa: S301 - our own pickle
        assert twin == query
        assert hash(twin) == hash(query)
        assert repr(twin) == repr(query)
        assert text_of(twin) == text_of(query)


@several
@given(query=queries)
def test_the_repr_can_be_pasted(query: Query) -> None:
    """The repr of a query without long vectors creates a query with the same text."""
    assume("float32>" not in repr(query))

    pasted = eval(repr(query), dict(NAMES))  # noqa: S307 - pasting is what is tested

    assert text_of(pasted) == text_of(query)


@several
@given(query=queries, rows=st.integers(0, 9), dataset=st.sampled_from([None, "a", "b"]))
def test_a_kept_text_is_that_of_the_query(query: Query, rows: int, dataset: str | None) -> None:
    """A query caches its text; a changed query and another dataset have their own."""
    assume(text_of(query) is not None)
    for one in (query, query.limit(rows), query.where(col("zz") > rows)):
        try:
            fresh = compile_query(pickle.loads(pickle.dumps(one.replace())).statement, dataset)  # noqa: S301 - our own pickle
        except ArgumentError:
            continue
        assert compile_query(one.statement, dataset) == compile_query(one.statement, dataset) == fresh


@several
@given(query=queries, other=queries)
def test_equal_queries_have_no_difference(query: Query, other: Query) -> None:
    """``diff`` is empty if and only if ``==`` is true, and lists the differences otherwise."""
    assert not query.diff(query)
    assert bool(query.diff(other)) is (query != other)
    assert len(str(query.diff(other)).splitlines()) >= 1


@several
@given(query=queries, condition=conditions, rows=st.integers(0, 9))
def test_a_step_is_its_difference(query: Query, condition: Any, rows: int) -> None:
    """``diff`` lists exactly the call that a step adds, with the opposite sign in reverse, and the first query is unchanged."""
    before = repr(query)
    longer = query.where(condition).limit(rows)

    signs = {change.sign for change in query.diff(longer).changes if change.call.startswith("where(")}

    assert signs <= {"+"}
    assert [change.call for change in query.diff(longer).changes if change.sign == "+"] == [
        change.call for change in longer.diff(query).changes if change.sign == "-"
    ]
    assert before == repr(query)


class Tags(HTMLParser):
    """An HTML parser that collects tags and text."""

    def __init__(self) -> None:
        """Start without tags and text."""
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a tag, which has no attributes."""
        assert not attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


@several
@given(query=queries)
def test_html_holds_nothing_of_the_query_but_text(query: Query) -> None:
    """The HTML contains only the tags of the view, for any characters in names and texts."""
    found = Tags()
    found.feed(query._repr_html_())
    found.close()

    assert found.tags in (
        ["div", "pre", "pre", "code", "details", "summary", "pre"],
        ["div", "pre", "p"],
    )


@several
@given(query=queries)
def test_the_levels_are_those_of_the_text(query: Query) -> None:
    """There is a level for each SELECT of the text; a query that cannot be compiled raises the same error as ``str``."""
    text = text_of(query)
    assume(text is not None)

    drawn = query.explain()

    assert sum(1 for level in _levels(drawn) if level.clauses[0][0] == "select") == _selects(str(text))


def _levels(level: Any) -> list[Any]:
    """Return a level and all below."""
    return [level, *(inner for below in level.below for inner in _levels(below))]


def _selects(text: str) -> int:
    """Return the number of SELECTs in a text."""
    from tql_grammar import ast
    from tql_grammar.syntax.parser import parse as parse_tree
    from tql_grammar.walk import walk

    return sum(isinstance(part, ast.Select) for part in walk(parse_tree(text)))


def test_the_levels_as_text() -> None:
    """The outermost level is first, and each level has its reason."""
    query = (
        select("text").from_("hub://org/ds").similarity("e", V).where(col("a") == 1).order_by("score", "id").limit(5)
    )

    assert (
        str(query.explain())
        == """\
select text, score
order by score desc
limit 5
│ why: the engine sorts by one key only: each key has a subquery of its own, the least significant innermost
└─ select *
   order by id desc
   │ why: another clause reads an alias of the subquery, so this clause is in the enclosing query too; a key of unknown type is compared as float32: pass a schema, or reflect=True
   └─ select text, similarity('e', <1536 float32>) as score, id
      where a = 1
      │ why: an index that is not known here reads a number in the type of its column: pass a schema if a column has an index
      └─ from "hub://org/ds\""""
    )


REASONS = [
    (select("id", s=col("a") + 1).where(col("s") > 3), "s: an alias is visible only in the enclosing query"),
    (
        select("k", n=fn.count()).group_by("k").where(col("n") > 1),
        "filters, order and limit on groups go in an outer query",
    ),
    (
        select("k", n=fn.count()).group_by("k"),
        "the expressions that the groups are made of are computed for each row in a subquery",
    ),
    (
        select("a").union_all(select("a").from_("y")).limit(3),
        "the engine applies clauses after a set operation to a part of it only",
    ),
    (select("id", n=fn.row_number()).where(col("a") > 1), "row_number() counts the rows of the source"),
    (select("id").sample_by("w", limit=9).order_by("id").limit(3), "order and limit apply to the sampled rows"),
    (
        select("id").from_("d", schema=tql.Schema(id="int64 inverted")).order_by("id").limit(3),
        "the rows are sorted before they are limited: with LIMIT in the same SELECT the engine may take the order from an approximate index",
    ),
]


@pytest.mark.parametrize(("query", "reason"), REASONS)
def test_a_level_says_why_it_is_there(query: Query, reason: str) -> None:
    """Each nesting that the compiler adds has its reason."""
    assert any(level.why.startswith(reason) for level in _levels(query.explain())), str(query.explain())


def test_a_difference_shows_the_values_of_parameters() -> None:
    """A value that a parameter has is shown as it was bound, also on the left of an operator; without a value it is the parameter."""
    low, unbound = param("low"), select("id")
    conditions = {
        "3 == col('a')": low == col("a"),
        "col('a') == 3": col("a") == low,
        "(3 + 1) > col('a')": low + 1 > col("a"),
        "-3 > col('a')": -low > col("a"),
        "fn.any(3 == col('a'))": fn.any(low == col("a")),
    }
    shown = {
        f"- where({text})": str(unbound.where(part).bind(low=3).diff(unbound)) for text, part in conditions.items()
    }

    assert [*shown] == [*shown.values()]
    assert str(unbound.where(low == col("t")).bind(low="a").diff(unbound)) == "- where('a' == col('t'))"
    assert str(unbound.where(low == col("a")).diff(unbound)) == "- where(param('low') == col('a'))"
    assert str(select(x=low).bind(low=3).diff(select("x"))) == "- select((3).as_('x'))\n+ select('x')"


@pytest.mark.parametrize(
    "text",
    [
        "select 3 as x", "select id where 3 is null", "select id where not 3", "select id where -3 = a",
        "select id where ARRAY[1.0,2.0][0] > a", "select id where contains('x', a)", "select id order by - -3",
    ],
)  # fmt: skip
def test_a_value_without_methods_is_raw(text: str) -> None:
    """The repr of a parsed query is Python, where the text has a value on the left."""
    found = eval(repr(parse(text)), dict(NAMES))  # noqa: S307 - pasting is what is tested

    assert str(found) == str(parse(text)) == text


def test_a_difference_in_words() -> None:
    """One line per change, with the path of nested sources, and vectors by their different elements."""
    other = V.copy()
    other[3] += 0.5
    inner = select().from_("d").where(col("x") > 1).limit(10)
    one = select("text").from_(inner).similarity("e", V).where(col("a") == 1).order_by("score").limit(5)
    two = (
        select("text", "id")
        .from_(inner.where(col("y") == "z"))
        .similarity("e", other)
        .where(col("a") == 1, col("b").in_([1, 2]))
        .order_by("score")
    )

    assert (
        str(one.diff(two))
        == """\
+ select('id')
+ in from_: where(col('y') == 'z')
~ similarity('e', <1536 float32>)  (1 of 1536 numbers differ, by at most 0.5)
+ where(col('b').in_([1, 2]))
- limit(5)"""
    )
    assert str(one.diff(one)) == "no difference"


def test_bound_values_are_compared() -> None:
    """A bound query differs from one with another value, and equals the one with the literal."""
    query = select("id").where(col("a") > param("low"))

    assert not query.bind(low=3).diff(select("id").where(col("a") > 3))
    assert str(query.bind(low=3).diff(query.bind(low=4))) == "- where(col('a') > 3)\n+ where(col('a') > 4)"


def test_a_text_is_no_query() -> None:
    """``diff`` with a text raises an error that names ``parse``."""
    wrong: Any = "select id"
    with pytest.raises(ArgumentError, match=r"`diff` takes a query, got 'select id'\nhint: parse\(text\)"):
        select("id").diff(wrong)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("check(None)", "`check` takes a query text or a query of the builder, got None"),
        ("check(3)", "`check` takes a query text or a query of the builder, got 3"),
        ("validate(b'select id')", "`validate` takes a query text or a query of the builder, got b'select id' (bytes)"),
        ("fix(select('id'))", "`fix` takes a query text (a str), got select('id') (Query)"),
        ("parse(select('id'))", "`parse` takes a query text (a str), got select('id') (Query)"),
        ("parse(None)", "`parse` takes a query text (a str), got None"),
        ("tql.format(select('id'))", "`format` takes a query text (a str), got select('id') (Query)"),
    ],
)
def test_what_is_no_text(code: str, message: str) -> None:
    """The functions of texts say what they take; the hint for a query of the builder is its text."""
    space = {name: getattr(tql, name) for name in tql.__all__} | {"tql": tql}
    with pytest.raises(ArgumentError) as caught:
        eval(code, space)  # noqa: S307 - the code above

    first, hint = str(caught.value).split("\nhint: ")
    assert first == message
    assert ("write str(query) for its text" in hint) == ("Query" in message)


def test_completion_offers_the_methods() -> None:
    """``dir`` of a query lists exactly the public methods, each with a docstring."""
    contract = {
        "select", "from_", "where", "similarity", "bm25", "hybrid", "order_by", "limit", "offset", "group_by", "ungroup_by",
        "sample_by", "distinct", "join", "union", "union_all", "intersect", "except_", "bind", "when", "pipe", "check", "diff",
        "explain", "to_tql", "to_prepared", "replace",
    }  # fmt: skip

    assert contract == set(dir(select()))
    for name in dir(select()):
        assert inspect.getdoc(getattr(Query, name))


def test_what_a_method_returns_is_another_query() -> None:
    """Methods do not change the query, and attributes of queries and expressions cannot be set."""
    query: Any = select("id")
    column: Any = col("a")
    query.where(column > 1).limit(3).order_by("id")

    assert str(query) == "select id"
    with pytest.raises(AttributeError, match="frozen"):
        query.row_limit = 5
    with pytest.raises(AttributeError, match="frozen"):
        column.node = (column + 1).node


def test_ten_thousand_conditions_are_a_value() -> None:
    """==, hash, pickle, copy, repr, diff and HTML hold for a chain of 10,000 conditions."""
    query = select("id").where(any_of(col("a") == number for number in range(10_000)))
    same = select("id").where(any_of(col("a") == number for number in range(10_000)))

    assert query == same
    assert hash(query) == hash(same)
    assert pickle.loads(pickle.dumps(query)) == query  # noqa: S301 - our own pickle
    assert copy.deepcopy(query) == query
    assert repr(query).count("|") == 9_999
    assert not query.diff(same)
    assert query._repr_html_()
    assert all_of([col("a") == 1]).same(col("a") == 1)
    assert raw("a = 1").same(raw("a = 1"))
    assert asc("a") != desc("a")
