"""An engine that a query without end blocks: the query, later calls, openings and the end of the process."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import deeplake
import pytest

from tests.client.matrix import SLACK
from tql_client.engine.blocked import GRACE

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import sys, time
from tql import select
from tql_client import Client, connect
from tql_client.engine.embedded import DatasetTarget, EmbeddedTransport
from tql_client.errors import TqlError

first, second = sys.argv[1:]
transport = EmbeddedTransport(DatasetTarget(first), may_crash=True)
client = Client(transport, needs_source=False, schemas=transport.schemas, timeout=60)
other = connect(second, timeout=60)
other.query(select("id"))
client.query(select("id"))

def say(name, act):
    started = time.monotonic()
    try:
        act()
        seen = "result"
    except TqlError as error:
        seen = type(error).__name__
    print(name, seen, round(time.monotonic() - started, 2), flush=True)

endless = "select id sample by 0.0 replace true limit 5"
say("endless", lambda: client.with_options(timeout=1).query(endless, on_findings="ignore"))
say("after", lambda: client.query(select("id")))
say("other", lambda: other.query(select("id")))
say("check", lambda: other.compile("select id"))
say("open", lambda: connect(second))
sys.exit(7)
"""


@pytest.mark.fault(99, "embedded: a query that never ends: EngineBlocked at once for later calls, the process can exit")
def test_a_query_without_end_blocks_nobody_for_long(tmp_path: Path) -> None:
    """It ends at its timeout; later calls and openings, also of other datasets, fail with the reason instead of waiting a minute; the process exits with its own code."""
    for name in ("a", "b"):
        dataset = deeplake.create(str(tmp_path / name))
        dataset.add_column("id", deeplake.types.Int64())
        dataset.append({"id": [1, 2, 3]})
        dataset.commit()
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "a"), str(tmp_path / "b")]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    lines = [line.split() for line in done.stdout.splitlines()]

    assert [(name, seen) for name, seen, _ in lines] == [
        ("endless", "DeadlineExceeded"),
        ("after", "EngineBlocked"),
        ("other", "EngineBlocked"),
        ("check", "EngineBlocked"),
        ("open", "EngineBlocked"),
    ], done.stderr
    assert float(lines[1][2]) < GRACE + SLACK
    assert all(float(seconds) < SLACK for _, _, seconds in lines[2:])
    assert done.returncode == 7, done.stderr
    assert time.monotonic() - started < 30
