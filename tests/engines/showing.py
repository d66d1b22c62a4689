"""Tables of answers: the counts by cause of several versions, and the differences between two of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.engines.answers import kind_of
from tests.engines.causes import CAUSES, FORMS, RANDOM, cause, differences, groups, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.answers import Answers

VERDICTS = ("right", "wrong", "refused", "dies", "declined", "undecided", "left out")
WIDTH, SHOWN, LONGEST = 11, 3, 100


def table(base: Answers, others: Iterable[Answers]) -> str:
    """Return the counts of each version: of texts compared with those of *base*, and of the builder's queries compared with Python."""
    parts = []
    for answers in others:
        lacks = f", which lacks {', '.join(answers.lacks)}" if answers.lacks else ""
        parts.append(f"\ndeeplake {answers.version}{lacks}\n")
        parts.append(_row(f"against {base.version}", CAUSES))
        kinds = Counter(dict.fromkeys(map(kind_of, answers.said), 1))
        parts += [_row(kind, _causes(base, answers, kind)) for kind in sorted(kinds) if kind not in FORMS]
        parts.append(_row("against Python", VERDICTS))
        parts += [_row(kind, verdicts(answers, kind)) for kind in FORMS]
    return "".join(parts)


def _row(name: str, cells: Iterable[object]) -> str:
    """Return a line of a table."""
    return f"{name:16}{''.join(f'{cell!s:>{WIDTH}}' for cell in cells)}\n"


def _causes(base: Answers, answers: Answers, kind: str) -> list[int]:
    """Return the number of cases of a kind by cause."""
    found = Counter(
        cause(base.said[case], said)
        for case, said in answers.said.items()
        if kind_of(case) == kind and case in base.said
    )
    return [found[why] for why in CAUSES]


def verdicts(answers: Answers, *kinds: str) -> list[int]:
    """Return the number of queries of the builder by verdict."""
    words = Counter(said.split(" ", 1)[0] for case, said in answers.said.items() if kind_of(case) in (kinds or FORMS))
    words["left out"] = words["left"]
    words["dies"] += words["hangs"]
    words["refused"] += words["broken"]
    return [words[verdict] for verdict in VERDICTS]


def difference(old: Answers, new: Answers) -> str:
    """Return the changes between two versions, by what the changed texts have in common."""
    found = differences(old, new)
    random = sum(why == RANDOM for why in found.values())
    changed = len(found) - random
    common = len(old.said.keys() & new.said.keys())
    parts = [
        f"{old.version} -> {new.version}: {changed} of {common} answers differ, not counting {random} that are random\n"
    ]
    parts += [f"only in {one.version}: types {', '.join(sorted(more))}\n" for one, more in _types(old, new) if more]
    for group in groups(old, new):
        changes = Counter(f"{_word(old, case)} -> {_word(new, case)}" for case in group.changed)
        counts = ", ".join(f"{number} {change}" for change, number in sorted(changes.items()))
        parts.append(f"\n{group.name}: {counts}; {group.unchanged} texts with it are the same\n")
        parts += [_example(case, old, new) for case in _spread(group.changed)]
    return "".join(parts)


def _word(answers: Answers, case: str) -> str:
    """Return the first word of an answer."""
    return answers.said[case].split(" ", 1)[0]


def _types(old: Answers, new: Answers) -> list[tuple[Answers, set[str]]]:
    """Return the types that only one of two versions has."""
    return [(old, {*new.lacks} - {*old.lacks}), (new, {*old.lacks} - {*new.lacks})]


def _spread(changed: tuple[str, ...]) -> list[str]:
    """Return some cases, of each kind if possible."""
    first = {kind_of(case): case for case in reversed(changed)}
    return [*first.values(), *(case for case in changed if case not in first.values())][:SHOWN]


def _example(case: str, old: Answers, new: Answers) -> str:
    """Return a case with what both versions say."""
    text = " ".join(text_of(case).split())
    return f"  {case}: {old.said[case]} -> {new.said[case]}\n{f'    {text[:LONGEST]}' + chr(10) if text else ''}"
