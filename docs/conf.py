"""Configuration of the documentation's build: ``make docs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tql_client.version import __version__
from tql_grammar.syntax.diagrams import page

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "tql"
version = release = __version__
html_title = f"tql {__version__}"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_heading_anchors = 3
smartquotes = False  # quotes of code in prose stay as they are typed
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tql.css"]
html_show_sourcelink = False
html_show_copyright = False
toc_object_entries = False  # each name has a heading of its own
exclude_patterns = ["_build"]
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False

# What the theme leaves out for those who use a keyboard or a screen reader; axe-core reports it.
ACCESSIBLE = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="this page">',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}


def make_accessible(app: Sphinx, exception: Exception | None) -> None:
    """Add to each page what `ACCESSIBLE` lists."""
    for path in Path(app.outdir).rglob("*.html") if exception is None else ():
        text = path.read_text("utf-8")
        for old, new in ACCESSIBLE.items():
            text = text.replace(old, new)
        path.write_text(text, "utf-8")


def setup(app: Sphinx) -> None:
    """Add the page of railroad diagrams, to which check.md leads, to the built documentation."""
    app.connect("build-finished", make_accessible)
    app.connect("build-finished", write_diagrams)


def write_diagrams(app: Sphinx, exception: Exception | None) -> None:
    """Write the page of railroad diagrams."""
    if exception is None:
        Path(app.outdir, "grammar.html").write_text(page(), "utf-8")
