"""Pytest plugin: the examples of its page run in projects, and failures have readable messages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tql import CheckError, col, select
from tql_client import serve
from tql_client.datasets import write
from tql_client.errors import ConfigError
from tql_client.testing.snapshots import fingerprint, require_same

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def test_the_page_has_four_examples() -> None:
    """The page has the files of four examples."""
    assert sorted(FILES) == ["conftest.py", "test_engine.py", "test_hosted.py", "test_offline.py", "test_rows.py"]


def test_rows(pytester: pytest.Pytester) -> None:
    """The example of property tests passes."""
    project(pytester, "test_rows.py")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_offline(pytester: pytest.Pytester) -> None:
    """The first example passes."""
    project(pytester, "test_offline.py")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


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
    """The second example passes, with a local server and the data of conftest.py."""
    project(pytester, "conftest.py", "test_engine.py")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_cassettes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The third example first prints how to record; once recorded, it passes without a server or a token, and the file contains no token."""
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
    assert [tql_recorder.query("select id").rows for _ in range(3)] == [
        [{"id": 1}, {"id": 2}],
        [{"id": 3, "t": None}],
        [{"id": 3, "t": None}],
    ]
    tql_recorder.answer({"id": 4}, {"t": "x"})
    assert tql_recorder.queries == [query, "select id", "select id", "select id"]
    assert tql_recorder.texts == [str(query), "select id", "select id", "select id"]
    with pytest.raises(CheckError):
        tql_recorder.query("select id order by a, b")
    assert len(tql_recorder.queries) == 4
    tql_recorder.query(query)
    lacking = tql_recorder.query(query)
    assert lacking.rows == [{"id": 4, "t": None}, {"id": None, "t": "x"}]
    assert lacking["t"] == [None, "x"]
    tql_recorder.engine(write(BOOKS, str(tmp_path / "d")))
    assert tql_recorder.query(query).rows == [{"id": 2}]
    with pytest.raises(CheckError, match="TQL215"):
        tql_recorder.query("select nope")
    assert len(tql_recorder.map([query] * 3)) == 3
    assert len(tql_recorder.queries) == 10


def test_comparison() -> None:
    """White space and the case of keywords are ignored; values, order and columns are compared."""
    query = select("id").where(col("id") > 1).limit(3)
    require_same(query, "SELECT id\nWHERE id > 1   LIMIT 3")
    require_same("select id where id > 1 limit 3", str(query))
    for other in ("select id where id > 2 limit 3", "select id where id > 1", "select id, b where id > 1 limit 3"):
        with pytest.raises(AssertionError, match="differs from the expected one"):
            require_same(query, other)


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
    odds: tuple[list[Any], ...] = ([], [None], [1, "a"], [[1], [1, 2]], [object()])
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
