"""The child process of an isolated engine imports the same modules as its parent, in any working directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.client.matrix import outcome
from tql_client import connect
from tql_client.datasets import write

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
from tql import select
from tql_client import connect
with connect(sys.argv[1], isolated=True) as client:
    print(client.query(select("id")).rows)
"""
# Modules that the child imports: of Python, of other projects, and of this one.
NAMES = (
    "signal",
    "socket",
    "subprocess",
    "threading",
    "deeplake",
    "numpy",
    "orjson",
    "tql",
    "tql_client",
    "tql_grammar",
)


def test_modules_of_the_working_directory_are_not_imported(tmp_path: Path) -> None:
    """A ``signal.py`` in the working directory does not shadow the module of Python, which `python -m` alone would allow."""
    path = write({"id": [1, 2]}, str(tmp_path / "d"))
    folder = tmp_path / "files of another project"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"raise SystemExit('./{name}.py was run')\n")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    # An empty entry of PYTHONPATH is the working directory too.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or value}
    done = subprocess.run(
        [sys.executable, str(program), path], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "[{'id': 1}, {'id': 2}]\n"


# A query of at least ten seconds, and the seconds after which its client gives up.
SLOW, TIMEOUT = 'select id from "d" sample by 1 replace true limit 20000000', 4.0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_close_in_a_forked_process(tmp_path: Path) -> None:
    """It leaves the running query of the parent alone, and does not wait for it."""
    path = write({"id": [1, 2]}, str(tmp_path / "d"))
    with connect(path, dataset="d", isolated=True, timeout=TIMEOUT) as client:
        seen: list[str] = []
        thread = threading.Thread(target=lambda: seen.append(outcome(lambda: client.query(SLOW)).seen))
        thread.start()
        time.sleep(0.3)
        forked = os.fork()
        if forked == 0:
            client.close()
            os._exit(3)
        thread.join()
        done, status = os.waitpid(forked, os.WNOHANG)
        if done == 0:
            os.kill(forked, signal.SIGKILL)
            os.waitpid(forked, 0)

        assert seen == ["DeadlineExceeded"]
        assert done == forked
        assert os.waitstatus_to_exitcode(status) == 3
        assert len(client.query('select id from "d"')) == 2
