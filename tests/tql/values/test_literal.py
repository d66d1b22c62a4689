"""Literals of members of an Enum, of subclasses, masked arrays, None and bound values."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tql import ArgumentError, Expr, Query, all_of, any_of, asc, col, fn, param, select

if TYPE_CHECKING:
    from collections.abc import Callable


class Text(str, enum.Enum):  # noqa: UP042 - the older way, which is not a StrEnum, and prints as its name
    """Texts."""

    A = "a"


class Plain(enum.Enum):
    """Values of several kinds."""

    A = "a"
    THREE = 3
    HALF = 0.5
    PAIR = (1, 2)
    YES = True


class Number(enum.IntEnum):
    """Integers."""

    THREE = 3


class Loud(str):
    """A str whose ``str()`` is different."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return something else."""
        return "LOUD"


class Odd(int):
    """An int whose ``int()`` is different."""

    def __int__(self) -> int:
        """Return something else."""
        return 7


class Close(float):
    """A float whose ``float()`` is different."""

    def __float__(self) -> float:
        """Return something else."""
        return 7.0


it = col("a")
USES: dict[str, tuple[Callable[[Any], Expr], Any]] = {
    "==": (lambda value: it == value, ("a", 3)),
    "!=": (lambda value: it != value, ("a", 3)),
    "<=": (lambda value: it <= value, ("a", 3)),
    "in_": (lambda value: it.in_([value, value]), ("a", 3)),
    "not_in": (lambda value: it.not_in([value]), ("a", 3)),
    "between": (lambda value: it.between(value, value), ("a", 3)),
    "like": (it.like, ("a",)),
    "ilike": (it.ilike, ("a",)),
    "contains": (it.contains, ("a", 3)),
    "startswith": (it.startswith, ("a",)),
    "endswith": (it.endswith, ("a",)),
    "matches": (it.matches, ("a",)),
    "+": (lambda value: it + value, (3,)),
    "radd": (lambda value: value - it, (3,)),
    "if": (lambda value: fn.max_weight((it == 1, value)), (3,)),
}
MEMBERS = {"a": (Text.A, Plain.A, Loud("a")), 3: (Plain.THREE, Number.THREE, Odd(3))}


@pytest.mark.parametrize("use", USES)
def test_a_member_of_an_enum_is_its_value(use: str) -> None:
    """A member of an Enum, and a text or number of a subclass, has the literal of the plain value, wherever values are accepted."""
    build, values = USES[use]
    for value in values:
        for member in MEMBERS[value]:
            assert str(build(member)) == str(build(value))


def test_a_bound_member_is_its_value() -> None:
    """A bound value has the same literal."""
    query = select("id").where(col("a") == param("v"))

    assert str(query.bind(v=Plain.A)) == str(query.bind(v=Text.A)) == str(query.bind(v="a"))
    assert str(select("id").where(col("a") == Close(0.5))) == "select id where a + 0 = 0.5"


@pytest.mark.parametrize("member", [Plain.HALF, Plain.PAIR, Plain.YES])
def test_other_members_are_refused(member: Plain) -> None:
    """A member whose value is neither a text nor an integer is rejected, with a hint."""
    with pytest.raises(ArgumentError, match=r"values are texts or integers[\s\S]*member.value"):
        it.__eq__(member)


MASKED = np.ma.MaskedArray([1.0, 2.0], mask=[False, True])


@pytest.mark.parametrize(
    "use",
    [
        lambda: select("id").similarity("e", MASKED),
        lambda: select("id").similarity("e", np.ma.MaskedArray([[1.0, 2.0]], mask=[[False, True]]), metric="maxsim"),
        lambda: fn.cosine_similarity("e", MASKED),
        lambda: it.in_(MASKED),
        lambda: it.not_in(np.ma.MaskedArray([1, 2], mask=[True, False])),
        lambda: it + MASKED,
        lambda: it.in_([MASKED[1]]),
        lambda: select("id").where(it == param("v")).bind(v=MASKED),
        lambda: select("id").similarity("e", param("v")).bind(v=MASKED),
    ],
)
def test_a_masked_array_is_refused(use: Callable[[], object]) -> None:
    """A masked array is rejected, since numpy would return the data below the mask."""
    with pytest.raises(ArgumentError, match=r"takes no masked array[\s\S]*compressed"):
        use()


def test_where_takes_no_none() -> None:
    """``where(None)`` is rejected, and the message names ``when``; `all_of` and `any_of` skip None."""
    with pytest.raises(ArgumentError, match=r"takes a condition, got None[\s\S]*\.when\(") as raised:
        select("id").where(it > 1, None)  # type: ignore[arg-type]  # the mistake

    assert raised.value.subject == "where"
    assert str(select("id").where(all_of([]), all_of([None, it > 1]))) == "select id where a > 1"
    assert str(any_of([None])) == "false"
    assert str(select("id").when(None, lambda q: q.where(it > 1))) == "select id"


BOUND: dict[str, tuple[Callable[[Any], Query], list[Any]]] = {
    "==": (lambda value: select("id").where(it == value), [[3, 1], [[1, 2]], ["a", "b"]]),
    "!=": (lambda value: select("id").where(it != value), [[3, 1]]),
    "<": (lambda value: select("id").where(it < value), [None, [3]]),
    "+": (lambda value: select("id", x=it + value), ["a", True, None]),
    "*": (lambda value: select("id").where(it * value > 1), ["a", False, None]),
    "similarity": (lambda value: select("id").similarity("e", value).order_by("score"), ["a", 3, None, [[1, 2]]]),
    "l2": (lambda value: select("id").similarity("e", value, metric="l2"), ["a", 3]),
    "ranked": (lambda value: select("id").similarity("e", value, as_=None), ["a", 3]),
    "maxsim": (lambda value: select("id").similarity("e", value, metric="maxsim"), ["a", [1, 2], 3]),
    "bm25": (lambda value: select("id").bm25("t", value).order_by("score").limit(3), [3, " ", [1], None]),
    "hybrid": (
        lambda value: select("id").hybrid(vector=("e", value), text=("t", "w")).order_by("score").limit(3),
        ["a", 3],
    ),
}


@pytest.mark.parametrize("place", BOUND)
def test_a_value_that_is_refused_directly_is_refused_when_it_is_bound(place: str) -> None:
    """A bound value is rejected where the same literal is rejected."""
    build, values = BOUND[place]
    for value in values:
        with pytest.raises(ArgumentError):
            str(build(value))
        with pytest.raises(ArgumentError):
            str(build(param("v")).bind(v=value))
        with pytest.raises(ArgumentError):
            str(select().from_(build(param("v")).bind(v=value)))


def test_none_is_bound_as_it_is_compared() -> None:
    """A comparison with a parameter bound to None is IS NULL, on either side."""
    assert str(select("id").where(param("v") == it).bind(v=None)) == "select id where a is null"
    assert str(select("id").where(param("v") != it).bind(v=None)) == "select id where a is not null"


DROPPED: list[Callable[[Any], Any]] = [
    lambda test: all_of([]) | test,
    lambda test: any_of([]) & test,
    lambda test: any_of([None]) & test & (it > 1),
    lambda test: all_of([any_of([]), test]),
    lambda test: it.in_([]) & test,
]


@pytest.mark.parametrize("make", DROPPED)
def test_a_parameter_whose_condition_is_constant_is_known(make: Callable[[Any], Any]) -> None:
    """A condition that is true or false whatever the value is takes the value, and refuses what it refuses elsewhere."""
    query = select("id").where(make(it == param("v")))

    assert str(query.bind(v=3)) == str(select("id").where(make(it == 3)))
    with pytest.raises(ArgumentError):
        str(query.bind(v=[3]))
    with pytest.raises(ArgumentError, match="takes the parameters"):
        query.bind(w=3)


SCALARS: list[tuple[Any, str]] = [
    (np.longdouble(3), "3.0"),
    (np.longdouble("0.1"), "0.1"),
    (pa.scalar(5), "5"),
    (pa.scalar(0.1, pa.float32()), "0.10000000149011612"),
    (pa.scalar("x"), "'x'"),
    (pa.scalar(True), "true"),  # noqa: FBT003 - a value
    (pa.scalar(Decimal("1.5")), "1.5"),
]


@pytest.mark.parametrize(("value", "text"), SCALARS, ids=repr)
def test_a_scalar_of_another_package(value: Any, text: str) -> None:
    """Scalars of pyarrow are written by value, and a longdouble as the nearest float64."""
    assert str(select("id").where(it == value)) == f"select id where a = {text}"
    assert str(select("id").where(it == param("v")).bind(v=value)) == f"select id where a = {text}"
    with pytest.raises(ArgumentError):
        select("id").similarity("e", value)


UNWRITTEN: list[tuple[Any, str]] = [
    (pd.NA, "is_null"),
    (pd.NaT, "is_null"),
    (pa.scalar(None, pa.int64()), "is_null"),
    (pd.Timestamp("2020-01-01"), "ISO 8601"),
    (pd.Timedelta("1s"), "ISO 8601"),
    (pa.scalar(dt.date(2020, 1, 1)), "ISO 8601"),
    (np.datetime64("2020-01-01"), "ISO 8601"),
    (uuid.UUID(int=5), "str\\(value\\)"),
    (Path("/a/b"), "str\\(value\\)"),
    (Fraction(1, 3), "float\\(value\\)"),
]


@pytest.mark.parametrize(("value", "hint"), UNWRITTEN, ids=repr)
def test_a_value_without_literal_says_what_to_pass(value: Any, hint: str) -> None:
    """Directly, as a member, and when it is bound."""
    for use in (
        lambda: it == value,
        lambda: it.in_([value]),
        lambda: select("id").where(it == param("v")).bind(v=value),
    ):
        with pytest.raises(ArgumentError, match=hint):
            use()


SQL = ["a desc", "a ASC", "a as b", "a AS b", "a, b", "a,b", "-a", " - a"]


@pytest.mark.parametrize("label", SQL)
def test_a_name_that_is_sql_is_refused(label: str) -> None:
    """The hint has the builder's form; `col` takes a column of this name, and the source of the query keeps it."""
    for use in (
        lambda: select(label),
        lambda: select("x").order_by(label),
        lambda: select("x").group_by(label),
        lambda: asc(label),
        lambda: fn.sum(label),
    ):
        with pytest.raises(ArgumentError, match=r"takes the name of a column, and not SQL[\s\S]*write [\s\S]*col\("):
            use()
    query = select(col(label)).order_by(asc(col(label)))
    assert f'"{label}"' in str(query)
    assert eval(repr(query)) == query  # noqa: S307 - the source of a query


DEEP: dict[str, Callable[[Any], Any]] = {
    "arithmetic": lambda node: (node + 1) * 2,
    "minus": lambda node: -node,
    "functions": fn.abs,
    "keys": lambda node: node["k"],
}


@pytest.mark.parametrize("deeper", DEEP.values(), ids=DEEP)
def test_depth_is_refused(deeper: Callable[[Any], Any]) -> None:
    """An expression or a query that is too deep for Python has a repr, and every other use is an ArgumentError."""
    node = it
    for _ in range(400):
        node = deeper(node)
    query = select(x=node)

    for use in (str, Query.explain, Query.check):
        with contextlib.suppress(ArgumentError):
            use(query)
    assert "deeper" in repr(query)
    assert "deeper" in repr(node)


def test_the_source_of_nested_queries_is_written_once() -> None:
    """A repr takes a time that grows with the depth, not with its power of two."""
    query = select("id")
    for number in range(60):
        query = select("id").from_(query).where(col("id") > number)
    assert repr(query).count("select(") == 61
