"""
Hypothesis strategies: rows, conditions and queries of a schema, for property tests of programs that build queries.

Hypothesis is imported with this module, and is not among the dependencies: without it, the import raises `MissingExtra` with the command that installs it.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from tql.builder.query import Query, select
from tql.compiler.compile import compile_query
from tql.expressions.expr import Expr, asc, col, desc
from tql_grammar.errors import ArgumentError, MissingExtra
from tql_grammar.schema import FLOATS, INTEGERS, Column, Schema

try:
    from hypothesis import strategies as st
except ImportError:
    missing = "tql.strategies needs hypothesis, which is not installed: pip install hypothesis"
    raise MissingExtra(missing) from None

if TYPE_CHECKING:
    from collections.abc import Callable

# Widths of the types in bits, and the significant digits of floats in base 2.
WIDTHS = {name: int(name.lstrip("uintfloa")) for name in (*INTEGERS, *FLOATS)}
LARGEST_LENGTH = 8
DEPTH = 3
COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
# Texts as the world has them: empty, with quotes and wildcards, and of many alphabets.
WORDS = ("", "a", "cat", "it's", 'say "no"', "50%", "a_b", "*?", "é", "Ж", "猫", "🐈", "a\nb", "\\")
KEYS = ("a", "tag", "n", "it's")


def rows(schema: Schema, *, min_size: int = 0, max_size: int = 20) -> st.SearchStrategy[list[dict[str, Any]]]:
    """
    Return a strategy for lists of rows of a schema: each row has a value for each column that the engine can store in it.

    Nullable columns have None, floats have NaN and no infinity, arrays have the lengths of the schema, and JSON has objects whose keys differ from row to row.

    Raises:
        ArgumentError: *schema* is not a `Schema`, or has a column without a known type.

    Example: ``@given(rows(Schema(id="int64", title="nullable text")))`` draws ``[{"id": 0, "title": None}]``, among others.
    """
    columns = _columns("rows", schema)
    return st.lists(
        st.fixed_dictionaries({name: values(column) for name, column in columns.items()}),
        min_size=min_size,
        max_size=max_size,
    )


def values(column: Column | str) -> st.SearchStrategy[Any]:
    """
    Return a strategy for the values of a column, or of its description such as ``"nullable int64"``.

    Raises:
        ArgumentError: the description is invalid, or the type is unknown.

    Example: ``values("int8")`` draws integers from -128 to 127.
    """
    column = Column.parse(column) if isinstance(column, str) else column
    found = _array(column) if column.shape or column.kind == "sequence" else _single(column)
    return st.none() | found if column.nullable else found


def conditions(schema: Schema) -> st.SearchStrategy[Expr]:
    """
    Return a strategy for conditions over the columns of a schema, joined by ``&``, ``|`` and ``~``, that the builder accepts.

    Raises:
        ArgumentError: *schema* is not a `Schema`, or has no column of numbers, texts or bools.

    Example: ``conditions(Schema(id="int64"))`` draws ``col('id') == 0`` and ``~(col('id').in_([3]))``, among others.
    """
    columns = {name: column for name, column in _columns("conditions", schema).items() if _is_plain(column)}
    if not columns:
        hint = 'conditions(Schema(id="int64"))'
        raise ArgumentError("conditions", "takes a schema with a column of numbers, texts or bools", str(schema), hint)
    simple: st.SearchStrategy[Expr] = st.one_of([_condition(name, column) for name, column in columns.items()])

    return _joined(simple).filter(lambda one: _compiles(select().where(one), schema))


def queries(schema: Schema) -> st.SearchStrategy[Query]:
    """
    Return a strategy for queries over a schema that the builder accepts: outputs, conditions, searches, orders, limits and offsets.

    Raises:
        ArgumentError: *schema* is not a `Schema`, or has no column of numbers, texts or bools.

    Example: ``queries(Schema(id="int64"))`` draws ``select('id').order_by('id').limit(0)``, among others.
    """
    columns = _columns("queries", schema)
    names = list(columns)
    keys = [name for name, column in columns.items() if _is_plain(column) and column.dtype != "bool"]
    steps: list[st.SearchStrategy[Callable[[Query], Query]]] = [
        conditions(schema).map(lambda condition: lambda query: query.where(condition)),
        st.integers(0, 100).map(lambda count: lambda query: query.limit(count)),
        st.integers(1, 100).map(lambda count: lambda query: query.offset(count)),
    ]
    if keys:
        order = st.lists(
            st.sampled_from(keys).flatmap(lambda key: st.sampled_from([asc(key), desc(key)])), min_size=1, max_size=2
        )
        steps.append(order.map(lambda found: lambda query: query.order_by(*found)))
    steps += [_search(name, column) for name, column in columns.items() if column.kind == "embedding"]
    begin = st.lists(st.sampled_from(names), unique=True).map(lambda found: select(*found))
    chains = st.tuples(begin, st.lists(st.one_of(steps), max_size=4)).map(lambda drawn: _chain(*drawn))
    return chains.filter(lambda query: query is not None and _compiles(query, schema))  # type: ignore[return-value]  # None is left out


def _joined(simple: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Return a strategy for conditions joined by operators, up to some of them."""
    found = simple
    for _ in range(DEPTH):
        both = st.tuples(found, simple)
        found = st.one_of(
            simple,
            both.map(lambda pair: pair[0] & pair[1]),
            both.map(lambda pair: pair[0] | pair[1]),
            found.map(lambda one: ~one),
        )
    return found


def _columns(function: str, schema: object) -> dict[str, Column]:
    """Return the columns of a schema."""
    if not isinstance(schema, Schema):
        raise ArgumentError(function, "takes a Schema", repr(schema), f'{function}(Schema(id="int64", title="text"))')
    return dict(schema.columns)


def _is_plain(column: Column) -> bool:
    """Return whether a column has single numbers, texts or bools."""
    return column.is_single and (column.dtype in WIDTHS or column.dtype in {"text", "bool"})


def _single(column: Column) -> st.SearchStrategy[Any]:
    """Return a strategy for single values of a type."""
    if column.is_label:
        return st.integers(0, max(len(column.classes) - 1, 0))
    made = SINGLE.get("float" if column.dtype in FLOATS else "int" if column.dtype in INTEGERS else column.dtype)
    if made is None:
        raise ArgumentError("values", "takes a column of a known type", str(column), "values('int64')")
    return made(column.dtype)


def _integers(dtype: str) -> st.SearchStrategy[int]:
    """Return a strategy for integers of a type, large ones and epoch times among them."""
    signed = not dtype.startswith("u")
    width = WIDTHS[dtype] - signed
    low, high = (-(2**width) if signed else 0), 2**width - 1
    near = [value for bits in (24, 31, 32, 53) for value in (2**bits - 1, 2**bits, 2**bits + 1) if value <= high]
    times = [value for value in (1_700_000_000, 1_700_000_000_123) if value <= high]
    return st.one_of(st.integers(max(low, -3), 3), st.sampled_from([low, high, *near, *times]), st.integers(low, high))


def _floats(dtype: str) -> st.SearchStrategy[float]:
    """Return a strategy for floats of a type, without the infinities, which the engine cannot store."""
    width: Any = WIDTHS[dtype]
    return st.one_of(
        st.sampled_from([0.0, 0.5, -1.25, 19.99, float("nan")]).map(lambda value: _rounded(value, width)),
        st.floats(width=width, allow_infinity=False),
    )


def _rounded(value: float, width: int) -> float:
    """Return the nearest float of a width."""
    import numpy as np

    return float(np.dtype(f"f{width // 8}").type(value))


def _texts(_dtype: str) -> st.SearchStrategy[str]:
    """Return a strategy for texts."""
    return st.sampled_from(WORDS) | st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
    )


def _objects(_dtype: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for JSON objects."""
    value = (
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.sampled_from(WORDS)
        | st.lists(st.integers(0, 3), max_size=3)
    )
    return st.dictionaries(st.sampled_from(KEYS), value, max_size=3)


SINGLE: dict[str, Callable[[str], st.SearchStrategy[Any]]] = {
    "int": _integers,
    "float": _floats,
    "text": _texts,
    "bool": lambda _: st.booleans(),
    "json": _objects,
    "bytes": lambda _: st.binary(max_size=12),
}


def _array(column: Column) -> st.SearchStrategy[Any]:
    """Return a strategy for arrays, as lists; a length that varies is up to 8."""
    found = _single(column.replace(kind="", shape=(), nullable=False))
    if column.kind == "embedding":
        found = st.floats(-1, 1, width=32)
    for length in reversed(column.shape or (None,)):
        found = st.lists(found, min_size=length or 0, max_size=LARGEST_LENGTH if length is None else length)
    return found


def _condition(name: str, column: Column) -> st.SearchStrategy[Expr]:
    """Return a strategy for simple conditions on a column."""
    value = _single(column).filter(_has_literal)
    found = [
        st.builds(
            lambda compare, given: compare(col(name), given),
            st.sampled_from(COMPARISONS[: 2 if column.dtype == "bool" else None]),
            value,
        ),
        st.builds(
            lambda given, negated: col(name).not_in(given) if negated else col(name).in_(given),
            st.lists(value, max_size=3),
            st.booleans(),
        ),
    ]
    if column.nullable:
        found.append(st.sampled_from([col(name).is_null(), col(name).is_not_null()]))
    if column.is_text:
        found += [
            st.sampled_from(WORDS).map(getattr(col(name), method)) for method in ("startswith", "endswith", "contains")
        ]
    return st.one_of(found)


def _has_literal(value: Any) -> bool:  # noqa: ANN401 - a value of any column
    """Return whether TQL has a literal for a value: not for NaN, nor for integers from 2^63."""
    return value == value and not (isinstance(value, int) and value >= 2**63)  # noqa: PLR0124 - NaN differs from itself


def _search(name: str, column: Column) -> st.SearchStrategy[Callable[[Query], Query]]:
    """Return a strategy for searches by vectors of a column's length."""
    length = column.shape[0] if column.shape and column.shape[0] else LARGEST_LENGTH
    vectors = st.lists(st.floats(-1, 1, width=32), min_size=length, max_size=length)
    return vectors.map(lambda vector: lambda query: query.similarity(name, vector).order_by("score"))


def _chain(query: Query, steps: list[Callable[[Query], Query]]) -> Query | None:
    """Return a query after some methods, or None if one of them refuses."""
    try:
        for step in steps:
            query = step(query)
    except ArgumentError:
        return None
    return query


def _compiles(query: Query, schema: Schema) -> bool:
    """Return whether the builder has a text for a query."""
    try:
        return bool(compile_query(query.statement, None, {None: schema}))
    except ArgumentError:
        return False
