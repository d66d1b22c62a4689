"""Small datasets from columns and from rows, paths as `pathlib.Path`, and clients that ``async with`` closes."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tql import select
from tql_client import connect
from tql_client.datasets import write
from tql_client.errors import ClosedError, ConfigError

if TYPE_CHECKING:
    from tql_client import Client


def test_rows(tmp_path: Path) -> None:
    """A key that a row does not have is null; the columns are in the order of their first use."""
    rows: list[dict[str, Any]] = [
        {"id": 1, "text": "a", "meta": {"a": 1}},
        {"id": 2, "price": 1.5, "meta": {}},
        {"price": 2, "text": None},
    ]
    path = write(rows, str(tmp_path / "d"))
    with connect(path) as client:
        found = client.query("select *")

    assert found.names == ("id", "text", "meta", "price")
    assert found.rows == [{**dict.fromkeys(found.names), **row} for row in rows]


def test_rows_and_columns_are_the_same(tmp_path: Path) -> None:
    """Both forms write the same dataset."""
    rows = [{"id": number, "e": [1.0, float(number)], "text": str(number)} for number in range(3)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    with connect(write(rows, tmp_path / "rows")) as one, connect(write(columns, tmp_path / "columns")) as other:
        assert one.query("select *").rows == other.query("select *").rows
        assert one.reflect().to_json() == other.reflect().to_json()


@pytest.mark.parametrize("wrong", [[], [1], "abc", 3, None, [{"id": 1}, 2]], ids=repr)
def test_values_that_are_neither(wrong: Any, tmp_path: Path) -> None:
    """The error has both forms, and nothing is written."""
    with pytest.raises(ConfigError, match=r'`write` takes the values of each column, \{"id": \[1, 2\]\}, or a list of'):
        write(wrong, tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_a_column_without_values_writes_nothing(tmp_path: Path) -> None:
    """The types are known before the dataset is made, so that a second try can use the path."""
    rows: list[dict[str, Any]] = [{"id": 1, "text": None}]
    with pytest.raises(ConfigError, match="'text'"):
        write(rows, tmp_path / "d")
    assert write([{"id": 1}], tmp_path / "d") == str(tmp_path / "d")


def test_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`write` returns a str; `connect` takes a path, absolute or relative, as it takes a str."""
    monkeypatch.chdir(tmp_path)
    assert write({"id": [1, 2]}, Path("chunks")) == "chunks"
    for path in (Path("chunks"), Path("./chunks"), tmp_path / "chunks"):
        with connect(path) as client:
            assert client.query(select("id"))["id"] == [1, 2]
    with pytest.raises(ConfigError, match="must be the URL of an endpoint or the path of a dataset, got int"):
        connect(3)  # type: ignore[call-overload, arg-type, unused-ignore]  # the mistake


def test_async_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is closed at the end of the block, also after an error, in a thread of its own."""
    path = write({"id": [1, 2]}, tmp_path / "d")
    closed_in: list[threading.Thread] = []

    async def use(client: Client) -> None:
        close = client.close

        def closed() -> None:
            closed_in.append(threading.current_thread())
            close()

        monkeypatch.setattr(client, "close", closed)
        async with client as same:
            assert same is client
            assert (await client.aquery(select("id")))["id"] == [1, 2]
            message = "an error in the block"
            raise LookupError(message)

    client = connect(path)
    with pytest.raises(LookupError, match="an error in the block"):
        asyncio.run(use(client))

    assert len(closed_in) == 1
    assert closed_in[0] is not threading.main_thread()
    with pytest.raises(ClosedError):
        client.query(select("id"))
