"""Know how tightly each operator binds, loosest first, and so where an operand needs parentheses."""

from __future__ import annotations

from enum import IntEnum, auto

from tql_grammar import ast


class Level(IntEnum):
    """How tightly a node holds together; a place demands a least level of its operand."""

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
    **dict.fromkeys("+-", Level.SUM),
    **dict.fromkeys("*/%", Level.PRODUCT),
    "^": Level.POWER,
    "||": Level.CONCATENATION,
    **dict.fromkeys(["=", "!="], Level.EQUALITY),
    **dict.fromkeys(["<", "<=", ">", ">="], Level.ORDER),
}

OF_NODE: dict[type[ast.Node], Level] = {
    ast.Or: Level.OR,
    ast.And: Level.AND,
    ast.In: Level.PREDICATE,
    ast.Between: Level.PREDICATE,
    ast.Exists: Level.PREDICATE,
    ast.Not: Level.NOT,
    ast.Like: Level.EQUALITY,
    ast.IsNull: Level.NULL,
    ast.Negate: Level.SUM,
}


def level_of(node: ast.Node) -> Level:
    """Return how tightly a node holds together."""
    if isinstance(node, ast.Chain):
        return OF_OPERATOR[node.operators[0]]
    if isinstance(node, ast.Comparison):
        return OF_OPERATOR[node.operator]
    return OF_NODE.get(type(node), Level.PRIMARY)
