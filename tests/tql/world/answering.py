"""
A child process that runs random queries of the world, and writes the outcome of each: ``python -m tests.tql.world.answering``.

It reads lines of JSON, ``[table seed, first, last, mode]``, and writes ``["begun", number]`` and the outcome for each query;
or ``["case", pickle, number, mode]``, and writes the outcome.
"""

from __future__ import annotations

import base64
import json
import pickle
import sys
from typing import TYPE_CHECKING, Any

from tests.tql.world.comparing import difference
from tests.tql.world.composing import Composer
from tests.tql.world.queries import drawn_query, drawn_tables
from tests.tql.world.reference import Reference
from tests.tql.world.tables import create
from tests.tql.world.values import Unanswered, Undecided
from tql import ArgumentError, Schema
from tql.compiler.compile import compile_query
from tql_client import connect
from tql_client.engine.versions import present_engine

if TYPE_CHECKING:
    from tests.tql.world.reference import Answer
    from tests.tql.world.tables import Made
    from tests.tql.world.terms import Drawn

BROKEN = (KeyError, IndexError, TypeError, AssertionError, ValueError, AttributeError)


class Worldly:
    """Tables of a seed in the engine, with and without their schemas."""

    def __init__(self, made: dict[str, Made], urls: dict[str, str], *, schema: bool) -> None:
        """Make the datasets."""
        self.made = made
        self.urls = urls
        self.kept = {name: create(one) for name, one in made.items()}
        self.schema = schema
        first, *others = self.kept
        self.schemas = {name: Schema.from_dataset(self.kept[name]) for name in others} if schema else {}
        self.client = connect(urls[first], allow_sources=True)

    def rows(self, drawn: Drawn) -> list[dict[str, Any]]:
        """Return the rows of the engine."""
        query = Composer(self.urls, self.schemas).query(drawn)
        if self.schema:
            return self.client.query(query).rows
        text = compile_query(query.statement, engine=present_engine())
        return self.client.query(text, on_findings="ignore").rows

    def outcome(self, drawn: Drawn) -> tuple[str, str]:
        """Return the outcome of a query, with a detail; "broken" where the reference fails."""
        try:
            answer = self.answer(drawn)
        except Unanswered:
            return "left out", ""
        except BROKEN as error:
            return "broken", f"{type(error).__name__}: {error}"
        try:
            rows = self.rows(drawn)
        except ArgumentError as error:
            return "refused", str(error)
        except Exception as error:  # noqa: BLE001 - every exception of the engine is a result
            return "error", f"{type(error).__name__}: {error}"
        return ("undecided", "") if answer is None else judged(answer, rows)

    def answer(self, drawn: Drawn) -> Answer | None:
        """Return the answer of the reference, or None where the documentation promises no single one."""
        try:
            return Reference(self.made).answer(drawn)
        except Undecided:
            return None


def judged(answer: Answer, rows: list[dict[str, Any]]) -> tuple[str, str]:
    """Return whether rows are right."""
    try:
        wrong = difference(answer, rows)
    except BROKEN as error:
        return "broken", f"{type(error).__name__}: {error}"
    return ("wrong", wrong) if wrong else ("right", "")


def worldly(seed: int, mode: str) -> Worldly:
    """Return the tables of a seed in the engine."""
    made = drawn_tables(seed, plain=mode == "plain")
    urls = {name: made[name].steps[0].split('"')[1] for name in made}
    return Worldly(made, urls, schema=mode == "schema")


def main() -> None:
    """Answer each line until stdin ends."""
    for line in sys.stdin:
        seed, first, last, mode = json.loads(line)
        if seed == "case":
            tell(list(of_case(first, last, mode)))
            continue
        world = worldly(seed, mode)
        for place in range(first, last):
            tell(["begun", place])
            drawn = drawn_query(f"{seed}/{place}", world.made, plain=mode == "plain")
            tell(["ended", place, *world.outcome(drawn)])
        world.client.close()
        tell(["done"])


def of_case(pickled: str, number: int, mode: str) -> tuple[str, str]:
    """Return the outcome of a query over new tables."""
    made, drawn = pickle.loads(base64.b64decode(pickled))  # noqa: S301 - of this test
    urls = {name: f"mem://case{number}{name}" for name in made}
    for name, one in made.items():
        one.steps[0] = f'data = deeplake.create("{urls[name]}")'
    world = Worldly(made, urls, schema=mode == "schema")
    found = world.outcome(drawn)
    world.client.close()
    return found


def tell(found: list[Any]) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
