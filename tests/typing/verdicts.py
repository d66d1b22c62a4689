"""
Expressions of typed columns with the engine's verdict: operator x type of the column x type of the value.

An expression is wrong if it is refused: by the builder or the compiler, or by the engine that runs it.
It is right if it runs and gives what Python's operator gives for the values of each row, where Python has one, and, for a condition, if some rows meet it and some do not.
Everything else is neither: a comparison that runs and never matches, and a refusal that depends on the rows and not on the types, such as arrays of different lengths.
"""

from __future__ import annotations

import operator
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import deeplake
import numpy as np
from deeplake import types as kinds

from tql import desc, fn, select
from tql.tables import Array, Bool, Bytes, Image, Json, Label, Number, Table, Text, Vector
from tql_client import connect
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tql_client import Client

PIXELS = np.arange(12, dtype="u1").reshape(2, 2, 3)
# Each column: its type in the engine, and its values.
COLUMNS: dict[str, tuple[Any, list[Any]]] = {
    "id": ("int64", [0, 1, 2, 3]),
    "year": ("int32", [1, 2, 3, 0]),
    "price": ("float32", [0.5, 1.0, 2.0, 3.0]),
    "maybe": (kinds.Nullable("int32"), [1, None, 2, 3]),
    "title": ("text", ["a", "b", "c", "3"]),
    "note": (kinds.Nullable("text"), ["a", None, "b", "3"]),
    "flag": ("bool", [True, False, True, False]),
    "embedding": (kinds.Embedding(3), [[1.0, 2.0, 3.0], [3.0, 1.0, 0.5], [0.5, 0.5, 0.5], [2.0, 0.0, 1.0]]),
    "sizes": (kinds.Array("int32", 1), [[1, 2, 3], [2, 2, 2], [3, 1, 1], [0, 0, 1]]),
    "tags": (kinds.Sequence("int32"), [[1, 2], [2, 3], [3, 1], [2, 0]]),
    "words": (kinds.Sequence("text"), [["a", "b"], ["b", "c"], ["c", "3"], ["a", "3"]]),
    "meta": (kinds.Dict(), [{"year": 1, "name": "a"}, {"year": 2, "name": "b"}] * 2),
    "label": (kinds.ClassLabel("int32"), [0, 1, 0, 1]),
    "cover": (kinds.Image(), [PIXELS] * 4),
    "file": (kinds.Bytes(), [b"x", b"y", b"x", b"y"]),
}


class Docs(Table):
    """The columns of `COLUMNS`."""

    id: Number[int]
    year: Number[int]
    price: Number[float]
    maybe: Number[int | None]
    title: Text
    note: Text[str | None]
    flag: Bool
    embedding: Vector
    sizes: Array[int]
    tags: Array[int]
    words: Array[str]
    meta: Json
    label: Label
    cover: Image
    file: Bytes


VALUES: dict[str, list[Any]] = {
    "int": [1, 2],
    "float": [0.5, 2.0],
    "str": ["a", "3"],
    "bool": [True, False],
    "class": ["cat", "dog"],
    "None": [None],
    "list": [[1.0, 2.0, 3.0]],
}
NOTHING = object()
# Parts of the messages of refusals that depend on the rows.
OF_ROWS = ("whose length may be 1", "different shapes", "that every row has")


class Form(NamedTuple):
    """
    One operator.

    Attributes:
        name: its name.
        text: the expression, with ``{c}`` for the column and ``{v}`` for the value.
        meaning: its value in Python, for the values of the column and of the operand in one row; None where Python has no such operator.
        kind: "condition", "value" or "query".
    """

    name: str
    text: str
    meaning: Callable[..., Any] | None
    kind: str


def of_texts(function: Callable[[str, str], Any]) -> Callable[[Any, Any], Any]:
    """Return a function of two texts that raises TypeError for other values."""

    def of_two(left: Any, right: Any) -> Any:
        if not isinstance(left, str) or not isinstance(right, str):
            raise TypeError
        return function(left, right)

    return of_two


def of_arrays(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return an operator of numbers, element by element for lists."""

    def of_two(left: Any, right: Any) -> Any:
        parts = [np.asarray(part) for part in (left, right)]
        if any(part.dtype.kind not in "biuf" for part in parts):
            raise TypeError
        with np.errstate(all="ignore"):
            return function(*(part.astype(np.float64) for part in parts))

    return of_two


def of_bools(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of bools that raises TypeError for other values."""

    def of_all(*values: Any) -> Any:
        if not all(isinstance(value, bool) for value in values):
            raise TypeError
        return function(*values)

    return of_all


def element(index: Any) -> Callable[[Any], Any]:
    """Return the reader of an element of a list or an object, not of a text."""

    def of_one(value: Any) -> Any:
        if isinstance(value, (str, bytes)):
            raise TypeError
        return value[index]

    return of_one


WITH_VALUE = (
    Form("==", "{c} == {v}", operator.eq, "condition"),
    Form("!=", "{c} != {v}", operator.ne, "condition"),
    Form("<", "{c} < {v}", operator.lt, "condition"),
    Form("<=", "{c} <= {v}", operator.le, "condition"),
    Form(">", "{c} > {v}", operator.gt, "condition"),
    Form(">=", "{c} >= {v}", operator.ge, "condition"),
    Form("between", "{c}.between({v}, {v})", lambda a, b: b <= a <= b, "condition"),
    Form("in_", "{c}.in_([{v}])", operator.eq, "condition"),
    Form("not_in", "{c}.not_in([{v}])", operator.ne, "condition"),
    Form("like", "{c}.like({v})", of_texts(operator.eq), "condition"),
    Form("ilike", "{c}.ilike({v})", of_texts(operator.eq), "condition"),
    Form("matches", "{c}.matches({v})", of_texts(operator.eq), "condition"),
    Form("startswith", "{c}.startswith({v})", of_texts(str.startswith), "condition"),
    Form("endswith", "{c}.endswith({v})", of_texts(str.endswith), "condition"),
    Form("contains", "{c}.contains({v})", operator.contains, "condition"),
    Form("+", "{c} + {v}", of_arrays(operator.add), "value"),
    Form("-", "{c} - {v}", of_arrays(operator.sub), "value"),
    Form("*", "{c} * {v}", of_arrays(operator.mul), "value"),
    Form("/", "{c} / {v}", of_arrays(operator.truediv), "value"),
    Form("%", "{c} % {v}", of_arrays(operator.mod), "value"),
    Form("r-", "{v} - {c}", of_arrays(lambda a, b: b - a), "value"),
    Form("&", "({c} == {c}) & {v}", of_bools(lambda _, b: b), "condition"),
    Form("similarity", "select(Docs.id).similarity({c}, {v})", None, "query"),
    Form("element ==", "{c}[0] == {v}", lambda a, b: element(0)(a) == b, "condition"),
    Form("element +", "{c}[0] + {v}", lambda a, b: element(0)(a) + b, "value"),
    Form("key ==", "{c}['year'] == {v}", lambda a, b: element("year")(a) == b, "condition"),
    Form("key <", "{c}['year'] < {v}", lambda a, b: element("year")(a) < b, "condition"),
    Form("key *", "{c}['year'] * {v}", lambda a, b: of_arrays(operator.mul)(element("year")(a), b), "value"),
    Form("key in_", "{c}['name'].in_([{v}])", lambda a, b: element("name")(a) == b, "condition"),
    Form(
        "key startswith",
        "{c}['name'].startswith({v})",
        lambda a, b: of_texts(str.startswith)(element("name")(a), b),
        "condition",
    ),
)
ALONE = (
    Form("is_null", "{c}.is_null()", lambda a: a is None, "condition"),
    Form("is_not_null", "{c}.is_not_null()", lambda a: a is not None, "condition"),
    Form("~", "~{c}", of_bools(operator.not_), "condition"),
    Form("neg", "-{c}", lambda a: of_arrays(operator.sub)(0, a), "value"),
    Form("[0]", "{c}[0]", element(0), "value"),
    Form("[0:1]", "{c}[0:1]", element(slice(0, 1)), "value"),
    Form("['year']", "{c}['year']", element("year"), "value"),
    Form("where", "select(Docs.id).where({c})", of_bools(bool), "query"),
    Form("order_by", "select(Docs.id).order_by({c})", None, "query"),
    Form("desc", "select(Docs.id).order_by(desc({c}))", None, "query"),
    Form("group_by", "select(n=fn.count()).group_by({c})", None, "query"),
    Form("select", "select({c})", lambda a: a, "query"),
    Form("named", "select(x={c})", lambda a: a, "query"),
    Form("fn.sum", "select(x=fn.sum({c}))", None, "query"),
    Form("fn.mean", "select(x=fn.mean({c}))", None, "query"),
    Form("fn.max", "select(x=fn.max({c}))", None, "query"),
    Form("fn.abs", "fn.abs({c})", None, "value"),
    Form("fn.asum", "fn.asum({c})", None, "value"),
    Form("fn.l2_norm", "fn.l2_norm({c})", None, "value"),
)
# The query of each kind of form: as the checkers read it, and as it is run, with the numbers of the rows.
QUERIES = {"condition": "select(Docs.id).where({})", "value": "select(x={})", "query": "{}"}
EVALUATED = {**QUERIES, "value": "select(Docs.id, x={})"}
PAIRS = tuple(form for form in WITH_VALUE if form.name in {"==", "<", "+", "&"})


class Verdict(NamedTuple):
    """
    An expression and the engine's verdict.

    Attributes:
        text: the query, as Python.
        verdict: "right", "wrong" or "unclear".
        why: the message of a refusal.
    """

    text: str
    verdict: str
    why: str = ""


Case = tuple[Form, str, str, list[Any]]


def cases() -> Iterator[Case]:
    """Yield each operator with a column, and the type of a value with its values, or the name of a second column."""
    for column in COLUMNS:
        for form in ALONE:
            yield form, column, "", [NOTHING]
        for form in WITH_VALUE:
            for value, members in VALUES.items():
                yield form, column, value, members
        for form in PAIRS:
            for other in COLUMNS:
                yield form, column, f"Docs.{other}", [NOTHING]


def drawn(path: Path, number: int) -> dict[str, list[Verdict]]:
    """Return *number* expressions of each verdict, from the cases in a random order that is the same each time; the engine runs in a process of its own."""
    found: dict[str, list[Verdict]] = {"right": [], "wrong": []}
    order = random.Random(29).sample(list(cases()), k=len(list(cases())))  # noqa: S311 - the same order each time
    with connect(write(path), isolated=True) as client:
        for case in order:
            one = verdict(client, case)
            if len(found.get(one.verdict, [])) < number:
                found.setdefault(one.verdict, []).append(one)
            if min(map(len, (found["right"], found["wrong"]))) >= number:
                break
    return found


def write(path: Path) -> str:
    """Write the dataset, and return its path."""
    made = deeplake.create(str(path))
    for name, (kind, _) in COLUMNS.items():
        made.add_column(name, kind)
    made["label"].metadata["class_names"] = ["cat", "dog"]
    made.append({name: [as_stored(one) for one in values] for name, (_, values) in COLUMNS.items()})
    made.commit()
    return str(path)


def as_stored(value: Any) -> Any:
    """Return a value as the engine stores it."""
    is_numbers = isinstance(value, list) and not isinstance(value[0], str)
    return np.asarray(value, "f4" if isinstance(value[0], float) else "i4") if is_numbers else value


def verdict(client: Client, case: Case) -> Verdict:
    """Return the verdict on one operator: wrong if each of the values is refused, right if each gives what Python gives."""
    form, column, value, members = case
    found, texts, reasons = set(), [], []
    for member in members:
        text = form.text.format(c=f"Docs.{column}", v=value if member is NOTHING else repr(member))
        others = COLUMNS[value.removeprefix("Docs.")][1] if member is NOTHING and value else None
        outcome, why = judged(client, form, text, expected(form, COLUMNS[column][1], others, member))
        found.add(outcome)
        texts.append(QUERIES[form.kind].format(text))
        reasons.append(why)
    matched = found - {"unmatched"}
    return Verdict(texts[0], matched.pop() if len(matched) == 1 else "unclear", reasons[0])


def expected(form: Form, values: list[Any], others: list[Any] | None, member: Any) -> list[Any] | None:
    """Return the value of an operator in Python for each row, or None where Python has none."""
    if form.meaning is None:
        return None
    operands = [(value,) if form in ALONE else (value, member) for value in values]
    if others is not None:
        operands = list(zip(values, others, strict=True))
    try:
        return [form.meaning(*one) for one in operands]
    except (TypeError, KeyError, ValueError, IndexError):
        return None


def judged(client: Client, form: Form, text: str, meant: list[Any] | None) -> tuple[str, str]:
    """Return "wrong", "right", "unmatched" or "unclear" for one expression, and the message of a refusal."""
    names = {"Docs": Docs, "select": select, "fn": fn, "desc": desc}
    try:
        query = eval(EVALUATED[form.kind].format(text), names)  # noqa: S307 - a text of this file
        rows = client.query(query).rows
    except (TqlError, TypeError, AttributeError) as error:
        return "unclear" if any(part in str(error) for part in OF_ROWS) else "wrong", str(error)
    if form.meaning is None:
        return "right", ""
    if meant is None:
        return "unclear", ""
    return outcome_of(form, rows, meant), ""


def outcome_of(form: Form, rows: list[dict[str, Any]], meant: list[Any]) -> str:
    """Return whether rows are those that Python's operator means: "right", "unmatched" or "unclear"."""
    if form.kind != "condition" and form.name != "where":
        return "right" if same([[*row.values()][-1] for row in rows], meant) else "unclear"
    kept = [index for index, one in enumerate(meant) if one is True]
    if [row["id"] for row in rows] != kept:
        return "unclear"
    return "right" if 0 < len(kept) < len(meant) else "unmatched"


def same(given: list[Any], meant: list[Any]) -> bool:
    """Return whether the values of rows are those that Python gives."""
    try:
        return all(bool(np.allclose(a, b)) for a, b in zip(given, meant, strict=True))
    except (TypeError, ValueError):
        return given == meant
