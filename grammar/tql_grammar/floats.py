"""Text of float32 numbers: the fewest digits that the engine parses to the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The numbers that are formatted at a time, to bound memory: formatting needs several times the size of the text.
PART = 65_536
# The engine parses a number as a float64 and rounds that to float32. For this float32 number alone, the shortest digits round to
# another number: as a float64 they lie in the middle between the two. One more digit avoids that.
MIDDLE, NEARER = "7.038531e-26", "7.0385307e-26"


def bracketed(array: NDArray[np.float32]) -> str:
    """Return the numbers of an array, shape (d,), in order in memory, separated by commas, in brackets; ``null`` for what is not finite."""
    import orjson

    if array.size > PART:
        parts = [bracketed(array[start : start + PART])[1:-1] for start in range(0, array.size, PART)]
        parts[0], parts[-1] = f"[{parts[0]}", f"{parts[-1]}]"
        return ",".join(parts)
    text = orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY).decode("ascii")
    return text.replace(MIDDLE, NEARER) if "e" in text else text
