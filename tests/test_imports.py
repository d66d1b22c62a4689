"""What an import loads, and what it offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tql

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
    """``import tql`` and a first query load no parser, no arrays, no transport."""
    assert heavy not in loaded(code)


def test_checking_a_text_without_vectors_loads_no_arrays() -> None:
    """The rules about vectors look for one first."""
    assert "numpy" not in loaded("from tql import check; check('select a where b > 1 order by c limit 3')")


def test_the_contract_s_names_are_exported() -> None:
    """Every exported name exists, and every error is below one base."""
    for name in tql.__all__:
        assert getattr(tql, name) is not None
    for error in ("QueryError", "ParseError", "CheckError", "ArgumentError"):
        assert issubclass(getattr(tql, error), tql.TqlError)


def test_a_star_import_leaves_builtins_alone() -> None:
    """No exported name hides a builtin; ``tql.format`` is there all the same."""
    import builtins

    assert [name for name in tql.__all__ if hasattr(builtins, name)] == []
    assert callable(tql.format)


def test_the_grammar_stands_alone() -> None:
    """The lowest layer knows nothing of the others."""
    assert "tql" not in loaded("import tql_grammar, tql_grammar.errors, tql_grammar.ast")
