"""Query texts before they are sent: checked, with FROM, and the datasets that a query reads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.engines import NEWEST, REST
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql import Query, Schema
    from tql_grammar.engines import Engine
    from tql_grammar.explain.levels import QueryLevel

# Longest query text, in characters, whose check is cached; the cache holds 128 of them.
LONGEST_CACHED = 100_000
UNMEASURED = "the rows of this service were not measured: its parser takes the same texts as the engine's, and this text has the forms that are right on the versions that were measured, 4.7.0 to 4.7.4"


class Place(NamedTuple):
    """Where a client sends its queries: the dataset of queries without FROM, the known schemas, whether a query has to name its dataset, and the engine."""

    dataset: str | None
    schemas: Mapping[str | None, Schema]
    needs_source: bool
    engine: Engine = NEWEST


def require_query(query: object, subject: str = "query") -> None:
    """
    Raise for a value that is not a query; *subject* is the name of the argument.

    Raises:
        ArgumentError: *query* is neither a query of the builder nor a str.
    """
    from tql.statement import Statement

    if not isinstance(query, str) and not isinstance(getattr(query, "statement", None), Statement):
        kind = type(query).__name__
        hint = "decode it: query.decode()" if isinstance(query, (bytes, bytearray)) else None
        raise ArgumentError(subject, "must be a query of the builder or a query text (a str)", kind, hint)


def compiled(query: Query | str, on_findings: str, place: Place) -> str:
    """Return the TQL of a query, compiled or checked against the known schemas."""
    if isinstance(query, str):
        return _checked(query, on_findings, place)
    from tql.compiler.compile import compile_query

    text = compile_query(
        query.statement, place.dataset, place.schemas, needs_source=place.needs_source, engine=place.engine
    )
    if on_findings == "raise" and query.statement.is_verbatim:
        import tql

        tql.validate(text, place.schemas, engine=place.engine.name)
    return text


def explained(query: Query | str, place: Place) -> QueryLevel:
    """Return the levels of the text of a query, which is compiled or checked first; of the hosted service the first one says what was not measured."""
    found = _levels(query, place)
    if place.engine != REST:
        return found
    return found.replace(why="; ".join(filter(None, (found.why, UNMEASURED))))


def _levels(query: Query | str, place: Place) -> QueryLevel:
    """Return the levels of the text of a query, which is compiled or checked first."""
    text = compiled(query, "raise", place)
    if isinstance(query, str):
        from tql_grammar.explain.levels import explained as of_tree
        from tql_grammar.syntax.parser import parse

        return of_tree(parse(text))
    from tql.compiler.context import Context
    from tql.views.levels import explain

    return explain(query.statement, Context(place.dataset, place.schemas, place.engine))


def _checked(text: str, on_findings: str, place: Place) -> str:
    """Return a query text with its FROM, or raise on the errors that `check` finds."""
    import tql
    from tql.compiler.compile import with_source

    dataset, schemas, needs_source, engine = place
    if on_findings not in {"raise", "ignore"}:
        raise ArgumentError("on_findings", 'must be "raise" or "ignore"', repr(on_findings))
    if on_findings == "raise" and not schemas and len(text) <= LONGEST_CACHED:
        return _check_cached(text, dataset, needs_source, engine)
    if any(finding.severity == "error" for finding in tql.check(text, schemas, engine=engine.name)):
        if on_findings == "ignore":
            return text if dataset is None else with_source(text, dataset)
        tql.validate(text, schemas, engine=engine.name)
    return _add_source(text, dataset, needs_source)


@functools.lru_cache(maxsize=128)
def _check_cached(text: str, dataset: str | None, needs_source: bool, engine: Engine) -> str:  # noqa: FBT001 - the key of the cache
    """Return a query text with its FROM, or raise on the errors that `check` finds; a text without errors is checked once."""
    import tql

    tql.validate(text, engine=engine.name)
    return _add_source(text, dataset, needs_source)


def _add_source(text: str, dataset: str | None, needs_source: bool) -> str:  # noqa: FBT001 - the key of the cache
    """Return a query text that has FROM if it needs one."""
    if dataset is not None:
        from tql.compiler.compile import with_source

        return with_source(text, dataset)
    if needs_source:
        from tql_grammar.rewrite.source import lacks_source
        from tql_grammar.syntax.parser import parse

        if lacks_source(parse(text)):
            raise without_source(text)
    return text


def without_source(text: str) -> ArgumentError:
    """Return the error about a query that names no dataset where it has to."""
    from tql.compiler.compile import without_source as error

    return error(text)


def datasets_of(query: Query | str) -> Iterator[str | None]:
    """Yield the datasets that a query reads and whose schema it does not have; None is the one that queries without FROM read."""
    from tql_grammar.walk import walk

    if isinstance(query, str):
        yield from _datasets_of_text(query)
        return
    from tql.statement import Dataset, Statement

    for part in walk(query.statement):
        if isinstance(part, Statement) and part.source is None:
            yield None
        elif isinstance(part, Dataset) and part.schema is None:
            yield part.url


def _datasets_of_text(text: str) -> Iterator[str | None]:
    """Yield the datasets that a query text reads; none for a text that is not TQL, which the check rejects."""
    from tql_grammar import ast
    from tql_grammar.rewrite.source import lacks_source
    from tql_grammar.syntax.parser import read
    from tql_grammar.walk import walk

    tree = read(text).tree
    if tree is None:
        return
    if lacks_source(tree):
        yield None
    for part in walk(tree):
        if isinstance(part, ast.Table):
            yield part.name
