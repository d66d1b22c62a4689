"""
The texts of random queries, now and in an older commit: ``python -m tests.tql.net COMMIT [COUNT] [--by-commit]``.

Each query is written as the Python expression that makes it; the working tree and the commit compile it, each in a process of its own.
Their texts, or the messages that refuse the query, have to be equal, and in the working tree a copy and the `repr` of each query make an equal one; it exits with 1 on any difference.
The `repr` itself may differ: it is compared by the query that it makes.
``--by-commit`` compiles the queries whose texts differ with each commit in between, and lists how many texts each commit changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.tql.drawn import drawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql import Query

ROOT = Path(__file__).parents[2]
COUNT = 24_000
SHOWN = 5
# What a side says of itself: the older one may not have it.
OWN = ("copied", "pasted")
# What each side says of a query: run with the code of its own commit, by names that the oldest commit has.
SIDE = r"""
import json, pickle, sys
import tql
from tql import *
from tql import parse
try:
    from tql.compiler.compile import compile_query
except ImportError:
    from tql.compile import compile_query

schema = Schema(uid="int64", e="embedding[4]", i="int32", f="float64", t="nullable text", n="nullable int64", id="int64")
schemas = {None: schema, "mem://a": schema, "one": schema}


def said(make):
    try:
        return str(make())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def row(source):
    try:
        query = eval(source)
    except (AttributeError, NameError, TypeError) as error:
        return dict.fromkeys(("text", "of a client", "prepared", "copied", "pasted"), f"unknown: {error}")
    whole = getattr(query, "statement", query)
    return {
        "text": said(lambda: query),
        "of a client": said(lambda: compile_query(whole, "mem://d", schemas, needs_source=True)),
        "prepared": said(lambda: query.to_prepared()) if "param(" in source else "",
        "copied": str(pickle.loads(pickle.dumps(query)) == query and hash(query) == hash(eval(source))),
        "pasted": said(lambda: eval(repr(query)) == query),
    }


assert tql.__file__.startswith(sys.argv[1]), tql.__file__
with open(sys.argv[2], encoding="utf-8") as sources, open(sys.argv[3], "w", encoding="utf-8") as rows:
    for line in sources:
        rows.write(json.dumps(row(json.loads(line))) + "\n")
"""


def pasted(queries: Iterable[Query]) -> tuple[list[str], int]:
    """Return the distinct source expressions of queries, and the number of queries whose `repr` does not recreate them, such as those with long vectors."""
    import tql

    names = {**vars(tql), "raw": tql.raw, "parse": tql.parse}
    found: dict[str, None] = {}
    skipped = 0
    for query in queries:
        text = repr(query)
        try:
            same = eval(text, dict(names)) == query  # noqa: S307 - what the builder has written
        except (SyntaxError, tql.TqlError):
            same = False
        if same:
            found[text] = None
        skipped += not same
    return list(found), skipped


def begun(root: Path, sources: Path, rows: Path) -> subprocess.Popen[bytes]:
    """Start a process that compiles with the code in *root*."""
    path = os.pathsep.join(map(str, (root, root / "client", root / "grammar")))
    command = [sys.executable, "-c", SIDE, str(root), str(sources), str(rows)]
    return subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": path})


def git(*words: str) -> bytes:
    """Return the output of a command of git."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607 - git, wherever it is


def unpacked(commit: str, folder: Path) -> Path:
    """Write the code of a commit into a folder."""
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=git("archive", commit), check=True)  # noqa: S607 - tar, wherever it is
    return folder


def compared(commit: str, sources: list[str], folder: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return, for each query, the result of the commit and of the working tree."""
    old = unpacked(commit, folder / "old")
    given = folder / "sources"
    given.write_text("".join(json.dumps(source) + "\n" for source in sources), encoding="utf-8")
    answers = {root: folder / f"{name}.rows" for name, root in (("before", old), ("after", ROOT))}
    processes = [begun(root, given, rows) for root, rows in answers.items()]
    codes = [process.wait() for process in processes]
    if any(codes):
        message = "a side could not read the queries"
        raise SystemExit(message)
    before, after = (
        [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()] for rows in answers.values()
    )
    return before, after


class History:
    """The results of queries in commits of the history."""

    def __init__(self, sources: list[str]) -> None:
        """Take the source expressions of the queries."""
        self.sources = sources
        self.rows: dict[str, list[dict[str, str]]] = {}

    def results(self, commit: str) -> list[dict[str, str]]:
        """Return the results of a commit, or none if its code cannot compile the queries."""
        if commit not in self.rows:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                given, rows = folder / "sources", folder / "rows"
                given.write_text("".join(json.dumps(source) + "\n" for source in self.sources), encoding="utf-8")
                failed = begun(unpacked(commit, folder / "code"), given, rows).wait()
                lines = [] if failed else rows.read_text(encoding="utf-8").splitlines()
                self.rows[commit] = [json.loads(line) for line in lines]
        return self.rows[commit]

    def changed(self, commit: str, parent: str) -> str:
        """Return the kinds of differences between a commit and one of its parents."""
        pairs = zip(self.results(parent), self.results(commit), strict=False)
        kinds = Counter(_kind(*pair) for pair in pairs if not _agree(*pair))
        return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common() if kind != KINDS[3])

    def listed(self, span: str, *, first_parent: bool = True) -> Iterator[str]:
        """Yield each commit that changed texts, with the number of texts; after a merge, the merged commits that did."""
        options = ["--first-parent"] if first_parent else ["--no-merges"]
        for line in git("log", *options, "--reverse", "--format=%h %p|%s", span, "--", *CODE).decode().splitlines():
            names, subject = line.split("|", 1)
            commit, parent, *merged = names.split()
            kinds = self.changed(commit, parent)
            if kinds:
                yield f"{commit} {subject}: {kinds}"
                if merged:
                    yield from (f"    {line}" for line in self.listed(f"{parent}..{merged[0]}", first_parent=False))


CODE = ("tql", "grammar")


def main(commit: str, count: int, *, listed: bool) -> int:
    """Compare both results and print a summary."""
    sources, skipped = pasted(drawn(count))
    with tempfile.TemporaryDirectory() as folder:
        before, after = compared(commit, sources, Path(folder))
    different = [triple for triple in zip(sources, before, after, strict=True) if not _agree(*triple[1:])]
    refused = sum(row["text"].startswith("ArgumentError") for row in after)
    broken = sum(row[field] != "True" for row in after for field in OWN)
    summary = (
        f"{len(sources) - len(different)} of {len(sources)} queries are equal to those of {commit}: "
        f"{len(sources) - refused} texts, {refused} refusals; "
        f"{skipped} of {count} could not be pasted, {broken} are no equal copies"
    )
    sys.stdout.write("\n".join([summary, *_told(different)]) + "\n")
    if listed:
        _list(commit, different)
    return int(bool(different or broken))


def _list(commit: str, different: list[tuple[str, dict[str, str], dict[str, str]]]) -> None:
    """Print each commit that changed texts as soon as it is compared."""
    changed = [source for source, *rows in different if _kind(*rows) != KINDS[3]]
    for line in History(changed).listed(f"{commit}..HEAD"):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _told(different: list[tuple[str, dict[str, str], dict[str, str]]]) -> Iterator[str]:
    """Yield, for each kind of difference, the number of queries and the first one."""
    kinds = Counter(_kind(*triple[1:]) for triple in different)
    yield from (f"{count} {kind}" for kind, count in kinds.most_common())
    for source, one, two in sorted(different, key=lambda triple: KINDS.index(_kind(*triple[1:])))[:SHOWN]:
        yield f"\n{source}"
        yield from (f"  {field}\n  - {one[field]}\n  + {two[field]}" for field in one if one[field] != two[field])


def _kind(before: dict[str, str], after: dict[str, str]) -> str:
    """Return the most important difference between two results."""
    kinds = [
        _change(before[field], after[field]) for field in after if field not in OWN and before[field] != after[field]
    ]
    return min(kinds, key=KINDS.index)


def _change(before: str, after: str) -> str:
    """Return the difference between two texts, or between the messages of two errors."""
    if before.startswith(UNKNOWN):
        return NEW
    refused = before.startswith(REFUSAL), after.startswith(REFUSAL)
    return KINDS[{(False, False): 0, (False, True): 1, (True, False): 2, (True, True): 3}[refused]]


REFUSAL = "ArgumentError"
UNKNOWN = "unknown: "
NEW = "have a call that the commit did not have"
KINDS = ("have another text", "are refused now", "are not refused now", "are refused with another message", NEW)


def _agree(before: dict[str, str], after: dict[str, str]) -> bool:
    """Return whether two results are equal, apart from the paths of their own code."""
    return all(before[field] == after[field] for field in after if field not in OWN)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[2:] if word.isdigit()]
    sys.exit(main(sys.argv[1], numbers[0] if numbers else COUNT, listed="--by-commit" in sys.argv))
