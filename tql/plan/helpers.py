"""
Names of the columns that the compiler adds to a query: the only place that makes them.

They begin with ``z``, or with so many more of it that no name of the query and of the schemas is one of them.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from tql.expressions.qualified_name import QualifiedName
from tql_grammar import ast
from tql_grammar.schema import Schema
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql.statement import Statement
    from tql_grammar.record import Record

_prefix: ContextVar[str] = ContextVar("prefix", default="z")
# All that may follow the prefix.
_LABEL = re.compile(r"h?\d+|(?:in|j)\d+|n|w|leg|low|high|match|key\d?|rest|row|number")


def helper(label: str | int) -> str:
    """Return the name of a column that the compiler adds."""
    return f"{_prefix.get()}{label}"


@contextmanager
def names_apart_from(taken: Iterable[str]) -> Iterator[None]:
    """Make helper names that are none of the names *taken*."""
    like = [name for name in taken if name.startswith("z")]
    prefix = "z"
    while any(name.startswith(prefix) and _LABEL.fullmatch(name.removeprefix(prefix)) for name in like):
        prefix += "z"
    token = _prefix.set(prefix)
    try:
        yield
    finally:
        _prefix.reset(token)


def names_in(query: Statement, schemas: Iterable[Schema]) -> Iterator[str]:
    """Yield every name in a statement, and those of the columns of datasets."""
    for schema in schemas:
        yield from schema
    for part in walk(query):
        yield from _own_names(part)


def _own_names(part: Record) -> Iterable[str]:
    """Return the names of a part of a statement."""
    if isinstance(part, (ast.Column, QualifiedName)):
        return (part.name,)
    if isinstance(part, Schema):
        return tuple(part)
    alias = part.__dict__.get("alias")
    return (alias,) if isinstance(alias, str) else ()
