"""
Schemas of datasets that can only be queried: the types that the values of the first rows determine, marked as inferred.

Names and kinds come from ``select * .. limit 1``; columns whose value there determines too little are read in further rows.
JSON does not have the types of numbers: a server may write a float without a fraction as ``1``, and a uint64 looks like an int64.
So another query computes with each number, where the type of the column decides the result, and returns a float, which shows how the server writes one.
"""

from __future__ import annotations

import math
import threading
import uuid
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_client.errors import APIError, BadQuery, Cancelled, DeadlineExceeded, ProtocolError
from tql_client.protocol.call import STOPPED
from tql_client.results.result import Meta, Result
from tql_grammar import ast
from tql_grammar.errors import TqlError
from tql_grammar.printing.printer import to_tql
from tql_grammar.schema import UNKNOWN_TYPE, Column, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tql_client.protocol.call import Call
    from tql_client.protocol.wire import Answer

    Columns = dict[str, list[Any]]
    Ask = Callable[[str], Columns]
    Send = Callable[[Call], tuple[Answer, int]]

# The rows that are read for a column whose first value is null or a short list, which may have another length in other rows.
ROWS = 100
# The longest list that is read in further rows; a longer one is an embedding or an image.
SHORT = 64
# The elements of a list whose types are looked at.
SAMPLE = 1000
# In float64, to which the engine converts a float and a uint64, both are the same number; in int64 they differ by one.
ODD, EVEN = 2**53 + 1, 2**53
NUMBERS = frozenset({int, float})
SINGLE: dict[type, str] = {bool: "bool", str: "text", dict: "json"}
PAUSE = 0.05
WAITED = (
    "another thread read the columns of the dataset until the timeout: increase it with connect(.., timeout=seconds)"
)


class Numbers(NamedTuple):
    """
    What the engine's arithmetic shows of the numbers of a dataset.

    Attributes:
        integers: whether the engine computes with a column in int64, by name; no entry for a column of which no row has a value.
        writes_floats: whether the server writes a float without a fraction as a float, ``1.0``.
    """

    integers: Mapping[str, bool] = {}
    writes_floats: bool = False


def infer_schema(source: str | None, send: Send, call: Call) -> Schema:
    """
    Return the schema that the values of a dataset determine, each column marked as inferred.

    Args:
        source: the dataset; None for queries without FROM.
        send: sends a call, and returns its answer and the number of attempts.
        call: the call within whose time all queries have to end.

    Returns:
        The columns. If there are no rows, their types are unknown; if the response then does not name them either, there are none.

    Raises:
        TqlError: a query failed.
    """

    def ask(text: str) -> Columns:
        try:
            answer, _ = send(call.replace(query=text, as_list=False, request_id=str(uuid.uuid4())))
        except TqlError as error:
            raise _with_place(error, text) from None
        return Result(answer, Meta(text)).columns

    values = ask(_text(source, [ast.Star()], 1))
    further = [name for name, found in values.items() if found and _needs_more_rows(found[0])]
    if further:
        values |= ask(_text(source, map(ast.Column, further), ROWS))
    numbers = _numbers(source, values, ask)
    return Schema({name: _column(found, numbers.integers.get(name), numbers) for name, found in values.items()})


def require_columns(schema: Schema) -> None:
    """Raise `ProtocolError` for a schema without columns."""
    if not len(schema):
        message = "the dataset has no rows, and the response does not name its columns, so there is nothing to infer a schema from: pass one to from_(.., schema=Schema(..))"
        raise ProtocolError(message, "missing_key")


def _text(source: str | None, columns: Iterable[ast.Expression], rows: int) -> str:
    """Return the text of a query of the first rows."""
    table = None if source is None else ast.Table(source)
    return to_tql(ast.Select(tuple(columns), table, limit=ast.Limit(ast.Number(rows))))


def _with_place(error: TqlError, text: str) -> TqlError:
    """Return an error that says in which query of the reflection it happened."""
    place = f"the query that failed reads the columns of the dataset, for reflect: {text[:200]}"
    if isinstance(error, APIError):
        hint = "\n".join(filter(None, (error.hint, place)))
        return type(error)(**{**error.__dict__, "hint": hint})
    error.args = (f"{error.args[0]}\n{place}", *error.args[1:]) if error.args else (place,)
    return error


def _needs_more_rows(value: object) -> bool:
    """Tell whether further rows may show more of a column than its first value."""
    return value is None or (isinstance(value, list) and len([*islice(_flat(value), SHORT + 1)]) <= SHORT)


def _flat(value: object) -> Iterator[object]:
    """Yield the elements of nested lists."""
    if isinstance(value, list):
        for part in value:
            yield from _flat(part)
    else:
        yield value


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(source: str | None, values: Columns, ask: Ask) -> Numbers:
    """Return the findings of the engine's arithmetic: none if no column has numbers, or the engine rejects the query."""
    if not any(map(_have_numbers, values.values())):
        return Numbers()
    names = [name for name, found in values.items() if _are_numbers(_kinds(found))]
    labels = _labels(values, names)
    tests = [ast.Aliased(_test(ast.Column(name)), label) for name, label in labels.items()]
    one = f"{_free_prefix(values)}f"
    is_filled = all(values[name][0] is not None for name in names)
    try:
        found = ask(_text(source, [*tests, ast.Aliased(ast.Number(1.0), one)], 1 if is_filled else ROWS))
    except BadQuery:
        return Numbers()
    integers = {name: result == 1 for name, label in labels.items() if (result := _first(found, label)) is not None}
    return Numbers(integers, writes_floats=isinstance(_first(found, one), float))


def _labels(values: Columns, names: Iterable[str]) -> dict[str, str]:
    """Return a name for the result of each column that is not the name of a column."""
    prefix = _free_prefix(values)
    return {name: f"{prefix}{number}" for number, name in enumerate(names)}


def _free_prefix(names: Iterable[str]) -> str:
    """Return a prefix that none of the names has."""
    most = max((len(name) - len(name.lstrip("z")) for name in names), default=0)
    return "z" * (most + 1)


def _first(columns: Columns, name: str) -> object:
    """Return the first value of a column that is not null, or None."""
    return next((value for value in columns.get(name, []) if value is not None), None)


def _test(column: ast.Expression) -> ast.Expression:
    """Return an expression that is 1 if the engine computes with a column in int64, and not 1 if it does in float64."""
    zero = ast.Chain(("*",), (column, ast.Number(0)))
    return ast.Chain(("+", "-"), (zero, ast.Number(ODD), ast.Number(EVEN)))


def _have_numbers(values: list[Any]) -> bool:
    """Tell whether values are numbers, or lists of numbers."""
    return _are_numbers(_kinds(values)) or _are_numbers(_element_kinds(values))


def _are_numbers(kinds: set[type]) -> bool:
    """Tell whether values are numbers, and nothing else."""
    return bool(kinds) and kinds <= NUMBERS


def _have_fractions(values: Iterable[object]) -> bool:
    """Tell whether one of the values is a number that is no integer."""
    return any(isinstance(value, float) and not (math.isfinite(value) and value.is_integer()) for value in values)


# --- columns ----------------------------------------------------------------------------------------------------------


def _column(values: list[Any], integer: bool | None, numbers: Numbers) -> Column:  # noqa: FBT001 - one of the facts that decide
    """Return the column that values determine; values of several kinds determine no type."""
    kinds = _kinds(values)
    if _are_numbers(kinds):
        return Column(_number(values, kinds, integer, numbers), inferred=True)
    if kinds == {list}:
        return _of_lists([value for value in values if value is not None], numbers)
    return Column(_other(kinds), inferred=True)


def _kinds(values: Iterable[object]) -> set[type]:
    """Return the types of the values that are not null."""
    return {type(value) for value in values if value is not None}


def _other(kinds: set[type]) -> str:
    """Return the type of values that are not numbers."""
    return SINGLE.get(next(iter(kinds)), UNKNOWN_TYPE) if len(kinds) == 1 else UNKNOWN_TYPE


def _number(values: Iterable[object], kinds: set[type], integer: bool | None, numbers: Numbers) -> str:  # noqa: FBT001 - one of the facts that decide
    """Return the type of numbers, from the type that the engine computes with and from how the server writes them."""
    fractions = _have_fractions(values)
    if integer is True:
        return UNKNOWN_TYPE if fractions else "int64"
    if fractions:
        return "float64"
    if integer is None or not numbers.writes_floats:
        return UNKNOWN_TYPE
    return "float64" if float in kinds else "uint64"


def _of_lists(values: list[list[Any]], numbers: Numbers) -> Column:
    """Return the column of arrays or sequences: the lengths that all of them have, and the type of their elements."""
    filled = {_shape(value) for value in values if value}
    if not filled:
        return Column(UNKNOWN_TYPE, inferred=True)
    length, *others = _common(filled)
    return Column(_element_type(values, numbers), (length if all(values) else None, *others), inferred=True)


def _shape(value: object) -> tuple[int | None, ...]:
    """Return the lengths of nested lists, None for a dimension with several."""
    if not isinstance(value, list):
        return ()
    if not any(type(part) is list for part in value):
        return (len(value),)
    return (len(value), *_common({_shape(part) for part in value}))


def _common(shapes: set[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    """Return the lengths that shapes have in common, None for each other dimension of the longest."""
    dimensions = max(map(len, shapes))
    padded = [(*shape, *[None] * (dimensions - len(shape))) for shape in shapes]
    return tuple(lengths[0] if len(set(lengths)) == 1 else None for lengths in zip(*padded, strict=True))


def _elements(values: Iterable[object]) -> list[object]:
    """Return some elements of each of the values that are lists."""
    return [part for value in values if isinstance(value, list) for part in islice(_flat(value), SAMPLE)]


def _element_kinds(values: Iterable[object]) -> set[type]:
    """Return the types of the elements of lists that are not null."""
    return _kinds(_elements(values))


def _element_type(values: list[list[Any]], numbers: Numbers) -> str:
    """Return the type of the elements of lists."""
    elements = _elements(values)
    kinds = _kinds(elements)
    if not _are_numbers(kinds):
        return _other(kinds)
    if _have_fractions(elements):
        return "float64"
    if not numbers.writes_floats:
        return UNKNOWN_TYPE
    return "float64" if float in kinds else "int64"


# --- the schemas of a client ------------------------------------------------------------------------------------------


class Reflections:
    """The inferred schemas of the datasets that a client reads: each is inferred once, by the thread that needs it first."""

    def __init__(self, send: Send) -> None:
        """Create them from the function that sends a call."""
        self._send = send
        self._known: dict[str | None, Schema] = {}
        self._locks: dict[str | None, threading.Lock] = {}
        self._changing = threading.Lock()

    def schemas(self, names: Iterable[tuple[str | None, str | None]], call: Call) -> dict[str | None, Schema]:
        """Return the schemas of datasets by the first of their names; the second is that of the query, None for none. One of which nothing is known is left out."""
        found = {name: self.schema(source, call) for name, source in dict(names).items() if source is not None}
        return {name: schema for name, schema in found.items() if len(schema)}

    def schema(self, source: str | None, call: Call) -> Schema:
        """
        Return the schema of a dataset.

        It is not kept if it has no type, as that of a dataset without rows: the next query may find some.

        Raises:
            TqlError: a query failed; the next call of this method tries again.
            DeadlineExceeded: another thread's queries took until the timeout of the call.
            Cancelled: the call was cancelled.
        """
        found = self._known.get(source)
        if found is not None:
            return found
        with self._changing:
            lock = self._locks.setdefault(source, threading.Lock())
        _acquire(lock, call)
        try:
            return self._known.get(source) or self.refresh(source, call)
        finally:
            lock.release()

    def refresh(self, source: str | None, call: Call, *, required: bool = False) -> Schema:
        """Infer the schema of a dataset again, and return it; if *required*, raise `ProtocolError` if nothing is known of the dataset."""
        found = infer_schema(source, self._send, call)
        if required:
            require_columns(found)
        if any(column.dtype != UNKNOWN_TYPE for _, column in found.columns):
            self._known[source] = found
        return found


def _acquire(lock: threading.Lock, call: Call) -> None:
    """Acquire a lock within the time of a call."""
    while not lock.acquire(timeout=max(0.0, min(PAUSE, call.seconds_left))):
        if call.stop.is_cancelled:
            raise Cancelled(STOPPED)
        if call.seconds_left <= 0:
            raise DeadlineExceeded(WAITED)
