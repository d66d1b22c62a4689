"""Strategy of random queries with every clause, with arbitrary names and texts; some of them cannot be compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from tql import ArgumentError, Expr, Query, all_of, any_of, asc, col, desc, fn, not_, param, select
from tql.values.literal import sql_form

if TYPE_CHECKING:
    from collections.abc import Callable

characters = st.characters(codec="utf-8", exclude_characters="\0")
strings = st.text(characters, max_size=12) | st.sampled_from(
    [
        "",
        "'",
        "''",
        "\\",
        "\\'",
        '"',
        "a\nb",
        "\r\n",
        "--",
        "/* */",
        "-- x\n",
        "' or 1=1 --",
        "é",
        "😀",
        "%",
        "$$",
        "ARRAY[1]",
        "<b>&",
    ]
)
labels = st.text(st.characters(codec="utf-8", exclude_characters='\0\n"'), min_size=1, max_size=8)
any_names = st.sampled_from(["id", "text", "a", "order", "my col", "größe", "select", "x'y", "--", "<i>"]) | labels
# Only `col` takes a name that looks like SQL: "a desc", "a, b", "-a".
names = any_names.filter(lambda name: sql_form(name) is None)
integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
numbers = integers | floats | st.sampled_from([0, -1, 10, 0.1, -0.0, 1e300, 5e-324])
values = numbers | strings | st.booleans()
vectors = st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=12).map(
    lambda row: np.array(row, "f4")
)

REGEXES = ["ab", "a.*", r"\d+|x?", "[^%]", "", r"(?:a|b){2}\*"]
columns = any_names.map(col)
arithmetic: st.SearchStrategy[Expr] = st.recursive(
    columns
    | st.builds(fn.asum, columns)
    | columns.map(lambda column: column.shape[0])
    | st.builds(lambda name, key: col(name)[key], names, strings | st.integers(0, 9)),
    lambda inner: st.one_of(
        st.builds(lambda left, right: left + right, inner, inner | numbers),
        st.builds(lambda left, right: left * right, inner, inner | numbers),
        st.builds(lambda left, right: right - left, inner, inner),
        inner.map(lambda operand: -operand),
    ),
    max_leaves=4,
)


@st.composite
def called(draw: st.DrawFn) -> Expr:
    """Return a condition by a method of a column or of an expression."""
    method, operands, *values = draw(st.sampled_from(CALLS))
    condition: Expr = getattr(draw(operands), method)(*map(draw, values))
    return condition


# The methods of conditions that have a form of the engine, what they are called on, and their arguments.
CALLS: list[Any] = [
    *((method, columns, strings) for method in ("startswith", "endswith", "contains", "like", "ilike")),
    ("matches", columns, st.sampled_from(REGEXES)),
    ("contains", arithmetic, numbers | vectors),
    ("between", arithmetic, numbers, numbers),
    ("in_", columns, st.lists(st.booleans(), max_size=2)),
    ("not_in", arithmetic, st.lists(numbers, min_size=1, max_size=3)),
]
comparisons: st.SearchStrategy[Expr] = st.one_of(
    st.builds(lambda left, right: left == right, arithmetic, values | st.none()),
    st.builds(lambda left, right: left != right, columns, values),
    st.builds(lambda left, right: left < right, columns, strings | numbers),
    st.builds(lambda left, right: left >= right, arithmetic, numbers),
    st.builds(
        lambda left, members: left.in_(members), columns, st.lists(integers, max_size=3) | st.lists(strings, max_size=3)
    ),
    st.builds(lambda left, members: left.not_in(members), columns, st.lists(floats, max_size=3)),
    st.builds(lambda left, low, high: left.between(low, high), columns, strings, strings),
    called(),
    columns.map(lambda column: column.is_null()),
    columns.map(lambda column: column.is_not_null()),
)
conditions: st.SearchStrategy[Expr] = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(all_of), st.lists(inner, max_size=3).map(any_of), inner.map(not_)
    ),
    max_leaves=5,
)
keys = st.one_of(names, arithmetic, names.map(asc), arithmetic.map(desc))
counts = st.integers(0, 2**63 - 1)


def _tried(step: Callable[[Query], Query]) -> Callable[[Query], Query]:
    """Return a step that returns the query unchanged if the builder rejects the call."""

    def attempt(query: Query) -> Query:
        try:
            return step(query)
        except ArgumentError:
            return query

    return attempt


def _step(method: str, *arguments: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return calls of one method."""
    return st.tuples(st.tuples(*arguments), st.fixed_dictionaries(named)).map(
        lambda drawn: _tried(lambda query: getattr(query, method)(*drawn[0], **drawn[1]))
    )


metrics = st.sampled_from(["cosine", "l2", "l1", "linf", "dot", "hamming"])
plain_steps = st.one_of(
    _step("select", names),
    _step("select", st.builds(lambda value, name: value.as_(name), arithmetic, names)),
    _step("where", conditions),
    _step("where", conditions),
    _step("order_by", keys),
    _step("limit", counts),
    _step("offset", counts),
    _step(
        "similarity", names, vectors, metric=metrics, as_=st.sampled_from(["score", "near", None]), exact=st.booleans()
    ),
    _step("similarity", names, st.just(param("v"))),
)
steps = plain_steps | st.one_of(
    _step("distinct"),
    _step("group_by", names),
    _step("select", n=st.just(fn.count())),
    _step("where", integers.map(lambda number: fn.count() > number)),
    _step("bm25", names, strings, as_=st.sampled_from(["score", None])),
    _step("hybrid", vector=st.tuples(names, vectors), text=st.tuples(names, strings), exact=st.booleans()),
    _step("sample_by", names, limit=counts),
)


def _chain(begin: Query, made: list[Callable[[Query], Query]]) -> Query:
    """Return a query after some steps."""
    for step in made:
        begin = step(begin)
    return begin


def _chains(begin: st.SearchStrategy[Query], taken: st.SearchStrategy[Any]) -> st.SearchStrategy[Query]:
    """Return queries of some steps."""
    return st.builds(_chain, begin, st.lists(taken, max_size=6))


beginnings = st.one_of(st.just(select()), names.map(lambda url: select().from_(url)))
one_level = _chains(beginnings, plain_steps)
queries: st.SearchStrategy[Query] = st.recursive(
    _chains(beginnings, steps),
    lambda inner: st.one_of(
        _chains(inner.map(lambda source: select().from_(source)), steps),
        st.builds(lambda left, right: left.union_all(right), inner, inner),
        st.builds(lambda left, right: left.intersect(right), inner, inner),
    ),
    max_leaves=3,
)
