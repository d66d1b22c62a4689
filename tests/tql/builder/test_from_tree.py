"""Round trips of `parse`: a parsed text returns the rows of the text, and the text of a plain query parses to the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.differential.measured import AT_RANDOM, CASES, repeatable, text_of
from tests.oracle import Runner
from tests.tql import meaning
from tql import Expr, Query, Schema, any_of, asc, col, desc, fn, parse, raw, select
from tql.statement import VerbatimQuery
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tql.meaning import Condition


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine with the data of the cases."""
    found = Runner()
    yield found
    found.close()


@pytest.mark.parametrize("part", range(4))
def test_a_parsed_text_brings_the_rows_of_the_text(part: int, runner: Runner) -> None:
    """The same names, the same values, in the same order, for every case that runs."""
    compared = 0
    for case in CASES[part::4]:
        text = text_of(case)
        reading = read(text)
        known = case["engine"] == "ok" and reading.tree is not None and not reading.diagnostics
        if not known or AT_RANDOM in text or not repeatable(reading.tree):  # type: ignore[arg-type]  # it is known
            continue
        compared += 1
        written = str(parse(text))
        assert written == text or runner.ask(written) == runner.ask(text), text
    assert compared > 180


@given(
    labels=st.lists(st.sampled_from(["id", "my col", "order", "é"]), unique=True, max_size=3),
    conditions=st.lists(meaning.number_tests | meaning.sums | meaning.nulls, max_size=3),
    keys=st.lists(st.tuples(st.sampled_from([asc, desc]), st.sampled_from(["id", "t"])), max_size=1),
    limit=st.none() | st.integers(0, 9),
    offset=st.none() | st.integers(0, 9),
    source=st.none() | st.sampled_from(["hub://org/d", "mem://x"]),
)
def test_a_plain_query_is_parsed_as_the_query(  # noqa: PLR0913, PLR0917 - each is drawn on its own
    labels: list[str],
    conditions: list[Condition],
    keys: list[tuple[type, str]],
    limit: int | None,
    offset: int | None,
    source: str | None,
) -> None:
    """A SELECT without a subquery or a search is parsed clause by clause."""
    query = select(*labels).where(*(condition for condition, _ in conditions))
    query = query.order_by(*(direction(key) for direction, key in keys)).limit(limit).offset(offset)
    query = query if source is None else query.from_(source)

    text = str(query)
    parsed = parse(text)

    assert str(parsed) == text
    # Without a schema no index may answer a comparison with a fraction: the text adds 0 to the column.
    assert parsed == query or " + 0" in text


# Texts that the compiler writes in another form for the same expression of the builder, with the schema below.
RAW = [
    "m['n'] < 5 and small = 1", "m['n'] != 5 or t = ''", "not m['n'] <= 5", "x in (0.5, 1)", "t = 'a' and '' = t", "t between 'a' and 'c'",
    "small + small > 3", "-small > 3", "abs(small) > 3", "nul != 1", "nul = 1 or small = 2", "t < 'b'",
    "contains(t, 'a') and e[0] > 1",
]  # fmt: skip
NEUTRAL = "small % 7 = 6"
RAW_SCHEMA = Schema(
    small="int8", nul="nullable int64", t="nullable text exact", x="float32 inverted", m="json", e="embedding[4]"
)
CONTEXTS: dict[str, Callable[[Expr], Query]] = {
    "alone": lambda given_: select("small").where(given_),
    "with another condition": lambda given_: select("small").where(given_, col("small") == 2),
    "after another condition": lambda given_: select("small").where(col("nul") != 2, given_),
    "&": lambda given_: select("small").where((col("m")["k"] < 3) & given_),
    "|": lambda given_: select("small").where((col("m")["k"] < 3) | given_),
    "in both": lambda given_: select("small").where((col("small") == 1) | (given_ & (col("m")["k"] < 3))),
    "~": lambda given_: select("small").where(~given_, col("m")["k"] < 3),
    "groups": lambda given_: select("small", n=fn.count()).where(given_, col("nul") < 3).group_by("small"),
    "a search": lambda given_: (
        select("small").similarity("e", [1.0, 0.0, 0.0, 0.0]).where(given_, col("small") > 1).order_by("score").limit(2)
    ),
}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("text", RAW)
@pytest.mark.parametrize("schema", [None, RAW_SCHEMA])
def test_a_raw_expression_is_never_rewritten(schema: Schema | None, text: str, context: str) -> None:
    """Whatever it is combined with, the query is that of another raw expression with its text in the place of the other."""

    def flat(given_: str) -> str:
        query = CONTEXTS[context](raw(given_)).from_("D", schema=schema)
        return flat_text(str(query))

    assert flat(text) == flat(NEUTRAL).replace(flat_text(NEUTRAL), flat_text(text))


def flat_text(text: str) -> str:
    """Return a text without its parentheses."""
    return text.replace("(", "").replace(")", "")


@pytest.mark.parametrize(
    "query",
    [
        select("id").where(col("kind") == "a").sample_by("w", replace=False, limit=3),
        select("id").sample_by(col("w") + 1, percent=50),
        select("id").where(col("id") > 1).similarity("e", [1.0, 0.0], metric="mmr", as_=None).limit(3),
        select().where(any_of([col("a") != col("b"), col("c").in_([1, 0.5, 1])])).order_by("id"),
    ],
    ids=["sample", "percent", "diversity", "columns"],
)
def test_conditions_that_the_compiler_adds_are_parsed_as_clauses(query: Query) -> None:
    """The condition on weights above 0, a factor that avoids an index, and the alternatives of an inequality of columns are added once."""
    parsed = parse(str(query))

    assert str(parsed) == str(query)
    assert not isinstance(parsed.statement.source, VerbatimQuery)
