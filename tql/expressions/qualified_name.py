"""References that name their scope."""

from __future__ import annotations

from tql_grammar import ast


class QualifiedName(ast.Expression):
    """A name with its scope: *place* is "source" for columns of the source, or "output" for outputs of the query."""

    name: str
    place: str
