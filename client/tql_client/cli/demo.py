"""
Demo: a vector search, over HTTP, for the docstring of Python's standard library that answers a question.

The data are 1,694 docstrings (PSF licence) and 24 questions, with embeddings of 384 float32 numbers by all-MiniLM-L6-v2 (Apache-2.0).
"""

from __future__ import annotations

import json
import lzma
import sys
import tempfile
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tql import col, select
from tql_client.connection import connect
from tql_client.engine.embedded import engine
from tql_client.errors import ConfigError
from tql_client.extras import missing
from tql_client.server.local import serve
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from tql import Query
    from tql_client.client import Client

NAME = "hub://demo/pydocs"
TOKEN = "demo-token"  # noqa: S105 - the token of a temporary server on this machine
NEAREST = 5
BATCH = 121
TRAP = f'select name from "{NAME}" where id > 1690 & id < 1692'  # noqa: S608 - a hand-written query with a trap, on purpose
MEANT = TRAP.replace("&", "and")


class Data(Record):
    """
    The demo's data.

    Attributes:
        docstrings: dicts with id, module, name, kind and text.
        embeddings: the embeddings of the docstrings, shape (1694, 384), float32.
        questions: the questions.
        vectors: the embeddings of the questions, shape (24, 384), float32.
    """

    docstrings: list[dict[str, Any]]
    embeddings: NDArray[np.float32]
    questions: list[str]
    vectors: NDArray[np.float32]


def read_data() -> Data:
    """Return the data of the demo, which the package contains."""
    import numpy as np

    folder = files("tql_client.cli") / "data"
    lines = lzma.decompress((folder / "docstrings.jsonl.xz").read_bytes()).splitlines()
    with (folder / "embeddings.npz").open("rb") as file, np.load(file) as arrays:
        docstrings, questions = arrays["docstrings"], arrays["questions"]
    return Data([json.loads(line) for line in lines], docstrings, questions_in_words(), questions)


def questions_in_words() -> list[str]:
    """Return the questions."""
    questions: list[str] = json.loads((files("tql_client.cli") / "data" / "questions.json").read_text(encoding="utf-8"))
    return questions


def pick(question: str, questions: list[str]) -> int:
    """
    Return the index of a question, given as its number, from 1, or its text.

    Raises:
        ConfigError: there is no such question; the message has the three most similar ones.
    """
    if question in questions:
        return questions.index(question)
    if question.isdecimal() and 1 <= int(question) <= len(questions):
        return int(question) - 1
    similar = get_close_matches(question, questions, n=3, cutoff=0) or questions[:3]
    message = (
        f"no question {question!r}: pass a number from 1 to {len(questions)} or a question of --list, for example:\n"
        + "\n".join(f"  {text}" for text in similar)
    )
    raise ConfigError(message)


def write_dataset(path: str, data: Data, progress: Callable[[int, int], None]) -> None:
    """Write the docstrings and their embeddings to a Deep Lake dataset in batches."""
    deeplake = engine()
    types = deeplake.types
    dataset = deeplake.create(path)
    for name, kind in (
        ("id", types.Int64()),
        ("module", types.Text()),
        ("name", types.Text()),
        ("text", types.Text()),
        ("embedding", types.Embedding(data.embeddings.shape[1])),
    ):
        dataset.add_column(name, kind)
    total = len(data.docstrings)
    for start in range(0, total, BATCH):
        rows = data.docstrings[start : start + BATCH]
        columns = {name: [row[name] for row in rows] for name in ("id", "module", "name", "text")}
        dataset.append({**columns, "embedding": data.embeddings[start : start + BATCH]})
        progress(min(start + BATCH, total), total)
    dataset.commit()


def nearest(vector: NDArray[np.float32]) -> Query:
    """Return the query for the docstrings with the most similar embeddings."""
    return select("module", "name", "text").similarity("embedding", vector).order_by("score").limit(NEAREST)


@contextmanager
def demo_client(data: Data, progress: Callable[[int, int], None]) -> Iterator[Client]:
    """Yield a client of a temporary local server with the data."""
    with tempfile.TemporaryDirectory(prefix="tql-demo-") as folder:
        path = str(Path(folder) / "pydocs")
        write_dataset(path, data, progress)
        with serve({NAME: path}, token=TOKEN) as server, connect(server.url, dataset=NAME, token=TOKEN) as client:
            yield client


def run(question: str, *, as_json: bool) -> None:
    """Answer a question, and print the queries and their rows."""
    require_libraries()
    data = read_data()
    number = pick(question, data.questions)
    with progress_bar() as progress, demo_client(data, progress) as client:
        (_report_json if as_json else _report)(client, data, number)


def require_libraries() -> None:
    """Raise `MissingExtra` if a library of the demo is not installed."""
    try:
        engine()
        for name in ("rich", "starlette", "uvicorn"):
            import_module(name)
    except ImportError:
        raise missing("the demo needs deeplake, starlette, uvicorn and rich", "embedded", "cli") from None


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """Yield a function that advances a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("writing the dataset", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if done == total:
                bar.stop()

        yield advance


def _report_json(client: Client, data: Data, number: int) -> None:
    """Print the rows of the queries as JSON."""
    query = nearest(data.vectors[number])
    filtered = query.where(col("module") == "os.path")
    trap, meant = client.query(TRAP, on_findings="ignore"), client.query(MEANT)
    report = {
        "question": data.questions[number],
        "query": repr(query),
        "rows": client.query(query).rows,
        "os.path": client.query(filtered).rows,
        "as_list=False": client.query(query, as_list=False).rows,
        "trap": {"written": TRAP, "rows": len(trap), "meant": MEANT, "rows_meant": len(meant)},
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def _report(client: Client, data: Data, number: int) -> None:
    """Print the queries and their rows as tables."""
    from rich.console import Console

    console = Console(soft_wrap=False, highlight=False)
    query = nearest(data.vectors[number])
    filtered = query.where(col("module") == "os.path")
    console.print(f"[bold]Question {number + 1}:[/bold] {data.questions[number]}\n")
    _show(console, "The five most similar of 1,694 docstrings, over HTTP", client, query, as_list=True)
    _show(console, 'The same, filtered by module == "os.path"', client, filtered, as_list=True)
    _show(
        console,
        "The same with as_list=False: one list per column on the wire, the same rows",
        client,
        query,
        as_list=False,
    )
    _show_trap(console, client)


def _show(console: Any, title: str, client: Client, query: Query, *, as_list: bool) -> None:  # noqa: ANN401 - a console of rich
    """Run a query, and print its chain, its TQL and its rows."""
    from rich.markup import escape
    from rich.table import Table

    result = client.query(query, as_list=as_list)
    console.print(f"[bold]{escape(title)}[/bold]")
    console.print(escape(repr(query)), style="cyan")
    console.print(escape(_abbreviate_vector(result.meta.query)), style="dim")
    table = Table("score", "docstring", "begins")
    for row in result:
        table.add_row(
            f"{row['score']:.4f}", f"{row['module']}.{row['name']}", escape(row["text"].partition("\n")[0][:60])
        )
    console.print(table)
    console.print(f"{len(result)} rows in {result.meta.elapsed * 1000:.0f} ms\n")


def _abbreviate_vector(text: str) -> str:
    """Return a query text with its vector abbreviated."""
    start, end = text.find("ARRAY[") + len("ARRAY["), text.find("]")
    return f"{text[:start]}<{text.count(',', start, end) + 1} float32>{text[end:]}"


def _show_trap(console: Any, client: Client) -> None:  # noqa: ANN401 - a console of rich
    """Print the findings of `check` in a hand-written query, and the rows that the engine returns for it."""
    from rich.markup import escape

    from tql import check

    console.print("[bold]A hand-written query, checked before it is sent[/bold]")
    for finding in check(TRAP):
        console.print(escape(finding.picture(TRAP)))
        console.print(escape(f"{finding.code}: {finding.message}"))
    wrong, right = client.query(TRAP, on_findings="ignore"), client.query(MEANT)
    console.print(f"sent unchanged: {len(wrong)} rows {escape(str(wrong['name']))}")
    console.print(f"with AND: {len(right)} rows {escape(str(right['name']))}")
