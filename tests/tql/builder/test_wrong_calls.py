"""Wrong calls of new users: each is one error with what is wrong and what to do instead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tql
from tests.engine import dataset, run
from tql import col, select

q: Any = select("id")
a: Any = col("a")
KNOWN = tql.Schema(id="int64", ts="int64", e="embedding[1]", text="text bm25", source="text", meta="json")
SPACE = {name: getattr(tql, name) for name in tql.__all__} | {
    "tql": tql,
    "np": np,
    "q": q,
    "a": a,
    "known": lambda query: str(query.from_("D", schema=KNOWN)),
}
# Each wrong call, the beginning of its message, and its hint.
CALLS: dict[str, tuple[str, str | None]] = {
    'q.where({"year": 2010})': (
        "`where` takes a condition, got {'year': 2010} (dict)",
        "compare each column: col('year') == 2010",
    ),
    "q.where([a == 1])": (
        "`where` takes a condition, got [col('a') == 1] (list)",
        "pass each condition as an argument, where(*conditions), or join them: all_of(conditions)",
    ),
    'q.where("a > 1")': (
        "`where` takes a condition, got 'a > 1'",
        'compare a column, col("id") > 3, or write TQL with raw("id > 3")',
    ),
    "q.where(a.is_null)": ("`where` takes a condition, got <bound method Expr.is_null", "call it: .is_null()"),
    'a == float("nan")': ("`=` takes finite numbers, got nan", 'col("x") != col("x") finds NaN'),
    'a.not_in(["DE", None])': (
        "`not_in` takes values other than None",
        "leave None out, and add & col(..).is_not_null()",
    ),
    'a.in_(["DE", None])': ("`in_` takes values other than None", "add | col(..).is_null()"),
    'str(q.from_("d", schema=tql.Schema(id="int64", a="bool")).where(a == "true"))': (
        "`comparison` takes a bool for a column of bool",
        "write True or False, or the column alone",
    ),
    "q.where(None)": ("`where` takes a condition, got None", "for an optional condition use .when("),
    "q.where(True)": ("`where` takes a condition, got True", "Python has evaluated this comparison already"),
    'q.where(a == fn.max("a")).to_tql()': (
        "`where` takes values of single rows, got fn.max",
        "run the aggregate first and use what it returns",
    ),
    'select(["a", "b"])': (
        "`select` takes a column's name or an expression, got ['a', 'b']",
        "pass each name as an argument: select('a', 'b')",
    ),
    'q.order_by(["a", "b"])': ("`order_by` takes a column's name", "pass each name as an argument: order_by('a', 'b')"),
    'q.group_by(["a", "b"])': ("`group_by` takes a column's name", "pass each name as an argument: group_by('a', 'b')"),
    "select(3)": ("`select` takes a column's name or an expression, got 3", 'a value is written as TQL: raw("1")'),
    "select(None)": ("`select` takes a column's name or an expression, got None", None),
    "q.select(a + 1)": ("`select` takes a name for each computed column", "write select(name=..) or .as_(name)"),
    'q.select("a as b")': (
        "`select` takes the name of a column, and not SQL, got 'a as b'",
        'write select(b=col("a"))',
    ),
    'q.select("id, text")': (
        "`select` takes the name of a column, and not SQL, got 'id, text'",
        "write each name as an argument",
    ),
    'q.select("id")': ("`select` takes each name once, got 'id' twice", "rename one of them"),
    'q.order_by("id desc")': (
        "`order_by` takes the name of a column, and not SQL, got 'id desc'",
        'write desc("a") or asc("a")',
    ),
    'q.similarity("e", ["1", "2"])': (
        "`similarity` takes a vector of numbers, got ['1', '2']",
        "convert the texts: list(map(float, vector))",
    ),
    'q.similarity("e", "hello")': ("`similarity` takes a vector of numbers, got 'hello'", "embed the text first"),
    'q.similarity(np.zeros(3), "e")': (
        "`similarity` takes a column's name or an expression, got array",
        'the column comes before the vector: ("embedding", vector)',
    ),
    'q.similarity([0.5], "e")': (
        "`similarity` takes a column's name or an expression, got [0.5]",
        "the column comes before the vector",
    ),
    'q.hybrid(vector=([0.5], "e"), text=("t", "w"))': (
        "`similarity` takes a column's name or an expression, got [0.5]",
        "the column comes before the vector",
    ),
    'q.similarity("e", [1.0], metric="euclid")': ("`metric` takes one of cosine, l2,", "did you mean 'l2'?"),
    'q.similarity("e", [1.0], metric="cosin")': ("`metric` takes one of cosine, l2,", "did you mean 'cosine'?"),
    'q.similarity("e", [1.0], metric="ip")': ("`metric` takes one of cosine, l2,", "did you mean 'dot'?"),
    'q.similarity("e", [1.0], metric="mmr")': (
        "`similarity` returns no score with metric='mmr': the engine ranks by it only",
        "pass as_=None",
    ),
    'q.similarity("e", [float("nan")])': ("`similarity` takes finite float32 numbers, got nan at index 0", None),
    'q.similarity("e", [])': ("`similarity` takes a vector, shape (d,) with d >= 1, got shape (0,)", None),
    'q.similarity("e", [[1.0, 2.0]])': (
        "`similarity` takes a vector, shape (d,)",
        "a model that encodes a batch returns shape (1, d)",
    ),
    'q.bm25("t", "")': ("`bm25` takes the words to look for as a str, got ''", None),
    'q.bm25("t", ["a"])': ("`bm25` takes the words to look for as a str, got ['a']", None),
    'q.limit("3")': ("`limit` takes a number of rows >= 0, got '3'", None),
    "q.limit(2.0)": ("`limit` takes a number of rows >= 0, got 2.0", None),
    "q.limit(-1)": ("`limit` takes a number of rows >= 0, got -1", None),
    "q.offset(-1)": ("`offset` takes a number of rows >= 0, got -1", None),
    'q.limit(None, per="a")': ("`limit` takes a number of rows with per, got None", None),
    'q.join("b", on="id")': (
        "`alias` takes a name for the joined source, got None",
        'join(.., alias="b"), and on=col("id", of="a") == col("id", of="b")',
    ),
    'q.join("b", on="id", alias="b")': (
        "`join` takes a condition, got 'id'",
        'compare a column of each source: on=col("id", of="a") == col("id", of="b")',
    ),
    'q.join("b", on=a == 1, how="outer", alias="b")': (
        "`how` takes inner, left or right, got 'outer'",
        "combine a left join with what has no match in a right one",
    ),
    'q.join("b", on=a == 1, how="LEFT", alias="b")': ("`how` takes inner, left or right, got 'LEFT'", 'how="left"'),
    'q.join("b", on=a == 1, how="anti", alias="b")': ("`how` takes inner, left or right", 'how="left", and .where('),
    'q.join("b", on=a == 1, how="natural", alias="b")': ("`how` takes inner, left or right", None),
    'known(q.select("count(*)"))': (
        "`select` takes names of columns, got 'count(*)'",
        "a name is that of a column; the functions are those of fn: select(n=fn.count())",
    ),
    'known(q.select("ts * 2"))': (
        "`select` takes names of columns, got 'ts * 2'",
        "a name is that of a column; an expression is written with col",
    ),
    'known(q.select("meta.lang"))': (
        "`select` takes names of columns, got 'meta.lang'",
        "a key of JSON is a subscript: col('meta')['lang']",
    ),
    'known(q.select("text.lang"))': ("`select` takes names of columns, got 'text.lang'", None),
    'known(q.select(x=fn.mean("text")))': ("`fn.mean` aggregates numbers only, got 'text'", "a text has no sum"),
    'known(q.select(x=fn.mean("meta")))': ("`fn.mean` aggregates numbers only, got 'meta'", "aggregate a number of it"),
    'known(q.select(x=fn.mean(col("e")[0])))': (
        "`fn.mean` aggregates one number of each row, got `e[0]`",
        "select the element in a subquery",
    ),
    "q.from_(3)": ("`from_` takes the url of a dataset or a query, got 3", None),
    'q.from_("x", schema={"a": "int64"})': (
        "`schema` takes a Schema, got {'a': 'int64'}",
        'Schema(id="int64", text="text")',
    ),
    'q.from_(q, schema=Schema(a="int64"))': (
        "`schema` takes the columns of a dataset, got a query",
        "pass schema=.. to from_ of the inner query",
    ),
    "a == 1 and a == 2": ("`and / or / not / if / a < b < c` takes a Python bool", "use &, | and ~"),
    "1 < a < 3": ("`and / or / not / if / a < b < c` takes a Python bool", "use &, | and ~"),
    "3 in a": ("`in` takes a Python collection", "write .contains(3), or .in_([..])"),
    'a.in_("abc")': ("`in_` takes a list of values, got 'abc'", "put a single value in brackets"),
    "a.in_([None])": ("`in_` takes values other than None", "add | col(..).is_null()"),
    "a.in_(None)": ("`in_` takes a list of values, got None", "use .is_null() or .is_not_null()"),
    "a.contains(None)": (
        "`contains` takes a text, or an element of an array, got None: nothing contains null",
        "use .is_null() or .is_not_null()",
    ),
    'col("meta")["tags"].contains(None)': ("`contains` takes a text, or an element of an array, got None", "use .is"),
    'fn.contains("t", None)': ("`fn.contains` takes a text, or an element of an array, got None", "use .is_null()"),
    "a.like(None)": ("`like` takes a str, got None", "use .is_null() or .is_not_null()"),
    "a.in_(q)": ("`in_` takes values, got a query", "run it first, and pass its column"),
    "a.between(None, 3)": ("`>=` takes a value, got None", "use .is_null() or .is_not_null()"),
    "a.like(3)": ("`like` takes a str, got 3", None),
    'a + "x"': ("`+` takes numbers and arrays, got 'x'", "TQL has no concatenation of texts"),
    "a[::-1]": (
        "`[]` takes slices with at least one element and a step of at least 1",
        "reverse or skip elements in Python",
    ),
    'q.union("x")': ("`union` takes a query, got 'x'", None),
    "q.sample_by(1)": (
        "`sample_by` takes a column's name or an expression, got 1",
        'a value is written as TQL: raw("1")',
    ),
    'q.sample_by("w", limit=3, percent=3)': ("`sample_by` takes limit or percent, got both", "leave one of them out"),
    "q.bind(x=1)": ("`bind` takes values for parameters, and this query has none", 'param("..") creates a parameter'),
    'raw("select id")': ("`raw` takes one expression of TQL", "put it in double quotes"),
    'fn.cosine("e", [1.0])': ("TQL has no function `cosine`: did you mean `fn.cosine_similarity`?", None),
    'fn.lower("t")': ('TQL has no function `lower`: use col("text").ilike("..")', None),
    'fn.count("id")': (
        "`fn.count` takes nothing, got 'id'",
        "write fn.count() for the number of rows; for the values that are not null, ",
    ),
    'fn.count("*")': ("`fn.count` takes nothing, got '*'", "write fn.count() for the number of rows"),
    "fn.count(distinct=True)": (
        "`fn.count` takes nothing, got distinct=..",
        'count distinct values in two queries: select(n=fn.count()).from_(select("source").distinct())',
    ),
    "q.limit(5, 10)": (
        "`limit` takes outputs by name as per, got 10",
        "to skip rows write .offset: .limit(5).offset(10)",
    ),
    'q.where(a == "en" & a == 3)': ("`&` takes a condition, got 'en'", "put parentheses around comparisons"),
    'a in ["en"]': (
        "`and / or / not / if / a < b < c` takes a Python bool",
        "use &, | and ~, and put parentheses around comparisons",
    ),
    "a > np.datetime64('2023-11-01').item()": (
        "`>` takes no dates and times",
        "compare with what the column stores: int(value.timestamp()) for epoch seconds, times 1000 for milliseconds",
    ),
    'known(q.order_by("score"))': (
        "`order_by` takes names of columns, got 'score'",
        "score is the result of a search: add .similarity(..), .bm25(..)",
    ),
    'known(q.similarity("e", [1.0], as_="s").order_by("score"))': (
        "`order_by` takes names of columns, got 'score'",
        "the score of this query is named 's'",
    ),
    'str(select(k=fn.count()).hybrid(vector=("e", [1.0]), text=("t", "x")))': (
        "`hybrid` scores the rows of a query without aggregates: a score is one value for each row",
        "aggregate its rows: select(k=fn.count()).from_(query)",
    ),
    'q.hybrid(vector=("e", [1.0]), text=("t", 3))': ("`hybrid` takes the words to look for as a str, got 3", None),
    'known(q.similarity("e", [1.0]).select(f=col("score") * 0.7))': (
        "`select` takes names of columns, got 'score'",
        "a score is read by order_by and where of its query; to compute with it, use the query as the source",
    ),
    'known(q.bm25("retry", "text").order_by("score").limit(3))': (
        "`bm25` takes the name of a column of texts, got 'retry'",
        "the column comes before the words: bm25('text', 'retry')",
    ),
    'known(q.where(col("ts") > "2023-11-01"))': (
        "`comparison` takes a number for a column of int64",
        'if the column has epoch seconds, write int(datetime.fromisoformat("2023-11-01").replace(tzinfo=UTC).timestamp()), times 1000 for milliseconds',
    ),
    'known(q.where(col("ts").between("2023-11-01", "2024-11-01")))': (
        "`comparison` takes numbers for a column of int64",
        'if the column has epoch seconds, write int(datetime.fromisoformat("2023-11-01").replace(tzinfo=UTC).timestamp()), times 1000 for milliseconds',
    ),
    'known(q.where(col("ts") > "20231101"))': ("`comparison` takes a number for", "write it without quotes"),
    'q.hybrid(vector=[("e", [1.0])])': (
        "`hybrid` takes two rankings or more, got 1",
        "for one ranking use similarity(..) or bm25(..)",
    ),
    'q.similarity("e", np.ones((2, 16)))': (
        "`similarity` takes a vector, shape (d,)",
        'rank by several vectors with hybrid(vector=[("e", first), ("e", second)]); for a column of matrices pass metric="maxsim"',
    ),
    'q.where(city="Bonn")': ("`where` takes conditions without names, got city=", 'write .where(col("city") == value)'),
    'q.order_by("a", descending=True)': ("`order_by` takes keys without names, got descending=", "the direction is"),
    'q.group_by("a", sort=False)': ("`group_by` takes keys without names, got sort=", "name a computed key in select"),
    'q.distinct("a")': ("`distinct` takes no columns, got a", 'it compares the outputs: select("a").distinct()'),
    'Schema(id="int")': ("`Schema` takes descriptions of columns", "did you mean 'int64'?"),
    'Schema(id="string")': ("`Schema` takes descriptions of columns", "did you mean 'text'?"),
    'Schema(id="vector")': ("`Schema` takes descriptions of columns", "did you mean 'embedding[384]'?"),
    'tql.check("select id", {"id": "int64"})': (
        "`schema` takes a Schema, or a dict of them",
        '{"hub://org/ds": Schema(id="int64")}',
    ),
    'tql.query("select {x}")': ("TQL100 at line 1, column 8: no value for the hole {x}", None),
    'tql.query("select id where price < {}", 2.5)': (
        "`query` takes values by the names of their holes, got 2.5",
        'name the holes: query("select id where price < {price}", price=5)',
    ),
    'q.when(True, q.where(col("a") > 1))': ("`when` takes a function of a query", "lambda query: query.where(..)"),
    "q.when(a > 1, lambda q: q)": (
        "`when` takes a value that Python knows as true or false",
        "a condition on rows goes into .where(..)",
    ),
    'Schema(tags="int32[]")': ("`Schema` takes descriptions of columns", "such as"),
    'tql.parse("selct id")': ("TQL100 at line 1, column 1: `selct` is not allowed here", "did you mean SELECT?"),
    "col.year": ('`col` has no `year`: write col("year")', None),
    "q.filter(a == 1)": ('`Query` has no `filter`: write query.where(col("year") > 2000)', None),
    "a.isin([1])": ('`Expr` has no `isin`: write col("id").in_([1, 2])', None),
}


@pytest.mark.parametrize(("call", "message", "hint"), [(call, *parts) for call, parts in CALLS.items()])
def test_a_wrong_call(call: str, message: str, hint: str | None) -> None:
    """The error begins as the table says, and its hint too."""
    with pytest.raises((tql.TqlError, AttributeError)) as caught:
        eval(call, dict(SPACE))  # noqa: S307 - the calls above

    assert str(caught.value).startswith(message)
    if hint is not None:
        assert getattr(caught.value, "hint", "").startswith(hint)


def test_the_table_is_long_enough() -> None:
    """The table has 60 calls and more."""
    assert len(CALLS) >= 60


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("abs(a)", "an expression has no `abs(a)`: write fn.abs(a)"),
        ("a // 3600", "an expression has no `a // b`: write (a - a % b) / b"),
        ("a ** 2", "an expression has no `a ** b`: write a * a"),
        ("pow(a, 2)", "an expression has no `a ** b`: write a * a"),
        ("round(a)", "an expression has no `round(a)`: write a + 0.5 - (a + 0.5) % 1"),
        ("round(a, 2)", "an expression has no `round(a)`: write"),
        ("len(a)", "an expression has no `len(a)`: write a.shape[0] for an array"),
    ],
)
def test_operators_that_tql_does_not_have(call: str, message: str) -> None:
    """Python's TypeError has the code to write instead."""
    with pytest.raises(TypeError) as caught:
        eval(call, dict(SPACE))  # noqa: S307 - the calls are those above
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("q.similarity('e', [1.0], k=5)", 'write .order_by("score").limit(5) after the search'),
        ("q.similarity('e', [1.0], top_k=5)", 'write .order_by("score").limit(5) after the search'),
        ("q.similarity('e', [1.0], score_threshold=0.5)", 'write .where(col("score") >= 0.5) after the search'),
        ("q.bm25('t', 'x', score_threshold=2)", 'write select().from_(query).where(col("score") >= 2), after'),
        ("q.hybrid(('e', [1.0]), ('t', 'x'))", 'hybrid(vector=("embedding", vector), text=("body", "moon"))'),
        ("a.between(5)", "missing 1 required positional argument: 'high': write .between(low, high)"),
        ("q[:5]", "write query.limit(5) for the first rows, and client.query(query).rows"),
        ("q[2:5]", "write query.limit(3).offset(2) for the first rows"),
        ("q[0]", "write query.limit(1) for the first rows"),
        ("q['id']", "write query.limit(5) for the first rows"),
    ],
)
def test_arguments_of_other_libraries(call: str, code: str) -> None:
    """Python's TypeError ends with the code to write instead."""
    with pytest.raises(TypeError) as caught:
        eval(call, dict(SPACE))  # noqa: S307 - the calls are those above

    assert code in str(caught.value)


def test_the_code_instead_of_an_argument() -> None:
    """The limit and the threshold behind a search are queries that compile; a query is no collection of rows."""
    search = q.similarity("e", [1.0]).order_by("score").limit(5).where(col("score") >= 0.5)
    words = select().from_(q.bm25("t", "x").order_by("score").limit(5)).where(col("score") >= 2)

    assert " limit 5" in str(search)
    assert " limit 5" in str(words)
    with pytest.raises(TypeError, match="not iterable"):
        list(q)


def test_a_type_error_from_inside_of_a_method_is_its_own() -> None:
    """Only a call that does not fit the arguments of a method gets a hint."""

    class Broken:
        """A vector that cannot be read."""

        def __array__(self, *_: object, **__: object) -> Any:
            """Fail."""
            message = "the real reason"
            raise TypeError(message)

    with pytest.raises((TypeError, tql.ArgumentError)) as caught:
        q.similarity("e", Broken())

    assert "write " not in str(caught.value)


@pytest.mark.parametrize("value", [0, 1, 2, 3, 7, 100])
def test_the_code_instead_of_an_operator(value: int) -> None:
    """The engine computes what Python's operator does, for numbers that are not negative."""
    own = dataset(f"operators{value}", {"x": "int64", "y": "float64"}, [{"x": value, "y": value / 4}])
    x, y = col("x"), col("y")
    schema = tql.Schema(x="int64", y="float64")
    query = select(div=(x - x % 3) / 3, near=y + 0.5 - (y + 0.5) % 1, square=x * x).from_(
        f"mem://operators{value}", schema=schema
    )

    near = math.floor(value / 4 + 0.5)
    assert run(own, str(query)) == [{"div": value // 3, "near": near, "square": value**2}]
