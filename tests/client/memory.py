"""Peak memory of a query in bytes, less the memory before it: ``python -m tests.client.memory URL LARGEST``."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from tests.client.fault_server import QUERY
from tql_client import connect
from tql_client.errors import ResponseTooLarge
from tql_client.protocol.wire import decode_answer


def highest() -> int:
    """Return the peak memory of this process."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    """Send one query, and print its memory."""
    url, largest = sys.argv[1], int(sys.argv[2])
    decode_answer(b'{"data": [{"a": 0.5}]}')
    with connect(url, largest_answer=largest, timeout=120) as client:
        gc.collect()
        before = highest()
        try:
            seen = f"{len(client.query(QUERY))} rows"
        except ResponseTooLarge:
            seen = "refused"
        sys.stdout.write(f"{highest() - before} {seen}\n")


if __name__ == "__main__":
    main()
