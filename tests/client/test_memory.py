"""What large answers take: the most memory of a process that asks, beside the size of the answer."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.client.fault_server import FaultServer, answer
from tql_client.protocol.wire import encode_answer

MIB = 2**20
SIZE = 100 * 10**6


def taken(body: bytes, largest: int = 256 * MIB, **headers: str) -> tuple[int, str]:
    """Return how many bytes the query took, and what came of it."""
    with FaultServer(answer(body, 200, keep=True, **headers)) as server:
        command = [sys.executable, "-m", "tests.client.memory", server.url, str(largest)]
        said = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True).stdout
    count, _, seen = said.strip().partition(" ")
    return int(count), seen


def texts(*, as_list: bool) -> bytes:
    """Return an answer of texts and scores."""
    rows = 10_000
    one = encode_answer({"text": ["x" * 200] * rows, "score": [number / 7 for number in range(rows)]}, as_list=as_list)
    many = SIZE * rows // len(one)
    return encode_answer({"text": ["x" * 200] * many, "score": [number / 7 for number in range(many)]}, as_list=as_list)


def vectors() -> bytes:
    """Return an answer of embeddings."""
    numbers = np.random.default_rng(0).standard_normal((5000, 1536)).astype(np.float32)
    one = encode_answer({"e": numbers[:100]}, as_list=True)
    return encode_answer({"e": np.resize(numbers, (SIZE * 100 // len(one), 1536))}, as_list=True)


@pytest.mark.parametrize("kind", ["rows", "columns", "vectors"])
def test_an_answer_of_100_mb(kind: str) -> None:
    """The most memory that it takes is less than three times its size."""
    body = vectors() if kind == "vectors" else texts(as_list=kind == "rows")
    count, seen = taken(body)
    print(f"{kind}: {len(body) / 10**6:.0f} MB take {count / 10**6:.0f} MB, {count / len(body):.2f} times")  # noqa: T201 - shown by -rP

    assert seen.endswith("rows")
    assert len(body) > 0.95 * SIZE
    assert count < 3 * len(body)


@pytest.mark.parametrize("whole", [True, False])
def test_a_bomb_takes_little(whole: bool) -> None:  # noqa: FBT001 - a parameter
    """A megabyte that unpacks to one GiB is refused with less than 100 MB, as one stream and as many."""
    bomb = gzip.compress(b" " * 1024 * MIB, 6) if whole else gzip.compress(b" " * 8 * MIB, 9) * 128
    count, seen = taken(bomb, 32 * MIB, Content_Encoding="gzip")

    assert len(bomb) < 1.1 * MIB
    assert seen == "refused"
    assert count < 100 * 10**6
