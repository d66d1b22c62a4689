"""
Features of a query text: its operators, functions and clauses, as a person would name them.

A difference between two versions is named by the feature that the texts with other answers share, and the texts with the same answers have not.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tql_grammar import ast
from tql_grammar.rewrite.order import THIRD, THIRDS
from tql_grammar.syntax.parser import read
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REMAINDER, INT64_KEYS, HAMMING, LIKE = "%", "int64 keys", "hamming_distance", "LIKE"


def _chain(node: Any) -> Iterator[str]:
    """Yield the operators of a chain; a remainder by a part of an exact key is that of a key."""
    for operator, right in zip(node.operators, node.operands[1:], strict=True):
        is_part = operator == "%" and isinstance(right, ast.Number) and right.value in {THIRD, THIRDS}
        yield INT64_KEYS if is_part else operator


def _select(node: Any) -> Iterator[str]:
    """Yield the clauses of a SELECT."""
    clauses = {
        "where": "WHERE", "order_by": "ORDER BY", "group_by": "GROUP BY", "distinct": "DISTINCT", "limit": "LIMIT",
    }  # fmt: skip
    yield from (name for field, name in clauses.items() if getattr(node, field, None))


NAMES: dict[str, Callable[[Any], Iterator[str]]] = {
    "Chain": _chain,
    "Select": _select,
    "Function": lambda node: iter([node.name.lower()]),
    "Comparison": lambda node: iter([node.operator]),
    "String": lambda node: iter([] if node.value else ["''"]),
    "Like": lambda _node: iter([LIKE]),
    "In": lambda _node: iter(["IN"]),
    "Between": lambda _node: iter(["BETWEEN"]),
    "Join": lambda node: iter([f"{node.kind} join"]),
    "IsNull": lambda _node: iter(["IS NULL"]),
    "Subscript": lambda _node: iter(["subscripts"]),
    "Expand": lambda _node: iter(["EXPAND BY"]),
    "Sample": lambda _node: iter(["SAMPLE BY"]),
    "Cast": lambda _node: iter(["CAST"]),
    "Case": lambda _node: iter(["CASE"]),
    "Not": lambda _node: iter(["NOT"]),
    "Negate": lambda _node: iter(["unary minus"]),
    "SetOperation": lambda _node: iter(["UNION and the like"]),
}


@functools.cache
def features(text: str) -> tuple[str, ...]:
    """Return the features of a text in alphabetical order; none of one that the engine's parser rejects."""
    tree = read(text).tree
    if tree is None:
        return ("syntax",)
    found = {name for node in walk(tree) for name in NAMES.get(type(node).__name__, _nothing)(node)}
    return tuple(sorted(found)) or ("a plain SELECT",)


def _nothing(_node: Any) -> Iterator[str]:
    """Yield nothing: a node without a feature."""
    return iter(())
