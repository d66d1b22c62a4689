"""Text of float32 numbers: the fewest digits that the engine reads as the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How many numbers are written at a time: while they are, they take several times the memory of their text.
PART = 65_536
# The engine reads a number as a float64 and rounds that. Of all float32 numbers this one alone has fewest digits that are
# read as another: as a float64 they lie in the middle between it and the next. One more digit tells them apart.
MIDDLE, NEARER = "7.038531e-26", "7.0385307e-26"


def bracketed(array: NDArray[np.float32]) -> str:
    """Return the numbers of an array, shape (d,), in order in memory, separated by commas, in brackets; ``null`` for what is not finite."""
    if array.size > PART:
        parts = [bracketed(array[start : start + PART])[1:-1] for start in range(0, array.size, PART)]
        parts[0], parts[-1] = f"[{parts[0]}", f"{parts[-1]}]"
        return ",".join(parts)
    text = orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY).decode("ascii")
    return text.replace(MIDDLE, NEARER) if "e" in text else text
