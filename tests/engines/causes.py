"""Causes of differences between the answers of two versions, and what the differing texts have in common."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tests.engines import cases
from tests.engines.answers import kind_of
from tests.engines.features import features

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.answers import Answers

SAME, RANDOM, ROWS, REFUSED, DIES, LEFT_OUT = "same", "random", "other rows", "refused", "dies", "left out"
CAUSES = (SAME, RANDOM, ROWS, REFUSED, DIES, LEFT_OUT)
# The builder refuses a query for one of two versions: that is no answer of the engine.
DECLINED = "declined"
# The first word of what is said: the cause where it is not the same as before.
BY_WORD = {"dies": DIES, "hangs": DIES, "refused": REFUSED, "Pos": REFUSED, "left": LEFT_OUT, "random": RANDOM}
# Kinds whose answers are compared with Python, so that they can be wrong.
FORMS = ("facts", "functions", "probes", "client", "world")


AND = " and "
# Features, alone or two together, by name.
Names = dict[str, frozenset[str]]


class Group(NamedTuple):
    """
    Differences that have something in common.

    Attributes:
        name: what the texts have in common.
        changed: the cases.
        unchanged: the number of the cases that have it too, and the same answer.
    """

    name: str
    changed: tuple[str, ...]
    unchanged: int


def cause(old: str, new: str) -> str:
    """Return why an answer counts as it does, seen from the other version."""
    words = {said.split(" ", 1)[0] for said in (old, new)}
    if "random" in words:
        return RANDOM
    if old == new:
        return SAME
    if DECLINED in words:
        return DECLINED
    return BY_WORD.get(new.split(" ", 1)[0], ROWS)


def differences(old: Answers, new: Answers) -> dict[str, str]:
    """Return the cause of each case that both versions have, without those that are the same, and those that the builder refuses for one of them."""
    both = sorted(old.said.keys() & new.said.keys())
    found = {case: cause(old.said[case], new.said[case]) for case in both}
    return {case: why for case, why in found.items() if why not in {SAME, DECLINED}}


def groups(old: Answers, new: Answers) -> list[Group]:
    """
    Return the differences but for what is random, each in one group, the largest first.

    A group is named by the feature, or the two of them, that most of its texts have, and few of those with the same answers: the number of changed texts by its part of all.
    """
    changed = {case for case, why in differences(old, new).items() if why != RANDOM}
    if not changed:
        return []
    found = {case: frozenset(_features(case, old, new)) for case in old.said.keys() & new.said.keys()}
    known = {case: _names(found[case]) for case in changed}
    total = _total(found.values(), known.values())
    return sorted(_grouped(changed, known, total), key=lambda group: -len(group.changed))


def _total(found: Iterable[frozenset[str]], known: Iterable[Names]) -> Counter[str]:
    """Return the number of all texts that have a feature, or two, of those that changed."""
    wanted = {name: parts for names in known for name, parts in names.items()}
    return Counter(name for here in found for name, parts in wanted.items() if parts <= here)


def _grouped(changed: set[str], known: dict[str, Names], total: Counter[str]) -> list[Group]:
    """Return the groups of cases, by the features of each and the number of the cases with a feature."""
    found, left = [], set(changed)
    while here := Counter(name for case in left for name in known[case]):
        name = _name(here, total)
        members = {case for case in left if name in known[case]}
        found.append(Group(name, tuple(sorted(members)), total[name] - _count(changed, known, name)))
        left -= members
    return [*found, Group("other", tuple(sorted(left)), 0)] if left else found


def _name(here: Counter[str], total: Counter[str]) -> str:
    """Return the feature by which a group is named; one alone rather than two."""
    return max(sorted(here), key=lambda name: (here[name] ** 2 / total[name], AND not in name))


def _names(found: frozenset[str]) -> Names:
    """Return the features of a text, and each two of them, by name."""
    one = {name: frozenset({name}) for name in found}
    return one | {AND.join(two): frozenset(two) for two in itertools.combinations(sorted(found), 2)}


def _count(cases_: set[str], known: dict[str, Names], name: str) -> int:
    """Return the number of cases with a feature."""
    return sum(name in known[case] for case in cases_)


def _features(case: str, old: Answers, new: Answers) -> tuple[str, ...]:
    """Return the features of a case."""
    kind = kind_of(case)
    if kind in {"probes", "unadapted"}:
        return (case.split("/")[1],)
    if kind == "world":
        return new.features.get(case) or old.features.get(case) or ()
    text = text_of(case)
    return features(text) if text else ()


@functools.cache
def text_of(case: str) -> str:
    """Return the text of a case, or "" of one that has none, or that is known no more."""
    kind = kind_of(case)
    if kind in {"facts", "naive"}:
        return _of_fact(kind, case.split("/", 1)[1])
    if kind == "functions":
        return _of_function(case)
    known = {"rows": cases.rows, "rules": cases.rules, "syntax": cases.syntax}.get(kind)
    return known().get(case, "") if known else ""


def _of_fact(kind: str, name: str) -> str:
    """Return the text of a fact: the builder's, or the one that a person would write."""
    from tests.tql.compiler.legalize import cases as facts
    from tql import ArgumentError

    if name not in facts.BY_NAME:
        return ""
    if kind == "naive":
        return facts.CASES[name].naive
    try:
        return facts.built(facts.BY_NAME[name])
    except ArgumentError:
        return ""


def _of_function(case: str) -> str:
    """Return the text of a function's case."""
    from tests.tql.functions import GROUPED, ROWWISE

    _, name, *number = case.split("/")
    if name in GROUPED:
        return GROUPED[name][1]
    of = ROWWISE.get(name, [])
    return f"select {of[int(number[0])][1]} as x" if number and int(number[0]) < len(of) else ""
