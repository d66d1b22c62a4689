"""Precedence of operators, which decides where an operand needs parentheses."""

from __future__ import annotations

from enum import IntEnum, auto

from tql_grammar import ast


class Precedence(IntEnum):
    """The precedence of a node, lowest first; an operand of a lower precedence than its place requires needs parentheses."""

    OR = auto()
    AND = auto()
    PREDICATE = auto()
    NOT = auto()
    EQUALITY = auto()
    ORDER = auto()
    NULL = auto()
    SUM = auto()
    PRODUCT = auto()
    POWER = auto()
    CONCATENATION = auto()
    PRIMARY = auto()


OF_OPERATOR = {
    **dict.fromkeys("+-", Precedence.SUM),
    **dict.fromkeys("*/%", Precedence.PRODUCT),
    "^": Precedence.POWER,
    "||": Precedence.CONCATENATION,
    **dict.fromkeys(["=", "!="], Precedence.EQUALITY),
    **dict.fromkeys(["<", "<=", ">", ">="], Precedence.ORDER),
}

OF_NODE: dict[type[ast.Node], Precedence] = {
    ast.Or: Precedence.OR,
    ast.And: Precedence.AND,
    ast.In: Precedence.PREDICATE,
    ast.Between: Precedence.PREDICATE,
    ast.Exists: Precedence.PREDICATE,
    ast.Not: Precedence.NOT,
    ast.Like: Precedence.EQUALITY,
    ast.IsNull: Precedence.NULL,
    ast.Negate: Precedence.SUM,
}


def precedence_of(node: ast.Node) -> Precedence:
    """Return the precedence of a node."""
    if isinstance(node, ast.Chain):
        return OF_OPERATOR[node.operators[0]]
    if isinstance(node, ast.Comparison):
        return OF_OPERATOR[node.operator]
    return OF_NODE.get(type(node), Precedence.PRIMARY)
