"""What a call of the client costs beside a bare one: requests' session, and orjson, on a kept connection to the same server."""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import orjson
import requests

from tests.client.fault_server import FaultServer, answer
from tql import select
from tql_client import connect

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS, CALLS = 41, 50
TARGET = 1.10
ROWS = {"tensors": ["text", "score"], "data": [{"text": f"text {number}", "score": number / 7} for number in range(10)]}


def _serve(pipe: Any) -> None:
    """Answer until the parent is gone."""
    with FaultServer(answer(ROWS)) as server:
        pipe.send(server.url)
        pipe.recv()


def _seconds(act: Callable[[], object]) -> float:
    """Return how long some calls take."""
    started = time.perf_counter()
    for _ in range(CALLS):
        act()
    return time.perf_counter() - started


def ratio() -> float:
    """Return the median of our time by that of a bare call, over alternating pairs."""
    ours, its = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(its,), daemon=True)
    server.start()
    url = ours.recv()
    query = select("text", "score").from_("d").limit(10)
    text = str(query)
    session = requests.Session()

    def bare() -> object:
        return orjson.loads(session.post(url, data=json.dumps({"query": text, "as_list": True})).content)

    with connect(url) as client:

        def called() -> object:
            return client.query(query).rows

        found = []
        for act in (bare, called):
            _seconds(act)
        for _ in range(PAIRS):
            reference, own = _seconds(bare), _seconds(called)
            found.append(own / reference)
    ours.send(None)
    return statistics.median(found)


def main() -> int:
    """Print the ratio and whether it holds."""
    found = ratio()
    sys.stdout.write(
        f"a call: {found:.3f} of a bare one, target {TARGET}: {'holds' if found <= TARGET else 'MISSED'}\n"
    )
    return found > TARGET


if __name__ == "__main__":
    sys.exit(main())
