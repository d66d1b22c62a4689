"""
Magics of IPython: after ``%load_ext tql_client.magic``, ``%tql ./data`` connects, and ``%%tql`` runs a cell of TQL.

``%tql?`` and ``%%tql?`` show their arguments; the tab key completes the clauses, functions and columns of a cell.
"""

from __future__ import annotations

import functools
import string
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from tql_client.connection import connect
from tql_grammar.errors import TqlError
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tql import Query
    from tql_client.client import Client
    from tql_client.results.result import Result
    from tql_grammar.schema import Schema

T = TypeVar("T")

MAGIC = "tql"
CELL = f"%%{MAGIC}"
VARIABLE = "tql_client"
NOT_CONNECTED = "no connection: run %tql PATH or %tql URL first"
ASSIGNS = "<<"
FRAMES: dict[str, Callable[[Result], Any]] = {
    "pandas": lambda result: result.to_pandas(),
    "polars": lambda result: result.to_polars(),
    "arrow": lambda result: result.to_arrow(),
}


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython's shell
    """Register ``%tql``, ``%%tql`` and the completion of cells."""
    completer: Any = import_module("IPython.core.completer")
    arguments: Any = import_module("IPython.core.magic_arguments")
    argument, parsed = arguments.argument, arguments.parse_argstring

    def in_line(line: str) -> Client | None:
        """
        Connect to a dataset or an endpoint: `%tql ./data`.

        The client is the value of the line, and the variable `tql_client`, which every cell of %%tql uses.
        For a token and other options, assign it yourself: tql_client = connect(url, token_file=..)
        """
        found = parsed(connects, line)
        return _shown(lambda: _connect(shell, found.url, found.dataset))

    def in_cell(line: str, cell: str) -> object:
        """
        Run a query: the lines below %%tql are TQL, which is checked before it is sent.

        A name in braces stands for the value of a Python variable, as in tql.query: where year > {year}.
        The value becomes a literal, never text of the query; {{ and }} are braces.
        The rows are shown as a table, and are a Result: rows, columns, to_pandas() and more.
        """
        found = parsed(runs, line)
        return _shown(lambda: _run_cell(shell, found.name, found.to, cell))

    def completed(context: Any) -> dict[str, Any]:  # noqa: ANN401 - IPython's context
        return _completions(shell, context)

    connects = _with_arguments(
        in_line,
        arguments.magic_arguments(MAGIC),
        argument("url", help="the path of a dataset, or the URL of an endpoint"),
        argument("dataset", nargs="?", help="the name of the dataset in queries, as in connect(.., dataset=name)"),
    )
    runs = _with_arguments(
        in_cell,
        arguments.magic_arguments(MAGIC),
        argument(
            "name", nargs="*", help="a variable for the result: %%%%tql name, or %%%%tql name <<, which shows no rows"
        ),
        argument("--to", choices=sorted(FRAMES), help="return a frame, and not a Result"),
    )
    shell.register_magic_function(connects, "line", MAGIC)
    shell.register_magic_function(runs, "cell", MAGIC)
    shell.Completer.custom_matchers.append(completer.context_matcher(identifier=MAGIC)(completed))


def _with_arguments(magic: Any, *decorators: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - IPython's decorators have no types
    """Return a magic with its arguments; the first decorator is the outermost."""
    return functools.reduce(lambda made, decorator: decorator(made), reversed(decorators), magic)


def _shown(run: Callable[[], T]) -> T | None:
    """Return the value of a function; its TqlError is printed, without a traceback."""
    try:
        return run()
    except TqlError as error:
        sys.stderr.write(f"{error}\n")
        return None


def _connect(shell: Any, url: str, dataset: str | None) -> Client:  # noqa: ANN401 - IPython's shell
    """Connect, and assign the client to the variable `tql_client`."""
    client = connect(url, dataset)
    shell.push({VARIABLE: client})
    return client


def _run_cell(shell: Any, names: list[str], frame: str | None, cell: str) -> object:  # noqa: ANN401 - IPython's shell
    """Send a cell, assign its result, and return it if it is to be shown."""
    target, is_shown = _target(names)
    client = shell.user_ns.get(VARIABLE)
    if client is None:
        raise TqlError(NOT_CONNECTED)
    result: Result = client.query(query_of(cell.strip(), shell.user_ns))
    value = result if frame is None else FRAMES[frame](result)
    if target is not None:
        shell.push({target: value})
    return value if is_shown else None


def _target(names: list[str]) -> tuple[str | None, bool]:
    """
    Return the variable that gets the result, and whether the rows are shown.

    Raises:
        TqlError: there are several names, or one is no name of Python.
    """
    is_shown = names[1:] != [ASSIGNS]
    if len(names) > 1 + (not is_shown) or not all(name.isidentifier() for name in names[:1]):
        message = f"{CELL} takes the name of one variable, got `{' '.join(names)}`: write {CELL} rows, or {CELL} rows {ASSIGNS}"
        raise TqlError(message)
    return (names[0] if names else None), is_shown


def query_of(cell: str, variables: Mapping[str, object]) -> Query | str:
    """
    Return the query of a cell; with names in braces it is that of `tql.query`, with the values of these variables.

    Raises:
        ParseError: the cell is not TQL, or a name in braces is in quotes.
        TqlError: there is no such variable.
    """
    if "{" not in cell and "}" not in cell:
        return cell
    import tql

    names = _holes(cell)
    unknown = next((name for name in names if name not in variables), None)
    if unknown is not None:
        similar = nearest(unknown, variables)
        hint = f"did you mean {{{similar}}}? " if similar else ""
        message = f"no variable `{unknown}`, which the cell has in braces: {hint}assign it first, or write {{{{ and }}}} for braces"
        raise TqlError(message)
    query = tql.query(cell, **{name: variables[name] for name in names})
    tql.validate(str(query))
    return query


def _holes(cell: str) -> list[str]:
    """Return the names in braces; none for a text with single braces, which `tql.query` explains."""
    try:
        return [name for _, name, _, _ in string.Formatter().parse(cell) if name and name.isidentifier()]
    except ValueError:
        return []


def _completions(shell: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 - IPython's shell and context
    """Return the proposals for the cursor of a cell of TQL in the form of IPython; none for other cells."""
    import tql

    lines: list[str] = context.full_text.split("\n")
    if not lines[0].startswith(CELL) or context.cursor_line == 0:
        return {"completions": []}
    before = "\n".join([*lines[1 : context.cursor_line], lines[context.cursor_line][: context.cursor_position]])
    query = "\n".join(lines[1:])
    client = shell.user_ns.get(VARIABLE)
    proposals = tql.complete(query, len(before), None if client is None else _schema_of(client))
    fragment = before[proposals[0].start :] if proposals else ""
    kind = import_module("IPython.core.completer").SimpleCompletion
    found = [kind(text=one.text, type=one.kind) for one in proposals if one.start == proposals[0].start]
    return {"completions": found, "matched_fragment": fragment, "ordered": True, "suppress": True}


@functools.lru_cache(maxsize=1)
def _schema_of(client: Client) -> Schema | None:
    """Return the columns of the dataset of a client, asked once; None if they are not known."""
    try:
        return client.reflect()
    except TqlError:
        return None
