"""Conversion of statements, subqueries included, to physical form: expressions that the engine evaluates as the user meant."""

from __future__ import annotations

from typing import TypeVar

from tql.expressions.physical import FORMS, LEAVES, Conversion
from tql.statement import Statement
from tql_grammar import ast
from tql_grammar.record import Record
from tql_grammar.walk import rebuild, walk

R = TypeVar("R", bound=Record)


def lowered(root: R) -> R:
    """Return *root* with every logical expression in physical form; the two comparisons of a range become separate conditions."""
    if not any(type(part) in FORMS for part in walk(root)):
        return root
    convert = Conversion()

    def change(node: Record) -> Record:
        if not isinstance(node, Statement):
            return convert(node)
        conditions = convert.flat(ast.And, node.conditions)
        return node if conditions is node.conditions else node.replace(conditions=conditions)

    return rebuild(root, change, LEAVES)
