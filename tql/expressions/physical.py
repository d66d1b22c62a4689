"""Physical forms: the expression of the engine for each logical one of `tql.expressions.logical`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tql.expressions import patterns
from tql.expressions.logical import Membership, PatternMatch, Range, Relevance, Similarity, TextMatch
from tql.expressions.metrics import METRICS, exactly, word_score
from tql_grammar import ast
from tql_grammar.record import Record
from tql_grammar.rewrite.given import VerbatimExpression
from tql_grammar.rewrite.logic import disjunction, negation
from tql_grammar.schema import Schema
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql_grammar.ast import Expression

R = TypeVar("R", bound=Record)


def physical(root: R) -> R:
    """Return *root* with the physical form of each logical expression in it; what has none is shared."""
    return rebuild(root, Conversion(), LEAVES) if any(type(part) in FORMS for part in walk(root)) else root


def _text_match(node: TextMatch) -> Expression:
    """Return LIKE with the pattern of a text."""
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
    return patterns.test(node.operand, node.pattern, empty=node.empty, fold=node.fold)


def _range(node: Range) -> Expression:
    """Return two comparisons: the engine's BETWEEN compares numbers in the type of the column."""
    return ast.And((ast.Comparison(">=", node.operand, node.low), ast.Comparison("<=", node.operand, node.high)))


def _membership(node: Membership) -> Expression:
    """Return an equality for each member."""
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
}


# Records without a logical expression below them, which are not looked into.
LEAVES = (ast.Column, ast.Number, ast.String, ast.Vector, VerbatimExpression, Schema)


class Conversion:
    """Converts the records of one tree, from the leaves up; AND and OR stay flat, as those that the user composes are."""

    def __init__(self) -> None:
        """Begin without any form; those that are an AND or an OR are kept, so that their identities are theirs alone."""
        self._made: dict[int, Expression] = {}

    def __call__(self, node: Record) -> Record:
        """Return the form of a logical expression; any other record is kept, without an AND in an AND that a form made."""
        form = FORMS.get(type(node))
        if form is not None:
            found = form(node)
            if isinstance(found, (ast.And, ast.Or)):
                self._made[id(found)] = found
            return found
        if self._made and isinstance(node, (ast.And, ast.Or)):
            operands = self.flat(type(node), node.operands)
            return node if operands is node.operands else node.replace(operands=operands)
        return node

    def flat(self, kind: type[ast.And | ast.Or], parts: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """Return the operands of an AND or OR, with those of each form of its own kind in its place."""
        if not any(type(part) is kind and id(part) in self._made for part in parts):
            return parts
        found: list[Expression] = []
        for part in parts:
            found += part.operands if isinstance(part, kind) and id(part) in self._made else (part,)
        return tuple(found)
