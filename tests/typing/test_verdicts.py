"""Typed columns: mypy and basedpyright refuse the expressions that the engine refuses, and none of those that it runs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from tests.typing import checkers, verdicts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMBER, FEWEST = 60, 58
HEAD = """from tql import desc, fn, select
from tql.tables import Array, Bool, Bytes, Image, Json, Label, Number, Table, Text, Vector


"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[verdicts.Verdict]]:
    """Return the expressions of each verdict."""
    return verdicts.drawn(tmp_path_factory.mktemp("verdicts") / "docs", NUMBER)


@pytest.mark.parametrize("checker", [checkers.by_mypy, checkers.by_basedpyright])
def test_the_checkers_refuse_what_the_engine_refuses(
    checker: Callable[[Path], dict[str, dict[int, str]]],
    found: dict[str, list[verdicts.Verdict]],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Of 60 expressions that the engine refuses, a checker refuses at least 58; of 60 that it runs, none."""
    file = tmp_path / "generated.py"
    lines = [*HEAD.splitlines(), *inspect.getsource(verdicts.Docs).splitlines(), ""]
    places = {}
    for one in (*found["right"], *found["wrong"]):
        lines.append(one.text)
        places[len(lines)] = one
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    refused = checker(file)[file.name]

    assert set(refused) <= set(places), refused
    alarms = {one.text: refused[line] for line, one in places.items() if one.verdict == "right" and line in refused}
    missed = [one for line, one in places.items() if one.verdict == "wrong" and line not in refused]
    assert alarms == {}
    assert NUMBER - len(missed) >= FEWEST, missed
    record_property(
        "figure",
        f"{checker.__name__}: {NUMBER - len(missed)} of {NUMBER} wrong expressions refused, 0 of {NUMBER} right ones",
    )
