"""The wheel and the sdist, built from this checkout and unpacked in another folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from email import message_from_string
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from hatch_build import as_shown
from tests import lowest

ROOT = Path(__file__).parents[1]
PACKAGES = ("tql", "client/tql_client", "grammar/tql_grammar")
MADE = {"__pycache__", "_build", "node_modules"}


def built(target: str, folder: Path, root: Path = ROOT) -> Path:
    """Build a wheel or an sdist into a folder."""
    command = [sys.executable, "-P", "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    return built("wheel", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and unpack it."""
    folder = tmp_path_factory.mktemp("unpacked")
    archive = built("sdist", tmp_path_factory.mktemp("dist"))
    # `tarfile.extractall` has the parameter `filter` since 3.11.4, and warns without it since 3.12.
    subprocess.run([sys.executable, "-P", "-m", "tarfile", "-e", str(archive), str(folder)], check=True)
    return next(folder.iterdir())


def files(folder: Path) -> set[str]:
    """Return the files of a folder, except those that runs and builds create."""
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and not MADE & {*path.parts}
    }


def test_the_wheel_owns_three_packages(wheel: Path) -> None:
    """The wheel puts exactly tql, tql_client, tql_grammar and the licences into site-packages, every file of them."""
    packed = {name.partition(".dist-info/")[2] or name for name in zipfile.ZipFile(wheel).namelist()}
    owned = {f"{Path(package).name}/{name}" for package in PACKAGES for name in files(ROOT / package)}

    assert packed == owned | {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "licenses/LICENSE",
        "licenses/LICENSE-PSF",
    }
    for needed in (
        "tql/py.typed",
        "tql_client/py.typed",
        "tql_grammar/py.typed",
        "tql_grammar/syntax/tql.lark",
        "tql/fn.pyi",
        "tql_client/playground/static/index.html",
        "tql_client/playground/static/LICENSES.txt",
    ):
        assert needed in owned


def test_the_sdist_has_all_that_its_tests_read(sdist: Path) -> None:
    """The sdist contains every file of the folders with code, tests and documentation, and the files of the top level."""
    folders = ("tql", "client", "grammar", "tests", "docs", ".ci")
    expected = {f"{folder}/{name}" for folder in folders for name in files(ROOT / folder)}
    around = {path.name for path in ROOT.iterdir() if path.is_file()} - {".git", "PKG-INFO"}

    assert files(sdist) == expected | around | {"PKG-INFO"}


def test_the_wheel_of_the_sdist_is_that_of_the_checkout(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    """A wheel built from the sdist has the same files, byte for byte."""
    assert built("wheel", tmp_path, sdist).read_bytes() == wheel.read_bytes()


def test_the_readme_of_an_index(wheel: Path) -> None:
    """The README on an index has no links to files of the project, and is otherwise unchanged."""
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_string(archive.read(name).decode())
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = str(metadata.get_payload())

    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "](docs/" in readme
    assert re.findall(r"\]\((?!https://)[^)]*\)", re.sub(r"```.*?```|`[^`]*`", "", shown, flags=re.DOTALL)) == []
    assert re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", shown) == re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", readme)


def test_the_links_of_an_index_when_the_repository_has_an_address() -> None:
    """With a repository address, links to files lead there; code, anchors and absolute URLs are unchanged."""
    text = "[a page](docs/a.md#b) `[x](y)` [here](#c) [there](https://d.example)\n```\n[x](y)\n```\n"
    expected = text.replace("docs/a.md", "https://e.example/tql/blob/HEAD/docs/a.md")

    assert as_shown(text, "https://e.example/tql") == expected
    assert as_shown(text, None) == text.replace("[a page](docs/a.md#b)", "a page")
    assert (
        as_shown("![a picture](docs/a.svg)", "https://e.example/tql")
        == "![a picture](https://e.example/tql/raw/HEAD/docs/a.svg)"
    )
    assert as_shown("![a picture](docs/a.svg)", None) == "a picture"


def test_no_other_package_has_our_names() -> None:
    """No installed distribution and no module of Python has the name of one of our packages."""
    found = packages_distributions()
    for name in ("tql", "tql_client", "tql_grammar", "tests", "hatch_build"):
        assert {*found.get(name, [])} <= {"deeplake-tql"}
        assert name not in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("requirement", "constraint"),
    [
        ("lark>=1.2.1", "lark==1.2.1"),
        ("deeplake>=4.7.0,<4.8", "deeplake==4.7.1"),
        ("rich <14, >=13", "rich==13"),
        ("rich==13.2", "rich==13.2"),
        ("validate-pyproject[all] ~= 0.24", "validate-pyproject==0.24"),
        ('numpy>=2.1; python_version >= "3.13"', "numpy==2.1"),
    ],
)
def test_the_lowest_version_of_a_requirement(requirement: str, constraint: str) -> None:
    """`make lowest` installs the lower bound."""
    assert lowest.lowest(requirement) == constraint


def test_every_requirement_has_a_lowest_version() -> None:
    """A requirement without a lower bound would be tested only with its newest version."""
    with pytest.raises(ValueError, match="`furo` has no lower bound"):
        lowest.lowest("furo")
    assert {"urllib3", "deeplake", "rich"} <= {
        line.partition("==")[0] for line in lowest.constraints(["embedded", "cli"])
    }
    assert len(lowest.constraints(lowest.extras())) > len(lowest.constraints([]))


def test_the_demo_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """With only the unpacked wheel on the path, ``tql demo --json`` answers a question."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "PYTHONPATH": str(tmp_path / "site")
    }
    code = "import sys, tql_client.cli.main as cli; assert 'site' in cli.__file__, cli.__file__; sys.exit(cli.main(['demo', '--json', '--question', '2']))"
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
    """In a project that has only the wheel, a five-line test fails with a readable message if the program drops a filter."""
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
    assert "the query differs from the expected one" in done.stdout
    assert "- where(col('year') > 2000)" in done.stdout
