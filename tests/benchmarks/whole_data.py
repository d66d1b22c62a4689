"""Datasets of the whole calls: rows in a temporary folder, with built indexes; small ones unless TQL_ROWS allows more, as `make bench` does."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import deeplake
import numpy as np

from tql_client import Client, connect

MOST_ROWS = int(os.environ.get("TQL_ROWS", "1000"))
TYPES: Any = deeplake.types
WIDTH = 384
GROUPS = 100


def sized(rows: int) -> int:
    """Return a number of rows, or the largest that is allowed."""
    return min(rows, MOST_ROWS)


@cache
def folder() -> Path:
    """Return the folder of the datasets, which is removed when the process ends."""
    made = Path(tempfile.mkdtemp(prefix="tql-benchmark-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def written(name: str, columns: dict[str, tuple[Any, Any]]) -> str:
    """Write columns, each a type and its values, with indexes that are built at once; return the path."""
    path = str(folder() / name)
    made = deeplake.create(path)
    made.indexing_mode = deeplake.IndexingMode.Always
    for column, (kind, _values) in columns.items():
        made.add_column(column, kind)
    made.append({column: values for column, (_kind, values) in columns.items()})
    made.commit()
    return path


@cache
def clustered() -> np.ndarray:
    """Return vectors around 200 centres, as embeddings of texts lie."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((200, WIDTH)).astype(np.float32)
    rows = sized(100_000)
    return centres[random.integers(0, 200, rows)] + 0.3 * random.standard_normal((rows, WIDTH)).astype(np.float32)


@cache
def vectors() -> str:
    """Return the path of 100,000 vectors with an index."""
    found = clustered()
    return written("vectors", {"id": (TYPES.Int64(), np.arange(len(found))), "e": (TYPES.Embedding(WIDTH), found)})


@cache
def documents() -> str:
    """Return the path of 1,694 texts with vectors, words and JSON."""
    rows = sized(1_694)
    random = np.random.default_rng(1)
    words = ["index", "query", "vector", "engine", "column", "score", "filter", "table"]
    texts = [" ".join(random.choice(words, 12)) for _ in range(rows)]
    return written(
        "documents",
        {
            "id": (TYPES.Int64(), np.arange(rows)),
            "text": (TYPES.Text(TYPES.BM25), texts),
            "year": (TYPES.Int64(), random.integers(1990, 2026, rows)),
            "meta": (TYPES.Dict(), [{"kind": str(words[n % 8]), "n": n % 50} for n in range(rows)]),
            "e": (TYPES.Embedding(WIDTH), random.standard_normal((rows, WIDTH)).astype(np.float32)),
        },
    )


def numbers(rows: int = 300_000) -> str:
    """Return the path of rows of numbers: `k` has an index, `g` is one of 100 groups, `price` a float64."""
    return numbered(sized(rows))


@cache
def numbered(rows: int) -> str:
    """Return the path of exactly so many rows of numbers."""
    random = np.random.default_rng(2)
    return written(
        f"numbers-{rows}",
        {
            "id": (TYPES.Int64(), np.arange(rows)),
            "k": (TYPES.Int64(TYPES.Inverted), random.permutation(rows)),
            "g": (TYPES.Int32(), random.integers(0, GROUPS, rows).astype(np.int32)),
            "price": (TYPES.Float64(), random.random(rows) * 100),
            "label": (TYPES.Text(), [f"label {n % 1000}" for n in range(rows)]),
        },
    )


@cache
def client(path: str) -> Client:
    """Return a client of a dataset; it is closed when the process ends."""
    made = connect(path)
    atexit.register(made.close)
    return made


@cache
def dataset(path: str) -> Any:
    """Return the engine's dataset at a path, opened once."""
    return deeplake.open_read_only(path)


def read(path: str, text: str) -> dict[str, Any]:
    """Return the columns of a query of the engine, as an expert reads them."""
    view = dataset(path).query(text)
    return {column.name: view[column.name][:] for column in view.schema.columns}
