"""
Rules about what another version of the engine changed: they find something on engines from before only.

The table of the changes is `tql_grammar.engines`; each rule names its change there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.engines import HAMMING, INTEGER_KEYS, LIKE, MEAN, REMAINDER
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.patterns import of_bytes
from tql_grammar.rewrite.order import SIZES
from tql_grammar.schema import INTEGERS
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.rule import Place
    from tql_grammar.typing.scopes import SelectScope

KEYS = frozenset({"ORDER BY", "GROUP BY"})
LARGE = frozenset({"int64", "uint64"})
ZERO = ast.Number(0)


def _remainders(subject: Subject) -> Iterator[Finding]:
    """Yield remainders, but for those of which the sign is corrected, and the parts of a key."""
    for place in subject.places(ast.Chain):
        node: ast.Chain = place.part
        if "%" not in node.operators or _is_part(place) or _is_corrected(place):
            continue
        written = subject.written(node)
        form = f"({written}) + ({written} < 0) * {subject.written(node.operands[-1])}"
        message = (
            "before 4.7.1 `%` is the IEEE remainder, computed with float64: 7 % 10 is -3, so other rows have this value"
        )
        hint = f"for numbers from 0 to 2**53 write {form}, which is the remainder on every version; the builder writes the right form where it knows the version"
        yield subject.finding(node, message, hint)


def _is_part(place: Place) -> bool:
    """Tell whether a remainder is a part of an exact key."""
    divisor = place.part.operands[-1]
    return place.clause in KEYS and isinstance(divisor, ast.Number) and divisor.value in SIZES


def _is_corrected(place: Place) -> bool:
    """Tell whether arithmetic around a remainder tests its sign: ``(x % 10) + (x % 10 < 0) * 10``."""
    tests = (
        operand
        for chain in own_parts(place.whole)
        if isinstance(chain, ast.Chain)
        for operand in chain.operands
        if isinstance(operand, ast.Comparison)
    )
    return any(side == place.part and other == ZERO for test in tests for side, other in test.sides)


def _parts(subject: Subject) -> Iterator[Finding]:
    """Yield the sort and group keys that are parts of an integer of 64 bits."""
    keys = (
        (scope, bare(node)) for scope in subject.scopes for clause, node in expressions(scope.select) if clause in KEYS
    )
    for scope, key in keys:
        if any(map(_divides, own_parts(key))) and any(_is_large(part, scope) for part in own_parts(key)):
            message = "before 4.7.1 `%` is computed with float64: integers beyond 2**53 that differ in their last digits tie, and of those beyond 2**43 some are out of order"
            hint = "harmless for integers up to 2**43; otherwise use the keys x * 4398046511104, x * 1048576 - x * 4398046511104 / 4194304, x - x * 1048576 / 1048576, in ORDER BY the first one innermost, which are exact on every version; the builder writes them where it knows the version"
            yield subject.finding(key, message, hint)


def _divides(node: ast.Node) -> bool:
    """Tell whether arithmetic ends with the remainder of a division by the size of a part."""
    last = node.operands[-1] if isinstance(node, ast.Chain) and node.operators[-1] == "%" else None
    return isinstance(last, ast.Number) and last.value in SIZES


def _is_large(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a column has integers of 64 bits."""
    column = scope.typed_column(node)
    return column is not None and column.dtype in LARGE


def _hamming(subject: Subject) -> Iterator[Finding]:
    """Yield Hamming distances."""
    for _, node in subject.parts(ast.Function):
        if node.name.lower() == "hamming_distance":
            message = "before 4.7.1 HAMMING_DISTANCE ends the process of the engine"
            yield subject.finding(node, message, "compute it in Python, or use an engine from 4.7.1 on")


def _means(subject: Subject) -> Iterator[Finding]:
    """Yield means of arrays of integers."""
    for scope, node in subject.parts(ast.Function):
        if node.name.lower() == "avg" and len(node.arguments) == 1 and _are_integers(node.arguments[0], scope):
            written = subject.written(node.arguments[0])
            message = "before 4.6 AVG of integers is an integer: the mean of 1 and 2 is 1"
            yield subject.finding(node, message, f"write avg({written} * 1.0)")


def _are_integers(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether an expression is an array of integers, or the integers of a group."""
    column = infer(node, scope)
    return column is not None and column.dtype in INTEGERS and bool(column.shape or scope.select.group_by)


def _bytes(subject: Subject) -> Iterator[Finding]:
    """Yield patterns that match a number of characters, or letters outside of ASCII by a class."""
    for _, node in subject.parts(ast.Like):
        pattern = node.pattern.value if isinstance(node.pattern, ast.String) else ""
        found = of_bytes(pattern)
        if found:
            message = f"before 4.5.10 LIKE matches bytes: `{found}` matches one byte, and most letters outside of ASCII have two or three"
            hint = "write the letters as alternatives, (e|é|è), or match any number of characters, by %"
            yield subject.finding(node.pattern, message, hint)


RULES_OF_CHANGES = (
    Rule(
        code="TQL380",
        title="remainder on an engine before 4.7.1",
        severity="error",
        explanation=f"{REMAINDER.before} Reported only for an engine before 4.7.1.",
        example="select id from D where id % 10 = 7",
        find=_remainders,
        meant="select id from D where (id % 10) + (id % 10 < 0) * 10 = 7",
        change=REMAINDER,
    ),
    Rule(
        code="TQL381",
        title="character in a LIKE pattern on an engine before 4.5.10",
        severity="error",
        explanation=f"{LIKE.before} Reported only for an engine before 4.5.10.",
        example="select id from N where nt like '?l'",
        find=_bytes,
        meant="select id from N where nt like '(o|O|ö|Ö)l'",
        change=LIKE,
    ),
    Rule(
        code="TQL382",
        title="mean of integers on an engine before 4.6",
        severity="error",
        explanation=f"{MEAN.before} Reported only with a schema, and for an engine before 4.6.",
        example="select avg(arr) as x from D",
        find=_means,
        meant="select avg(arr * 1.0) as x from D",
        needs_schema=True,
        change=MEAN,
    ),
    Rule(
        code="TQL480",
        title="Hamming distance on an engine before 4.7.1",
        severity="error",
        explanation=f"{HAMMING.before} Reported only for an engine before 4.7.1.",
        example="select hamming_distance(bin, ARRAY[1, 2, 3, 4]) as d from D",
        find=_hamming,
        change=HAMMING,
    ),
    Rule(
        code="TQL580",
        title="parts of a large integer as keys on an engine before 4.7.1",
        severity="warning",
        explanation=f"{INTEGER_KEYS.before} Reported only with a schema, and for an engine before 4.7.1.",
        example="select sum(id) as s from N group by big % 4194304, (big - big % 4194304) % 17592186044416, big - big % 17592186044416",
        find=_parts,
        meant="select sum(id) as s from N group by big * 4398046511104, big * 1048576 - big * 4398046511104 / 4194304, big - big * 1048576 / 1048576",
        needs_schema=True,
        change=INTEGER_KEYS,
    ),
)
