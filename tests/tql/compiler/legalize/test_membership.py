"""IN against Python: members within the type of the column, beyond it, of another sign and with fractions; without an index, with one that is built, and with one that is not."""

from __future__ import annotations

import itertools
from typing import Any

import deeplake
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import TYPES
from tests.tql.compiler.legalize.test_arrays import answers
from tql import col, fn, select

serial = itertools.count()
KINDS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float64")
INDEXES = ("none", "built", "not built")
MEMBERS = [0, 1, 5, 60, 127, 128, 200, 249, 255, 256, 300, 32767, 32768, 65535, 65536, 2**31, 2**32, 2**53, 2**53 + 1,
           2**63 - 1, -1, -7, -128, -129, -300, -32769, -(2**31) - 1, -(2**53) - 1]  # fmt: skip
ENGINE = {"int8": TYPES.Int8, "int16": TYPES.Int16, "int32": TYPES.Int32, "int64": TYPES.Int64, "uint8": TYPES.UInt8,
          "uint16": TYPES.UInt16, "uint32": TYPES.UInt32, "uint64": TYPES.UInt64, "float64": TYPES.Float64}  # fmt: skip


def column(kind: str, index: str, values: list[Any]) -> Any:
    """Return a dataset with a column of numbers."""
    data = deeplake.create(f"mem://members{next(serial)}")
    if index == "built":
        data.indexing_mode = deeplake.IndexingMode.Always
    data.add_column("id", TYPES.Int64())
    data.add_column("v", ENGINE[kind]() if index == "none" else ENGINE[kind](TYPES.Inverted))
    data.append({"id": list(range(len(values))), "v": np.array(values, kind)})
    data.commit()
    return data


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, str, list[Any], list[Any], bool]:
    """Draw a type, an index, values that the type holds, members, and whether the schema is known."""
    kind, index, known = draw(st.sampled_from(KINDS)), draw(st.sampled_from(INDEXES)), draw(st.booleans())
    info = np.iinfo(kind) if "int" in kind else None
    held = [value for value in MEMBERS if info is None or info.min <= value <= info.max]
    values = draw(
        st.lists(st.sampled_from([float(value) for value in held] if info is None else held), min_size=1, max_size=8)
    )
    pool = st.sampled_from([*MEMBERS, 0.5, 2.5]) if draw(st.booleans()) else st.sampled_from(MEMBERS)
    members = draw(st.lists(pool, min_size=1, max_size=5))
    return kind, "none" if not known and _needs_schema(kind, members) else index, values, members, known


def _needs_schema(kind: str, members: list[Any]) -> bool:
    """Tell whether an index changes the rows where no schema names it: a literal wraps around in a narrow type."""
    return kind not in {"int64", "uint64", "float64"} and not all(0 <= member <= 127 for member in members)


@given(case=cases(), negated=st.booleans())
def test_members_are_compared_by_value(case: tuple[str, str, list[Any], list[Any], bool], *, negated: bool) -> None:
    """No member wraps, and none is dropped."""
    kind, index, values, members, known = case
    data = column(kind, index, values)
    query = select("id").where(col("v").not_in(members) if negated else col("v").in_(members))

    stored = np.array(values, kind).tolist()
    literals = [float(member) for member in members] if kind == "float64" else members
    wanted = [place for place, value in enumerate(stored) if (value in literals) is not negated]
    assert [row["id"] for row in answers(data, query, known=known)] == wanted


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "int" in kind])
def test_many_members_of_an_unknown_type(kind: str) -> None:
    """A long list is written with IN, and has the rows of a short one."""
    info = np.iinfo(kind)
    signed = kind.startswith("i")
    members = [member for member in MEMBERS if signed or member >= 0] + list(range(300, 700, 7))
    values = sorted(
        {value % (int(info.max) - int(info.min) + 1) + int(info.min) for value in range(-800, 800)} | {int(info.max)}
    )
    data = column(kind, "none", values)
    query = select("id").where(col("v").in_(members))

    assert " or v = " not in str(query)
    assert [row["id"] for row in answers(data, query, known=False)] == [
        place for place, value in enumerate(values) if value in members
    ]


@pytest.mark.parametrize("known", [True, False])
def test_members_over_aggregates_and_computed_columns(*, known: bool) -> None:
    """The names of aggregates, of arithmetic and of `fn.data` have types of their own."""
    data = column("uint8", "none", [0, 5, 255, 5])

    def found(query: Any) -> list[Any]:
        return sorted(tuple(row.values()) for row in answers(data, query, known=known))

    assert found(select("v", n=fn.max("v")).group_by("v").where(col("n").in_([-1, 256, 5]))) == [(5, 5)]
    assert found(select("id", x=col("v") + 1).where(col("x").in_([256, 0]))) == [(2, 256)]
    assert found(select("id", x=fn.data("v", 1)).where(col("x").in_([5, 261]))) == [(place, 5) for place in range(4)]
