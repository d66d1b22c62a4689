"""Open datasets: each query reads the newest version, also after files were deleted or replaced; exceptions of the engine are translated; queries that crash the engine are rejected."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import deeplake
import numpy as np
import pytest

from tests.client.fault_server import FaultServer, answer, raw
from tests.client.matrix import SLACK, client_of
from tql import col, fn, select
from tql_client import connect, serve
from tql_client.engine.embedded import engine
from tql_client.engine.opened import Opened
from tql_client.errors import BadQuery, ConfigError, ConnectionLost, NotFound
from tql_client.protocol.call import Call, CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tql_client import Client

WAYS = ("embedded", "isolated", "served")
IDS = select("id").order_by("id")


def made(path: str, ids: list[int]) -> Any:
    """Create a dataset of numbers whose columns `a` and `b` are always equal."""
    dataset = deeplake.create(path)
    for name in ("id", "a", "b"):
        dataset.add_column(name, deeplake.types.Int64())
    return committed(dataset, ids)


def committed(dataset: Any, ids: list[int]) -> Any:
    """Append rows, commit, and return the dataset."""
    dataset.append({"id": ids, "a": ids, "b": ids})
    dataset.commit()
    return dataset


@pytest.fixture(params=WAYS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Client, Any, str]]:
    """Return a client of a dataset, a writer, and the path."""
    path = str(tmp_path / "d")
    writer = made(path, [1, 2, 3])
    if request.param == "served":
        with serve({"d": path}) as server, connect(server.url, "d") as client:
            yield client, writer, path
    else:
        with connect(path, isolated=request.param == "isolated") as client:
            yield client, writer, path


def ids(client: Client) -> list[int]:
    """Return the ids of all rows."""
    return [row["id"] for row in client.query(IDS)]


def test_what_is_committed_is_seen(opened: tuple[Client, Any, str]) -> None:
    """The next query reads committed rows and columns."""
    client, writer, _ = opened
    assert ids(client) == [1, 2, 3]
    committed(writer, [4, 5])
    assert ids(client) == [1, 2, 3, 4, 5]
    writer.add_column("text", deeplake.types.Text())
    writer.append({"id": [6], "a": [6], "b": [6], "text": ["x"]})
    writer.commit()
    assert client.query(select("id").where(col("text") == "x")).rows == [{"id": 6}]


def test_what_is_not_committed_is_not_seen(opened: tuple[Client, Any, str]) -> None:
    """Uncommitted rows are not visible."""
    client, writer, _ = opened
    writer.append({"id": [4], "a": [4], "b": [4]})
    assert ids(client) == [1, 2, 3]


@pytest.mark.fault(98, "the files of a dataset are replaced: its new rows, or a TqlError")
@pytest.mark.parametrize("commits", [1, 2, 3])
def test_a_dataset_that_took_the_place_of_another_is_seen(opened: tuple[Client, Any, str], commits: int) -> None:
    """A dataset that replaced another one is read, with the same number of versions, fewer or more."""
    client, writer, path = opened
    committed(writer, [4])
    ids(client)
    shutil.rmtree(path)
    writer = made(path, [7])
    for number in range(1, commits):
        committed(writer, [7 + number])
    assert ids(client) == [7, 8, 9][:commits]


@pytest.mark.fault(98, "the files of a dataset are replaced: its new rows, or a TqlError")
def test_a_dataset_that_is_deleted(opened: tuple[Client, Any, str]) -> None:
    """Each query of a deleted dataset raises `NotFound`, and a new dataset at its path is read."""
    client, _, path = opened
    ids(client)
    shutil.rmtree(path)
    for _ in range(2):
        with pytest.raises(NotFound, match="no dataset"):
            client.query(IDS)
    made(path, [9])
    assert ids(client) == [9]


@pytest.mark.parametrize("place", ["folder", "memory"])
def test_a_dataset_is_opened_again_only_where_something_was_committed(place: str, tmp_path: Path) -> None:
    """An unchanged dataset is not opened again."""
    path = "mem://unchanged" if place == "memory" else str(tmp_path / "d")
    writer = made(path, [1])
    opened = Opened(path, None)
    call = Call("", as_list=True, deadline=time.monotonic() + 60, request_id="", stop=CancelToken())
    first = opened.refresh(call)
    assert opened.refresh(call) is first
    committed(writer, [2])
    second = opened.refresh(call)
    assert second is not first
    assert opened.refresh(call) is opened.refresh(call) is second
    assert (len(first.dataset), len(second.dataset)) == (1, 2)


BUSY = """
import sys, time
import deeplake
from tql import select
from tql_client import connect
from tql_client.errors import QueryTimeout

path, seconds = sys.argv[1], []
client = connect(path)
client.query(select("id"))
client = client.with_options(timeout=0.5)
held = deeplake.open_read_only(path)
blocking = held.query_async("select id sample by 0.0 replace true")
time.sleep(0.2)
for ask in (lambda: client.query(select("id")), lambda: client.query("select id"), lambda: client.compile("select id")):
    started = time.monotonic()
    try:
        ask()
    except QueryTimeout:
        seconds.append(round(time.monotonic() - started, 1))
print(*seconds, flush=True)
import os
os._exit(0)
"""


def test_an_engine_that_is_busy_for_ever(tmp_path: Path) -> None:
    """While a query blocks the engine, other queries, and the refresh before them, end at their timeouts."""
    path = str(tmp_path / "d")
    made(path, [1])
    done = subprocess.run([sys.executable, "-c", BUSY, path], capture_output=True, text=True, check=False, timeout=60)
    seconds = list(map(float, done.stdout.split()))
    assert len(seconds) == 3, done.stderr
    assert max(seconds) < 0.5 + SLACK


CLOSING = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from tql import TqlError, select
from tql_client import connect

def ask(client):
    try:
        return len(client.query(select("id").order_by("id")))
    except TqlError as error:
        return type(error).__name__

seen = set()
for number in range(60):
    client = connect(sys.argv[1])
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(ask, client) for _ in range(4)]
        time.sleep(number % 20 / 5000)
        client.close()
        seen |= {future.result() for future in futures}
    with connect(sys.argv[1], timeout=0.0003 * (number % 5 + 1)) as client:
        seen.add(ask(client))
print(*sorted(map(str, seen)))
"""


def test_what_is_given_up_does_not_end_the_process(tmp_path: Path) -> None:
    """The engine finishes abandoned queries while the client is closed, or after a timeout."""
    path = str(tmp_path / "d")
    made(path, list(range(100)))
    done = subprocess.run(
        [sys.executable, "-c", CLOSING, path], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= {"100", "Cancelled", "ClosedError", "DeadlineExceeded"}


def test_a_dataset_in_memory() -> None:
    """Datasets in memory are read in their newest version too."""
    writer = made("mem://committed", [1])
    with connect("mem://committed") as client:
        assert ids(client) == [1]
        committed(writer, [2])
        assert ids(client) == [1, 2]


@pytest.mark.parametrize("rows", [[[]], [[], []], [[], [3, -4]]], ids=str)
@pytest.mark.parametrize("norm", ["l1_norm", "l2_norm", "linf_norm"])
def test_the_norms_of_empty_arrays(norm: str, rows: list[list[int]], tmp_path: Path) -> None:
    """Norms of empty arrays are 0, also if every array is empty and the engine cannot read the column as a whole."""
    dataset = deeplake.create(str(tmp_path / "d"))
    dataset.add_column("lists", deeplake.types.Array("int32", 1))
    dataset.append({"lists": [np.array(row, "i4") for row in rows]})
    dataset.commit()
    order = {"l1_norm": 1, "l2_norm": 2, "linf_norm": np.inf}[norm]
    with connect(str(tmp_path / "d")) as client:
        result = client.query(select(x=getattr(fn, norm)(col("lists"))))

        assert result["x"] == [float(np.linalg.norm(row, order)) if row else 0.0 for row in rows]
        assert result.to_numpy("x").tolist() == result["x"]


def test_commits_while_it_answers(tmp_path: Path) -> None:
    """Every result has the rows of one version, while threads query and a writer commits."""
    path = str(tmp_path / "d")
    writer = made(path, list(range(10)))
    odd: list[str] = []
    done = threading.Event()

    def ask(client: Client) -> None:
        while not done.is_set():
            try:
                rows = client.query(select("id", "a", "b").where(col("a") >= 0)).rows
            except Exception as error:  # noqa: BLE001 - any exception fails the test
                odd.append(repr(error))
                return
            if len(rows) % 10 or any(row["id"] != row["a"] or row["a"] != row["b"] for row in rows):
                odd.append(f"{len(rows)} rows")

    with connect(path) as client:
        threads = [threading.Thread(target=ask, args=(client,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(1, 30):
            committed(writer, list(range(10 * number, 10 * number + 10)))
        done.set()
        for thread in threads:
            thread.join()
        assert len(client.query(IDS)) == 300
    assert odd == []


@pytest.mark.parametrize("way", WAYS)
def test_what_the_engine_raises(way: str, tmp_path: Path) -> None:
    """Exceptions of the engine's own classes, for example `InvalidType`, are translated to `BadQuery`."""
    path = str(tmp_path / "d")
    dataset = deeplake.create(path)
    dataset.add_column("m", deeplake.types.Dict())
    dataset.append({"m": [{"a": "x"}, {"b": 1}]})
    dataset.commit()
    with serve({"d": path}) as server:
        client = connect(server.url, "d") if way == "served" else connect(path, "d", isolated=way == "isolated")
        with client, pytest.raises(BadQuery, match="Dtype is unknown"):
            client.query("select m['zz'] + 1 as q from \"d\"", on_findings="ignore")


# --- texts that end the engine ---------------------------------------------------------------------------------------

DEADLY = 'select e[0:4:0] as x from "d"'


@pytest.mark.fault(
    100, "a query that crashes the engine: refused in this process, not sent again after a lost connection"
)
def test_a_text_that_ends_the_engine_is_not_sent_twice() -> None:
    """A deadly query is not retried after a lost connection, since it may have crashed the server."""
    good = 'select e[0:4:2] as x from "d"'
    for text, requests in ((DEADLY, 1), (good, 3)):
        with FaultServer(raw(b"")) as server, client_of(server.url, pauses=[]) as client:
            with pytest.raises(ConnectionLost):
                client.query(text, on_findings="ignore")
            assert len(server.requests) == requests


def test_a_text_that_ends_the_engine_is_sent_where_the_user_insists() -> None:
    """With on_findings="ignore" a deadly query is sent over HTTP, where the engine is in another process."""
    with FaultServer(answer()) as server, connect(server.url) as client:
        client.query(DEADLY, on_findings="ignore")
        assert len(server.requests) == 1


@pytest.mark.fault(
    100, "a query that crashes the engine: refused in this process, not sent again after a lost connection"
)
def test_a_text_that_ends_the_engine_is_refused_in_this_process(tmp_path: Path) -> None:
    """Deadly queries are rejected despite on_findings="ignore" and comments that ignore rules; also those that only the schema reveals."""
    path = str(tmp_path / "d")
    dataset = deeplake.create(path)
    dataset.add_column("e", deeplake.types.Embedding(4))
    dataset.add_column("n", deeplake.types.Nullable(deeplake.types.Int64()))
    dataset.append({"e": [[1.0, 2.0, 3.0, 4.0]], "n": [1]})
    dataset.commit()
    texts = {
        DEADLY: "TQL403",
        "select e[0:4:0] as x -- tql: ignore[TQL403]": "TQL403",
        "select * where n between 1 and 5": "TQL406",
        "select * sample by 0.0 replace true": "TQL408",
    }
    with connect(path, "d") as client:
        for text, code in texts.items():
            with pytest.raises(BadQuery, match=code) as caught:
                client.query(text, on_findings="ignore")
            assert caught.value.diagnostic is not None
            assert caught.value.diagnostic.code == code
            assert caught.value.hint == caught.value.diagnostic.hint
        assert len(client.query(select("e"))) == 1


@pytest.mark.parametrize("verify", ["", "  ", 0, 1, b"", b"ca.pem", []])
def test_no_answer_to_whom_to_trust(verify: Any) -> None:
    """A `verify` that is neither a path, a bool nor None is rejected; requests treats an empty one as False."""
    with pytest.raises(ConfigError, match="verify"):
        connect("https://example.test/q", token="t", verify=verify)  # noqa: S106 - nothing is sent


# --- the version of the engine ---------------------------------------------------------------------------------------


def test_this_engine_is_not_warned_of() -> None:
    """`%` of the installed engine is that of SQL."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine()
    dataset = made("mem://remainder", [7])
    view = dataset.query("select id % 10 as r")
    assert view["r"][:].tolist() == [7]
