"""Documents of the stores, and their vectors; of the standard library only, since each store is written in an environment of its own."""

from __future__ import annotations

import random
from typing import Any

LENGTH = 16
COUNT = 24
LANGUAGES = ("en", "de", "fr")
TITLES = ("Cats of the harbour", "Ärger im Büro", "100% _cotton_ [a*b?]", "O'Hara's \"Tara\"\nand more")


def vector(text: str) -> list[float]:
    """Return the vector of a text, always the same."""
    drawn = random.Random(text)  # noqa: S311 - no secret
    return [drawn.gauss(0, 1) for _ in range(LENGTH)]


def flat(number: int) -> dict[str, Any]:
    """Return the metadata of a document, which has no `page` and no `note` in some; `note` can be empty or null."""
    metadata: dict[str, Any] = {
        "lang": LANGUAGES[number % 3],
        "year": 2000 + number,
        "price": number / 4,
        "title": TITLES[number % 4],
        "first": number < 12,
    }
    if number % 2:
        metadata["page"] = number
    if number % 3:
        metadata["note"] = (None, "", "read")[number % 4 % 3]
    return metadata


def nested(number: int) -> dict[str, Any]:
    """Return metadata with lists and objects, which LlamaIndex's store refuses."""
    tags = [tag for place, tag in enumerate(("red", "blue", "bluer")) if number >> place & 1]
    return flat(number) | {"tags": tags, "marks": [number, number + 1], "of": {"page": number % 4}}


TEXTS = [f"document {number}" for number in range(COUNT)]
IDS = [f"it's-{number}" for number in range(COUNT)]
