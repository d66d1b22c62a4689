"""Cache of the grammar's parse table in the user's cache directory."""

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
# The files on which the table depends.
DEPENDENCIES = ("tql.lark", "tables.py", "lark_table.py", "lalr.py")
# Alternatives whose actions get all of their symbols.
WHOLE = frozenset({"type", "slice"})


@functools.cache
def table(make: Callable[[str], Table]) -> Table:
    """Return the parse table of the grammar: from the cache, or computed by *make* and cached."""
    place = _cache_file()
    return _load(place) or _read(_save(place, _write(make(HERE.joinpath("tql.lark").read_text("utf-8")))))


def precedences(grammar: str) -> dict[str, tuple[int, str]]:
    """Return the precedence and the associativity of each operator, as declared at the top of the grammar file."""
    found = LEVEL.findall(grammar)
    return {name: (precedence, side) for precedence, (side, names) in enumerate(found) for name in names.split()}


def _cache_file() -> Path:
    """Return the path of the cached table; it depends on the grammar, and on the versions of lark and Python."""
    folder = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    files = [*(HERE / name for name in DEPENDENCIES), Path(getattr(find_spec("lark"), "origin", None) or "lark")]
    known = hashlib.sha256(repr(sys.version_info).encode() + b"".join(map(_source, files)))
    return Path(folder, "tql") / f"{known.hexdigest()[:32]}.json"


def _source(file: Path) -> bytes:
    """Return the content of a file; nothing if the program was packaged without its sources."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _load(place: Path) -> Table | None:
    """Return the cached table at *place*, or None if there is none that can be read."""
    try:
        return _read(place.expanduser().read_bytes())
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def _save(place: Path, text: bytes) -> bytes:
    """Write *text* to *place* atomically, or not at all if the directory cannot be written or there is no home directory; return it."""
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
    Deserialize a table.

    A new table is deserialized too, because lark's names are a subclass of ``str`` and slower as keys.
    """
    kept = json.loads(text)
    reductions = tuple(Reduction(length, origin, name, tuple(which)) for length, origin, name, which in kept["rules"])
    return Table(tuple(kept["rows"]), reductions, kept["start"], kept["accept"])


def _write(made: Table) -> bytes:
    """Serialize a table."""
    rules = [(rule.length, rule.origin, rule.name, rule.kept) for rule in made.reductions]
    return json.dumps({"rows": made.rows, "rules": rules, "start": made.start, "accept": made.accept}).encode()
