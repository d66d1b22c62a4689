"""Each rule about text and syntax finds its example, and the engine's parser agrees with ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.oracle import CRASH, Oracle
from tql_grammar.errors import ParseError
from tql_grammar.lint.check import check
from tql_grammar.printing.formatter import format_text
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.findings import place, syntax_rules, text_rules
from tql_grammar.syntax.parser import parse, read

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = (*text_rules.RULES, *syntax_rules.RULES)
# Texts that other people published, with the verdict of the engine's parser.
PUBLISHED = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "corpus" / "real_world.jsonl").read_text(encoding="utf-8").splitlines()
]


MISTAKES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "corpus" / "mistakes.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Return the engine's parser."""
    found = Oracle()
    yield found
    found.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_finds_its_example(rule: text_rules.TextRule | place.SyntaxRule, oracle: Oracle) -> None:
    """It is the first finding, and `parse` raises on it."""
    reading = read(rule.example)

    assert reading.diagnostics[0].code == rule.code
    assert reading.engine_position == oracle.position(rule.example)
    with pytest.raises(ParseError):
        parse(rule.example)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_right_form(rule: text_rules.TextRule | place.SyntaxRule, oracle: Oracle) -> None:
    """The query that is meant has no finding, and the engine's parser accepts it."""
    assert read(rule.meant).diagnostics == ()
    assert oracle.position(rule.meant) is None


@pytest.mark.parametrize("code", sorted(syntax_rules.EXAMPLES))
def test_each_code_has_a_right_form(code: str) -> None:
    """The right form of an example of the family 1 has no finding."""
    if code.startswith("TQL1"):
        assert read(syntax_rules.MEANT[code]).diagnostics == ()


# Mistakes with the words of the query in the hint.
HINTS = [
    ("select id limit 10, 5", "TQL110", "LIMIT 5 OFFSET 10"),
    ("select id order by e <#> ARRAY[1.0]::float4[]", "TQL001", "/workspaces/{workspace}/tables/query"),
    ("select id order by e <#> ARRAY[1.0]", "TQL001", "cosine_similarity(embedding, ARRAY[..]) desc"),
    ("select id order by e <=> ARRAY[1.0]", "TQL124", "in place of <=>"),
    ("select id order by e <-> ARRAY[1.0]", "TQL124", "in place of <->"),
    ("select id where a <=> 2", "TQL119", "comparison operators"),
    ("select id where t::text ilike 'x'", "TQL125", "PostgreSQL"),
    ("select id where id = $1", "TQL001", "? as a parameter"),
    ("select id where t = 'it's'", "TQL126", "'it''s..'"),
    ("select id where date > '2020-01-01'", "TQL127", '"date"'),
    ("select id where kind contains 'x'", "TQL128", "contains(kind, 'x')"),
    ("select id where kind in ['it''s', 'b']", "TQL129", "IN ('it''s', 'b')"),
    ("select cosine_similarity(e, ARRAY[np.float32(0.1), np.float32(1)]) as s", "TQL130", ".similarity("),
    ("select cosine_similarity(e, ARRAY[[0.1, 0.2]]) as s", "TQL131", "ARRAY[0.1, 0.2]"),
    ("select cosine_similarity(e, ARRAY[0.1 0.2]) as s", "TQL132", "0.1, 0.2"),
    ("select id where title = doc 5", "TQL133", "'doc 5'"),
    ("select id where title = blue elephants", "TQL133", "'blue elephants'"),
    ("select id where id = 1 and and id > 3", "TQL134", "remove it"),
    ("select id where and id > 3", "TQL134", "remove it"),
    ("select id where (t = 'x'", "TQL112", "close it"),
    ("select id where t = 'x')", "TQL113", "remove it"),
    ("", "TQL135", "select * limit 10"),
    (" \n", "TQL135", "select * limit 10"),
    ("select id where title = x oder by id", "TQL100", "ORDER"),
    ("select id where title = {title}", "TQL100", "tql.query(.., title=..)"),
    ("select id limit {n}", "TQL100", "{n} is a hole of a template"),
    ("select id where title = %s", "TQL100", "write a parameter as ?"),
    ("select id where title in 'x'", "TQL100", "IN ('x')"),
    ("select id where id in ids", "TQL100", "IN (ids)"),
    ("select id offset 20 limit 10", "TQL109", "LIMIT 10 OFFSET 20"),
]


@pytest.mark.parametrize(("text", "code", "hint"), HINTS)
def test_a_hint_leads(text: str, code: str, hint: str) -> None:
    """A mistake is one finding, whose hint has the right form in the words of the query."""
    (finding,) = read(text).diagnostics

    assert finding.code == code
    assert finding.hint is not None
    assert hint in finding.hint


@pytest.mark.parametrize("entry", PUBLISHED, ids=range(len(PUBLISHED)))
def test_a_published_text_has_the_verdict_of_the_engine(entry: dict[str, str], oracle: Oracle) -> None:
    """The engine accepts or rejects the same texts, at the same place; a text that crashes it is rejected here as not a query."""
    reading = read(entry["query"])

    position = oracle.position(entry["query"])
    if position == CRASH:
        assert [finding.code for finding in reading.diagnostics] == ["TQL190"]
        return
    assert reading.engine_position == position
    assert reading.parses == (reading.engine_position is None)


@pytest.mark.parametrize(
    "text",
    ["(select id) union all (select id)", "select all(x) as y where all(a = 1)", "select id intersect select id"],
)
def test_parentheses_of_set_operations_and_of_functions(text: str) -> None:
    """A parenthesis after ALL opens arguments, except in a set operation."""
    assert format_text(text) == text


@pytest.mark.parametrize("entry", PUBLISHED, ids=range(len(PUBLISHED)))
def test_printing_and_formatting_keep_the_tree(entry: dict[str, str]) -> None:
    """Reading the printed text gives an equal tree; formatting again changes nothing."""
    reading = read(entry["query"])
    if reading.tree is None:
        with pytest.raises(ParseError):
            format_text(entry["query"])
        return
    assert parse(to_tql(reading.tree)) == reading.tree
    if not reading.diagnostics:
        laid_out = format_text(entry["query"], 30)
        assert parse(laid_out) == reading.tree
        assert format_text(laid_out, 30) == laid_out


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["query"])
def test_a_mistake_has_its_hint(mistake: dict[str, str]) -> None:
    """A common mistake has its code and its hint."""
    first = check(mistake["query"])[0]

    assert (first.code, mistake["hint"] in (first.hint or "")) == (mistake["code"], True), first


OTHER_LANGUAGES = {
    "select id order by price desc nulls last": "leave it out: TQL has no NULLS FIRST and NULLS LAST",
    "select id from t fetch first 3 rows only": "write LIMIT 3",
    "select id order by id fetch next row only": "write LIMIT 1",
    r"select id where name like 'a!_b' escape '!'": "leave ESCAPE out",
    'select id order by name collate "C"': "leave COLLATE out",
    "select id where name similar to '%a%'": "write LIKE '%a%'",
    "select id where a is distinct from 3": "write != in place of IS DISTINCT FROM",
    "select id where a is not distinct from 3": "write = in place of IS NOT DISTINCT FROM",
    "select id where name ~ 'a+'": "write LIKE '.*regex.*'",
    "select id where name !~ 'a+'": "write LIKE '.*regex.*'",
    "select id where tags @> ARRAY[1]": "write contains(column, value)",
    "select [id] from t": 'put the name in double quotes: "id"',
    "select id where date(day) = '2020-01-31'": "TQL has no function date(..)",
    r"select id where name = 'O\'Hara'": "double the quote inside a string: 'O''Hara..'",
}


@pytest.mark.parametrize(("text", "hint"), OTHER_LANGUAGES.items())
def test_the_hint_about_another_language(text: str, hint: str) -> None:
    """A clause or an operator of SQL that TQL does not have is named, with the form of TQL."""
    assert hint in (read(text).diagnostics[0].hint or "")
