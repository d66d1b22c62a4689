"""Display of a query in notebooks, as calls, text and nested SELECTs, and in terminals with rich."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tql.compiler.compile import compiled, tree
from tql.views.levels import levels
from tql.views.query_source import calls
from tql.views.query_source import query as shown
from tql_grammar.errors import ArgumentError
from tql_grammar.explain.levels import elided

if TYPE_CHECKING:
    from rich.syntax import Syntax
    from rich.text import Text

    from tql.statement import Statement


def html(query: Statement) -> str:
    """Return a query as escaped HTML, with long vectors elided."""
    chain = "\n    .".join(calls(query))
    return f"<div><pre>{escape(chain)}</pre>{_text(query)}</div>"


def _text(query: Statement) -> str:
    """Return the text and its nested SELECTs as HTML, or the error of a query that cannot be compiled."""
    try:
        found = compiled(query)
    except ArgumentError as error:
        return f"<p>No TQL yet: {escape(str(error))}</p>"
    text, drawn = escape(elided(found.tree)), escape(str(levels(found)))
    return f"<pre><code>{text}</code></pre><details><summary>levels</summary><pre>{drawn}</pre></details>"


def coloured(query: Statement) -> Syntax | Text:
    """Return the text with syntax highlighting and long vectors elided, or the calls of a query that cannot be compiled."""
    from rich.syntax import Syntax
    from rich.text import Text

    try:
        return Syntax(elided(tree(query)), "tql", word_wrap=True, background_color="default")
    except ArgumentError:
        return Text(shown(query))
