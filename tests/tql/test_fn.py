"""Functions of the catalogue: the documentation, the TQL and the values of each, compared with numpy or Python."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.engine import TYPES, dataset, run
from tests.tql.functions import GROUPED, KINDS, ROWS, ROWWISE, V, assert_same, cosine
from tests.tql.stubs import STUBS, stubs
from tql import ArgumentError, Expr, Schema, col, desc, fn, param, select
from tql.expressions.aggregates import AGGREGATES, FORMS, OF_ROWS
from tql_grammar import ast
from tql_grammar.absent import ABSENT, UNCALLABLE
from tql_grammar.functions import CATALOGUE, OF_ONE_ROW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tql.meaning import Row

FUNCTIONS = {**CATALOGUE, **OF_ROWS, **AGGREGATES}
# Functions with tests of their own below, since they are no columns, or not the same twice.
ALONE = {"bm25_similarity", "mmr_similarity", "random"}


@pytest.fixture(scope="module", name="data")
def _data() -> Any:
    """Return the rows as a dataset."""
    return dataset("functions", KINDS, ROWS)


def test_every_function_has_a_case() -> None:
    """A new function of the catalogue needs its TQL and its rows here."""
    assert set(FUNCTIONS) == {*ROWWISE, *GROUPED, *ALONE}


@pytest.mark.parametrize(
    ("expression", "text", "meaning"),
    [pytest.param(*case, id=case[1]) for cases in ROWWISE.values() for case in cases],
)
def test_a_function_has_its_text_and_its_rows(
    data: Any,
    expression: Expr,
    text: str,
    meaning: Callable[[Row], Any],
) -> None:
    """The text is the documented one, and each row's value is that of the reference."""
    query = select(x=expression)

    found = [row["x"] for row in run(data, str(query))]

    assert text == str(expression)
    assert str(query) == f"select {text} as x"
    assert_same(found, [meaning(row) for row in ROWS])


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [pytest.param(expression, meaning, id=text) for cases in ROWWISE.values() for expression, text, meaning in cases],
)
def test_a_function_means_the_same_beside_other_clauses(
    data: Any,
    expression: Expr,
    meaning: Callable[[Row], Any],
) -> None:
    """With a condition, an order and a limit, the values are still those of the rows of the source."""
    query = select("id", x=expression).where(col("id") > 10).order_by(-col("id")).limit(3).offset(1)

    found = [row["x"] for row in run(data, str(query))]

    assert_same(found, [meaning(ROWS[number]) for number in (5, 4, 3)])


@pytest.mark.parametrize("name", GROUPED)
def test_an_aggregate_has_its_text_and_its_rows(data: Any, name: str) -> None:
    """The text is the documented one, and each group's value is that of the reference."""
    expression, text, meaning = GROUPED[name]
    query = select("k", x=expression).group_by("k")

    found = {row["k"]: row["x"] for row in run(data, str(query))}

    assert text == str(query)
    assert sorted(found) == [0, 1, 2]
    for key, value in found.items():
        assert_same([value], [meaning([row for row in ROWS if row["k"] == key])])


@pytest.mark.parametrize(
    "argument",
    [col("t"), col("n"), col("n") + 1, col("n") > 1, col("f") * col("n"), col("j")["a"], col("v"), col("small")],
    ids=str,
)
@pytest.mark.parametrize("is_schema", [True, False], ids=["schema", "no schema"])
def test_the_functions_of_one_row_are_one_kind(argument: Expr, *, is_schema: bool) -> None:
    """Another function of `OF_ONE_ROW` is built as ``first`` is, and needs no more than its form."""
    schema = Schema(k="int64", t="nullable text", n="nullable int64", f="nullable float32", j="json", v="int8[?]", small="int8")  # fmt: skip

    def built(name: str) -> str:
        query = select("k", x=Expr(ast.Function(name, (argument.node,))), s=fn.sum("small")).group_by("k")
        try:
            return str(query.from_("D", schema=schema if is_schema else None))
        except ArgumentError as error:
            return str(error)

    texts = set()
    for name in OF_ONE_ROW:
        form: Any = FORMS[name](argument.node)
        text = built(name).replace(f"[{form.indices[0].value}] as x", "[..] as x")
        texts.add(text.replace(f"fn.{name}", "fn.one").replace(f"`{name}(", "`one("))

    assert len(OF_ONE_ROW) > 1
    assert len(texts) == 1, texts


def test_random_orders_the_rows(data: Any) -> None:
    """Sorting by random numbers keeps all rows."""
    query = select("id").order_by(fn.random())

    assert str(query) == "select id order by random()"
    assert sorted(row["id"] for row in run(data, str(query))) == [row["id"] for row in ROWS]


def test_bm25_as_a_key(data: Any) -> None:
    """Exactly the rows with the word are returned."""
    query = select("id").order_by(desc(fn.bm25_similarity("words", "alpha"))).limit(5)

    assert str(query) == "select id order by bm25_similarity(words, 'alpha') desc limit 5"
    assert {row["id"] for row in run(data, str(query))} == {0, 20, 50}


def test_mmr_as_a_key(data: Any) -> None:
    """The first row is the closest one."""
    query = select("id").order_by(desc(fn.mmr_similarity("e", V))).limit(2)

    assert str(query) == "select id order by mmr_similarity(e, ARRAY[0.5,-1.0,2.0]) desc limit 2"
    best = max(ROWS, key=lambda row: cosine(row["e"], V))
    assert run(data, str(query))[0]["id"] == best["id"]


# --- what editors and people see --------------------------------------------------------------------------------------


def test_the_stubs_are_those_of_the_catalogue() -> None:
    """``fn.pyi`` matches the catalogue; run ``python -m tests.tql.stubs`` after a change."""
    assert stubs() == STUBS.read_text(encoding="utf-8")


def test_fn_offers_every_function() -> None:
    """``dir(fn)`` completes every function of the catalogue."""
    assert sorted(FUNCTIONS) == dir(fn)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_documents_itself(name: str) -> None:
    """A docstring contains the meaning and the result in the catalogue, each parameter, and the TQL."""
    function = FUNCTIONS[name]
    documented = inspect.getdoc(getattr(fn, name)) or ""
    signature = inspect.signature(getattr(fn, name))

    assert name == getattr(fn, name).__name__
    assert function.meaning in documented
    assert f"Returns:\n    {function.result}." in documented
    assert [parameter.name for parameter in function.parameters] == list(signature.parameters)
    for parameter in function.parameters:
        assert f"    {parameter.name}: " in documented
        assert (signature.parameters[parameter.name].default is None) is parameter.optional


@pytest.mark.parametrize("name", [name for name, function in CATALOGUE.items() if not function.form])
def test_the_documented_text_is_the_one_that_results(name: str) -> None:
    """A function of columns and parameters reads as its name and its parameters."""
    function = CATALOGUE[name]
    values = {"index": 0, "axis": -1, "text": col("value"), "column": col("column")}
    arguments = {
        parameter.name: values.get(
            parameter.kind, param(parameter.name) if parameter.kind == "vector" else col(parameter.name)
        )
        for parameter in function.parameters
    }

    written = str(getattr(fn, name)(**arguments))

    assert written.startswith(f"{name}(")
    assert " * 1" not in written


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (name, str(getattr(fn, name)("x")))
        for name, function in CATALOGUE.items()
        if function.form and [parameter.name for parameter in function.parameters] == ["x"]
    ],
)
def test_a_form_of_its_own_is_documented(name: str, text: str) -> None:
    """If the engine's type is too small, the documentation shows the TQL that the builder generates instead."""
    assert text == CATALOGUE[name].form


@pytest.mark.parametrize("name", [*ABSENT, *UNCALLABLE])
def test_a_function_that_does_not_exist_says_what_to_write(name: str) -> None:
    """Functions of other languages have a hint."""
    if name.lower() in FUNCTIONS:
        assert name.lower() in AGGREGATES
        return
    with pytest.raises(AttributeError) as caught:
        getattr(fn, name.lower())

    absent = {**ABSENT, **UNCALLABLE}[name]
    assert str(caught.value) == f"TQL has no function `{name.lower()}`: {absent.builder or absent.text}"


@pytest.mark.parametrize("attribute", ["no_such_thing", "cosine_similarty"])
def test_an_unknown_function_has_a_hint(attribute: str) -> None:
    """Similar names are suggested; any other name may be a function that the program registered."""
    with pytest.raises(
        AttributeError, match=r"did you mean `fn\.cosine_similarity`\?|raw\(\"no_such_thing\(\.\.\)\"\)"
    ):
        getattr(fn, attribute)


@pytest.mark.parametrize("axis", [0, 1, True, "x"])
def test_any_other_axis_is_refused(axis: Any) -> None:
    """Any axis but the last is rejected."""
    with pytest.raises(ArgumentError, match="takes axis=-1, the last"):
        fn.any("m", axis)


def test_the_engine_computes_another_axis_wrongly() -> None:
    """With axis 0 the engine is wrong: it finds a positive element among negative numbers."""
    steps = [np.arange(6, dtype="f4").reshape(2, 3) - number for number in range(7)]
    made = dataset("axis", {"m": TYPES.Array("float32", shape=[2, 3])}, [{"m": step} for step in steps])

    found = [row["x"] for row in run(made, "select any(m > 0, 0) as x")]

    assert [(step > 0).any(0).tolist() for step in steps] != found
    assert [(step > 0).any(-1).tolist() for step in steps] == [
        row["x"] for row in run(made, str(select(x=fn.any(col("m") > 0, -1))))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "select sum(bytes) as x",
        "select prod(bytes) as x",
        "select sqrt(id) as x",
        "select dot(bytes, bytes) as x",
        "select abs(small) as x",
        "select bytes + bytes as x",
        "select -small as x",
        "select row_number() as x where id > 10",
        "select data(id, 2) as x where id > 10",
    ],
)
def test_the_plain_text_would_be_wrong(data: Any, text: str) -> None:
    """The naive TQL and the builder's return different rows."""
    expression = text.removeprefix("select ").partition(" as x")[0]
    built = {
        "sum(bytes)": fn.asum("bytes"),
        "prod(bytes)": fn.prod("bytes"),
        "sqrt(id)": fn.sqrt("id"),
        "dot(bytes, bytes)": fn.dot("bytes", "bytes"),
        "abs(small)": fn.abs("small"),
        "bytes + bytes": col("bytes") + col("bytes"),
        "-small": -col("small"),
        "row_number()": fn.row_number(),
        "data(id, 2)": fn.data("id", 2),
    }[expression]
    query = select(x=built).where(col("id") > 10) if " where " in text else select(x=built)

    naive = [row["x"] for row in run(data, text)]
    right = [row["x"] for row in run(data, str(query))]

    assert len(naive) == len(right)
    assert naive != right
