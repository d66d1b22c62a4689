"""Patterns of texts match as in Python's ``re``, on columns with every index and with nulls, in subqueries too."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import deeplake
from hypothesis import given
from hypothesis import strategies as st

from tests.engine import TYPES, run
from tests.tql import meaning
from tests.tql.compiler.test_meaning import several
from tql import ArgumentError, Expr, Schema, col, not_, select
from tql.compiler.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Test = tuple["Callable[[Expr], Expr]", "Callable[[str], bool]"]
names = (f"patterns{number}" for number in itertools.count())
KINDS: dict[str, Any] = {
    "plain": TYPES.Text(),
    "inverted": TYPES.Text(TYPES.Inverted),
    "bm25": TYPES.Text(TYPES.BM25),
    "exact": TYPES.Text(TYPES.Exact),
    "nullable": TYPES.Nullable(TYPES.Text()),
}
INDEXED = ("inverted", "bm25", "exact")
words = st.sampled_from(["", "a", "ab", "aab", "b", "A", "a b", "b a", "x1", "10", "_", "a\nb", "\n", "é", "É", "😀"])
texts = words | meaning.texts


def _like(pattern: str, flags: int = 0) -> Callable[[str], bool]:
    """Return whether a text matches a pattern of SQL's LIKE."""
    wanted = "".join({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern)
    return lambda text: re.fullmatch(wanted, text, re.DOTALL | flags) is not None


# Regular expressions that Python and RE2 read alike.
atoms = st.sampled_from(
    [
        "a",
        "b",
        "x",
        "1",
        " ",
        ".",
        r"\d",
        r"\w",
        r"\s",
        "[ab]",
        "[^a]",
        "[a-c1]",
        r"\.",
        r"\*",
        r"\?",
        r"\%",
        "%",
        "_",
        "é",
    ]
)
regexes = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.builds(
            lambda part, repeat: f"(?:{part}){repeat}",
            inner,
            st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "??"]),
        ),
    ),
    max_leaves=5,
)


tests: st.SearchStrategy[Test] = st.one_of(
    texts.map(lambda text: (lambda column: column.like(text), _like(text))),
    texts.map(lambda text: (lambda column: column.ilike(text), _like(text, re.IGNORECASE))),
    texts.map(lambda text: (lambda column: column.startswith(text), lambda value: value.startswith(text))),
    texts.map(lambda text: (lambda column: column.endswith(text), lambda value: value.endswith(text))),
    texts.map(lambda text: (lambda column: column.contains(text), lambda value: text in value)),
    regexes.map(
        lambda regex: (
            lambda column: column.matches(regex),
            lambda value: re.fullmatch(regex, value, re.ASCII) is not None,
        )
    ),
)


def made(values: list[str], nulls: list[bool]) -> Any:
    """Return a dataset with the same texts in every column, indexes built."""
    data = deeplake.create(f"mem://{next(names)}")
    data.indexing_mode = deeplake.IndexingMode.Always
    data.add_column("id", TYPES.Int64())
    for name, kind in KINDS.items():
        data.add_column(name, kind)
    rows: dict[str, list[Any]] = {name: list(values) for name in KINDS}
    rows["nullable"] = [None if null else value for value, null in zip(values, nulls, strict=False)]
    data.append({"id": list(range(len(values))), **rows})
    data.commit()
    return data


@several
@given(
    values=st.lists(texts, min_size=1, max_size=7),
    nulls=st.lists(st.booleans(), min_size=7, max_size=7),
    drawn=st.lists(tests, min_size=1, max_size=4),
    above=st.booleans(),
)
def test_patterns_on_every_column(values: list[str], nulls: list[bool], drawn: list[Test], *, above: bool) -> None:
    """The rows are those of Python, and the others for NOT; null matches nothing, or is the empty text without a schema."""
    data = made(values, nulls)
    schemas: list[dict[str | None, Schema]] = [{}, {None: Schema.from_dataset(data)}]
    source = select().where(col("id") >= 0) if above else None
    for (write, holds), name, schema in itertools.product(drawn, KINDS, schemas):
        condition = written(write, name) if schema or name not in INDEXED else None
        if condition is None:
            continue
        meant = matching(holds, with_nulls(values, nulls, known=bool(schema)) if name == "nullable" else values)
        for test, rows in ((condition, meant), (not_(condition), {*range(len(values))} - meant)):
            query = select("id").where(test)
            text = compile_query((query if source is None else query.from_(source)).statement, None, schema)

            assert sorted(rows) == [row["id"] for row in run(data, text)], (text, values, nulls)


def matching(holds: Callable[[str], bool], values: Sequence[str | None]) -> set[int]:
    """Return the indices of the values that pass a test; null never does."""
    return {number for number, value in enumerate(values) if value is not None and holds(value)}


def written(write: Callable[[Expr], Expr], name: str) -> Expr | None:
    """Return a condition on a column, or None if the builder rejects it."""
    try:
        return write(col(name))
    except ArgumentError:
        return None


def with_nulls(values: list[str], nulls: list[bool], *, known: bool) -> Sequence[str | None]:
    """Return values as a condition reads them: without a schema, null is the empty text."""
    null = None if known else ""
    return [null if missing else value for value, missing in zip(values, nulls, strict=False)]
