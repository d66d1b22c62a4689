"""Conditions on columns of which neither the type nor an index is known: the rows are those of Python, with an index that is built, one that is not, and none."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest

from tests.engine import TYPES as T
from tests.tql.signs import COMPARISONS
from tql import col, fn, select

if TYPE_CHECKING:
    from collections.abc import Callable

serial = itertools.count()
SIGNED, UNSIGNED, FLOATS = [0, 3, 5, 3, 1, -3, 100], [0, 3, 5, 3, 1, 7, 100], [0.0, 3.0, 0.5, 2.5, -0.5, 100.0, 3.0]
KINDS: dict[str, tuple[Any, list[Any]]] = {
    **{f"int{bits}": (getattr(T, f"Int{bits}"), SIGNED) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (getattr(T, f"UInt{bits}"), UNSIGNED) for bits in (8, 16, 32, 64)},
    **{f"float{bits}": (getattr(T, f"Float{bits}"), FLOATS) for bits in (16, 32, 64)},
}
FORMS = ("plain", "nullable", "not built", "built")
LITERALS = [3, 0, -3, 0.5, 2.5, -0.5]


def made(kind: str, form: str, commits: int = 2) -> tuple[str, list[Any]]:
    """Return the url of a dataset with a column of a type, and the values."""
    make, values = KINDS[kind]
    column = make() if form in {"plain", "nullable"} else make(T.Inverted)
    values = [*values, None, values[1]] if form == "nullable" else values
    url = f"mem://unindexed{next(serial)}"
    data = deeplake.create(url)
    if form == "built":
        data.indexing_mode = deeplake.IndexingMode.Always
    data.add_column("id", T.Int64())
    data.add_column("v", T.Nullable(column) if form == "nullable" else column)
    for places in np.array_split(np.arange(len(values)), commits):
        data.append({"id": places.tolist(), "v": [values[place] for place in places]})
        data.commit()
    KEPT.append(data)
    return url, values


KEPT: list[Any] = []


def ids(query: Any) -> list[int]:
    """Return the ids of the rows of the text that needs no schema."""
    found: Any = deeplake.query(str(query))
    return [int(number) for number in found["id"][:]] if len(found) else []


def is_wrapped(kind: str, sign: str, literal: float) -> bool:
    """Return whether an index answers a comparison with an integer that the type of its column does not hold."""
    return kind.startswith("uint") and literal < 0 and sign != "!=" and isinstance(literal, int)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_comparisons_with_numbers(kind: str, form: str) -> None:
    """Each comparison, also below NOT, AND and OR: null meets none, and no index answers what it reads wrongly."""
    url, values = made(kind, form)
    for sign, literal in itertools.product(COMPARISONS, LITERALS):
        if form.endswith("built") and is_wrapped(kind, sign, literal):
            continue
        compare: Callable[[Any, Any], Any] = COMPARISONS[sign]
        there = {place for place, value in enumerate(values) if value is not None and compare(value, literal)}
        test = compare(col("v"), literal)
        query = select("id").from_(url)
        assert ids(query.where(test)) == sorted(there), (sign, literal)
        assert ids(query.where(~test)) == sorted(set(range(len(values))) - there), (sign, literal)
        some = sorted(there - {1} | {0})
        assert ids(query.where(test & (col("id") > 1) | (col("id") == 0))) == some, (sign, literal)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["int8", "int64", "uint16", "float32"])
def test_the_rows_of_a_subquery(kind: str, form: str) -> None:
    """The index of a dataset has other numbers for the rows of a subquery."""
    url, values = made(kind, form)
    source = select().from_(select().from_(url).where(col("id") > 1).limit(4))
    kept = range(2, 6)
    for sign, literal in itertools.product(COMPARISONS, LITERALS):
        compare = COMPARISONS[sign]
        wanted = [place for place in kept if values[place] is not None and compare(values[place], literal)]
        assert ids(source.where(compare(col("v"), literal))) == wanted, (sign, literal)
    members = [place for place in kept if values[place] in {5, 3}]
    assert ids(source.where(col("v").in_([5, 3]))) == members


@pytest.mark.parametrize("form", ["plain", "not built", "built"])
def test_members_in_any_order(form: str) -> None:
    """An index that is not built loses a member that is less than one before it."""
    url, values = made("int64", form)

    wanted = [place for place, value in enumerate(values) if value in {100, 5, 0}]
    assert ids(select("id").from_(url).where(col("v").in_([100, 60, 5, 0]))) == wanted
    text = str(select("id").from_(url).where(col("v").in_([100, 60, 5, 0])))
    assert text.endswith("where v in (0, 5, 60, 100)")


COLUMNS: dict[str, tuple[Any, Any, list[Any], list[Any]]] = {
    "numbers": (T.Int64(), T.Int64(), [1, 2, 3], [1, 3, 3]),
    "an indexed number": (T.Int64(T.Inverted), T.Int64(), [1, 2, 3], [1, 3, 3]),
    "two indexed numbers": (T.Int64(T.Inverted), T.Int64(T.Inverted), [1, 2, 3], [1, 3, 3]),
    "a nullable number": (T.Nullable(T.Int64()), T.Int64(), [1, None, 3], [2, 3, 3]),
    "texts": (T.Text(), T.Text(), ["a", "", "b"], ["a", "b", "c"]),
    "indexed texts": (T.Text(T.Exact), T.Text(T.Inverted), ["a", "", "b"], ["a", "b", "c"]),
    "flags": (T.Bool(), T.Bool(), [True, False, True], [True, True, False]),
    "class labels": (T.ClassLabel("int32"), T.ClassLabel("int32"), [0, 1, 0], [0, 0, 1]),
}


@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize("case", COLUMNS)
def test_columns_that_differ(case: str, *, built: bool) -> None:
    """`!=` of two columns is no arithmetic, since both may be texts."""
    one, two, left, right = COLUMNS[case]
    url = f"mem://unindexed{next(serial)}"
    data = deeplake.create(url)
    if built:
        data.indexing_mode = deeplake.IndexingMode.Always
    for name, kind in (("id", T.Int64()), ("a", one), ("b", two)):
        data.add_column(name, kind)
    if case == "class labels":
        data["a"].metadata["class_names"] = data["b"].metadata["class_names"] = ["cat", "dog"]
    data.append({"id": [0, 1, 2], "a": left, "b": right})
    data.commit()

    wanted = [place for place, (a, b) in enumerate(zip(left, right, strict=True)) if a is not None and a != b]
    assert ids(select("id").from_(url).where(col("a") != col("b"))) == wanted
    assert len(data.query("select id where a != b")) == (0 if "indexed number" in case else len(wanted))


def test_what_reads_no_index_stays_as_it_is() -> None:
    """Computed and renamed outputs, texts, JSON, and conditions that are outputs."""
    query = select("id", n=col("v") * 2, w="u").from_("d")
    found = str(select("id").from_(query).where(col("n") != 3, col("w") < 0.5))
    assert found.endswith("where n != 3 and w < 0.5")
    assert str(select("id").where(col("t") != "a", col("m")["k"] > 2)) == "select id where t != 'a' and m['k'] > 2"
    assert str(select("id", x=col("v") != 3)) == "select id, v != 3 as x"
    assert str(select("id").where(fn.any(col("a") != 3))) == "select id where any(a != 3)"
    assert str(select("id").where(col("v") == 3, col("v") > 0.5)) == "select id where v = 3 and v > 0.5"


def test_explain_says_what_an_index_may_read() -> None:
    """A number of another type than an indexed column has is read in its type."""
    assert "pass a schema if a column has an index" in str(select("id").where(col("v") == 300).explain())
    assert "pass a schema if a column has an index" not in str(select("id").where(col("t") == "a").explain())
    assert "pass a schema if a column has an index" not in str(select("id").where(col("v") != 3).explain())
