"""
The expressions of `verdicts` as SQLAlchemy's and LanceDB's users write them, and how many of them their types refuse.

Run: ``make typing-peers``. An expression counts only for a library that can say it. LanceDB's columns have no types, so its figures are those of its operators.
"""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.typing import checkers, verdicts

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = 60
CHECKERS = (checkers.by_mypy, checkers.by_basedpyright)

TQL_HEAD = """from tql import desc, fn, select
from tql.tables import Array, Bool, Bytes, Image, Json, Label, Number, Table, Text, Vector


"""
SQLALCHEMY_HEAD = """from typing import Any

from sqlalchemy import desc, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Docs(Base):
    __tablename__ = "docs"
    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    price: Mapped[float]
    maybe: Mapped[int | None]
    title: Mapped[str]
    note: Mapped[str | None]
    flag: Mapped[bool]
    embedding: Mapped[list[float]]
    sizes: Mapped[list[int]]
    tags: Mapped[list[int]]
    words: Mapped[list[str]]
    meta: Mapped[dict[str, Any]]
    label: Mapped[int]
    cover: Mapped[bytes]
    file: Mapped[bytes]


"""
LANCEDB_HEAD = """from lancedb.expr import col


"""
# What the libraries write otherwise.
SQLALCHEMY = ((".is_null()", ".is_(None)"), (".is_not_null()", ".is_not(None)"), (".matches(", ".regexp_match("))
FUNCTIONS = {"sum": "sum", "mean": "avg", "max": "max", "count": "count", "abs": "abs"}
NAMED = re.compile(r"select\((?:x|n)=(.*?)\)(\.group_by\(.*\))?$")
# What LanceDB's expressions have.
OPERATORS = re.compile(
    r"[-~]?(?:Docs\.\w+|\(Docs\.\w+ == Docs\.\w+\))(?: (?:[=!<>]=|[<>+\-*/&]) |\.contains\(|\.in_\().*|~Docs\.\w+|\S+ - Docs\.\w+"
)
CONDITION, VALUE = re.compile(r"select\(Docs\.id\)\.where\((.*)\)$"), re.compile(r"select\(x=(.*)\)$")


def of_sqlalchemy(text: str) -> str | None:
    """Return an expression of SQLAlchemy, or None where it has none."""
    if ".similarity(" in text or any(name not in FUNCTIONS for name in re.findall(r"fn\.(\w+)", text)):
        return None
    text = re.sub(r"fn\.(\w+)", lambda match: f"func.{FUNCTIONS[match[1]]}", text)
    for ours, theirs in SQLALCHEMY:
        text = text.replace(ours, theirs)
    return NAMED.sub(lambda match: f"select({match[1]}){match[2] or ''}", text)


def of_lancedb(text: str) -> str | None:
    """Return an expression of LanceDB, or None where it has none."""
    found = CONDITION.match(text) or VALUE.match(text)
    if found is None or not OPERATORS.fullmatch(found[1]):
        return None
    return re.sub(r"Docs\.(\w+)", r'col("\1")', found[1]).replace(".in_(", ".isin(")


class Peer(NamedTuple):
    """
    A library.

    Attributes:
        name: its name.
        head: the beginning of a program.
        write: returns an expression of it, or None.
    """

    name: str
    head: str
    write: Callable[[str], str | None]


PEERS = (
    Peer("tql", f"{TQL_HEAD}{inspect.getsource(verdicts.Docs)}\n", lambda text: text),
    Peer("SQLAlchemy", SQLALCHEMY_HEAD, of_sqlalchemy),
    Peer("LanceDB", LANCEDB_HEAD, of_lancedb),
)


def refused(peer: Peer, cases: list[verdicts.Verdict], folder: Path) -> tuple[int, list[int]]:
    """Return the number of expressions that a library can say, and that of those which each checker refuses."""
    texts = [text for text in (peer.write(one.text) for one in cases) if text is not None]
    file = folder / "expressions.py"
    file.write_text(peer.head + "".join(f"{text}\n" for text in texts), "utf-8")
    first = peer.head.count("\n") + 1
    found = [checker(file)[file.name] for checker in CHECKERS]
    assert all(line >= first for lines in found for line in lines), found
    return len(texts), list(map(len, found))


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = verdicts.drawn(folder / "docs", NUMBER)
        sys.stdout.write("| library | wrong ones that it can say | refused | right ones that it can say | refused |\n")
        sys.stdout.write("| --- | ---: | ---: | ---: | ---: |\n")
        for peer in PEERS:
            cells = []
            for kind in ("wrong", "right"):
                count, by_checker = refused(peer, drawn[kind], folder)
                cells += [str(count), ", ".join(map(str, by_checker))]
            sys.stdout.write(f"| {peer.name} | {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
