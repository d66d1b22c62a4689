"""
Operations on mutated texts, which raise no other error than TqlError.

``python -m tests.grammar.mutated 200000`` tries that many texts, in child processes; a second number is the number of processes.
The operations read the same texts, also those of the fixes that they verify, so the child processes keep the last parse results.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from multiprocessing import Pool
from pathlib import Path

import tql
from tests.differential.texts import texts
from tests.grammar.growth import OPERATIONS, SCHEMA, Operation
from tql_grammar.errors import TqlError
from tql_grammar.syntax import parser

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = ("real_world.jsonl", "engine_verdicts.jsonl", "disagreements.jsonl")
EACH = 500
# The parse results that a process keeps.
KEPT = 2_000
TRIED: dict[str, Operation] = {
    **OPERATIONS,
    "validate": tql.validate,
    "validate with a schema": lambda text: tql.validate(text, SCHEMA),
    "fix without a schema": tql.fix,
}


def failures(seed: int) -> list[str]:
    """Return the unexpected errors of all operations on `EACH` texts."""
    given = [
        json.loads(line)["query"] for name in FILES for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()
    ]
    found = []
    for text in texts(seed, EACH, given):
        for name, operation in TRIED.items():
            try:
                operation(text)
            except TqlError:
                continue
            except Exception as error:  # noqa: BLE001 - the test is that there are no others
                found.append(f"{name} of {text!r}: {type(error).__name__}: {error}")
    return found


def keep_readings() -> None:
    """Keep the parse results of the last texts, as the nine operations parse each of them several times."""
    parser.read = functools.lru_cache(KEPT)(parser.read)


def main(number: int, processes: int | None = None) -> int:
    """Print the unexpected errors, and the progress to stderr; return their number."""
    found, begun = 0, time.monotonic()
    with Pool(processes, keep_readings, maxtasksperchild=20) as pool:
        for done, lines in enumerate(pool.imap_unordered(failures, range(1, 1 + number // EACH)), 1):
            found += len(lines)
            sys.stdout.writelines(f"{line}\n" for line in lines)
            sys.stdout.flush()
            sys.stderr.write(f"\r{done * EACH:,} texts, {time.monotonic() - begun:,.0f} s")
    sys.stdout.write(f"{number:,} mutated texts, {len(TRIED)} operations: {found} errors other than TqlError\n")
    return found


if __name__ == "__main__":
    sys.exit(1 if main(*map(int, sys.argv[1:])) else 0)
