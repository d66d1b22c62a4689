"""
A child process that answers cases of one kind, on the engine of its environment: ``python -m tests.engines.answering KIND``.

It writes "ready" once its datasets are made, reads one JSON value a line, and writes what the engine said as one text; see `tests.engines.answers`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from tests.answering import parser, runner
from tests.engine import dataset, run
from tests.engines.answers import TYPES, message, short
from tql import ArgumentError, Query, select
from tql.compiler.compile import compile_query
from tql_client.engine import versions
from tql_grammar.engines import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.world.answering import Worldly


def syntax() -> Callable[[Any], str]:
    """Return the function that returns the verdict of the engine's parser."""
    parse = parser()
    return lambda text: str(parse(text))


def rows() -> Callable[[Any], str]:
    """Return the function that returns a hash of the names and the rows of a text on the datasets of the corpus."""
    of = runner()
    return lambda text: f"rows {short(of(text))}"


def facts() -> Callable[[Any], str]:
    """Return the function that compares the builder's query of a fact with its meaning."""
    from tests.tql.compiler.legalize import cases

    def answer(name: str) -> str:
        fact, case = cases.BY_NAME[name], cases.CASES[name]
        found = cases.plain(run(cases.made(fact), cases.over(fact, cases.built(fact, versions.present_engine()))))
        return judged(cases.is_meant(found, case), found)

    return answer


def naive() -> Callable[[Any], str]:
    """Return the function that returns a hash of the rows of the text that a person would write."""
    from tests.tql.compiler.legalize import cases

    return lambda name: f"rows {short(cases.naive_rows(name))}"


def functions() -> Callable[[Any], str]:
    """Return the function that compares the values of a function of the catalogue with those of numpy or Python."""
    from tests.tql import functions as known

    data = dataset("functions", known.KINDS, known.ROWS)

    def answer(asked: list[Any]) -> str:
        name, number = asked
        if name in known.GROUPED:
            expression, _, meaning = known.GROUPED[name]
            query = select("k", x=expression).group_by("k")
            found = {row["k"]: row["x"] for row in run(data, text(query))}
            meant = {key: meaning([row for row in known.ROWS if row["k"] == key]) for key in found}
            return judged(_same([*found.values()], [*meant.values()]) and sorted(found) == [0, 1, 2], found)
        expression, _, of_row = known.ROWWISE[name][number]
        values = [row["x"] for row in run(data, text(select(x=expression)))]
        return judged(_same(values, [of_row(row) for row in known.ROWS]), values)

    def text(query: Query) -> str:
        return compile_query(query.statement, engine=versions.present_engine())

    def _same(found: list[Any], meant: list[Any]) -> bool:
        try:
            # Before 4.7 the empty text of a group is an empty text, and later it is None, as in every other query.
            known.assert_same([None if value == "" else value for value in found], meant)
        except AssertionError:
            return False
        return True

    return answer


def probes() -> Callable[[Any], str]:
    """Return the function that compares the rows of a probe with those of Python."""
    from tests.engines.probes import right

    return lambda asked: judged(*right(*asked))


def unadapted() -> Callable[[Any], str]:
    """Return the function that compares the rows of a probe, compiled for the newest engine, with those of Python: what a version changed."""
    from tests.engines.probes import right

    return lambda asked: judged(*right(asked[0], asked[1], NEWEST))


def client() -> Callable[[Any], str]:
    """Return the function that compares a use of the embedded client with Python."""
    from tests.engines.clients import right

    return lambda name: judged(*right(name))


def world() -> Callable[[Any], Any]:
    """Return the function that compares a random query of the world with the reference, or returns the features of its text."""
    from tests.engines.features import features
    from tests.tql.world import answering
    from tests.tql.world.composing import Composer
    from tests.tql.world.queries import drawn_query

    kept: dict[tuple[int, str], Worldly | None] = {}

    def world_of(seed: int, mode: str) -> Worldly | None:
        """Return the tables of a seed, or None where the engine does not take their values."""
        if (seed, mode) not in kept:
            for old in kept.values():
                if old is not None:
                    old.client.close()
            kept.clear()
            kept[seed, mode] = None
            with contextlib.suppress(RuntimeError):
                kept[seed, mode] = answering.worldly(seed, mode)
        return kept[seed, mode]

    def answer(asked: list[Any]) -> Any:
        seed, place, mode, *wants_features = asked
        found = world_of(seed, mode)
        if found is None:
            return "left out since the engine does not take the values"
        drawn = drawn_query(f"{seed}/{place}", found.made, plain=mode == "plain")
        if wants_features:
            query = Composer(found.urls, found.schemas).query(drawn)
            return features(found.client.compile(query, on_findings="ignore"))
        kind, detail = found.outcome(drawn)
        return SAID[kind](detail)

    return answer


# The client refuses versions that are not supported; here they are measured.
EVERY = (0,)
# What an outcome of the world is called.
SAID: dict[str, Callable[[str], str]] = {
    "right": lambda _detail: "right",
    "refused": lambda _detail: "declined",
    "undecided": lambda _detail: "undecided",
    "left out": lambda _detail: "undecided",
    "broken": lambda detail: f"broken {message(detail)}",
    "error": lambda detail: f"refused {message(detail)}",
    "wrong": lambda detail: f"wrong {short(detail)}",
}


def judged(is_right: bool, found: Any) -> str:  # noqa: FBT001 - the judgement
    """Return the words for rows of a query of the builder."""
    return "right" if is_right else f"wrong {short(repr(found))}"


ANSWERS: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "syntax": syntax,
    "rows": rows,
    "rules": rows,
    "facts": facts,
    "naive": naive,
    "functions": functions,
    "probes": probes,
    "unadapted": unadapted,
    "client": client,
    "world": world,
}


def main() -> None:
    """Answer each line until stdin ends."""
    kind = sys.argv[1]
    versions.OLDEST = EVERY
    answer = ANSWERS[kind]()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except ArgumentError:
            said = "declined"
        except AttributeError as error:
            said = f"left out {error.name}" if error.name in TYPES else f"refused {message(str(error))}"
        except Exception as error:  # noqa: BLE001 - every exception of the engine is a result
            text = str(error)
            said = text if kind == "syntax" and text.startswith("Pos ") else f"refused {message(text)}"
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
