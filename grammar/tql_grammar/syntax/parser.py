"""Parser of query texts: the tree exactly as the engine reads it, and the findings about text, syntax and depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.errors import ParseError
from tql_grammar.syntax import lexer
from tql_grammar.syntax.driver import run_parser
from tql_grammar.syntax.findings import report

if TYPE_CHECKING:
    from tql_grammar import ast
    from tql_grammar.syntax.findings.report import ParseResult


def read(text: str) -> ParseResult:
    """Parse any text as the engine does; never raises."""
    return report.diagnose(text, run_parser(lexer.cut_at_nul(text)))


def parse(text: str) -> ast.Query:
    """
    Return the tree of a query.

    Raises:
        ParseError: the text is not a TQL query, or the engine would not read all of it as written.
    """
    reading = read(text)
    if reading.tree is None or any(finding.code < "TQL4" for finding in reading.diagnostics):
        first = reading.diagnostics[0]
        raise ParseError(text, first, reading.unexpected, reading.expected, reading.engine_position)
    return reading.tree
