"""Exhaustive round trip of all 4,278,190,080 finite float32 numbers through text, in about ten minutes: `make floats`."""

from __future__ import annotations

import sys

import numpy as np
import orjson
from rich.progress import track

from tql_grammar.floats import PART, bracketed


def is_kept(bits: np.ndarray) -> bool:
    """Return whether float32 numbers keep their bits when their text is parsed as float64 and rounded."""
    text = bracketed(bits.view("f4"))
    return bool((np.array(orjson.loads(text), "f8").astype("f4").view("u4") == bits).all())


def main() -> int:
    """Print the numbers that change, and the number of those that were tried."""
    tried = 0
    lost = []
    for start in track(range(0, 2**32, PART), "every float32"):
        bits = np.arange(start, start + PART, dtype="u4")
        bits = bits[np.isfinite(bits.view("f4"))]
        tried += bits.size
        if bits.size and not is_kept(bits):
            lost.append(hex(start))
    sys.stdout.write(f"{tried:,} numbers, parts that lose some: {lost or 'none'}\n")
    return len(lost) > 0


if __name__ == "__main__":
    sys.exit(main())
