"""Expressions that are never rewritten."""

from __future__ import annotations

from tql_grammar import ast


class VerbatimExpression(ast.Expression):
    """An expression from `raw`, which is sent to the engine unchanged."""

    expression: ast.Expression
