"""Parameters: the values that a query is given later, and what is found out once for all of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tql.expressions.expr import Expr
from tql.lowering import lowered
from tql.requirements import required
from tql.statement import Statement
from tql.values.literal import literal, name
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.printing.parts import Mark
from tql_grammar.record import made
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.requirements import Requirement
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record


def param(label: str) -> Expr:
    """
    Stand for a value that is given later, by `bind`.

    ``where(col("year") > param("year"))``: a number, a text or a vector, in comparisons, arithmetic, functions and searches.
    """
    return Expr(ast.Parameter(name("param", label)))


class Template:
    """
    What is found out once about a query, for all the values that are given to it.

    Attributes:
        query: the query without values.
        state: its fields.
        names: the names of its parameters.
    """

    def __init__(self, query: Statement) -> None:
        """Look for the parameters."""
        self.query = query.replace(bindings=())
        self.state = self.query.__dict__.copy()
        found = (part.name for part in walk(query) if isinstance(part, ast.Parameter) and part.name)
        self.names = tuple(dict.fromkeys(found))

    @functools.cached_property
    def requirements(self) -> dict[str, list[Requirement]]:
        """What each parameter takes where it is used."""
        found: dict[str, list[Requirement]] = {}
        for label, requirement in required(lowered(self.query)):
            found.setdefault(label, []).append(requirement)
        return found

    def require_fitting(self, bindings: Iterable[tuple[str, Expression]]) -> None:
        """
        Refuse a value that is refused where its parameter is, if it is given there.

        Raises:
            ArgumentError: such as for a list that is compared, or a text as a vector.
        """
        requirements = self.requirements
        for label, node in bindings:
            for require in requirements.get(label, ()):
                require(f"bind({label}=..)", node)


def template_of(query: Statement) -> Template:
    """Return what is known of a query with parameters: the same for all that differ in their values."""
    found: Template | None = query.__dict__.get("_template")
    if found is None:
        found = query.__dict__["_template"] = Template(query)
    return found


def bind(query: Statement, values: Mapping[str, object]) -> Statement:
    """Return *query* with values for some of its parameters."""
    template = template_of(query)
    known = template.names
    bound = dict(query.bindings)
    for label, value in values.items():
        if label not in known:
            rule = f"takes the query's parameters, {', '.join(known)}" if known else "takes a query with parameters"
            raise ArgumentError("bind", rule, label, 'param("..") makes one')
        bound[label] = literal(f"bind({label}=..)", value)
    state = template.state | {"bindings": tuple(bound.items()), "_template": template}
    return made(Statement, state)


def require_fitting(query: Statement) -> None:
    """Refuse a value that is refused where its parameter is, if it is given there."""
    template_of(query).require_fitting(query.bindings)


def resolved(query: Statement) -> Statement:
    """Return *query* with its values in their places."""
    if not query.bindings:
        return query
    values = dict(query.bindings)
    return rebuild(query.replace(bindings=()), lambda node: _resolved(node, values))


def _resolved(node: Record, values: Mapping[str, Expression]) -> Record:
    """Return a node with the values of its parameters; what was meant by a comparison depends on its value."""
    if isinstance(node, ast.Parameter):
        return values.get(node.name, node)
    if isinstance(node, ast.Comparison) and isinstance(node.right, ast.Null):
        return ast.IsNull(node.left, negated=node.operator == "!=")
    if isinstance(node, ast.Comparison) and isinstance(node.left, ast.Null):
        return ast.IsNull(node.right, negated=node.operator == "!=")
    return node


def require_bound(subject: str, marks: Iterable[str]) -> None:
    """Refuse a text in which parameters have no value."""
    missing = dict.fromkeys(mark.name for mark in marks if isinstance(mark, Mark) and mark.name)
    if missing:
        wanted = ", ".join(f"{label}=.." for label in missing)
        raise ArgumentError(
            subject, "takes a value for each parameter", f"none for {', '.join(missing)}", f".bind({wanted})"
        )
