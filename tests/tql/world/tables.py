"""Random tables with values of the world: columns of every type, indexes built and not built, rows that were appended, updated and deleted."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

T = deeplake.types
SECONDS = [1_700_000_000 + step for step in (0, 1, 2, 3, 5, 64, 128)]
MILLISECONDS = [1_700_000_000_000 + step for step in (0, 1, 2, 3, 1000, 65536)]
PRICES = [0.0, 0.1, 1.5, -2.25, 1234567.85, 1234567.89, 19.99, 1e9 + 0.5]
HALVES = [0.0, 0.5, 1.0, -0.5, 2.5, 3.0, -2.0]
SMALL = [0, 1, 2, 3, 5, -1, -3]
NATURAL = [0, 1, 2, 3, 5, 7]
WORDS = ["a", "b", "ab", "A", "z", "", "é", "É", "ß", "日本", "😀", "a b", "b a", "it's", "50%", "a_b", "*", "a?", "x\\y", "\\", '"', "l\nm", "--", "' or 1=1", "[a]", "a.b"]  # fmt: skip
LABELS = ["cat", "dog", "it's"]
PHRASES = ["red apple", "green apple", "red", "blue sky sky", "a green blue red sky", "apple pear", "plum"]
VECTOR = 4
# The engine before 4.6 takes larger numbers in arrays only.
LARGE = 2**63


class Draw(random.Random):
    """
    A generator of random parts of queries.

    Attributes:
        plain: whether the queries are compiled without a schema.
        made: the number of names that are made up.
    """

    plain = False
    made = 0

    def chance(self, part: float) -> bool:
        """Return True with the given probability."""
        return self.random() < part

    def label(self) -> str:
        """Return a new name for an output."""
        self.made += 1
        return f"x{self.made}"

    def some(self, values: Sequence[Any], most: int, least: int = 1) -> list[Any]:
        """Return some of the values."""
        return self.sample(list(values), min(len(values), self.randint(least, most)))


@dataclass(frozen=True)
class Kind:
    """
    A kind of columns.

    Attributes:
        type: the engine's type, as Python.
        family: "number", "text", "words", "bool", "label", "json", "array", "matrix" or "vector".
        pool: values of the world; an empty one has a value of its own for each row.
        dtype: the type of the numbers.
        close: whether sums and products with small numbers stay exact.
        plain: whether the builder needs no schema for it.
    """

    type: str
    family: str
    pool: tuple[Any, ...]
    dtype: str = ""
    close: bool = True
    plain: bool = False

    @property
    def nullable(self) -> bool:
        """Whether values may be missing."""
        return self.type.startswith("T.Nullable")


def number(kind: str, pool: list[Any], *, close: bool = True, plain: bool = False, index: bool = False) -> Kind:
    """Return a kind of numbers."""
    name = {"int": "Int", "uint": "UInt", "float": "Float"}[kind.rstrip("0123456789")] + kind.lstrip("uintfloa")
    held = tuple(np.dtype(kind).type(value).item() for value in pool)
    return Kind(f"T.{name}({'T.Inverted' if index else ''})", "number", held, kind, close, plain)


def nullable(kind: Kind) -> Kind:
    """Return the nullable kind of a kind without an index."""
    return Kind(f"T.Nullable({kind.type})", kind.family, (*kind.pool, None), kind.dtype, kind.close)


def text(index: str = "", pool: list[str] = WORDS, *, plain: bool = False) -> Kind:
    """Return a kind of texts."""
    return Kind(f"T.Text({index and 'T.' + index})", "text", tuple(pool), "text", plain=plain)


def _documents() -> tuple[dict[str, Any], ...]:
    """Return JSON values with missing keys and null, and a key whose values have several types."""
    return (
        {"year": 2020, "n": 1, "s": "x", "o": {"a": 1}, "mix": 3},
        {"year": 2021, "n": None, "s": "it's", "o": {"a": 2, "b": None}, "mix": "3"},
        {"year": 2021, "s": "", "o": {}, "mix": ""},
        {"year": 1999, "n": 3, "o": None, "mix": -2.5},
        {"year": 2000, "n": -1, "s": None, "mix": None},
        {"year": 1_700_000_001, "n": 2, "s": "x"},
    )


def _arrays(dtype: str, lengths: list[int]) -> tuple[Any, ...]:
    """Return arrays of some lengths."""
    draw = Draw(len(lengths))
    return tuple(np.array([draw.choice(NATURAL) for _ in range(length)], dtype) for length in lengths)


def _matrices(shapes: list[tuple[int, int]]) -> tuple[Any, ...]:
    """Return matrices of some shapes."""
    draw = Draw(5)
    return tuple(np.array([[draw.choice(HALVES) for _ in range(b)] for _ in range(a)], "f4") for a, b in shapes)


def _vectors() -> tuple[Any, ...]:
    """Return vectors for searches, one of which is zero."""
    draw = Draw(3)
    drawn = [[draw.choice([0.25, 0.5, -1.0, 2.0, 0.1]) for _ in range(VECTOR)] for _ in range(12)]
    return tuple(np.array(vector, "f4") for vector in [*drawn, [0.0] * VECTOR])


KINDS: dict[str, Kind] = {
    "i64": number("int64", SMALL, plain=True),
    "i32": number("int32", SMALL, plain=True),
    "i8": number("int8", [*SMALL, 127, -128, 100]),
    "i16": number("int16", [*SMALL, 32767, -32768, 300]),
    "u8": number("uint8", [*NATURAL, 255, 200]),
    "u16": number("uint16", [*NATURAL, 65535, 256]),
    "ts": number("int64", SECONDS),
    "ms": number("int64", MILLISECONDS),
    "id24": number("int32", [2**24 + step for step in range(4)] + [5]),
    "u32": number("uint32", [2**32 - 1, 2**32 - 2, 2**24 + 1, 0, 7]),
    "big": number("int64", [2**53 + step for step in range(4)] + [-(2**53) - 1, 3], close=False),
    "huge": number("int64", [2**62, 2**62 + 1, -(2**63), 2**63 - 1, 0], close=False),
    "hash": number("uint64", [2**63, 2**63 + 1, 2**64 - 1, 2**53 + 1, 5], close=False),
    "u64": number("uint64", [*NATURAL, 2**32, 2**32 + 1]),
    "f64": number("float64", HALVES, plain=True),
    "f32": number("float32", HALVES, plain=True),
    "f16": number("float16", HALVES),
    "price": number("float64", PRICES),
    "cents": number("float32", [0.1, 19.99, 0.5, 3.0, 1234567.0]),
    "ratio": number("float64", [*HALVES, math.nan]),
    "nan32": number("float32", [*HALVES, math.nan]),
    "xi64": number("int64", SMALL, index=True, plain=True),
    "xf64": number("float64", HALVES, index=True, plain=True),
    "xts": number("int64", SECONDS, index=True),
    "xi8": number("int8", [*SMALL, 127, -128], index=True),
    "xu16": number("uint16", [*NATURAL, 65535], index=True),
    "xu64": number("uint64", [*NATURAL, 2**63 + 1], index=True, close=False),
    "xf32": number("float32", [*HALVES, 0.1], index=True),
    "xprice": number("float64", PRICES, index=True),
    "xratio": number("float64", [*HALVES, math.nan], index=True),
    "t": text(plain=True, pool=[word for word in WORDS if word]),
    "te": text(),
    "tx": text("Exact"),
    "ti": text("Inverted"),
    "tb": text("BM25"),
    "words": Kind("T.Text(T.BM25)", "words", tuple(PHRASES), "text", plain=True),
    "flag": Kind("T.Bool()", "bool", (True, False), "bool", plain=True),
    "lab": Kind('T.ClassLabel("int32")', "label", (0, 1, 2), "int32"),
    "js": Kind("T.Dict()", "json", _documents(), "json"),
    "arr": Kind('T.Array("int32", shape=[3])', "array", _arrays("int32", [3] * 6), "int32"),
    "same": Kind('T.Array("int64", 1)', "array", _arrays("int64", [2] * 6), "int64"),
    "ones": Kind('T.Array("int64", 1)', "array", _arrays("int64", [1] * 4), "int64"),
    "tags": Kind('T.Array("int64", 1)', "array", _arrays("int64", [1, 2, 3, 4, 2, 1]), "int64"),
    "empty": Kind('T.Array("float32", 1)', "array", _arrays("float32", [0, 1, 2, 3]), "float32"),
    "bits": Kind('T.Array("uint8", 1)', "array", _arrays("uint8", [0, 1, 2, 2, 2, 3]), "uint8"),
    "code": Kind('T.Array("uint8", shape=[2])', "array", _arrays("uint8", [2] * 5), "uint8"),
    "boxes": Kind('T.Array("float32", 2)', "matrix", _matrices([(1, 4), (2, 4), (3, 4)]), "float32"),
    "box": Kind('T.Array("float32", 2)', "matrix", _matrices([(2, 2)] * 4), "float32"),
    "e": Kind(f"T.Embedding({VECTOR})", "vector", _vectors(), "float32", plain=True),
    "ue": Kind(f"T.Embedding({VECTOR})", "vector", (), "float32", plain=True),
}
KINDS |= {
    f"n{name}": nullable(KINDS[name])
    for name in ("i64", "i32", "i8", "u8", "u16", "ts", "ms", "big", "f64", "f32", "price", "te", "flag")
}
IDS = ([0, 1], [2**24, 1], [2**32 + 7, 1], [2**53, 1], [1_700_000_000_000, 1], [10, 3])


@dataclass
class Made:
    """
    A table of the model.

    Attributes:
        name: the name of the table.
        kinds: kinds by the names of columns.
        rows: rows as Python values.
        steps: the statements that make the dataset, as Python.
        built: whether indexes are built.
    """

    name: str
    kinds: dict[str, Kind]
    rows: list[dict[str, Any]]
    steps: list[str]
    built: bool


def size(draw: Draw) -> int:
    """Return a number of rows: mostly few."""
    most = draw.choices([0, 2, 8, 30, 300, 5000], [4, 8, 40, 40, 7, 1])[0]
    return draw.randint(0 if most < 3 else most // 3, most)


def drawn_columns(draw: Draw, begin: int, *, plain: bool) -> dict[str, Kind]:
    """Return the columns of a table besides its id."""
    known = [name for name, kind in KINDS.items() if kind.plain or not plain]
    chosen = draw.sample(known, min(len(known), draw.randint(5, 11)))
    return {"id": number("int64", [], close=begin < 2**48), **{name: KINDS[name] for name in chosen}}


def drawn_table(draw: Draw, name: str, url: str, *, plain: bool = False) -> Made:
    """Return a table: its rows as Python values, and the statements that make it."""
    begin, step = IDS[0] if plain else draw.choice(IDS)
    kinds = drawn_columns(draw, begin, plain=plain)
    built = draw.random() < 0.5
    steps = [f'data = deeplake.create("{url}")']
    steps += ["data.indexing_mode = deeplake.IndexingMode.Always"] if built else []
    steps += [f"data.add_column({label!r}, {kind.type})" for label, kind in kinds.items()]
    steps += [f'data["lab"].metadata["class_names"] = {LABELS!r}'] if "lab" in kinds else []
    made = Made(name, kinds, [], steps, built)
    rows = [
        {label: _cell(draw, kind, begin + step * place) for label, kind in kinds.items()} for place in range(size(draw))
    ]
    later = draw.randint(0, len(rows)) if draw.chance(0.2) else len(rows)
    later = len(rows) if _is_whole(draw, made) else later
    _append(draw, made, rows[:later])
    _change(draw, made)
    if rows[later:]:
        _append(draw, made, rows[later:])
    return made


def _is_whole(draw: Draw, made: Made) -> bool:
    """Return whether a table has all its rows in one commit: without a schema, an index of words has wrong scores for a few later ones, as is documented."""
    return draw.plain and made.built and any(kind.family == "words" for kind in made.kinds.values())


def _cell(draw: Draw, kind: Kind, number: int) -> Any:
    """Return a value of the pool; without one the number of the row, or a vector of its own."""
    if kind.pool:
        return draw.choice(kind.pool)
    return number if kind.family == "number" else np.array([draw.uniform(-1, 1) for _ in range(VECTOR)], "f4")


def _append(draw: Draw, made: Made, rows: list[dict[str, Any]]) -> None:
    """Append rows in one to three commits."""
    parts = draw.choice([1, 1, 2, 3])
    parts = 1 if _is_whole(draw, made) else parts
    each = max(1, -(-len(rows) // parts))
    for begin in range(0, len(rows), each):
        part = rows[begin : begin + each]
        columns = {label: [row[label] for row in part] for label in made.kinds}
        made.steps += [f"data.append({written(columns)})", "data.commit()"]
    made.steps += [] if rows else ["data.commit()"]
    made.rows += [dict(row) for row in rows]


def _change(draw: Draw, made: Made) -> None:
    """Update and delete some rows; without a schema none of an index, which then lacks later ones, as is documented."""
    if made.rows and draw.chance(0.4):
        _update(draw, made)
    if len(made.rows) > 2 and draw.chance(0.3) and not (draw.plain and made.built):
        for _ in range(draw.randint(1, 2)):
            place = draw.randrange(len(made.rows))
            del made.rows[place]
            made.steps.append(f"data.delete({place})")
        made.steps.append("data.commit()")


def _update(draw: Draw, made: Made) -> None:
    """Update some values, of columns with an index if there are any."""
    changed = _changeable(draw, made)
    for label in draw.some(changed, 3) if changed else []:
        place, value = draw.randrange(len(made.rows)), draw.choice(made.kinds[label].pool)
        made.rows[place][label] = value
        made.steps.append(f"data[{label!r}][{place}] = {written(value)}")
    made.steps.append("data.commit()")


def _changeable(draw: Draw, made: Made) -> list[str]:
    """Return the columns to update; without a schema none with an index, which keeps the old values, as is documented."""
    plain, indexed = _single(made, indexed=False), _single(made, indexed=True)
    if draw.plain and made.built:
        return plain
    return indexed or plain


def _single(made: Made, *, indexed: bool) -> list[str]:
    """Return the columns of single values with an index, or those without one."""
    kinds = {label: kind for label, kind in made.kinds.items() if kind.pool}
    single = [label for label, kind in kinds.items() if kind.family in {"number", "text", "bool"}]
    return [label for label in single if indexed is (label[0] == "x" or label in {"tx", "ti", "tb"})]


def written(value: Any) -> str:
    """Return a value as Python."""
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, {value.dtype.str!r}).reshape({value.shape!r})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        if any(isinstance(part, int) and part >= LARGE for part in value):
            return f"np.array({value!r}, 'u8')"
        return f"[{', '.join(map(written, value))}]"
    return "math.nan" if isinstance(value, float) and math.isnan(value) else repr(value)


def create(made: Made) -> Any:
    """Return the dataset of a table."""
    names: dict[str, Any] = {"deeplake": deeplake, "T": T, "np": np, "math": math}
    exec("\n".join(made.steps), names)  # noqa: S102 - the statements of this module
    return names["data"]
