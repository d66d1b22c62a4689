"""Worker processes of the local server: a query that crashes the engine or never ends is an error of its own client only."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deeplake
import pytest

from tests.client.matrix import SLACK, outcome
from tests.client.neighbours import ENDLESS, KILLERS, STARTING, eventually, figures, measure, write_killed
from tests.client.throughput import queries
from tql import select
from tql_client import connect
from tql_client.cli import demo
from tql_client.datasets import write
from tql_client.errors import ConfigError, EngineCrash
from tql_client.server import workers
from tql_client.server.local import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.client.matrix import Outcome

    See = Callable[[Outcome], Outcome]

CRASHING = 'select e[0:4:0] as x from "k"'
BLOCKING = ENDLESS[0]
# A timeout of the server in seconds that a harmless query keeps on a loaded machine.
SECONDS = 3.0


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset on which each deadly query crashes or blocks the engine."""
    path = str(tmp_path_factory.mktemp("killed") / "k")
    write_killed(path)
    return path


def processes(server: Server) -> set[int]:
    """Return the process ids of the workers of a server."""
    return {worker._child._process.pid for worker in server._engine._alive}  # type: ignore[attr-defined]  # noqa: SLF001 - no user needs them


def is_running(process: int) -> bool:
    """Return whether a process exists, and is no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def rows(server: Server, timeout: float = STARTING) -> int:
    """Return the number of rows of a query that is harmless."""
    with connect(server.url, "k", timeout=timeout) as client:
        return len(client.query(select("id")))


@pytest.mark.fault(89, "server: a query that crashes the engine: an error of its own client, others are served")
def test_a_crash_costs_its_client_an_error(killed: str, see: See) -> None:
    """The error names the signal, the query is sent once, and the other clients get their rows all the time."""
    with Server({"k": killed}, workers=2, may_crash=True) as server:
        ended = threading.Event()

        def go_on() -> list[int]:
            counts = []
            while not ended.is_set():
                counts.append(rows(server))
            return counts

        with ThreadPoolExecutor(2) as pool, connect(server.url, "k", timeout=STARTING) as client:
            others = [pool.submit(go_on) for _ in range(2)]
            try:
                crashes = [see(outcome(lambda: client.query(CRASHING, on_findings="ignore"))) for _ in range(3)]
            finally:
                ended.set()
            counts = {count for other in others for count in other.result()}
        assert [(one.seen, one.error.status) for one in crashes] == [("ServerError", 500)] * 3
        assert all("signal SIGFPE" in one.error.description for one in crashes)
        assert counts == {2}
        assert figures(server)["workers_crashed_total"] == 3


@pytest.mark.fault(
    101, "server: a query that never ends: its worker is killed at the timeout, or when its client gives up"
)
def test_a_query_that_never_ends(killed: str, see: See) -> None:
    """The query is an error after the server's timeout, is not sent again, and its worker is replaced."""
    with Server({"k": killed}, workers=1, timeout=SECONDS, may_crash=True) as server:
        (process,) = processes(server)
        with connect(server.url, "k", timeout=STARTING) as client:
            found = see(outcome(lambda: client.query(BLOCKING, on_findings="ignore")))
        assert (found.seen, found.error.status) == ("ServerError", 500)
        assert f"ended after {SECONDS:g} seconds" in found.error.description
        assert eventually(lambda: not is_running(process))
        assert rows(server) == 2
        seen = figures(server)
        assert (seen['answers_total{status="500"}'], seen["workers_timed_out_total"]) == (1, 1)


@pytest.mark.fault(
    101, "server: a query that never ends: its worker is killed at the timeout, or when its client gives up"
)
def test_a_client_that_gives_up(killed: str, see: See) -> None:
    """A query ends with its worker soon after its client closed the connection."""
    with Server({"k": killed}, workers=1, may_crash=True) as server:
        (process,) = processes(server)
        with connect(server.url, "k", timeout=0.5, attempts=1) as client:
            assert see(outcome(lambda: client.query(BLOCKING, on_findings="ignore"))).seen == "DeadlineExceeded"
        assert rows(server) == 2
        assert not is_running(process)
        assert figures(server)["workers_abandoned_total"] == 1


@pytest.mark.fault(90, "server: more queries that never end than workers: short queries are answered")
def test_long_queries_leave_the_pool(killed: str, see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    """While short queries wait, a long query leaves the pool; if too many are long, the one with the most work ends."""
    # A second of a processor is long on a loaded machine.
    monkeypatch.setattr(workers, "LONG_SECONDS", 0.1)
    with Server({"k": killed}, workers=1, may_crash=True) as server, ThreadPoolExecutor(4) as pool:

        def endless() -> Outcome:
            with connect(server.url, "k", timeout=STARTING, attempts=1) as client:
                return outcome(lambda: client.query(BLOCKING, on_findings="ignore"))

        blocked = [pool.submit(endless) for _ in range(3)]
        assert eventually(lambda: figures(server)["in_progress"] == 3)
        assert see(outcome(lambda: [rows(server)])).seen == "result"
        ended = [one for one in blocked if one.done()]
        assert 1 <= len(ended) <= 2
        assert all("because other queries wait" in one.result().error.description for one in ended)
        assert figures(server)["workers_of_long_queries_total"] == 3
        for process in processes(server):
            os.kill(process, signal.SIGKILL)


@pytest.mark.fault(91, "an idle process of the engine is killed: another one answers, and no client sees it")
def test_idle_workers_are_replaced(killed: str, see: See) -> None:
    """Workers that die while they are idle are replaced by the next query."""
    with Server({"k": killed}, workers=2) as server:
        assert rows(server) == 2
        for process in processes(server):
            os.kill(process, signal.SIGKILL)
        assert see(outcome(lambda: [rows(server)])).seen == "result"


def test_a_worker_that_dies_at_once(killed: str) -> None:
    """A query whose worker dies before it reads the query is run by another worker."""
    with Server({"k": killed}, workers=1) as server:
        (process,) = processes(server)
        os.kill(process, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(rows, server)
            assert eventually(lambda: figures(server)["in_progress"] == 1)
            os.kill(process, signal.SIGKILL)
            assert asked.result() == 2


def test_a_deleted_dataset_leaves_the_others(tmp_path: Path) -> None:
    """New workers open the datasets that exist; one that exists again can be read."""
    paths = {name: write({"id": [1, 2]}, str(tmp_path / name)) for name in ("k", "deleted")}
    with Server(paths, workers=1) as server:
        shutil.rmtree(paths["deleted"])
        for process in processes(server):
            os.kill(process, signal.SIGKILL)
        assert rows(server) == 2
        with connect(server.url, "deleted", timeout=STARTING) as client:
            assert outcome(lambda: client.query(select("id"))).seen == "NotFound"
            write({"id": [1, 2, 3]}, paths["deleted"])
            assert len(client.query(select("id"))) == 3


def test_datasets_in_memory() -> None:
    """Datasets in the memory of this process are read by the engine in this process."""
    made = deeplake.create("mem://served")
    made.add_column("id", deeplake.types.Int64())
    made.append({"id": [1, 2]})
    made.commit()
    with Server({"k": "mem://served"}) as server:
        assert (server.workers, rows(server)) == (0, 2)
        assert figures(server)["workers"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": -1}, "`workers` must be a number of processes, 0 or more, got -1"),
        ({"workers": True}, "`workers` must be a number of processes"),
        ({"workers": 2}, "`workers` must be 0 or omitted, since the dataset 'k' is in the memory of this process"),
        ({"timeout": 0}, "`timeout` must be a positive number of seconds, got 0"),
        ({"port": 70_000}, "the port 70000 cannot be used"),
    ],
)
def test_invalid_options(options: dict[str, Any], message: str) -> None:
    """An invalid option is a `ConfigError`."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        Server({"k": "mem://served"}, **options)


def test_a_missing_dataset(tmp_path: Path) -> None:
    """A server of a dataset that does not exist raises, and leaves no process."""
    assert outcome(lambda: Server({"k": str(tmp_path / "none")})).seen == "NotFound"
    assert outcome(lambda: Server({"k": str(tmp_path / "none")}, workers=0)).seen == "NotFound"


ORPHANS = """
import sys, time
from tql_client.server.local import Server
server = Server({"k": sys.argv[1]}, workers=1, may_crash=True)
print(server.url, flush=True)
time.sleep(600)
"""


def children(process: int) -> list[int]:
    """Return the processes that a process started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
        except OSError:
            continue
        found += [int(folder.name)] if parent == process else []
    return found


def test_workers_end_with_the_server(killed: str) -> None:
    """A worker ends soon after its server was killed, even during a query that never ends."""
    with subprocess.Popen([sys.executable, "-c", ORPHANS, killed], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        with connect(url, "k", timeout=0.3, attempts=1) as client:
            assert outcome(lambda: client.query(BLOCKING, on_findings="ignore")).seen == "DeadlineExceeded"
        started = children(program.pid)
        program.kill()
    assert started
    assert eventually(lambda: not any(map(is_running, started)))


def test_neighbours(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Eight clients get their rows, while another one sends each deadly query, each of which ends a worker, and endless ones; `make neighbours` compares the durations."""
    data = demo.read_data()
    demo.write_dataset(str(tmp_path / "pydocs"), data, lambda _done, _total: None)
    write_killed(str(tmp_path / "k"))
    without, during, outcomes = measure(
        str(tmp_path), queries(data), len(KILLERS), len(ENDLESS), "--unchecked", seconds=1.0
    )

    assert outcomes.total() == len(KILLERS) + len(ENDLESS)
    assert outcomes["ServerError 500"] >= 5
    record_property(
        "figure", f"eight clients: p99 {without.p99:.0f} ms, with deadly queries of another one {during.p99:.0f} ms"
    )


@pytest.mark.fault(91, "an idle process of the engine is killed: another one answers, and no client sees it")
def test_an_idle_child_is_replaced(killed: str, see: See) -> None:
    """The next query of an isolated engine starts another process, and succeeds."""
    with connect(killed, isolated=True) as client:
        assert len(client.query(select("id"))) == 2
        for _ in range(2):
            os.kill(client._transport._child._process.pid, signal.SIGKILL)  # type: ignore[attr-defined]  # noqa: SLF001 - no user needs it
            assert see(outcome(lambda: client.query(select("id")))).seen == "result"


@pytest.mark.fault(92, "isolated: a call that waits for another one in vain says that it never ran")
def test_queued_calls_that_never_ran(killed: str, see: See) -> None:
    """A call that times out while another one runs says that it was not run; the other one is the one that ends the process."""
    text = BLOCKING.replace(' from "k"', "")
    with connect(killed, isolated=True, timeout=STARTING) as client, ThreadPoolExecutor(1) as pool:
        client.query(select("id"))
        patient, impatient = client.with_options(timeout=SECONDS), client.with_options(timeout=0.3)
        blocked = pool.submit(lambda: outcome(lambda: patient.query(text, on_findings="ignore")))
        time.sleep(SECONDS / 3)
        found = see(outcome(lambda: impatient.query(select("id"))))
        assert found.seen == "DeadlineExceeded"
        assert "was not run" in str(found.error)
        assert found.seconds < 0.3 + SLACK
        assert "was killed" in str(blocked.result().error)
        assert len(client.query(select("id"))) == 2


def test_a_crash_is_one_query(killed: str) -> None:
    """A crash of an isolated engine is an error of the query that ran, and not of those that waited."""
    with connect(killed, isolated=True, timeout=STARTING) as client, ThreadPoolExecutor(4) as pool:
        crash = pool.submit(lambda: outcome(lambda: client.query("select e[0:4:0] as x", on_findings="ignore")))
        others = [pool.submit(lambda: len(client.query(select("id")))) for _ in range(3)]
        assert [other.result() for other in others] == [2, 2, 2]
        assert isinstance(crash.result().error, EngineCrash)
