"""Physical forms: the expression of the engine for each logical one of `tql.expressions.logical`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tql.expressions import patterns
from tql.expressions.logical import Membership, PatternMatch, Range, Relevance, Similarity, TextMatch
from tql.expressions.metrics import METRICS, exactly, word_score
from tql_grammar import ast
from tql_grammar.record import Record
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.logic import JOINS, disjunction, negation
from tql_grammar.schema import Schema
from tql_grammar.walk import operands, rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression

R = TypeVar("R", bound=Record)


def physical(root: R) -> R:
    """Return *root* with each logical expression in physical form, of which it is the origin; unchanged parts are shared."""
    return rebuild(root, Conversion(), LEAVES) if any(type(part) in FORMS for part in walk(root)) else root


def _text_match(node: TextMatch) -> Expression:
    """Return LIKE with the pattern of a text condition."""
    return patterns.condition(node.operand, pattern_of(node))


def pattern_of(node: TextMatch) -> patterns.Pattern:
    """
    Return the pattern of a condition on a text.

    Raises:
        ArgumentError: no pattern has its meaning.
    """
    return patterns.pattern(node.kind, node.text.value)


def _pattern_match(node: PatternMatch) -> Expression:
    """Return LIKE with a pattern."""
    return patterns.like_or_empty(node.operand, node.pattern, empty=node.empty, fold=node.fold)


def _range(node: Range) -> Expression:
    """Return two comparisons, since the engine's BETWEEN converts numbers to the type of the column."""
    return ast.And((ast.Comparison(">=", node.operand, node.low), ast.Comparison("<=", node.operand, node.high)))


def _membership(node: Membership) -> Expression:
    """Return a disjunction of equalities, one for each member."""
    either = disjunction(ast.Comparison("=", node.operand, member) for member in node.members)
    return negation(either) if node.negated else either


def _similarity(node: Similarity) -> Expression:
    """Return the score of a metric."""
    score = METRICS[node.metric].score(node.column, node.value)
    return exactly(score) if node.exact else score


FORMS: dict[type[Record], Callable[[Any], Expression]] = {
    TextMatch: _text_match,
    PatternMatch: _pattern_match,
    Range: _range,
    Membership: _membership,
    Similarity: _similarity,
    Relevance: lambda node: word_score(node.column, node.value),
    # The engine has these forms, until a legalization replaces them.
    ast.In: lambda node: node,
    ast.Between: lambda node: node,
}


# Records that contain no logical expression, which the conversion skips.
LEAVES = (ast.Column, ast.Number, ast.String, ast.Vector, ast.Query, VerbatimExpression, Schema)


class Conversion:
    """Conversion of the records of one tree, from the leaves up; it keeps nested ANDs and ORs flat."""

    def __init__(self) -> None:
        """Start without forms; the ANDs and ORs among them are kept alive, since they are recognized by identity."""
        self._made: dict[int, Expression] = {}

    def __call__(self, node: Record) -> Record:
        """Return the physical form of a logical expression; other records are unchanged, except that an AND or OR absorbs one that a form created."""
        form = FORMS.get(type(node))
        if form is not None:
            found = form(node).with_origin(node)  # type: ignore[arg-type]  # a logical expression is a node
            if isinstance(found, (ast.And, ast.Or)):
                self._made[id(found)] = found
            return found
        if isinstance(node, (ast.And, ast.Or)):
            parts = self.flat(type(node), node.operands) if self._made else node.operands
            if any(type(part) is ast.Boolean for part in parts):
                return JOINS[type(node)](parts)
            return node if parts is node.operands else node.replace(operands=parts)
        return negation(node.operand) if isinstance(node, ast.Not) and type(node.operand) is ast.Boolean else node

    def flat(self, kind: type[ast.And | ast.Or], parts: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """Return the operands of an AND or OR; an operand of the same kind that a form created is replaced by its operands."""
        if not any(type(part) is kind and id(part) in self._made for part in parts):
            return parts
        found: list[Expression] = []
        for part in parts:
            found += operands(part) if isinstance(part, kind) and id(part) in self._made else (part,)
        return tuple(found)
