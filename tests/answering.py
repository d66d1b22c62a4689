"""
Child process that runs the engine for tests: it reads one JSON value per line from stdin, and writes one JSON result per line.

``python -m tests.answering parse`` returns the verdict of the engine's parser on a query;
``python -m tests.answering run`` returns the rows of a query on the data of `tests.corpus.datasets`;
``python -m tests.answering nulls`` returns the rows of a query on the data of `tests.tql.nulls`;
``python -m tests.answering tables`` creates tables, and returns the rows of queries on them.
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
    """Return the function that returns "ok" or the error message of the engine's parser."""

    def answer(text: str) -> str:
        deeplake.prepare_query(text)
        return "ok"

    return answer


def runner() -> Callable[[str], Any]:
    """Return the function that returns the names and rows of a query."""
    from tests.corpus import datasets

    kept = datasets.build()

    def answer(text: str) -> dict[str, Any]:
        assert kept
        view: Any = deeplake.query(text)
        names = [column.name for column in view.schema.columns]
        return {"names": names, "rows": {name: [shown(value) for value in view[name][:]] for name in names}}

    return answer


def of_nulls() -> Callable[[str], Any]:
    """Return the function that returns the rows of a query on nullable columns."""
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
    """Return the function that creates a table from ``{"name": .., "columns": {"k": ["int64", [1, 2]]}}``, and returns the rows of a query as lists."""
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
    """Return a value in a form that JSON can encode."""
    if isinstance(value, (np.ndarray, np.generic)):
        return repr(value.tolist())
    return repr(value.to_dict()) if hasattr(value, "to_dict") else repr(value)


def plain(value: Any) -> Any:
    """Return a number or an array in a cell as plain Python values."""
    return value.tolist()


def main() -> None:
    """Answer each line until stdin ends."""
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
        except Exception as error:  # noqa: BLE001 - every exception of the engine is a result
            said = f"{type(error).__name__}: {error}"
        sys.stdout.write(json.dumps(said, default=plain) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
