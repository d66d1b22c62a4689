"""The limit of open files, at which the engine crashes with SIGFPE: the client rejects the query instead."""

from __future__ import annotations

import pytest

from tests.client.sigfpe import CLIENT, ENGINE, ended


@pytest.mark.parametrize(("what", "expected"), [(ENGINE, "SIGFPE"), (CLIENT, "exit 0")])
def test_without_files(what: str, expected: str) -> None:
    """The engine alone crashes; the client raises an error, and returns rows once files can be opened."""
    assert ended(what) == expected
