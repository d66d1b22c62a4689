"""Settings of a project: the table ``[tool.tql]`` of its pyproject.toml, and the options that change them."""

from __future__ import annotations

import os
import tomllib
from fnmatch import fnmatch
from functools import lru_cache
from typing import TYPE_CHECKING

from tql_grammar.engines import engine_of
from tql_grammar.errors import TqlError
from tql_grammar.record import Record
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tql_grammar.diagnostic import Diagnostic

FILE = "pyproject.toml"
KEYS = ("select", "ignore", "extend-select", "per-file-ignores", "schema", "dataset", "engine")
EVERY = ("TQL",)


class Settings(Record):
    """
    The rules to report, and the schema of the datasets.

    Attributes:
        select: the prefixes of the codes to report, for example ``["TQL3"]``; by default all codes.
        ignore: the prefixes of the codes to ignore.
        extend_select: more prefixes to report; findings of the severity "info" are reported if one of them matches.
        per_file_ignores: more prefixes to ignore, by a glob pattern of the path, for example ``{"tests/*" = ["TQL302"]}``.
        schema: the path of the schema file, relative to the pyproject.toml; empty for none.
        dataset: the path of the dataset on which editors run queries, relative to the pyproject.toml; empty for none.
        folder: the folder of the pyproject.toml, to which the patterns are relative.
        engine: the version of the engine that runs the queries, or "rest"; None for the newest one.
    """

    select: tuple[str, ...] = EVERY
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    schema: str = ""
    dataset: str = ""
    folder: str = ""
    engine: str | None = None

    def select_findings(self, path: str, findings: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return the findings in a file that are selected and not ignored."""
        paths = (path, os.path.relpath(path, self.folder)) if path and self.folder else (path,)
        ignored = self.ignore + tuple(
            code
            for pattern, codes in self.per_file_ignores
            if any(fnmatch(one, pattern) for one in paths)
            for code in codes
        )
        chosen = self.select + self.extend_select
        return [
            finding for finding in findings if finding.code.startswith(chosen) and not finding.code.startswith(ignored)
        ]


def read_settings(folder: Path) -> Settings:
    """
    Return the settings from the nearest pyproject.toml with a table ``[tool.tql]``, in a folder or its parents.

    Raises:
        TqlError: the file is not TOML, or has an invalid setting.
    """
    for parent in (folder, *folder.parents):
        file = parent / FILE
        found = table(file) if file.is_file() else None
        if found is not None:
            return settings_of(file, found)
    return Settings()


def table(file: Path) -> Mapping[str, object] | None:
    """
    Return the table ``[tool.tql]`` of a file, or None if it has none.

    Raises:
        TqlError: the file is not TOML.
    """
    try:
        found: Mapping[str, object] | None = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("tql")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{file}: not TOML ({error})"
        raise TqlError(message) from None
    return found


def settings_of(file: Path, settings: Mapping[str, object]) -> Settings:
    """
    Return the settings of a table.

    Raises:
        TqlError: a key, a code or a type is invalid.
    """
    unknown = [key for key in settings if key not in KEYS]
    if unknown:
        similar = nearest(unknown[0], KEYS)
        advice = f"; did you mean {similar!r}?" if similar else ""
        message = f"{file}: unknown setting {unknown[0]!r} in [tool.tql]; available: {', '.join(KEYS)}{advice}"
        raise TqlError(message)
    by_file = settings.get("per-file-ignores", {})
    if not isinstance(by_file, dict):
        message = f"{file}: in [tool.tql], per-file-ignores must be a table"
        raise TqlError(message)
    return Settings(
        _codes(file, "select", settings.get("select", [*EVERY])),
        _codes(file, "ignore", settings.get("ignore", [])),
        _codes(file, "extend-select", settings.get("extend-select", [])),
        tuple((pattern, _codes(file, "per-file-ignores", codes)) for pattern, codes in by_file.items()),
        _path(file, "schema", settings),
        _path(file, "dataset", settings),
        str(file.parent),
        _engine(file, settings.get("engine")),
    )


def _engine(file: Path, name: object) -> str | None:
    """Return the name of an engine, or None where there is none."""
    return None if name is None else engine_of(name, f"{file}: engine in [tool.tql]").name


def _path(file: Path, key: str, settings: Mapping[str, object]) -> str:
    """Return the path of a setting, or an empty one."""
    path = settings.get(key, "")
    if not isinstance(path, str):
        message = f"{file}: in [tool.tql], {key} must be a path"
        raise TqlError(message)
    return str(file.parent / path) if path else ""


def _codes(file: Path, key: str, codes: object) -> tuple[str, ...]:
    """Return a list of codes and prefixes as a tuple."""
    if not isinstance(codes, list) or not all(isinstance(code, str) and code.startswith("TQL") for code in codes):
        message = f'{file}: `{key}` in [tool.tql] must be a list of codes or prefixes, for example ["TQL301", "TQL5"]; "TQL" means all'
        raise TqlError(message)
    return require_codes(codes, f"{file}: `{key}` in [tool.tql]")


def require_codes(codes: Iterable[str], where: str) -> tuple[str, ...]:
    """
    Return codes and prefixes, each of which a rule has.

    Args:
        codes: the codes.
        where: what the message begins with: the place of the codes.

    Raises:
        TqlError: no rule has a code or prefix.
    """
    found = tuple(f"TQL{code}" if code.isdigit() else code for code in codes)
    for code in found:
        if not any(rule.startswith(code) for rule in known_codes()):
            message = f"{where}: no rule {code}; `tql rules` lists all rules, and TQL means all of them"
            raise TqlError(message)
    return found


@lru_cache(maxsize=1)
def known_codes() -> tuple[str, ...]:
    """Return the codes of all rules."""
    from tql_grammar.completion.explanations import explanations

    return tuple(sorted(explanations()))
