"""Parameters of queries: `param`, binding of values, and a template for each query that is shared by all of its values."""

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


NO_PARAMETERS = "takes values for parameters, and this query has none"


def param(label: str) -> Expr:
    """
    Return a placeholder for a value that `Query.bind` sets: a number, a text or a vector, in comparisons, arithmetic, functions and searches.

    Example: ``select("id").where(col("year") > param("year")).bind(year=2000)`` generates ``select id where year > 2000``.

    Raises:
        ArgumentError: *label* is not a valid name.
    """
    return Expr(ast.Parameter(name("param", label)))


class Template:
    """
    The parts of a query that do not depend on the values of its parameters.

    Attributes:
        query: the query without values.
        state: the fields of *query*.
        names: the names of its parameters, in the order of their first use.
    """

    def __init__(self, query: Statement) -> None:
        """Collect the parameters of *query*."""
        self.query = query.replace(bindings=())
        self.state = self.query.__dict__.copy()
        found = (part.name for part in walk(query) if isinstance(part, ast.Parameter) and part.name)
        self.names = tuple(dict.fromkeys(found))

    @functools.cached_property
    def requirements(self) -> dict[str, list[Requirement]]:
        """The requirements of each parameter, one for each place that restricts its values."""
        found: dict[str, list[Requirement]] = {}
        for label, requirement in required(lowered(self.query)):
            found.setdefault(label, []).append(requirement)
        return found

    def require_fitting(self, bindings: Iterable[tuple[str, Expression]]) -> None:
        """
        Check that each value is valid wherever its parameter is used.

        Raises:
            ArgumentError: a value is not, such as a list in a comparison, or a text as a vector.
        """
        requirements = self.requirements
        for label, node in bindings:
            for require in requirements.get(label, ()):
                require(f"bind({label}=..)", node)


def template_of(query: Statement) -> Template:
    """Return the template of a query, shared by all queries that differ only in the values of parameters."""
    found: Template | None = query.__dict__.get("_template")
    if found is None:
        found = query.__dict__["_template"] = Template(query)
    return found


def bind(query: Statement, values: Mapping[str, object]) -> Statement:
    """Return *query* with values for some of its parameters, in addition to those of earlier calls."""
    template = template_of(query)
    known = template.names
    bound = dict(query.bindings)
    for label, value in values.items():
        if label not in known:
            rule = f"takes the parameters of the query, {', '.join(known)}" if known else NO_PARAMETERS
            raise ArgumentError("bind", rule, repr(label), 'param("..") creates a parameter')
        bound[label] = literal(f"bind({label}=..)", value)
    state = template.state | {"bindings": tuple(bound.items()), "_template": template}
    return made(Statement, state)


def require_fitting(query: Statement) -> None:
    """Check that each value of *query* is valid wherever its parameter is used."""
    template_of(query).require_fitting(query.bindings)


def resolved(query: Statement, *, with_origins: bool = False) -> Statement:
    """Return *query* with each bound parameter replaced by its value, of which the parameter is the origin if *with_origins*."""
    if not query.bindings:
        return query
    values = {
        label: value.with_origin(ast.Parameter(label)) if with_origins else value for label, value in query.bindings
    }
    return rebuild(query.replace(bindings=()), lambda node: _resolved(node, values))


def settled(query: Statement) -> Statement:
    """Return *query* as a part of another one: its own values are in the places of its parameters, so that `bind` of the whole sets the others only."""
    if query.bindings:
        require_fitting(query)
    return resolved(query)


def _resolved(node: Record, values: Mapping[str, Expression]) -> Record:
    """Return a node with parameters replaced; a comparison with a None becomes IS NULL or IS NOT NULL."""
    if isinstance(node, ast.Parameter):
        return values.get(node.name, node)
    if isinstance(node, ast.Comparison) and isinstance(node.right, ast.Null):
        return ast.IsNull(node.left, negated=node.operator == "!=")
    if isinstance(node, ast.Comparison) and isinstance(node.left, ast.Null):
        return ast.IsNull(node.right, negated=node.operator == "!=")
    return node


def require_bound(subject: str, marks: Iterable[str]) -> None:
    """Check that no parameter of a text lacks a value."""
    missing = dict.fromkeys(mark.name for mark in marks if isinstance(mark, Mark) and mark.name)
    if missing:
        wanted = ", ".join(f"{label}=.." for label in missing)
        raise ArgumentError(
            subject, "takes a value for each parameter", f"none for {', '.join(missing)}", f".bind({wanted})"
        )
