"""Configuration of a run: for each file the settings of its project, changed by the options, and the schemas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tql_client.cli.files import read_schema_file
from tql_client.cli.settings import Settings, read_settings, require_codes, settings_of, table
from tql_grammar.engines import engine_of
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    import argparse

    from tql_grammar.schema import Schema

    Schemas = Schema | dict[str, Schema] | None


class Configuration:
    """The settings and schemas of files, each read once."""

    def __init__(self, options: argparse.Namespace) -> None:
        """
        Read the options.

        Raises:
            TqlError: the file of ``--config`` is invalid, or no rule has a code of an option.
        """
        self._config: str | None = getattr(options, "config", None)
        self._isolated: bool = getattr(options, "isolated", False)
        self._schema: str | None = options.schema
        self._engine: str | None = getattr(options, "engine", None)
        self._schemas: dict[str, Schemas] = {}
        self._projects: dict[Path, Settings] = {}
        self._changes = {
            field: found for field in ("select", "ignore", "extend_select") if (found := _codes(options, field))
        }
        if "select" in self._changes:
            self._changes.setdefault("extend_select", ())
        engine_of(self._engine, "--engine")
        if self._config and self._isolated:
            message = "--isolated reads no configuration, and --config names one: leave one of them out"
            raise TqlError(message)
        if self._config:
            self._project(Path())

    def settings(self, path: str) -> Settings:
        """Return the settings for a file, or for the working directory if the path is empty."""
        found = self._project(Path(path).parent if path else Path())
        return found.replace(**self._changes) if self._changes else found

    def schemas(self, path: str) -> Schemas:
        """Return the schemas for a file: those of ``--schema``, or of its project."""
        name = self._schema or self.settings(path).schema
        if name and name not in self._schemas:
            self._schemas[name] = read_schema_file(name)
        return self._schemas[name] if name else None

    def engine(self, path: str) -> str | None:
        """Return the engine of a file: that of ``--engine``, or of its project; None for the newest one."""
        return self._engine or self.settings(path).engine

    @property
    def has_schema(self) -> bool:
        """Whether a file was checked with schemas."""
        return bool(self._schemas)

    def _project(self, folder: Path) -> Settings:
        """Return the settings of a folder, without the options."""
        if folder not in self._projects:
            self._projects[folder] = self._read(folder)
        return self._projects[folder]

    def _read(self, folder: Path) -> Settings:
        """Read the settings of a folder."""
        if self._isolated:
            return Settings()
        if not self._config:
            return read_settings(folder.absolute())
        file = Path(self._config)
        return settings_of(file, table(file) or {})


def _codes(options: argparse.Namespace, field: str) -> tuple[str, ...]:
    """Return the codes of an option, which may be repeated, and has several codes with commas between them."""
    written: list[str] = getattr(options, field, None) or []
    codes = [code.strip().upper() for part in written for code in part.split(",") if code.strip()]
    return require_codes(codes, f"--{field.replace('_', '-')}")
