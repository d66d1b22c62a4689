"""
Cases of the functions of the catalogue: an expression, its text, and what numpy or Python says of each row.

They need no pytest, so that other engines are measured with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.engine import TYPES
from tql import Expr, col, fn

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.meaning import Row

KINDS: dict[str, Any] = {
    "id": "int64",
    "k": "int64",
    "small": "int8",
    "f": "float32",
    "flags": TYPES.Array("bool", shape=[3]),
    "e": TYPES.Array("float32", shape=[3]),
    "bytes": TYPES.Array("uint8", shape=[3]),
    "ints": TYPES.Array("int32", shape=[3]),
    "m": TYPES.Array("float32", shape=[2, 3]),
    "cube": TYPES.Array("int16", shape=[2, 3, 2]),
    "ragged": TYPES.Array("int64", 1),
    "text": "text",
    "words": TYPES.Text(TYPES.BM25),
    "meta": "json",
}
rng = np.random.default_rng(20261125)
WORDS = ["alpha beta", "beta", "gamma alpha alpha", "delta", "", "alpha", "omega beta gamma"]
ROWS: list[Row] = [
    {
        "id": 10 * number,
        "k": number % 3,
        "small": [-128, 127, 0, -1, 100, -100, 5][number],
        "f": np.float32(number - 2.5),
        "flags": rng.random(3) < 0.5,
        "e": rng.standard_normal(3).astype("f4"),
        "bytes": rng.integers(0, 256, 3).astype("u1"),
        "ints": rng.integers(-(2**31), 2**31, 3).astype("i4"),
        "m": rng.standard_normal((2, 3)).astype("f4"),
        "cube": rng.integers(-3, 3, (2, 3, 2)).astype("i2"),
        "ragged": np.arange(-1, number - 1, dtype="i8"),
        "text": f"doc {number}%" if number else "",
        "words": WORDS[number],
        "meta": {"b": number, "a": "x"} if number % 2 else {"c": [1]},
    }
    for number in range(7)
]
V = np.array([0.5, -1.0, 2.0], "f4")
M = np.array([[1.0, 0.0, 0.5], [0.0, -1.0, 2.0]], "f4")
BYTES = [1, 255, 7]


def cosine(left: Any, right: Any) -> Any:
    """Return the cosine of two vectors in float64."""
    a, b = np.asarray(left, "f8"), np.asarray(right, "f8")
    return a @ b / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


def bits(left: Any, right: Any) -> int:
    """Return the number of different bits of two vectors of bytes."""
    return int(np.unpackbits(np.bitwise_xor(np.asarray(left, "u1"), np.asarray(right, "u1"))).sum())


def wide(value: Any) -> Any:
    """Return an array with 64-bit elements."""
    return np.asarray(value).astype("f8" if np.asarray(value).dtype.kind == "f" else "i8")


# By function: an expression, its text, and what it means for each row.
ROWWISE: dict[str, list[tuple[Expr, str, Callable[[Row], Any]]]] = {
    "abs": [
        (fn.abs("small"), "abs(small * 1)", lambda row: abs(row["small"])),
        (fn.abs("m"), "abs(m * 1)", lambda row: abs(row["m"])),
    ],
    "all": [
        (fn.all(col("ints") > 0), "all(ints > 0)", lambda row: (row["ints"] > 0).all()),
        (fn.all("ragged"), "all(ragged)", lambda row: row["ragged"].all()),
        (fn.all(col("m") > 0, axis=-1), "all(m > 0, -1)", lambda row: (row["m"] > 0).all(-1)),
        (fn.all("cube", -1), "all(cube, -1)", lambda row: row["cube"].all(-1)),
    ],
    "all_strict": [
        (fn.all_strict("ragged"), "all_strict(ragged)", lambda row: bool(row["ragged"].size) and row["ragged"].all()),
    ],
    "amax": [(fn.amax("m"), "amax(m)", lambda row: row["m"].max())],
    "amin": [
        (fn.amin("ints"), "amin(ints)", lambda row: row["ints"].min()),
        (fn.amin("ragged"), "amin(ragged)", lambda row: row["ragged"].min(initial=0)),
    ],
    "any": [
        (fn.any("flags"), "any(flags)", lambda row: row["flags"].any()),
        (fn.any(col("m") > 0, axis=-1), "any(m > 0, -1)", lambda row: (row["m"] > 0).any(-1)),
        (fn.any(col("cube") > 1, -1), "any(cube > 1, -1)", lambda row: (row["cube"] > 1).any(-1)),
    ],
    "avg": [
        (fn.avg("bytes"), "avg(bytes)", lambda row: row["bytes"].mean()),
        (fn.avg("ragged"), "avg(ragged)", lambda row: row["ragged"].mean() if row["ragged"].size else 0),
    ],
    "contains": [
        (fn.contains("text", "c 1%"), "contains(text, 'c 1%')", lambda row: "c 1%" in row["text"]),
        (fn.contains("ragged", 2), "contains(ragged, 2)", lambda row: 2 in row["ragged"]),
        (fn.contains(fn.keys("meta"), "a"), "contains(keys(meta), 'a')", lambda row: "a" in row["meta"]),
    ],
    "cosine_similarity": [
        (
            fn.cosine_similarity("e", V),
            "cosine_similarity(e, ARRAY[0.5,-1.0,2.0])",
            lambda row: cosine(row["e"], V),
        ),
        (
            fn.cosine_similarity("bytes", "ints"),
            "sum(bytes * 1.0 * (ints * 1.0)) / (sqrt(sum(bytes * 1.0 * (bytes * 1.0))) * sqrt(sum(ints * 1.0 * (ints * 1.0))) + (sum(bytes * 1.0 * (bytes * 1.0)) = 0) + (sum(ints * 1.0 * (ints * 1.0)) = 0))",
            lambda row: cosine(row["bytes"], row["ints"]),
        ),
    ],
    "data": [(fn.data("e", 2), "data(e, 2)", lambda _row: ROWS[2]["e"])],
    "dot": [
        (fn.dot("e", V), "dot(e, ARRAY[0.5,-1.0,2.0])", lambda row: wide(row["e"]) @ V),
        (fn.dot("bytes", "ints"), "sum(bytes * 1 * ints)", lambda row: wide(row["bytes"]) @ wide(row["ints"])),
    ],
    "hamming_distance": [
        (
            fn.hamming_distance("bytes", BYTES),
            "hamming_distance(bytes, ARRAY[1.0,255.0,7.0])",
            lambda row: [bits(row["bytes"], BYTES)],
        ),
    ],
    "keys": [(fn.keys("meta"), "keys(meta)", lambda row: sorted(row["meta"]))],
    "l1_norm": [
        (fn.l1_norm("m"), "l1_norm(m)", lambda row: abs(row["m"]).sum()),
        (fn.l1_norm(col("e") - V), "l1_norm(e - ARRAY[0.5,-1.0,2.0])", lambda row: abs(row["e"] - V).sum()),
    ],
    "l2_norm": [
        (fn.l2_norm("ragged"), "l2_norm(ragged)", lambda row: np.linalg.norm(row["ragged"])),
        (fn.l2_norm(col("e") - V), "l2_norm(e - ARRAY[0.5,-1.0,2.0])", lambda row: np.linalg.norm(row["e"] - V)),
    ],
    "linf_norm": [(fn.linf_norm("bytes"), "linf_norm(bytes)", lambda row: row["bytes"].max())],
    "logical_and": [
        (
            fn.logical_and(col("e") > 0, "flags"),
            "logical_and(e > 0, flags)",
            lambda row: (row["e"] > 0) & row["flags"],
        ),
    ],
    "logical_or": [
        (fn.logical_or(col("e") > 0, "flags"), "logical_or(e > 0, flags)", lambda row: (row["e"] > 0) | row["flags"]),
    ],
    "max_weight": [
        (
            fn.max_weight((col("id") > 10, 2.5), (col("id") > 40, 1)),
            "max_weight(id > 10: 2.5, id > 40: 1)",
            lambda row: 2.5 if row["id"] > 10 else 0,
        ),
    ],
    "maxsim": [
        (
            fn.maxsim("m", M),
            "maxsim(m, ARRAY[ARRAY[1.0,0.0,0.5], ARRAY[0.0,-1.0,2.0]])",
            lambda row: sum(max(0, *(cosine(mine, theirs) for mine in row["m"])) for theirs in M),
        ),
    ],
    "nonzero": [
        (fn.nonzero("ragged"), "nonzero(ragged)", lambda row: np.nonzero(row["ragged"])[0]),
        (fn.nonzero(col("m") > 1), "nonzero(m > 1)", lambda row: np.nonzero((row["m"] > 1).any(1))[0]),
    ],
    "prod": [
        (fn.prod("bytes"), "prod(bytes * 1)", lambda row: wide(row["bytes"]).prod()),
        (fn.prod("ragged"), "prod(ragged * 1)", lambda row: row["ragged"].prod()),
    ],
    "row_number": [
        (fn.row_number(), "row_number()", lambda row: row["id"] // 10),
        (fn.row_number() * 2 + 1, "row_number() * 2 + 1", lambda row: row["id"] // 5 + 1),
    ],
    "shape": [
        (fn.shape("m"), "shape(m)", lambda _row: [2, 3]),
        (col("ragged").shape[0], "shape(ragged)[0]", lambda row: row["ragged"].size),
        (fn.shape("id"), "shape(id)", lambda _row: []),
    ],
    "sqrt": [
        (fn.sqrt("id"), "sqrt(id * 1.0)", lambda row: row["id"] ** 0.5),
        (fn.sqrt(9), "sqrt(9 * 1.0)", lambda _row: 3.0),
        (fn.sqrt(2.25) + col("id"), "sqrt(2.25 * 1.0) + id", lambda row: 1.5 + row["id"]),
        (fn.sqrt(fn.abs("e")), "sqrt(abs(e * 1) * 1.0)", lambda row: np.sqrt(np.abs(wide(row["e"])))),
    ],
    "asum": [
        (fn.asum("flags"), "sum(flags * 1)", lambda row: row["flags"].sum()),
        (fn.asum("bytes"), "sum(bytes * 1)", lambda row: wide(row["bytes"]).sum()),
        (fn.asum("cube"), "sum(cube * 1)", lambda row: row["cube"].sum()),
        (fn.asum("ints"), "sum(ints * 1)", lambda row: wide(row["ints"]).sum()),
    ],
    "sum_weight": [
        (
            fn.sum_weight((col("id") > 10, 2.5), (col("k") == 1, -1)),
            "sum_weight(id > 10: 2.5, k = 1: -1)",
            lambda row: 2.5 * (row["id"] > 10) - (row["k"] == 1),
        ),
    ],
}
# Aggregates over the groups of k: an expression, the text of the whole query, and what it means for the rows of a group.
GROUPED: dict[str, tuple[Expr, str, Callable[[list[Row]], Any]]] = {
    "count": (
        fn.count(),
        "select k[0] as k, sum(zn) as x from (select k, 1 as zn) group by k",
        len,
    ),
    "mean": (
        fn.mean("small"),
        "select k[0] as k, avg(small * 1.0) as x from (select k, small) group by k",
        lambda rows: np.mean([row["small"] for row in rows]),
    ),
    "min": (
        fn.min("f"),
        "select k[0] as k, amin(f) as x from (select k, f) group by k",
        lambda rows: min(row["f"] for row in rows),
    ),
    "max": (
        fn.max("id"),
        "select k[0] as k, amax(id) as x from (select k, id) group by k",
        lambda rows: max(row["id"] for row in rows),
    ),
    "first": (
        fn.first("text"),
        "select k[0] as k, text[0] as x from (select k, text) group by k",
        lambda rows: rows[0]["text"] or None,
    ),
    "sum": (
        fn.sum("small"),
        "select k[0] as k, sum(small * 1) as x from (select k, small) group by k",
        lambda rows: sum(row["small"] for row in rows),
    ),
}


def assert_same(found: list[Any], meant: list[Any]) -> None:
    """Compare cells: numbers to 1e-6, texts and shapes exactly."""
    assert len(found) == len(meant)
    for mine, theirs in zip(found, meant, strict=True):
        if (
            theirs is None
            or isinstance(theirs, str)
            or (isinstance(theirs, list) and theirs and isinstance(theirs[0], str))
        ):
            assert mine == theirs
        else:
            one, other = np.asarray(mine), np.asarray(theirs)
            if one.size + other.size:
                assert one.shape == other.shape, (mine, theirs)
                np.testing.assert_allclose(one.astype("f8"), other.astype("f8"), rtol=1e-6, atol=1e-6)
