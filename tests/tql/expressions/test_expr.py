"""The TQL of every expression, and its round trips through the parser and the repr."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tql import Expr, all_of, any_of, col, fn, not_, raw
from tql.expressions.physical import physical
from tql_grammar.rewrite.scope import UNKNOWN
from tql_grammar.rewrite.typed import legalize_value
from tql_grammar.syntax.parser import parse

a, b = col("a"), col("b")
numpy_index: Any = np.int64(3)

TEXTS = [
    pytest.param(a, "a", id="column"),
    pytest.param(col("my col"), '"my col"', id="name with a blank"),
    pytest.param(col("order"), '"order"', id="reserved word"),
    pytest.param(col("_x"), '"_x"', id="leading underscore"),
    pytest.param(col("größe"), '"größe"', id="not ascii"),
    pytest.param(col("a.b"), '"a.b"', id="a dot is part of a name"),
    pytest.param(col("x", of="t"), "t.x", id="of an alias"),
    pytest.param(a + 1, "a + 1", id="plus"),
    pytest.param(1 + a, "1 + a", id="plus from the left"),
    pytest.param(a + b - 1, "a * 1 + b - 1", id="a chain"),
    pytest.param(a - (b - 1), "a - (b - 1)", id="a chain on the right"),
    pytest.param((a + b) * 2, "(a * 1 + b) * 2", id="a sum times"),
    pytest.param(a + b * 2, "a + b * 2", id="a product plus"),
    pytest.param(2 / a, "2 / a", id="divided by"),
    pytest.param(a % 3, "a % 3", id="remainder"),
    pytest.param(a / b, "a * 1 / b", id="quotient of two columns"),
    pytest.param(a + b * 2, "a + b * 2", id="a sum with a wide operand"),
    pytest.param(fn.sqrt(a + b), "sqrt((a * 1 + b) * 1.0)", id="root"),
    pytest.param(fn.sqrt(a * 0.5), "sqrt(a * 0.5)", id="root of floats"),
    pytest.param(fn.dot("a", "b"), "sum(a * 1 * b)", id="dot of two columns"),
    pytest.param(fn.dot(a + b, [1, 2]), "sum((a * 1 + b) * ARRAY[1.0,2.0])", id="dot of something computed"),
    pytest.param(fn.prod(a["k"]), "prod(a['k'])", id="product of a json value"),
    pytest.param(7 - a, "7 - a", id="minus from the left"),
    pytest.param(3 * a, "3 * a", id="times from the left"),
    pytest.param(7 % a, "7 % a", id="remainder from the left"),
    pytest.param(-a, "a * -1", id="minus"),
    pytest.param(-(a * b), "-a * 1 * b", id="minus a product"),
    pytest.param((-a) * b, "a * (-1) * b", id="minus, times"),
    pytest.param(a == 1, "a = 1", id="equal"),
    pytest.param(a != 1, "a != 1", id="not equal"),
    pytest.param(a == -1, "a = -1", id="equal to a negative"),
    pytest.param(a < 1, "a < 1", id="less"),
    pytest.param(a <= 1, "a <= 1", id="at most"),
    pytest.param(a > 1, "a > 1", id="more"),
    pytest.param(a >= 1, "a >= 1", id="at least"),
    pytest.param(1 < a, "a > 1", id="mirrored"),  # noqa: SIM300 - the mirror is what is tested
    pytest.param(a == b, "a = b", id="two columns"),
    pytest.param(a == None, "a is null", id="equal to None"),  # noqa: E711 - it makes a condition
    pytest.param(a != None, "a is not null", id="not equal to None"),  # noqa: E711 - it makes a condition
    pytest.param(a.is_null(), "a is null", id="null"),
    pytest.param(a.is_not_null(), "a is not null", id="not null"),
    pytest.param(a == "x", "a = 'x'", id="text"),
    pytest.param(a == "it's", "a = 'it''s'", id="text with a quote"),
    pytest.param(a == "", "a = ''", id="empty text"),
    pytest.param(a == True, "a = true", id="true"),  # noqa: E712 - it makes a condition
    pytest.param(a < "x", "a between '' and 'x' and a != 'x'", id="text less"),
    pytest.param(a <= "x", "a between '' and 'x'", id="text at most"),
    pytest.param(a > "x", "not (a between '' and 'x')", id="text more"),
    pytest.param(a >= "x", "not (a between '' and 'x' and a != 'x')", id="text at least"),
    pytest.param(a["k"] > "x", "a['k'] > 'x'", id="json text"),
    pytest.param(a.between(1, 5), "a >= 1 and a <= 5", id="between numbers"),
    pytest.param(a.between("x", "y"), "a between 'x' and 'y'", id="between texts"),
    pytest.param(a.in_([1, 2]), "a in (1, 2)", id="in"),
    pytest.param(a.in_(["x", "y"]), "a in ('x', 'y')", id="in texts"),
    pytest.param(a.in_(n for n in (1, 2)), "a in (1, 2)", id="in a generator"),
    pytest.param(a.in_(np.array([1, 2])), "a in (1, 2)", id="in an array"),
    pytest.param(a.in_([]), "false", id="in nothing"),
    pytest.param(a.not_in([1, 2]), "a not in (1, 2)", id="not in"),
    pytest.param(a.not_in([1, -2]), "not (a = 1 or a = -2)", id="not in with a number below 0"),
    pytest.param(a.not_in([]), "true", id="not in nothing"),
    pytest.param(a.in_([0.5, 1]), "a = 0.5 or a = 1", id="in with a fraction"),
    pytest.param(a.not_in([0.5, 1.5]), "not (a = 0.5 or a = 1.5)", id="not in with a fraction"),
    pytest.param(a.in_([True]), "a = true", id="in bools"),
    pytest.param((a + 1).in_([1, 2]), "a + 1 = 1 or a + 1 = 2", id="an expression in"),
    pytest.param(~a.in_([1]), "not (a in (1))", id="not of in"),
    pytest.param(a.like("x%_"), r"a like 'x[\s\S]{0,}[\s\S]'", id="like"),
    pytest.param(a.like("50%%"), r"a like '50[\s\S]{0,}[\s\S]{0,}'", id="like with two runs"),
    pytest.param(a.like("a.b*c?"), r"a like 'a\.b\x2ac\x3f'", id="like, regex characters"),
    pytest.param(a.like(""), "a = ''", id="like nothing"),
    pytest.param(a.like("%"), r"a like '[\s\S]{0,}' or a = ''", id="like anything"),
    pytest.param(a.ilike("x%"), r"a ilike 'x[\x00-\x{10ffff}]{0,}'", id="ilike"),
    pytest.param(a.ilike("é"), "a ilike '[éÉ]'", id="ilike not ascii"),
    pytest.param(a.startswith("x'y"), r"a like 'x''y[\s\S]{0,}'", id="startswith"),
    pytest.param(a.startswith(""), r"a like '[\s\S]{0,}' or a = ''", id="startswith nothing"),
    pytest.param(a.endswith("(x)"), r"a like '[\s\S]{0,}\(x\)'", id="endswith"),
    pytest.param(a.contains("x%"), r"a like '[\s\S]{0,}x\x25[\s\S]{0,}'", id="contains a text"),
    pytest.param(a.contains(5), "contains(a, 5)", id="contains a number"),
    pytest.param(a["k"].contains("x"), "contains(a['k'], 'x')", id="json contains"),
    pytest.param(fn.keys("a").contains("x"), "contains(keys(a), 'x')", id="keys contain"),
    pytest.param(a.matches("x+"), r"a like '\Ax+'", id="matches"),
    pytest.param(a.matches("x*"), "a like 'x{0,}' or a = ''", id="matches nothing too"),
    pytest.param(a.matches("(?:x|y)?z*?[*?]"), r"a like '(x|y){0,1}z{0,}[\x2a\x3f]'", id="matches, translated"),
    pytest.param(a.matches(r"\*\?%\d{2}"), r"a like '\x2a\x3f\x25\d{2}'", id="matches, escapes"),
    pytest.param((a == 1) & (b == 2), "a = 1 and b = 2", id="and"),
    pytest.param((a == 1) | (b == 2), "a = 1 or b = 2", id="or"),
    pytest.param(((a == 1) | (b == 2)) & (a == 3), "(a = 1 or b = 2) and a = 3", id="or inside and"),
    pytest.param((a == 1) & (b == 2) | (a == 3), "a = 1 and b = 2 or a = 3", id="and inside or"),
    pytest.param((a == 1) & ((a == 2) & (a == 3)), "a = 1 and a = 2 and a = 3", id="a flat and"),
    pytest.param(~(a == 1), "not a = 1", id="not"),
    pytest.param(not_(a == 1), "not a = 1", id="not_"),
    pytest.param(~~(a == 1), "a = 1", id="not not"),
    pytest.param(~((a == 1) & (b == 2)), "not (a = 1 and b = 2)", id="not and"),
    pytest.param((~a) == True, "(not a) = true", id="not on the left"),  # noqa: E712 - it makes a condition
    pytest.param(all_of([a == 1, None, b == 2]), "a = 1 and b = 2", id="all of"),
    pytest.param(all_of([]), "true", id="all of nothing"),
    pytest.param(any_of([]), "false", id="any of nothing"),
    pytest.param(any_of([a == 1]), "a = 1", id="any of one"),
    pytest.param(all_of([]) & (a == 1), "a = 1", id="true falls out of and"),
    pytest.param(any_of([]) & (a == 1), "false", id="false decides and"),
    pytest.param(a[0], "(a - (a - a))[0]", id="element"),
    pytest.param(a[-1], "(a - (a - a))[9223372036854775807]", id="last element"),
    pytest.param(a[0:2], "a[0:2]", id="slice"),
    pytest.param(a[:2], "a[:2]", id="slice from the start"),
    pytest.param(a[:], "a[:]", id="slice of all"),
    pytest.param(a[0:4:2], "a[0:4:2]", id="slice with a step"),
    pytest.param(a[0, 1], "(a - (a - a))[0, 1]", id="two indices"),
    pytest.param(a[0:2, 1], "(a - (a - a))[0:2, 1]", id="slice and index"),
    pytest.param(a["k"]["it's"], "a['k']['it''s']", id="json keys"),
    pytest.param(a[numpy_index], "(a - (a - a))[3]", id="numpy index"),
    pytest.param((a + b)[0], "(a * 1 + b)[0]", id="element of a sum"),
    pytest.param(a.shape, "shape(a)", id="shape"),
    pytest.param((a + 1).as_("next"), "a + 1 as next", id="alias"),
    pytest.param(a.as_("order"), 'a as "order"', id="alias that is reserved"),
    pytest.param(fn.asum("a"), "sum(a * 1)", id="function of a name"),
    pytest.param(fn.asum(a + 1), "sum(a + 1)", id="function of an expression"),
    pytest.param(fn.row_number(), "row_number()", id="function of nothing"),
    pytest.param(fn.any(a > 3), "any(a > 3)", id="function of a condition"),
    pytest.param(fn.all("a", -1), "all(a, -1)", id="function with an axis"),
    pytest.param(fn.contains("a", "x"), "contains(a, 'x')", id="contains"),
    pytest.param(fn.cosine_similarity("a", [1, 2.5]), "cosine_similarity(a, ARRAY[1.0,2.5])", id="similarity"),
    pytest.param(fn.l2_norm(a - np.array([1, 2], "f4")), "l2_norm(a - ARRAY[1.0,2.0])", id="norm of a difference"),
    pytest.param(fn.maxsim("a", [[1, 0], [0, 1]]), "maxsim(a, ARRAY[ARRAY[1.0,0.0], ARRAY[0.0,1.0]])", id="maxsim"),
    pytest.param(fn.data("a", 3), "data(a, 3)", id="data"),
    pytest.param(fn.max_weight((a > 1, 2), (b, 0.5)), "max_weight(a > 1: 2, b: 0.5)", id="weights"),
    pytest.param(raw("shape(a)[0] > 3"), "shape(a)[0] > 3", id="raw"),
    pytest.param(raw("a < 'x'"), "a < 'x'", id="raw keeps a trap"),
    pytest.param(a == 9223372036854775807, "a = 9223372036854775807", id="largest int"),
    pytest.param(a == -9223372036854775808, "a = -9223372036854775808", id="smallest int"),
    pytest.param(a == 10, "a = 10", id="no octal"),
    pytest.param(a == 0.1, "a = 0.1", id="float"),
    pytest.param(a == -0.0, "a = -0.0", id="negative zero"),
    pytest.param(a == 1e300, "a = 1e+300", id="large float"),
    pytest.param(a == 5e-324, "a = 5e-324", id="denormal"),
    pytest.param(a == np.float32(0.1), "a = 0.10000000149011612", id="float32 by its value"),
    pytest.param(a == np.int8(-3), "a = -3", id="numpy int"),
    pytest.param(a == np.bool_(1), "a = true", id="numpy bool"),
    pytest.param(a == np.array(3), "a = 3", id="numpy scalar array"),
    pytest.param(a == Decimal(3), "a = 3", id="Decimal int"),
    pytest.param(a == Decimal("0.5"), "a = 0.5", id="Decimal"),
]


@pytest.mark.parametrize(("expression", "text"), TEXTS)
def test_an_expression_has_its_text(expression: Expr, text: str) -> None:
    """Each expression generates the documented TQL."""
    assert text == str(expression)


@pytest.mark.parametrize(("expression", "text"), TEXTS)
def test_the_grammar_reads_back_the_expression(expression: Expr, text: str) -> None:
    """The text of an expression parses to the expression's own tree, in physical form."""
    assert parse(f"select {text}").columns == (legalize_value(physical(expression.node), UNKNOWN),)  # type: ignore[attr-defined]  # it is a Select


@pytest.mark.parametrize(("expression", "text"), TEXTS)
def test_the_repr_of_an_expression_makes_it_again(expression: Expr, text: str) -> None:
    """The repr, pasted into Python, gives the same expression."""
    names = {"col": col, "fn": fn, "raw": raw, "all_of": all_of, "any_of": any_of}

    pasted = eval(repr(expression), names)  # noqa: S307 - pasting is what is tested

    assert text == str(pasted)
    assert expression.same(pasted)


@pytest.mark.parametrize(("expression", "text"), TEXTS)
def test_an_expression_pickles_and_copies(expression: Expr, text: str) -> None:
    """Pickle and copy give the same expression."""
    assert text == str(pickle.loads(pickle.dumps(expression)))  # noqa: S301 - our own pickle
    assert text == str(copy.deepcopy(expression))
