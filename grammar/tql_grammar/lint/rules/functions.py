"""Rules about functions: names that people expect, and arguments that no function takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import ABSENT, CATALOGUE, UNCALLABLE
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.literals import SUBJECTS, is_number
from tql_grammar.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.functions import Function


def _functions(subject: Subject) -> Iterator[ast.Function]:
    """Return the calls of a text, where the engine looks at them."""
    return (call for _, call in subject.parts(ast.Function))


def _absent(subject: Subject) -> Iterator[Finding]:
    """Yield the calls of functions that do not exist."""
    for call in _functions(subject):
        if call.name.lower() in CATALOGUE or call.name.upper() in UNCALLABLE:
            continue
        absent = ABSENT.get(call.name.upper())
        message = f"there is no function {call.name}: the engine answers `Function '{call.name.upper()}' is not found in external function sources.`"
        yield subject.finding(call, message, _near(call.name) if absent is None else absent.text)


def _near(name: str) -> str:
    """Return the function that was meant, or what a program may have done."""
    near = nearest(name, CATALOGUE)
    return f"did you mean {near.upper()}?" if near else "programs can register functions of their own"


def _arity(subject: Subject) -> Iterator[Finding]:
    """Yield the calls with too few or too many arguments."""
    for call in _functions(subject):
        function = CATALOGUE.get(call.name.lower())
        if function is None or function.required == len(call.arguments):
            continue
        weighted = _takes_weights(function) and call.arguments
        if weighted or function.required <= len(call.arguments) <= len(function.parameters):
            continue
        taken = ", ".join(parameter.name for parameter in function.parameters) or "nothing"
        message = f"{call.name} takes {taken}: the engine refuses {len(call.arguments)} arguments"
        yield subject.finding(call, message)


def _takes_weights(function: Function) -> bool:
    """Tell whether a function takes pairs of a condition and a weight, any number of them."""
    return bool(function.parameters) and function.parameters[-1].kind == "weights"


def _pairs(subject: Subject) -> Iterator[Finding]:
    """Yield pairs where none belong, and weights without them."""
    for call in _functions(subject):
        function = CATALOGUE.get(call.name.lower())
        if function is None:
            continue
        misplaced = _misplaced(call, weighted=_takes_weights(function))
        if misplaced is not None:
            yield subject.finding(call, *misplaced)
        for pair in call.arguments:
            if isinstance(pair, ast.Pair) and not is_number(pair.weight) and not isinstance(pair.weight, SUBJECTS):
                yield subject.finding(
                    pair, "a weight is a number: the engine refuses anything else", "write the number"
                )


def _misplaced(call: ast.Function, *, weighted: bool) -> tuple[str, str | None] | None:
    """Return the message and the hint for a call that has pairs and takes none, or takes them and has others; None where they fit."""
    paired = [isinstance(argument, ast.Pair) for argument in call.arguments]
    if weighted and not all(paired):
        return f"{call.name} takes pairs, and the engine refuses a list", "write (condition: 2, condition: 1)"
    if any(paired) and not weighted:
        return f"{call.name} takes no pairs: the engine refuses them", None
    return None


def _data(subject: Subject) -> Iterator[Finding]:
    """Yield the calls of DATA with anything but a column and a number from 0."""
    for call in _functions(subject):
        if call.name.lower() == "data" and len(call.arguments) == len(("column", "row")):
            column, row = call.arguments
            if not isinstance(column, ast.Column) or not isinstance(row, ast.Number) or isinstance(row.value, float):
                message = "DATA takes a column and a number from 0: the engine answers `Function 'DATA' is not found in external function sources.`"
                yield subject.finding(call, message)


RULES = (
    Rule(
        code="TQL201",
        title="function that does not exist",
        severity="error",
        explanation="TQL has functions of its own, and none of these names. The engine refuses the query.",
        example="select length(text) as n from D",
        find=_absent,
    ),
    Rule(
        code="TQL204",
        title="too few or too many arguments",
        severity="error",
        explanation="Each function takes a certain number of arguments; the engine refuses another one.",
        example="select id from D where shape() = 3",
        find=_arity,
        meant="select id from D where shape(arr)[0] = 3",
    ),
    Rule(
        code="TQL205",
        title="weights that are no pairs of a condition and a number",
        severity="error",
        explanation="MAX_WEIGHT and SUM_WEIGHT take `condition: number`, and no other function does.",
        example="select id from D sample by max_weight(id > 3, 2)",
        find=_pairs,
        meant="select id from D where max_weight(id > 3: 2) = 2",
    ),
    Rule(
        code="TQL225",
        title="DATA of what is no column and row",
        severity="error",
        explanation="DATA takes the name of a column and a row's number from 0; the engine says of anything else that there is no such function.",
        example="select data(id, -1) as n from D",
        find=_data,
        meant="select data(id, 1) as n from D",
    ),
)
