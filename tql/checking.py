"""Checks and fixes of query texts and of all queries of a function, and parsing of texts into queries; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql.findings import findings, findings_of, schemas_of
from tql.messages import shown
from tql.statement import Statement
from tql_grammar.engines import engine_of
from tql_grammar.errors import ArgumentError, CheckError, ParseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Never

    from tql.builder.query import Query
    from tql.exploration import Exploration
    from tql_grammar.diagnostic import Diagnostic

TEXT_FAMILIES = ("TQL0", "TQL1")


def check(
    query: str | Query, schema: object = None, *, info: bool = False, engine: str | None = None
) -> list[Diagnostic]:
    """
    Return the diagnostics of a query, in the order of its text; an empty list if the engine does exactly what the query says.

    ``check("select id from D where id = null")`` returns one `Diagnostic`, with a place, a message and a hint.

    Args:
        query: a TQL text, or a query of the builder.
        schema: the `Schema` of the dataset, of a join that of the first one, or a dict of them by the urls of datasets, ``{"hub://org/ds": Schema(id="int64")}``; without it, rules about types and lengths are skipped.
        info: include findings of the severity "info", which depend on the rows, such as NaN in a sort key.
        engine: the version of the engine that runs the query, ``"4.7.0"``, or "rest" for the hosted service, whose version is not known: then the query has to be right on every version that was measured. By default the newest one.

    Raises:
        ArgumentError: *query* is no query, *schema* is neither a `Schema` nor a dict of them, or *engine* is no version.
    """
    text, version = _text("check", query), engine_of(engine, "check(engine=..)")
    if isinstance(query, str):
        return findings(text, schema, info=info, engine=version)
    return findings_of(query.statement, text, schema, info=info, engine=version)


def validate(query: str | Query, schema: object = None, *, engine: str | None = None) -> None:
    """
    Raise an error unless the engine does exactly what the query says; warnings are ignored. The arguments are those of `check`.

    Raises:
        ParseError: the text is not TQL, or the engine would not read all of it as written.
        CheckError: the engine would reject the query, crash on it, or silently do something else.
        ArgumentError: *query* is no query, or *schema* is neither a `Schema` nor a dict of them.
    """
    from tql_grammar.syntax.parser import parse

    text = _text("validate", query)
    errors = [diagnostic for diagnostic in check(text, schema, engine=engine) if diagnostic.severity == "error"]
    if any(diagnostic.code.startswith(TEXT_FAMILIES) for diagnostic in errors):
        parse(text)
    if errors:
        raise CheckError(text, errors)


def fix(text: str, schema: object = None) -> str:
    """
    Return *text* with all safe fixes applied; the rest of the text, comments included, is unchanged.

    ``fix("select id from D where not id in (1, 2)")`` returns ``select id from D where id not in (1, 2)``.
    Findings without a safe fix stay in the text, and `check` still reports them.

    Args:
        text: the TQL text.
        schema: as for `check`.

    Raises:
        ArgumentError: *text* is no str, or *schema* is neither a `Schema` nor a dict of them.
    """
    _require_text("fix", text)
    from tql_grammar.lint.check import apply_fixes
    from tql_grammar.syntax.parser import read

    return apply_fixes(text, schemas_of(read(text).tree, schema))


def parse(text: str) -> Query:
    """
    Return a text as a query of the builder, which further methods extend.

    ``parse("select id from D").where(col("id") > 3)`` generates ``select id from D where id > 3``.
    Text with clauses that the builder does not support becomes a subquery, verbatim.

    Raises:
        ParseError: the text is not TQL, or the engine would not read all of it as written.
        ArgumentError: *text* is no str.
    """
    _require_text("parse", text)
    from tql.builder.from_tree import query_of
    from tql_grammar.syntax.parser import parse as parse_tree

    return query_of(parse_tree(text))


def query(template: object, /, *unnamed: Never, **values: object) -> Query:
    """
    Return the query of a text with holes, into which values go as literals of the tree, never as text.

    Example: ``query("select id where name = {name} limit {n}", name="it's", n=3)`` generates ``select id where name = 'it''s' limit 3``.
    Under Python 3.14, ``query(t"select id where name = {name} limit {n}")`` is the same.

    A hole takes a value or an expression where an expression is, and a list in ``in ({ids})``.
    After FROM and JOIN it takes a url, a `Table` or a query; as an alias it takes a name.
    A str is a text where an expression is; for a column pass ``col("name")``. ``{{`` and ``}}`` are braces.

    Args:
        template: the text, or a t-string.
        unnamed: none; values have the names of their holes.
        values: the values of the holes of a text, by name.

    Raises:
        ParseError: the text is not TQL, or a hole is in quotes or in a comment, or has a format specification.
        ArgumentError: TQL has no literal for a value, or its place takes another kind of value.
    """
    from tql.templating.template import query_of

    if unnamed:
        hint = 'name the holes: query("select id where price < {price}", price=5)'
        raise ArgumentError("query", "takes values by the names of their holes", shown(unnamed[0]), hint)
    return query_of(template, values)


def explore(  # noqa: PLR0913 - each is one independent choice, by name
    function: Callable[[], Query | str],
    schema: object = None,
    run: Callable[[Any], object] | None = None,
    *,
    when: str = "both",
    most: int = 10_000,
    seed: int = 0,
    until_failure: bool = False,
) -> Exploration:
    """
    Run a function that builds a query through every path of its `Query.when` and its `choice`, and return all queries with their paths in words.

    Each query is compiled for the schema and checked: errors, warnings and exceptions are failures, advice about searches (TQL5xx) is not.
    The paths with the fewest decisions come first, so the first failure is the simplest one.

    A condition of `Query.when` that is true stands for both, and one that is false stays false, since the function may need its value.
    With ``when="given"`` conditions are followed as they are, and only `choice` has branches: use it where two conditions depend on one another.

    Args:
        function: a function without arguments that returns a query; it must depend on nothing but its decisions.
        schema: the `Schema` of the dataset, of a join that of the first one, or a dict of them by the urls of datasets, as for `check`.
        run: a function that is called with each query, for example ``client.query``, or one with assertions; an exception is a failure.
        when: "both" or "given".
        most: the most paths; if there are more, half of them are those with the fewest decisions and the others a random sample, and *is_complete* is False.
        seed: the seed of the sample.
        until_failure: stop at the first failure, and of a sample return the failing path with as few decisions as possible.

    Raises:
        ArgumentError: *function* cannot be called or returns no query, or *when* or *most* is invalid.

    Example:
        ``explore(lambda: search(year=choice([None, 2020]), sort=choice(["id", "year"])), schema)`` returns 4 paths.
    """
    from tql.exploration import explore as paths

    return paths(function, schema, run, when=when, most=most, seed=seed, until_failure=until_failure)


def format(text: str, width: int = 88) -> str:  # noqa: A001 - the contract's name; it is not exported by a star import
    """
    Return *text* formatted in lines of at most *width* characters where possible; every comment and token is kept.

    Raises:
        ParseError: the text is not TQL, or the engine would not read all of it as written.
        ArgumentError: *text* is no str.
    """
    _require_text("format", text)
    from tql_grammar.printing.formatter import format_text

    return format_text(text, width)


def _is_query(value: object) -> bool:
    """Return whether a value is a query of the builder."""
    return isinstance(getattr(value, "statement", None), Statement)


def _text(subject: str, query: object) -> str:
    """Return the text of a query of the builder or a query text, or raise."""
    if isinstance(query, str) or _is_query(query):
        return str(query)
    hint = f'{subject}("select id") or {subject}(select("id"))'
    raise ArgumentError(subject, "takes a query text or a query of the builder", shown(query), hint)


def _require_text(subject: str, text: object) -> None:
    """Raise for a value that is no query text."""
    if not isinstance(text, str):
        hint = "write str(query) for its text" if _is_query(text) else f'{subject}("select id")'
        raise ArgumentError(subject, "takes a query text (a str)", shown(text), hint)


__all__ = ["CheckError", "ParseError", "check", "explore", "fix", "parse", "query", "validate"]
