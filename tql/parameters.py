"""
Know how a query is written once and given its values later.

Vectors are put between pieces of text that were written once: what a query without them costs is paid once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.coerce import literal, name
from tql.expr import Expr
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.printing.parts import Mark
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.query import Query
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

Q = TypeVar("Q", bound="Query")


def param(label: str) -> Expr:
    """
    Stand for a value that is given later, by `bind`.

    ``where(col("year") > param("year"))``: a number, a text or a vector, in comparisons, arithmetic, functions and searches.
    """
    return Expr(ast.Parameter(name("param", label)))


def bind(query: Q, values: Mapping[str, object]) -> Q:
    """Return *query* with values for some of its parameters."""
    template = _template_of(query)
    known = names(template)
    bound = dict(query.bindings)
    for label, value in values.items():
        if label not in known:
            rule = f"takes the query's parameters, {', '.join(known)}" if known else "takes a query with parameters"
            raise ArgumentError("bind", rule, label, 'param("..") makes one')
        bound[label] = literal(f"bind({label}=..)", value)
    made = template.replace(bindings=tuple(bound.items()))
    made.__dict__["_template"] = template
    return made


def names(query: Query) -> tuple[str, ...]:
    """Return the names of a query's parameters, bound or not."""
    state = _template_of(query).__dict__
    cached: tuple[str, ...] | None = state.get("_names")
    if cached is None:
        found = (part.name for part in walk(query) if isinstance(part, ast.Parameter) and part.name)
        cached = state["_names"] = tuple(dict.fromkeys(found))
    return cached


def resolved(query: Q) -> Q:
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
    return node


def text(query: Query) -> str:
    """
    Return the text of a query.

    Raises:
        ArgumentError: a parameter has no value.
    """
    values = {label: value for label, value in query.bindings if isinstance(value, ast.Vector)}
    if values and len(values) == len(query.bindings):
        written: list[str] = []
        for piece in _pieces(_template_of(query)):
            value = values.get(piece.name) if type(piece) is Mark else None
            written += (piece,) if value is None else ("ARRAY", value.bracketed)
        return "".join(written)
    from tql.compile import compile_query

    return compile_query(query)


def require_bound(subject: str, marks: Iterable[str]) -> None:
    """Refuse a text in which parameters have no value."""
    missing = dict.fromkeys(mark.name for mark in marks if isinstance(mark, Mark) and mark.name)
    if missing:
        wanted = ", ".join(f"{label}=.." for label in missing)
        raise ArgumentError(
            subject, "takes a value for each parameter", f"none for {', '.join(missing)}", f".bind({wanted})"
        )


def _template_of(query: Q) -> Q:
    """Return the query whose text has the parameters in it, always the same one for the same query."""
    if not query.bindings:
        return query
    found: Q | None = query.__dict__.get("_template")
    if found is None:
        found = query.__dict__["_template"] = query.replace(bindings=())
    return found


def _pieces(query: Query) -> list[str]:
    """Return the text of a query in pieces."""
    found: list[str] | None = query.__dict__.get("_pieces")
    if found is None:
        from tql.compile import tree
        from tql_grammar.printer import pieces

        found = query.__dict__["_pieces"] = pieces(tree(query))
    return found
