"""Configuration of the documentation's build: ``make docs``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tql_grammar.syntax.diagrams import page

project = "tql"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False


def setup(app: Any) -> None:  # noqa: ANN401 - Sphinx is installed for the documentation only
    """Add the page of railroad diagrams, to which check.md leads, to the built documentation."""
    app.connect("build-finished", _write_diagrams)


def _write_diagrams(app: Any, error: Exception | None) -> None:  # noqa: ANN401 - Sphinx is installed for the documentation only
    """Write the page of railroad diagrams."""
    if error is None:
        Path(app.outdir, "grammar.html").write_text(page(), "utf-8")
