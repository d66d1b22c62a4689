"""
Compose and check queries in TQL, Deep Lake's Tensor Query Language.

``select("text").from_("hub://org/dataset").similarity("embedding", vector).order_by("score").limit(5)`` is a query; ``str(query)`` is its TQL text.
The parser and numpy are imported on first use.
"""

from typing import TYPE_CHECKING

from tql import fn
from tql.builder.from_tree import raw
from tql.builder.query import Query, select
from tql.checking import check, explore, fix, parse, query, validate
from tql.checking import format as format  # noqa: A004 - the contract's name, and not in `__all__`: a star import must not shadow the builtin
from tql.decisions import choice
from tql.editing import complete, describe, signature
from tql.expressions.expr import Expr, Key, all_of, any_of, asc, col, desc, not_
from tql.parameters import param
from tql_grammar.diagnostic import Diagnostic
from tql_grammar.errors import ArgumentError, CheckError, ParseError, QueryError, TqlError
from tql_grammar.schema import Schema

__all__ = [
    "ArgumentError",
    "CheckError",
    "Diagnostic",
    "Expr",
    "Key",
    "ParseError",
    "Query",
    "QueryError",
    "Schema",
    "TqlError",
    "all_of",
    "any_of",
    "asc",
    "check",
    "choice",
    "col",
    "complete",
    "desc",
    "describe",
    "explore",
    "fix",
    "fn",
    "not_",
    "param",
    "parse",
    "query",
    "raw",
    "select",
    "signature",
    "validate",
]

for _error in (ArgumentError, CheckError, ParseError, QueryError, TqlError):
    _error.__module__ = __name__  # tracebacks show the name to import
del _error


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*__all__, "format"])


if not TYPE_CHECKING:  # a type checker would accept any attribute

    def __getattr__(attribute: str) -> None:
        """Raise AttributeError with the code to write instead of an unknown name."""
        from tql.habits import no_attribute

        raise no_attribute(__name__, attribute, __dir__())
