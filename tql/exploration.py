"""Exploration: all queries that a function builds, by the paths through its `when` and `choice`."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from tql.call_sites import call_site, shortened
from tql.decisions import DECIDER
from tql.findings import findings, is_failure
from tql.messages import shown
from tql_grammar.errors import ArgumentError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tql.builder.query import Query
    from tql.statement import Statement
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.schema import Schema

T = TypeVar("T")

BOTH, GIVEN = "both", "given"
# The words for a function without decisions.
ALONE = "only the defaults were tried: pass values as choice([None, 2020]) to explore other paths"


def count_of_paths(number: int) -> str:
    """Return a number of paths in words."""
    return f"{number} path{'' if number == 1 else 's'}"


class Decision(Record):
    """
    One decision of a path.

    Attributes:
        index: the index of the option that was taken; 0 is the default: a condition that does not hold, or the first value.
        options: the number of options.
        words: the decision in words: ``app.py:7 when(year) is true``.
    """

    index: int
    options: int
    words: str


class Path(Record):
    """
    One path through a function, and its query.

    Attributes:
        decisions: the decisions, in the order in which the function makes them.
        query: the query that the function returned, or None if it raised an exception.
        text: the TQL text, compiled for the schema, or None if there is no query or it cannot be compiled.
        findings: the errors and warnings of the text, without advice about searches (TQL5xx).
        result: what *run* returned, or None.
        error: the exception of the function, of the compiler or of *run*, or None.
    """

    decisions: tuple[Decision, ...]
    query: Query | str | None = None
    text: str | None = None
    findings: tuple[Diagnostic, ...] = ()
    result: object = None
    error: Exception | None = None

    @property
    def fails(self) -> bool:
        """Whether the path has an exception or findings."""
        return self.error is not None or bool(self.findings)

    @property
    def words(self) -> tuple[str, ...]:
        """The decisions in words, without the defaults."""
        return tuple(decision.words for decision in self.decisions if decision.index)

    def __str__(self) -> str:
        """Return the decisions, the text, and what is wrong with it, a line for each."""
        lines = [*self.words] or ["no condition holds, each choice has its first value"]
        lines += [] if self.text is None else [f"query: {self.text}"]
        lines += [f"{finding.code} {finding.message}" for finding in self.findings]
        lines += [] if self.error is None else [f"{type(self.error).__name__}: {self.error}"]
        return "\n".join(lines)


class Exploration(Record):
    """
    The paths through a function, those with the fewest decisions first; it is a sequence of them.

    Attributes:
        paths: the paths.
        is_complete: whether these are all paths; otherwise those with many decisions are a sample.
    """

    paths: tuple[Path, ...]
    is_complete: bool

    @property
    def failures(self) -> tuple[Path, ...]:
        """The paths that fail."""
        return tuple(path for path in self.paths if path.fails)

    def __len__(self) -> int:
        """Return the number of paths."""
        return len(self.paths)

    def __iter__(self) -> Iterator[Path]:
        """Yield the paths."""
        return iter(self.paths)

    def __getitem__(self, index: int) -> Path:
        """Return a path."""
        return self.paths[index]

    def __str__(self) -> str:
        """Return the number of paths and of failures, and the failing path with the fewest decisions."""
        failures = self.failures
        kind = "" if self.is_complete else ", a sample"
        first = f"\n\n{failures[0]}" if failures else f"\n{ALONE}" if len(self) == 1 and not self[0].decisions else ""
        return f"{count_of_paths(len(self))}{kind}: {len(failures)} fail{'s' if len(failures) == 1 else ''}{first}"


class Script:
    """Decisions that are given in advance; those after them are the defaults, or random."""

    def __init__(self, given: Sequence[int], when: str, source: random.Random | None = None) -> None:
        """Begin with the given decisions."""
        self._given = given
        self._follows = when == GIVEN
        self._random = source
        self.taken: list[Decision] = []

    def holds(self, condition: object) -> bool:
        """Return whether a condition holds: a true one stands for both, unless conditions are followed."""
        if self._follows or not condition:
            return bool(condition)
        return bool(self._take(2, lambda _: f"{call_site('when')} is true"))

    def choose(self, values: Sequence[T], name: str | None) -> T:
        """Return one of some values."""
        return values[self._take(len(values), lambda index: _choice(name, values[index]))]

    def _take(self, options: int, words: Callable[[int], str]) -> int:
        """Return the index of an option, and record it."""
        number = len(self.taken)
        if number < len(self._given):
            index = min(self._given[number], options - 1)
        else:
            index = self._random.randrange(options) if self._random else 0
        self.taken.append(Decision(index, options, words(index) if index else ""))
        return index


def explore(  # noqa: PLR0913 - each is one independent choice, by name
    function: Callable[[], Query | str],
    schema: object = None,
    run: Callable[[Query | str], object] | None = None,
    *,
    when: str = BOTH,
    most: int = 10_000,
    seed: int = 0,
    until_failure: bool = False,
) -> Exploration:
    """Run a function through all paths; see `tql.explore`."""
    _require(function, when, most)
    explorer = _Explorer(function, schema, run, when)
    paths: list[Path] = []
    is_complete = True
    for path, is_complete in explorer.paths(most, seed):  # noqa: B007 - the last value is the result
        paths.append(path)
        if until_failure and path.fails:
            paths[-1] = explorer.shrunk(path)
            break
    return Exploration(tuple(paths), is_complete)


def _require(function: object, when: str, most: int) -> None:
    """Raise for arguments that `explore` does not take."""
    if not callable(function):
        hint = "explore(lambda: search(year=2020))"
        raise ArgumentError(
            "function", "must be a function without arguments that returns a query", repr(function), hint
        )
    if when not in {BOTH, GIVEN}:
        raise ArgumentError("when", f'must be "{BOTH}" or "{GIVEN}"', repr(when))
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ArgumentError("most", "must be a number of paths, 1 or more", repr(most))


class _Explorer:
    """A function, and what each of its queries goes through."""

    def __init__(
        self,
        function: Callable[[], Query | str],
        schema: object,
        run: Callable[[Query | str], object] | None,
        when: str,
    ) -> None:
        """Keep the arguments of `explore`."""
        self._function, self._schema, self._run, self._when = function, schema, run, when

    def paths(self, most: int, seed: int) -> Iterator[tuple[Path, bool]]:
        """Yield the paths, those with the fewest decisions first, each with whether all of them are yielded; if there are more than *most*, the second half is a sample."""
        waiting: deque[tuple[int, ...]] = deque([()])
        seen: set[tuple[int, ...]] = set()
        is_complete = True
        while waiting and (is_complete or len(seen) < most // 2):
            given = waiting.popleft()
            path = self._path(Script(given, self._when))
            seen.add(_indices(path))
            waiting.extend(_next(given, path))
            is_complete = is_complete and len(seen) + len(waiting) <= most
            yield path, is_complete
        source = random.Random(seed)  # noqa: S311 - a sample, no secret
        for _ in range(0 if is_complete else most - len(seen)):
            path = self._path(Script((), self._when, source))
            if _indices(path) not in seen:
                seen.add(_indices(path))
                yield path, False

    def shrunk(self, path: Path) -> Path:
        """Return the failing path with as few decisions as possible: one after the other gets its default."""
        for position, decision in enumerate(path.decisions):
            if decision.index and position < len(path.decisions):
                given = _indices(path)
                other = self._path(Script((*given[:position], 0, *given[position + 1 :]), self._when))
                if other.fails and len(other.words) < len(path.words):
                    return self.shrunk(other)
        return path

    def _path(self, script: Script) -> Path:
        """Return the path of a script."""
        token = DECIDER.set(script)
        try:
            query = self._function()
        except Exception as error:  # noqa: BLE001 - the path shows whatever the function raises
            return Path(tuple(script.taken), error=error)
        finally:
            DECIDER.reset(token)
        path = Path(tuple(script.taken), query)
        _require_query(path)
        return self._examined(path, query)

    def _examined(self, path: Path, query: Query | str) -> Path:
        """Return a path with the text of its query, the findings and the result."""
        try:
            text = _text(query, self._schema)
        except Exception as error:  # noqa: BLE001 - the path shows whatever the compiler raises
            return path.replace(error=error)
        path = path.replace(text=text, findings=tuple(filter(is_failure, findings(text, self._schema))))
        if self._run is None:
            return path
        try:
            return path.replace(result=self._run(query))
        except Exception as error:  # noqa: BLE001 - the path shows whatever *run* raises
            return path.replace(error=error)


def _indices(path: Path) -> tuple[int, ...]:
    """Return the decisions of a path as indices."""
    return tuple(decision.index for decision in path.decisions)


def _next(given: tuple[int, ...], path: Path) -> Iterator[tuple[int, ...]]:
    """Yield the scripts with one more decision that is not the default, each after the given ones."""
    taken = _indices(path)
    for position in range(len(given), len(taken)):
        for index in range(1, path.decisions[position].options):
            yield (*taken[:position], index)


def _require_query(path: Path) -> None:
    """Raise for a path whose function returned no query."""
    query: object = path.query
    if isinstance(query, str) or hasattr(query, "statement"):
        return
    if query is None:
        hint = f"return the query on this path too: {', '.join(path.words) or 'the one of the defaults'}"
    else:
        hint = (
            "a function that sends its query to `tql_recorder` returns rows: after it, return tql_recorder.queries[-1]"
        )
    raise ArgumentError("function", "must return a query", shown(query), hint)


def _text(query: Query | str, schema: object) -> str:
    """Return the text of a query, compiled for the schema."""
    if isinstance(query, str):
        return query
    from tql.compiler.compile import compile_query

    return compile_query(query.statement, None, _schemas(query.statement, schema))


def _schemas(statement: Statement, schema: object) -> dict[str | None, Schema]:
    """Return the schema of each dataset of a query."""
    from tql.statement import Dataset
    from tql_grammar.schema import Schema
    from tql_grammar.walk import walk

    if not isinstance(schema, Schema):
        return dict(schema) if isinstance(schema, dict) else {}
    return {None: schema, **{part.url: schema for part in walk(statement) if isinstance(part, Dataset)}}


def _choice(name: str | None, value: object) -> str:
    """Return the words of a choice."""
    return f"{name or call_site('choice')} is {shortened(repr(value))}"
