"""The datasets that a text reads, those that are opened here in the place of what their names would open, and the texts that no engine gets to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_client.errors import BadQuery, NotFound
from tql_client.protocol.messages import did_you_mean
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql_grammar import ast
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.schema import Schema
    from tql_grammar.syntax.findings.report import ParseResult

# Not a query (`DELETE FROM t` ends the process), several statements, and a chain that is too long for the engine, in any process.
NO_QUERY = ("TQL190", "TQL191", "TQL402")


class Resolved(Record):
    """
    A text that is ready for the engine.

    Attributes:
        text: what the engine runs on the dataset at `path`.
        path: the dataset on which it runs.
    """

    text: str
    path: str


def resolve(  # noqa: PLR0913 - each is one independent choice
    query: str,
    datasets: Mapping[str, str],
    default_path: str | None,
    columns: Callable[[str], Schema],
    *,
    allow_sources: bool = False,
    may_crash: bool = False,
) -> Resolved:
    """
    Return what to run, and on which dataset.

    Args:
        query: a text; one that the engine refuses is handed on as it is, so that the engine says why.
        datasets: the path of every dataset that may be read, by the names that stand for it.
        default_path: the path of the dataset that a query without FROM reads; None refuses such a query.
        columns: returns the columns of the dataset at a path.
        allow_sources: hand other names on to the engine, which looks for them on disk and in the network.
        may_crash: leave texts to the engine that end its process, or never end, where that process is one of its own; see `tql_grammar.lint.check.crash_findings`.

    Raises:
        BadQuery: the text would end the engine's process, never end, or is no query.
        NotFound: the query reads another dataset, or it names none.
    """
    from tql_grammar.syntax.parser import read

    reading = read(query)
    tree = reading.tree
    _refuse_no_query(reading)
    tables = [] if tree is None else _tables(tree)
    _refuse_foreign(tables, datasets, allow_sources=allow_sources)
    path = default_path or next((datasets[name] for name in tables if name in datasets), None)
    known = _known({None: path, **{name: datasets.get(name) for name in tables}}, columns)
    if not may_crash:
        _refuse_deadly(reading, known)
    if tree is None or path is None:
        return Resolved(query, _some(path, datasets, query_is_read=tree is not None))
    return Resolved(_rewritten(tree, datasets, path) if tables else query, path)


def _known(paths: Mapping[str | None, str | None], columns: Callable[[str], Schema]) -> Mapping[str | None, Schema]:
    """Return the columns of each dataset whose path is known, by its name in the query."""
    return {name: columns(path) for name, path in paths.items() if path is not None}


def _refuse_no_query(reading: ParseResult) -> None:
    """Refuse a text that is no query, more than one, or too long for any engine."""
    _refuse(finding for finding in reading.diagnostics if finding.code in NO_QUERY)


def _refuse_deadly(reading: ParseResult, known: Mapping[str | None, Schema]) -> None:
    """Refuse a text that would end the engine's process, or block it for ever."""
    from tql_grammar.lint.check import crash_findings

    _refuse(crash_findings(reading, known))


def _refuse(findings: Iterable[Diagnostic]) -> None:
    """Raise the first of some findings as the answer of a server."""
    for finding in findings:
        raise BadQuery(400, f"{finding.message} ({finding.code})", hint=finding.hint, diagnostic=finding)


def _tables(tree: ast.Query) -> list[str]:
    """Return the names of the datasets that a query reads, in the order of the text."""
    from tql_grammar import ast
    from tql_grammar.walk import walk

    return [node.name for node in walk(tree) if isinstance(node, ast.Table)]


def _refuse_foreign(tables: list[str], datasets: Mapping[str, str], *, allow_sources: bool) -> None:
    """Refuse a dataset that is not among the known ones."""
    foreign = next((name for name in tables if name not in datasets), None)
    if foreign is None or allow_sources:
        return
    hint = did_you_mean(foreign, datasets) or f"there is {', '.join(f'`{name}`' for name in datasets)}"
    raise NotFound(404, f"the query reads `{foreign}`, which is not a dataset that is answered from here", hint=hint)


def _some(path: str | None, datasets: Mapping[str, str], *, query_is_read: bool) -> str:
    """Return the path for a text that cannot be rewritten: any dataset serves where the engine will refuse the text anyway."""
    found = path or next(iter(datasets.values()), None)
    if found is None or (path is None and query_is_read):
        raise NotFound(404, "the query names no dataset", hint='write FROM "name", or pass connect(.., dataset=name)')
    return found


def _rewritten(tree: ast.Query, datasets: Mapping[str, str], path: str) -> str:
    """Return the text of a tree that reads the dataset at *path* where no FROM is, and others by their paths."""
    from tql_grammar import ast
    from tql_grammar.printing.printer import to_tql
    from tql_grammar.walk import rebuild

    def change(node: Record) -> Record:
        if isinstance(node, ast.Table):
            return node.replace(name=datasets.get(node.name, node.name))
        if isinstance(node, ast.Select) and node.source == ast.Table(path):
            return node.replace(source=None)
        return node

    return to_tql(rebuild(tree, change))
