"""
Names of a query: its own outputs, or columns of the source, and those that an outer level has to be given.

A name that a query makes is invisible at its own level; a column that is not selected is invisible one level further out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tql.placed import Placed
from tql.search import Fusion
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.walk import rebuild, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql.statement import Statement
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record
    from tql_grammar.rewrite.scope import Scope

N = TypeVar("N", bound=ast.Node)


def made_names(query: Statement) -> dict[str, Expression]:
    """Return the names that the query makes, each with its expression; a column that is selected as it is makes none."""
    aliased = {output.alias: output.expression for output in query.outputs if isinstance(output, ast.Aliased)}
    return aliased | {score.alias: score.expression for score in scores(query)}


def all_outputs(query: Statement) -> tuple[Expression, ...]:
    """Return what is selected, the scores last."""
    return (*(query.outputs or (ast.Star(),)), *scores(query))


def scores(query: Statement) -> tuple[ast.Aliased, ...]:
    """Return the scores of searches; a fusion has become other clauses before."""
    return tuple(ast.Aliased(search.score, search.alias) for search in query.searches if not isinstance(search, Fusion))


def read_names(node: Record) -> Iterable[tuple[str, str | None]]:
    """Yield the names that *node* reads, each with "source" or "output" where it says which one."""
    for part in walk(node):
        if isinstance(part, ast.Column) and part.table is None:
            yield part.name, None
        elif isinstance(part, Placed):
            yield part.name, part.place


def uses(node: Record, made: Mapping[str, Expression]) -> bool:
    """Tell whether *node* reads a name that the query makes."""
    return any(place == "output" or (place is None and label in made) for label, place in read_names(node))


def refuse_doubtful(nodes: Iterable[Record], made: Mapping[str, Expression], scope: Scope) -> None:
    """Refuse a bare name that is known to be both: an output, and another column of the source."""
    both = {
        label
        for label, node in made.items()
        if label in (scope.columns or ()) or any(label == read for read, _ in read_names(node))
    }
    for node in nodes:
        for label, place in read_names(node):
            if place is None and label in both:
                rule = "takes a name that means one thing: it is an output of this query, and a column of the source"
                raise ArgumentError(
                    "where / order_by",
                    rule,
                    repr(label),
                    f'write col("{label}", of="source") or col("{label}", of="output")',
                )


def carried_columns(query: Statement, nodes: Iterable[Record], made: Mapping[str, Expression]) -> dict[str, str]:
    """Return the columns of the source that the outer level reads and the query does not select, each with its name there."""
    plain = {output.name for output in query.outputs if isinstance(output, ast.Column)}
    everything = not query.outputs or ast.Star() in query.outputs
    read = [
        label
        for node in nodes
        for label, place in read_names(node)
        if place == "source" or (place is None and label not in made)
    ]
    carried: dict[str, str] = {}
    for label in read:
        if label in made and everything:
            rule = "takes no column of the source under an output's name while `*` is selected: the engine has one of them only"
            raise ArgumentError(
                "where / order_by", rule, repr(label), "select the columns by name, or give the output another name"
            )
        if label in made:
            carried[label] = unused(f"z{len(carried) + 1}", made)
        elif label not in plain and not everything:
            carried[label] = label
    return carried


def unused(label: str, taken: Mapping[str, Expression]) -> str:
    """Return *label*, longer where it is taken."""
    while label in taken:
        label += "z"
    return label


def renamed(node: N, carried: Mapping[str, str]) -> N:
    """Return *node* reading carried columns by their names at the outer level."""

    def rename(part: Record) -> Record:
        if isinstance(part, Placed) and part.place == "source":
            return ast.Column(carried.get(part.name, part.name))
        return part

    return rebuild(node, rename)


def placed(node: N) -> N:
    """Return *node* with plain columns, once every name means what it should at its level."""
    return rebuild(node, lambda part: ast.Column(part.name) if isinstance(part, Placed) else part)
