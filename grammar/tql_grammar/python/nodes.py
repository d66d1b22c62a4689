"""Parts of Python's syntax trees: own expressions of statements, parameters, definitions, and names that expressions bind."""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Parts(NamedTuple):
    """
    Parts of an expression.

    Attributes:
        calls: the calls, dictionaries and assignments in it.
        loops: the loops of its comprehensions, the outer one first.
        bound: the names that its lambdas and comprehensions bind.
    """

    calls: list[ast.expr]
    loops: list[ast.comprehension]
    bound: list[str]


def parts_of(node: ast.expr) -> Parts:
    """Return the parts of an expression."""
    parts = list(ast.walk(node))
    calls: list[ast.expr] = [part for part in parts if isinstance(part, (ast.Call, ast.Dict, ast.NamedExpr))]
    loops = [part for part in parts if isinstance(part, ast.comprehension)]
    return Parts(calls, loops, [name for part in parts for name in bound_names(part)])


def own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement, without those of the statements inside."""
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.expr):
            yield node
        elif isinstance(node, (ast.withitem, ast.keyword, ast.arguments)):
            yield from (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def bound_names(part: ast.AST) -> Iterator[str]:
    """Yield the names that a lambda or a comprehension binds."""
    if isinstance(part, ast.comprehension):
        yield from (name.id for name in ast.walk(part.target) if isinstance(name, ast.Name))
    elif isinstance(part, ast.Lambda):
        yield from (parameter.arg for parameter in parameters(part.args))


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return the parameters of a function."""
    rest = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def defaults(arguments: ast.arguments) -> dict[str, ast.expr]:
    """Return the defaults of a function by the names of the parameters."""
    by_position = [*arguments.posonlyargs, *arguments.args]
    last = by_position[len(by_position) - len(arguments.defaults) :]
    pairs = chain(
        zip(last, arguments.defaults, strict=True), zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    )
    return {parameter.arg: default for parameter, default in pairs if default is not None}


def definitions(body: Iterable[ast.AST]) -> Iterator[Any]:
    """Yield the functions and classes of a body, also those inside of its conditions and loops."""
    for node in body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node
        elif isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield from definitions(ast.iter_child_nodes(node))
