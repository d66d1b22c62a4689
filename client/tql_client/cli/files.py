"""Inputs of commands for query texts: files, folders, stdin, and queries in the arguments."""

from __future__ import annotations

import os
import re
import sys
from fnmatch import fnmatch
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from tql_client.cli.gitignore import Ignored
from tql_grammar.errors import ArgumentError, TqlError
from tql_grammar.schema import read_schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tql_grammar.schema import Schema

STDIN = "-"
# The name of a query in the arguments, and that of stdin.
QUERY, FROM_STDIN = "query", "<stdin>"
# The folders that are not searched.
NOT_SOURCES = frozenset({"node_modules", "__pycache__", "site-packages"})
# An argument that is a query: more than one word, and no name of a file at its end.
WORDS, NAME = re.compile(r"\S\s+\S"), re.compile(r"\.(tql|sql|py|ipynb|md|txt|json)\s*$")


class Input(NamedTuple):
    """
    One text.

    Attributes:
        name: the path, or what messages call it.
        path: the path that decides the kind of the text and its settings; empty for a query in the arguments.
        content: the bytes.
        is_file: whether there is a file to write.
    """

    name: str
    path: str
    content: bytes
    is_file: bool = True


def inputs(
    arguments: Sequence[str], suffixes: Sequence[str], include: Sequence[str] = (), stdin_name: str = ""
) -> Iterator[Input]:
    """
    Yield the inputs of a command.

    Args:
        arguments: paths of files and folders, queries, and ``-`` for stdin; stdin if there is none.
        suffixes: the suffixes of the files to read in folders.
        include: patterns of the files to read in folders, in place of the suffixes.
        stdin_name: the path that stdin stands for.

    Raises:
        OSError: a file cannot be read.
    """
    for argument in arguments or [STDIN]:
        if argument == STDIN:
            yield Input(stdin_name or FROM_STDIN, stdin_name or FROM_STDIN, _stdin(), is_file=False)
        elif is_query(argument):
            yield Input(QUERY, "", argument.encode(), is_file=False)
        else:
            found = None
            for found in paths([argument], suffixes, include):
                with open_file(found) as file:
                    yield Input(found, found, file.read())
            if found is None:
                names = ", ".join(include or suffixes)
                sys.stderr.write(f"tql: warning: no queries in {argument}: no file of {names} that .gitignore leaves\n")


def paths(arguments: Iterable[str], suffixes: Sequence[str], include: Sequence[str] = ()) -> Iterator[str]:
    """Yield the paths of the files in some arguments; the parameters are those of `inputs`."""
    patterns = tuple(include) or tuple(f"*{suffix}" for suffix in suffixes)
    for argument in arguments:
        if os.path.isdir(argument):  # noqa: PTH112 - the path as the user wrote it
            yield from _search(argument, patterns)
        elif argument != STDIN and not is_query(argument):
            yield argument


def is_query(argument: str) -> bool:
    """Return whether an argument is a query, and not the path of a file that exists."""
    return bool(WORDS.search(argument)) and not NAME.search(argument) and not os.path.exists(argument[:255])  # noqa: PTH110 - paths are strings here


def _stdin() -> bytes:
    """Return the bytes of stdin; on a terminal a message says that it is read."""
    if sys.stdin.isatty():
        sys.stderr.write("tql: reading from the terminal; Ctrl-D ends the query (`--help` shows other inputs)\n")
    return sys.stdin.buffer.read()


def open_file(path: str) -> BinaryIO:
    """Open a file for reading bytes."""
    return open(path, "rb")  # noqa: PTH123 - pathlib would normalize the path in error messages


def _search(folder: str, patterns: Iterable[str]) -> Iterator[str]:
    """Yield the files in a folder that match a pattern, without hidden folders, environments, and what .gitignore names."""
    ignored = Ignored(folder)
    for parent, folders, names in os.walk(folder):
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if _is_source(parent, name, ignored))
        for name in sorted(names):
            path = os.path.join(parent, name).removeprefix("./")  # noqa: PTH118 - paths are strings here
            if _matches(os.path.relpath(path, folder), name, patterns) and not ignored(path, is_folder=False):
                yield path


def _is_source(parent: str, name: str, ignored: Ignored) -> bool:
    """Return whether a folder is searched."""
    hidden = name.startswith(".") or name in NOT_SOURCES
    return not hidden and not ignored(os.path.join(parent, name), is_folder=True)  # noqa: PTH118 - paths are strings here


def _matches(path: str, name: str, patterns: Iterable[str]) -> bool:
    """Return whether a file matches a pattern, by its name, or by its path for a pattern with a slash."""
    return any(fnmatch(path if "/" in pattern else name, pattern) for pattern in patterns)


def text(path: str) -> str:
    """Return the text of a file."""
    with open_file(path) as file:
        return decode(file.read(), path)


def decode(content: bytes, path: str) -> str:
    """Decode the content of a file, without its last newline."""
    try:
        return content.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 ({error.reason} at byte {error.start})"
        raise TqlError(message) from None


def read_schema_file(path: str) -> Schema | dict[str, Schema]:
    """
    Return the schema in a JSON file, or the schemas of several datasets by url.

    Raises:
        OSError: the file cannot be read.
        TqlError: it holds no schema.
    """
    with open_file(path):
        pass
    try:
        return read_schemas(path)
    except ArgumentError as error:
        message = f"{error.got}: --schema {error.rule}\nhint: `tql schema PATH > schema.json` writes the file"
        raise TqlError(message) from None
