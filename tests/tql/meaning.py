"""
Random expressions together with their meaning: a pure Python function of a row.

The engine plays no part here: what it returns is compared with what these functions say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.tql.signs import COMPARISONS
from tql import Expr, all_of, any_of, asc, col, desc, not_

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Key

Row = dict[str, Any]
Condition = tuple[Expr, "Callable[[Row], bool]"]

NUMBERS = ("i", "small", "f")
KINDS = {"i": "int64", "small": "int32", "f": "float64", "t": "text", "b": "bool", "nul": "nullable"}

integers = st.integers(-3, 6)
halves = st.integers(-6, 12).map(lambda number: number / 2)
special = st.sampled_from(list("ab%_*?.[](){}|+^$\\'\"\n é-😀"))
texts = st.text(special, max_size=4) | st.sampled_from(["", "a", "ab", "a%b", "A", "é", "a\nb"])

rows = st.fixed_dictionaries(
    {
        "i": integers,
        "small": integers,
        "f": halves,
        "t": texts,
        "b": st.booleans(),
        "nul": st.none() | integers,
    }
)


def _bytes(value: Any) -> Any:
    """Return the sort key of a value; texts sort by their UTF-8 bytes."""
    return value.encode() if isinstance(value, str) else value


def _compared(column: str, sign: str, value: Any) -> Condition:
    """Return a comparison with a value."""
    compare = COMPARISONS[sign]
    return compare(col(column), value), lambda row: bool(compare(_bytes(row[column]), _bytes(value)))


def _like(pattern: str, text: str, flags: int = 0) -> bool:
    """Return whether a text matches a pattern of SQL's LIKE."""
    wanted = "".join({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(wanted, text, re.DOTALL | flags) is not None


number_tests = st.builds(_compared, st.sampled_from(NUMBERS), st.sampled_from(list(COMPARISONS)), integers | halves)
text_tests = st.builds(_compared, st.just("t"), st.sampled_from(list(COMPARISONS)), texts)
sums = st.builds(
    lambda left, right, sign, value: (
        COMPARISONS[sign](col(left) + col(right) * 2 - 1, value),
        lambda row: bool(COMPARISONS[sign](row[left] + row[right] * 2 - 1, value)),
    ),
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS),
    st.sampled_from(list(COMPARISONS)),
    integers | halves,
)
memberships = st.builds(
    lambda column, members: (col(column).in_(members), lambda row: row[column] in members),
    st.sampled_from(NUMBERS),
    st.lists(integers | halves, max_size=4),
)
exclusions = st.builds(
    lambda members: (col("t").not_in(members), lambda row: row["t"] not in members), st.lists(texts, max_size=4)
)
ranges = st.builds(
    lambda column, low, high: (col(column).between(low, high), lambda row: low <= row[column] <= high),
    st.sampled_from(NUMBERS),
    integers | halves,
    integers | halves,
)
text_ranges = st.builds(
    lambda low, high: (col("t").between(low, high), lambda row: _bytes(low) <= _bytes(row["t"]) <= _bytes(high)),
    texts,
    texts,
)
likes = st.builds(lambda pattern: (col("t").like(pattern), lambda row: _like(pattern, row["t"])), texts)
ilikes = st.builds(
    lambda pattern: (col("t").ilike(pattern), lambda row: _like(pattern, row["t"], re.IGNORECASE)), texts
)
starts = st.builds(lambda part: (col("t").startswith(part), lambda row: row["t"].startswith(part)), texts)
ends = st.builds(lambda part: (col("t").endswith(part), lambda row: row["t"].endswith(part)), texts)
parts = st.builds(lambda part: (col("t").contains(part), lambda row: part in row["t"]), texts)
bools = st.builds(lambda value: (col("b") == value, lambda row: row["b"] == value), st.booleans())
bare = st.just((col("b"), lambda row: row["b"]))
nulls = st.sampled_from(
    [(col("nul").is_null(), lambda row: row["nul"] is None), (col("nul") != None, lambda row: row["nul"] is not None)]  # noqa: E711 - it makes a condition
)

simple = st.one_of(
    number_tests,
    text_tests,
    sums,
    memberships,
    exclusions,
    ranges,
    text_ranges,
    likes,
    ilikes,
    starts,
    ends,
    parts,
    bools,
    bare,
    nulls,
)


def _all(members: list[Condition]) -> Condition:
    """Return the conjunction."""
    return all_of(member for member, _ in members), lambda row: all(meaning(row) for _, meaning in members)


def _any(members: list[Condition]) -> Condition:
    """Return the disjunction."""
    return any_of(member for member, _ in members), lambda row: any(meaning(row) for _, meaning in members)


def _not(member: Condition) -> Condition:
    """Return the negation."""
    return not_(member[0]), lambda row: not member[1](row)


conditions: st.SearchStrategy[Condition] = st.recursive(
    simple,
    lambda inner: st.lists(inner, max_size=3).map(_all) | st.lists(inner, max_size=3).map(_any) | inner.map(_not),
    max_leaves=6,
)

Sort = tuple["Key", "Callable[[Row], Any]", bool]
sort_values: dict[str, tuple[Any, Callable[[Row], Any]]] = {
    "i": (col("i"), lambda row: row["i"]),
    "f": (col("f"), lambda row: row["f"]),
    "t": (col("t"), lambda row: row["t"].encode()),
    "b": (col("b"), lambda row: row["b"]),
    "sum": (col("i") + col("small"), lambda row: row["i"] + row["small"]),
    "test": (col("i") > 2, lambda row: row["i"] > 2),
}
sorts: st.SearchStrategy[list[Sort]] = st.lists(
    st.tuples(st.sampled_from(list(sort_values)), st.booleans()).map(
        lambda picked: ((desc if picked[1] else asc)(sort_values[picked[0]][0]), sort_values[picked[0]][1], picked[1])
    ),
    min_size=2,
    max_size=4,
)


def sorted_rows(unsorted: list[Row], keys: list[Sort]) -> list[Row]:
    """Return rows sorted by several keys, most significant first; ties keep their order."""
    for _, value, descending in reversed(keys):
        unsorted = sorted(unsorted, key=value, reverse=descending)
    return unsorted
