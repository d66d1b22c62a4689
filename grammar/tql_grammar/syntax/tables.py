"""Cache of the grammar file's parse table, once per user, in the user's cache directory."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tql_grammar.syntax.lalr import Reduction, Table

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
LEVEL = re.compile(r"^//%(left|right|nonassoc) +(.*)$", re.MULTILINE)
# Tokens whose text the tree needs.
VALUES = frozenset(
    [
        "NAME",
        "STRING",
        "INTEGER",
        "FLOAT",
        "VECTOR",
        "ALL",
        "EQUAL",
        "EQUALS",
        "NOT_EQUAL",
        "LESS",
        "MORE",
        "LESS_EQUAL",
        "MORE_EQUAL",
        "PLUS",
        "DASH",
        "STAR",
        "SLASH",
        "MODULO",
        "CARET",
        "CONCAT",
    ]
)
# What decides what a table looks like.
MAKERS = ("tql.lark", "tables.py", "lark_table.py", "lalr.py")
# Alternatives that take all of their symbols.
WHOLE = frozenset({"type", "slice"})


@functools.cache
def table(make: Callable[[str], Table]) -> Table:
    """Return the table of the grammar: from the cache, or made by *make* and put there."""
    place = _cache_file()
    return _kept(place) or _read(_keep(place, _write(make(HERE.joinpath("tql.lark").read_text("utf-8")))))


def precedences(grammar: str) -> dict[str, tuple[int, str]]:
    """Return the precedence and the associativity of each operator, as the head of the grammar file gives them."""
    found = LEVEL.findall(grammar)
    return {name: (precedence, side) for precedence, (side, names) in enumerate(found) for name in names.split()}


def _cache_file() -> Path:
    """Return where the table of this grammar is kept; another grammar, lark or Python has another file."""
    folder = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    files = [*(HERE / name for name in MAKERS), Path(getattr(find_spec("lark"), "origin", None) or "lark")]
    known = hashlib.sha256(repr(sys.version_info).encode() + b"".join(map(_source, files)))
    return Path(folder, "tql") / f"{known.hexdigest()[:32]}.json"


def _source(file: Path) -> bytes:
    """Return a file, such as the one of lark that has its version; nothing where a program was packed without its sources."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _kept(place: Path) -> Table | None:
    """Return the table that is kept at *place*, or None if there is none."""
    try:
        return _read(place.expanduser().read_bytes())
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def _keep(place: Path, text: bytes) -> bytes:
    """Keep *text* at *place*, whole or not at all; where nothing can be written or nobody knows the home, do without."""
    from tempfile import TemporaryDirectory

    try:
        place = place.expanduser()
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place.parent) as folder:
            file = Path(folder, place.name)
            file.write_bytes(text)
            file.replace(place)
    except (OSError, RuntimeError):
        pass
    return text


def _read(text: bytes) -> Table:
    """
    Return the table of a text.

    A table that was made just now is read from its text too: lark's names are tokens, which look like a ``str`` and are looked up more slowly.
    """
    kept = json.loads(text)
    reductions = tuple(Reduction(length, origin, name, tuple(which)) for length, origin, name, which in kept["rules"])
    return Table(tuple(kept["rows"]), reductions, kept["start"], kept["accept"])


def _write(made: Table) -> bytes:
    """Return a table as text."""
    rules = [(rule.length, rule.origin, rule.name, rule.kept) for rule in made.reductions]
    return json.dumps({"rows": made.rows, "rules": rules, "start": made.start, "accept": made.accept}).encode()
