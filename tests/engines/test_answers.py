"""The kept answers of every measured engine: what differs between two versions is named, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines import answers
from tests.engines.answers import FOLDER, TYPES, Answers, kind_of, read, versions
from tests.engines.causes import DECLINED, FORMS, RANDOM, cause, differences, groups
from tests.engines.features import HAMMING, INT64_KEYS, REMAINDER, features
from tests.engines.showing import difference, table
from tql_client.engine.versions import MEASURED
from tql_grammar.engines import CHANGES, engine_of
from tql_grammar.lint.check import OLDER_RULES

if TYPE_CHECKING:
    from pathlib import Path

    from tql_grammar.lint.rule import Rule

MOST_BYTES = 300_000
NEWEST = "4.7.4"


@pytest.fixture(scope="module", name="newest")
def _newest() -> Answers:
    """Return the answers of the newest engine."""
    return read(NEWEST)


def altered(kept: Answers, case: str, said: str) -> Answers:
    """Return answers of which one is another."""
    return kept._replace(said={**kept.said, case: said})


@pytest.mark.parametrize("kind", ["rows", "rules", "naive", "syntax", "facts", "functions", "probes", "world"])
def test_an_altered_answer_is_noticed(kind: str, newest: Answers, tmp_path: Path) -> None:
    """One line of a file that somebody changed is one difference, with its case."""
    # What the builder refuses is no answer of the engine, and compares with none.
    answered = [case for case, said in newest.said.items() if said not in {RANDOM, DECLINED}]
    case = next(case for case in answered if kind_of(case) == kind)
    answers.write(altered(newest, case, "rows 000000000000"), tmp_path)
    found = read(NEWEST, tmp_path)

    assert [one for one, why in differences(newest, found).items() if why != RANDOM] == [case]
    assert case in difference(newest, found)


def test_a_removed_answer_is_no_difference(newest: Answers) -> None:
    """Versions are compared in the cases that both have: a new case does not need new answers of every version."""
    said = dict(list(newest.said.items())[1:])

    assert not groups(newest, newest._replace(said=said))


def test_the_change_of_4_7_1_is_named() -> None:
    """Remainders, Hamming distances and keys of 64 bits, and nothing else."""
    found = groups(read("4.7.0"), read("4.7.1"))

    assert {group.name for group in found} == {REMAINDER, HAMMING, INT64_KEYS}
    assert all(group.changed for group in found)


def test_the_same_version_twice(newest: Answers) -> None:
    """All that differs is random."""
    assert {*differences(newest, newest).values()} <= {RANDOM}
    assert groups(newest, newest) == []
    assert "0 of" in difference(newest, newest)


@pytest.mark.parametrize("version", sorted(MEASURED))
def test_supported_versions_are_right(version: str, newest: Answers) -> None:
    """No query of the builder has wrong rows, is refused or ends the process; versions without a difference that is known have the answers of the newest one."""
    found = read(version)
    said = {text.split()[0] for case, text in found.said.items() if kind_of(case) in FORMS}

    assert said <= {"right", "declined", "undecided"}
    if not any(map(engine_of(version).lacks, CHANGES)):
        assert groups(newest, found) == []


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.code) for rule in OLDER_RULES])
def test_a_rule_of_older_engines(rule: Rule, newest: Answers) -> None:
    """Its wrong example has other rows, or ends the process, on the versions before the change and on no other; its right form has the same rows on all."""
    wrong, right = f"rules/{rule.code}/wrong", f"rules/{rule.code}/right"
    meant = newest.said[wrong]
    found = {version: said for version in versions() if wrong in (said := read(version).said)}
    change = rule.change
    assert change is not None

    assert [version for version in found if engine_of(version).lacks(change)]
    for version, said in found.items():
        is_older = engine_of(version).lacks(change)
        assert (said[wrong] != meant) is is_older
        assert (said[wrong] == "dies") is (is_older and rule.code.startswith("TQL4"))
        assert said.get(right, meant) == meant


@pytest.mark.parametrize("version", versions())
def test_a_kept_file(version: str, tmp_path: Path) -> None:
    """It is small, and what writing its answers gives."""
    found = read(version)
    path = answers.write(found, tmp_path)

    assert found.version == version
    assert {*found.lacks} <= TYPES
    assert path.read_bytes() == (FOLDER / path.name).read_bytes()
    assert path.stat().st_size < MOST_BYTES
    assert f"deeplake {version}" in table(found, [found])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("rows 1", "rows 1", "same"),
        ("rows 1", "rows 2", "other rows"),
        ("rows 1", "refused no such column", "refused"),
        ("rows 1", "dies", "dies"),
        ("rows 1", "hangs", "dies"),
        ("right", "wrong 1", "other rows"),
        ("random", "dies", "random"),
        ("declined", "right", "declined"),
        ("ok", "Pos 7: syntax error", "refused"),
    ],
)
def test_the_cause_of_a_difference(old: str, new: str, why: str) -> None:
    """It is seen from the old version."""
    assert cause(old, new) == why


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select id % 7 as x", ("%",)),
        ("select * order by (k - k % 4194304) % 17592186044416", ("-", "ORDER BY", "int64 keys")),
        ("select id where s like 'a'", ("LIKE", "WHERE")),
        ("select hamming_distance(v, ARRAY[1]) as d", ("hamming_distance",)),
        ("select id from", ("syntax",)),
        ("select id", ("a plain SELECT",)),
    ],
)
def test_the_features_of_a_text(text: str, names: tuple[str, ...]) -> None:
    """They are its operators, functions and clauses; the parts of an exact key are no remainder."""
    assert features(text) == names
