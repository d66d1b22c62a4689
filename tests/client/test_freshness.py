"""Answers are committed states, and never older than the one before, while another process commits rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.freshness import READERS, WAYS, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.fault(
    97, "a writer commits rows and columns: every answer is a committed state, never older than the last one"
)
@pytest.mark.parametrize("way", WAYS)
def test_answers_are_committed_states(way: str, tmp_path: Path) -> None:
    """Four readers see every answer at least as new as the last commit before its query, columns included; `make freshness` runs a minute for each way."""
    readers = read(way, tmp_path, 2.0)

    assert [reader.wrong for reader in readers] == [None] * READERS
    assert all(len(reader.states) > 1 for reader in readers)
