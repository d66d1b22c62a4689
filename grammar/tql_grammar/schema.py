"""Schemas: the type, shape and indexes of each column of a dataset, and their notation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record
from tql_grammar.stored import stored_columns
from tql_grammar.suggestions import nearest, type_hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
DTYPES = (*INTEGERS, *FLOATS, "bool", "text", "json", "bytes")
# The type of an inferred column whose values do not determine one.
UNKNOWN_TYPE = "unknown"
# The types without arithmetic, or without known arithmetic.
NOT_NUMERIC = frozenset({"text", "json", "bytes", UNKNOWN_TYPE})
KINDS = ("embedding", "class label", "sequence", "image", "other")
# Not an index, but said with them: the engine does not update its indexes with the rows.
STALE = "stale"
INDEXES = ("inverted", "bm25", "exact", "quantized", "matrix", STALE)
TEXT_INDEXES = frozenset({"inverted", "bm25", "exact"})
# The fields of a column that its description leaves out, with their types in JSON.
MORE: Mapping[str, type] = {"classes": list, "keys": list, "boxes": str}
RULE = 'takes a JSON object with a description for each column, such as {"id": "int64", "text": "text bm25"}'
WRITING = "write the file by `Schema.save`, or by `tql schema PATH > schema.json`"
COLUMN = re.compile(
    r"(?P<prefix>(?:nullable|inferred) )?(?:(?P<kind>class label|sequence|image|other) )?(?P<dtype>[a-z]\w*)"
    r"(?:\[(?P<shape>[\d?, ]+)\])?(?P<indexes>(?: [a-z]\w*)*)"
)


class Column(Record):
    """
    The type of a column.

    Its description is ``int64``, ``nullable text``, ``text bm25``, ``embedding[384]``, ``float32[?, 8]``, ``sequence int64``, ``class label int32``:
    the type of the elements, the shape with ``?`` for a length that varies from row to row, and the indexes.
    ``inferred int64`` describes a column of which only values are known: see *inferred*.

    Attributes:
        dtype: a name in `DTYPES`; "unknown" for an inferred column whose values do not determine its type.
        shape: () for single values.
        nullable: whether a value can be null.
        kind: a name in `KINDS`, or "" for plain values and arrays.
        indexes: names in `INDEXES`; the engine does not report which of the three text indexes a column has. "stale" says that rows were updated after an index was built, or deleted and others appended: the engine still finds them by their old values, or not at all. An index of embeddings is stale after rows were deleted: a search by it has fewer rows than its limit.
        classes: the names of the classes of a class label, in the order of their numbers.
        inferred: whether the type is that of values that were returned: the widest one that has them, int64 for each type of integers except uint64, float64 for each type of floats.
            Whether a value can be null, and which indexes there are, is then unknown, not denied.
        keys: keys that values of a JSON column have, as far as rows were read; they are proposed while a query is typed, and nothing else.
        boxes: the format and the unit of bounding boxes, "ltwh pixel": "ccwh", "ltwh" or "ltrb", in "pixel" or "fractional"; "" where the dataset does not say.
    """

    dtype: str
    shape: tuple[int | None, ...] = ()
    nullable: bool = False
    kind: str = ""
    indexes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    inferred: bool = False
    keys: tuple[str, ...] = ()
    boxes: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Return the column that *text* describes.

        Raises:
            ArgumentError: *text* is not a description of a column.
        """
        found = COLUMN.fullmatch(" ".join(text.split()))
        if not found:
            raise _unreadable(text)
        dtype, kind, indexes = found["dtype"], found["kind"] or "", tuple(found["indexes"].split())
        nullable, inferred = (found["prefix"] == f"{word} " for word in ("nullable", "inferred"))
        if dtype == "embedding" and not inferred:
            dtype, kind = "float32", "embedding"
        column = cls(dtype, _parse_shape(found["shape"] or ""), nullable, kind, indexes, inferred=inferred)
        if not _is_valid(column):
            raise _unreadable(text)
        return column

    def __str__(self) -> str:
        """Return the description that `parse` reads."""
        embedding = self.kind == "embedding" and self.dtype == "float32"
        kind = "" if embedding or not self.kind else f"{self.kind} "
        shape = _shape_text(self.shape)
        indexes = "".join(f" {index}" for index in self.indexes)
        prefix = "inferred " if self.inferred else "nullable " if self.nullable else ""
        return f"{prefix}{kind}{'embedding' if embedding else self.dtype}{shape}{indexes}"

    @property
    def is_single(self) -> bool:
        """Whether a row has one value, not an array or a sequence."""
        return not self.shape and self.kind not in {"sequence", "image", "other"}

    @property
    def is_text(self) -> bool:
        """Whether a row has one text."""
        return self.dtype == "text" and self.is_single

    @property
    def is_number(self) -> bool:
        """Whether a row has one number; a class label is a number."""
        return self.dtype in INTEGERS + FLOATS and self.is_single

    @property
    def is_indexed(self) -> bool:
        """Whether the engine may use an index of the column; every embedding has one, built or not."""
        return bool(self.indexes) or self.kind == "embedding"

    @property
    def is_stale(self) -> bool:
        """Whether the index of the column has old values of rows."""
        return STALE in self.indexes

    @property
    def is_label(self) -> bool:
        """Whether the column is a class label."""
        return self.kind == "class label"


class Schema(Record):
    """
    The columns of a dataset, in order: ``Schema(id="int64", text="text bm25", embedding="embedding[384]")``.

    With a schema, the builder generates comparisons, orders and slices for the types of the columns, and the check finds unknown columns and wrong types.

    Attributes:
        columns: each name with its `Column`.
    """

    columns: tuple[tuple[str, Column], ...] = ()

    def __init__(self, columns: Mapping[str, Column | str] | None = None, **named: Column | str) -> None:
        """
        Create a schema from columns, each a description or a `Column`; a mapping can have names that are not Python identifiers.

        Raises:
            ArgumentError: a description is invalid; see `Column`.
        """
        if columns is not None and not isinstance(columns, Mapping):
            hint = (
                'Schema(id="int64", text="text") or Schema({"id": "int64"}); of a dataset: Schema.from_dataset(dataset)'
            )
            raise ArgumentError("Schema", "takes the types of columns by their names", type(columns).__name__, hint)
        given = {**(columns or {}), **named}
        super().__init__(tuple((name, _column(column)) for name, column in given.items()))

    @classmethod
    def from_dataset(cls, dataset: Any) -> Self:  # noqa: ANN401 - the engine ships no types
        """
        Return the schema of a dataset, or of a view, that is open in the engine.

        Raises:
            ArgumentError: *dataset* is a path.
        """
        if isinstance(dataset, (str, PathLike)):
            hint = f'Schema.from_dataset(deeplake.open_read_only("{dataset}")); in a terminal: tql schema {dataset}'
            raise ArgumentError("Schema.from_dataset", "takes an open dataset", repr(dataset), hint)
        return cls({name: Column(**facts) for name, facts in stored_columns(dataset, DTYPES, STALE)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """
        Return the schema that `to_json` wrote.

        Raises:
            ArgumentError: *text* is not a JSON object of descriptions.
        """
        return cls(_columns_of("Schema.from_json", "", _json("Schema.from_json", "", text)))

    def to_json(self) -> str:
        """Return the schema as a JSON object: each name with its description."""
        import json

        return json.dumps({name: _to_json(column) for name, column in self.columns}, indent=2, ensure_ascii=False)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """
        Return the schema in a JSON file, as `save` and ``tql schema`` write it.

        Raises:
            ArgumentError: the file cannot be read, or has no JSON object of descriptions.
        """
        found = read_schemas(path)
        if not isinstance(found, Schema):
            hint = f"pass one of them to Schema(..); `tql check --schema` takes the file, which has {', '.join(found)}"
            raise ArgumentError("Schema.load", "takes a file with the columns of one dataset", repr(str(path)), hint)
        return cls(found.as_dict())

    def save(self, path: str | PathLike[str]) -> None:
        """
        Write the schema to a JSON file, which `load` and ``tql check --schema`` read.

        Raises:
            ArgumentError: the file cannot be written.
        """
        from pathlib import Path

        try:
            Path(path).write_text(self.to_json() + "\n", encoding="utf-8", newline="\n")
        except (OSError, ValueError) as error:
            raise ArgumentError(
                "Schema.save", "takes the path of a file to write", f"{str(path)!r} ({error})"
            ) from None

    @property
    def inferred(self) -> bool:
        """Whether a column is inferred; then the indexes of the dataset are unknown."""
        return any(column.inferred for _, column in self.columns)

    def __hash__(self) -> int:
        """Agree with ``==``; it is computed once, since the cache of compiled texts asks for each query."""
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = super().__hash__()
        return known

    def __repr__(self) -> str:
        """Return the constructor call of an equal schema."""
        written = ", ".join(
            f"{name!r}: {column!r}" if _more(column) else f"{name!r}: {str(column)!r}" for name, column in self.columns
        )
        return f"Schema({{{written}}})"

    def __getitem__(self, name: str) -> Column:
        """Return a column by its name."""
        return self.as_dict()[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a column of this name."""
        return name in self.as_dict()

    def __iter__(self) -> Iterator[str]:
        """Yield the names in order."""
        return iter(self.as_dict())

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    def as_dict(self) -> dict[str, Column]:
        """Return the columns by name."""
        known: dict[str, Column] | None = self.__dict__.get("_by_name")
        if known is None:
            known = self.__dict__["_by_name"] = dict(self.columns)
        return known


def read_schemas(path: str | PathLike[str]) -> Schema | dict[str, Schema]:
    """
    Return the schema in a JSON file, or the schemas of several datasets by url.

    Raises:
        ArgumentError: the file cannot be read, or has no JSON object of descriptions.
    """
    from pathlib import Path

    subject = "Schema.load"
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ArgumentError(subject, "takes the path of a JSON file", f"{str(path)!r} ({error})", WRITING) from None
    found, place = _json(subject, f"{path}: ", text), f"{path}: "
    several = found and all(isinstance(part, dict) and "type" not in part for part in found.values())
    if not several:
        return Schema(_columns_of(subject, place, found))
    return {url: Schema(_columns_of(subject, f"{place}{url}: ", columns)) for url, columns in found.items()}


def _json(subject: str, place: str, text: str) -> dict[str, Any]:
    """Return the JSON object of a text, without a name that is twice in an object."""
    import json

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ArgumentError(subject, RULE, f"{place}{twice!r} twice", WRITING)
        return found

    try:
        found = json.loads(text, object_pairs_hook=once)
    except ArgumentError:
        raise
    except (ValueError, RecursionError) as error:
        raise ArgumentError(subject, RULE, f"{place}not JSON ({error})", WRITING) from None
    if not isinstance(found, dict):
        raise ArgumentError(subject, RULE, f"{place}{text[:60]!r}", WRITING)
    return found


def _columns_of(subject: str, place: str, found: Mapping[str, Any]) -> dict[str, Column]:
    """Return the columns of a JSON object."""
    columns = {}
    for name, value in found.items():
        column = _from_json(value)
        if column is None:
            raise ArgumentError(subject, RULE, f"{place}the column {name!r} with {str(value)[:60]!r}", WRITING)
        columns[name] = column
    return columns


def did_you_mean(name: str, names: Iterable[str], kind: str = "columns") -> str:
    """Return a hint with the nearest of *names* and a list of them; *kind* is the plural noun for the list."""
    known = list(names)
    near = nearest(name, known)
    listed = f"the {kind} are {', '.join(known[:12])}{', ..' if len(known) > len(known[:12]) else ''}"
    return f"did you mean {near!r}? {listed}" if near else listed


def _parse_shape(text: str) -> tuple[int | None, ...]:
    """Return the lengths between the brackets of a description."""
    return tuple(None if part.strip() == "?" else int(part) for part in text.split(",") if part)


def _shape_text(shape: tuple[int | None, ...]) -> str:
    """Return a shape in brackets, empty for single values."""
    return f"[{', '.join('?' if length is None else str(length) for length in shape)}]" if shape else ""


def _is_valid(column: Column) -> bool:
    """Tell whether the parts of a description exist and fit together."""
    if column.inferred:
        return column.dtype in {*DTYPES, UNKNOWN_TYPE} and not (column.kind or column.indexes)
    return column.dtype in DTYPES and set(column.indexes) <= set(INDEXES)


def _column(given: Column | str) -> Column:
    """Return a column from its description."""
    if isinstance(given, Column):
        return given
    if not isinstance(given, str):
        raise _unreadable(given)
    return Column.parse(given)


def _unreadable(given: object) -> ArgumentError:
    """Return the error for an invalid description of a column."""
    rule = f"takes descriptions of columns: a type ({', '.join(DTYPES)}, embedding), a shape in brackets, indexes ({', '.join(INDEXES)})"
    advice = f'{type_hint(given)}such as "int64", "text bm25", "nullable text", "embedding[384]", "int32[?]" for rows of any length'
    return ArgumentError("Schema", rule, repr(given), advice)


def _more(column: Column) -> dict[str, Any]:
    """Return the fields of a column that its description leaves out: the names of its classes, its keys and the format of its boxes."""
    return {name: kind(getattr(column, name)) for name, kind in MORE.items() if getattr(column, name)}


def _to_json(column: Column) -> object:
    """Return a column as JSON: its description, or an object with what else is known of it."""
    more = _more(column)
    return {"type": str(column), **more} if more else str(column)


def _from_json(value: Any) -> Column | None:  # noqa: ANN401 - JSON
    """Return a column from JSON, or None for any other value."""
    if not isinstance(value, dict):
        return _described(value)
    column, more = _described(value.get("type")), {name: value[name] for name in MORE if name in value}
    if column is None or not more or any(type(found) is not MORE[name] for name, found in more.items()):
        return None
    fields = {name: tuple(map(str, found)) if MORE[name] is list else found for name, found in more.items()}
    return column.replace(**fields)


def _described(text: object) -> Column | None:
    """Return the column that a text describes, or None for any other value."""
    try:
        return Column.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None
