"""Arithmetic on columns of every type of number means what it means in Python, with and without a schema."""

from __future__ import annotations

import itertools
import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine import ENGINE_TYPES, TYPES, dataset, run
from tests.tql.columns import FLOATS, INTEGERS, floats_of
from tests.tql.compiler.test_meaning import several
from tql import Expr, Schema, col, desc, fn, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.meaning import Row

Number = tuple[Expr, "Callable[[Row], Any]"]
names = (f"arithmetic{number}" for number in itertools.count())
KINDS: dict[str, Any] = {
    **ENGINE_TYPES,
    "bool": TYPES.Bool(),
    "bytes": TYPES.Array("uint8", shape=[3]),
    "shorts": TYPES.Array("int16", shape=[3]),
    "vector": TYPES.Array("float32", shape=[3]),
    "lists": TYPES.Array("int32", 1),
}
REDUCTIONS = ("sum", "prod", "avg", "amin", "amax")
NORMS = ("l1_norm", "l2_norm", "linf_norm")
SINGLE = (*ENGINE_TYPES, "bool")
EXACT = 2**53


def bounded(value: Any) -> Any:
    """Return a number that float64 holds exactly; beyond, integers of 64 bits wrap and floats round."""
    if abs(value) >= EXACT:
        raise OverflowError
    return value


def remainder(left: Any, right: Any) -> Any:
    """Return the remainder with the sign of the dividend."""
    if isinstance(left, int) and isinstance(right, int):
        return int(math.copysign(abs(left) % abs(right), left))
    return math.fmod(left, right)


OPERATORS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "+": (operator.add, operator.add),
    "-": (operator.sub, operator.sub),
    "*": (operator.mul, operator.mul),
    "/": (operator.truediv, operator.truediv),
    "%": (operator.mod, remainder),
}


def integers(kind: str) -> st.SearchStrategy[int]:
    """Return numbers of a type of integers, its ends among them where the sum of two fits 64 bits."""
    info = np.iinfo(kind)
    low, high = max(info.min, -(2**31)), min(info.max, 2**31)
    return st.sampled_from([low, high, high - 1]) | st.integers(max(low, -4), 9)


def cells(name: str) -> st.SearchStrategy[Any]:
    """Return the values of a column."""
    if name in INTEGERS:
        return integers(name)
    if name in FLOATS:
        return floats_of(name, nan=False)
    return {
        "bool": st.booleans(),
        "bytes": st.lists(integers("uint8"), min_size=3, max_size=3).map(lambda row: np.array(row, "u1")),
        "shorts": st.lists(integers("int16"), min_size=3, max_size=3).map(lambda row: np.array(row, "i2")),
        "vector": st.lists(floats_of("float32", nan=False), min_size=3, max_size=3).map(
            lambda row: np.array(row, "f4")
        ),
        "lists": st.lists(integers("int32"), max_size=4).map(lambda row: np.array(row, "i4")),
    }[name]


def python(value: Any) -> Any:
    """Return a cell as a number of Python, or an array without limits."""
    if isinstance(value, np.ndarray):
        return [python(part) for part in value]
    return int(value) if isinstance(value, (bool, np.bool_, int, np.integer)) else float(value)


def binary(left: Number, sign: str, right: Number) -> Number:
    """Return arithmetic of two."""
    write, mean = OPERATORS[sign]
    return write(left[0], right[0]), lambda row: bounded(mean(left[1](row), right[1](row)))


def reduced(name: str, function: str) -> Number:
    """Return the reduction of an array by numpy."""
    reductions: dict[str, Callable[[Any], Any]] = {
        "sum": sum,
        "prod": math.prod,
        "avg": lambda row: sum(row) / len(row) if row else 0,
        "amin": lambda row: min(row, default=0),
        "amax": lambda row: max(row, default=0),
        "l1_norm": lambda row: sum(map(abs, row)),
        "l2_norm": lambda row: math.hypot(*row),
        "linf_norm": lambda row: max(map(abs, row), default=0),
    }
    reduce = reductions[function]
    method = "asum" if function == "sum" else function
    return getattr(fn, method)(name), lambda row: bounded(reduce(python(row[name])))


def dotted(left: str, right: str) -> Number:
    """Return the dot product of two columns."""
    return fn.dot(left, right), lambda row: bounded(
        sum(a * b for a, b in zip(python(row[left]), python(row[right]), strict=True))
    )


literal = st.sampled_from([1, 2, 3, 7, -1, 255, 256, 0.5, 2.5, -0.25])
fixed = st.sampled_from(["bytes", "shorts", "vector"])
leaves: st.SearchStrategy[Number] = st.one_of(
    st.sampled_from(SINGLE).map(lambda name: (col(name), lambda row: python(row[name]))),
    st.builds(reduced, st.sampled_from(["bytes", "shorts", "vector", "lists"]), st.sampled_from(REDUCTIONS)),
    st.builds(dotted, fixed, fixed),
    st.builds(lambda name, place: (col(name)[place], lambda row: python(row[name])[place]), fixed, st.integers(0, 2)),
)
numbers: st.SearchStrategy[Number] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(binary, inner, st.sampled_from(list(OPERATORS)), inner),
        st.builds(
            lambda left, sign, value: (
                OPERATORS[sign][0](left[0], value),
                lambda row: bounded(OPERATORS[sign][1](left[1](row), value)),
            ),
            inner,
            st.sampled_from(list(OPERATORS)),
            literal,
        ),
        inner.map(lambda number: (-number[0], lambda row: -number[1](row))),
        inner.map(lambda number: (fn.abs(number[0]), lambda row: abs(number[1](row)))),
        inner.map(lambda number: (fn.sqrt(fn.abs(number[0])), lambda row: math.sqrt(abs(number[1](row))))),
    ),
    max_leaves=4,
)
tables = st.lists(st.fixed_dictionaries({name: cells(name) for name in KINDS}), min_size=1, max_size=5)


def agrees(found: float, meant: float) -> bool:
    """Tell whether two numbers are equal: integers exactly, floats but for rounding."""
    if isinstance(meant, int) and isinstance(found, int):
        return found == meant
    return math.isclose(found, meant, rel_tol=1e-6, abs_tol=1e-6)


@several
@given(rows=tables, drawn=st.lists(numbers, min_size=1, max_size=4))
def test_arithmetic_is_that_of_python(rows: list[Row], drawn: list[Number]) -> None:
    """Numbers computed from columns are those that Python computes, whatever the types; the type of a sum is no narrower than its value."""
    data = dataset(next(names), KINDS, rows)
    schemas: list[dict[str | None, Schema]] = [{}, {None: Schema.from_dataset(data)}]
    for expression, mean in drawn:
        try:
            meant = [mean(row) for row in rows]
        except (ZeroDivisionError, OverflowError, ValueError):
            continue
        for schema in schemas:
            text = compile_query(select(x=expression).statement, None, schema)
            found = [row["x"] for row in run(data, text)]

            assert all(map(agrees, found, meant)), (text, found, meant)


@several
@given(rows=tables, number=numbers, bound=st.integers(-300, 300))
def test_arithmetic_in_conditions(rows: list[Row], number: Number, bound: int) -> None:
    """A condition on computed numbers keeps the rows that Python keeps."""
    data = dataset(next(names), {**KINDS, "id": "int64"}, [row | {"id": place} for place, row in enumerate(rows)])
    expression, mean = number
    try:
        meant = [mean(row) for row in rows]
    except (ZeroDivisionError, OverflowError, ValueError):
        return
    assume(all(abs(value - bound) > 1e-5 for value in meant))

    found = [row["id"] for row in run(data, str(select("id").where(expression > bound)))]

    assert [place for place, value in enumerate(meant) if value > bound] == found


@several
@given(
    rows=tables,
    norm=st.builds(reduced, st.sampled_from(["bytes", "shorts", "vector", "lists"]), st.sampled_from(NORMS)),
    other=st.sampled_from(SINGLE),
)
def test_arithmetic_with_norms(rows: list[Row], norm: Number, other: str) -> None:
    """A norm is a float32 of any column, also where the engine declares another type for it."""
    data = dataset(next(names), KINDS, rows)
    expression, mean = norm
    cases: list[Number] = [
        (-expression, lambda row: -mean(row)),
        (fn.abs(expression), mean),
        (fn.sqrt(expression), lambda row: math.sqrt(mean(row))),
        (expression * 2 - 1, lambda row: mean(row) * 2 - 1),
        (expression + col(other), lambda row: mean(row) + python(row[other])),
    ]
    scale = max(1.0, *(mean(row) for row in rows))
    for written, meant in cases:
        found = [row["x"] for row in run(data, str(select(x=written)))]

        for mine, theirs in zip(found, map(meant, rows), strict=True):
            assert math.isclose(mine, theirs, rel_tol=1e-5, abs_tol=1e-5 * scale), str(written)


def test_random_outputs_are_drawn_for_each_row() -> None:
    """Numbers of 31 bits hardly repeat, also behind a limit, a set operation, an order and a group; without the form that the builder writes, the engine repeats a few."""
    draws = select(id="id", x=fn.random())
    data = dataset("mem://drawn", {"id": TYPES.Int64()}, [{"id": number} for number in range(1000)])
    schema = Schema(id="int64")
    for query, least in (
        (draws, 990),
        (draws.limit(100), 99),
        (select("id", "x").from_(draws), 990),
        (select("x").from_(draws.order_by(desc("id"))), 990),
        (draws.union_all(draws), 1990),
        (draws.order_by("x"), 990),
        (select(k=col("id") % 100, x=fn.max("x")).from_(draws).group_by("k"), 99),
    ):
        found = run(data, compile_query(query.statement, None, {None: schema}))
        assert len({row["x"] for row in found}) >= least
        assert all(0 <= row["x"] < 2**31 for row in found)
