"""A project's settings for its checks, from ``[tool.tql]`` of its pyproject.toml."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from tql_grammar.errors import TqlError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tql_grammar.diagnostic import Diagnostic

FILE = "pyproject.toml"
KEYS = ("select", "ignore", "per-file-ignores", "schema")


class Settings(Record):
    """
    What counts in a project.

    Attributes:
        select: the beginnings of the codes that count, ``["TQL3"]``; all of them unless given.
        ignore: the beginnings of the codes that do not count.
        per_file_ignores: the same for files whose path fits a pattern, ``{"tests/*" = ["TQL302"]}``.
        schema: the file with the columns of the datasets, beside the pyproject.toml; empty for none.
    """

    select: tuple[str, ...] = ("TQL",)
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    schema: str = ""

    def kept(self, path: str, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return the findings about a file that count."""
        ignored = self.ignore + tuple(
            code for pattern, codes in self.per_file_ignores if fnmatch(path, pattern) for code in codes
        )
        return [
            finding
            for finding in findings
            if finding.code.startswith(self.select) and not finding.code.startswith(ignored)
        ]


def read_settings(folder: Path) -> Settings:
    """
    Return the settings of the project that a folder belongs to.

    Raises:
        TqlError: the file is no TOML, or says what is not known.
    """
    for place in (folder, *folder.parents):
        file = place / FILE
        if file.is_file():
            return _settings(file)
    return Settings()


def _settings(file: Path) -> Settings:
    """Return the settings of one file."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("tql", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{file}: not TOML ({error})"
        raise TqlError(message) from None
    unknown = [key for key in given if key not in KEYS]
    if unknown:
        message = f"{file}: [tool.tql] has no {unknown[0]!r}; there are {', '.join(KEYS)}"
        raise TqlError(message)
    by_file = given.get("per-file-ignores", {})
    if not isinstance(by_file, dict) or not isinstance(given.get("schema", ""), str):
        message = f"{file}: [tool.tql] takes a table as per-file-ignores, and a path as schema"
        raise TqlError(message)
    return Settings(
        _codes(file, "select", given.get("select", ["TQL"])),
        _codes(file, "ignore", given.get("ignore", [])),
        tuple((pattern, _codes(file, "per-file-ignores", codes)) for pattern, codes in by_file.items()),
        str(file.parent / given["schema"]) if given.get("schema") else "",
    )


def _codes(file: Path, key: str, codes: object) -> tuple[str, ...]:
    """Return codes, or their beginnings."""
    if not isinstance(codes, list) or not all(isinstance(code, str) and code.startswith("TQL") for code in codes):
        message = f'{file}: `{key}` takes a list of codes or their beginnings, such as ["TQL301", "TQL5"]'
        raise TqlError(message)
    return tuple(codes)
