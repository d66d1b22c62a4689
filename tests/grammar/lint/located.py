"""Texts of rules over the datasets of the corpus."""

from __future__ import annotations

import re

SOURCES = {"D": "t", "X": "x", "U": "u", "K": "k", "S": "s", "F": "built", "N": "n", "P": "updated"}


def located(text: str) -> str:
    """Return a text of a rule over the data of the cases."""
    return re.sub(r"\b(from|join|,) ([DXUKSFNP])\b", lambda found: f'{found[1]} "mem://{SOURCES[found[2]]}"', text)
