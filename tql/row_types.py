"""Types of rows: the fields of dataclasses, TypedDicts, NamedTuples, pydantic's models and msgspec's structs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, Required, get_origin, get_type_hints, is_typeddict

from tql.messages import shown
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = "a dataclass, TypedDict or NamedTuple, a model of pydantic or a struct of msgspec"


class Field(NamedTuple):
    """
    One field of a type of rows.

    Attributes:
        name: the name of the field.
        column: the name of the column: the alias of the field in pydantic and msgspec, if it has one.
        kind: its type.
        required: whether a row needs it.
    """

    name: str
    column: str
    kind: Any
    required: bool


def _of_dataclass(row: Any) -> list[Field]:  # noqa: ANN401 - a type of any kind
    """Return the fields of a dataclass that its constructor takes."""
    hints = _hints(row)
    missing = sys.modules["dataclasses"].MISSING
    return [
        Field(one.name, one.name, hints[one.name], one.default is missing and one.default_factory is missing)
        for one in row.__dataclass_fields__.values()
        if one.init and one._field_type.name == "_FIELD"  # noqa: SLF001 - without importing `dataclasses`
    ]


def _of_typeddict(row: Any) -> list[Field]:  # noqa: ANN401 - a type of any kind
    """Return the keys of a TypedDict."""
    hints = get_type_hints(row, include_extras=True)
    return [Field(name, name, kind, _is_required(row, name, kind)) for name, kind in hints.items()]


def _is_required(row: Any, name: str, kind: object) -> bool:  # noqa: ANN401 - a type of any kind
    """Return whether a TypedDict needs a key; Python before 3.13 does not see NotRequired in an annotation that is a text."""
    origin = get_origin(kind)
    return origin is Required or (origin is not NotRequired and name in row.__required_keys__)


def _of_namedtuple(row: Any) -> list[Field]:  # noqa: ANN401 - a type of any kind
    """Return the fields of a NamedTuple."""
    hints = _hints(row)
    return [Field(name, name, hints.get(name, Any), name not in row._field_defaults) for name in row._fields]


def _of_pydantic(row: Any) -> list[Field]:  # noqa: ANN401 - a type of any kind
    """Return the fields of a model of pydantic."""
    return [
        Field(name, str(one.validation_alias or one.alias or name), one.annotation, one.is_required())
        for name, one in row.model_fields.items()
    ]


def _of_msgspec(row: Any) -> list[Field]:  # noqa: ANN401 - a type of any kind
    """Return the fields of a struct of msgspec."""
    hints = _hints(row)
    optional = row.__struct_fields__[len(row.__struct_fields__) - len(row.__struct_defaults__) :]
    nodefault = getattr(sys.modules["msgspec"], "NODEFAULT", None)
    defaults = dict(zip(optional, row.__struct_defaults__, strict=True))
    return [
        Field(name, column, hints[name], defaults.get(name, nodefault) is nodefault)
        for name, column in zip(row.__struct_fields__, row.__struct_encode_fields__, strict=True)
    ]


def _hints(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a type of any kind
    """Return the types of the fields of a class, its annotations evaluated."""
    return get_type_hints(row)


# How each kind is recognized, its fields; no library is imported, as a type of its own proves that it is.
READERS: tuple[tuple[str, Callable[[Any], bool], Callable[[Any], list[Field]]], ...] = (
    ("typeddict", is_typeddict, _of_typeddict),
    ("pydantic", lambda row: hasattr(row, "model_fields") and hasattr(row, "model_validate"), _of_pydantic),
    ("msgspec", lambda row: hasattr(row, "__struct_fields__"), _of_msgspec),
    ("dataclass", lambda row: hasattr(row, "__dataclass_fields__"), _of_dataclass),
    ("namedtuple", lambda row: issubclass(row, tuple) and hasattr(row, "_fields"), _of_namedtuple),
)


def kind_of(subject: str, row: object) -> str:
    """
    Return the kind of a type of rows: "dataclass", "typeddict", "namedtuple", "pydantic" or "msgspec".

    Raises:
        ArgumentError: it is none of them.
    """
    for name, is_kind, _ in READERS:
        if isinstance(row, type) and is_kind(row):
            return name
    raise ArgumentError(subject, f"takes {KINDS}", shown(row))


def fields_of(subject: str, row: type) -> list[Field]:
    """
    Return the fields of a type of rows.

    Raises:
        ArgumentError: it is no such type, has no fields, or its annotations cannot be evaluated.
    """
    kind = kind_of(subject, row)
    reader = next(read for name, _, read in READERS if name == kind)
    try:
        found = reader(row)
    except NameError as error:
        hint = "import the type at run time too, not only for checkers, or define the class at the top of a module"
        raise ArgumentError(
            subject, "takes a type whose annotations exist at run time", f"{row.__name__}: {error}", hint
        ) from None
    if not found:
        raise ArgumentError(subject, "takes a type with fields", row.__name__)
    return found
