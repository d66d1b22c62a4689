"""A process that may open no more files: the engine ends it with SIGFPE, so the client does not ask the engine."""

from __future__ import annotations

import pytest

from tests.client.sigfpe import CLIENT, ENGINE, ended


@pytest.mark.parametrize(("what", "expected"), [(ENGINE, "SIGFPE"), (CLIENT, "exit 0")])
def test_without_files(what: str, expected: str) -> None:
    """The engine still does; through the client there is an error, and rows once there is room."""
    assert ended(what) == expected
