"""Datasets on which `engine_verdicts.jsonl` was measured: datasets in memory, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np

from tests.engine import nullable

if TYPE_CHECKING:
    from collections.abc import Callable

TYPES = deeplake.types
COUNT = 20
WORDS = ["apple banana", "banana cherry", "cherry date", "date egg", "egg fig apple"]
PATTERNS = [
    *("a*b", "a%b", "a.b", "a_b", "a?b", "a\\b", "aXb", "a(b", "a[b", "A*B", "a+b"),
    *("a\nb", "aéb", "aÉb", "a'b", "", "ab", 'a"b', "aXXb", "ab ", "a-b"),
]
VECTORS = [[1, 2, 3, 4], [4, 3, 2, 1], [0, 0, 0, 1]]


def build() -> dict[str, Any]:
    """Return the datasets by name; queries can read ``mem://NAME`` while they are referenced."""
    rng = np.random.RandomState(0)
    return {
        "t": _t(rng.rand(COUNT, 4).astype("f4")),
        "x": _x(rng),
        "u": _u(),
        "e": _made("e", {"id": TYPES.Int64(), "text": TYPES.Text()}, {}),
        "mm": _mm(rng),
        "s": _s(),
        "l": _l(),
        "k": _k(),
        "built": _built(rng),
        "n": _n(),
        "updated": _updated(),
    }


def _made(name: str, kinds: dict[str, Any], data: dict[str, Any]) -> Any:
    """Return a dataset without the columns whose type this version of the engine lacks."""
    made = deeplake.create(f"mem://{name}")
    known = {column: kind for column, kind in kinds.items() if kind is not None}
    for column, kind in known.items():
        made.add_column(column, kind)
        if isinstance(kind, _ClassLabel):
            made[column].metadata["class_names"] = ["cat", "dog", "bird"]
    made.commit()
    if data:
        made.append({column: values for column, values in data.items() if column in known})
        made.commit()
    return made


_ClassLabel = type(TYPES.ClassLabel("int32"))


# A column of nearly every type, with the function that computes its value in a row; `emb` has random vectors.
KINDS = {
    "id": TYPES.Int64(),
    "i32": TYPES.Int32(),
    "u8": TYPES.UInt8(),
    "f32": TYPES.Float32(),
    "f64": TYPES.Float64(),
    "b": TYPES.Bool(),
    "text": TYPES.Text(),
    "emb": TYPES.Embedding(4),
    "arr": TYPES.Array("int64", 1),
    "mat": TYPES.Array("float32", 2),
    "js": TYPES.Dict(),
    "grp": TYPES.Int64(),
    "my col": TYPES.Int64(),
    "a/b": TYPES.Int64(),
    "order": TYPES.Int64(),
    "label": TYPES.ClassLabel("int32"),
    "nul": nullable(TYPES.Int64()),
    "img": TYPES.Image(sample_compression="png"),
    "bin": TYPES.Array("uint8", shape=[4]),
    "ntext": nullable(TYPES.Text()),
}
VALUES: dict[str, Callable[[int], Any]] = {
    "id": int,
    "i32": lambda i: i - 10,
    "u8": lambda i: i * 10,
    "f32": lambda i: i / 3,
    "f64": lambda i: i / 3,
    "b": lambda i: i % 2 == 0,
    "text": lambda i: f"doc {i}",
    "arr": lambda i: list(range(i % 4)),
    "mat": lambda i: np.arange(6).reshape(3, 2).astype("f4") + i,
    "js": lambda i: {"k": i, "s": f"s{i}", "n": {"a": [i, i + 1]}, "f": i / 2} if i % 2 == 0 else {"k": i},
    "grp": lambda i: i % 3,
    "my col": int,
    "a/b": int,
    "order": int,
    "label": lambda i: i % 3,
    "nul": lambda i: None if i % 5 == 0 else i,
    "img": lambda i: np.full((8, 6, 3), i, dtype="u1"),
    "bin": lambda i: np.array([i, i + 1, 0, 255], dtype="u1"),
    "ntext": lambda i: None if i % 5 == 0 else f"doc {i}",
}


def _t(vectors: np.ndarray[Any, Any]) -> Any:
    """Return a dataset with a column of nearly every type."""
    data: dict[str, Any] = {name: [value(i) for i in range(COUNT)] for name, value in VALUES.items()}
    return _made("t", KINDS, data | {"emb": vectors})


def _x(rng: np.random.RandomState) -> Any:
    """Return a dataset with indexes."""
    kinds = {
        "id": TYPES.Int64(),
        "tb": TYPES.Text(TYPES.BM25),
        "ti": TYPES.Text(TYPES.Inverted),
        "te": TYPES.Text(TYPES.Exact),
        "emb": TYPES.Embedding(4),
        "num": TYPES.Int64(TYPES.Inverted),
        "multi": TYPES.Array("float32", 2),
    }
    count = 50
    texts = [f"{WORDS[i % 5]} w{i}" for i in range(count)]
    data = {
        "id": list(range(count)),
        "tb": texts,
        "ti": texts,
        "te": [WORDS[i % 5] for i in range(count)],
        "emb": rng.rand(count, 4).astype("f4"),
        "num": list(range(count)),
        "multi": [rng.rand(3, 4).astype("f4") for _ in range(count)],
    }
    return _made("x", kinds, data)


def _u() -> Any:
    """Return a small dataset for joins."""
    kinds = {"uid": TYPES.Int64(), "id": TYPES.Int64(), "name": TYPES.Text(), "val": TYPES.Float32()}
    data = {
        "uid": list(range(6)),
        "id": [1, 2, 2, 3, 30, 40],
        "name": [f"n{i}" for i in range(6)],
        "val": [i * 1.5 for i in range(6)],
    }
    return _made("u", kinds, data)


def _mm(rng: np.random.RandomState) -> Any:
    """Return a dataset of matrices with an index for maxsim."""
    made = deeplake.create("mem://mm")
    made.add_column("id", TYPES.Int64())
    made.add_column("m", TYPES.Array("float32", 2))
    made["m"].create_index(TYPES.EmbeddingsMatrixIndex())
    made.append({"id": list(range(10)), "m": [rng.rand(3, 8).astype("f4") for _ in range(10)]})
    made.commit()
    return made


def _s() -> Any:
    """Return a dataset with sequences."""
    kinds = {"id": TYPES.Int64(), "seq": TYPES.Sequence(TYPES.Int64())}
    return _made("s", kinds, {"id": list(range(4)), "seq": [[i, i + 1, i + 2] for i in range(4)]})


def _built(rng: np.random.RandomState) -> Any:
    """Return a dataset whose indexes are built immediately; no measured verdict uses it."""
    made = deeplake.create("mem://built")
    made.indexing_mode = deeplake.IndexingMode.Always
    for column, kind in {"id": TYPES.Int64(), "te": TYPES.Text(TYPES.Exact), "e": TYPES.Embedding(4)}.items():
        made.add_column(column, kind)
    count = 300
    texts = ["" if number % 3 == 0 else f"text {number}" for number in range(count)]
    made.append({"id": list(range(count)), "te": texts, "e": rng.rand(count, 4).astype("f4")})
    made.commit()
    return made


def _n() -> Any:
    """Return a dataset with difficult values for keys and patterns; no measured verdict uses it."""
    kinds = {
        "id": TYPES.Int64(),
        "f": TYPES.Float64(),
        "big": TYPES.Int64(),
        "s": TYPES.Text(),
        "few": TYPES.Int64(TYPES.Inverted),
        "nt": nullable(TYPES.Text()),
        "line": TYPES.Text(),
    }
    data = {
        "id": list(range(4)),
        "f": [float("nan"), 1.0, 0.0, 1.0],
        "big": [2**53, 2**53 + 1, 3, 3],
        "s": ["", "a.b", "axb", "x"],
        "few": [1, 2, 3, 4],
        "nt": ["", None, "Öl", ""],
        "line": ["a b", "a\nb", "", "c"],
    }
    return _made("n", kinds, data)


def _updated() -> Any:
    """Return a dataset with a row that was updated after the indexes were built; no measured verdict uses it."""
    made = deeplake.create("mem://updated")
    made.indexing_mode = deeplake.IndexingMode.Always
    kinds = {
        "id": TYPES.Int64(),
        "num": TYPES.Int64(TYPES.Inverted),
        "te": TYPES.Text(TYPES.Exact),
        "tb": TYPES.Text(TYPES.BM25),
        "e": TYPES.Embedding(2),
    }
    for column, kind in kinds.items():
        made.add_column(column, kind)
    vectors = np.array([[2, 1], [1, 2], [1, 1]], "f4")
    texts = {"te": ["a", "b", "b"], "tb": ["red", "blue", "blue"]}
    made.append({"id": [1, 2, 3], "num": [5, 6, 6], "e": vectors, **texts})
    made.commit()
    made["num"][1], made["te"][1], made["tb"][1] = 99, "z", "green"
    made["e"][1] = np.array([-1, -1], "f4")
    made.commit()
    return made


def _l() -> Any:
    """Return a dataset with difficult texts for LIKE."""
    kinds = {"id": TYPES.Int64(), "s": TYPES.Text(), "ti": TYPES.Text(TYPES.Inverted)}
    return _made("l", kinds, {"id": list(range(len(PATTERNS))), "s": PATTERNS, "ti": PATTERNS})


def _k() -> Any:
    """Return a dataset of vectors of every type."""
    arrays = {"v8": "uint8", "v64": "int64", "v32": "int32", "f64": "float64", "f32": "float32", "f16": "float16"}
    kinds = {
        "id": TYPES.Int64(),
        **{name: TYPES.Array(dtype, shape=[4]) for name, dtype in arrays.items()},
        "e": TYPES.Embedding(4),
        "m": TYPES.Array("float32", 2),
        "q": TYPES.Embedding(8, index_type=TYPES.QuantizationType.Binary),
    }
    data = {
        "id": [0, 1, 2],
        **{name: [np.array(vector, dtype) for vector in VECTORS] for name, dtype in arrays.items()},
        "e": [np.array(vector, "f4") for vector in VECTORS],
        "m": [np.array([vector, vector], "f4") for vector in VECTORS],
        "q": [np.array(vector + vector, "f4") for vector in VECTORS],
    }
    return _made("k", kinds, data)
