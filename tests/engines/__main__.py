"""
Measurements of other engines: ``python -m tests.engines measure`` in the environment of an engine, ``table [VERSION..]`` and ``diff OLD NEW`` anywhere.

``measure KIND..`` asks the cases of some kinds, and keeps the other answers; ``measure new [KIND..]`` asks those that have no answer.
The first version of ``table`` is the one that the others are compared with; without versions it shows all that have answers.
"""

from __future__ import annotations

import sys
import time

from tests.engines import answers
from tests.engines.showing import difference, table


def main(command: str, versions: list[str]) -> None:
    """Run a command."""
    if command == "measure":
        from importlib.metadata import version as installed

        from tests.engines.measuring import measured

        begun = time.monotonic()
        only_new = versions[:1] == ["new"]
        kept = answers.read(installed("deeplake")) if versions else None
        found = measured(kept, versions[only_new:], only_new=only_new)
        seconds = round(time.monotonic() - begun)
        path = answers.write(found)
        newest = answers.read(answers.versions()[0])
        sys.stdout.write(f"{len(found.said)} answers in {seconds} seconds, kept in {path}\n{table(newest, [found])}")
        return
    base, *others = [answers.read(version) for version in versions or answers.versions()]
    if command == "table":
        sys.stdout.write(table(base, others or [base]))
    else:
        sys.stdout.write("".join(difference(base, other) for other in others))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
