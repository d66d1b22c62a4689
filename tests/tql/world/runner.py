"""Runs of random queries in child processes, which are replaced after a crash or a hang: ``python -m tests.tql.world.runner COUNT [MODE] [FIRST]``."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
EACH = 40
# On a machine that is busy the first query takes longer.
PATIENCE = float(os.environ.get("TQL_PATIENCE", "30"))


@dataclass
class Outcomes:
    """How queries ended: their number by kind, and the seeds of those that are wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    seeds: dict[str, str] = field(default_factory=dict)
    bad: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, seed: str, kind: str, detail: str) -> None:
        """Count one query."""
        self.counts[kind] += 1
        if kind == "refused":
            self.reasons[reason(detail)] += 1
            self.seeds.setdefault(reason(detail), seed)
        elif kind not in {"right", "undecided", "left out"}:
            self.bad.append((seed, kind, detail))

    def summary(self) -> str:
        """Return the counts."""
        total = sum(self.counts.values())
        parts = [f"{kind} {self.counts[kind]}" for kind in sorted(self.counts)]
        refused = 100 * self.counts["refused"] / max(1, total)
        return f"{total} queries: {', '.join(parts)} ({refused:.1f} % refused)"


def reason(message: str) -> str:
    """Return the message of a refusal without names and values."""
    first = message.split("\n", maxsplit=1)[0]
    return re.sub(r"(, got |: the engine).*", r"\1..", first)[:140]


class Child:
    """A child process that runs queries."""

    def __init__(self) -> None:
        """Start the process."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tql.world.answering"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.said = b""

    def close(self) -> None:
        """Stop the process."""
        self.process.kill()
        self.process.communicate()

    def ask(self, asked: list[Any]) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        self.process.stdin.flush()

    def line(self) -> list[Any] | None:
        """Return the next line, or None after a crash, or ["hang"]."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.said:
                if not selector.select(PATIENCE):
                    return ["hang"]
                more = os.read(self.process.stdout.fileno(), 1 << 16)
                if not more:
                    return None
                self.said += more
        line, self.said = self.said.split(b"\n", 1)
        found: list[Any] = json.loads(line)
        return found


def run(count: int, mode: str = "schema", first: int = 0) -> Outcomes:
    """Run queries, and return how they ended."""
    found = Outcomes()
    child = Child()
    for seed in range(first, first + -(-count // EACH)):
        place = 0
        while place < EACH:
            child, place = _part(child, seed, place, mode, found)
    child.close()
    return found


def _part(child: Child, seed: int, place: int, mode: str, found: Outcomes) -> tuple[Child, int]:
    """Run the queries of a seed from one on; return the child, and the place after the last one that ended."""
    child.ask([seed, place, EACH, mode])
    while True:
        said = child.line()
        if said is None or said[0] == "hang":
            child.close()
            found.add(f"{seed}/{place}", "crash" if said is None else "hang", "")
            return Child(), place + 1
        if said[0] == "done":
            return child, EACH
        if said[0] == "ended":
            found.add(f"{seed}/{said[1]}", said[2], said[3])
            place = said[1] + 1


def main(count: int, mode: str, first: int) -> int:
    """Run queries, print how they ended, and return 1 if rows are wrong."""
    begun = time.perf_counter()
    found = run(count, mode, first)
    lines = [found.summary(), f"{count / (time.perf_counter() - begun):.0f} queries a second"]
    lines += [f"{number:5} {why} ({found.seeds[why]})" for why, number in found.reasons.most_common(40)]
    lines += [f"{seed} {kind} {detail[:300]}" for seed, kind, detail in found.bad]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(found.bad))


if __name__ == "__main__":
    MODE = sys.argv[2] if len(sys.argv) > 2 else "schema"
    sys.exit(main(int(sys.argv[1]), MODE, int(sys.argv[3]) if len(sys.argv) > 3 else 0))
