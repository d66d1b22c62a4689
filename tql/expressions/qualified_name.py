"""The names of a query that say where they are looked up."""

from __future__ import annotations

from tql_grammar import ast


class QualifiedName(ast.Expression):
    """A name that says where it is looked up: in the "source", or among the query's own "output"."""

    name: str
    place: str
