"""
Answers of the engine from a process of its own, a line of JSON for each text that comes in.

``python -m tests.answering parse`` answers what the engine's parser says;
``python -m tests.answering run`` answers the rows on the data of `tests.corpus.datasets`;
``python -m tests.answering nulls`` answers the rows on the data of `tests.tql.nulls`;
``python -m tests.answering tables`` answers the rows of texts over the tables that it is told to make.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def parser() -> Callable[[str], Any]:
    """Return what answers "ok" or the message of the engine's parser."""

    def answer(text: str) -> str:
        deeplake.prepare_query(text)
        return "ok"

    return answer


def runner() -> Callable[[str], Any]:
    """Return what answers names and rows."""
    from tests.corpus import datasets

    kept = datasets.build()

    def answer(text: str) -> dict[str, Any]:
        assert kept
        view: Any = deeplake.query(text)
        names = [column.name for column in view.schema.columns]
        return {"names": names, "rows": {name: [shown(value) for value in view[name][:]] for name in names}}

    return answer


def of_nulls() -> Callable[[str], Any]:
    """Return what answers rows with values that may be missing."""
    from tests.engine import require_harmless
    from tests.tql import nulls

    kept: dict[str | None, Any] = {
        f"mem://{name}": data for name, data in zip(nulls.DATASETS, nulls.build(), strict=True)
    }

    def answer(text: str) -> list[list[Any]]:
        require_harmless(text, kept)
        view: Any = deeplake.query(text)
        if len(view) == 0:
            return []
        columns = [
            [value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value for value in view[column.name][:]]
            for column in view.schema.columns
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    return answer


def tables() -> Callable[[Any], Any]:
    """Return what makes a table of ``{"name": .., "columns": {"k": ["int64", [1, 2]]}}``, and answers the rows of a text as lists."""
    from tests.engine import dataset, require_harmless, run

    kept: dict[str | None, Any] = {}

    def answer(asked: Any) -> Any:
        if isinstance(asked, str):
            require_harmless(asked, kept)
            return [list(row.values()) for row in run(deeplake, asked)]
        columns: dict[str, tuple[str, list[Any]]] = asked["columns"]
        rows = zip(*(values for _, values in columns.values()), strict=True)
        kept[f"mem://{asked['name']}"] = dataset(
            asked["name"],
            {label: kind for label, (kind, _) in columns.items()},
            [dict(zip(columns, row, strict=True)) for row in rows],
        )
        return len(kept)

    return answer


def shown(value: Any) -> Any:
    """Return a cell as what JSON can hold."""
    if isinstance(value, (np.ndarray, np.generic)):
        return repr(value.tolist())
    return repr(value.to_dict()) if hasattr(value, "to_dict") else repr(value)


def plain(value: Any) -> Any:
    """Return a number or an array inside of a cell as numbers and lists of Python."""
    return value.tolist()


def main() -> None:
    """Answer until the input ends."""
    answers: dict[str, Callable[[], Callable[[Any], Any]]] = {
        "parse": parser,
        "run": runner,
        "nulls": of_nulls,
        "tables": tables,
    }
    answer = answers[sys.argv[1]]()
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever the engine says is the answer
            said = f"{type(error).__name__}: {error}"
        sys.stdout.write(json.dumps(said, default=plain) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
