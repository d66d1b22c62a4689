"""A dataset whose names and values are markup, with a column of each kind that the page draws."""

from __future__ import annotations

from typing import Any

import deeplake
import numpy as np

MARKUP = '<img src=x onerror="document.title=1"><script>document.title=2</script>{{nonce}}'
LARGE = 2**53 + 1
ROWS = 130
LENGTH = 24


def write(path: str) -> None:
    """Write the dataset."""
    types = deeplake.types
    made = deeplake.create(path)
    for name, kind in (
        ("id", types.Int64()),
        ("name", types.Text()),
        ("rank", types.Float64()),
        ("embedding", types.Embedding(LENGTH)),
        ("meta", types.Dict()),
        ("picture", types.Image("uint8", "png")),
        ("<b>bold</b>", types.Text()),
        ("boxes", types.BoundingBox("float32", "ltrb", "pixel")),
        ("relative", types.BoundingBox("float32", "ccwh", "fractional")),
        ("vague", types.BoundingBox()),
    ):
        made.add_column(name, kind)
    made.append(rows())
    made.commit()


def rows() -> dict[str, Any]:
    """Return the values of the columns."""
    rng = np.random.default_rng(28)
    pictures = rng.integers(0, 256, (ROWS, 12, 16, 3), np.uint8)
    return {
        "id": [LARGE, *range(1, ROWS)],
        "name": [MARKUP, *(f"name {number:03}" for number in range(1, ROWS))],
        "rank": [-0.0, 1.0, *np.linspace(0, 1, ROWS - 2).tolist()],
        "embedding": rng.standard_normal((ROWS, LENGTH)).astype(np.float32),
        "meta": [
            {"__proto__": MARKUP, "2": [1, {"a": None}], "1": True},
            *({"number": number} for number in range(1, ROWS)),
        ],
        "picture": list(pictures),
        "<b>bold</b>": [MARKUP] * ROWS,
        "boxes": [np.array([[1, 2, 5, 8], [0, 0, 16, 12]], np.float32), *[np.zeros((0, 4), np.float32)] * (ROWS - 1)],
        "relative": [np.array([[0.5, 0.5, 0.25, 0.5]], np.float32)] * ROWS,
        "vague": [np.array([[1, 2, 5, 8]], np.float32)] * ROWS,
    }
