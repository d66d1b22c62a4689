"""The settings and the schemas of the project that a file belongs to, read again when their files change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tql_client.cli.settings import Settings, read_settings
from tql_grammar.errors import TqlError
from tql_grammar.schema import read_schemas

if TYPE_CHECKING:
    from tql_client.cli.lsp.documents import Schemas


class Project:
    """The settings of folders, and the schemas in files, by the time of their last change."""

    def __init__(self) -> None:
        """Begin without any."""
        self._settings: dict[Path, Settings] = {}
        self._schemas: dict[tuple[str, int], Schemas] = {}
        self.errors: list[str] = []

    def clear(self) -> None:
        """Read the settings again."""
        self._settings.clear()

    def settings(self, file: Path) -> Settings:
        """Return the settings for a file; the default ones where they cannot be read."""
        folder = file.parent
        if folder not in self._settings:
            try:
                self._settings[folder] = read_settings(folder)
            except TqlError as error:
                self.errors.append(str(error))
                self._settings[folder] = Settings()
        return self._settings[folder]

    def schemas(self, file: Path) -> Schemas:
        """Return the schemas for a file, or None where there are none, or none that can be read."""
        path = self.settings(file).schema
        if not path:
            return None
        try:
            key = path, Path(path).stat().st_mtime_ns
            if key not in self._schemas:
                self._schemas[key] = read_schemas(path)
        except (OSError, TqlError) as error:
            self.errors.append(str(error))
            return None
        return self._schemas[key]
