"""Peak memory of large responses, relative to their size."""

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
    """Return the peak memory of a query in bytes, and its outcome."""
    with FaultServer(answer(body, 200, keep=True, **headers)) as server:
        command = [sys.executable, "-m", "tests.client.memory", server.url, str(largest)]
        said = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True).stdout
    count, _, seen = said.strip().partition(" ")
    return int(count), seen


def texts(*, as_list: bool) -> bytes:
    """Return a response with texts and scores."""
    rows = 10_000
    one = encode_answer({"text": ["x" * 200] * rows, "score": [number / 7 for number in range(rows)]}, as_list=as_list)
    many = SIZE * rows // len(one)
    return encode_answer({"text": ["x" * 200] * many, "score": [number / 7 for number in range(many)]}, as_list=as_list)


def vectors() -> bytes:
    """Return a response with embeddings."""
    numbers = np.random.default_rng(0).standard_normal((5000, 1536)).astype(np.float32)
    one = encode_answer({"e": numbers[:100]}, as_list=True)
    return encode_answer({"e": np.resize(numbers, (SIZE * 100 // len(one), 1536))}, as_list=True)


@pytest.mark.parametrize("kind", ["rows", "columns", "vectors"])
def test_an_answer_of_100_mb(kind: str) -> None:
    """The peak memory is less than three times the size of the response."""
    body = vectors() if kind == "vectors" else texts(as_list=kind == "rows")
    count, seen = taken(body)
    print(f"{kind}: {len(body) / 10**6:.0f} MB take {count / 10**6:.0f} MB, {count / len(body):.2f} times")  # noqa: T201 - shown by -rP

    assert seen.endswith("rows")
    assert len(body) > 0.95 * SIZE
    assert count < 3 * len(body)


@pytest.mark.parametrize("whole", [True, False])
def test_a_bomb_takes_little(whole: bool) -> None:  # noqa: FBT001 - a parameter
    """A response of 1 MB that decompresses to 1 GiB is rejected with less than 100 MB of memory, as one compressed stream and as many."""
    bomb = gzip.compress(b" " * 1024 * MIB, 6) if whole else gzip.compress(b" " * 8 * MIB, 9) * 128
    count, seen = taken(bomb, 32 * MIB, Content_Encoding="gzip")

    assert len(bomb) < 1.1 * MIB
    assert seen == "refused"
    assert count < 100 * 10**6
