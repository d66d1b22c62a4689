r"""Patterns of LIKE: where the engine finds other texts than SQL the check reports it, and it reports nothing about the builder's patterns."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import dataset, run
from tql import ArgumentError, Expr, check, col, select

TEXTS = ["cats", "two cats", "c.s", "ccs", "cs", "c%s", "_ats", "xats", "c_ts", "c.ts", "c*s", "c+s", "c?s", "[a]", "a", "aa", "(a)", "a|b", "b", "\\", "^a", "a$", "a{2}", "{a}", "a_b", "axb", "ac", "_", "a_"]  # fmt: skip
FOUND = [
    ("%cats%", ["cats", "two cats"], set()),
    ("cats%", ["cats"], set()),
    ("c%ts", ["cats", "c_ts", "c.ts"], set()),
    ("_ats", ["_ats"], {"TQL313"}),
    ("c_ts", ["c_ts"], {"TQL313"}),
    ("c_t%", ["c_ts"], {"TQL313"}),
    (r"c\_ts", ["c_ts"], set()),
    (r"%\_ts", ["c_ts"], set()),
    ("[_]ats", ["_ats"], set()),
    ("c.ts", ["cats", "c_ts", "c.ts"], {"TQL513"}),
    (r"c\.ts", ["c.ts"], set()),
    ("c?ts", ["cats", "c_ts", "c.ts"], {"TQL525"}),
    ("c*ts", ["cats", "c_ts", "c.ts"], {"TQL525"}),
    ("c+s", ["ccs", "cs"], {"TQL513"}),
    ("[a]", ["a"], {"TQL513"}),
    ("(a)", ["a"], {"TQL513"}),
    ("a|b", ["a", "b"], {"TQL513"}),
    ("(a|b)", ["a", "b"], set()),
    ("[a-b]", ["a", "b"], set()),
    ("^a", ["a"], {"TQL513"}),
    ("a$", ["a"], {"TQL513"}),
    ("a{2}", ["aa"], {"TQL513"}),
    ("\\", [], {"TQL313"}),
    ("\\\\", ["\\"], set()),
    (r"c\%s", ["c.s", "cs"], {"TQL313"}),
    (r"c\*s", ["c.s", "cs"], {"TQL313"}),
    (r"c\?s", ["c.s"], {"TQL313"}),
    ("c[%]s", ["c.s", "c*s"], {"TQL313"}),
    (r"c\x25s", ["c%s"], set()),
    (r"\Aa|b\z", ["a", "b"], set()),
]
# The pieces of a pattern as a user of SQL writes it, and texts with the same characters.
PIECES = ("a", "b", "_", "%", "*", "?", ".", "+", "(", ")", "[", "]", "|", "^", "$")


@pytest.fixture(scope="module")
def made() -> Any:
    """Return a dataset with the texts."""
    return dataset("like", {"t": "text"}, [{"t": text} for text in TEXTS])


def found(query: str) -> set[str]:
    """Return the codes of the findings, without that of wildcards, which match no newline: no text of this module has one."""
    return {finding.code for finding in check(query, info=True)} - {"TQL536"}


@pytest.mark.parametrize(("pattern", "texts", "codes"), FOUND)
def test_what_the_engine_finds(pattern: str, texts: list[str], codes: set[str], made: Any) -> None:
    """The engine finds these texts, and the check these faults."""
    query = f"select t where t like '{pattern}'"

    assert [row["t"] for row in run(made, query)] == texts
    assert found(query) == codes


def _as_sql(pattern: str) -> re.Pattern[str]:
    """Return the regular expression that a pattern of SQL is."""
    wildcards = {"%": ".*", "_": "."}
    return re.compile("".join(wildcards.get(character) or re.escape(character) for character in pattern), re.DOTALL)


def test_each_pattern_with_other_texts_than_in_sql_has_a_finding() -> None:
    """The patterns are all those of at most two pieces around a letter; one that is an intended regular expression has an escape or repeats a part."""
    texts = ["".join(parts) for size in (1, 2, 3) for parts in product("ab_%*?.+()[]|^$", repeat=size)]
    made = dataset("unlike", {"t": "text"}, [{"t": text} for text in texts])
    patterns = [f"{before}a{after}" for before, after in product(("", *PIECES), ("", *PIECES))]
    silent = [pattern for pattern in patterns if not found(f"select t where t like '{pattern}'")]

    assert set(silent) >= {"a", "ab", "%a", "a%"}
    for pattern in silent:
        rows = [row["t"] for row in run(made, f"select t where t like '{pattern}'")]
        assert rows == [text for text in texts if _as_sql(pattern).fullmatch(text)], pattern


METHODS = (Expr.like, Expr.ilike, Expr.startswith, Expr.endswith, Expr.contains)
LITERAL = st.text(st.sampled_from("ab_%*?.+()[]{}|^$\\éÉß\u017f\u0131\u212a\xb51- "), max_size=8)


@given(LITERAL, st.sampled_from(METHODS))
def test_the_patterns_of_the_builder_have_no_finding(text: str, method: object) -> None:
    """Each method that takes a text writes a pattern that the check accepts, also with literal underscores."""
    written = str(select("id").where(method(col("t"), text)))  # type: ignore[operator]  # a method of Expr

    assert not check(written, info=True), written


@pytest.mark.parametrize(
    "regex", ["a_b", "a.b", "a|b", "(a)", "a+", "^a$", "[ab]c", "a{2}", r"a\Z", "(?P<x_y>a)", "[_a]", "_", "a?_"]
)
def test_a_regular_expression_of_the_builder_has_no_finding(regex: str, made: Any) -> None:
    """The pattern of `matches` has a form that only an intended regular expression has, and finds what the expression finds."""
    query = str(select("t").where(col("t").matches(regex)))

    assert not check(query, info=True), query
    assert [row["t"] for row in run(made, query)] == [text for text in TEXTS if re.fullmatch(regex, text)]


@given(
    st.lists(
        st.sampled_from(["a", "_", ".", "a+", "(a)", "(a|_)", "[ab_]", r"\.", r"\d", "a*", "_?", "a{2}", "|"]),
        max_size=6,
    )
)
def test_drawn_regular_expressions_have_no_finding(parts: list[str]) -> None:
    """The builder writes no pattern that the check takes for one of SQL."""
    try:
        query = str(select("id").where(col("t").matches("".join(parts))))
    except ArgumentError:
        return
    assert not check(query, info=True), query
