"""Columns of any name, among them those that the compiler uses for its own: the rows are those of the same query over other names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import dataset, run
from tql import Schema, col, desc, fn, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query

NAMES = ("z1", "z2", "zn", "zh1", "zh2", "zleg", "zlow", "zhigh", "zin1", "zw", "zj1", "zmatch", "zkey", "zkey1", "zrow", "znumber", "zz1", "zzn")  # fmt: skip
ROWS = [(1, 5), (2, 3), (2, 4), (3, 4), (3, 4), (5, 1)]


def queries(first: str, second: str, table: str) -> dict[str, Query]:
    """Return queries over two columns of a dataset, one for each way in which the compiler adds columns."""
    both = select(first, second).from_(table)
    join = {"alias": "b", "on": col(first, of="a") == col(second, of="b")}
    named = {"one": col(first, of="a"), "two": col(second, of="b")}
    return {
        "alias and column": select(second, x=col(first) + 1).from_(table).where(col("x") > 2).order_by(first, second),
        "its own name": select(x=col(second), **{second: col(first)}).from_(table).where(col(second, of="source") > 3),
        "groups": select(first, n=fn.count(), s=fn.sum(col(second) + 1)).from_(table).group_by(first).order_by(first),
        "compound": select(first, m=fn.sum(second) / fn.count()).from_(table).group_by(first).order_by(desc("m")),
        "having": select(first).from_(table).group_by(first).where(fn.sum(second) > 3).order_by(first),
        "union": both.union(both.where(col(first) > 2)).order_by(first, second),
        "union all": both.union_all(both.where(col(first) > 2)).order_by(first, second),
        "intersect": both.intersect(both.where(col(first) > 1)).intersect(both.where(col(second) > 3)).order_by(first),
        "except": both.except_(both.where(col(first) > 2)).order_by(first, second),
        "inner join": select(**named).from_(table, "a").join(table, **join).order_by("one", "two"),  # type: ignore[arg-type]  # by keyword
        "left join": select(**named).from_(table, "a").join(table, how="left", **join),  # type: ignore[arg-type]  # the same
    }


KINDS = [*queries("a", "b", "D")]


def rows_of(first: str, second: str, kind: str, place: str, *, with_schema: bool) -> list[tuple[Any, ...]]:
    """Return the rows of a query over a dataset whose columns have these names."""
    data = [{first: one, second: two} for one, two in ROWS]
    made = dataset(place, {first: "int64", second: "int64"}, data)
    known = Schema({first: "int64", second: "int64"})
    schemas: dict[str | None, Schema] = {f"mem://{place}": known} if with_schema else {}
    text = compile_query(queries(first, second, f"mem://{place}")[kind].statement, None, schemas)
    rows = [tuple(row.values()) for row in run(made, text)]
    return rows if "order by" in text else sorted(rows, key=repr)


@pytest.mark.parametrize("with_schema", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_names_of_columns(kind: str, with_schema: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Neither a column nor an alias is taken for one of the compiler's."""
    place = re.sub(r"\W", "_", f"{kind} {with_schema}")
    expected = rows_of("a", "b", kind, f"plain_{place}", with_schema=with_schema)

    assert expected
    for number, (first, second) in enumerate(
        [*zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True), ("a", "zn"), ("zn", "a")]
    ):
        found = rows_of(first, second, kind, f"odd{number}_{place}", with_schema=with_schema)
        assert found == expected, (first, second)


def spelled(make: Callable[[str, str, str], dict[str, Query]], kind: str, *names: str) -> str:
    """Return the text of a query over columns of some names."""
    return str(make(*names, "D")[kind])  # type: ignore[call-arg]  # two names


def test_usual_names_cost_nothing() -> None:
    """The compiler's own names are short, where no name of the query is one of them."""
    assert "zn" in spelled(queries, "groups", "zebra", "b")
    assert "zzn" in spelled(queries, "groups", "zn", "b")
