"""Settings of a project: the table ``[tool.tql]`` of its pyproject.toml."""

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
    The rules to report, and the schema of the datasets.

    Attributes:
        select: the prefixes of the codes to report, for example ``["TQL3"]``; by default all codes.
        ignore: the prefixes of the codes to ignore.
        per_file_ignores: more prefixes to ignore, by a glob pattern of the path, for example ``{"tests/*" = ["TQL302"]}``.
        schema: the path of the schema file, relative to the pyproject.toml; empty for none.
    """

    select: tuple[str, ...] = ("TQL",)
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    schema: str = ""

    def select_findings(self, path: str, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return the findings in a file that are selected and not ignored."""
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
    Return the settings from the nearest pyproject.toml in a folder or its parents.

    Raises:
        TqlError: the file is not TOML, or has an invalid setting.
    """
    for parent in (folder, *folder.parents):
        file = parent / FILE
        if file.is_file():
            return _settings(file)
    return Settings()


def _settings(file: Path) -> Settings:
    """Return the settings of one file."""
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("tql", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{file}: not TOML ({error})"
        raise TqlError(message) from None
    unknown = [key for key in settings if key not in KEYS]
    if unknown:
        message = f"{file}: unknown setting {unknown[0]!r} in [tool.tql]; available: {', '.join(KEYS)}"
        raise TqlError(message)
    by_file = settings.get("per-file-ignores", {})
    if not isinstance(by_file, dict) or not isinstance(settings.get("schema", ""), str):
        message = f"{file}: in [tool.tql], per-file-ignores must be a table, and schema a path"
        raise TqlError(message)
    return Settings(
        _codes(file, "select", settings.get("select", ["TQL"])),
        _codes(file, "ignore", settings.get("ignore", [])),
        tuple((pattern, _codes(file, "per-file-ignores", codes)) for pattern, codes in by_file.items()),
        str(file.parent / settings["schema"]) if settings.get("schema") else "",
    )


def _codes(file: Path, key: str, codes: object) -> tuple[str, ...]:
    """Return a list of codes and prefixes as a tuple."""
    if not isinstance(codes, list) or not all(isinstance(code, str) and code.startswith("TQL") for code in codes):
        message = f'{file}: `{key}` in [tool.tql] must be a list of codes or prefixes, for example ["TQL301", "TQL5"]'
        raise TqlError(message)
    return tuple(codes)
