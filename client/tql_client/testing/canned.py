"""Canned answers for tests: rows and errors in turn, compared with the outputs of the queries that they answer."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tql_client.protocol.wire import Answer
from tql_client.transport.retry import Retries
from tql_grammar import ast
from tql_grammar.errors import ArgumentError, TqlError
from tql_grammar.outputs import bare
from tql_grammar.suggestions import nearest
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql_client.protocol.call import Call, Transport

Rows = list[dict[str, Any]]
# Names of arguments that mean an error, and the hint for one that is written otherwise.
ERRORS = frozenset({"error", "exception", "raises", "status"})
AN_ERROR = 'create an error of tql_client.errors: answer(ServerError(500, "boom"))'


class Canned:
    """Transport that returns given answers: the rows or the error of one per query, the last one repeatedly, and no rows if none were given."""

    def __init__(self) -> None:
        """Create a transport that returns no rows."""
        self._answers: list[Rows | TqlError] = []
        self._repeats = False
        self._taking = threading.Lock()

    def __repr__(self) -> str:
        """Return the number of answers that no query received yet."""
        left = len(self._answers) - self._repeats
        if self._answers and not left:
            return "the last answer repeats"
        return f"{left} answer{'' if left == 1 else 's'} left"

    def give(self, answer: Rows | TqlError) -> None:
        """Add the answer to the next query, or the one after those that were added before."""
        with self._taking:
            if self._repeats:
                self._answers.clear()
                self._repeats = False
            self._answers.append(answer)

    def send(self, call: Call) -> Answer:
        """Return the next rows, or raise the next error."""
        answer = self._next()
        if isinstance(answer, TqlError):
            raise copy.copy(answer)  # each query has its own, as a batch adds its number and its query to an error
        return _answer(answer, output_names(read(call.query).tree))

    def close(self) -> None:
        """Do nothing."""

    def _next(self) -> Rows | TqlError:
        """Return the next answer."""
        with self._taking:
            if not self._answers:
                return []
            if len(self._answers) > 1:
                return self._answers.pop(0)
            self._repeats = True
            return self._answers[0]


class Once(Retries):
    """Policy that sends each query once: a canned error is the one that is left after all attempts."""

    def with_attempts(self, attempts: int) -> Retries:
        """Return this policy, if the number of attempts is valid."""
        super().with_attempts(attempts)
        return self

    def send(self, transport: Transport, call: Call) -> tuple[Answer, int]:
        """Send a query, and return the answer and the number of attempts."""
        return transport.send(call), 1


def answer_of(given: Sequence[object], named: Mapping[str, object]) -> Rows | TqlError:
    """
    Return the rows or the error that the arguments of `Recorder.answer` mean.

    Raises:
        ArgumentError: they are neither a dict for each row, nor a list of dicts, nor one error.
    """
    if named:
        raise _refusal(", ".join(f"{name}={value!r}" for name, value in named.items()), _hint_of_names(named))
    alone = given[0] if len(given) == 1 else None
    if isinstance(alone, TqlError):
        return alone
    return [_row(row) for row in (alone if isinstance(alone, (list, tuple)) else given)]


def _row(row: object) -> dict[str, Any]:
    """Return a row, or raise for another value."""
    if not isinstance(row, Mapping):
        raise _refusal(repr(row), _hint(row))
    return dict(row)


def _refusal(shown: str, hint: str) -> ArgumentError:
    """Return the error about a wrong argument."""
    return ArgumentError("answer", "takes one dict for each row, or an error", shown, hint)


def _hint_of_names(named: Mapping[str, object]) -> str:
    """Return the call that named arguments may mean."""
    if ERRORS & set(named):
        return AN_ERROR
    return f"answer({{{', '.join(f'{name!r}: {value!r}' for name, value in named.items())}}})"


def _hint(wrong: object) -> str:
    """Return the call that a wrong argument may mean."""
    if isinstance(wrong, TqlError):
        return "an error is an answer of its own: answer({..}).answer(error)"
    if isinstance(wrong, (type, BaseException)):
        return AN_ERROR
    return 'answer({"id": 1}, {"id": 2}), or answer(ServerError(500, "boom"))'


def _answer(rows: Rows, outputs: tuple[str, ...] | None) -> Answer:
    """
    Return the answer of canned rows to a query: its columns in the order of the outputs, and all of them if there are no rows.

    Raises:
        AssertionError: the query has no output of a name; it is no `TqlError`, which the program under test may catch.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if outputs is not None:
        _require_outputs(names, outputs)
        names = sorted(names if rows else outputs, key=outputs.index)
    return Answer(tuple(names), [{name: row.get(name) for name in names} for row in rows])


def _require_outputs(names: Sequence[str], outputs: Sequence[str]) -> None:
    """Raise for names that are none of the outputs of a query."""
    unknown = [name for name in names if name not in outputs]
    if not unknown:
        return
    similar = nearest(unknown[0], outputs)
    advice = f"; did you mean `{similar}`?" if similar else ""
    message = (
        f"the rows of `answer` have {', '.join(f'`{name}`' for name in unknown)}, and the query has no output of this name{advice}\n"
        f"hint: its outputs are {', '.join(outputs)}; the service would return no other column"
    )
    raise AssertionError(message)


def output_names(query: ast.Query | None) -> tuple[str, ...] | None:
    """Return the names of the outputs of a query, or None if they are unknown: ``*`` of a dataset, or an expression without an alias."""
    if isinstance(query, ast.SetOperation):
        return output_names(query.operands[0])
    if not isinstance(query, ast.Select):
        return None
    names: list[str] = []
    for output in query.columns:
        found = _names(output, query)
        if found is None:
            return None
        names += found
    return tuple(dict.fromkeys(names))


def _names(output: ast.Expression, select: ast.Select) -> Sequence[str] | None:
    """Return the names of one output of a SELECT, or None if they are unknown."""
    if isinstance(bare(output), ast.Star):
        return output_names(select.source.query) if isinstance(select.source, ast.Derived) else None
    if isinstance(output, ast.Aliased):
        return [output.alias]
    return [output.name] if type(output) is ast.Column else None
