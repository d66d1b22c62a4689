"""Uses of the embedded client from end to end, on a dataset on disk: each has the value that Python says."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deeplake

from tests.engine import TYPES
from tql import col, fn, select
from tql_client import Client, connect

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 40
ROWS: list[dict[str, Any]] = [
    {"id": number, "text": f"doc {number}", "price": number / 4, "flag": number % 2 == 0, "group": number % 3}
    for number in range(COUNT)
]
KINDS = {
    "id": TYPES.Int64(),
    "text": TYPES.Text(),
    "price": TYPES.Float64(),
    "flag": TYPES.Bool(),
    "group": TYPES.Int64(),
}


@functools.cache
def _client() -> Client:
    """Return a client of a new dataset on disk, which is committed twice."""
    path = str(Path(tempfile.mkdtemp(prefix="tql-engine-")) / "data")
    made = deeplake.create(path)
    for name, kind in KINDS.items():
        made.add_column(name, kind)
    for rows in (ROWS[:25], ROWS[25:]):
        made.append({name: [row[name] for row in rows] for name in KINDS})
        made.commit()
    return connect(path)


def _refusal(text: str) -> str:
    """Return the kind of the error for a text that is wrong."""
    try:
        _client().query(text)
    except Exception as error:  # noqa: BLE001 - every error is a result
        return type(error).__name__
    return "no error"


def _rows(query: Any) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    return [dict(row) for row in _client().query(query).rows]


USES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "all rows": (lambda: _rows(select()), lambda: ROWS),
    "a text": (lambda: _rows("select id where id < 3"), lambda: [{"id": number} for number in range(3)]),
    "a condition": (
        lambda: _rows(select("id").where(col("price") > 5, col("flag"))),
        lambda: [{"id": row["id"]} for row in ROWS if row["price"] > 5 and row["flag"]],
    ),
    "an order": (
        lambda: _rows(select("id").order_by("group", -col("id")).limit(5)),
        lambda: [{"id": row["id"]} for row in sorted(ROWS, key=lambda row: (row["group"], -row["id"]))][:5],
    ),
    "groups": (
        lambda: sorted(row["n"] for row in _rows(select("group", n=fn.count()).group_by("group"))),
        lambda: [13, 13, 14],
    ),
    "a text that begins": (
        lambda: _rows(select("id").where(col("text").startswith("doc 3"))),
        lambda: [{"id": row["id"]} for row in ROWS if row["text"].startswith("doc 3")],
    ),
    "no rows": (lambda: _rows(select("id").where(col("id") < 0)), list),
    "the schema": (lambda: [name for name, _ in _client().reflect().columns], lambda: list(KINDS)),
    "a wrong column": (lambda: _refusal("select nothing"), lambda: "CheckError"),
    "a wrong text": (lambda: _refusal("select id from"), lambda: "ParseError"),
}


def right(name: str) -> tuple[bool, Any]:
    """Return whether a use has the value that Python says, and its value."""
    use, meant = USES[name]
    found = use()
    return found == meant(), found
