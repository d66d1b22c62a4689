"""
Every fact of the engine on the engine: a text as people write it, and the builder's query with the rows that it means.

A naive text that ends or blocks the engine's process runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import deeplake
import pytest

from tests.engine import run
from tests.tql.compiler.legalize.cases import (
    BY_NAME,
    CASES,
    Case,
    Engine,
    Error,
    built,
    is_meant,
    made,
    naive_rows,
    over,
    plain,
)
from tql import ArgumentError, Schema
from tql.compiler import cache
from tql.compiler.legalize.facts import FACTS

if TYPE_CHECKING:
    from types import CodeType

    from tql.compiler.legalize.facts.fact import Fact

ROOT = Path(__file__).parents[4]
# In seconds: a text that runs for so long does not end; one that crashes has long done so, on a slow machine too.
PATIENCE = 8.0
SLOW = 120.0


# Each kind of fault that was measured in the engine, with the facts that test it.
FAULTS: dict[str, tuple[str, ...]] = {
    "keys of ORDER BY as float32": (
        "integer keys", "large integer keys", "large unsigned keys", "decimal keys", "computed keys"
    ),
    "keys of GROUP BY as float32": ("large keys of groups", "large integer keys of groups", "decimal keys of groups"),
    "null in a function": ("function of null", "negative of null", "condition on the negative of null", "null as a weight"),
    "null right of an operator": ("null on the right", "null in arithmetic", "division by null"),
    "the side of a join without a match is nullable": ("conditions on what has no match", "IS NULL and what has no match"),
    "a join with no rows": ("empty source of a join",),
    "conditions on both sides of an outer join": ("conditions on both sides of a join", "conditions on what has no match"),
    "groups of groups": ("groups of groups",),
    "subscripts of matrices": ("column of matrices", "two subscripts", "sum of a column of matrices", "element of matrices"),
    "elements of ragged arrays": ("slice of rows of several lengths", "last element of rows of one shape"),
    "aliases of texts in JSON": ("alias of a text in JSON", "text of JSON from a subquery", "text of JSON in IN"),
    "JSON": (
        "keys of JSON", "elements of a list in JSON", "element of JSON from a subquery", "groups of JSON",
        "conditions on JSON as outputs", "JSON and a column as an output",
    ),
    "index of numbers that is not built": ("index and IN", "index and another column", "index and a fraction"),
    "IN casts to the type of the column": (
        "fractions in IN", "large members of IN", "negative members of IN", "large members of NOT IN"
    ),
    "narrow arithmetic": (
        "narrow integers", "narrow quotients", "negative of unsigned integers", "difference of unsigned integers", "sum of a row"
    ),
    "NaN in computed keys": ("NaN in a computed key", "NaN in a group's key"),
    "ORDER BY an index with LIMIT": (
        "indexed key with a limit", "indexed text with a limit", "renamed indexed key with a limit", "l1 and linf with a limit"
    ),
    "weights of zero": ("weights of zero", "no weight above zero"),
    "AND and OR of null": ("null and OR", "null and OR in a key", "null and OR in an aggregate", "null and BETWEEN"),
    "sets of two types": ("sets of nulls of two types",),
    "chains of sets": ("chains of set operations",),
    "null texts as keys of joins": ("null in the key of a join",),
    "alias of the only source": ("alias of the only source",),
    "keys of joins as float32": ("keys of a join", "decimal keys of a join", "keys of a left join", "join of int64 and uint64"),
    "NaN in the key of a join": ("NaN in the key of a join",),
    "elements of arrays of one shape": (
        "index into rows of one shape", "last element of rows of one shape", "element as a key", "element of matrices"
    ),
    "NaN in an index": ("index and NaN", "index, NaN and a range", "index, NaN and IN"),
    "the other source of an outer join": ("left and right joins", "cut source of a join", "empty source of a join"),
    "what is computed from null": (
        "null number in the key of a join", "condition on null as a key", "condition on null in a group's key",
        "sum of a condition on null",
    ),
    "null in comparisons": (
        "types in JSON", "JSON null and !=", "null text and a column", "null text that differs from a column"
    ),
    "class labels": ("class labels in sets",),
    "columns of sequences": ("sequences",),
}  # fmt: skip

every_fact = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)


def test_each_fact_has_a_case() -> None:
    """And each case a fact."""
    assert len(BY_NAME) == len(FACTS)
    assert set(CASES) == set(BY_NAME)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_facts(fault: str) -> None:
    """Each of them is tested with the text that a person would write, and with that of the builder."""
    assert FAULTS[fault]
    assert set(FAULTS[fault]) <= set(BY_NAME)


@every_fact
def test_the_columns_of_a_fact(fact: Fact) -> None:
    """They are those that the engine has: a schema of a dataset says the same, but for the kind of an index of texts."""
    data = made(fact)
    found = Schema.from_dataset(data)

    assert [(name, column.replace(indexes=()), column.is_indexed) for name, column in found.columns] == [
        (name, column.replace(indexes=()), column.is_indexed) for name, column in fact.schema.columns
    ]


@every_fact
def test_the_query_of_a_fact(fact: Fact) -> None:
    """It has the rows that it means, or is refused with the way out."""
    case = CASES[fact.name]
    if case.hint:
        with pytest.raises(ArgumentError) as caught:
            built(fact)
        assert case.hint in str(caught.value)
        return
    assert case.meaning is not None
    found = plain(run(made(fact), over(fact, built(fact))))

    assert is_meant(found, case), (found, case.meaning(case.rows))


@every_fact
def test_the_naive_text_of_a_fact(fact: Fact) -> None:
    """The engine does what the fact says, and that is not what the text says."""
    case = CASES[fact.name]
    if isinstance(case.engine, Engine):
        _assert_wild(case.engine, fact, case)
    elif isinstance(case.engine, Error):
        with pytest.raises((RuntimeError, deeplake.InvalidType)) as caught:
            run(made(fact), over(fact, case.naive))
        assert case.engine.message in str(caught.value)
    else:
        found = plain(run(made(fact), over(fact, case.naive)))
        assert case.engine == found
        assert case.meaning is None or not is_meant(found, case)


def _assert_wild(engine: Engine, fact: Fact, case: Case) -> None:
    """Assert what the engine does with a naive text in a process of its own."""
    program = f"from {__name__} import answer; answer({fact.name!r})"
    patience = PATIENCE if engine is Engine.NEVER_ENDS else SLOW
    try:
        done = _run(program, patience)
    except subprocess.TimeoutExpired:
        assert engine is Engine.NEVER_ENDS
        return
    if engine is Engine.CRASHES:
        assert done.returncode < 0, done
        return
    assert engine is Engine.VARIES
    # What varies can be right by luck.
    assert _is_wrong(done, case) or any(_is_wrong(_run(program, SLOW), case) for _ in range(3))


def _run(program: str, patience: float) -> subprocess.CompletedProcess[str]:
    """Return the end of a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=patience
    )


def _is_wrong(done: subprocess.CompletedProcess[str], case: Case) -> bool:
    """Return whether a process crashed, or has other rows than those that are meant; rows without a meaning differ."""
    if done.returncode != 0 or case.meaning is None:
        return True
    meant = case.meaning(case.rows)
    return bool(json.loads(done.stdout) != json.loads(json.dumps([*meant])))


def answer(name: str) -> None:
    """Print the rows of the naive text of a fact, whatever it does to the process."""
    sys.stdout.write(json.dumps(naive_rows(name)))


@every_fact
def test_the_function_of_a_fact_runs(fact: Fact) -> None:
    """It is called while the query is made or compiled."""
    cache.forget()
    seen: set[CodeType] = set()
    sys.setprofile(lambda frame, _event, _argument: seen.add(frame.f_code))
    try:
        built(fact)
    except ArgumentError:
        assert CASES[fact.name].hint
    finally:
        sys.setprofile(None)

    assert fact.function.__code__ in seen
