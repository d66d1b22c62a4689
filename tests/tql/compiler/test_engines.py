"""
Queries compiled for an older engine: what they mean, computed as that engine computes, and what is refused.

`tests/engines` has the answers of the engines themselves; here each form is tried with many more numbers, by a model of its arithmetic:
integers of 64 bits wrap, a quotient and `%` are those of float64, and `%` is the IEEE remainder.
"""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tql import ArgumentError, Query, Schema, col, desc, fn, select
from tql.compiler import cache
from tql.compiler.compile import compile_query
from tql_grammar import ast
from tql_grammar.engines import NEWEST, REST, engine_of
from tql_grammar.rewrite.order import LOW_BITS, LOWEST_BITS
from tql_grammar.syntax.parser import parse

if TYPE_CHECKING:
    from tql_grammar.engines import Engine

OLD = engine_of("4.7.0")
SCHEMA = Schema(
    id="int64", small="int32", u="uint64", f="float64", n="nullable int64", m="nullable int64", a="int64[?]", t="text"
)
LARGEST = 2**63 - 1
INTEGERS = st.integers(-LARGEST, LARGEST)
# Around the limits of the parts of a number: halves and multiples of 2**22 and 2**44, and the last exact float64.
NEAR = st.builds(
    lambda times, size, step, sign: sign * max(-LARGEST, min(LARGEST, times * size // 2 + step)),
    st.integers(0, 2**20),
    st.sampled_from([2**22, 2**44, 2**53, 2**63]),
    st.integers(-3, 3),
    st.sampled_from([1, -1]),
)


def sent(query: Query, engine: Engine = OLD, schema: Schema | None = SCHEMA) -> str:
    """Return the text of a query for an engine."""
    return compile_query(query.statement, None, None if schema is None else {None: schema}, engine=engine)


def wrapped(value: int) -> int:
    """Return an integer of 64 bits."""
    return (value + 2**63) % 2**64 - 2**63


Remainder = Callable[[Any, Any], Any]


def nearest(one: Any, other: Any) -> float:
    """Return the remainder of an engine before 4.7.1: that of IEEE, of float64."""
    return math.remainder(float(one), float(other))


def truncating(one: Any, other: Any) -> Any:
    """Return the remainder of the newest engine: exact for integers, that of C for floats."""
    if isinstance(one, int) and isinstance(other, int):
        return int(math.copysign(1, one)) * (abs(one) % abs(other))
    return math.fmod(one, other)


REMAINDERS: list[Remainder] = [nearest, truncating]


def arithmetic(sign: str, one: Any, other: Any, remainder: Remainder) -> Any:
    """Return the result of an operator as the engine computes it."""
    if sign == "/":
        return float(one) / float(other)
    if sign == "%":
        return remainder(one, other)
    found = {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](one, other)
    return wrapped(found) if isinstance(found, int) else found


TESTS: dict[str, Callable[[Any, Any], bool]] = {">": operator.gt, "<": operator.lt, "=": operator.eq}


def value(node: Any, row: dict[str, Any], remainder: Remainder = nearest) -> Any:
    """Return the value of an expression in a row, as the engine computes it."""
    if isinstance(node, ast.Column):
        return row[node.name]
    if isinstance(node, ast.Number):
        return node.value
    if isinstance(node, ast.Negate):
        found = -value(node.operand, row, remainder)
        return wrapped(found) if isinstance(found, int) else found
    if isinstance(node, ast.Comparison):
        return int(TESTS[node.operator](value(node.left, row, remainder), value(node.right, row, remainder)))
    assert isinstance(node, ast.Chain), node
    found = value(node.operands[0], row, remainder)
    for sign, operand in zip(node.operators, node.operands[1:], strict=True):
        found = arithmetic(sign, found, value(operand, row, remainder), remainder)
    return found


@functools.cache
def tree_of(query: Query, *, has_schema: bool = True) -> Any:
    """Return the tree of the text of a query."""
    return parse(sent(query, schema=SCHEMA if has_schema else None))


def outputs(query: Query, row: dict[str, Any]) -> set[Any]:
    """Return the values of the only output of a query, with and without a schema, on an older engine and on the newest one."""
    trees = [tree_of(query, has_schema=has_schema) for has_schema in (True, False)]
    return {value(tree.columns[0].expression, row, remainder) for tree in trees for remainder in REMAINDERS}


def keys(query: Query, row: dict[str, Any]) -> list[float]:
    """Return the sort keys of a query in a row, the most significant first, as float32."""
    found, tree = [], tree_of(query)
    while isinstance(tree, ast.Select):
        found += [float(np.float32(value(key.expression, row))) for key in tree.order_by]
        tree = getattr(tree.source, "query", None)
    return found


DIVISORS = [3, 10, 2**44 + 1, 2**53, -7]


@pytest.mark.parametrize("divisor", DIVISORS)
@settings(max_examples=50)
@given(dividend=INTEGERS | NEAR)
@example(dividend=2**53 + 1)
@example(dividend=-(2**53) - 1)
@example(dividend=LARGEST)
def test_a_remainder_is_exact(divisor: int, dividend: int) -> None:
    """It has the sign of the dividend, for every integer of 64 bits, also where the type is not known; the sign of the divisor is of no matter."""
    meant = int(math.copysign(1, dividend)) * (abs(dividend) % abs(divisor))
    query = select(x=col("id") % divisor)

    assert outputs(query, {"id": dividend}) == {meant}


@pytest.mark.parametrize("divisor", [0.1, 2.5, 1e15])
@settings(max_examples=50)
@given(dividend=st.floats(-1e300, 1e300) | st.floats(-1e3, 1e3))
def test_a_remainder_of_a_float_is_exact(divisor: float, dividend: float) -> None:
    """It is that of C."""
    query = select(x=col("f") % divisor)

    assert outputs(query, {"f": dividend}) == {math.fmod(dividend, divisor)}


@given(one=INTEGERS | NEAR, other=INTEGERS | NEAR)
@example(2**43 + 1, 2**44 + 5)
@example(LARGEST, LARGEST - 1)
def test_keys_of_integers_are_exact(one: int, other: int) -> None:
    """The parts of two integers compare as the integers do, as float32, in ORDER BY and in GROUP BY."""
    first, second = (keys(BY_ID, {"id": number}) for number in (one, other))

    assert (first < second) is (one < other)
    assert (first == second) is (one == other)


UNSIGNED = st.integers(0, 2**64 - 1) | NEAR.map(lambda number: number % 2**64)


@given(one=UNSIGNED, other=UNSIGNED)
@example(2**63, 2**63 - 1)
@example(2**21, 2**21 - 1)
@example(2**64 - 1, 0)
def test_keys_of_unsigned_integers_are_exact(one: int, other: int) -> None:
    """Their negatives are integers of 64 bits."""
    first, second = (keys(BY_UNSIGNED, {"u": number}) for number in (one, other))

    assert (first < second) is (one < other)


BY_ID, BY_UNSIGNED = select("id").order_by("id"), select("id").order_by("u")


def test_the_text_depends_on_the_engine() -> None:
    """Both are cached, each by its engine, whichever is first."""
    query = select("id").where(col("id") % 2 == 1).order_by("id")
    for engines in ((NEWEST, OLD, NEWEST), (OLD, NEWEST, OLD)):
        cache.forget()
        texts = [sent(query, engine) for engine in engines]
        again = [sent(select("id").where(col("id") % 2 == 1).order_by("id"), engine) for engine in engines]
        assert texts == again
        assert texts[0] == texts[2] != texts[1]
    assert str(query) == "select id where id % 2 = 1 order by id"


@pytest.mark.parametrize(
    "query",
    [
        select("id").where(col("id") > 3).order_by("t", desc("small")).limit(3),
        select("small", n=fn.count()).group_by("small"),
        select("id").where(col("t").startswith("a")),
        select(x=col("f") * 2 + 1),
    ],
)
def test_other_texts_are_the_same(query: Query) -> None:
    """A query without what a version changed has one text on all of them."""
    assert {sent(query, engine) for engine in (NEWEST, OLD, REST, engine_of("4.6.5"))} == {sent(query, NEWEST)}


def test_newer_engines_have_the_text_of_the_newest() -> None:
    """4.7.1 has it, and a version that was not measured."""
    query = select(x=col("id") % 10).order_by("id")

    assert {sent(query, engine_of(name)) for name in ("4.7.1", "4.7.4", "4.9")} == {sent(query, NEWEST)}


def test_a_remainder_of_null_is_null() -> None:
    """The number is read without its nulls, and the column before it makes the result null."""
    text = sent(select(x=col("n") % 7))

    assert text.startswith("select n * 0.0 + (")
    assert "prod(n) > 0" in text
    assert " n > 0" not in text


def test_a_small_remainder_is_one_key() -> None:
    """A float32 stores it; a large one is a float64, and sorted as one."""
    small, large = sent(select("id").order_by(col("small") % 10)), sent(select("id").order_by(col("small") % 10**8))

    assert small.count("select") == 1
    assert large.count("select") == 4
    assert "l1_norm" in large


def test_the_forms_of_every_version_on_this_engine() -> None:
    """The queries of the hosted service, whose version is not known, have the rows that they mean on the newest engine too."""
    from tests.engines import probes

    tried = 0
    for topic, number in ((topic, number) for topic, of in probes.PROBES.items() for number in range(len(of))):
        with contextlib.suppress(ArgumentError):
            is_right, found = probes.right(topic, number, REST)
            assert is_right, (topic, number, found)
            tried += 1
    assert tried > 80


def test_keys_are_parts_that_wrap() -> None:
    """The text has no remainder, whose parts would be those of a float64."""
    text = sent(select("id").order_by("id"))

    assert "%" not in text
    assert f"id * {LOWEST_BITS}" in text
    assert f"id * {LOW_BITS}" in text


def test_the_mean_of_integers_is_that_of_floats() -> None:
    """Before 4.6 it would be an integer."""
    assert sent(select(x=fn.avg("a")), engine_of("4.5.10")) == "select avg(a * 1.0) as x"
    assert sent(select(x=fn.avg("a")), engine_of("4.6.5")) == "select avg(a) as x"


def test_explain_shows_the_call() -> None:
    """The reader sees what was written, not the form of an engine."""
    from tql.compiler.context import Context
    from tql.views.levels import explain

    found = str(explain(select("id", x=col("id") % 10).statement, Context(None, {None: SCHEMA}, OLD)))

    assert "col('id') % 10" in found
    assert "1048576" not in found


REFUSED = [
    (select(x=col("id") % col("small")), "`%` takes a number as the divisor here"),
    (select(x=col("id") % 0), "`%` takes a number as the divisor here, got 0"),
    (select(x=col("a") % 2), "`%` takes single numbers here, got int64[?]"),
    (select(x=(col("n") + 1) % 2 + (col("n") + col("m")) % 3), "takes a number of one column that may be null"),
    (select(x=fn.hamming_distance("a", [1, 2])), "`hamming_distance` takes an engine from 4.7.1 on"),
    (select("id").similarity("a", [1, 2], metric="hamming"), "`hamming_distance` takes an engine from 4.7.1 on"),
]


@pytest.mark.parametrize(("query", "message"), REFUSED)
def test_what_is_refused(query: Query, message: str) -> None:
    """The engine has no form for it; the error says what to do."""
    with pytest.raises(ArgumentError) as caught:
        sent(query)

    assert message in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("condition", [col("t").like("a_"), col("t").matches("[^a]+b."), col("t").ilike("ö%")])
def test_patterns_of_characters_are_refused_where_like_reads_bytes(condition: Any) -> None:
    """Before 4.5.10 they would match bytes; parts of texts are parts of their bytes."""
    with pytest.raises(ArgumentError, match=r"before 4\.5\.10 the engine matches bytes"):
        sent(select("id").where(condition), REST)
    assert sent(select("id").where(condition))
    for part in (col("t").like("ö%"), col("t").contains("ö"), col("t").endswith("é")):
        assert sent(select("id").where(part), engine_of("4.5.1")) == sent(select("id").where(part), NEWEST)
