"""Know what the engine's parser says of texts, some of which end its process: it runs in a child that is started again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Literal

CHILD = """
import json, sys, deeplake
for line in sys.stdin:
    try:
        deeplake.prepare_query(json.loads(line))
        said = "ok"
    except Exception as error:
        said = str(error)
    print(json.dumps(said), flush=True)
"""
CRASH = "crash"


class Oracle:
    """Asks the engine's parser about texts."""

    def __init__(self) -> None:
        """Start the child."""
        self._child = self._started()

    def says(self, text: str) -> str:
        """Return "ok", the engine's message, or "crash"."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(text) + "\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        if not answer:
            self.close()
            self._child = self._started()
            return CRASH
        return str(json.loads(answer))

    def position(self, text: str) -> int | Literal["crash"] | None:
        """Return the N of the engine's ``Pos N``, None where its parser accepts the text, or "crash"."""
        said = self.says(text)
        if said == CRASH:
            return "crash"
        return int(said.split()[1]) if said.startswith("Pos ") else None

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.communicate()

    @staticmethod
    def _started() -> subprocess.Popen[str]:
        """Return a child."""
        return subprocess.Popen(
            [sys.executable, "-c", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
