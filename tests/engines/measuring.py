"""Measurements of the engine of this environment: every case is asked in a child process, which is replaced where the engine ends or blocks it."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import deeplake

from tests.engines import cases
from tests.engines.answers import TYPES, Answers
from tests.engines.clients import USES
from tests.engines.probes import PROBES
from tests.oracle import CRASH, HANG, Child
from tests.tql.compiler.legalize.cases import CASES, Engine
from tests.tql.functions import GROUPED, ROWWISE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence

    Questions = dict[str, Any]

RANDOM = "random"
DIES, HANGS = "dies", "hangs"
# Rules of the family 4 end the process in some runs only: the example is asked so often.
TRIES = 20
# The number of kinds that are asked at a time.
WORKERS = 2
ENDS = re.compile(r"rules/TQL4\d\d/wrong")
# The queries of the world: seeds, and queries of each; two of three seeds with a schema.
SEEDS, EACH = 30, 20


class Asked(Child):
    """A child process that answers cases of one kind."""

    module = "tests.engines.answering"
    # On a machine that is busy a query takes longer: TQL_PATIENCE is the seconds after which one counts as endless.
    patience = float(os.environ.get("TQL_PATIENCE", "12"))

    def __init__(self, kind: str) -> None:
        """Start the child."""
        self.answers = kind
        super().__init__()

    def _started(self) -> subprocess.Popen[str]:
        """Start a child, and wait until its datasets are made."""
        child = super()._started()
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    def said(self, question: Any) -> str:
        """Return the engine's answer."""
        return {CRASH: DIES, HANG: HANGS}.get(found := str(self.ask(question)), found)


def _functions() -> Questions:
    """Return the cases of the functions of the catalogue."""
    found = {f"functions/{name}/{number}": [name, number] for name, of in ROWWISE.items() for number in range(len(of))}
    return found | {f"functions/{name}": [name, 0] for name in GROUPED}


def _probes(kind: str) -> Questions:
    """Return the probes, as cases of a kind."""
    return {f"{kind}/{topic}/{number}": [topic, number] for topic, of in PROBES.items() for number in range(len(of))}


def _naive() -> Questions:
    """Return the facts whose text a person would write does the same each time."""
    return {f"naive/{name}": name for name, case in CASES.items() if case.engine is not Engine.VARIES}


def _world() -> Questions:
    """Return random queries of the world."""
    modes = ("schema", "schema", "plain")
    return {f"world/{seed}/{place}": [seed, place, modes[seed % 3]] for seed in range(SEEDS) for place in range(EACH)}


# The cases of each kind, and whether each is asked in two processes, since what differs between them is random.
KINDS: dict[str, tuple[Callable[[], Questions], bool]] = {
    "rules": (cases.rules, True),
    "rows": (cases.rows, True),
    "world": (_world, False),
    "naive": (_naive, True),
    "syntax": (cases.syntax, False),
    "facts": (lambda: {f"facts/{name}": name for name in CASES}, False),
    "functions": (_functions, False),
    "probes": (lambda: _probes("probes"), False),
    "unadapted": (lambda: _probes("unadapted"), False),
    "client": (lambda: {f"client/{name}": name for name in USES}, False),
}


def measured(kept: Answers | None = None, kinds: Sequence[str] = (), *, only_new: bool = False) -> Answers:
    """
    Return the answers of the engine of this environment.

    Args:
        kept: the answers of this version that stay where no case of their kind is asked.
        kinds: the kinds of cases that are asked; all of them by default.
        only_new: ask no case that has an answer.
    """
    known = frozenset(kept.said) if kept is not None and only_new else frozenset[str]()
    said = _said(known, kinds or tuple(KINDS))
    features = _features({case for case, text in said.items() if _needs_features(case, text)})
    lacks = tuple(sorted(TYPES - set(dir(deeplake.types))))
    if kept is not None:
        said = kept.said | said
        features = {
            case: names for case, names in kept.features.items() if _needs_features(case, said[case])
        } | features
    return Answers(version("deeplake"), lacks, said, features)


def _said(known: frozenset[str], kinds: Sequence[str]) -> dict[str, str]:
    """Return the answers in the cases of some kinds that are not known."""
    jobs = [(kind, number) for kind in kinds for number in range(1 + KINDS[kind][1])]
    with ThreadPoolExecutor(WORKERS) as pool:
        found = dict(zip(jobs, pool.map(lambda job: _answers(job[0], known), jobs), strict=True))
    said: dict[str, str] = {}
    for kind in kinds:
        first, second = found[kind, 0], found.get((kind, 1))
        said |= first if second is None else {case: _steady(text, second[case]) for case, text in first.items()}
    return said


def _needs_features(case: str, text: str) -> bool:
    """Tell whether the features of a query of the world are kept with its answer, since its text is not known without an engine."""
    return case.startswith("world/") and text not in FINE and not text.startswith("left out")


FINE = frozenset({"right", "declined", "undecided"})


def _steady(one: str, other: str) -> str:
    """Return the answer of two processes, or "random" if they differ."""
    return one if one == other else RANDOM


def _answers(kind: str, known: frozenset[str]) -> dict[str, str]:
    """Return the engine's answers in the cases of a kind whose answers are not known."""
    questions = {case: question for case, question in KINDS[kind][0]().items() if case not in known}
    if not questions:
        return {}
    child = Asked(kind)
    try:
        return {case: _answer(child, case, question) for case, question in questions.items()}
    finally:
        child.close()


def _answer(child: Asked, case: str, question: Any) -> str:
    """Return the engine's answer in a case."""
    if isinstance(question, str) and case.startswith(("rows/", "rules/")) and cases.is_random(question):
        return RANDOM
    said = child.said(question)
    for _ in range(TRIES if ENDS.fullmatch(case) else 0):
        if said in {DIES, HANGS}:
            break
        said = child.said(question)
    return said


def _features(wanted: set[str]) -> dict[str, tuple[str, ...]]:
    """Return the features of the texts of some queries of the world."""
    if not wanted:
        return {}
    child = Asked("world")
    try:
        questions = {case: question for case, question in _world().items() if case in wanted}
        found = {case: child.ask([*question, "features"]) for case, question in questions.items()}
        return {case: tuple(names) for case, names in found.items() if isinstance(names, list)}
    finally:
        child.close()
