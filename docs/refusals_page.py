"""Write the page "What it refuses, and why" from the refusals: ``python docs/refusals_page.py`` after a change of them; a test compares."""

from __future__ import annotations

import datetime as dt
import enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

import tql
from tql import codegen, strategies, tables
from tql.compiler.compile import compile_query
from tql.refusals import FAMILIES
from tql_grammar.engines import engine_of
from tql_grammar.schema import Schema

if TYPE_CHECKING:
    from tql.refusals.refusal import Refusal

PAGE = Path(__file__).parent / "refusals.md"
LONGEST = 240
NAMES = {
    **vars(tql),
    "numpy": np,
    "date": dt.date,
    "Enum": enum.Enum,
    "pandas": pd,
    "strategies": strategies,
    "tables": tables,
    "tables_module": codegen.module,
    "NamedTuple": NamedTuple,
    "complete": tql.complete,
}
HEAD = """# What it refuses, and why

A query for which no TQL has the meaning raises an `ArgumentError`, and nothing is sent.
The error says what is wrong, why, and what to do instead; the attributes `subject`, `rule`, `got`, `why` and `hint` hold its parts.

Each row is the smallest example of one reason, with the error that it raises.
Types below an example are those of its columns: the builder needs the `Schema` to refuse it.
"""
TABLE = "\n| You write | The error | Instead |\n|---|---|---|\n"


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for family, refusals in FAMILIES.items():
        parts += [f"\n## {family}\n", TABLE, *map(_row, refusals)]
    return "".join(parts)


def raised(refusal: Refusal) -> tql.ArgumentError:
    """Return the error of the example of a refusal."""
    known = Schema({"id": "int64", **dict(refusal.columns)}) if refusal.columns else None
    try:
        found = eval(refusal.example, NAMES.copy())  # noqa: S307 - our own table
        if isinstance(found, tql.Query):
            schemas = None if known is None else {None: known, "mem://a": known}
            engine = engine_of(refusal.engine)
            compile_query(found.statement, None, schemas, needs_source=refusal.needs_source, engine=engine)
    except tql.ArgumentError as error:
        return error
    message = f"{refusal.name}: nothing refuses {refusal.example}"
    raise AssertionError(message)


def _row(refusal: Refusal) -> str:
    """Return the row of one refusal."""
    error = raised(refusal)
    types = "".join(f"<br>`{name}: {kind}`" for name, kind in refusal.columns)
    types += f"<br>deeplake {refusal.engine}" if refusal.engine else ""
    said = str(error).partition("\nhint: ")[0]
    cells = (f"**{refusal.name}**<br>{_code(refusal.example)}{types}", _text(said), _text(error.hint or ""))
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    """Return code of a readable length for the cell of a table."""
    shown = (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…").replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _text(text: str) -> str:
    """Return a message for the cell of a table; the address of an object, which changes, is left out."""
    shown = text.partition(" object at 0x")[0] if " object at 0x" in text else text
    return shown.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
