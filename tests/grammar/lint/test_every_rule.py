"""Every rule on the real engine: the example shows the trap, the check finds it, and the intended query works."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.grammar.lint.located import located
from tests.oracle import CRASH, HANG, Runner
from tql import Schema, check, fix
from tql_grammar.lint import rules
from tql_grammar.lint.check import MODULES, RULES, crash_findings
from tql_grammar.python.source import PASTED
from tql_grammar.syntax.findings import syntax_rules, text_rules
from tql_grammar.syntax.parser import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql_grammar.lint.rule import Rule

# Sequences end the engine's process at random.
TRIES, PROCESSES = 200, 5
# What these examples show takes no harm from the rows being the same, or not being there at all: see each.
UNCHANGED = {
    # The clause does nothing, and so the text without it has the same rows; it is not run for another text.
    "TQL310",
    # The engine gives back one column under one name or the other.
    "TQL318",
}


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine with the data of the cases, in a child process."""
    found = Runner()
    yield found
    found.close()


def codes(text: str, schemas: dict[str, Schema]) -> set[str]:
    """Return the codes of the findings in a text."""
    return {finding.code for finding in check(text, schemas, info=True)}


def ends_by(text: str, schemas: Mapping[str | None, Schema]) -> set[str]:
    """Return the codes of the findings by which a client refuses a query that ends the engine."""
    return {finding.code for finding in crash_findings(read(text), schemas)}


def by_family(*families: str) -> list[Any]:
    """Return the rules of some families."""
    return [pytest.param(rule, id=rule.code) for rule in RULES if rule.code[3] in families]


def test_each_code_has_one_rule() -> None:
    """Codes are in order and unique, also among those of characters, of syntax, and of values pasted into texts of Python files."""
    found = [rule.code for rule in RULES]
    others = [*(rule.code for rule in text_rules.RULES), *syntax_rules.TITLES, PASTED]

    assert found == sorted(set(found))
    assert not {*found} & {*others}
    assert len(set(others)) == len(others)


def test_each_module_of_rules_is_used() -> None:
    """A rule in a module that the check does not know would never run."""
    modules = [
        importlib.import_module(f"{rules.__name__}.{found.name}") for found in pkgutil.iter_modules(rules.__path__)
    ]

    assert {module for module in modules if hasattr(module, "RULES")} == {*MODULES}


@pytest.mark.parametrize("rule", by_family("2", "3", "4", "5"))
def test_a_rule_finds_its_example(rule: Rule, schemas: dict[str, Schema]) -> None:
    """The example has a finding of the rule, within the text, with its severity; the intended query has no error, and no such finding."""
    example, meant = located(rule.example), located(rule.meant)
    found = [finding for finding in check(example, schemas, info=True) if finding.code == rule.code]

    assert found
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(example)
        assert finding.severity == rule.severity
        assert (rule.severity == "error") == (rule.code[3] != "5")
    if meant:
        assert rule.code not in codes(meant, schemas)
        assert not [finding for finding in check(meant, schemas) if finding.severity == "error"], meant


@pytest.mark.parametrize("rule", by_family("2"))
def test_what_the_engine_refuses(rule: Rule, runner: Runner) -> None:
    """The engine rejects the example, when it is sent or when its rows are read, and runs the intended query."""
    assert "Error: " in str(runner.ask(located(rule.example)))
    if rule.meant:
        assert "rows" in runner.ask(located(rule.meant))


@pytest.mark.parametrize("rule", [param for param in by_family("3") if param.id not in UNCHANGED])
def test_what_the_engine_does_otherwise(rule: Rule, runner: Runner) -> None:
    """The engine runs both, and the rows of the example are not the intended ones."""
    said, meant = runner.ask(located(rule.example)), runner.ask(located(rule.meant))

    assert "rows" in said, said
    assert "rows" in meant, meant
    assert said["rows"] != meant["rows"]


def ends(text: str) -> bool:
    """Tell whether a query crashes the engine process, in one of several processes, or hangs."""
    for _ in range(PROCESSES):
        child = Runner()
        try:
            if any(child.ask(text) in (CRASH, HANG) for _ in range(TRIES)):
                return True
        finally:
            child.close()
    return False


@pytest.mark.parametrize("rule", by_family("4"))
def test_what_ends_the_engine(rule: Rule, runner: Runner) -> None:
    """The example crashes the engine process, at once or after some tries, or hangs, and the intended query runs."""
    assert ends(located(rule.example))
    if rule.meant:
        assert "rows" in runner.ask(located(rule.meant))


@pytest.mark.parametrize("rule", by_family("4"))
def test_what_ends_the_engine_is_never_sent(rule: Rule, schemas: dict[str | None, Schema]) -> None:
    """The list of findings by which a client refuses a query has the example, whatever the query ignores; without a schema too, if its explanation does not except that."""
    example = located(rule.example)
    text = f"{example} -- tql: ignore[{rule.code}]"

    assert rule.code not in {finding.code for finding in check(text, schemas)}
    assert ends_by(text, schemas) == {rule.code}
    if "only with a schema" not in rule.explanation:
        assert ends_by(text, {}) == {rule.code}
    if rule.meant:
        assert not ends_by(located(rule.meant), schemas)


@pytest.mark.parametrize("rule", by_family("5"))
def test_advice_about_searches(rule: Rule, runner: Runner) -> None:
    """The engine runs the example and the intended query, with different rows or names."""
    assert runner.ask(located(rule.example)) != runner.ask(located(rule.meant))


FIXED = [
    rule for rule in RULES if rule.code in {
        "TQL210", "TQL211", "TQL238", "TQL239", "TQL301", "TQL303", "TQL305", "TQL306", "TQL307", "TQL315", "TQL320", "TQL326", "TQL363", "TQL368", "TQL501", "TQL506", "TQL514", "TQL529", "TQL532", "TQL535", "TQL537", "TQL538",
    }
]  # fmt: skip


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in FIXED])
def test_a_fixed_text_behaves(rule: Rule, runner: Runner, schemas: dict[str, Schema]) -> None:
    """A comment is kept, no such finding is left, and the engine returns the intended rows."""
    text = located(rule.example) + " -- kept"
    found = fix(text, schemas)

    assert found != text
    assert found.endswith(" -- kept")
    assert not [finding for finding in check(found, schemas) if finding.code == rule.code]
    assert runner.ask(fix(located(rule.example), schemas))["rows"] == runner.ask(located(rule.meant))["rows"]


def test_every_rule_with_a_fix_is_tried(schemas: dict[str, Schema]) -> None:
    """No other rule changes its example: without a certain fix the text is unchanged."""
    changed = {rule.code for rule in RULES if fix(located(rule.example), schemas) != located(rule.example)}

    assert changed == {rule.code for rule in FIXED}


TEXTS = [
    ("select id\r\nfrom D\r\nwhere id > 15", "select id\nfrom D\nwhere id > 15"),
    ("select id from D -- c\n  where id = 3", "select id from D -- c\nwhere id = 3"),
    ("select id from D -- c\n\nwhere id = 3", "select id from D -- c\nwhere id = 3"),
    ('select id from D where text = "doc 1" -- c', 'select id from D where text = "doc 1" -- c'),
    ("select id from X where num != 3", "select id from X where num != 3"),
    ("select id from D where not nul in (1, 2)", "select id from D where not nul in (1, 2)"),
    ("select id from N where s not like '%'", "select id from N where s not like '%'"),
    (
        "select id from D -- c\nwhere text <= 'doc 3' -- d",
        "select id from D -- c\nwhere (text between '' and 'doc 3') -- d",
    ),
    (
        "select id from D where id > 3 and text < 'doc 7'",
        "select id from D where id > 3 and (text between '' and 'doc 7' and text != 'doc 7')",
    ),
    ("select id from D where not id between 1 and 2", "select id from D where not (id between 1 and 2)"),
    (
        "select id from D where not id in (1, 2) -- a\norder by grp desc, text limit 3",
        "select id from D where id not in (1, 2) -- a\norder by grp desc, text limit 3",
    ),
    ("select id from D where id = 1", "select id from D where id = 1"),
    ("select id from mem://t where id = 010", 'select id from "mem://t" where id = 10'),
    ("select id as 'n' from 'mem://t' -- c", 'select id as "n" from "mem://t" -- c'),
    ("select id as 'a\"b' from D", "select id as 'a\"b' from D"),
    ("select id from", "select id from"),
]


@pytest.mark.parametrize(("text", "meant"), TEXTS)
def test_a_fix_keeps_the_rest(text: str, meant: str, runner: Runner, schemas: dict[str, Schema]) -> None:
    """Only the mistake is changed, and a fixed query without findings runs."""
    found = fix(located(text), schemas)

    assert found == located(meant)
    assert found == fix(found, schemas)
    if not check(found, schemas):
        assert "rows" in runner.ask(found)
