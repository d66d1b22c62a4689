"""Expressions that no rule rewrites."""

from __future__ import annotations

from tql_grammar import ast


class VerbatimExpression(ast.Expression):
    """An expression that was given as text, and means what the engine makes of it."""

    expression: ast.Expression
