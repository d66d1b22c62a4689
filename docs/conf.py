"""Configuration of the documentation's build: ``make docs``."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sphinx.errors import SphinxError

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
    '<div id="search-results"></div>': '<h1>Search</h1><div id="search-results"></div>',
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


class Page(HTMLParser):
    """
    The links of a built page, and the places to which links can lead.

    Attributes:
        links: the addresses of its links and pictures.
        places: the ids of its elements.
    """

    def __init__(self, path: Path) -> None:
        """Read the page."""
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser's
        """Take the links and the id of an element."""
        for name, value in attrs:
            if name in {"href", "src"}:
                self.links.add(value or "")
            elif name == "id":
                self.places.add(value or "")


def require_links(app: Sphinx, exception: Exception | None) -> None:
    """
    Check that each link inside the built documentation leads to a page, and to a place in it.

    Raises:
        SphinxError: some lead nowhere.
    """
    if exception is not None:
        return
    root = Path(app.outdir).resolve()
    pages = {path: Page(path) for path in sorted(root.rglob("*.html"))}
    broken = [
        f"{path.relative_to(root)}: {link}"
        for path, page in pages.items()
        for link in sorted(page.links)
        if not _leads_somewhere(link, path, pages)
    ]
    if broken:
        raise SphinxError("links that lead nowhere:\n" + "\n".join(broken))


def _leads_somewhere(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Return whether a link of the page at a path leads to another site, or to a page or file, and to a place of it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target not in pages:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[target].places


def setup(app: Sphinx) -> None:
    """Add the page of railroad diagrams, to which check.md leads, to the built documentation, and check its links."""
    app.connect("build-finished", make_accessible)
    app.connect("build-finished", write_diagrams)
    app.connect("build-finished", require_links)


def write_diagrams(app: Sphinx, exception: Exception | None) -> None:
    """Write the page of railroad diagrams."""
    if exception is None:
        Path(app.outdir, "grammar.html").write_text(page(), "utf-8")
