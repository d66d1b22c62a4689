"""Oracles that run queries on the engine in a child process, which is restarted after a crash or a hang."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

CRASH = "crash"
HANG = "hang"
PATIENCE = 20.0


class Child:
    """
    A child process that runs the engine.

    Attributes:
        module: the module that answers.
        answers: "parse", "run", "nulls" or "tables", see `tests.answering`; or a kind of another module.
        patience: the seconds that an answer may take.
    """

    module = "tests.answering"
    answers: str
    patience = PATIENCE

    def __init__(self) -> None:
        """Start the child."""
        self._child = self._started()

    def ask(self, text: Any) -> Any:
        """Return the result for a query, or for another JSON value; `CRASH` or `HANG` if the child crashed or hung, and is replaced."""
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(text) + "\n")
        child.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            answer = child.stdout.readline() if selector.select(self.patience) else HANG
        if answer not in {"", HANG}:
            return json.loads(answer)
        self.close()
        self._child = self._started()
        return answer or CRASH

    def close(self) -> None:
        """Stop the child."""
        self._child.kill()
        self._child.communicate()

    def _started(self) -> subprocess.Popen[str]:
        """Start a child."""
        return subprocess.Popen(
            [sys.executable, "-m", self.module, self.answers],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


class Oracle(Child):
    """Returns the verdict of the engine's parser on queries."""

    answers = "parse"

    def position(self, text: str) -> int | Literal["crash"] | None:
        """Return the N of the engine's ``Pos N``, None if its parser accepts the query, or "crash"."""
        said = str(self.ask(text))
        if said == CRASH:
            return "crash"
        return int(said.split()[2]) if said.startswith("RuntimeError: Pos ") else None


class Runner(Child):
    """Returns the rows of queries."""

    answers = "run"


class NullsRunner(Child):
    """Returns the rows of queries on nullable columns."""

    answers = "nulls"


class Tables(Child):
    """Creates tables, and returns the rows of queries on them."""

    answers = "tables"
