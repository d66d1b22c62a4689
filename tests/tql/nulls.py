"""
Expressions over columns in which values may be missing, each with its meaning: a Python function of a row.

A condition is true or false, and false where it compares a missing value; a value is None where it computes with one.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple

import deeplake
import numpy as np

from tests.engine import ENGINE_TYPES
from tests.tql.signs import ARITHMETIC, COMPARISONS
from tql import Expr, Schema, col, fn, not_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Row = dict[str, Any]
T = deeplake.types
NUMBERS: dict[str, Any] = {kind: made for kind, made in ENGINE_TYPES.items() if kind != "float16"}
TYPES: dict[str, Any] = {**NUMBERS, "bool": T.Bool(), "text": T.Text()}
PLAIN: dict[str, Any] = {"id": T.Int64(), "w": T.Int64(), "u": T.UInt8(), "t": T.Text(), "other": T.Nullable(T.Int16())}
SCHEMA = Schema(
    {"id": "int64", "w": "int64", "u": "uint8", "t": "text", "other": "nullable int16"}
    | {f"n{kind}": f"nullable {kind}" for kind in TYPES}
)
SIGNED = [5, None, 3, -1, None, 0, 100, 3]
UNSIGNED = [5, None, 3, 1, None, 0, 100, 3]
VALUES: dict[str, list[Any]] = {
    **{kind: SIGNED if kind.startswith("int") else UNSIGNED for kind in NUMBERS},
    "float32": [5.0, None, 2.5, -1.0, None, 0.0, 100.0, 2.5],
    "float64": [5.0, None, 2.5, -1.0, None, 0.0, 100.0, 2.5],
    "bool": [True, None, False, True, None, True, False, False],
    "text": ["a", None, "", "b", None, "ab", "a.b", "b"],
}
LARGE: dict[str, list[Any]] = {
    "int64": [None, 2**53, 2**53 + 1, -(2**62), None, 2**62, 7, 5],
    "uint64": [None, 2**53, 2**53 + 1, 2**60 + 1, None, 2**62, 7, 5],
    "int32": [None, 2**31 - 1, 2**24 + 1, -(2**31), None, 2**24, 7, 5],
    "uint32": [None, 2**32 - 1, 2**24 + 1, 2**31, None, 2**24, 7, 5],
    "float64": [None, 1e300, 2.0**53, -1e-300, None, 0.1, 7.0, 5.0],
}
OTHER = [None, 2, 3, None, 7, 0, None, 1]
TEXTS = ["", "a", "", "b", "", "x", "a.b", "b"]


def rows(name: str) -> list[Row]:
    """Return the rows of a dataset: nulls after a value ("later"), from the first row on ("first"), among large values, none, only nulls, or no rows."""
    keep = {"later": range(8), "first": range(1, 8), "large": range(8), "full": [0, 2, 3, 5, 6, 7], "only": [1, 4]}
    values = VALUES | LARGE if name == "large" else VALUES
    return [
        {
            "id": place,
            "w": place % 3,
            "u": 250 + place % 5,
            "t": TEXTS[place],
            "other": OTHER[place],
            **{f"n{kind}": values[kind][place] for kind in TYPES},
        }
        for place in keep.get(name, [])
    ]


DATASETS = ("later", "first", "large", "full", "only", "none")


def build() -> list[Any]:
    """Return the in-memory datasets by name."""
    made = []
    for name in DATASETS:
        data = deeplake.create(f"mem://{name}")
        columns = {**PLAIN, **{f"n{kind}": T.Nullable(found) for kind, found in TYPES.items()}}
        for column, kind in columns.items():
            data.add_column(column, kind)
        found = rows(name)
        if found:
            data.append({column: _cells(column, [row[column] for row in found]) for column in columns})
        data.commit()
        made.append(data)
    return made


def _cells(column: str, cells: list[Any]) -> Any:
    """Return the cells of a column in the form that the engine accepts."""
    return np.array(cells, "u1") if column == "u" else cells


class Case(NamedTuple):
    """
    An expression and its meaning.

    Attributes:
        label: what it is, for the list of what is refused.
        expression: what is built.
        meaning: its value for a row.
    """

    label: str
    expression: Expr
    meaning: Callable[[Row], Any]


def known(compute: Callable[..., Any], *parts: Callable[[Row], Any]) -> Callable[[Row], Any]:
    """Return a value that is null if one of its operands is."""

    def value(row: Row) -> Any:
        found = [part(row) for part in parts]
        return None if None in found else compute(*found)

    return value


def holds(compute: Callable[..., Any], *parts: Callable[[Row], Any]) -> Callable[[Row], bool]:
    """Return a condition that is false if one of its operands is null."""
    value = known(compute, *parts)
    return lambda row: bool(value(row))


def column(name: str) -> Callable[[Row], Any]:
    """Return the value of a column."""
    return lambda row: row[name]


def constant(value: Any) -> Callable[[Row], Any]:
    """Return a constant."""
    return lambda _row: value


def values(kind: str) -> list[Case]:
    """Return expressions of a nullable column of numbers."""
    name = f"n{kind}"
    it, v = col(name), column(name)
    found = [Case("column", it, v)]
    for sign, compute in ARITHMETIC.items():
        for label, other, part in (("number", 2, constant(2)), ("column", col("w"), column("w"))):
            found.append(Case(f"left {sign} {label}", compute(it, other), known(compute, v, part)))
            found.append(Case(f"{label} {sign} right", compute(other, it), known(compute, part, v)))
    return [
        *found,
        Case("divided", it / 2, known(lambda a: a / 2, v)),
        Case("itself", it + it, known(lambda a: a + a, v)),
        Case(
            "in the middle",
            col("w") + 1 - it * 2 + col("id"),
            known(lambda w, a, i: w + 1 - a * 2 + i, column("w"), v, column("id")),
        ),
        Case("minus", -it, known(operator.neg, v)),
        Case("minus of a sum", -(1 + it), known(lambda a: -(1 + a), v)),
        Case(
            "condition as number",
            (it > 2) * 3 + col("w"),
            lambda row: 3 * (row[name] is not None and row[name] > 2) + row["w"],
        ),
        Case("divisor", col("w") / (it + 1000), known(lambda w, a: w / (a + 1000), column("w"), v)),
        Case("two nullables", it + col("other"), known(operator.add, v, column("other"))),
        Case(
            "two of three",
            col("w") - it * 2 + col("other"),
            known(lambda w, a, b: w - a * 2 + b, column("w"), v, column("other")),
        ),
        Case("function of two", fn.abs(it - col("other")) * 2, known(lambda a, b: abs(a - b) * 2, v, column("other"))),
        Case("function", fn.abs(it), known(abs, v)),
        Case("function of a sum", fn.abs(it + 1), known(lambda a: abs(a + 1), v)),
    ]


TOGETHER = frozenset({"two nullables", "two of three", "function of two"})
"""Values of a column and of `other`, an int16: they are refused where the two have other types."""
LITERALS: dict[str, list[Any]] = {"bool": [True, False], "text": ["a", "", "b"]}


def both(*parts: Callable[[Row], Any]) -> Callable[[Row], bool]:
    """Return AND."""
    return lambda row: all(part(row) for part in parts)


def either(*parts: Callable[[Row], Any]) -> Callable[[Row], bool]:
    """Return OR."""
    return lambda row: any(part(row) for part in parts)


def negated(part: Callable[[Row], Any]) -> Callable[[Row], bool]:
    """Return NOT."""
    return lambda row: not part(row)


def among(value: Callable[[Row], Any], members: list[Any]) -> Callable[[Row], bool]:
    """Return whether a value is in a list; a null never is."""
    return lambda row: value(row) in members


def conditions(kind: str) -> list[Case]:
    """Return conditions over a nullable column."""
    name = f"n{kind}"
    it, v = col(name), column(name)
    literals = LITERALS.get(kind, [1, 3, 2.5, -1, 300])
    found = [
        Case(f"{sign} literal", compare(it, literal), holds(compare, v, constant(literal)))
        for sign, compare in COMPARISONS.items()
        for literal in literals
        if kind != "bool" or sign in {"==", "!="}
    ]
    found += [
        Case("is null", it.is_null(), lambda row: row[name] is None),
        Case("not null", it.is_not_null(), lambda row: row[name] is not None),
    ]
    found += {"bool": list, "text": lambda: _of_texts(it, v)}.get(kind, lambda: _of_numbers(it, v))()
    found += [] if kind == "bool" else _of_lists(it, v, literals)
    return found + [Case(f"not: {case.label}", not_(case.expression), negated(case.meaning)) for case in found]


def _of_lists(it: Expr, v: Callable[[Row], Any], literals: list[Any]) -> list[Case]:
    """Return tests against lists and ranges."""
    found = []
    for members in (literals[:2], literals):
        found += [
            Case("in", it.in_(members), among(v, members)),
            Case("not in", it.not_in(members), negated(among(v, members))),
        ]
    low, high, *_ = sorted(literals)
    return [*found, Case("between", it.between(low, high), holds(lambda a: low <= a <= high, v))]


def _of_texts(it: Expr, v: Callable[[Row], Any]) -> list[Case]:
    """Return tests of texts."""
    found = [
        Case("like", it.like("a%"), holds(lambda a: a.startswith("a"), v)),
        Case("contains", it.contains("b"), holds(lambda a: "b" in a, v)),
    ]
    for sign in ("==", "!="):
        compare = COMPARISONS[sign]
        found += [
            Case(f"{sign} column", compare(it, col("t")), holds(compare, v, column("t"))),
            Case(f"column {sign}", compare(col("t"), it), holds(compare, column("t"), v)),
            Case(f"{sign} itself", compare(it, it), holds(compare, v, v)),
        ]
    return found


def _of_numbers(it: Expr, v: Callable[[Row], Any]) -> list[Case]:
    """Return comparisons of numbers with other columns, and of computed values."""
    w, other, other_column = column("w"), column("other"), col("other")
    found = [
        Case("divisor", col("w") / (it + 1000) > 0, holds(lambda a, b: a / (b + 1000) > 0, w, v)),
        Case("minus", -it < 0, holds(lambda a: -a < 0, v)),
        Case("function", fn.abs(it - 4) > 1, holds(lambda a: abs(a - 4) > 1, v)),
        Case("function of two", fn.abs(it - other_column) > 1, holds(lambda a, b: abs(a - b) > 1, v, other)),
        Case("computed is null", (col("w") + it).is_null(), lambda row: v(row) is None),
        Case("two are null", (it - other_column).is_null(), lambda row: None in {v(row), other(row)}),
        Case("two are not null", fn.abs(it * other_column).is_not_null(), lambda row: None not in {v(row), other(row)}),
        Case("computed in", (it + other_column).in_([7, 4]), lambda row: known(operator.add, v, other)(row) in {7, 4}),
    ]
    for sign, compare in COMPARISONS.items():
        found += [
            Case(f"{sign} column", compare(it, col("w")), holds(compare, v, w)),
            Case(f"column {sign}", compare(col("w"), it), holds(compare, w, v)),
            Case(f"{sign} nullable", compare(it, col("other")), holds(compare, v, other)),
            Case(f"computed {sign}", compare(1 + it, 3), holds(compare, known(lambda a: 1 + a, v), constant(3))),
            Case(f"{sign} computed", compare(col("w"), it * 2), holds(compare, w, known(lambda a: a * 2, v))),
            Case(
                f"of two {sign}",
                compare(it - col("other"), 1),
                holds(compare, known(operator.sub, v, other), constant(1)),
            ),
        ]
    return found


def combined(cases: Iterable[Case]) -> list[Case]:
    """Return conditions combined by AND and OR with each other and with a condition on a column without nulls."""
    listed = list(cases)
    found = []
    later: Callable[[Row], bool] = lambda row: row["id"] > 2  # noqa: E731 - as short as the expression
    third: Callable[[Row], bool] = lambda row: row["id"] == 3  # noqa: E731 - the same
    first: Callable[[Row], bool] = lambda row: row["w"] == 1  # noqa: E731 - the same
    for place, case in enumerate(listed):
        other = listed[(place * 7 + 3) % len(listed)]
        it, that = case.meaning, other.meaning
        found += [
            Case("and", case.expression & (col("id") > 2), both(it, later)),
            Case("behind and", (col("id") > 2) & case.expression, both(later, it)),
            Case("or", case.expression | other.expression, either(it, that)),
            Case(
                "tree",
                ~(other.expression & ((col("w") == 1) | case.expression)) | (col("id") == 3),
                either(negated(both(that, either(first, it))), third),
            ),
        ]
    return found
