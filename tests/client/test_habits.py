"""Names of SQLAlchemy, Polars, pandas and SQL: each error has code that runs, and nothing else changes."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import inspect
import pickle
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tql
import tql_client
from tql import check, col, fn, select
from tql.habits import TABLES
from tql_client.datasets import write
from tql_client.errors import ServerError
from tql_client.testing.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: dict[str, Any] = {
    "Query": tql.Query,
    "Expr": tql.Expr,
    "fn": tql.fn,
    "Result": tql_client.Result,
    "Client": tql_client.Client,
    "Recorder": Recorder,
    "tql": tql,
}
ANSWERS = [(owner, name) for owner, table in TABLES.items() for name in table]
# Each distinct piece of code, with the type that its value has to have.
CODE = dict.fromkeys(
    (owner, answer.code) for owner, table in TABLES.items() for answer in table.values() if answer.code
)


def anything(value: Any) -> Any:
    """Return the value, with the type Any."""
    return value


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Return the names that the code of the answers uses: a client of real rows, a query, an expression and a result."""
    numbers = [3, 1, 2]
    columns: dict[str, list[Any]] = dict.fromkeys(("id", "year", "price", "amount", "added", "uid", "a", "b"), numbers)
    columns |= {"kind": ["x", "y", "x"], "name": ["d", "e", "f"], "text": ["ab", "abc", "b"]}
    columns |= {"tags": [[1, 2]] * 3, "embedding": [[0.5, 1.0]] * 3, "meta": [{"year": 2000}] * 3}
    path = write(columns, str(tmp_path_factory.mktemp("habits") / "data"))
    with contextlib.chdir(tmp_path_factory.mktemp("written")), tql_client.connect(path) as client:
        query = select("id", "year")
        yield {
            **{name: getattr(tql, name) for name in (*tql.__all__, "format")},
            "path": path,
            "client": client,
            "query": query,
            "other": select("id", "year"),
            "result": client.query(query),
            "vector": [0.5, 1.0],
            "ServerError": ServerError,
            "tql_recorder": Recorder(),
        }


@pytest.mark.parametrize(("owner", "name"), ANSWERS)
def test_a_name_that_is_answered_does_not_exist(owner: str, name: str) -> None:
    """No answer is for a name that exists, and each has code or a reason."""
    assert name not in dir(KINDS[owner])
    assert any(TABLES[owner][name])


@pytest.mark.parametrize(("owner", "code"), CODE)
def test_the_code_of_an_answer_runs(owner: str, code: str, names: dict[str, Any]) -> None:
    """The code is Python that does something: a query compiles, a condition holds for rows of the engine, a coroutine returns."""
    space = names | ({"query": tql.query} if owner == "tql" else {})
    if owner in {"Client", "Recorder"}:
        with tql_client.connect(names["path"]) as client:
            value = eval(code, space | {"client": client})  # noqa: S307 - the code of our table
            value = asyncio.run(value) if inspect.iscoroutine(value) else value
    else:
        value = eval(code, space)  # noqa: S307 - the same

    if isinstance(value, tql.Query):
        assert [finding for finding in check(value) if finding.severity == "error"] == []
    elif isinstance(value, (tql.Expr, tql.Key)) and owner != "tql":
        assert str(select().order_by(value) if isinstance(value, tql.Key) else select(x=value))


def test_the_errors(names: dict[str, Any]) -> None:
    """The message has the code, as Python shows it, and nothing after it."""
    found = {}
    labels = ("query.filter", "query.having", "query.wher", "result.to_dict", "client.execute", "tql_recorder.fail")
    for label in labels:
        with pytest.raises(AttributeError) as caught:
            eval(label, dict(names))  # noqa: S307 - the names above
        found[label] = "".join(traceback.format_exception_only(caught.value)).strip()

    assert found == {
        "query.filter": 'AttributeError: `Query` has no `filter`: write query.where(col("year") > 2000)',
        "query.having": 'AttributeError: `Query` has no `having`: write query.group_by("kind").where(fn.count() > 1); a condition on an aggregate or an alias filters groups',
        "query.wher": "AttributeError: `Query` has no `wher`; did you mean `where`?",
        "result.to_dict": "AttributeError: `Result` has no `to_dict`: write result.rows",
        "client.execute": 'AttributeError: `Client` has no `execute`: write client.query("select id limit 3")',
        "tql_recorder.fail": 'AttributeError: `Recorder` has no `fail`: write tql_recorder.answer(ServerError(500, "boom")); errors are in tql_client.errors',
    }


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("col.year", '`col` has no `year`: write col("year")'),
        ("col('meta').lang", '`Expr` has no `lang`: a key of JSON is a subscript, col("meta")["lang"]'),
        ("col('id').isin([1])", '`Expr` has no `isin`: write col("id").in_([1, 2])'),
        ("col('id').desc()", '`Expr` has no `desc`: write desc(col("id")); a sort key is a function of the expression'),
        ("tql.and_", '`tql` has no `and_`: write all_of([col("a") == 1, col("b") == 2])'),
        (
            "tql.select('id').top_k(3)",
            '`Query` has no `top_k`: write query.similarity("embedding", vector).order_by("score").limit(5)',
        ),
        ("tql.selct", "`tql` has no `selct`; did you mean `select`?"),
        ("tql.connect", "`tql` has no `connect`: write `from tql_client import connect`"),
    ],
)
def test_errors_of_expressions_and_modules(code: str, message: str) -> None:
    """`col`, expressions and the module answer too."""
    with pytest.raises(AttributeError) as caught:
        eval(code, {"tql": tql, "col": col})  # noqa: S307 - the code above

    assert str(caught.value) == message


def test_a_column_is_no_attribute_of_a_result(names: dict[str, Any]) -> None:
    """The name of a column leads to its subscript, also one that other libraries have as a method."""
    result = names["client"].query(select("id", count=col("year")))

    for name in ("id", "count"):
        with pytest.raises(AttributeError, match=rf'^`Result` has no `{name}`: write result\["{name}"\]$'):
            getattr(result, name)
    assert pickle.loads(pickle.dumps(result)).rows == copy.copy(result).rows == result.rows  # noqa: S301 - our own pickle


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("as_retriever", "TqlRetriever(client=client, "),
        ("get_relevant_documents", "TqlRetriever(client=client, "),
        ("batch", 'client.map(["select id limit 3"'),
        ("abatch", 'client.amap(["select id limit 3"'),
        ("query_async", 'client.aquery("select id limit 3")'),
        ("apages", 'client.pages("select id", 1000); it has no form for asyncio'),
    ],
)
def test_methods_of_a_vector_store(name: str, advice: str, names: dict[str, Any]) -> None:
    """A client has none of them, and says where they are."""
    with pytest.raises(AttributeError) as caught:
        getattr(names["client"], name)

    assert advice in str(caught.value)


def test_what_asks_for_attributes_does_not_change(names: dict[str, Any]) -> None:
    """`hasattr`, `copy`, `pickle`, numpy and the protocols of notebooks get what they got: AttributeError without advice."""
    for value in map(anything, (names["query"], col("id"), names["result"], names["client"])):
        assert not hasattr(value, "filter_rows_by_magic")
        assert getattr(value, "__no_such_protocol__", None) is None
        with pytest.raises(AttributeError, match=r"^`[A-Z][a-z]+` has no `_repr_none_`$"):
            value._repr_none_  # noqa: B018 - IPython asks like this
    query = names["query"]
    assert copy.copy(query) == copy.deepcopy(query) == pickle.loads(pickle.dumps(query)) == query  # noqa: S301 - our own pickle
    assert copy.copy(col("a")).same(pickle.loads(pickle.dumps(col("a"))))  # noqa: S301 - our own pickle
    assert copy.copy(col) is copy.deepcopy(col) is pickle.loads(pickle.dumps(col)) is col  # noqa: S301 - our own pickle
    assert str(inspect.signature(col)).startswith("(column: 'str', of:")
    assert np.asarray([col("a")], dtype=object).shape == (1,)


def test_the_error_of_a_property_is_its_own() -> None:
    """An AttributeError inside of a property is not taken for an unknown name."""

    class Broken(tql_client.Result):
        """A result whose names cannot be read."""

        @property
        def names(self) -> tuple[str, ...]:
            """Fail."""
            message = "the real reason"
            raise AttributeError(message)

    with pytest.raises(AttributeError, match="the real reason"):
        getattr(object.__new__(Broken), "names")  # noqa: B009 - reading it is the test
    with pytest.raises(AttributeError, match="node"):
        getattr(object.__new__(tql.Expr), "node")  # noqa: B009 - reading it is the test


def test_only_public_names_are_listed() -> None:
    """`dir` of the packages has what they export."""
    assert dir(tql) == sorted([*tql.__all__, "format"])
    assert dir(tql_client) == sorted([*tql_client.__all__, "__version__"])


def test_a_traceback_names_the_public_error() -> None:
    """Python writes the name that can be imported, and pickles it."""
    code = (
        "import tql, pickle\npickle.loads(pickle.dumps(tql.ArgumentError('a', 'b', 'c')))\ntql.select('id').limit(-1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stderr.splitlines()[-1] == "tql.ArgumentError: `limit` takes a number of rows >= 0, got -1"


def test_subscripts_of_a_result(names: dict[str, Any]) -> None:
    """A number leads to the rows, and a misspelt name to the nearest one."""
    result = names["result"]

    with pytest.raises(TypeError, match=r"subscripted by the name of a column; its rows are result.rows\[0\]"):
        result[0]
    with pytest.raises(KeyError, match="the result has no column `yaer`; did you mean `year`"):
        result["yaer"]


def test_numbers_align_at_the_point() -> None:
    """Points are below each other in a column of numbers; null and NaN end before the point."""
    from tql_client.results.table import as_text

    rows: list[dict[str, Any]] = [
        {"id": 1, "score": 0.5},
        {"id": 200, "score": 12.25},
        {"id": 3, "score": 1e-07},
        {"id": None, "score": 3},
    ]
    lines = as_text(["id", "score"], rows).splitlines()

    assert lines[2:] == ["   1   0.5", " 200  12.25", "   3   1e-07", "null   3"]


def test_the_options_of_query_have_names(names: dict[str, Any]) -> None:
    """A second argument is refused: a list of parameters would be taken for `as_list`."""
    client = names["client"]
    for send in (client.query, lambda *values: asyncio.run(client.aquery(*values))):
        with pytest.raises(TypeError, match="positional argument"):
            send("select id", [1])
    with pytest.raises(TypeError, match=r"write client.with_options\(timeout=1\).query\(..\)$"):
        names["client"].query("select id", timeout=1)
    with pytest.raises(TypeError, match=r"client.query\(tql.query\(.*, tenant=\"t1\"\)\)$"):
        names["client"].query("select id where tenant = {tenant}", tenant="t1")


def test_offset_0_is_no_offset() -> None:
    """Neither the text nor the Python of a query has it, and a later call replaces an offset."""
    query = select("id").limit(5).offset(10).offset(0)

    assert (str(query), repr(query)) == ("select id limit 5", "select('id').limit(5)")
    assert query == select("id").limit(5)
    assert str(select(n=fn.count()).offset(0)) == str(select(n=fn.count()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timeout": 5}, "write client.with_options(timeout=5).aquery(..)"),
        ({"limit": 3}, "write .limit(3) in the query"),
        ({"into": dict}, "write (await client.aquery(..)).as_(..)"),
    ],
)
def test_wrong_arguments_of_a_coroutine(names: dict[str, Any], arguments: dict[str, Any], message: str) -> None:
    """The errors of `aquery` have the code to write, and it is a coroutine function as before."""
    client = names["client"]
    with pytest.raises(TypeError, match=r"aquery\(\) got an unexpected keyword") as caught:
        asyncio.run(client.aquery(select("id"), **arguments))

    assert str(caught.value).endswith(message)
    assert inspect.iscoroutinefunction(client.aquery)
