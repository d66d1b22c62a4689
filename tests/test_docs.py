"""Documentation: every snippet runs and prints the shown output, links have targets, and generated pages are up to date."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tql_client import serve
from tql_client.datasets import write

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md") if "```python" in path.read_text("utf-8"))
# Its examples are files of a project, which `tests/client/test_plugin.py` runs.
OF_PYTEST = "testing.md"
TOKEN = "canary-of-the-docs"  # noqa: S105 - the token of a server of this test
HOSTED = "https://app.activeloop.ai/api/query/v1"
SERVICE: dict[str, Any] = {"text": ["split a path", "join paths"], "embedding": [[1, 0, 0], [0, 1, 0]]}
MODEL = "class Model:\n    def encode(self, text):\n        return [1.0, 0.0, 0.0]\nmodel = Model()\n"


def blocks(text: str) -> list[str]:
    """Return the Python blocks of a page."""
    found: list[str] = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return found


def printed(code: str, folder: Path, **environment: str) -> list[str]:
    """Run a program, and return its output."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def shown(code: str) -> list[str]:
    """Return the expected output: the comments below the prints."""
    lines = (line for line in code.splitlines() if line == "#" or line.startswith("# "))
    return [line.removeprefix("#").removeprefix(" ") for line in lines]


@pytest.mark.parametrize("name", [name for name in PAGES if name not in {OF_PYTEST, "hosted.md"}])
def test_the_snippets_of_a_page(name: str, tmp_path: Path) -> None:
    """The blocks of a page run as one program, and print the expected output."""
    code = "\n".join(blocks((DOCS / name).read_text("utf-8")))

    assert printed(code, tmp_path) == [line.rstrip() for line in shown(code)] or printed(code, tmp_path) == shown(code)


@pytest.mark.parametrize("page", [DOCS / "hosted.md", ROOT / "README.md"])
def test_what_is_said_of_the_hosted_service(page: Path, tmp_path: Path) -> None:
    """The snippets for the hosted service run with the local server, which has the same protocol."""
    code = "\n".join(block for block in blocks(page.read_text("utf-8")) if HOSTED in block)
    assert code
    before = (
        f"from tql import select\nfrom tql_client import connect\nimport os\ntoken = os.environ['MY_TOKEN']\n{MODEL}"
    )
    with serve({"hub://org/dataset": write(SERVICE, str(tmp_path / "d"))}, token=TOKEN) as server:
        program = before + code.replace(HOSTED, server.url) + "\nprint(result['text'][0])"
        assert printed(program, tmp_path, MY_TOKEN=TOKEN)[-1] == "split a path"


@pytest.mark.parametrize("page", [path.stem for path in sorted(DOCS.glob("*_page.py"))])
def test_a_generated_page_is_new(page: str) -> None:
    """Run its script, such as ``python docs/engine_page.py``, after a change of what it is written from."""
    spec = importlib.util.spec_from_file_location(page, DOCS / f"{page}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert module.page() == module.PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    "page", [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name
)
def test_links_lead_somewhere(page: Path) -> None:
    """A link is a file that exists, or an https URL."""
    for target in re.findall(
        r"\]\(([^)#]+)\)", re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    ):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_every_page_is_in_the_index() -> None:
    """Every page is in the index."""
    listed = (DOCS / "index.md").read_text("utf-8").split()
    assert {path.stem for path in DOCS.glob("*.md")} - {"index"} <= set(listed)
