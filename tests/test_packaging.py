"""The wheel, built from this checkout and installed elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_owns_three_packages(wheel: Path) -> None:
    """The wheel puts exactly tql, tql_client and tql_grammar into site-packages, typed, with grammar and licence."""
    names = zipfile.ZipFile(wheel).namelist()

    assert {"tql", "tql_client", "tql_grammar"} == {
        name.partition("/")[0] for name in names if ".dist-info/" not in name
    }
    for needed in ("tql/py.typed", "tql_client/py.typed", "tql_grammar/py.typed", "tql_grammar/tql.lark", "tql/fn.pyi"):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_demo_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Unpacked outside the checkout, with nothing of the checkout on the path, ``tql demo --json`` answers a question."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "PYTHONPATH": str(tmp_path / "site")
    }
    code = "import sys, tql_client.cli as cli; assert 'site' in cli.__file__, cli.__file__; sys.exit(cli.main(['demo', '--json', '--question', '2']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


DROPPED = """
from tql import select
def test_one(tql_recorder, assert_tql):
    tql_recorder.query(select("id").limit(3))
    assert_tql(tql_recorder.queries[0], "select id where year > 2000 limit 3")
"""


def test_the_plugin_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """A project that only has the wheel writes a test of five lines; it fails with a readable message where a filter is dropped."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_it.py").write_text(DROPPED)
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"} | {
        "PYTHONPATH": str(tmp_path / "site")
    }
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)

    assert len(DROPPED.strip().splitlines()) <= 5
    assert done.returncode == 1
    assert "the query is another one" in done.stdout
    assert "- where(col('year') > 2000)" in done.stdout
