"""The newest commit, read from the counter of a dataset, is the version that the engine reads from the same disk."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deeplake
import pytest

from tql_client.engine.commits import newest_commit
from tql_client.engine.opened import Opened
from tql_client.protocol.call import Call, CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 40


def call() -> Call:
    """Return a call for a minute."""
    return Call("", as_list=True, deadline=time.monotonic() + 60, request_id="", stop=CancelToken())


def made(path: str) -> Any:
    """Create a dataset of five rows with a column of numbers."""
    dataset = deeplake.create(path)
    dataset.add_column("id", deeplake.types.Int64())
    dataset.append({"id": [1, 2, 3, 4, 5]})
    dataset.commit()
    return dataset


def appended(dataset: Any, number: int) -> None:
    """Append a row."""
    dataset.append({name: [number] for name in (column.name for column in dataset.schema.columns)})
    dataset.commit()


def updated(dataset: Any, number: int) -> None:
    """Change a value."""
    dataset["id"][0] = number
    dataset.commit()


def deleted(dataset: Any, _: int) -> None:
    """Delete a row."""
    if len(dataset) > 1:
        dataset.delete(0)
        dataset.commit()


def with_column(dataset: Any, number: int) -> None:
    """Add a column."""
    dataset.add_column(f"c{number}", deeplake.types.Int64())
    dataset.commit()


def described(dataset: Any, number: int) -> None:
    """Set a key of the metadata."""
    dataset.metadata["number"] = number
    dataset.commit()


def uncommitted(dataset: Any, number: int) -> None:
    """Change a value, which readers do not see."""
    dataset["id"][0] = -number


def tagged(dataset: Any, number: int) -> None:
    """Give the version a name."""
    dataset.commit()
    dataset.tag(f"t{number}")


def branched(dataset: Any, number: int) -> None:
    """Make a branch and commit to it."""
    dataset.commit()
    branch = dataset.branch(f"b{number}").open()
    branch.append({"id": [number]})
    branch.commit()


CHANGES: list[Callable[[Any, int], None]] = [appended, updated, deleted, with_column, described, uncommitted, tagged]


def require_same(opened: Opened, path: str) -> None:
    """Compare the version of the next query with one that is opened now."""
    found: Any = opened.refresh(call()).dataset
    wanted: Any = deeplake.open_read_only(path)
    assert found.version == wanted.version
    assert [column.name for column in found.schema.columns] == [column.name for column in wanted.schema.columns]
    assert list(found["id"][:]) == list(wanted["id"][:])


@pytest.mark.parametrize("seed", range(3))
def test_every_commit_is_seen(seed: int, tmp_path: Path) -> None:
    """After each change, twice, a query reads the version that a new handle of the engine reads."""
    path, draw = str(tmp_path / "d"), random.Random(seed)  # noqa: S311 - the same changes each time
    writer = made(path)
    opened = Opened(path, None)
    for number in range(STEPS):
        draw.choice(CHANGES)(writer, number)
        require_same(opened, path)
        require_same(opened, path)
    newest = newest_commit(path)
    assert newest is not None
    assert newest.is_version(opened.current().dataset.version)


def test_a_dataset_with_branches_is_refreshed(tmp_path: Path) -> None:
    """The counter of which branch counts is not known, so the engine is asked."""
    path = str(tmp_path / "d")
    writer = made(path)
    opened = Opened(path, None)
    branched(writer, 1)
    assert newest_commit(path) is None
    for number in range(3):
        appended(writer, number)
        require_same(opened, path)


def test_a_commit_that_is_not_complete(tmp_path: Path) -> None:
    """A writer increments the counter before it writes its file: until the file is there, each query asks the engine."""
    path = str(tmp_path / "d")
    writer = made(path)
    opened = Opened(path, None)
    require_same(opened, path)
    (log,) = (folder for folder in Path(path, "_deeplake_log").iterdir() if folder.name != "_meta")
    before = {file.name for file in log.iterdir()}
    appended(writer, 7)
    (file,) = (file for file in log.iterdir() if file.name not in before and "jsonl" in file.name)
    content = file.read_bytes()
    file.unlink()
    assert len(opened.refresh(call()).dataset) == 5
    newest = newest_commit(path)
    assert newest is not None
    assert not newest.is_version(opened.current().dataset.version)
    file.write_bytes(content)
    assert len(opened.refresh(call()).dataset) == 6


def test_what_is_no_local_dataset(tmp_path: Path) -> None:
    """Its newest commit is not known."""
    (tmp_path / "empty").mkdir()
    for path in ("mem://x", "s3://bucket/x", str(tmp_path / "none"), str(tmp_path / "empty"), "a\0b"):
        assert newest_commit(path) is None
