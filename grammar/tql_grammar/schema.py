"""Schemas: the type, shape and indexes of each column of a dataset, and their notation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
DTYPES = (*INTEGERS, *FLOATS, "bool", "text", "json", "bytes")
# The types without arithmetic.
NOT_NUMERIC = frozenset({"text", "json", "bytes"})
KINDS = ("embedding", "class label", "sequence", "image", "other")
# Not an index, but said with them: the engine does not update its indexes with the rows.
STALE = "stale"
INDEXES = ("inverted", "bm25", "exact", "quantized", "matrix", STALE)
TEXT_INDEXES = frozenset({"inverted", "bm25", "exact"})
# The engine's names of the indexes; every embedding has the index "clustered".
ENGINE_INDEXES = {
    "inverted_index": "inverted",
    "bm25": "bm25",
    "exact_text": "exact",
    "clustered_quantized": "quantized",
}
ENGINE_DTYPES = {"object": "json"}
ENGINE_KINDS = {"Embedding": "embedding", "ClassLabel": "class label", "Sequence": "sequence", "Image": "image"}
PLAIN_KINDS = frozenset({"Generic", "Text", "Dict", "Nullable"})
LARGEST_LENGTH = 2**32
# Operations in the history of a dataset.
BUILT = re.compile(r"Added (?P<kind>inverted|clustered) index block .* to column (?P<column>\d+)")
UPDATED = re.compile(r"Updated \d+ rows in column (?P<column>\d+)")
DROPPED = re.compile(r"Dropped \w+ index on column (?P<column>\d+)")
COLUMN = re.compile(
    r"(?P<nullable>nullable )?(?:(?P<kind>class label|sequence|image|other) )?(?P<dtype>[a-z]\w*)"
    r"(?:\[(?P<shape>[\d?, ]*)\])?(?P<indexes>(?: [a-z]\w*)*)"
)


class Column(Record):
    """
    The type of a column.

    Its description is ``int64``, ``nullable text``, ``text bm25``, ``embedding[384]``, ``float32[?, 8]``, ``sequence int64``, ``class label int32``:
    the type of the elements, the shape with ``?`` for a length that varies from row to row, and the indexes.

    Attributes:
        dtype: a name in `DTYPES`.
        shape: () for single values.
        nullable: whether a value can be null.
        kind: a name in `KINDS`, or "" for plain values and arrays.
        indexes: names in `INDEXES`; the engine does not report which of the three text indexes a column has. "stale" says that rows were updated after an index was built: the engine still finds them by their old values.
        classes: the names of the classes of a class label, in the order of their numbers.
    """

    dtype: str
    shape: tuple[int | None, ...] = ()
    nullable: bool = False
    kind: str = ""
    indexes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

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
        if dtype == "embedding":
            dtype, kind = "float32", "embedding"
        if dtype not in DTYPES or set(indexes) - set(INDEXES):
            raise _unreadable(text)
        shape = tuple(None if part.strip() == "?" else int(part) for part in (found["shape"] or "").split(",") if part)
        return cls(dtype, shape, bool(found["nullable"]), kind, indexes)

    def __str__(self) -> str:
        """Return the description that `parse` reads."""
        embedding = self.kind == "embedding" and self.dtype == "float32"
        kind = "" if embedding or not self.kind else f"{self.kind} "
        shape = f"[{', '.join('?' if length is None else str(length) for length in self.shape)}]" if self.shape else ""
        indexes = "".join(f" {index}" for index in self.indexes)
        nullable = "nullable " if self.nullable else ""
        return f"{nullable}{kind}{'embedding' if embedding else self.dtype}{shape}{indexes}"

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
        given = {**(columns or {}), **named}
        super().__init__(tuple((name, _column(column)) for name, column in given.items()))

    @classmethod
    def from_dataset(cls, dataset: Any) -> Self:  # noqa: ANN401 - the engine ships no types
        """Return the schema of a dataset, or of a view, that is open in the engine."""
        outdated = stale_indexes(getattr(dataset, "history", None) or ())
        return cls({column.name: _of_engine(dataset, column, outdated) for column in dataset.schema.columns})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """
        Return the schema that `to_json` wrote.

        Raises:
            ArgumentError: *text* is not a JSON object of descriptions.
        """
        import json

        try:
            found = json.loads(text)
            return cls({name: _from_json(value) for name, value in found.items()})
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            if isinstance(error, ArgumentError):
                raise
            rule = 'takes a JSON object such as {"id": "int64", "text": "text bm25"}'
            raise ArgumentError("Schema.from_json", rule, repr(text[:60])) from None

    def to_json(self) -> str:
        """Return the schema as a JSON object: each name with its description."""
        import json

        return json.dumps({name: _to_json(column) for name, column in self.columns}, indent=2, ensure_ascii=False)

    def __hash__(self) -> int:
        """Agree with ``==``; it is computed once, since the cache of compiled texts asks for each query."""
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = super().__hash__()
        return known

    def __repr__(self) -> str:
        """Return the constructor call of an equal schema."""
        written = ", ".join(
            f"{name!r}: {column!r}" if column.classes else f"{name!r}: {str(column)!r}" for name, column in self.columns
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


def did_you_mean(name: str, names: Iterable[str], kind: str = "columns") -> str:
    """Return a hint with the nearest of *names* and a list of them; *kind* is the plural noun for the list."""
    known = list(names)
    near = nearest(name, known)
    listed = f"the {kind} are {', '.join(known[:12])}{', ..' if len(known) > len(known[:12]) else ''}"
    return f"did you mean {near!r}? {listed}" if near else listed


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
    return ArgumentError("Schema", rule, repr(given), 'such as "int64", "text bm25", "nullable text", "embedding[384]"')


def _to_json(column: Column) -> object:
    """Return a column as JSON: its description, or an object with the names of its classes."""
    return {"type": str(column), "classes": list(column.classes)} if column.classes else str(column)


def _from_json(value: Any) -> Column:  # noqa: ANN401 - JSON
    """Return a column from JSON."""
    if isinstance(value, str):
        return Column.parse(value)
    return Column.parse(value["type"]).replace(classes=tuple(map(str, value["classes"])))


def stale_indexes(history: Iterable[Any]) -> frozenset[str]:
    """
    Return the kinds of indexes, "inverted" and "clustered", of which one was built before rows of its column were updated.

    The history of a dataset names columns by numbers only, so all indexes of a kind count as stale.
    """
    kinds: dict[str, str] = {}
    stale: dict[str, str] = {}
    for operation in (str(one) for version in history for one in getattr(version, "operations", ())):
        if found := BUILT.match(operation):
            kinds[found["column"]] = found["kind"]
        elif found := DROPPED.match(operation):
            kinds.pop(found["column"], None)
            stale.pop(found["column"], None)
        elif (found := UPDATED.match(operation)) and found["column"] in kinds:
            stale[found["column"]] = kinds[found["column"]]
    return frozenset(stale.values())


def _of_engine(dataset: Any, definition: Any, outdated: frozenset[str]) -> Column:  # noqa: ANN401 - the engine ships no types
    """Return a column of an opened dataset."""
    column, kind = dataset[definition.name], definition.dtype
    dtype = ENGINE_DTYPES.get(str(kind.id), str(kind.id))
    known = dtype in DTYPES
    found = _engine_kind(kind)
    indexes = _engine_indexes(column)
    is_stale = "clustered" in outdated if found == "embedding" else bool(indexes) and "inverted" in outdated
    return Column(
        dtype if known else "bytes",
        tuple(None if length > LARGEST_LENGTH else int(length) for length in kind.shape or ()),
        bool(kind.is_nullable),
        found if known else "other",
        (*indexes, STALE) if is_stale else indexes,
        _engine_classes(column) if found == "class label" else (),
    )


def _engine_kind(kind: Any) -> str:  # noqa: ANN401 - the engine ships no types
    """Return the kind of a column of the engine's type."""
    name = str(kind.kind).rpartition(".")[2]
    plain = "" if name in PLAIN_KINDS else "other"
    return "sequence" if kind.is_sequence else ENGINE_KINDS.get(name, plain)


def _engine_indexes(column: Any) -> tuple[str, ...]:  # noqa: ANN401 - the same
    """Return the indexes of a column of an opened dataset, without the one that every embedding has."""
    names = map(str, getattr(column, "indexes", None) or ())
    return tuple(ENGINE_INDEXES.get(name, "matrix") for name in names if name != "clustered")


def _engine_classes(column: Any) -> tuple[str, ...]:  # noqa: ANN401 - the same
    """Return the names of the classes of a column of an opened dataset, where it has them."""
    metadata = getattr(column, "metadata", None) or {}
    return tuple(map(str, metadata["class_names"])) if "class_names" in metadata else ()
