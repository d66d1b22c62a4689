"""Resolution of a query before the engine runs it: its datasets are mapped to paths, and queries that crash the engine are rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_client.engine.known import add, is_known, shape_of
from tql_client.engine.versions import present_engine
from tql_client.errors import BadQuery, NotFound
from tql_client.protocol.messages import did_you_mean
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql_client.engine.known import Shape
    from tql_grammar import ast
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.schema import Schema
    from tql_grammar.syntax.findings.report import ParseResult

# Rejected for a child process too: not a query (`DELETE FROM t` crashes the engine), several statements, and a chain that is too long for the engine.
NEVER_RUN = ("TQL190", "TQL191", "TQL402")


class Resolved(Record):
    """
    A query that is ready for the engine.

    Attributes:
        text: the query text, with paths as sources.
        path: the path of the dataset on which the engine runs it.
        is_harmless: whether it was parsed, does not crash the engine, and names no dataset.
    """

    text: str
    path: str
    is_harmless: bool = False


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
    Return the text to run, and the dataset to run it on.

    Args:
        query: a query text; one with a syntax error is passed on unchanged, and the engine reports the error.
        datasets: the path of each dataset that queries can read, by name.
        default_path: the path of the dataset that queries without FROM read; None rejects these queries.
        columns: returns the schema of the dataset at a path.
        allow_sources: pass other names on to the engine, which opens them from disk or over the network.
        may_crash: accept queries that crash or block the engine, for an engine in a child process; see `tql_grammar.lint.check.crash_findings`.

    Raises:
        BadQuery: the text is not one query, or it would crash or block the engine.
        NotFound: the query reads another dataset, or has no FROM and there is no default.
    """
    if default_path is None:
        return _parsed(query, datasets, None, columns, allow_sources=allow_sources, may_crash=may_crash)
    shape = _shape(query, default_path, columns, may_crash=may_crash)
    if is_known(shape):
        return Resolved(query, default_path)
    found = _parsed(query, datasets, default_path, columns, allow_sources=allow_sources, may_crash=may_crash)
    if found.is_harmless:
        add(shape)
    return found


def _parsed(  # noqa: PLR0913 - those of `resolve`
    query: str,
    datasets: Mapping[str, str],
    default_path: str | None,
    columns: Callable[[str], Schema],
    *,
    allow_sources: bool,
    may_crash: bool,
) -> Resolved:
    """Return the text to run, and the dataset to run it on, of a text that is parsed; see `resolve`."""
    from tql_grammar.syntax.parser import read

    parsed = read(query)
    tree = parsed.tree
    _refuse_no_query(parsed)
    tables = [] if tree is None else _tables(tree)
    _refuse_foreign(tables, datasets, allow_sources=allow_sources)
    path = default_path or next((datasets[name] for name in tables if name in datasets), None)
    if not may_crash:
        _refuse_deadly(parsed, _schemas({None: path, **{name: datasets.get(name) for name in tables}}, columns))
    if tree is None or path is None:
        return Resolved(query, _any_path(path, datasets, is_query=tree is not None))
    if tables:
        return Resolved(_replace_sources(tree, datasets, path), path)
    return Resolved(query, path, is_harmless=True)


def _shape(query: str, path: str, columns: Callable[[str], Schema], *, may_crash: bool) -> Shape | None:
    """Return the shape of a query on the dataset at a path; what crashes the engine depends on its columns."""
    return shape_of(query, None if may_crash else columns(path))


def _schemas(paths: Mapping[str | None, str | None], columns: Callable[[str], Schema]) -> Mapping[str | None, Schema]:
    """Return the schema of each dataset whose path is known, by its name in the query."""
    return {name: columns(path) for name, path in paths.items() if path is not None}


def _refuse_no_query(parsed: ParseResult) -> None:
    """Raise if the text is not a query, is several statements, or is too long for the engine."""
    _refuse(finding for finding in parsed.diagnostics if finding.code in NEVER_RUN)


def _refuse_deadly(parsed: ParseResult, schemas: Mapping[str | None, Schema]) -> None:
    """Raise if the query would crash or block the engine."""
    from tql_grammar.lint.check import crash_findings

    _refuse(crash_findings(parsed, schemas, present_engine()))


def _refuse(findings: Iterable[Diagnostic]) -> None:
    """Raise the first finding as the error that a server returns."""
    for finding in findings:
        raise BadQuery(400, f"{finding.message} ({finding.code})", hint=finding.hint, diagnostic=finding)


def _tables(tree: ast.Query) -> list[str]:
    """Return the names of the datasets that a query reads, in the order of the text."""
    from tql_grammar import ast
    from tql_grammar.walk import walk

    return [node.name for node in walk(tree) if isinstance(node, ast.Table)]


def _refuse_foreign(tables: list[str], datasets: Mapping[str, str], *, allow_sources: bool) -> None:
    """Raise if the query reads a dataset that is not in *datasets*."""
    foreign = next((name for name in tables if name not in datasets), None)
    if foreign is None or allow_sources:
        return
    hint = (
        f'leave FROM out to read the dataset of the client, or name it so: connect(path, dataset="{foreign}"); '
        "connect(.., allow_sources=True) reads other datasets too, and serve({name: path, ..}) those that it names; "
    )
    hint += did_you_mean(foreign, datasets) or f"available: {', '.join(f'`{name}`' for name in datasets)}"
    raise NotFound(
        404, f"the query reads the dataset `{foreign}`, which this client or server has not opened", hint=hint
    )


def _any_path(path: str | None, datasets: Mapping[str, str], *, is_query: bool) -> str:
    """Return the path of any dataset for a text with a syntax error, which the engine rejects on every dataset."""
    any_path = path or next(iter(datasets.values()), None)
    if any_path is None or (path is None and is_query):
        raise NotFound(
            404,
            "the query has no FROM, and there is no default dataset",
            hint='write FROM "name", or pass connect(.., dataset=name)',
        )
    return any_path


def _replace_sources(tree: ast.Query, datasets: Mapping[str, str], path: str) -> str:
    """Return the text of a query without the FROM of the dataset at *path*, and with the paths of other datasets."""
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
