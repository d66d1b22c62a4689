"""Rules about function calls: unknown functions and wrong arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.absent import ABSENT, UNCALLABLE
from tql_grammar.functions import CATALOGUE
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import REPORTED_ELSEWHERE, is_number
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.absent import Absent
    from tql_grammar.functions import Function


def _functions(subject: Subject) -> Iterator[ast.Function]:
    """Return the function calls in the clauses that the engine evaluates."""
    return (call for _, call in subject.parts(ast.Function))


def _absent(subject: Subject) -> Iterator[Finding]:
    """Yield calls of functions that do not exist."""
    for call in _functions(subject):
        if call.name.lower() in CATALOGUE or call.name.upper() in UNCALLABLE:
            continue
        absent = ABSENT.get(call.name.upper())
        message = f"no function {call.name}: the engine fails with `Function '{call.name.upper()}' is not found in external function sources.`"
        yield subject.finding(
            call, message, _near(call.name) if absent is None else _replacement(call, absent, subject)
        )


def _replacement(call: ast.Function, absent: Absent, subject: Subject) -> str:
    """Return the hint for a function of SQL; that for COUNT(DISTINCT x) counts the groups."""
    if call.name.lower() == "count" and call.distinct and len(call.arguments) == 1:
        x = subject.written(call.arguments[0])
        return f"count the groups: select sum(one) as n from (select 1 as one from .. where {x} is not null group by {x}) group by 1"  # noqa: S608 - advice
    return absent.text


def _near(name: str) -> str:
    """Return the hint for an unknown function: the nearest name of the catalogue, if one is near."""
    near = nearest(name, CATALOGUE)
    return (
        f"did you mean {near.upper()}?"
        if near
        else "no function has a similar name; a program can register its own functions with the engine"
    )


def _arity(subject: Subject) -> Iterator[Finding]:
    """Yield calls with too few or too many arguments."""
    for call in _functions(subject):
        function = CATALOGUE.get(call.name.lower())
        if function is None or function.required == len(call.arguments):
            continue
        weighted = _takes_weights(function) and call.arguments
        if weighted or function.required <= len(call.arguments) <= len(function.parameters):
            continue
        taken = ", ".join(parameter.name for parameter in function.parameters) or "no arguments"
        message = f"{call.name} takes {taken}, and the engine rejects a call with {_count(call)}"
        yield subject.finding(call, message)


def _count(call: ast.Function) -> str:
    """Return the number of arguments of a call, in words."""
    return "1 argument" if len(call.arguments) == 1 else f"{len(call.arguments)} arguments"


def _takes_weights(function: Function) -> bool:
    """Tell whether a function takes any number of ``condition: weight`` pairs."""
    return bool(function.parameters) and function.parameters[-1].kind == "weights"


def _pairs(subject: Subject) -> Iterator[Finding]:
    """Yield pairs in calls that take none, calls that need pairs and have none, and weights that are not numbers."""
    for call in _functions(subject):
        function = CATALOGUE.get(call.name.lower())
        if function is None:
            continue
        misplaced = _misplaced(call, weighted=_takes_weights(function))
        if misplaced is not None:
            yield subject.finding(call, *misplaced)
        for pair in call.arguments:
            if (
                isinstance(pair, ast.Pair)
                and not is_number(pair.weight)
                and not isinstance(pair.weight, REPORTED_ELSEWHERE)
            ):
                yield subject.finding(
                    pair, "a weight must be a number: the engine rejects anything else", "write the number"
                )


def _misplaced(call: ast.Function, *, weighted: bool) -> tuple[str, str | None] | None:
    """Return the message and the hint for a call with pairs that takes none, or without pairs that takes them; None for a correct call."""
    paired = [isinstance(argument, ast.Pair) for argument in call.arguments]
    if weighted and not all(paired):
        return (
            f"{call.name} takes pairs of a condition and a weight: the engine rejects other arguments",
            "write (condition: 2, condition: 1)",
        )
    if any(paired) and not weighted:
        return f"{call.name} does not take pairs of a condition and a weight: the engine rejects them", None
    return None


def _data(subject: Subject) -> Iterator[Finding]:
    """Yield calls of DATA with arguments other than a column and a row number."""
    for call in _functions(subject):
        if call.name.lower() == "data" and len(call.arguments) == len(("column", "row")):
            column, row = call.arguments
            if not isinstance(column, ast.Column) or not isinstance(row, ast.Number) or isinstance(row.value, float):
                message = "DATA takes a column and a row number from 0: the engine fails with `Function 'DATA' is not found in external function sources.`"
                yield subject.finding(call, message)


RULES = (
    Rule(
        code="TQL201",
        title="function that does not exist",
        severity="error",
        explanation="TQL has no function of this name, and the engine rejects the query. The hint names the TQL function or the operator to use, if there is one.",
        example="select length(text) as n from D",
        find=_absent,
    ),
    Rule(
        code="TQL204",
        title="wrong number of arguments",
        severity="error",
        explanation="The engine rejects a call with too few or too many arguments.",
        example="select id from D where shape() = 3",
        find=_arity,
        meant="select id from D where shape(arr)[0] = 3",
    ),
    Rule(
        code="TQL205",
        title="wrong use of condition: weight pairs",
        severity="error",
        explanation="MAX_WEIGHT and SUM_WEIGHT take pairs of `condition: number`; no other function does.",
        example="select id from D sample by max_weight(id > 3, 2)",
        find=_pairs,
        meant="select id from D where max_weight(id > 3: 2) = 2",
    ),
    Rule(
        code="TQL225",
        title="DATA without a column and a row number",
        severity="error",
        explanation="DATA takes a column name and a row number from 0. For other arguments the engine reports that the function does not exist.",
        example="select data(id, -1) as n from D",
        find=_data,
        meant="select data(id, 1) as n from D",
    ),
)
