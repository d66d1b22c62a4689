"""
The time from a change to its diagnostics, of `tql lsp` and of `sqruff lsp`, with the same client and the same texts: `make editor-peers`.

sqruff checks SQL of other dialects: how it is written, not what an engine of TQL does with it. The texts are SQL and TQL.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from tests.client.lsp.test_server import COMMAND, PATIENCE, Editor

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANGES = 100
QUERY = "select id, text\nfrom t\nwhere id > 3\n" + "and id < 100\n" * 36
VECTOR = f"select id from t where e = ARRAY[{', '.join(str(number / 7) for number in range(1536))}]\n"
TEXTS = {"40 lines": QUERY, "1,536 numbers": VECTOR}


async def measured(command: Sequence[str], suffix: str) -> list[str]:
    """Return the start of a server in milliseconds, and for each text the median and the 95th percentile from a change to its diagnostics."""
    editor, begin = Editor("utf-16"), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"query{suffix}"
        editor.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
        await editor.start(Path(folder), command)
        found = [f"{(time.perf_counter() - begin) * 1000:.0f}"]
        editor.uri, editor.version = path.as_uri(), 1
        item = lsp.TextDocumentItem(editor.uri, suffix[1:], 1, "select id\n")
        editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        await published(editor)
        for text in TEXTS.values():
            taken = []
            for number in range(CHANGES):
                changed = f"{text}limit {number}\n"
                begin = time.perf_counter()
                editor.change(changed)
                await published(editor)
                taken.append((time.perf_counter() - begin) * 1000)
            found.append(f"{statistics.median(taken):.1f} / {statistics.quantiles(taken, n=20)[-1]:.1f}")
        await editor.stop()
    return found


async def published(editor: Editor) -> None:
    """Wait for the next diagnostics; sqruff does not say of which version of the text they are, so one change follows the other."""
    await asyncio.wait_for(editor.published.get(), PATIENCE)


def main(sqruff: str) -> None:
    """Print the rows of docs/editors.md."""
    rows = {
        "`tql lsp`": measured(COMMAND, ".tql"),
        "`sqruff lsp`": measured((sqruff, "lsp"), ".sql"),
    }
    sys.stdout.write(f"| server | start (ms) | {' | '.join(f'{name}: median / p95 (ms)' for name in TEXTS)} |\n")
    sys.stdout.write(f"|---|{'---|' * (len(TEXTS) + 1)}\n")
    for name, row in rows.items():
        sys.stdout.write(f"| {name} | {' | '.join(asyncio.run(row))} |\n")


if __name__ == "__main__":
    # The servers start in folders of their own.
    main(str(Path(sys.argv[1]).absolute()))
