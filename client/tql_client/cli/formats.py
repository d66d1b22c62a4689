"""Output formats of rows: table, json, jsonl, csv, markdown and parquet; csv and jsonl page by page, so that a million rows take little memory."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any, TextIO

from tql_client.extras import missing
from tql_client.progress import bar, nothing
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql_client.client import Client
    from tql_client.results.result import Result

PAGE = 50_000


def write(client: Client, text: str, form: str, path: str | None = None) -> None:
    """
    Run a text, and write its rows.

    Args:
        client: asks.
        text: the query.
        form: one of `FORMATS`.
        path: the file to write; the standard output unless given.

    Raises:
        TqlError: the query failed, or parquet has no file.
        MissingExtra: parquet without pyarrow.
    """
    if form == "parquet":
        _parquet(client.query(text, as_list=False), path)
        return
    results = _pages(client, text) if form in PAGED else iter([client.query(text, as_list=False)])
    first = next(results)
    if path is None:
        _ROWS[form](sys.stdout, _chained(first, results))
        sys.stdout.flush()
        return
    with open(path, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - pathlib would show its path otherwise than it was given
        _ROWS[form](file, _chained(first, results))


def _chained(first: Result, others: Iterator[Result]) -> Iterator[Result]:
    """Yield the first result, which was asked for before anything was written, and the others."""
    yield first
    yield from others


def _pages(client: Client, text: str) -> Iterator[Result]:
    """Yield the rows page by page, with a bar where a person waits; all at once where they are others each time."""
    from tql_grammar import ast
    from tql_grammar.syntax.parser import read
    from tql_grammar.walk import walk

    tree = read(text).tree
    drawn = tree is None or any(
        isinstance(node, ast.Sample) or (isinstance(node, ast.Function) and node.name.lower() == "random")
        for node in walk(tree)
    )
    if drawn:
        yield client.query(text, as_list=False)
        return
    advance = nothing if sys.stdout.isatty() else bar("rows", None)  # a bar among the rows would be in the way
    try:
        for page in client.pages(text, PAGE):
            yield page
            advance(len(page))
    finally:
        advance(None)


def _table(file: TextIO, results: Iterable[Result]) -> None:
    """Write a table as wide as the terminal."""
    from tql_client.results.table import as_text

    for result in results:
        width = shutil.get_terminal_size().columns
        count = len(result)
        file.write(f"{as_text(result.names, result.rows, width)}\n({count} row{'' if count == 1 else 's'})\n")


def _json(file: TextIO, results: Iterable[Result]) -> None:
    """Write one list of objects."""
    rows = [row for result in results for row in result]
    file.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


def _jsonl(file: TextIO, results: Iterable[Result]) -> None:
    """Write one object a line."""
    for result in results:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in result)


def _csv(file: TextIO, results: Iterable[Result]) -> None:
    """Write commas and quotes as RFC 4180 has them, lists and objects as JSON, null as nothing."""
    writer = csv.writer(file, lineterminator="\n")
    for number, result in enumerate(results):
        if not number:
            writer.writerow(result.names)
        columns = [result[name] for name in result.names]
        writer.writerows([_field(value) for value in row] for row in zip(*columns, strict=True))


def _field(value: Any) -> Any:  # noqa: ANN401 - any value of a result
    """Return a value as a field of CSV."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict, bool)) else value


def _markdown(file: TextIO, results: Iterable[Result]) -> None:
    """Write a table of Markdown."""
    from tql_client.results.table import as_markdown

    for result in results:
        file.writelines(line + "\n" for line in as_markdown(result.names, result.rows))


def _parquet(result: Result, path: str | None) -> None:
    """Write a file of Parquet."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise missing("parquet needs pyarrow", "frames") from None
    if path is None and sys.stdout.isatty():
        message = "parquet is no text: name a file by --output, or send it on by a pipe"
        raise TqlError(message)
    content = io.BytesIO()
    parquet.write_table(result.to_arrow(), content)
    if path is None:
        sys.stdout.buffer.write(content.getvalue())
        return
    with open(path, "wb") as file:  # noqa: PTH123 - pathlib would show its path otherwise than it was given
        file.write(content.getvalue())


PAGED = frozenset({"csv", "jsonl"})
_ROWS: dict[str, Callable[[TextIO, Iterable[Result]], None]] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}
FORMATS = (*_ROWS, "parquet")
