"""Checks of a query or a text before anything is sent, fixes, and texts read as queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.findings import findings, schemas_of
from tql_grammar.errors import CheckError, ParseError

if TYPE_CHECKING:
    from tql.builder.query import Query
    from tql_grammar.diagnostic import Diagnostic

TEXT_FAMILIES = ("TQL0", "TQL1")


def check(query: str | Query, schema: object = None, *, info: bool = False) -> list[Diagnostic]:
    """
    Return where the engine would not do what a query says, in the order of the text; an empty list where it does what the text says.

    Args:
        query: a TQL text, or a query of the builder.
        schema: the columns of the datasets by their urls, ``{"hub://org/ds": Schema(..)}``, or one `Schema` for a text over one dataset; without it, nothing is guessed.
        info: also say what depends on the rows, such as NaN in a column that is ordered by; these findings have the severity "info".

    Raises:
        ArgumentError: *schema* is neither.
    """
    return findings(str(query), schema, info=info)


def validate(query: str | Query, schema: object = None) -> None:
    """
    Raise unless the engine would do what the query says; warnings pass.

    Raises:
        ParseError: it is not TQL, or the engine would read another text.
        CheckError: the engine would refuse it, crash, or do something else.
    """
    from tql_grammar.syntax.parser import parse

    text = str(query)
    errors = [diagnostic for diagnostic in check(text, schema) if diagnostic.severity == "error"]
    if any(diagnostic.code.startswith(TEXT_FAMILIES) for diagnostic in errors):
        parse(text)
    if errors:
        raise CheckError(text, errors)


def fix(text: str, schema: object = None) -> str:
    """
    Return *text* with the fixes that are certain, each at its place; everything around them, comments too, stays as it was written.

    ``fix("select id from D where not id in (1, 2)")`` is ``select id from D where id not in (1, 2)``.
    What has no certain fix stays, and `check` still finds it.

    Args:
        text: the TQL text.
        schema: as for `check`.
    """
    from tql_grammar.lint.check import apply_fixes
    from tql_grammar.syntax.parser import read

    return apply_fixes(text, schemas_of(read(text).tree, schema))


def parse(text: str) -> Query:
    """
    Return the query that a text says, for building on it: ``parse("select id from D").where(col("id") > 3)``.

    Its own text is what the engine reads from *text*, clause by clause where the builder has them, else as written.

    Raises:
        ParseError: it is not TQL, or the engine would read another text.
    """
    from tql.builder.from_tree import query_of
    from tql_grammar.syntax.parser import parse as parse_tree

    return query_of(parse_tree(text))


def format(text: str, width: int = 88) -> str:  # noqa: A001 - the contract's name; it is not exported by a star import
    """
    Return *text* laid out in lines of at most *width* characters where that can be, with every comment and every token.

    Raises:
        ParseError: it is not TQL, or the engine would read another text.
    """
    from tql_grammar.printing.formatter import format_text

    return format_text(text, width)


__all__ = ["CheckError", "ParseError", "check", "fix", "parse", "validate"]
