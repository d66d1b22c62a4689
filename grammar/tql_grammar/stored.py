"""The columns of a dataset that is open in the engine: their types, indexes, classes and boxes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tql_grammar.history import stale_indexes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

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
# The formats and the units of bounding boxes that can be drawn.
BOXED, DIMENSIONS = frozenset({"BoundingBox", "Nullable"}), 3
FORMATS, UNITS = ("ccwh", "ltwh", "ltrb"), ("pixel", "fractional")


def stored_columns(dataset: Any, dtypes: Collection[str], stale: str) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - the engine ships no types
    """
    Yield the name of each column with its facts, as fields of `tql_grammar.schema.Column`.

    Args:
        dataset: the dataset, or a view.
        dtypes: the names of known types; a column of another type has "bytes".
        stale: the name that a column with outdated indexes has among them.
    """
    texts = sum(str(one.dtype.id) == "text" and bool(_indexes(dataset[one.name])) for one in dataset.schema.columns)
    outdated = stale_indexes(getattr(dataset, "history", None) or (), texts)
    for definition in dataset.schema.columns:
        column, kind = dataset[definition.name], definition.dtype
        dtype = ENGINE_DTYPES.get(str(kind.id), str(kind.id))
        known = dtype in dtypes
        found = _kind(kind)
        indexes = _indexes(column)
        facts = {
            "dtype": dtype if known else "bytes",
            "shape": _shape(kind),
            "nullable": bool(kind.is_nullable),
            "kind": found if known else "other",
            "indexes": (*indexes, stale) if _is_stale(found, dtype, indexes, outdated) else indexes,
            "classes": _classes(column) if found == "class label" else (),
            "boxes": _boxes(kind),
        }
        yield definition.name, facts


def _is_stale(kind: str, dtype: str, indexes: tuple[str, ...], outdated: frozenset[str]) -> bool:
    """Tell whether the index of a column is outdated."""
    if kind == "embedding":
        return "clustered" in outdated
    return bool(indexes) and ("inverted" in outdated or (dtype == "text" and "words" in outdated))


def _shape(kind: Any) -> tuple[int | None, ...]:  # noqa: ANN401 - the engine ships no types
    """Return the lengths of the dimensions of a type, None for one that varies."""
    return tuple(None if length > LARGEST_LENGTH else int(length) for length in kind.shape or ())


def _kind(kind: Any) -> str:  # noqa: ANN401 - the engine ships no types
    """Return the kind of a column of the engine's type."""
    name = str(kind.kind).rpartition(".")[2]
    plain = "" if name in PLAIN_KINDS else "other"
    return "sequence" if kind.is_sequence else ENGINE_KINDS.get(name, plain)


def _indexes(column: Any) -> tuple[str, ...]:  # noqa: ANN401 - the engine ships no types
    """Return the indexes of a column, without the one that every embedding has."""
    names = map(str, getattr(column, "indexes", None) or ())
    return tuple(ENGINE_INDEXES.get(name, "matrix") for name in names if name != "clustered")


def _classes(column: Any) -> tuple[str, ...]:  # noqa: ANN401 - the engine ships no types
    """Return the names of the classes of a column, where it has them."""
    metadata = getattr(column, "metadata", None) or {}
    return tuple(map(str, metadata["class_names"])) if "class_names" in metadata else ()


def _boxes(kind: Any) -> str:  # noqa: ANN401 - the engine ships no types
    """Return the format and the unit of bounding boxes; "" where the type does not say, and for other types. A type has no attribute for them: it equals the one that is made with the same."""
    types = sys.modules.get(type(kind).__module__)
    is_possible = str(kind.kind).rpartition(".")[2] in BOXED and len(kind.shape or ()) == DIMENSIONS
    if types is None or not is_possible:
        return ""
    pairs = {f"{form} {unit}": types.BoundingBox(str(kind.id), form, unit) for form in FORMATS for unit in UNITS}
    wrapped = types.Nullable if kind.is_nullable else lambda one: one
    return next((name for name, one in pairs.items() if kind == wrapped(one)), "")
