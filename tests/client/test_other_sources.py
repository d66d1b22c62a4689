"""Queries over datasets other than the client's: their schemas are read too, so that keys are exact there as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import deeplake
import pytest

from tql import CheckError, asc, col, desc, fn, select
from tql_client import connect
from tql_client.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tql_client import Client

START = 1_763_000_000
TIMES = [START + step for step in (5, 40, 3, 39, 41, 3)]


def _write(path: str, **columns: list[int]) -> str:
    """Create a dataset of integers."""
    data = deeplake.create(path)
    for name in columns:
        data.add_column(name, deeplake.types.Int64())
    data.append(columns)
    data.commit()
    return path


@pytest.fixture(params=["embedded", "isolated"])
def paths(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, bool]:
    """Return the paths of a dataset of users and one of events, and whether the engine runs in a child process."""
    users = _write(str(tmp_path / "users"), id=[1, 2, 3])
    events = _write(str(tmp_path / "events"), user=[1, 2, 3, 1, 2, 9], ts=TIMES)
    return users, events, request.param == "isolated"


@pytest.fixture
def client(paths: tuple[str, str, bool]) -> Iterator[Client]:
    """Return a client of the users that may read the events."""
    users, _, isolated = paths
    with connect(users, allow_sources=True, isolated=isolated) as opened:
        yield opened


def test_a_join_of_two_datasets_has_the_option_in_its_error(paths: tuple[str, str, bool]) -> None:
    """Without it the error names it; with it the rows are paired."""
    users, events, isolated = paths
    joined = select(u=col("id", of="u"), at=col("ts", of="e")).from_(users, "u")
    joined = joined.join(events, col("id", of="u") == col("user", of="e"), alias="e")

    with connect(users, isolated=isolated) as closed, pytest.raises(NotFound) as caught:
        closed.query(joined)
    assert "connect(.., allow_sources=True)" in (caught.value.hint or "")
    with connect(users, isolated=isolated, allow_sources=True) as client:
        assert sorted(row["u"] for row in client.query(joined)) == [1, 1, 2, 2, 3]


def test_keys_of_another_dataset_are_exact(client: Client, paths: tuple[str, str, bool]) -> None:
    """Epoch seconds of another dataset sort, group and are distinct as they are."""
    events = paths[1]
    latest = select("ts").from_(events).order_by(desc("ts")).limit(2)
    distinct = select("ts").from_(events).distinct().order_by(asc("ts"))
    counts = select("ts", n=fn.count()).from_(events).group_by("ts")

    assert client.query(latest)["ts"] == sorted(TIMES)[:-3:-1]
    assert client.query(distinct)["ts"] == sorted(set(TIMES))
    assert {row["ts"]: row["n"] for row in client.query(counts).rows} == {ts: TIMES.count(ts) for ts in TIMES}


def test_a_join_with_another_dataset_is_exact(client: Client, paths: tuple[str, str, bool]) -> None:
    """Rows of both match by their exact keys."""
    users, events, _ = paths
    joined = select(id=col("id", of="u"), ts=col("ts", of="e")).from_(users, alias="u")
    query = joined.join(events, col("id", of="u") == col("user", of="e"), alias="e").order_by("ts")

    expected = sorted((ts, user) for ts, user in zip(TIMES, [1, 2, 3, 1, 2, 9], strict=True) if user < 9)
    assert [row["ts"] for row in client.query(query).rows] == [ts for ts, _ in expected]


def test_new_rows_of_another_dataset_are_read(client: Client, paths: tuple[str, str, bool]) -> None:
    """A later query reads what was committed in between."""
    events = paths[1]
    query = select("ts").from_(events).order_by(desc("ts")).limit(1)
    assert client.query(query)["ts"] == [START + 41]

    data = deeplake.open(events)
    data.append({"user": [1], "ts": [START + 42]})
    data.commit()

    assert client.query(query)["ts"] == [START + 42]


def test_a_text_over_another_dataset_is_checked_with_its_schema(client: Client, paths: tuple[str, str, bool]) -> None:
    """An unknown column of another dataset is found before the engine runs the text."""
    with pytest.raises(CheckError, match="the columns are user, ts"):
        client.query(f'select tz from "{paths[1]}"')


def test_a_dataset_that_does_not_exist(client: Client, tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(NotFound, match="missing"):
        client.query(select("id").from_(str(tmp_path / "missing")))
