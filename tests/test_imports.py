"""Imports: the modules that they load, and the names that they export."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tql

ROOT = Path(__file__).parent.parent
PACKAGES = ("tql", "client/tql_client", "grammar/tql_grammar")
# The only modules that import each library, including late imports.
IMPORTERS = {
    "deeplake": ["client/tql_client/engine/opened.py"],
    "lark": [f"grammar/tql_grammar/syntax/{name}.py" for name in ("lark_table", "standalone")],
    "requests": [f"client/tql_client/transport/{name}.py" for name in ("faults", "http", "session")],
}
HEAVY = ["lark", "numpy", "requests", "deeplake", "dataclasses", "rich", "starlette", "uvicorn", "orjson"]


def loaded(code: str) -> set[str]:
    """Return the top-level modules that *code* loads in a new interpreter."""
    script = f"{code}\nimport sys; print(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    return set(
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    )


@pytest.mark.parametrize("heavy", HEAVY)
@pytest.mark.parametrize(
    "code",
    ["import tql", "from tql import all_of, select; select('text').from_('D').where(all_of([])).limit(5)"],
    ids=["import", "compose"],
)
def test_composing_loads_nothing_heavy(code: str, heavy: str) -> None:
    """``import tql`` and a first query load neither the parser, nor numpy, nor the transport."""
    assert heavy not in loaded(code)


def test_the_facts_of_the_engine_are_for_readers() -> None:
    """Composing and compiling a query does not load them: documentation and tests do."""
    code = "from tql import select; str(select('a').order_by('a', 'b')); import sys"
    script = f"{code}; print('tql.compiler.legalize' in sys.modules, 'tql.compiler.legalize.facts' in sys.modules)"

    assert subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.split() == [
        "True",
        "False",
    ]


def test_checking_a_text_without_vectors_loads_no_arrays() -> None:
    """A query without vectors is checked without numpy."""
    assert "numpy" not in loaded("from tql import check; check('select a where b > 1 order by c limit 3')")


def test_the_contract_s_names_are_exported() -> None:
    """Every exported name exists, and every error is a subclass of `TqlError`."""
    for name in tql.__all__:
        assert getattr(tql, name) is not None
    for error in ("QueryError", "ParseError", "CheckError", "ArgumentError"):
        assert issubclass(getattr(tql, error), tql.TqlError)


def test_a_star_import_leaves_builtins_alone() -> None:
    """No exported name shadows a builtin; ``tql.format`` exists, but is not exported by a star import."""
    import builtins

    assert [name for name in tql.__all__ if hasattr(builtins, name)] == []
    assert callable(tql.format)


def test_the_grammar_stands_alone() -> None:
    """The grammar imports neither the builder nor the client."""
    assert "tql" not in loaded("import tql_grammar, tql_grammar.errors, tql_grammar.ast")


def imports(path: Path) -> set[str]:
    """Return the top-level names of all imports of a module, including late ones."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("library", sorted(IMPORTERS))
def test_a_library_has_one_place_that_imports_it(library: str) -> None:
    """Only the listed modules import the engine, the parser generator and the transport library."""
    modules = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))

    assert [path.relative_to(ROOT).as_posix() for path in modules if library in imports(path)] == IMPORTERS[library]


# Folders whose modules are nouns export their names.
EXPORTING = {"ast"}


@pytest.mark.parametrize("package", PACKAGES[1:])
def test_a_folder_imports_nothing_by_itself(package: str) -> None:
    """The `__init__.py` of a folder is a docstring, so importing one of its modules loads no other."""
    folders = [path.parent for path in sorted((ROOT / package).glob("*/**/__init__.py"))]
    assert folders

    for folder in folders:
        body = ast.parse((folder / "__init__.py").read_text("utf-8")).body
        assert folder.name in EXPORTING or (len(body) == 1 and isinstance(body[0], ast.Expr)), folder
