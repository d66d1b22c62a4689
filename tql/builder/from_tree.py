"""Conversion of syntax trees to builder queries, clause by clause where the text stays the same, and `raw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.builder.query import Query
from tql.expressions.expr import Expr, Key
from tql.messages import shown
from tql.statement import Dataset, DerivedQuery, Sampling, Statement, VerbatimQuery
from tql_grammar import ast
from tql_grammar.errors import ArgumentError, ParseError
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from tql_grammar.ast import Expression

# Nodes that the compiler rewrites, depending on the types of columns; `raw` protects them.
CHANGED = (ast.Comparison, ast.In, ast.Between, ast.Subscript, ast.Chain, ast.Negate, ast.Function)


def query_of(tree: ast.Query) -> Query:
    """Return the query whose text is that of *tree*."""
    return Query(_statement(tree))


def _statement(tree: ast.Query) -> Statement:
    """Return the statement of a tree: its clauses if they compile to the same text, otherwise the tree verbatim."""
    clauses = clauses_of(tree) if isinstance(tree, ast.Select) else None
    return clauses if clauses is not None and compiles_to(clauses, tree) else Statement(source=VerbatimQuery(tree))


def compiles_to(query: Statement, tree: ast.Query) -> bool:
    """Return whether *query* compiles to *tree*."""
    from tql.compiler import compile as compiler

    try:
        return compiler.tree(query) == tree
    except (ArgumentError, RecursionError):  # the second for expressions that are too deep to be rewritten
        return False


def clauses_of(select: ast.Select) -> Statement | None:
    """Return the clauses of a SELECT that the builder supports; the others are left out."""
    outputs = () if select.columns == (ast.Star(),) else select.columns
    where = select.where
    limit = select.limit or ast.Limit()
    conditions = () if where is None else where.operands if isinstance(where, ast.And) else (where,)
    sampling = _sampling(select.sample_by)
    if sampling is not None:
        guard = ast.Comparison(">", sampling.weights, ast.Number(0))
        conditions = tuple(condition for condition in conditions if condition != guard)
    return Statement(
        outputs=outputs,
        source=_source(select.source),
        conditions=conditions,
        sampling=sampling,
        keys=tuple(Key(key.expression, key.direction) for key in select.order_by),
        row_limit=_rows(limit.count),
        row_offset=_rows(limit.offset),
    )


def _source(source: ast.Source | None) -> Dataset | DerivedQuery | None:
    """Return the source of a statement, or None for a source that the builder does not support."""
    if isinstance(source, ast.Table):
        return Dataset(source.name, source.alias)
    if isinstance(source, ast.Derived):
        return DerivedQuery(_statement(source.query), source.alias)
    return None


def _sampling(sample: ast.Sample | None) -> Sampling | None:
    """Return the sample of a SELECT, whose weights above 0 the compiler requires in WHERE."""
    if sample is None:
        return None
    amount = sample.limit.value if isinstance(sample.limit, ast.Number) else None
    return Sampling(sample.weights, sample.replace_rows, amount, sample.percent)


def _rows(count: Expression | None) -> int | None:
    """Return the number of rows of an integer literal, or None."""
    return count.value if isinstance(count, ast.Number) and isinstance(count.value, int) else None


def raw(text: str) -> Expr:
    """
    Return an expression from TQL text, which the compiler does not rewrite.

    The engine's own semantics apply: ``raw("a + 1")`` overflows in the type of a small integer column, ``col("a") + 1`` does not.

    Example: ``select("id").where(raw("shape(embedding)[0] > 3"))`` generates ``select id where shape(embedding)[0] > 3``.

    Raises:
        ArgumentError: *text* is not a single expression, or the engine would not read all of it.
    """
    from tql_grammar.syntax.parser import parse

    rule = "takes one expression of TQL"
    if not isinstance(text, str):
        raise ArgumentError("raw", rule, shown(text))
    try:
        found = parse(f"select {text}")
    except ParseError as error:
        raise ArgumentError("raw", f"{rule} ({error.diagnostic.message})", shown(text), error.hint) from None
    if not isinstance(found, ast.Select) or found != ast.Select(found.columns) or len(found.columns) != 1:
        raise ArgumentError("raw", rule, shown(text), "use the method of each clause")
    (given,) = found.columns
    return Expr(VerbatimExpression(given) if any(isinstance(part, CHANGED) for part in walk(given)) else given)
