"""Write the page "What the builder does for you" from the facts: ``python docs/builder_page.py`` after a change of them; a test compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import tql
from tql.compiler.compile import compile_query
from tql.compiler.legalize.facts import FAMILIES

if TYPE_CHECKING:
    from tql.compiler.legalize.facts.fact import Fact

PAGE = Path(__file__).parent / "builder.md"
LONGEST = 170
HEAD = """# What the builder does for you

The engine does not always do what a query says.
Where it does not, the builder generates different TQL that does, or raises an `ArgumentError` that says what to do instead.

Everything here was measured on deeplake 4.7.4, and a test runs each query, and the TQL that a person would write for it, on the engine.
Types below a query are those of its columns: the text depends on them, so the builder needs the `Schema`.
The embedded client reads it from the dataset; otherwise pass it with `from_(.., schema=Schema(t="int32"))`.
"""
TABLE = "\n| The engine | You write | The builder sends |\n|---|---|---|\n"


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for family, facts in FAMILIES.items():
        parts += [f"\n## {family}\n", TABLE, *map(_row, facts)]
    return "".join(parts)


def _row(fact: Fact) -> str:
    """Return the row of one fact."""
    sent, alone = _sent(fact, with_schema=True), _sent(fact, with_schema=False)
    types = "" if sent == alone else "".join(f"<br>`{name}: {kind}`" for name, kind in fact.columns)
    cells = (f"**{fact.name}**<br>{fact.engine}", _code(fact.query) + types, f"{fact.builder}<br>{sent}")
    return f"| {' | '.join(cells)} |\n"


def _sent(fact: Fact, *, with_schema: bool) -> str:
    """Return the text of a query as code, or the error that refuses it."""
    try:
        query = eval(fact.query, vars(tql).copy())  # noqa: S307 - our own table
        known = {None: fact.schema, "mem://a": fact.schema} if with_schema else None
        return _code(compile_query(query.statement, None, known))
    except tql.ArgumentError as error:
        return f"`ArgumentError`: {_code(error.hint or '')}"


def _code(text: str) -> str:
    """Return code of a readable length for the cell of a table."""
    shown = (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…").replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
