"""Every rule on the real engine: what its example does there, that the check finds it, and that the text that is meant behaves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.corpus import datasets
from tests.oracle import CRASH, HANG, Runner
from tql import Schema, check
from tql_grammar.checks import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.checks.rule import Rule

SOURCES = {"D": "t", "X": "x", "U": "u", "K": "k", "S": "s"}
# Sequences end the engine's process at random.
TRIES = 60
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


@pytest.fixture(scope="module")
def schemas() -> dict[str, Schema]:
    """Return the columns of the data of the cases."""
    return {f"mem://{name}": Schema.from_dataset(made) for name, made in datasets.build().items()}


def located(text: str) -> str:
    """Return a text of a rule over the data of the cases."""
    return re.sub(r"\b(from|join|,) ([DXUKS])\b", lambda found: f'{found[1]} "mem://{SOURCES[found[2]]}"', text)


def codes(text: str, schemas: dict[str, Schema]) -> set[str]:
    """Return the codes of the findings in a text."""
    return {finding.code for finding in check(text, schemas)}


def by_family(*families: str) -> list[Any]:
    """Return the rules of some families."""
    return [pytest.param(rule, id=rule.code) for rule in RULES if rule.code[3] in families]


def test_each_code_has_one_rule() -> None:
    """Codes are in order, and none comes twice."""
    found = [rule.code for rule in RULES]

    assert found == sorted(set(found))


@pytest.mark.parametrize("rule", by_family("2", "3", "4", "5"))
def test_a_rule_finds_its_example(rule: Rule, schemas: dict[str, Schema]) -> None:
    """The example has a finding of the rule, within the text, with its severity; what is meant has no error, and not this finding."""
    example, meant = located(rule.example), located(rule.meant)
    found = [finding for finding in check(example, schemas) if finding.code == rule.code]

    assert found
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(example)
        assert finding.severity == rule.severity == ("warning" if rule.code[3] == "5" else "error")
    if meant:
        assert rule.code not in codes(meant, schemas)
        assert not [finding for finding in check(meant, schemas) if finding.severity == "error"], meant


@pytest.mark.parametrize("rule", by_family("2"))
def test_what_the_engine_refuses(rule: Rule, runner: Runner) -> None:
    """The engine refuses the example, when it is sent or when its rows are read, and runs what is meant."""
    assert "Error: " in str(runner.ask(located(rule.example)))
    if rule.meant:
        assert "rows" in runner.ask(located(rule.meant))


@pytest.mark.parametrize("rule", [param for param in by_family("3") if param.id not in UNCHANGED])
def test_what_the_engine_does_otherwise(rule: Rule, runner: Runner) -> None:
    """The engine runs both, and the rows of the example are others than those that are meant."""
    said, meant = runner.ask(located(rule.example)), runner.ask(located(rule.meant))

    assert "rows" in said, said
    assert "rows" in meant, meant
    assert said["rows"] != meant["rows"]


@pytest.mark.parametrize("rule", by_family("4"))
def test_what_ends_the_engine(rule: Rule, runner: Runner) -> None:
    """The example ends the engine's process, at once or after some tries, or never ends, and what is meant runs."""
    said = (runner.ask(located(rule.example)) for _ in range(TRIES))

    assert any(answer in (CRASH, HANG) for answer in said)
    if rule.meant:
        assert "rows" in runner.ask(located(rule.meant))


@pytest.mark.parametrize("rule", by_family("5"))
def test_advice_about_searches(rule: Rule, runner: Runner) -> None:
    """The engine runs the example and what is meant, with other rows or other names."""
    assert runner.ask(located(rule.example)) != runner.ask(located(rule.meant))
