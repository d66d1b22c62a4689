"""What the engine makes of texts, some of which end its process: it runs in a child, and another child follows one that ended."""

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
    """Asks a child process about texts; `answers` is "parse", "run", "nulls" or "tables", see `tests.answering`."""

    answers: str

    def __init__(self) -> None:
        """Start the child."""
        self._child = self._started()

    def ask(self, text: Any) -> Any:
        """Return the answer to a text, or to what JSON can hold: else `CRASH` or `HANG`, after either of which there is another child."""
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(text) + "\n")
        child.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            answer = child.stdout.readline() if selector.select(PATIENCE) else HANG
        if answer not in {"", HANG}:
            return json.loads(answer)
        self.close()
        self._child = self._started()
        return answer or CRASH

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.communicate()

    def _started(self) -> subprocess.Popen[str]:
        """Return a child."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.answering", self.answers],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


class Oracle(Child):
    """Asks the engine's parser about texts."""

    answers = "parse"

    def position(self, text: str) -> int | Literal["crash"] | None:
        """Return the N of the engine's ``Pos N``, None where its parser accepts the text, or "crash"."""
        said = str(self.ask(text))
        if said == CRASH:
            return "crash"
        return int(said.split()[2]) if said.startswith("RuntimeError: Pos ") else None


class Runner(Child):
    """Asks the engine for the rows of texts."""

    answers = "run"


class NullsRunner(Child):
    """Asks the engine for the rows of texts over nullable columns."""

    answers = "nulls"


class Tables(Child):
    """Asks the engine for the rows of texts over tables that it is told to make."""

    answers = "tables"
