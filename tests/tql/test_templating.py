"""Templates: values go into the tree as literals, every place takes a value or refuses it, and the query is the builder's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tql
from tests.tql.templates import PLACES, both, template
from tql import ArgumentError, ParseError, Query, Schema, TqlError, col, fn, select
from tql.tables import Number, Table
from tql_grammar import ast
from tql_grammar.syntax.parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable

SUB = select("id", "year").from_("hub://a/b").limit(5)


class Docs(Table, source="hub://org/docs", schema=Schema(id="int64", year="int32")):
    """A dataset."""

    id: Number[int]
    year: Number[int]


EQUAL: list[tuple[str, dict[str, Any], Query]] = [
    ("select id where name = {name}", {"name": "it's"}, select("id").where(col("name") == "it's")),
    ("select id where name = {n} limit {k}", {"n": "{n}", "k": 3}, select("id").where(col("name") == "{n}").limit(3)),
    (
        "select id from {source} where a > {low} limit {k}",
        {"source": "hub://o/d", "low": -1.5, "k": 2},
        select("id").from_("hub://o/d").where(col("a") > -1.5).limit(2),
    ),
    ("select id from {source}", {"source": Docs}, select("id").from_(Docs)),
    (
        "select id from {source} limit {x} offset {x}",
        {"source": SUB, "x": 1},
        select("id").from_(SUB).limit(1).offset(1),
    ),
    ("select id where a in ({ids})", {"ids": [1, 2]}, select("id").where(col("a").in_([1, 2]))),
    ("select id where a in ({x}, 7)", {"x": "b"}, tql.parse("select id where a in ('b', 7)")),
    (
        "select id where {condition}",
        {"condition": col("t").startswith("ab")},
        select("id").where(col("t").startswith("ab")),
    ),
    (
        "select id where {c} and b = 1",
        {"c": (col("a") == 1) | (col("a") == 2)},
        select("id").where((col("a") == 1) | (col("a") == 2), col("b") == 1),
    ),
    (
        "select {x} as {name} order by {key}",
        {"x": col("a"), "name": "odd name", "key": col("b")},
        select(col("a").as_("odd name")).order_by("b"),
    ),
    (
        "select id, {f} as score order by {f} desc",
        {"f": fn.abs("e")},
        select("id", score=fn.abs("e")).order_by(tql.desc(fn.abs("e"))),
    ),
    (
        "select id where meta[{key}] = {value}",
        {"key": "lang", "value": "en"},
        select("id").where(col("meta")["lang"] == "en"),
    ),
    (
        "select id from {s} where a > {x} order by b, c desc offset 3",
        {"s": "d", "x": 1.5},
        select("id").from_("d").where(col("a") > 1.5).order_by("b", tql.desc("c")).offset(3),
    ),
    ("select id where t = '{{a}}'", {}, select("id").where(col("t") == "{a}")),
]


@pytest.mark.parametrize(("text", "values", "query"), EQUAL, ids=[text for text, _, _ in EQUAL])
def test_a_template_is_the_query_of_the_builder(text: str, values: dict[str, Any], query: Query) -> None:
    """The query equals the builder's, its text too, and building goes on."""
    for made in both(text, **values):
        assert made == query
        assert str(made) == str(query)
        assert made.limit(9) == query.limit(9)


def test_a_clause_that_the_builder_writes_otherwise_is_kept() -> None:
    """What the builder would write otherwise is kept as written, with the literals."""
    made = tql.query("select {a}.id from x as {a} join {q} as b on a.id = b.id where a.t = {t}", a="a", q=SUB, t="'")

    assert str(made) == (
        "select a.id from x as a join (select id, year from \"hub://a/b\" limit 5) as b on a.id = b.id where a.t = ''''"
    )
    assert str(tql.query("select a * 2 as b where b > {n} limit 3", n=1)) == "select a * 2 as b where b > 1 limit 3"
    assert str(tql.query("select id where a + {n} > 3 and {c}", n=1, c=col("b").like("x%"))) == (
        "select id where a + 1 > 3 and b like 'x[\\s\\S]{0,}'"
    )


VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


def value_of(node: object) -> object:
    """Return the value of a literal."""
    if isinstance(node, ast.Negate):
        assert isinstance(node.operand, ast.Number)
        return -node.operand.value
    assert isinstance(node, (ast.String, ast.Number, ast.Boolean))
    return node.value


@settings(max_examples=10_000)
@given(VALUES)
@example("' or 1 = 1 --")
@example("{value}")
@example(-0.0)
@example("z00qqqq")
def test_a_value_comes_back_from_the_tree(value: str | float) -> None:
    """The tree of the text has the same value in the place of the hole, of the same type, and nothing else has changed."""
    named, made = both("select id where name = {value} and b = 1", value=value)
    assert str(made) == str(named)
    tree = parse(str(named))

    assert isinstance(tree, ast.Select)
    assert isinstance(tree.where, ast.And)
    first, second = tree.where.operands
    assert second == ast.Comparison("=", ast.Column("b"), ast.Number(1))
    assert isinstance(first, ast.Comparison)
    found = value_of(first.right)
    assert (type(found), repr(found)) == (type(value), repr(value))


WRITTEN: list[tuple[object, str]] = [(3, "3"), (1.5, "1.5"), ("it's", "'it''s'"), (True, "true")]


@pytest.mark.parametrize(("text", "start", "end"), PLACES, ids=[f"{text[:20]} {start}" for text, start, _ in PLACES])
def test_every_place_takes_a_literal_or_refuses_it(text: str, start: int, end: int) -> None:
    """In place of each token, a hole is the query of the text with the literal, a name of a str, or a TqlError."""
    holed = f"{text[:start]}{{x}}{text[end:]}"
    for value, literal in WRITTEN:
        try:
            made = tql.query(holed, x=value)
        except TqlError:
            continue
        is_name = isinstance(value, str) and f'"{value}"' in str(made)
        assert made == tql.parse(text[:start] + (f'"{value}"' if is_name else literal) + text[end:])


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("select id where name = '{name}'", {"name": "x"}, "remove the quotes"),
    ('select id from "{name}"', {"name": "x"}, "remove the quotes"),
    ("select id -- {name}", {"name": "x"}, "the engine ignores a comment"),
    ("select id where a = {name:>3}", {"name": 1}, "format specifications"),
    ("select id where a = {name!r}", {"name": 1}, "conversions"),
    ("select id where a = {}", {}, "a hole is a name in braces"),
    ("select id where a = {", {}, "a brace without its other half"),
    ("select id where a = {nam}", {"name": 1}, "did you mean {name}?"),
    ("select id where a = {name}", {}, "pass it: query(.., name=..)"),
    ("select id from data_{name}", {"name": 3}, "a part of the word that it touches"),
    ("select a{name}id from x as a", {"name": 3}, "a part of the word that it touches"),
    ("select id where a = 1{name}", {"name": 3}, "a part of the word that it touches"),
    ("select id where a = {name}e5", {"name": 3}, "a part of the word that it touches"),
    ("select {name}{name} from d", {"name": 3}, "a part of the word that it touches"),
    ("select id where {name} {name}", {"name": 1}, "`{name}` is not allowed here"),
    ("select id from ({name})", {"name": SUB}, "`{name}` is not allowed here"),
    ("{name} id", {"name": "select"}, "`{name}` is not allowed here"),
    ("select id where a in {name}", {"name": [1]}, "IN ({name})"),
    ("select id order by a {name}", {"name": "desc"}, "write the keyword into the text"),
]


@pytest.mark.parametrize(("text", "values", "message"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_a_hole_in_another_place_is_refused_with_a_caret(text: str, values: dict[str, Any], message: str) -> None:
    """The error shows the text with the hole, a caret below it, and what to do."""
    with pytest.raises(ParseError) as error:
        tql.query(text, **values)

    assert message in str(error.value)
    assert text.replace("{{", "{") in str(error.value)
    lines = str(error.value).splitlines()
    assert any(set(line) <= {" ", "^"} and "^" in line for line in lines)
    assert error.value.text[error.value.position] == "{"


REFUSED_VALUES: list[tuple[str, Any, str]] = [
    ("select id where a = {x}", None, "`is null`"),
    ("select id where a in ({x})", [], "an empty one"),
    ("select id where a in ({x})", [1, None], "or .. is null"),
    ("select id where a in ({x})", float("nan"), "finite numbers"),
    ("select id where a = {x}", SUB, "takes a query in FROM only"),
    ("select id limit {x}", -1, "takes a number of rows"),
    ("select id limit {x}", None, "leave the clause out"),
    ("select id offset {x}", "3", "takes a number of rows"),
    ("select id order by {x}", "year", "for a column pass col"),
    ("select {x} from t", ["id", "year"], "select(*names)"),
    ("select n group by {x}", "year", "for a column pass col"),
    ("select id sample by {x}", 1, "for a column pass col"),
    ("select {x}(a) as b", "sum", "is no name of a function"),
    ("select id from {x}", 3, "takes the url of a dataset"),
    ("select a as {x}", 'a"b', "double quote"),
    ("select {x}.id from d as a", 3, "takes a name as a str"),
    ("select id where a = {x}", "a\0b", "NUL"),
]


@pytest.mark.parametrize(
    ("text", "value", "message"), REFUSED_VALUES, ids=[f"{t} {v!r:.12}" for t, v, _ in REFUSED_VALUES]
)
def test_a_value_of_another_kind_is_refused(text: str, value: Any, message: str) -> None:
    """The error names the hole."""
    with pytest.raises(ArgumentError) as error:
        tql.query(text, x=value)

    assert "{x}" in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tql.query("select id", x=1), "write {x} into the text"),
        (lambda: tql.query(3), "takes a text or a t-string"),
        (lambda: tql.query(template("select id"), x=1), "takes no values with a t-string"),
    ],
)
def test_other_arguments_are_refused(call: Callable[[], Query], message: str) -> None:
    """A value without a hole, and an argument that is no template."""
    with pytest.raises(ArgumentError, match=message):
        call()


@pytest.mark.parametrize("hole", ["{a + b!r}", "{a + b:>3}"])
def test_a_t_string_with_a_conversion_is_refused(hole: str) -> None:
    """``{x!r}`` and ``{x:>3}`` are refused with a caret."""
    with pytest.raises(ParseError, match=r"write \{a \+ b\}"):
        tql.query(template(f"select id where a = {hole}", a=1, b=2))
