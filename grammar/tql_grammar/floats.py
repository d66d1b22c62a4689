"""Text of float32 numbers: the fewest digits that the engine parses to the same bits."""

from __future__ import annotations

from array import array as array_of
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The numbers that are formatted at a time, to bound memory: formatting needs several times the size of the text.
PART = 65_536
# The engine parses a number as a float64 and rounds that to float32. For this float32 number alone, the shortest digits round to
# another number: as a float64 they lie in the middle between the two. One more digit avoids that.
MIDDLE, NEARER = "7.038531e-26", "7.0385307e-26"

# A few numbers of everyday size are formatted without numpy and orjson, whose import takes longer.
FEW, SMALLEST, LARGEST = 8, 1e-4, 1e12
# Six digits are always kept by float32, and nine are always enough.
DIGITS = range(6, 10)


def few(bits: bytes) -> str | None:
    """Return the text of `bracketed` for the bits of at most 8 numbers, all 0 or of everyday size, and None for other bits."""
    numbers = array_of("f", bits)
    if len(numbers) > FEW or not all(SMALLEST <= abs(number) < LARGEST or number == 0 for number in numbers):
        return None
    return f"[{','.join(map(_shortest, numbers))}]"


def _shortest(number: float) -> str:
    """Return the fewest digits that a float32 keeps."""
    texts = (float(f"{number:.{digits}g}") for digits in DIGITS)
    return repr(next(text for text in texts if array_of("f", [text])[0] == number))


def bracketed(array: NDArray[np.float32]) -> str:
    """Return the numbers of an array, shape (d,), in order in memory, separated by commas, in brackets; ``null`` for what is not finite."""
    import orjson

    if array.size > PART:
        parts = [bracketed(array[start : start + PART])[1:-1] for start in range(0, array.size, PART)]
        parts[0], parts[-1] = f"[{parts[0]}", f"{parts[-1]}]"
        return ",".join(parts)
    text = orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY).decode("ascii")
    return text.replace(MIDDLE, NEARER) if "e" in text else text
