"""Rules about what another version of the engine changed: they find something for engines from before only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.grammar.lint.located import located
from tql import ArgumentError, CheckError, Schema, check, fix, validate
from tql_grammar.engines import CHANGES, HAMMING, NEWEST, REMAINDER, REST, Engine, engine_of, installed_engine
from tql_grammar.lint import cache
from tql_grammar.lint.check import OLDER_RULES, RULES, crash_findings, older_rules
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from tql_grammar.lint.rule import Rule

EVERY = [pytest.param(rule, id=rule.code) for rule in OLDER_RULES]
INTEGERS = Schema(id="int64", small="int16", a="int64[?]", f="float64[3]", t="text")


def before(rule: Rule) -> str:
    """Return the name of an engine before the change of a rule."""
    assert rule.change is not None
    major, minor, patch = rule.change.since
    return f"{major}.{minor}.{patch - 1}" if patch else f"{major}.{minor - 1}.99"


def codes(text: str, engine: str | None, schema: object = None) -> list[str]:
    """Return the codes of the rules of older engines that find something in a text."""
    known = {rule.code for rule in OLDER_RULES}
    return [finding.code for finding in check(text, schema, engine=engine) if finding.code in known]


@pytest.mark.parametrize("rule", EVERY)
def test_a_rule_finds_its_example_on_older_engines(rule: Rule, schemas: dict[str, Schema]) -> None:
    """It has its severity there; the right form has no such finding, and newer engines find nothing."""
    example, meant = located(rule.example), located(rule.meant)
    assert rule.change is not None
    since = ".".join(map(str, rule.change.since))
    found = [finding for finding in check(example, schemas, engine=before(rule)) if finding.code == rule.code]

    assert found
    assert all(finding.severity == rule.severity and finding.hint for finding in found)
    assert (rule.severity == "error") == (rule.code[3] != "5")
    assert codes(example, "rest", schemas)
    assert codes(meant, "rest", schemas) == [] if rule.meant else True
    for engine in (since, NEWEST.name, None):
        assert rule.code not in codes(example, engine, schemas)


def test_each_change_has_a_rule_and_each_rule_a_code_of_its_own() -> None:
    """A text that depends on a change without a rule would have no finding."""
    assert {rule.change for rule in OLDER_RULES} == {*CHANGES}
    assert not {rule.code for rule in OLDER_RULES} & {rule.code for rule in RULES}
    assert len({rule.code for rule in OLDER_RULES}) == len(OLDER_RULES)


def test_the_rules_of_an_engine() -> None:
    """An engine has the rules of the changes that came after it."""
    assert older_rules(NEWEST) == ()
    assert {*older_rules(REST)} == {*OLDER_RULES}
    assert {rule.change for rule in older_rules(engine_of("4.7.0"))} == {REMAINDER, HAMMING, CHANGES[1]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select id where id % 2 = 1", ["TQL380"]),
        ("select id % 2 + 1 as x order by id % 3", ["TQL380", "TQL380"]),
        ("select (id % 2) + (id % 2 < 0) * 2 as x", []),
        ("select (id % 2) + (id % 3 < 0) * 2 as x", ["TQL380"]),
        ("select id where id % 2 < 0", ["TQL380"]),
        ("select * order by small % 4194304", []),
        ("select id % 4194304 as x", ["TQL380"]),
        ("select * order by id % 4194304", ["TQL580"]),
        ("select avg(a) as x", ["TQL382"]),
        ("select avg(f) as x", []),
        ("select avg(id) as x group by small", ["TQL382"]),
        ("select avg(id * 1.0) as x group by small", []),
    ],
)
def test_arithmetic(text: str, found: list[str]) -> None:
    """A remainder of which the sign is corrected is right, and a part of a small integer is."""
    assert codes(text, "4.5.1", INTEGERS) == found


@pytest.mark.parametrize(
    "pattern",
    ["a?b", "a.b", "a.{2}b", "[^a]b", "[öÖ]l%", "[öÖ]+", "a[\\s\\S]b", "é+", "\\Sb", "[\\x00-\\x{10ffff}]{0,}b", "?"],
)
def test_patterns_that_match_bytes(pattern: str) -> None:
    """What matches one character matches one byte."""
    assert "TQL381" in codes(f"select id where t like '{pattern}'", "4.5.1")


@pytest.mark.parametrize(
    "pattern",
    ["%", "a%b", "é%", "a_b", "*é", "[a-z]+", "[ab]", "(.*|é)", "a.+", "a[\\s\\S]{0,}", "a\\.b", "(ö|Ö)l%", "\\d+", ""],
)
def test_patterns_that_mean_the_same(pattern: str) -> None:
    """Any run of bytes is a run of characters, and letters are their bytes."""
    assert "TQL381" not in codes(f"select id where t like '{pattern}'", "4.5.1")


def test_the_cache_of_clean_texts_knows_no_older_engine() -> None:
    """A text that is clean on the newest engine is still checked for another one, and the other way round."""
    cache.clear()
    text = "select id where id % 2 = 1"

    assert check(text) == []
    assert codes(text, "4.7.0") == ["TQL380"]
    assert check(text) == []
    assert cache.size() == 1


def test_texts_without_such_facts_are_as_before(schemas: dict[str, Schema]) -> None:
    """The other rules find the same on every engine."""
    mine = {rule.code for rule in OLDER_RULES}
    for rule in RULES:
        text = located(rule.example)
        found = [finding.code for finding in check(text, schemas, engine="rest") if finding.code not in mine]
        assert found == [finding.code for finding in check(text, schemas)], text


def test_what_ends_the_process_is_not_sent_to_that_engine() -> None:
    """The list of findings by which a client refuses a text depends on the engine."""
    parsed = read("select hamming_distance(v, ARRAY[1, 2]) as d")

    assert [finding.code for finding in crash_findings(parsed, engine=engine_of("4.7.0"))] == ["TQL480"]
    assert crash_findings(parsed) == []


def test_a_text_is_validated_for_an_engine() -> None:
    """An error there is an error."""
    validate("select id where id % 2 = 1")
    with pytest.raises(CheckError, match="TQL380"):
        validate("select id where id % 2 = 1", engine="4.7.0")


def test_a_fix_does_not_change_a_remainder() -> None:
    """Whether a number may be negative is not known."""
    assert fix("select id where id % 2 = 1") == "select id where id % 2 = 1"
    assert all(finding.fix is None for finding in check("select id where id % 2 = 1", engine="4.7.0"))


@pytest.mark.parametrize("name", ["", "4", "new", "4.7.x", "v3", "4.7.0 ", "REST", "4.7.0rc1"])
def test_a_name_that_is_no_version(name: str) -> None:
    """The error says which names there are."""
    with pytest.raises(ArgumentError, match=r'takes "rest" or a version of the engine, such as "4.7.0"'):
        check("select id", engine=name)


def test_names_of_engines() -> None:
    """Two numbers are the first release; an installed version may have more than numbers."""
    assert engine_of("4.5") == Engine("4.5", (4, 5, 0))
    assert engine_of(None) == NEWEST
    assert installed_engine("4.7.0.post1") == engine_of("4.7.0")
    assert installed_engine("unknown") == NEWEST
    assert engine_of("rest") is REST
