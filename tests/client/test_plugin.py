"""Pytest plugin: the examples of its page run in projects, and failures have readable messages."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tql import ArgumentError, CheckError, Schema, col, select
from tql_client import serve
from tql_client.datasets import write
from tql_client.errors import ConfigError, ConnectError, NotFound, RateLimited, ServerError
from tql_client.testing.snapshots import fingerprint, require_same, require_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tql_client.testing.recording import Recorder

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
FILES = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
TOKEN = "canary-of-the-plugin"  # noqa: S105 - the token of a server of this test
BOOKS: dict[str, Sequence[Any]] = {"id": [1, 2], "text": ["red cats", "blue dogs"], "e": [[1.0, 0.0], [0.0, 1.0]]}


def project(pytester: pytest.Pytester, *names: str, **changes: str) -> None:
    """Write files of the page into a new project."""
    for name in names:
        content = FILES[name]
        for before, after in changes.items():
            content = content.replace(before, after)
        (pytester.path / name).write_text(content)


# The files of the examples that need no other file and no server.
ALONE = ("test_failures.py", "test_offline.py", "test_paths.py", "test_recorded_engine.py")


def test_the_page_has_its_examples() -> None:
    """The page has the files of all examples."""
    assert sorted(FILES) == sorted(["conftest.py", "test_engine.py", "test_hosted.py", "test_rows.py", *ALONE])


def test_rows(pytester: pytest.Pytester) -> None:
    """The example of property tests passes."""
    project(pytester, "test_rows.py")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_examples_that_stand_alone(pytester: pytest.Pytester) -> None:
    """Each of them passes."""
    project(pytester, *ALONE)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=len(ALONE))


def test_a_dropped_condition_is_named(pytester: pytest.Pytester) -> None:
    """If the program drops its condition, the message shows the method call, as on the page."""
    content = FILES["test_offline.py"].replace('.where(col("year") >= year)', "")
    (pytester.path / "test_offline.py").write_text(content)
    found = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    found.assert_outcomes(failed=1)
    shown = re.search(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert shown is not None
    found.stdout.fnmatch_lines([f"*{line.replace('[', '[[]')}*" for line in shown[1].splitlines()])


def test_engine(pytester: pytest.Pytester) -> None:
    """The example of the server passes, with a local server and the data of conftest.py."""
    project(pytester, "conftest.py", "test_engine.py")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_server_without_data(pytester: pytest.Pytester) -> None:
    """The message says which fixture to override, and how."""
    project(pytester, "test_engine.py")
    found = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*override the fixture tql_data in conftest.py*", "*return {*"])


def test_a_server_over_paths(pytester: pytest.Pytester, tmp_path: Path) -> None:
    """The data may be a path, as a str or as a `Path`."""
    path = write(BOOKS, str(tmp_path / "d"))
    data = FILES["conftest.py"].replace("import pytest", "import pathlib, pytest")
    for shown in (repr(path), f"pathlib.Path({path!r})"):
        (pytester.path / "conftest.py").write_text(re.sub(r"(?<=books\": )\{.*\}(?=\})", shown, data))
        project(pytester, "test_engine.py")
        pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_cassettes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The example of the service first prints how to record; once recorded, it passes without a server or a token, and the file contains no token."""
    project(pytester, "test_hosted.py")
    missing = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*run pytest --tql-record*"])
    monkeypatch.setenv("TQL_TOKEN", TOKEN)
    with serve({"hub://org/books": write(BOOKS, str(tmp_path / "d"))}, token=TOKEN) as server:
        monkeypatch.setenv("TQL_URL", server.url)
        pytester.runpytest_subprocess("-p", "no:cacheprovider", "--tql-record").assert_outcomes(passed=1)
    monkeypatch.delenv("TQL_TOKEN")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    kept = "".join(file.read_text("utf-8") for file in pytester.path.rglob("*.json"))
    assert '"query"' in kept
    assert TOKEN not in kept
    assert "uthorization" not in kept


SNAPSHOT = """
import numpy as np
from tql import col, select

def test_one(assert_tql):
    query = select("id").similarity("e", np.arange(100, dtype="f4") + {offset}).order_by("score").limit(5)
    assert_tql(query)
    assert_tql(query.where(col("a") > {bound}))
"""


def test_snapshots(pytester: pytest.Pytester) -> None:
    """
    A snapshot is missing, written, equal, and different for another vector or condition; long vectors are abbreviated in the file.

    It begins with the method calls, as comments; a snapshot without them is compared by its text.
    """
    file = pytester.path / "test_s.py"
    file.write_text(SNAPSHOT.format(offset=0, bound=3))
    missing = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*run pytest --tql-update to write it*"])
    for options in (["--tql-update"], []):
        pytester.runpytest_subprocess("-p", "no:cacheprovider", *options).assert_outcomes(passed=1)
    kept = [path.read_text("utf-8") for path in sorted(pytester.path.rglob("*.tql"))]
    assert len(kept) == 2
    assert all(
        re.search(r"ARRAY\\[<100 float32 [0-9a-f]{16}>\\]".replace("\\\\", "\\"), text) and len(text) < 400
        for text in kept
    )
    assert all(text.startswith("-- select('id')\n-- similarity('e', <100 float32>)\n") for text in kept)
    assert sum("-- where(col('a') > 3)\n" in text for text in kept) == 1
    file.write_text(SNAPSHOT.format(offset=1, bound=3))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(failed=1)
    file.write_text(SNAPSHOT.format(offset=0, bound=4))
    changed = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(["*-where(col('a') > 3)*", "*+where(col('a') > 4)*", "*-*a > 3*", "*+*a > 4*"])
    for path in pytester.path.rglob("*.tql"):
        path.write_text("".join(line for line in path.read_text("utf-8").splitlines(keepends=True) if line[:2] != "--"))
    file.write_text(SNAPSHOT.format(offset=0, bound=3))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_recorder(tql_recorder: Recorder, tmp_path: Path) -> None:
    """`tql_recorder` checks and records queries, and returns no rows, given rows in turn, or rows of the engine."""
    query = select("id").where(col("id") > 1)
    assert tql_recorder.query(query).rows == []
    tql_recorder.answer({"id": 1}, {"id": 2}).answer({"id": 3, "t": None})
    assert [tql_recorder.query(f"select id{more}").rows for more in ("", ", t", ", t")] == [
        [{"id": 1}, {"id": 2}],
        [{"id": 3, "t": None}],
        [{"id": 3, "t": None}],
    ]
    tql_recorder.answer({"id": 4}, {"t": "x"})
    assert tql_recorder.queries == [query, "select id", "select id, t", "select id, t"]
    assert tql_recorder.texts == [str(query), "select id", "select id, t", "select id, t"]
    with pytest.raises(CheckError):
        tql_recorder.query("select id order by a, b")
    assert len(tql_recorder.queries) == 4
    lacking = tql_recorder.query("select t, id")
    assert lacking.names == ("t", "id")
    assert lacking.rows == [{"id": 4, "t": None}, {"id": None, "t": "x"}]
    assert lacking["t"] == [None, "x"]
    tql_recorder.engine(write(BOOKS, str(tmp_path / "d")))
    assert tql_recorder.query(query).rows == [{"id": 2}]
    with pytest.raises(CheckError, match="TQL215"):
        tql_recorder.query("select nope")
    assert len(tql_recorder.map([query] * 3)) == 3
    assert len(tql_recorder.queries) == 9


def test_errors_are_answers(tql_recorder: Recorder) -> None:
    """An error is raised in its turn, unchanged and without a wait; the last answer repeats, until another one is given."""
    slow = RateLimited(429, "slow", retry_after=30)
    tql_recorder.answer(slow).answer([{"id": 1}]).answer(ConnectError("no server", attempts=3))
    started = time.monotonic()
    for client in (tql_recorder, tql_recorder.with_options(attempts=3)):
        with pytest.raises((RateLimited, ConnectError)) as caught:
            client.query(select("id"))
        assert caught.value is not slow
        if client is tql_recorder:
            assert (caught.value.args, getattr(caught.value, "retry_after", None)) == (slow.args, 30)
            assert client.query(select("id")).rows == [{"id": 1}]
        else:
            assert getattr(caught.value, "attempts", None) == 3
    found = tql_recorder.map([select("id")] * 20, on_error="return")
    assert len({id(error) for error in found if isinstance(error, ConnectError)}) == 20
    tql_recorder.answer({"id": 2})
    assert tql_recorder.query("select id")["id"] == [2]
    assert len(tql_recorder.queries) == 24
    assert time.monotonic() - started < 10


def test_each_canned_answer_is_given_once(tql_recorder: Recorder) -> None:
    """Concurrent queries take one answer each."""
    for number in range(50):
        tql_recorder.answer({"id": number})
    found = tql_recorder.map([select("id")] * 60, concurrency=8)
    assert sorted({result["id"][0] for result in found}) == list(range(50))
    assert sum(result["id"] == [49] for result in found) == 11


def test_wrong_answers(tql_recorder: Recorder) -> None:
    """What is neither rows nor an error is rejected, with the call that it may mean."""
    answer: Any = tql_recorder.answer
    wrong: dict[str, Callable[[], object]] = {
        'answer({"id": 1}': lambda: answer("x"),
        "got None": lambda: answer(None),
        "answer({'id': 1})": lambda: answer(id=1),
        "ServerError(500": lambda: answer(error=500),
        "create an error": lambda: answer(ServerError),
        "errors: answer": lambda: answer(ValueError("boom")),
        "an answer of its own": lambda: answer({"id": 1}, ServerError(500, "boom")),
        "got 3": lambda: answer([{"id": 1}, 3]),
        "got [{'id': 1}]": lambda: answer({"id": 1}, [{"id": 1}]),
    }
    for part, act in wrong.items():
        with pytest.raises(ArgumentError, match="`answer` takes one dict for each row, or an error, got ") as caught:
            act()
        assert part in str(caught.value)
    assert repr(tql_recorder) == "Recorder(0 queries, 0 answers left)"


def test_canned_rows_are_those_of_the_query(tql_recorder: Recorder) -> None:
    """A name that the query does not select is an error, where its outputs are known; without rows the result has its columns."""
    assert tql_recorder.query("select id, t as title")["title"] == []
    tql_recorder.answer({"idd": 1})
    message = "have `idd`, and the query has no output of this name; did you mean `id`\\?\nhint: its outputs are id"
    nested = select().from_(select("id").where(col("id") > 1).limit(9))
    for query in (select("id"), nested, "(select id) union all (select id)", select("id").order_by("a", "b")):
        with pytest.raises(AssertionError, match=message):
            tql_recorder.query(query)
    for text in ("select *", "select *, id", "select a + 1"):
        assert tql_recorder.query(text).rows == [{"idd": 1}]
    tql_recorder.answer({"score": 0.5, "id": 1})
    found = tql_recorder.query(select("id", "t").similarity("e", [1.0, 0.0]).order_by("score"))
    assert (found.names, found.rows) == (("id", "score"), [{"id": 1, "score": 0.5}])


def test_the_recorder_in_words(tql_recorder: Recorder) -> None:
    """`repr` has the number of queries, and the answers that are left."""
    tql_recorder.answer({"id": 1}).answer({"id": 2})
    found = [repr(tql_recorder)]
    for _ in range(2):
        tql_recorder.query("select id")
        found.append(repr(tql_recorder))
    assert found == [
        "Recorder(0 queries, 2 answers left)",
        "Recorder(1 query, 1 answer left)",
        "Recorder(2 queries, the last answer repeats)",
    ]


def test_the_engine_of_a_recorder(tql_recorder: Recorder, tmp_path: Path) -> None:
    """It takes columns, which become a temporary dataset, a path as a str or as a `Path`, and nothing else."""
    assert tql_recorder.engine(BOOKS, "hub://org/books").query('select id from "hub://org/books"')["id"] == [1, 2]
    for name in (None, "hub://org/book"):
        with pytest.raises(NotFound, match=r"name the data as FROM does: tql_recorder\.engine"):
            tql_recorder.engine(BOOKS, name).query('select id from "hub://org/books"')
    path = Path(re.findall("'(.*)'", repr(tql_recorder))[0])
    assert path.is_dir()
    assert tql_recorder.engine(Path(write({"id": [3]}, str(tmp_path / "d")))).query(select("id"))["id"] == [3]
    tql_recorder.close()
    assert not path.exists()
    engine: Any = tql_recorder.engine
    with pytest.raises(ArgumentError, match=r"takes the path of a dataset, or a dict of columns, got \[1\]"):
        engine([1])
    with pytest.raises(ArgumentError, match="has no effect after `engine`"):
        tql_recorder.answer({"id": 1})


def test_a_snapshot_leaves_the_columns_of_a_schema_out(tmp_path: Path) -> None:
    """They are no part of a query, and as long as the dataset is wide."""
    query = select("id").from_("hub://org/books", schema=Schema({"id": "int64", "kind": "class label int32"}))

    require_snapshot(query, tmp_path / "one.tql", update=True)

    assert (tmp_path / "one.tql").read_text("utf-8").splitlines() == [
        "-- select('id')",
        "-- from_('hub://org/books', schema=..)",
        'select id from "hub://org/books"',
    ]
    require_snapshot(query, tmp_path / "one.tql", update=False)


def test_comparison() -> None:
    """White space and the case of keywords are ignored; values, order and columns are compared."""
    query = select("id").where(col("id") > 1).limit(3)
    require_same(query, "SELECT id\nWHERE id > 1   LIMIT 3")
    require_same("select id where id > 1 limit 3", str(query))
    for other in ("select id where id > 2 limit 3", "select id where id > 1", "select id, b where id > 1 limit 3"):
        with pytest.raises(AssertionError, match="differs from the expected one"):
            require_same(query, other)


def test_comparison_with_a_query() -> None:
    """The expected query may be one of the builder; the difference is in its words, and has no findings of it."""
    query = select("id").where(col("id") > 1).limit(3)
    require_same(query, select("id").limit(3).where(col("id") > 1))
    require_same("select id where id > 1 limit 3", query)
    with pytest.raises(AssertionError) as caught:
        require_same(query, select("id").where(col("id") > 2).limit(3))
    heading = "the query differs from the expected one (- expected, + actual)"
    assert str(caught.value).startswith(
        f"{heading}\n  - where(col('id') > 2)\n  + where(col('id') > 1)\n\n--- expected"
    )


def test_an_expected_text_with_findings() -> None:
    """The message of a difference begins with the errors and warnings of the expected text; an equal text is accepted."""
    text = "select id order by a, b"
    require_same(text, text)
    with pytest.raises(AssertionError) as caught:
        require_same(select("id").order_by("a", "b"), text)
    first, *_, difference = str(caught.value).split("\n\n")[:2]
    assert first.startswith("the expected text: TQL301 at line 1, column 23: ")
    assert difference.startswith("the query differs from the expected one")


def test_what_is_no_query(assert_tql: Callable[..., None], tql_fingerprint: Callable[..., str]) -> None:
    """It is an `ArgumentError` with the type, for the query and for the expected one."""
    acts: dict[str, Callable[[], object]] = {
        "`query` .* got NoneType": lambda: assert_tql(None),
        "`query` .* got int": lambda: assert_tql(3, "select id"),
        "`expected` .* got int": lambda: assert_tql("select id", 3),
        "`query` .* got float": lambda: tql_fingerprint(3.5),
    }
    for message, act in acts.items():
        with pytest.raises(ArgumentError, match=message):
            act()


def test_fingerprints() -> None:
    """The numbers of vectors do not affect the fingerprint; their length and the rest of the query do."""
    rng = np.random.default_rng(0)

    def query(length: int, limit: int = 5) -> str:
        return fingerprint(select("id").similarity("e", rng.random(length)).order_by("score").limit(limit))

    assert query(9) == query(9)
    assert query(3) == query(3)
    assert len({query(9), query(10), query(9, 6), query(3)}) == 4
    assert re.fullmatch("[0-9a-f]{16}", query(9))


def test_data_for_tests(tmp_path: Path) -> None:
    """Column types are inferred from the values; a column without a common type is rejected."""
    columns: dict[str, Any] = {
        "i": [1, None], "f": [1, 0.5], "b": [True, False], "t": ["a", None], "j": [{"a": 1}, {}], "e": [[1, 2], [3, 4.5]],
    }  # fmt: skip
    path = write(columns, str(tmp_path / "d"))
    from tql_client import connect

    with connect(path) as client:
        assert client.query(select()).rows == [
            {"i": 1, "f": 1.0, "b": True, "t": "a", "j": {"a": 1}, "e": [1.0, 2.0]},
            {"i": None, "f": 0.5, "b": False, "t": None, "j": {}, "e": [3.0, 4.5]},
        ]
    odds: tuple[list[Any], ...] = ([], [None], [1, "a"], [[1.5], [1, 2]], [object()])
    for number, odd in enumerate(odds):
        with pytest.raises(ConfigError, match="'x'"):
            write({"x": odd}, str(tmp_path / f"odd{number}"))


LIGHT = """
import sys
import tql_client.pytest_plugin
heavy = {"numpy", "requests", "deeplake", "lark", "tql"} & set(sys.modules)
assert not heavy, heavy
"""


def test_collection_stays_light() -> None:
    """Importing the plugin imports only pytest."""
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


def test_a_snapshot_that_is_formatted(tmp_path: Path) -> None:
    """Blanks do not count, as `tql format` changes them; any token does."""
    query = select("id", "kind").similarity("e", [0.5] * 20).where(col("kind") == "a b").order_by("score").limit(3)
    file = tmp_path / "one.tql"
    require_snapshot(query, file, update=True)
    written = file.read_text("utf-8")

    file.write_text(written.replace("kind = 'a b'", "kind\n  =  'a b'"), "utf-8")
    require_snapshot(query, file, update=False)

    for old, new in (
        ("'a b'", "'a  b'"),
        ("limit 3", "limit 4"),
        ("20 float32", "21 float32"),
        ("limit 3", "limit 3 & x"),
    ):
        file.write_text(written.replace(old, new), "utf-8")
        with pytest.raises(AssertionError, match="differs from its snapshot"):
            require_snapshot(query, file, update=False)
