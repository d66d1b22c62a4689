"""Views of queries show the user's calls, and never a physical form."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import tql
from tests.tql.drawn import drawn
from tql import ArgumentError, Expr, Query, Schema, col, parse, select
from tql.expressions.patterns import ANY_RUN, LOWER_WILDCARDS
from tql.views.query_source import METHODS
from tql_client.testing.snapshots import require_same
from tql_grammar import ast
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each call as it is shown, and its text.
CALLS = [
    ("col('t').like('a%_b')", r"t like 'a[\s\S]{0,}[\s\S]b'"),
    ("col('t').like('')", "t = ''"),
    ("col('t').ilike('A_')", r"t ilike 'A[\x00-\x{10ffff}]'"),
    ("col('t').startswith('ab')", r"t like 'ab[\s\S]{0,}'"),
    ("col('t').startswith('')", r"t like '[\s\S]{0,}' or t = ''"),
    ("col('t').endswith('*')", r"t like '[\s\S]{0,}\x2a'"),
    ("col('t').contains(\"it's\")", r"t like '[\s\S]{0,}it''s[\s\S]{0,}'"),
    ("col('t').matches('(?:x|y)?z*')", "t like '(x|y){0,1}z{0,}' or t = ''"),
    ("~col('t').startswith('ab')", r"not t like 'ab[\s\S]{0,}'"),
    ("(col('t').startswith('')) | (col('a') == 1)", r"t like '[\s\S]{0,}' or t = '' or a = 1"),
    ("col('a').contains(5)", "contains(a, 5)"),
    ("col('meta')['tags'].contains('x')", "contains(meta['tags'], 'x')"),
    ("fn.contains(col('t'), 'x')", "contains(t, 'x')"),
    ("fn.contains(col('a'), param('p'))", "contains(a, ?)"),
    ("col('a').between(1, 5)", "a >= 1 and a <= 5"),
    ("(col('a').between(1, 5)) & (col('b') == 2)", "a >= 1 and a <= 5 and b = 2"),
    ("~col('a').between(-1.5, param('p'))", "not (a >= -1.5 and a <= ?)"),
    ("col('t').between('a', 'c')", "t between 'a' and 'c'"),
    ("(col('a') + 1).between('a', 'c')", "not (a + 1 between '' and 'a' and a + 1 != 'a') and a + 1 between '' and 'c'"),
    ("col('a').in_([1, 2])", "a in (1, 2)"),
    ("col('a').in_([0.5, 1])", "a = 0.5 or a = 1"),
    ("col('a').in_([True])", "a = true"),
    ("col('t').not_in(['a', 'b'])", "t not in ('a', 'b')"),
    ("(col('a') + 1).in_([1, 2])", "a + 1 = 1 or a + 1 = 2"),
    ("(col('a') * 2).not_in([1])", "not a * 2 = 1"),
    ("((col('a') + 1).in_([1, 2])) | (col('b') == 3)", "a + 1 = 1 or a + 1 = 2 or b = 3"),
    ("any_of([])", "false"),
    ("col('a').in_([])", "false"),
    ("col('a').not_in([])", "true"),
    ("(col('a').in_([])) | (col('b') == 1)", "b = 1"),
    ("col('a').is_null()", "a is null"),
    ("~col('a').is_not_null()", "not a is not null"),
    ("col('a') % 2 == 1", "a % 2 = 1"),
    ("-col('a')", "a * -1"),
    ("col('a').shape[0]", "shape(a)[0]"),
    ("col('a')[0:2]", "a[0:2]"),
    ("col('meta')['year']", "meta['year']"),
    ("(col('a') + 1).as_('next')", "a + 1 as next"),
    ("fn.any(col('a') > 3)", "any(a > 3)"),
    ("fn.l2_norm(col('e') - [1.0, 0.0])", "l2_norm(e - ARRAY[1.0,0.0])"),
    ("fn.cosine_similarity(col('e'), [1.0, 0.0])", "cosine_similarity(e, ARRAY[1.0,0.0])"),
    ("select('id').similarity('e', [1.0, 0.0], as_=None)", "select id order by cosine_similarity(e, ARRAY[1.0,0.0]) desc"),
    ("select('id').similarity('e', [1.0, 0.0], as_=None, exact=True)", "select id order by cosine_similarity(e, ARRAY[1.0,0.0]) + 0 desc"),
    ("select('id').similarity('e', [1.0, 0.0], metric='l2', as_=None)", "select id order by l2_norm(e - ARRAY[1.0,0.0]) asc"),
    ("select('id').similarity('e', [1.0, 0.0], metric='l1', as_=None)", "select id order by l1_norm(e - ARRAY[1.0,0.0]) + 0 asc"),
    ("select('id').similarity('e', [1.0, 0.0], metric='linf', as_=None)", "select id order by linf_norm(e - ARRAY[1.0,0.0]) + 0 asc"),
    ("select('id').similarity('e', [1.0, 0.0], metric='hamming', as_=None)", "select id order by hamming_distance(e, ARRAY[1.0,0.0])[0] asc"),
    ("select('id').similarity('e', [1.0, 0.0], metric='mmr', as_=None).limit(5)", "select id order by mmr_similarity(e, ARRAY[1.0,0.0]) desc limit 5"),
    ("select('id').similarity('m', [[1.0, 0.0]], metric='maxsim', as_=None)", "select id order by maxsim(m, ARRAY[ARRAY[1.0,0.0]]) desc"),
    ("select('id').similarity('e', [1.0, 0.0], metric='l1')", "select id, l1_norm(e - ARRAY[1.0,0.0]) + 0 as score"),
    ("select('id').bm25('t', 'two words', as_=None).limit(5)", "select id order by bm25_similarity(t, 'two words') desc limit 5"),
    (
        "select('id').order_by('a').similarity('e', [1.0, 0.0], as_=None).order_by('b', desc('c'))",
        None,
    ),
    ("select('id').hybrid(vector=('e', [1.0, 0.0]), text=('t', 'words'), exact=True).order_by('score')", None),
    ("select('id').where(col('a').between(1, 5), col('t').ilike('a%')).limit(3)", None),
    ("select('id').where(col('a') == param('p')).bind(p=None)", "select id where a is null"),
]  # fmt: skip
NAMES: dict[str, Any] = {**vars(tql), "raw": tql.raw, "parse": parse}
# The forms of the engine: of patterns, as they are and as Python shows them; of scores.
PATTERNS = [form for text in (ANY_RUN, *LOWER_WILDCARDS.values(), "{0,", "(?i)") for form in (text, repr(text)[1:-1])]
SCORES = re.compile(r"(_norm|_similarity|hamming_distance|maxsim)\(")
GIVEN = "raw('shape(lists)[0] > 2')"


def is_physical(shown: str) -> bool:
    """Return whether a view shows a physical form that no generator writes."""
    shown = shown.replace(GIVEN, "")
    return any(form in shown for form in PATTERNS) or "raw(" in shown or SCORES.search(shown) is not None


def pasted(shown: str, **names: object) -> Any:
    """Return the value of a repr; it may use more *names*."""
    return eval(shown, {**NAMES, **names})  # noqa: S307 - pasting is what is tested


@pytest.mark.parametrize(("shown", "text"), CALLS)
def test_a_call_is_shown_as_it_was_made(shown: str, text: str | None) -> None:
    """The repr is the call, independent of its TQL."""
    made = pasted(shown)

    assert (repr(made) if " == " not in shown else shown) == shown
    assert text is None or text == str(made)


def test_every_method_is_in_the_table() -> None:
    """Each method of a condition is shown by its name, and so is each that adds a sort key."""
    missing = {"where", "limit", "order_by", "similarity", "bm25", "hybrid", "bind"} - {
        method for method in METHODS if any(f".{method}(" in shown for shown, _ in CALLS)
    }
    own = {name for name in vars(Expr) if name[0] != "_"} - {"node", "same"}

    assert missing == set()
    assert {name for name in own if not any(f".{name}" in shown for shown, _ in CALLS)} == set()


@pytest.fixture(scope="module", name="queries")
def _queries() -> list[Query]:
    """Return 5,000 random queries of every method, without long vectors, and without names and texts that look physical."""
    found = [query for query in drawn(5_200) if "float32>" not in repr(query)]
    return [query for query in found if not any(is_physical(text) for text in texts(query))][:5_000]


def texts(query: Query) -> Iterator[str]:
    """Yield the names and texts in a query; none of them contains a LIKE."""
    for part in walk(query.statement):
        assert not isinstance(part, ast.Like)
        yield from (value for value in part.__dict__.values() if isinstance(value, str))


def test_a_pasted_query_is_the_same(queries: list[Query]) -> None:
    """The repr creates an equal query, and contains no physical form."""
    wrong = [query for query in queries if not _is_pasted(query)]

    assert len(queries) == 5_000
    assert wrong == []
    assert [query for query in queries if is_physical(repr(query))] == []


def _is_pasted(query: Query) -> bool:
    """Return whether the repr of a query creates an equal one."""
    found = pasted(repr(query))
    same: bool = found.statement == query.statement
    return same and found == query and hash(found) == hash(query)


def test_a_difference_speaks_of_calls(queries: list[Query]) -> None:
    """``diff`` lists calls, and a query does not differ from itself."""
    lines = [str(one.diff(other)) for one, other in pairwise(queries)]

    assert [line for line in lines if is_physical(line)] == []
    assert [query for query in queries[:500] if query.diff(pasted(repr(query)))] == []


def test_a_failed_comparison_speaks_of_calls(queries: list[Query]) -> None:
    """`assert_tql` shows the query as calls and the expected text verbatim."""
    told = list(_told(queries[:2_000]))

    assert len(told) > 1_000
    assert [line for line in told if is_physical(line)] == []


def _told(queries: list[Query]) -> Iterator[str]:
    """Yield the calls of a query in the messages of comparisons with another text."""
    for query in queries:
        try:
            require_same(query, "select zz from zz where zz > 1 limit 77")
        except ArgumentError:
            continue
        except AssertionError as error:
            words = str(error).partition("\n\n")[0]
            yield from (line for line in words.splitlines()[1:] if line.startswith("  +"))


def test_the_same_condition_by_another_call_is_no_difference() -> None:
    """Queries with equivalent calls are equal."""
    by_method = select("id").where(col("a").between(1, 5), col("t").startswith("x"))
    by_hand = select("id").where(col("a") >= 1, col("a") <= 5, col("t").like("x%"))
    other = select("id").where(col("a") >= 1, col("a") <= 6, col("t").like("x%"))

    assert by_method == by_hand
    assert hash(by_method) == hash(by_hand)
    assert by_method == parse(str(by_method))
    assert not by_method.diff(by_hand)
    assert not by_method.diff(parse(str(by_method)))
    assert str(by_method.diff(other)) == "- where(col('a').between(1, 5))\n+ where(col('a') <= 6)"
    assert col("t").startswith("x").same(col("t").like("x%"))


def test_a_change_of_the_order_of_keys_is_a_difference() -> None:
    """A search with ``as_=None`` is a sort key."""
    one = select("id").similarity("e", [1.0], as_=None).order_by("a")
    other = select("id").order_by("a").similarity("e", [1.0], as_=None)

    assert one != other
    assert str(one.diff(other)) == "+ order_by('a')\n- order_by('a')"


def test_a_parsed_text_is_shown_as_it_was_written() -> None:
    """A user's own pattern is shown as ``raw(..)``, and the repr creates the same text."""
    for text in ("t like 'a*'", "a between 1 and 5", "a in (1, 'x')", "t not like 'x'", "t ilike 'x'"):
        query = parse(f"select id where {text}")

        assert str(query) == str(pasted(repr(query))) == f"select id where {text}"


def test_a_schema_finds_the_columns_of_a_range() -> None:
    """With a schema a range reads an index once, as documented, also below another query."""
    schema = Schema(id="int64", t="text")
    inner = select("id").from_("D", schema=schema).where(col("id").between(5, 10))

    assert str(inner) == "select id from D where id between 5 and 10"
    assert str(select().from_(inner)) == "select * from (select id from D where id between 5 and 10)"


def test_ten_thousand_logical_conditions_are_no_recursion() -> None:
    """Conditions as deep as Python can build them have a text and a repr that is as flat as the query."""
    query = select("id").from_("D")
    for number in range(10_000):
        query = query.where(col("t").contains(str(number)) | col("a").between(number, number + 1))

    assert str(query).count(" like ") == 10_000
    assert repr(query).count(".between(") == repr(query).count(".contains(") == 10_000
