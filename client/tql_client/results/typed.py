"""Rows as instances of a class: dataclasses, TypedDicts, NamedTuples, pydantic's models and msgspec's structs."""

from __future__ import annotations

import sys
import types
import typing
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NotRequired,
    Protocol,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from tql.row_types import Field, fields_of, kind_of
from tql_client.errors import RowTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

T = TypeVar("T")

# Each type of a field, and the types of the values that it takes: an int is a float as well, as for type checkers.
TAKEN: dict[Any, tuple[type, ...]] = {
    float: (float, int),
    int: (int,),
    str: (str,),
    bool: (bool,),
    bytes: (bytes,),
    type(None): (type(None),),
    dict: (dict,),
    list: (list,),
}


class Columns(Protocol):
    """A result by columns."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        ...

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def __getitem__(self, name: str) -> list[Any]:
        """Return the values of a column."""
        ...

    def to_numpy(self, name: str) -> np.ndarray:
        """Return a column as an array."""
        ...


def rows_as(result: Columns, row: type[T]) -> list[T]:
    """Return the rows of a result as instances of *row*; see `Result.as_`."""
    fields = fields_of("as_", row)
    _require_columns(result, row, fields)
    present = [field for field in fields if field.column in result.names]
    columns = [_column(result, field, row) for field in present]
    return _BUILDERS[kind_of("as_", row)](row, present, columns, len(result))


def _require_columns(result: Columns, row: type, fields: list[Field]) -> None:
    """Raise `RowTypeError` unless the result has a column for each field that has no default."""
    for field in fields:
        if field.required and field.column not in result.names:
            raise RowTypeError(
                row.__name__,
                None,
                field.column,
                _shown(field.kind),
                f"no such column; the result has {', '.join(result.names)}",
            )


def _column(result: Columns, field: Field, row: type) -> list[Any]:
    """Return the values of one column for a field, checked against its type; arrays for a field of arrays."""
    wanted = _unwrapped(field.kind)
    if _is_array(wanted):
        return _arrays(result, field, row)
    values = result[field.column]
    if wanted is str and None in values:  # the engine gives None for the empty text
        values = ["" if value is None else value for value in values]
    if kind_of("as_", row) in {"pydantic", "msgspec"}:  # the library checks and converts
        return values
    _require_types(values, wanted, field, row)
    return values


def _require_types(values: list[Any], wanted: Any, field: Field, row: type) -> None:  # noqa: ANN401 - a type of any kind
    """Raise `RowTypeError` for the first value of another type; the types of a column are compared at once."""
    taken = _taken(wanted)
    if taken is not None and set(map(type, values)) <= taken:
        return
    fits = _fitting(wanted)
    for number, value in enumerate(values):
        if not fits(value):
            raise RowTypeError(row.__name__, number, field.column, _shown(field.kind), _described(value))


def _taken(wanted: Any) -> set[type] | None:  # noqa: ANN401 - a type of any kind
    """Return the exact types of all values of a type, or None if their parts have to be checked too."""
    parts = get_args(wanted) if _is_union(wanted) else (wanted,)
    if not all(part in TAKEN or part is None for part in parts):
        return None
    return {taken for part in parts for taken in TAKEN[type(None) if part is None else part]}


def _fitting(wanted: Any) -> Callable[[Any], bool]:  # noqa: ANN401 - a type of any kind
    """Return the check of a value against a type."""
    if wanted is Any or wanted is object or isinstance(wanted, TypeVar):
        return lambda _value: True
    if _is_union(wanted):
        checks = [_fitting(_unwrapped(part)) for part in get_args(wanted)]
        return lambda value: any(check(value) for check in checks)
    parts = _PARTS.get(get_origin(wanted))
    if parts is not None:
        return parts(*get_args(wanted))
    taken = TAKEN.get(type(None) if wanted is None else wanted, (wanted,))
    return lambda value: type(value) in taken


def _literals(*members: object) -> Callable[[Any], bool]:
    """Return the check of a value against a ``Literal``."""
    return lambda value: value in members


def _list_of(member: Any) -> Callable[[Any], bool]:  # noqa: ANN401 - a type of any kind
    """Return the check of a value against a type of lists."""
    check = _fitting(_unwrapped(member))
    return lambda value: isinstance(value, list) and all(map(check, value))


def _dict_of(key: Any, member: Any) -> Callable[[Any], bool]:  # noqa: ANN401 - a type of any kind
    """Return the check of a value against a type of dicts."""
    keys, members = _fitting(_unwrapped(key)), _fitting(_unwrapped(member))
    return lambda value: isinstance(value, dict) and all(keys(a) and members(b) for a, b in value.items())


_PARTS: dict[Any, Callable[..., Callable[[Any], bool]]] = {Literal: _literals, list: _list_of, dict: _dict_of}


def _is_union(wanted: Any) -> bool:  # noqa: ANN401 - a type of any kind
    """Return whether a type is a union: ``int | None`` or ``Optional[int]``."""
    return get_origin(wanted) in {Union, types.UnionType}


# The type of ``type X = ..``, which Python 3.11 does not have.
ALIASES: Any = getattr(typing, "TypeAliasType", ())


def _unwrapped(wanted: Any) -> Any:  # noqa: ANN401 - a type of any kind
    """Return a type without ``Annotated``, ``Required`` and ``NotRequired``, and the type that an alias of Python 3.12 names, such as numpy's ``NDArray``."""
    origin = get_origin(wanted)
    if origin in {Annotated, Required, NotRequired}:
        return _unwrapped(get_args(wanted)[0])
    if isinstance(origin, ALIASES):
        return _unwrapped(origin.__value__[get_args(wanted)])
    if isinstance(wanted, ALIASES):
        return _unwrapped(wanted.__value__)
    return wanted


def _is_array(wanted: Any) -> bool:  # noqa: ANN401 - a type of any kind
    """Return whether a type is that of numpy's arrays, or a union with it; numpy is not imported, as its type proves that it is."""
    numpy: Any = sys.modules.get("numpy")
    parts = map(_unwrapped, get_args(wanted) if _is_union(wanted) else (wanted,))
    return numpy is not None and any(numpy.ndarray in {part, get_origin(part)} for part in parts)


def _arrays(result: Columns, field: Field, row: type) -> list[Any]:
    """Return a column of arrays as one array for each row."""
    import numpy as np

    found = result.to_numpy(field.column)
    if found.ndim > 1:
        return list(found)
    optional = type(None) in get_args(_unwrapped(field.kind))
    arrays = []
    for number, value in enumerate(result[field.column]):
        if not (isinstance(value, list) or (value is None and optional)):
            raise RowTypeError(row.__name__, number, field.column, _shown(field.kind), _described(value))
        arrays.append(None if value is None else np.asarray(value))
    return [part.astype(np.float32) if part is not None and part.dtype.kind == "f" else part for part in arrays]


def _of_constructor(row: Any, fields: list[Field], columns: list[list[Any]], size: int) -> list[Any]:  # noqa: ANN401 - a type of rows
    """Return instances whose constructor takes the fields by position, or by name after a field that is left out."""
    names = [field.name for field in fields]
    if _in_order(row, names):
        return list(map(row, *columns)) if columns else [row() for _ in range(size)]
    return [row(**values) for values in _dicts(names, columns, size)]


def _in_order(row: Any, names: list[str]) -> bool:  # noqa: ANN401 - a type of rows
    """Return whether the first parameters of a constructor are the fields; those that are left out have defaults."""
    if hasattr(row, "_fields"):
        return list(row._fields[: len(names)]) == names
    own = row.__init__.__code__
    positional = own.co_varnames[1 : own.co_argcount]
    return list(positional[: len(names)]) == names


def _dicts(names: list[str], columns: list[list[Any]], size: int) -> Iterator[dict[str, Any]]:
    """Yield the fields of each row by name."""
    if not columns:
        return iter([{} for _ in range(size)])
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _of_typeddict(_row: Any, fields: list[Field], columns: list[list[Any]], size: int) -> list[Any]:  # noqa: ANN401 - a type of rows
    """Return dicts."""
    return list(_dicts([field.name for field in fields], columns, size))


def _of_pydantic(row: Any, fields: list[Field], columns: list[list[Any]], size: int) -> list[Any]:  # noqa: ANN401 - a type of rows
    """Return models, validated by pydantic."""
    error = sys.modules["pydantic"].ValidationError
    found = []
    for number, values in enumerate(_dicts([field.column for field in fields], columns, size)):
        try:
            found.append(row.model_validate(values))
        except error as failed:
            first = failed.errors()[0]
            column = str(first["loc"][0]) if first["loc"] else ""
            wanted = next(
                (_shown(field.kind) for field in fields if column in {field.column, field.name}), row.__name__
            )
            raise RowTypeError(
                row.__name__, number, column, wanted, f"{_described(values.get(column))}: {first['msg']}"
            ) from failed
    return found


def _of_msgspec(row: Any, fields: list[Field], columns: list[list[Any]], size: int) -> list[Any]:  # noqa: ANN401 - a type of rows
    """Return structs, validated by msgspec."""
    msgspec = sys.modules["msgspec"]
    found = []
    for number, values in enumerate(_dicts([field.column for field in fields], columns, size)):
        try:
            found.append(msgspec.convert(values, row))
        except msgspec.ValidationError as failed:
            column = str(failed).rpartition("`$.")[2].partition("`")[0].partition("[")[0]
            wanted = next((_shown(field.kind) for field in fields if field.column == column), row.__name__)
            raise RowTypeError(
                row.__name__, number, column, wanted, f"{_described(values.get(column))}: {failed}"
            ) from failed
    return found


_BUILDERS: dict[str, Callable[[Any, list[Field], list[list[Any]], int], list[Any]]] = {
    "dataclass": _of_constructor,
    "namedtuple": _of_constructor,
    "typeddict": _of_typeddict,
    "pydantic": _of_pydantic,
    "msgspec": _of_msgspec,
}


def _shown(kind: Any) -> str:  # noqa: ANN401 - a type of any kind
    """Return a type as Python."""
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind).replace("typing.", "")


def _described(value: object) -> str:
    """Return a value, shortened, with its type."""
    text = repr(value)
    shown = text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - one line of a terminal
    return shown if value is None else f"{shown} ({type(value).__name__})"
