"""
Measurements of other engines: ``python -m tests.engines measure`` in the environment of an engine, ``table [VERSION..]`` and ``diff OLD NEW`` anywhere.

``measure KIND..`` asks the cases of some kinds, and keeps the other answers; ``measure new [KIND..]`` asks those that have no answer.
``verify [KIND..]`` asks again, writes nothing, and exits with 1 where an answer differs from the kept one.
The first version of ``table`` is the one that the others are compared with; without versions it shows all that have answers.
"""

from __future__ import annotations

import sys
import time
from importlib.metadata import version

from tests.engines import answers
from tests.engines.causes import RANDOM, differences
from tests.engines.showing import difference, table


def measure(words: list[str]) -> int:
    """Measure the engine of this environment, and keep the answers."""
    from tests.engines.measuring import measured

    begun = time.monotonic()
    only_new = words[:1] == ["new"]
    kept = answers.read(version("deeplake")) if words else None
    found = measured(kept, words[only_new:], only_new=only_new)
    seconds = round(time.monotonic() - begun)
    path = answers.write(found)
    newest = answers.read(answers.versions()[0])
    sys.stdout.write(f"{len(found.said)} answers in {seconds} seconds, kept in {path}\n{table(newest, [found])}")
    return 0


def verify(words: list[str]) -> int:
    """Measure the engine of this environment again, and return 1 if an answer changed."""
    from tests.engines.measuring import measured

    kept, found = answers.read(version("deeplake")), measured(kinds=words)
    changed = [case for case, why in differences(kept, found).items() if why != RANDOM]
    sys.stdout.write(f"{len(found.said)} answers, {len(changed)} of which changed\n")
    sys.stdout.write(difference(kept, found) if changed else "")
    return int(bool(changed))


def show(words: list[str]) -> int:
    """Print the counts of versions."""
    base, *others = map(answers.read, words or answers.versions())
    sys.stdout.write(table(base, others or [base]))
    return 0


def compare(words: list[str]) -> int:
    """Print the differences between a version and others."""
    base, *others = map(answers.read, words or answers.versions())
    sys.stdout.write("".join(difference(base, other) for other in others))
    return 0


COMMANDS = {"measure": measure, "verify": verify, "table": show, "diff": compare}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]](sys.argv[2:]))
