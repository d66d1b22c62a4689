"""Invalid arguments of the builder, and the error messages."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tql import ArgumentError, Schema, all_of, any_of, asc, col, fn, not_, raw, select

if TYPE_CHECKING:
    from collections.abc import Callable


def anything(value: Any) -> Any:
    """Return the value, with the type Any."""
    return value


a: Any = col("a")
q: Any = select("text").from_("hub://org/dataset")
f: Any = fn

REFUSED = [
    pytest.param(lambda: a == 1 and a == 2, "`and / or / not / if / a < b < c` takes a Python bool, got", id="and"),
    pytest.param(lambda: a == 1 or a == 2, "`and / or / not / if / a < b < c` takes a Python bool, got", id="or"),  # noqa: PLR1714 - the mistake
    pytest.param(lambda: not a, "`and / or / not / if / a < b < c` takes a Python bool, got", id="not"),
    pytest.param(
        lambda: 1 < a < 3, "`and / or / not / if / a < b < c` takes a Python bool, got", id="a chain of comparisons"
    ),
    pytest.param(lambda: 3 in a, "`in` takes a Python collection", id="in"),
    pytest.param(lambda: list(a), "`iteration` takes a Python collection", id="iteration"),
    pytest.param(lambda: a == 1 & a == 2, "`&` takes a condition, got 1", id="missing parentheses"),
    pytest.param(lambda: a & True, "`&` takes a condition, got True", id="a bool as condition"),
    pytest.param(lambda: a | "x", "`|` takes a condition, got 'x'", id="a str as condition"),
    pytest.param(lambda: not_(anything("a")), "`not_` takes a condition, got 'a'", id="not of a str"),
    pytest.param(lambda: all_of(anything([True])), "`all_of` takes a condition, got True", id="all of a bool"),
    pytest.param(lambda: any_of(anything("ab")), "`any_of` takes a condition, got 'a'", id="any of a str"),
    pytest.param(lambda: q.where("id > 3"), "`where` takes a condition, got 'id > 3'", id="where with a str"),
    pytest.param(lambda: q.where(True), "`where` takes a condition, got True", id="where with a bool"),  # noqa: FBT003 - the mistake
    pytest.param(
        lambda: q.where(a.as_("x") > 1),
        "`where` takes an expression without an alias, got .as_('x'): only an output",
        id="a named operand",
    ),
    pytest.param(lambda: q.order_by(a.as_("x")), "`order_by` takes an expression without an alias", id="a named key"),
    pytest.param(lambda: q.group_by(a.as_("x")), "`group_by` takes an expression without an alias", id="a named group"),
    pytest.param(
        lambda: q.select((a.as_("x") + 1).as_("y")),
        "`select` takes an expression without an alias",
        id="a name in a sum",
    ),
    pytest.param(lambda: a < None, "`<` takes a value", id="less than None"),
    pytest.param(lambda: a == [1, 2], "`=` takes one value", id="equal to a list"),
    pytest.param(lambda: a + "x", "`+` takes numbers and arrays, got 'x'", id="plus a str"),
    pytest.param(lambda: a + True, "`+` takes numbers and arrays, got True", id="plus a bool"),
    pytest.param(lambda: a * None, "`*` takes numbers and arrays, got None", id="times None"),
    pytest.param(lambda: a == float("nan"), "`=` takes finite numbers", id="NaN"),  # noqa: PLW0177 - the mistake
    pytest.param(lambda: a == float("inf"), "`=` takes finite numbers", id="infinity"),
    pytest.param(lambda: a == 2**63, "`=` takes integers of 64 bits", id="an int beyond 64 bits"),
    pytest.param(lambda: a == dt.date(2020, 1, 1), "`=` takes no dates and times", id="a date"),
    pytest.param(lambda: a == b"x", "`=` takes text, not bytes", id="bytes"),
    pytest.param(lambda: a == 1j, "`=` takes real numbers", id="complex"),
    pytest.param(lambda: a == {"k": 1}, "`=` takes no dict", id="a dict"),
    pytest.param(lambda: a == "x\0y", "`=` takes text without NUL", id="NUL in a text"),
    pytest.param(lambda: a == "\ud800", "`=` takes text that UTF-8 can encode", id="half of a surrogate pair"),
    pytest.param(lambda: a == object(), "`=` takes a value that TQL can write", id="an object"),
    pytest.param(lambda: col('a"b'), "`col` takes a name without a double quote", id="quote in a name"),
    pytest.param(lambda: col("a\nb"), "`col` takes a name without a newline", id="newline in a name"),
    pytest.param(lambda: col("a\0b"), "`col` takes a name without a NUL", id="NUL in a name"),
    pytest.param(lambda: col(""), "`col` takes a name of at least one character", id="empty name"),
    pytest.param(f.sum, "`fn.sum` takes x, got 0 arguments", id="too few arguments"),
    pytest.param(lambda: f.row_number(1), "`fn.row_number` takes nothing, got 1 argument", id="too many arguments"),
    pytest.param(lambda: f.max_weight(a > 1), "`fn.max_weight` takes pairs", id="weights without numbers"),
    pytest.param(lambda: f.data("a", "x"), "`fn.data` takes an int, got 'x'", id="a str as an index"),
    pytest.param(lambda: a.in_("ab"), "`in_` takes a list of values, got 'ab'", id="in a str"),
    pytest.param(lambda: a.in_(3), "`in_` takes a list of values, got 3", id="in an int"),
    pytest.param(lambda: a.in_([1, "x"]), "`in_` takes members of one kind", id="in a mixed list"),
    pytest.param(lambda: a.in_([1, None]), "`in_` takes values other than None", id="in a list with None"),
    pytest.param(lambda: a.in_([a]), "`in_` takes values, not expressions", id="in a list of columns"),
    pytest.param(
        lambda: a.in_(select("id")),
        "`in_` takes values, got a query: the engine does not run a query inside IN",
        id="in a query",
    ),
    pytest.param(lambda: a.like(3), "`like` takes a str, got 3", id="like a number"),
    pytest.param(lambda: a.like("x" * 500_001), "`like` takes patterns of at most 500000 bytes", id="like a huge text"),
    pytest.param(lambda: a.matches("(x"), "`matches` takes a regular expression, got '(x': ", id="matches, unbalanced"),
    pytest.param(
        lambda: a.matches("(?=x)y"),
        "`matches` takes a regular expression of RE2 without `(?..`",
        id="matches, look-ahead",
    ),
    pytest.param(
        lambda: a.matches(r"(x)\1"),
        r"`matches` takes a regular expression of RE2 without `\1`",
        id="matches, back-reference",
    ),
    pytest.param(
        lambda: a.matches("x{2000}"), "`matches` takes a regular expression of RE2 without `{2000}`", id="matches, many"
    ),
    pytest.param(lambda: str(a[-2]), "`[]` takes an index from 0, or -1", id="negative index"),
    pytest.param(lambda: str(a[0, -1]), "`[]` takes an index from 0, or -1 alone", id="negative index of several"),
    pytest.param(lambda: str(a[1:]), "`[]` takes slices with both ends counted from the start", id="open slice"),
    pytest.param(
        lambda: str(a[0:-1]), "`[]` takes slices with both ends counted from the start", id="slice to a negative end"
    ),
    pytest.param(lambda: a[3:1], "`[]` takes slices with at least one element", id="empty slice"),
    pytest.param(lambda: a[0:4:0], "`[]` takes slices with at least one element", id="slice with step 0"),
    pytest.param(lambda: a[a], "`[]` takes integers, slices and JSON keys", id="an expression as an index"),
    pytest.param(lambda: a[True], "`[]` takes integers, slices and JSON keys, got True", id="a bool as an index"),
    pytest.param(lambda: raw("a limit 5"), "`raw` takes one expression of TQL", id="raw with a clause"),
    pytest.param(lambda: raw("a, b"), "`raw` takes one expression of TQL", id="raw with two expressions"),
    pytest.param(lambda: raw("a >"), "`raw` takes one expression of TQL (", id="raw that does not parse"),
    pytest.param(lambda: raw("a > 1 & b"), "`raw` takes one expression of TQL (", id="raw that the engine cuts"),
    pytest.param(lambda: raw(f), "`raw` takes one expression of TQL, got <module", id="raw of a module"),
    pytest.param(lambda: q.limit(-1), "`limit` takes a number of rows >= 0, got -1", id="negative limit"),
    pytest.param(lambda: q.limit(True), "`limit` takes a number of rows >= 0, got True", id="limit True"),  # noqa: FBT003 - the mistake
    pytest.param(
        lambda: q.limit("5; drop"), "`limit` takes a number of rows >= 0, got '5; drop'", id="limit with a str"
    ),
    pytest.param(lambda: q.limit(2.5), "`limit` takes a number of rows >= 0, got 2.5", id="limit with a fraction"),
    pytest.param(lambda: q.offset(-1), "`offset` takes a number of rows >= 0, got -1", id="negative offset"),
    pytest.param(lambda: q.select("text"), "`select` takes each name once", id="a column twice"),
    pytest.param(lambda: q.select(text=a), "`select` takes each name once", id="an alias that is taken"),
    pytest.param(
        lambda: q.select(a + 1), "`select` takes a name for each computed column", id="no name for a computed column"
    ),
    pytest.param(lambda: q.select("*", "*"), "`select` takes `*` once", id="two stars"),
    pytest.param(lambda: q.select(3), "`select` takes a column's name or an expression, got 3", id="select a number"),
    pytest.param(lambda: q.from_(3), "`from_` takes the url of a dataset or a query, got 3", id="from a number"),
    pytest.param(lambda: q.from_('a"b'), "`from_` takes a name without a double quote", id="quote in a url"),
    pytest.param(
        lambda: q.order_by(3), "`order_by` takes a column's name or an expression, got 3", id="order by a number"
    ),
    pytest.param(lambda: asc(anything(3)), "`asc` takes a column's name or an expression, got 3", id="asc of a number"),
    pytest.param(
        lambda: q.similarity("e", [1.0], metric="cos"), "`metric` takes one of cosine, l2,", id="unknown metric"
    ),
    pytest.param(
        lambda: q.similarity("e", [1.0], as_="text"), "`select` takes each name once", id="a score's name that is taken"
    ),
    pytest.param(
        lambda: q.similarity("e", []),
        "`similarity` takes a vector, shape (d,) with d >= 1, got shape (0,)",
        id="empty vector",
    ),
    pytest.param(
        lambda: q.similarity("e", [[1.0, 2.0]]),
        "`similarity` takes a vector, shape (d,) with d >= 1, got shape (1, 2)",
        id="batch of one",
    ),
    pytest.param(
        lambda: q.similarity("e", [1.0, float("nan")]),
        "`similarity` takes finite float32 numbers",
        id="NaN in a vector",
    ),
    pytest.param(
        lambda: q.similarity("e", [1.0, 1e39]), "`similarity` takes finite float32 numbers", id="beyond float32"
    ),
    pytest.param(lambda: q.similarity("e", np.array([1j])), "`similarity` takes real numbers", id="complex vector"),
    pytest.param(lambda: q.similarity("e", np.array([None])), "`similarity` takes real numbers", id="object vector"),
    pytest.param(
        lambda: q.similarity("e", "text"), "`similarity` takes a vector of numbers, got 'text'", id="a str as a vector"
    ),
    pytest.param(
        lambda: q.similarity("e", [1.0], metric="maxsim"), "`similarity` takes a matrix", id="a vector for maxsim"
    ),
    pytest.param(
        lambda: q.similarity("e", [1.0], metric="mmr"),
        "`similarity` returns no score with metric='mmr'",
        id="mmr with a score",
    ),
    pytest.param(
        lambda: str(q.where(a == f.max("a"))),
        "`where` takes values of single rows, got fn.max: an aggregate is a value of a group of rows",
        id="an aggregate in where",
    ),
    pytest.param(
        lambda: str(q.order_by(f.count())),
        "`order_by` takes values of single rows, got fn.count: an aggregate is a value of a group of rows",
        id="an aggregate in order_by",
    ),
    pytest.param(
        lambda: str(select("k").distinct().order_by(f.count())),
        "`order_by` takes values of single rows",
        id="an aggregate as the order of distinct rows",
    ),
    pytest.param(
        lambda: str(select("k").group_by(f.first("a"))),
        "`group_by` takes values of single rows",
        id="an aggregate as a key of groups",
    ),
    pytest.param(
        lambda: str(select(n=f.max(f.count()))),
        "`fn.max` takes values of single rows, got fn.count: an aggregate is a value of a group of rows, and the engine cannot reduce twice",
        id="an aggregate of an aggregate",
    ),
    pytest.param(
        lambda: str(select("k").group_by("k").order_by(f.sum(f.mean("a") + 1))),
        "`fn.sum` takes values of single rows",
        id="an aggregate of an aggregate in an order",
    ),
    pytest.param(
        lambda: str(select(n=f.count()).similarity("e", [1.0])),
        "`group_by` takes a query without a search",
        id="a score with an aggregate",
    ),
    pytest.param(
        lambda: str(select().group_by("k")), "`group_by` takes columns by name, not `*`", id="groups of everything"
    ),
    pytest.param(
        lambda: str(q.where(a > 1).order_by(fn.row_number())),
        "`where / order_by / group_by` cannot use row_number() or data() after rows are removed",
        id="rows counted after a condition",
    ),
    pytest.param(
        lambda: str(q.where(a > 1).select(n=fn.min(fn.row_number())).group_by("k")),
        "`where / order_by / group_by` cannot use row_number() or data() after rows are removed",
        id="rows counted in groups",
    ),
    pytest.param(
        lambda: str(q.select(n=fn.row_number()).bm25("t", "x").order_by("score").limit(4)),
        "`bm25 / mmr` takes no output with row_number() or data()",
        id="rows counted in a flat search",
    ),
    pytest.param(
        lambda: str(q.select(id=col("id") + 1).where(col("id") > 3)),
        "`where` takes unambiguous names, got 'id': it is an output",
        id="a name that is an output and a column",
    ),
    pytest.param(
        lambda: str(q.select(id=col("id") + 1, n=fn.count()).group_by("id")),
        "`group_by` takes unambiguous names, got 'id': it is an output",
        id="a key that is an output and a column",
    ),
    pytest.param(
        lambda: str(q.select(x=col("id") + 1, n=fn.count()).group_by("x").order_by(col("id", of="output"))),
        "`group_by` takes the outputs, keys and aggregates of a grouped query, got 'id'",
        id="a sort key that is no output of groups",
    ),
    pytest.param(
        lambda: str(q.select("k", n=fn.count()).group_by(col("j", of="output"))),
        "`group_by` takes names of outputs with of=\"output\", got 'j'",
        id="a key that is no output",
    ),
    pytest.param(
        lambda: str(q.select(x=col("id") + 1, y=col("x", of="output") + 1)),
        "`select` takes columns of the source, got col('x', of='output')",
        id="an output of an output",
    ),
    pytest.param(
        lambda: str(q.select("k", n=fn.count()).group_by("k").where(fn.max(col("n", of="output")) > 1)),
        "`select` takes columns of the source, got col('n', of='output')",
        id="an aggregate of an output",
    ),
    pytest.param(
        lambda: str(q.select("k", n=fn.count()).group_by("n")),
        "`group_by` takes values of single rows, got fn.count",
        id="a key that is an aggregate",
    ),
    pytest.param(
        lambda: str(q.select(k=col("j")).distinct().order_by(col("k", of="source"))),
        "`order_by` takes outputs as sort keys, got col('k', of='source')",
        id="distinct rows in the order of another column",
    ),
    pytest.param(
        lambda: str(q.select(k=col("j")).order_by(col("k", of="source")).limit(1, per="k")),
        "`order_by` takes outputs as sort keys, got col('k', of='source')",
        id="first rows in the order of another column",
    ),
]


@pytest.mark.parametrize(("mistake", "start"), REFUSED)
def test_a_mistake_fails_where_it_happens(mistake: Callable[[], object], start: str) -> None:
    """An invalid argument raises an ArgumentError, which is a ValueError, starts with subject and rule, and pickles."""
    with pytest.raises(ArgumentError) as caught:
        mistake()

    assert str(caught.value).startswith(start)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == str(pickle.loads(pickle.dumps(caught.value)))  # noqa: S301 - our own pickle


def test_a_message_names_the_index_of_the_bad_element() -> None:
    """The message about NaN in a vector names its index."""
    with pytest.raises(ArgumentError, match=r"got nan at index 2"):
        select().similarity("e", [0.0, 1.0, float("nan")])


def test_an_unknown_function_says_which_one_was_meant() -> None:
    """A misspelt function raises an AttributeError with the nearest name."""
    with pytest.raises(AttributeError, match=r"did you mean `fn.cosine_similarity`\?"):
        f.cosine_similarty("e", [1.0])


@pytest.mark.parametrize(("name", "instead"), [("avg", "mean"), ("asum", "sum"), ("amin", "min"), ("amax", "max")])
def test_the_elements_of_one_number(name: str, instead: str) -> None:
    """A function of the elements of an array leads to that of the rows where the column is known to have one number in each row."""
    function = getattr(fn, name)
    known = Schema(k="text", price="float64", a="float64[?]")
    query = select("k", m=function("price")).from_("D", schema=known).group_by("k")

    with pytest.raises(
        ArgumentError, match=rf"`fn.{name}` takes a column of arrays, got 'price': (.|\n)*write fn.{instead}\('price'\)"
    ):
        str(query)
    for other in (
        function("a"),
        function(fn.abs("price")),
        getattr(fn, instead)(function("a")),
        raw(f"{name.removesuffix('sum')}(price)" if name != "asum" else "sum(price)"),
    ):
        assert str(select(m=other).from_("D", schema=known))
