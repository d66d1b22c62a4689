"""Any text: no other error than TqlError, no depth that exceeds Python's stack, and no work that grows faster than the text."""

from __future__ import annotations

import sys

import pytest

from tests.differential.sizes import ROUND
from tests.grammar import growth, mutated
from tql_grammar.functions import CATALOGUE
from tql_grammar.syntax.parser import read

# Operators that can follow an operand any number of times, and other nesting that the engine's parser allows.
ALSO = [
    *(("", after) for after in ("[0]", "[0][1]", "['a']", "[0:1]", "[id+1]", " is null", " is not null", " isnull", " + 1", " not like 'a'", " and a")),
    *((before, "") for before in ("- ", "- - ", "not ", "- not ", "a - ")),
    ("-(a + ", ")"),
    ("- (", ")[0]"),
    ("a * (", ")"),
    ("dot(", ", a)"),
    ("(a and (b or (", ")))"),
    ("a in (1) and (", ")"),
]  # fmt: skip
MOST = 600
# The frames that a caller leaves to an operation.
FRAMES = 300


def deepest(before: str, after: str) -> int:
    """Return the number of times that an operand can be enclosed, up to `MOST`."""
    fits, fails = 1, MOST + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        reading = read("select id where " + before * middle + "a" + after * middle)
        if reading.tree is None or reading.diagnostics:
            fails = middle
        else:
            fits = middle
    return fits


def with_few_frames(operation: growth.Operation, text: str) -> None:
    """Run an operation with a small part of Python's stack."""
    depth, frame, usual = 0, sys._getframe(), sys.getrecursionlimit()  # noqa: SLF001 - the depth of the stack has no other name
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]  # None ends the loop
    sys.setrecursionlimit(depth + FRAMES)
    try:
        growth.tried(operation, text)
    finally:
        sys.setrecursionlimit(usual)


@pytest.mark.parametrize(("before", "after"), [*ROUND, *ALSO])
def test_no_depth_exceeds_the_stack(before: str, after: str) -> None:
    """An expression as deep as the engine's parser takes is checked, fixed, formatted, parsed and compiled with 300 frames of Python's stack."""
    for operation in growth.OPERATIONS.values():
        growth.tried(operation, "select a")
    count = deepest(before, after)
    inside = before * count + "a" + after * count
    for text in (f'select {inside} as x from "mem://t"', f'select id from "mem://t" where {inside}'):
        for operation in growth.OPERATIONS.values():
            with_few_frames(operation, text)


@pytest.mark.parametrize("shape", growth.SHAPES)
def test_work_grows_as_the_text(shape: str) -> None:
    """Four times the text takes less than eight times as many calls; a quadratic operation would take sixteen."""
    for name, operation in growth.OPERATIONS.items():
        text = growth.SHAPES[shape]
        growth.tried(operation, text(500))
        short, long = (growth.calls(operation, text(length)) for length in (1_000, 4_000))
        assert long < 8 * short, (name, short, long)


@pytest.mark.parametrize("text", ["select id from t limit ILIKE\n10 percent", "select id from as limit LIKE 1 "])
def test_texts_that_raised_another_error(text: str) -> None:
    """Texts that ``make mutated`` found have a result or a TqlError."""
    for operation in mutated.TRIED.values():
        growth.tried(operation, text)


@pytest.mark.parametrize("seed", range(1, 5))
def test_mutated_texts_raise_no_other_error(seed: int) -> None:
    """2,000 mutated texts have a result or a TqlError from each operation; ``make mutated`` tries 200,000."""
    assert mutated.failures(seed) == []


# Queries of a call, each of which other code reads.
CALLS = ("{0}", "{0} as x", "{0}[0], {0}[1:]", "a where {0}[:] is null", "a where {0} between {0} and 3", "a order by {0}", "a from D group by {0}", "{0} ungroup by split")  # fmt: skip


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_calls_with_any_number_of_arguments(name: str) -> None:
    """A call of each function without arguments, and with more than it takes, raises nothing but TqlError."""
    for arguments in ("", "a", "a, 1", "'x', a, a, a"):
        for query in CALLS:
            for operation in mutated.TRIED.values():
                growth.tried(operation, f"select {query.format(f'{name}({arguments})')}")
