"""Documentation: every snippet runs and prints the shown output, links have targets, and generated pages are up to date."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tql_client import serve
from tql_client.datasets import write
from tql_grammar.completion.explanations import explanations
from tql_grammar.diagnostic import documentation

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def script(name: str) -> ModuleType:
    """Return a script of the documentation as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


snippets = script("snippets")
PAGES = {snippets.name_of(page): page for page in snippets.pages()}
ALL_PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
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


@pytest.fixture(scope="module", name="data")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the dataset of the recipes and of the reference."""
    folder = tmp_path_factory.mktemp("data")
    assert snippets.run(snippets.DATA, folder) == [""]
    return folder


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page != snippets.DATA])
def test_the_program_of_a_page(name: str, data: Path, tmp_path: Path) -> None:
    """The blocks of a page run as one program, and print the output that the page shows; ``python docs/snippets.py`` writes it."""
    page = PAGES[name]
    if snippets.needs_data(page):
        shutil.copytree(data, tmp_path, dirs_exist_ok=True)
    outputs = snippets.run(page, tmp_path)

    for step, output in zip(snippets.steps(page.read_text("utf-8")), outputs, strict=True):
        if step.kind != "file":
            assert snippets.compact(output) == snippets.compact(step.shown), step.code


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
    module = script(page)
    pages = module.pages() if hasattr(module, "pages") else {module.PAGE: module.page()}

    assert {path.name: path.read_text("utf-8") for path in pages} == {path.name: text for path, text in pages.items()}


def test_each_rule_has_its_page_where_its_findings_lead() -> None:
    """There is one page for each rule, and none of a rule that is gone."""
    addresses = {ROOT / documentation(code) for code in explanations()}

    assert {*(DOCS / "rules").glob("*.md")} == addresses


@pytest.mark.parametrize(
    "page",
    [*ALL_PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(page: Path) -> None:
    """A link is a file that exists, or an https URL."""
    for target in re.findall(
        r"\]\(([^)#]+)\)", re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    ):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_every_page_is_in_a_table_of_contents() -> None:
    """Every page is listed by the index of its folder, or by that of the documentation."""
    for page in ALL_PAGES:
        if page == DOCS / "index.md":
            continue
        index = page.parent / "index.md" if page.name != "index.md" else DOCS / "index.md"
        name = page.relative_to(index.parent).with_suffix("").as_posix()
        if page.parent.name == "rules":
            index, name = DOCS / "engine.md", "rules/*"
        assert name in index.read_text("utf-8").split(), name


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_no_page_has_a_name_of_the_builder(page: Path) -> None:
    """Sphinx writes pages of these names itself, and overwrites the others."""
    assert page.parent != DOCS or page.stem not in {"search", "genindex", "py-modindex", "modindex", "contents"}
