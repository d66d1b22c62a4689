"""Queries of templates: a text is parsed with a name in place of each hole, and the value replaces that name in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.builder.from_tree import clauses_of, compiles_to
from tql.builder.query import Query
from tql.expressions.physical import physical
from tql.expressions.qualified_name import QualifiedName
from tql.parameters import settled
from tql.statement import DerivedQuery, Statement, VerbatimQuery
from tql.templating.holes import Hole, read_template, refuse_joined, refuse_quoted, refuse_unread, with_tokens
from tql.templating.places import check_places
from tql.templating.values import filled
from tql_grammar import ast
from tql_grammar.errors import ArgumentError, ParseError
from tql_grammar.rewrite.scope import UNKNOWN
from tql_grammar.rewrite.typed import legalize_value
from tql_grammar.syntax.parser import parse
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Mapping


def query_of(template: object, values: Mapping[str, object]) -> Query:
    """Return the query of a template; see `tql.query`."""
    text, holes = read_template(template, values)
    refuse_quoted(text, holes)
    refuse_joined(text, holes)
    holes = with_tokens(text, holes)
    tree = _parse(text, holes)
    refuse_unread(text, holes, names_in(tree))
    known = {hole.token: hole for hole in holes}
    check_places(tree, known)
    written = filled(tree, known, lambda expression: legalize_value(physical(expression.node), UNKNOWN))
    meant = filled(tree, known, lambda expression: expression.node)
    return Query(_statement(tree, meant, written, known))


def names_in(tree: ast.Query) -> frozenset[str]:
    """Return the names and the texts in a tree."""
    fields = (value for part in walk(tree) for value in part.__dict__.values())
    return frozenset(
        text for value in fields for text in (value if type(value) is tuple else (value,)) if type(text) is str
    )


def _statement(tree: ast.Query, meant: ast.Query, written: ast.Query, known: Mapping[str, Hole]) -> Statement:
    """Return the clauses of a query if they compile to its text, otherwise the text verbatim."""
    clauses = clauses_of(meant) if isinstance(meant, ast.Select) else None
    if clauses is None:
        return _verbatim(written)
    value = _source_value(tree, known)
    if isinstance(value, Query) and clauses.source is not None:
        clauses = clauses.replace(source=DerivedQuery(settled(value.statement), getattr(clauses.source, "alias", None)))
    if not (_is_plain(tree) or compiles_to(clauses, written)):
        return _verbatim(written)
    schema = getattr(getattr(value, "__dataset__", None), "schema", None)
    return (
        clauses
        if schema is None or clauses.source is None
        else clauses.replace(source=clauses.source.replace(schema=schema))
    )


# The remedy for a hole where no value can be.
NO_KEYWORD = 'a hole takes a value, and no keyword: write the keyword into the text, or add the clause by its method: query(..).order_by(desc("year"))'
# Nodes that mean the same in a text and in the builder, which guards them against the traps of the engine.
PLAIN = (
    *(ast.Column, ast.Star, ast.Aliased, ast.Number, ast.Negate, ast.String, ast.Boolean),
    *(ast.Comparison, ast.And, ast.Or, ast.Not, ast.In, ast.Between, ast.IsNull),
    *(ast.Select, ast.Table, ast.Order, ast.Limit),
)


def _is_plain(tree: ast.Query) -> bool:
    """Return whether a text has only clauses and nodes that mean the same in the builder, and reads no alias: there a name is an output first."""
    if not isinstance(tree, ast.Select) or not all(isinstance(node, PLAIN) for node in walk(tree)):
        return False
    return ast.Select(tree.columns, tree.source, tree.where, tree.order_by, tree.limit) == tree and not _read_aliases(
        tree
    )


def _read_aliases(tree: ast.Select) -> set[str]:
    """Return the aliases that a condition or a sort key reads."""
    aliases = {column.alias for column in tree.columns if isinstance(column, ast.Aliased)}
    clauses = (*tree.order_by, tree.where or ast.Star())
    return {node.name for part in clauses for node in walk(part) if isinstance(node, ast.Column)} & aliases


def _verbatim(tree: ast.Query) -> Statement:
    """Return a text that is kept as written; a name with a scope exists in the builder only."""
    if any(isinstance(part, QualifiedName) for part in walk(tree)):
        rule = 'takes no col(.., of="source") or of="output" in a text that the builder would write otherwise'
        raise ArgumentError("query", rule, "", "write the column into the text")
    return Statement(source=VerbatimQuery(tree))


def _source_value(tree: ast.Query, known: Mapping[str, Hole]) -> object:
    """Return the value of the hole that is the source, or None."""
    source = tree.source if isinstance(tree, ast.Select) else None
    hole = known.get(source.name) if isinstance(source, ast.Table) else None
    return None if hole is None else hole.value


def _parse(text: str, holes: list[Hole]) -> ast.Query:
    """Return the tree of a text with tokens in place of the holes; an error shows the text with the holes."""
    written = text
    for hole in holes:
        written = written[: hole.start] + hole.token + written[hole.end :]
    try:
        return parse(written)
    except ParseError as error:
        is_hole = any(hole.start == error.position for hole in holes)
        is_guess = error.hint is None or error.hint.startswith("did you mean")
        hint = NO_KEYWORD if is_hole and is_guess else error.hint
        message, hint, unexpected = (
            _restored(part, holes) for part in (error.diagnostic.message, hint, error.unexpected)
        )
        place = error.diagnostic.replace(message=message, hint=hint, fix=None, edits=())
        raise ParseError(text, place, unexpected or "", error.expected, error.engine_position) from None


def _restored(text: str | None, holes: list[Hole]) -> str | None:
    """Return a sentence with the holes in place of their tokens."""
    for hole in holes:
        text = text.replace(hole.token, hole.subject) if text else text
    return text
