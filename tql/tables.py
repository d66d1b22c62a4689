"""Tables: classes whose annotations are the columns of a dataset, with types for checkers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from tql.builder.query import select
from tql.columns import (
    Array,
    Bool,
    Bytes,
    Column,
    Condition,
    Image,
    Json,
    JsonValue,
    Label,
    Matrix,
    Number,
    Ordered,
    Text,
    Vector,
)
from tql.expressions.expr import Expr, col, expression
from tql.messages import shown
from tql.row_types import fields_of
from tql.statement import Dataset
from tql.values.literal import name as valid_name
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record
from tql_grammar.schema import UNKNOWN_TYPE, did_you_mean
from tql_grammar.schema import Column as SchemaColumn

if TYPE_CHECKING:
    from tql.builder.query import Query
    from tql.columns import Output
    from tql_grammar.schema import Schema

T = TypeVar("T", bound="type[Table]")
HINT = "year: Number[int], title: Text, embedding: Vector, meta: Json"
# The types of columns that annotations name; `Any` is the type of a column whose values do not determine one.
TYPES = {
    kind.__name__: kind
    for kind in (Column, Ordered, Number, Label, Bool, Text, Array, Vector, Matrix, Image, Json, Bytes)
}
ANY = "Any"


class Name(Record):
    """The name of a column in the dataset, where the attribute of the table has another."""

    column: str


def named(column: str) -> Any:  # noqa: ANN401 - the annotation of the attribute says the type
    """
    Return the value of an attribute of a `Table` for a column whose name is no Python name.

    Example: with ``pages: Number[int] = named("page count")`` in ``Docs``, ``select(Docs.pages)`` generates ``select "page count"``.

    Raises:
        ArgumentError: *column* is not a valid name.
    """
    return Name(valid_name("named", column))


class Table:
    """
    The base of classes whose annotations are the columns of a dataset.

    Attributes:
        __schema__: the schema of the dataset, or None.

    With ``class Docs(Table): year: Number[int]``, ``Docs.year`` is an `Expr`, as ``col("year")`` is, and type checkers know the operators that the engine has for it.
    ``Docs["page count"]`` is a column by its name in the dataset, and ``from_(Docs)`` reads the dataset of the table.

    Attributes:
        __schema__: the schema that the class declares, or None.
    """

    __schema__: ClassVar[Schema | None] = None
    __dataset__: ClassVar[Dataset] = Dataset(None)
    __names__: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, *, source: str | None = None, schema: Schema | None = None) -> None:
        """
        Create the columns.

        Args:
            source: the url of the dataset, which `from_` needs; a query without `from_` reads the dataset of the client.
            schema: the columns of the dataset with their types in the engine, as ``tql codegen`` writes them.

        Raises:
            ArgumentError: an annotation is no type of a column, or the schema has no such column, or another type for it.
        """
        super().__init_subclass__()
        types = _annotations(cls)
        names = {attribute: _column_name(cls, attribute) for attribute in types}
        base = cls.__dataset__
        if schema is not None:
            for attribute, kind in types.items():
                _require_column(f"{cls.__name__}.{attribute}", names[attribute], kind, schema)
        cls.__names__ = {**cls.__names__, **names}
        url = base.url if source is None else valid_name("source", source)
        _place(cls, Dataset(url, base.alias, base.schema if schema is None else schema))

    def __class_getitem__(cls, column: str) -> Expr:
        """
        Return a column by its name in the dataset.

        Raises:
            ArgumentError: the table has no such column.
        """
        schema = cls.__dataset__.schema
        known = dict.fromkeys([*cls.__names__.values(), *(schema or ())])
        if column not in known:
            raise ArgumentError(cls.__name__, f"has no column {column!r}", "", did_you_mean(str(column), known))
        return col(column, cls.__dataset__.alias)

    @classmethod
    def select_as(cls, row: type, /, **computed: Output | None) -> Query:
        """
        Return a query of the columns that the fields of *row* name, from the dataset of the table.

        Example: with ``class Hit(NamedTuple): id: int; title: str``, ``Docs.select_as(Hit)`` generates ``select id, title``, and ``client.query(query, into=Hit)`` returns a list of ``Hit``.

        Args:
            row: a dataclass, TypedDict or NamedTuple, or a model of pydantic or a struct of msgspec.
            computed: the expressions of fields that are no columns; None for a field that a search adds, such as ``score=None``.

        Raises:
            ArgumentError: a field is neither a column nor computed, or *row* is another type.
        """
        fields = fields_of("select_as", row)
        labels = [field.column for field in fields]
        for extra in computed:
            if extra not in labels:
                hint = did_you_mean(extra, labels, "fields")
                raise ArgumentError("select_as", f"takes the fields of {row.__name__}", repr(extra), hint)
        named_outputs = {label: column for label, column in computed.items() if column is not None}
        outputs = (_output(cls, label, named_outputs) for label in labels if computed.get(label, label) is not None)
        query = select(*outputs)
        return query if cls.__dataset__.url is None else query.from_(cls)


def _output(table: type[Table], label: str, computed: dict[str, Output]) -> Expr:
    """Return the output of one field of a row: what is computed, by the name of the field, or a column."""
    return (
        Expr(expression("select_as", computed[label])).as_(label)
        if label in computed
        else table.__class_getitem__(label)
    )


def aliased(table: T, alias: str) -> T:
    """
    Return a table whose columns name their source, for joins.

    Example: with ``a = aliased(Docs, "a")``, ``a.year`` is ``col("year", of="a")``, and ``from_(a)`` reads the dataset as ``a``.

    Raises:
        ArgumentError: *alias* is not a valid name.
    """
    label = valid_name("alias", alias)
    copy: T = type(table.__name__, (table,), {})  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # a subclass of *table*
    _place(copy, table.__dataset__.replace(alias=label))
    return copy


def _place(table: type[Table], dataset: Dataset) -> None:
    """Set the dataset of a table, and its columns, which name the alias of the dataset."""
    table.__dataset__, table.__schema__ = dataset, dataset.schema
    for attribute, label in table.__names__.items():
        setattr(table, attribute, col(label, dataset.alias))


def _annotations(table: type) -> dict[str, str]:
    """Return the name of the type of each annotated column, without evaluating texts, which may name what only checkers import."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        given: dict[str, Any] = get_annotations(table, format=Format.STRING)
    else:
        given = table.__dict__.get("__annotations__", {})  # noqa: RUF063 - `inspect` costs more than all of `import tql`
    found = {attribute: _type_name(annotation) for attribute, annotation in given.items()}
    for attribute, kind in found.items():
        if kind not in TYPES and kind != ANY:
            place = f"{table.__name__}.{attribute}"
            raise ArgumentError(place, f"takes the type of a column: {', '.join(TYPES)}", shown(given[attribute]), HINT)
    return found


def _type_name(annotation: object) -> str:
    """Return the name of the class in an annotation: "Number" for ``tables.Number[int]``."""
    if isinstance(annotation, str):
        return annotation.partition("[")[0].rpartition(".")[2].strip()
    return str(getattr(getattr(annotation, "__origin__", annotation), "__name__", annotation))


def _column_name(table: type, attribute: str) -> str:
    """Return the name of the column of an attribute."""
    given = table.__dict__.get(attribute)
    if isinstance(given, Name):
        return given.column
    place = f"{table.__name__}.{attribute}"
    if given is not None:
        raise ArgumentError(place, 'takes no value other than named("..")', shown(given), HINT)
    if attribute.startswith("_") or hasattr(Table, attribute):
        hint = f'give it another name: other: .. = named("{attribute}")'
        raise ArgumentError(place, "takes a name that is not one of Table, and begins with no underscore", "", hint)
    return attribute


def _require_column(place: str, label: str, kind: str, schema: Schema) -> None:
    """Raise ArgumentError unless the schema has a column of a type."""
    if label not in schema:
        raise ArgumentError(place, "takes a column of the schema", repr(label), did_you_mean(label, schema))
    meant = type_of(schema[label])
    name = meant.partition("[")[0]
    if ANY not in {kind, name} and not issubclass(TYPES[name], TYPES[kind]):
        why = f"the column is {schema[label]}"
        raise ArgumentError(
            place, f"takes the type {meant}", kind, f"write {place.rpartition('.')[2]}: {meant}", why=why
        )


def type_of(column: SchemaColumn) -> str:
    """Return the type of a column of a table, as Python: ``Number[int]``, ``Text[str | None]``."""
    value = value_of(column)
    if column.dtype == UNKNOWN_TYPE:
        return ANY
    if column.is_single:
        return _type_of_single(column, value)
    if column.kind == "image":
        return "Image"
    if value is None or column.kind == "other":
        return "Column[Any]"
    if len(column.shape) > 1:
        return f"Matrix[{value}]"
    return "Vector" if value == "float" and column.kind != "sequence" else f"Array[{value}]"


def _type_of_single(column: SchemaColumn, value: str | None) -> str:
    """Return the type of a column of single values."""
    if column.is_label:
        name = "Label"
    else:
        name = {"str": "Text", "bool": "Bool", "int": "Number", "float": "Number"}.get(value or "", "")
    if not name:
        return "Json" if column.dtype == "json" else "Bytes"
    if column.nullable:
        return f"{name}[{value} | None]"
    return f"Number[{value}]" if name == "Number" else name


def value_of(column: SchemaColumn) -> str | None:
    """Return the Python type of the elements of a column, or None for JSON, bytes and unknown types."""
    if column.dtype in VALUES:
        return VALUES[column.dtype]
    return "int" if "int" in column.dtype else "float" if "float" in column.dtype else None


VALUES = {"text": "str", "bool": "bool", "json": None, "bytes": None, UNKNOWN_TYPE: None}

__all__ = [
    "Array",
    "Bool",
    "Bytes",
    "Column",
    "Condition",
    "Image",
    "Json",
    "JsonValue",
    "Label",
    "Matrix",
    "Number",
    "Ordered",
    "Table",
    "Text",
    "Vector",
    "aliased",
    "named",
]
