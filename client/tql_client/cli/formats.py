"""Output formats of rows: table, json, jsonl, csv, markdown and parquet; csv and jsonl are written page by page, with constant memory."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TextIO

from tql_client.progress import bar, no_bar
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tql_client.client import Client
    from tql_client.results.result import Result

PAGE = 50_000


def write(client: Client, text: str, form: str, path: str | None = None) -> None:
    """
    Run a query, and write its rows.

    Args:
        client: sends the query.
        text: the query text.
        form: one of `FORMATS`.
        path: the file to write; None writes to stdout.

    Raises:
        TqlError: the query failed, or parquet would be written to a terminal.
        MissingExtra: pyarrow is not installed, for parquet.
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
    with (
        whole_file(path) as temporary,
        open(temporary, "w", encoding="utf-8", newline="") as file,  # noqa: PTH123 - pathlib would normalize the path in error messages
    ):
        _ROWS[form](file, _chained(first, results))


def written(result: Result, form: str) -> str:
    """Return rows in one of `TEXTS`."""
    file = io.StringIO()
    _ROWS[form](file, [result])
    return file.getvalue().rstrip("\n")


@contextlib.contextmanager
def whole_file(path: str) -> Iterator[str]:
    """
    Yield the path of a file to write, which replaces the one at *path* at the end of the block.

    After an error, for example on a full disk, the file at *path* is the one that was there before. A device or a pipe is written directly.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):  # noqa: PTH110, PTH113 - the path is a string
        yield path
        return
    folder = os.path.dirname(target)  # noqa: PTH120 - the path is a string
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tql-", dir=folder)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    os.close(handle)
    try:
        yield temporary
        os.chmod(temporary, _mode(target))  # noqa: PTH101 - the path is a string
        os.replace(temporary, target)  # noqa: PTH105 - the path is a string
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - the path is a string


def _mode(path: str) -> int:
    """Return the permissions of the file at a path, or those of a new file."""
    try:
        return os.stat(path).st_mode & 0o777  # noqa: PTH116 - the path is a string
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _chained(first: Result, others: Iterator[Result]) -> Iterator[Result]:
    """Yield the first result, which is requested before the file is opened, and the others."""
    yield first
    yield from others


def _pages(client: Client, text: str) -> Iterator[Result]:
    """Yield the rows page by page, with a progress bar; a query with random rows is sent once, since its pages would not add up."""
    from tql_grammar import ast
    from tql_grammar.syntax.parser import read
    from tql_grammar.walk import walk

    tree = read(text).tree
    is_random = tree is None or any(
        isinstance(node, ast.Sample) or (isinstance(node, ast.Function) and node.name.lower() == "random")
        for node in walk(tree)
    )
    if is_random:
        yield client.query(text, as_list=False)
        return
    advance = no_bar if sys.stdout.isatty() else bar("rows", None)  # no bar between rows on a terminal
    try:
        for page in client.pages(text, PAGE):
            yield page
            advance(len(page))
    finally:
        advance(None)


def _table(file: TextIO, results: Iterable[Result]) -> None:
    """Write a table, truncated to the width of the terminal."""
    from tql_client.results.table import as_text

    for result in results:
        width = shutil.get_terminal_size().columns
        count = len(result)
        file.write(f"{as_text(result.names, result.rows, width)}\n({count} row{'' if count == 1 else 's'})\n")


def _json(file: TextIO, results: Iterable[Result]) -> None:
    """Write one JSON list of objects."""
    rows = [row for result in results for row in result]
    file.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


def _jsonl(file: TextIO, results: Iterable[Result]) -> None:
    """Write one JSON object per line."""
    for result in results:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in result)


def _csv(file: TextIO, results: Iterable[Result]) -> None:
    """Write CSV as in RFC 4180; lists, objects and booleans are JSON, and null is an empty field."""
    writer = csv.writer(file, lineterminator="\n")
    for number, result in enumerate(results):
        if not number:
            writer.writerow(result.names)
        columns = [result[name] for name in result.names]
        writer.writerows([_field(value) for value in row] for row in zip(*columns, strict=True))


def _field(value: Any) -> Any:  # noqa: ANN401 - any value of a result
    """Return a value as a CSV field."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict, bool)) else value


def _markdown(file: TextIO, results: Iterable[Result]) -> None:
    """Write a Markdown table."""
    from tql_client.results.table import as_markdown

    for result in results:
        file.writelines(line + "\n" for line in as_markdown(result.names, result.rows))


def _parquet(result: Result, path: str | None) -> None:
    """Write a Parquet file."""
    from tql_client.results.parquet import as_parquet

    content = as_parquet(result)
    if path is None and sys.stdout.isatty():
        message = "parquet is binary and cannot be printed: pass --output FILE, or pipe it to another command"
        raise TqlError(message)
    if path is None:
        sys.stdout.buffer.write(content)
        return
    with whole_file(path) as temporary, open(temporary, "wb") as file:  # noqa: PTH123 - pathlib would normalize the path in error messages
        file.write(content)


def format_of(path: str | None) -> str | None:
    """
    Return the format that the name of a file ends with, or None for a name without a suffix.

    Raises:
        TqlError: no format has the suffix.
    """
    suffix = PurePath(path or "").suffix.lower()
    if suffix and suffix not in SUFFIXES:
        message = f"{path}: no format has the suffix {suffix}; the suffixes are {', '.join(SUFFIXES)}\nhint: pass --format, which any name of a file goes with"
        raise TqlError(message)
    return SUFFIXES.get(suffix)


PAGED = frozenset({"csv", "jsonl"})
SUFFIXES = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "jsonl",
    ".md": "markdown",
}
_ROWS: dict[str, Callable[[TextIO, Iterable[Result]], None]] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}
TEXTS = tuple(_ROWS)
FORMATS = (*TEXTS, "parquet")
